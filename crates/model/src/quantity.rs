//! Quantities are decimals with a unit; two units never add up.

use std::fmt;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A unit of measure, such as `EA` or `KG`, as the order states it; UN/ECE Recommendation 20 codes where the partner uses them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Unit(Box<str>);

/// Why a text is no unit of measure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no unit of measure; expected 1 to {max} letters or digits", max = Unit::MAX)]
pub struct UnitError(String);

impl Unit {
    /// The longest code, in characters.
    pub const MAX: usize = 8;

    /// The unit with this code.
    ///
    /// # Errors
    /// [`UnitError`] when it is empty, long or holds other than ASCII letters and digits.
    pub fn new(code: &str) -> Result<Self, UnitError> {
        let sound = (1..=Self::MAX).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
        if sound { Ok(Self(code.into())) } else { Err(UnitError(code.to_owned())) }
    }

    /// One piece.
    #[must_use]
    pub fn each() -> Self {
        Self("EA".into())
    }

    /// Whether it counts pieces, which come whole: `EA`, each, and `C62`, one, of UN/ECE Recommendation 20.
    #[must_use]
    pub fn counts_pieces(&self) -> bool {
        matches!(&*self.0, "EA" | "C62")
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Unit {
    type Error = UnitError;

    fn try_from(code: String) -> Result<Self, UnitError> {
        Self::new(&code)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How much of something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Quantity {
    /// The number of units.
    pub amount: Decimal,
    /// The unit counted in.
    pub unit: Unit,
}

impl Quantity {
    /// The most that is believed of one line: a million million. Sums of it stay far from the end of decimal arithmetic.
    pub const MOST: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

    /// Whether there can be so much of a line: not less than nothing, nor more than [`Quantity::MOST`].
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        (Decimal::ZERO..=Self::MOST).contains(&self.amount)
    }

    /// `amount` of `unit`.
    #[must_use]
    pub const fn new(amount: Decimal, unit: Unit) -> Self {
        Self { amount, unit }
    }

    /// `amount` pieces.
    #[must_use]
    pub fn each(amount: i64) -> Self {
        Self::new(Decimal::from(amount), Unit::each())
    }

    /// The sum, when both count in the same unit and it does not overflow.
    #[must_use]
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        (self.unit == other.unit).then_some(())?;
        Some(Self::new(self.amount.checked_add(other.amount)?, self.unit.clone()))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount.normalize(), self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_never_mix() {
        let kilos = Quantity::new(Decimal::from(2), Unit::new("KG").unwrap());
        assert_eq!(Quantity::each(2).checked_add(&kilos), None);
        assert_eq!(Quantity::each(2).checked_add(&Quantity::each(3)), Some(Quantity::each(5)));
    }

    #[test]
    fn less_than_nothing_and_more_than_there_is_are_not_plausible() {
        assert_eq!(Quantity::MOST, Decimal::from(1_000_000_000_000_i64));
        let plausible = |amount| Quantity::new(amount, Unit::each()).is_plausible();
        assert!(plausible(Decimal::ZERO) && plausible(Quantity::MOST));
        assert!(!plausible(-Decimal::ONE) && !plausible(Quantity::MOST + Decimal::ONE) && !plausible(Decimal::MAX));
    }

    #[test]
    fn nonsense_is_no_unit() {
        assert!(Unit::new("").is_err());
        assert!(Unit::new("per box of 12").is_err());
    }
}
