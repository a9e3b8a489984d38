//! Money is a decimal with a currency.

use std::fmt;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Currency([u8; 3]);

/// Why a text is no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no currency; expected three capital letters (ISO 4217)")]
pub struct CurrencyError(String);

impl Currency {
    /// The currency with this code.
    ///
    /// # Errors
    /// [`CurrencyError`] when it is not three capital letters.
    pub fn new(code: &str) -> Result<Self, CurrencyError> {
        match *code.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(CurrencyError(code.to_owned())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(code: String) -> Result<Self, CurrencyError> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.to_string()
    }
}

impl Money {
    /// The share of the `nth` of so many who pay it together, counted from 0, to the hundredth: the first ones pay what does not
    /// come out even. All of it when there is nobody to share it with.
    #[must_use]
    pub fn share(&self, nth: usize, of: usize) -> Self {
        let hundredths = |amount: Decimal| amount.checked_mul(Decimal::ONE_HUNDRED);
        let shared = || {
            let (all, of) = (hundredths(self.amount)?, Decimal::from(of));
            let each = all.checked_div(of)?.floor();
            let odd = all.checked_sub(each.checked_mul(of)?)?;
            // Below a hundredth there is nothing to share: the first one pays it.
            let more = (odd - Decimal::from(nth)).clamp(Decimal::ZERO, Decimal::ONE);
            each.checked_add(more)?.checked_div(Decimal::ONE_HUNDRED)
        };
        Self { amount: shared().unwrap_or(self.amount), currency: self.currency }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|&byte| write!(f, "{}", char::from(byte)))
    }
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// The amount in the currency's main unit.
    pub amount: Decimal,
    /// The currency.
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_capitals() {
        assert_eq!(Currency::new("EUR").unwrap().to_string(), "EUR");
        for code in ["eur", "EU", "EURO", "€"] {
            assert!(Currency::new(code).is_err(), "{code}");
        }
    }
}
