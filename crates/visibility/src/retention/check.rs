//! How long a stream must keep its entries. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::Timestamp;
use service::streams::EVENT_STORE_LONGEST_AGE;

use super::alert::Cause;

/// How many instances are named.
const NAMED: usize = 10;

/// What is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long entries are kept when nothing needs them longer.
    pub declared: Duration,
    /// How long before that an order has to be over and archived.
    pub window: Duration,
}

/// The instances that near the limit and would be lost with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// By what is wrong with them.
    pub causes: BTreeMap<Cause, Tally>,
    /// When the oldest entry was recorded that the stream still holds of any of them.
    pub oldest: Option<Timestamp>,
}

/// Instances with one cause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// The oldest of them, by when they began; at most ten.
    pub first: BTreeSet<(Timestamp, String)>,
}

impl Rules {
    /// What began by this time nears the limit.
    #[must_use]
    pub fn near(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(millis(self.window) - millis(self.declared))
    }
}

impl Found {
    /// Counts an instance that began then; `kept` is when the oldest entry was recorded that the stream still holds of it.
    pub fn note(&mut self, cause: Cause, number: String, began: Timestamp, kept: Option<Timestamp>) {
        let tally = self.causes.entry(cause).or_default();
        tally.count += 1;
        tally.first.insert((began, number));
        if tally.first.len() > NAMED {
            tally.first.pop_last();
        }
        self.oldest = self.oldest.into_iter().chain(kept).min();
    }
}

/// How long entries are to be kept: so long that the oldest that was found is safe for another window, ten years at the most.
/// A limit that is safe for half a window yet stays as it is, so that it is not changed every day.
#[must_use]
pub fn decide(now: Timestamp, rules: Rules, in_force: Duration, found: &Found) -> Duration {
    let Some(oldest) = found.oldest else { return rules.declared };
    let age = Duration::from_millis(u64::try_from(now.as_millis() - oldest.as_millis()).unwrap_or(0));
    let safe = age.saturating_add(rules.window).clamp(rules.declared, EVENT_STORE_LONGEST_AGE.max(rules.declared));
    let still = age.saturating_add(rules.window / 2);
    if (still..=safe).contains(&in_force) && in_force >= rules.declared { in_force } else { safe }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const RULES: Rules = Rules { declared: days(400), window: days(30) };

    const fn days(days: u64) -> Duration {
        Duration::from_secs(days * DAY)
    }

    fn now() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }

    fn ago(days: i64) -> Timestamp {
        now().plus_millis(-days * 86_400_000)
    }

    fn found(ages: &[i64]) -> Found {
        let mut found = Found::default();
        for age in ages {
            found.note(Cause::Open, format!("SO {age}"), ago(*age), Some(ago(*age)));
        }
        found
    }

    fn limit(in_force: u64, ages: &[i64]) -> u64 {
        decide(now(), RULES, days(in_force), &found(ages)).as_secs() / DAY
    }

    #[test]
    fn what_began_a_window_before_the_limit_nears_it() {
        assert_eq!(RULES.near(now()), ago(370));
    }

    #[test]
    fn the_limit_is_stretched_so_that_the_oldest_is_safe_for_another_window() {
        assert_eq!(limit(400, &[380, 399]), 429);
        assert_eq!(limit(429, &[420]), 450);
    }

    #[test]
    fn a_limit_that_is_safe_for_half_a_window_stays() {
        assert_eq!(limit(429, &[400]), 429);
        assert_eq!(limit(429, &[414]), 429);
        assert_eq!(limit(429, &[415]), 445);
        assert_eq!(limit(400, &[371]), 400, "what has just come near is an alarm, and safe for 29 days");
    }

    #[test]
    fn it_goes_back_when_nothing_needs_it() {
        assert_eq!(limit(445, &[]), 400);
        assert_eq!(limit(445, &[380]), 410, "another one needs less");
        assert_eq!(limit(300, &[]), 400, "and never below the declared one");
        assert_eq!(limit(0, &[]), 400);
    }

    #[test]
    fn it_ends_at_ten_years() {
        assert_eq!(limit(3_660, &[3_650]), 3_660);
        assert_eq!(limit(3_000, &[4_000]), 3_660);
    }

    #[test]
    fn what_the_stream_has_lost_already_is_an_alarm_and_needs_no_limit() {
        let mut found = found(&[]);
        found.note(Cause::Open, "SO 1".to_owned(), ago(500), None);
        assert_eq!(decide(now(), RULES, days(400), &found), days(400));
        assert_eq!(found.causes[&Cause::Open].count, 1);
    }

    #[test]
    fn the_ten_oldest_are_named() {
        let found = found(&(371..400).collect::<Vec<_>>());
        let tally = &found.causes[&Cause::Open];
        assert_eq!((tally.count, tally.first.len()), (29, 10));
        assert_eq!(tally.first.first().unwrap().1, "SO 399");
        assert_eq!(tally.first.last().unwrap().1, "SO 390");
    }
}
