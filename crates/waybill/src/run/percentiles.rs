//! How long most took.

use serde::Serialize;

/// How long half of them, 95 and 99 of a hundred took at the most, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Half of them.
    pub p50: i64,
    /// 95 of a hundred.
    pub p95: i64,
    /// 99 of a hundred.
    pub p99: i64,
}

impl Percentiles {
    /// Of these times; all 0 when there are none.
    #[must_use]
    pub fn of(mut took: Vec<i64>) -> Self {
        took.sort_unstable();
        let at = |percent: usize| {
            let nth = (took.len() * percent).div_ceil(100).saturating_sub(1);
            took.get(nth).copied().unwrap_or_default()
        };
        Self { p50: at(50), p95: at(95), p99: at(99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_that_so_many_did_not_exceed() {
        let of = |took: &[i64]| Percentiles::of(took.to_vec());
        assert_eq!(of(&[]), Percentiles::default());
        assert_eq!(of(&[7]), Percentiles { p50: 7, p95: 7, p99: 7 });
        let hundred: Vec<i64> = (1..=100).rev().collect();
        assert_eq!(of(&hundred), Percentiles { p50: 50, p95: 95, p99: 99 });
    }
}
