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
    /// The share of the `nth` of some who pay it together, counted from 0, to the hundredth: each pays as its own price says,
    /// or all the same where one of the prices is not known, or they cannot be compared. The shares add up to the whole.
    #[must_use]
    pub fn share(&self, nth: usize, prices: &[Option<Self>]) -> Self {
        let weights = weights(prices);
        // Up to and with the nth, less what those before it pay: so nothing is lost to rounding.
        let up_to = |many: usize| {
            let many = many.min(weights.len());
            let (some, all) = (total(&weights[..many])?, total(&weights)?);
            let paid = self.amount.checked_mul(some)?.checked_div(all)?;
            Some(if many == weights.len() { self.amount } else { paid.round_dp(2) })
        };
        let amount = || up_to(nth.saturating_add(1))?.checked_sub(up_to(nth)?);
        Self { amount: amount().unwrap_or(self.amount), currency: self.currency }
    }
}

/// How much each one bears in proportion to the others.
fn weights(prices: &[Option<Money>]) -> Vec<Decimal> {
    let known: Option<Vec<&Money>> = prices.iter().map(Option::as_ref).collect();
    let sound = known.filter(|known| {
        let is_sound = |price: &&Money| price.amount > Decimal::ZERO && price.currency == known[0].currency;
        known.iter().all(is_sound)
    });
    sound.map_or_else(|| vec![Decimal::ONE; prices.len()], |known| known.iter().map(|price| price.amount).collect())
}

fn total(weights: &[Decimal]) -> Option<Decimal> {
    weights.iter().try_fold(Decimal::ZERO, |sum, weight| sum.checked_add(*weight))
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

    #[test]
    fn a_bill_for_several_is_shared_by_what_each_was_to_pay() {
        let eur = |cents: i64| Money { amount: Decimal::new(cents, 2), currency: Currency::new("EUR").unwrap() };
        let usd = Money { currency: Currency::new("USD").unwrap(), ..eur(100) };
        let shares = |total: i64, prices: &[Option<Money>]| -> Vec<String> {
            (0..prices.len()).map(|nth| eur(total).share(nth, prices).amount.normalize().to_string()).collect()
        };
        assert_eq!(shares(30_000, &[Some(eur(10_000)), Some(eur(20_000))]), ["100", "200"]);
        assert_eq!(shares(10_001, &[Some(eur(100)), Some(eur(200))]), ["33.34", "66.67"]);
        assert_eq!(shares(10_000, &[None, Some(eur(5)), Some(eur(7))]), ["33.33", "33.34", "33.33"]);
        assert_eq!(shares(100, &[Some(eur(100)), Some(usd)]), ["0.5", "0.5"]);
        assert_eq!(shares(100, &[Some(eur(0)), Some(eur(9))]), ["0.5", "0.5"]);
        assert_eq!(shares(-100, &[Some(eur(1)), Some(eur(3))]), ["-0.25", "-0.75"]);
        assert_eq!(shares(1, &[None, None, None]).iter().filter(|share| *share == "0.01").count(), 1);
        assert_eq!(shares(1_234, &[None]), ["12.34"]);
        assert_eq!(eur(5).share(0, &[]), eur(5), "there is nobody to share it with");
    }
}
