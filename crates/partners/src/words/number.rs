//! Numbers are decimals; nothing goes through a float on its way.

use rust_decimal::Decimal;

use super::Readable;
use crate::compiler::Compiler;
use crate::source::{ProfileError, Section};

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Plain,
    Integer,
    DecimalComma,
    Hundredths,
}

impl Readable for Decimal {
    type How = Written;
    const WHAT: &'static str = "a number";

    fn how_by_default(_: &Compiler<'_>) -> Written {
        Written::Plain
    }

    fn how(section: &mut Section<'_>, _: &Compiler<'_>) -> Result<Written, ProfileError> {
        let Some(node) = section.optional("as") else { return Ok(Written::Plain) };
        match node.text()? {
            "decimal" => Ok(Written::Plain),
            "integer" => Ok(Written::Integer),
            "decimal_comma" => Ok(Written::DecimalComma),
            "hundredths" => Ok(Written::Hundredths),
            _ => Err(node.error("expected `decimal`, `integer`, `decimal_comma` or `hundredths`")),
        }
    }

    fn read(text: &str, how: &Written) -> Option<Self> {
        let text = text.trim();
        match how {
            Written::Plain => plain(text),
            Written::Integer => plain(text).filter(Self::is_integer),
            Written::DecimalComma => plain(&without_groups(text)?),
            Written::Hundredths => plain(text).filter(Self::is_integer)?.checked_mul(Self::new(1, 2)),
        }
    }
}

fn plain(text: &str) -> Option<Decimal> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E')) {
        return None;
    }
    if text.contains(['e', 'E']) { Decimal::from_scientific(text).ok() } else { Decimal::from_str_exact(text).ok() }
}

/// `1.234,50` as `1234.50`; nothing when a point does not group thousands.
fn without_groups(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once(',').unwrap_or((text, ""));
    let mut groups = whole.split('.');
    let mut digits = groups.next()?.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    if !fraction.is_empty() {
        digits.push('.');
        digits.push_str(fraction);
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, how: Written) -> Option<String> {
        Decimal::read(text, &how).map(|number| number.to_string())
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(read("398.00", Written::Plain).as_deref(), Some("398.00"));
        assert_eq!(read(" -0.1 ", Written::Plain).as_deref(), Some("-0.1"));
        assert_eq!(read("1e3", Written::Plain).as_deref(), Some("1000"));
        assert_eq!(read("1.234,50", Written::DecimalComma).as_deref(), Some("1234.50"));
        assert_eq!(read("19900", Written::Hundredths).as_deref(), Some("199.00"));
        assert_eq!(read("12", Written::Integer).as_deref(), Some("12"));
    }

    #[test]
    fn nonsense_is_no_number() {
        for text in ["", "1,5", "1.2.3", "twelve", "1_000", "0x10", "NaN", "1e999", "٣", "9".repeat(40).as_str()] {
            assert_eq!(read(text, Written::Plain), None, "{text}");
        }
        assert_eq!(read("1.5", Written::Integer), None);
        assert_eq!(read("1.5", Written::DecimalComma), None);
    }
}
