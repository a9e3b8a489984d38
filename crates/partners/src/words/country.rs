//! Countries, by code or English name.

use model::Country;

use super::Readable;
use crate::compiler::Compiler;
use crate::source::{ProfileError, Section};

/// How a country is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Alpha2,
    Alpha3,
    Name,
}

impl Readable for Country {
    type How = Written;
    const WHAT: &'static str = "a country (ISO 3166-1)";

    fn how_by_default(_: &Compiler<'_>) -> Written {
        Written::Alpha2
    }

    fn how(section: &mut Section<'_>, _: &Compiler<'_>) -> Result<Written, ProfileError> {
        let Some(node) = section.optional("as") else { return Ok(Written::Alpha2) };
        match node.text()? {
            "alpha2" => Ok(Written::Alpha2),
            "alpha3" => Ok(Written::Alpha3),
            "name" => Ok(Written::Name),
            _ => Err(node.error("expected `alpha2`, `alpha3` or `name`")),
        }
    }

    fn read(text: &str, how: &Written) -> Option<Self> {
        let text = text.trim();
        let code = match how {
            Written::Alpha2 => return Self::new(text).ok(),
            Written::Alpha3 => celes::Country::from_alpha3(text).ok()?.alpha2,
            Written::Name => {
                let name: String = text.chars().filter(|letter| letter.is_alphanumeric()).collect();
                celes::Country::from_name(&name).or_else(|_| celes::Country::from_alias(&name)).ok()?.alpha2
            }
        };
        Self::new(code).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_by_code_and_name() {
        let de = Country::new("DE").unwrap();
        for (text, how) in [("DE", Written::Alpha2), ("DEU", Written::Alpha3), ("GERMANY", Written::Name)] {
            assert_eq!(Country::read(text, &how), Some(de), "{text}");
        }
        assert_eq!(Country::read("united states", &Written::Name), Country::new("US").ok());
        assert_eq!(Country::read("Atlantis", &Written::Name), None);
        assert_eq!(Country::read("de", &Written::Alpha2), None);
    }
}
