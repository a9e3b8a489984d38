//! How much may be decided otherwise.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// So many orders, or so many in a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// So many orders.
    Orders(u64),
    /// So many of a hundred that were looked at.
    Percent(Decimal),
}

/// Why a text is no threshold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a number of orders such as `20`, or a share of them such as `2.5%`")]
pub struct NoThreshold;

impl Threshold {
    /// Whether so many of those that were looked at may be decided otherwise.
    #[must_use]
    pub fn allows(self, otherwise: u64, orders: u64) -> bool {
        match self {
            Self::Orders(most) => otherwise <= most,
            // A number of orders has at most 20 digits, a share at most 3 before the point.
            Self::Percent(most) => Decimal::from(otherwise) * Decimal::ONE_HUNDRED <= most * Decimal::from(orders),
        }
    }
}

impl FromStr for Threshold {
    type Err = NoThreshold;

    fn from_str(text: &str) -> Result<Self, NoThreshold> {
        let Some(share) = text.strip_suffix('%') else {
            return text.parse().map(Self::Orders).map_err(|_| NoThreshold);
        };
        let share = Decimal::from_str_exact(share.trim()).ok();
        let is_sound = |share: &Decimal| (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(share) && share.scale() <= 6;
        share.filter(is_sound).map(Self::Percent).ok_or(NoThreshold)
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Orders(most) => write!(f, "{most}"),
            Self::Percent(most) => write!(f, "{most} %"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_a_number_of_orders_or_a_share_of_them() {
        let read = |text: &str| text.parse::<Threshold>();
        assert!(read("3").unwrap().allows(3, 10) && !read("3").unwrap().allows(4, 1_000));
        assert!(read("2.5%").unwrap().allows(5, 200) && !read("2.5 %").unwrap().allows(6, 200));
        assert!(read("0%").unwrap().allows(0, 0) && !read("0").unwrap().allows(1, 9));
        assert!(read("100%").unwrap().allows(u64::MAX, u64::MAX));
        for wrong in ["", "%", "-1", "101%", "-1%", "many", "1.5", "0.0000001%"] {
            assert_eq!(read(wrong), Err(NoThreshold), "{wrong}");
        }
        assert_eq!(read("2.5%").unwrap().to_string(), "2.5 %");
    }
}
