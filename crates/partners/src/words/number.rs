//! Numbers are decimals; nothing goes through a float on its way.

use rust_decimal::Decimal;

use super::Readable;
use crate::compiler::Compiler;
use crate::source::{Node, ProfileError, Section};

/// How a number is written, and what it is to be multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number {
    written: Written,
    times: Option<Decimal>,
}

/// As most are written.
pub(crate) const PLAIN: Number = Number { written: Written::Plain, times: None };

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Plain,
    Integer,
    DecimalComma,
    Hundredths,
}

impl Readable for Decimal {
    type How = Number;
    const WHAT: &'static str = "a number";

    fn how_by_default(_: &Compiler<'_>) -> Number {
        PLAIN
    }

    fn how(section: &mut Section<'_>, _: &Compiler<'_>) -> Result<Number, ProfileError> {
        let written = section.optional("as").map_or(Ok(Written::Plain), Written::compile)?;
        let times = section.optional("times").map(|node| {
            let factor = plain(node.text()?).filter(|factor| *factor > Self::ZERO);
            factor.ok_or_else(|| node.error("expected a number above 0, as a text such as `\"0.001\"`"))
        });
        Ok(Number { written, times: times.transpose()? })
    }

    fn read(text: &str, how: &Number) -> Option<Self> {
        let number = how.written.read(text.trim())?;
        match how.times {
            Some(times) => number.checked_mul(times),
            None => Some(number),
        }
    }
}

impl Written {
    fn compile(node: Node<'_>) -> Result<Self, ProfileError> {
        match node.text()? {
            "decimal" => Ok(Self::Plain),
            "integer" => Ok(Self::Integer),
            "decimal_comma" => Ok(Self::DecimalComma),
            "hundredths" => Ok(Self::Hundredths),
            _ => Err(node.error("expected `decimal`, `integer`, `decimal_comma` or `hundredths`")),
        }
    }

    fn read(self, text: &str) -> Option<Decimal> {
        match self {
            Self::Plain => plain(text),
            Self::Integer => plain(text).filter(Decimal::is_integer),
            Self::DecimalComma => plain(&without_groups(text)?),
            Self::Hundredths => plain(text).filter(Decimal::is_integer)?.checked_mul(Decimal::new(1, 2)),
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

    fn read(text: &str, written: Written) -> Option<String> {
        Decimal::read(text, &Number { written, times: None }).map(|number| number.to_string())
    }

    #[test]
    fn a_number_in_another_unit_is_multiplied() {
        let grams = Number { written: Written::Plain, times: Some("0.001".parse().unwrap()) };
        assert_eq!(Decimal::read("2500", &grams).unwrap().normalize().to_string(), "2.5");
        assert_eq!(Decimal::read(&"9".repeat(28), &Number { times: Some(100.into()), ..grams }), None);
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
