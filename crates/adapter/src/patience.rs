//! How long a message waits before it is tried again, and how often.

use std::time::Duration;

/// The pause after the first try; doubled after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The first pause after the broker failed: it has been asked again and again by then.
const FIRST_PAUSE_OF_FAILURE: Duration = Duration::from_secs(1);

/// How long to wait after the try with this number, counted from 1.
#[must_use]
pub fn pause(tries: u64) -> Duration {
    doubled(FIRST_PAUSE, tries)
}

/// How long to wait when the broker failed at the try with this number.
#[must_use]
pub fn pause_of_failure(tries: u64) -> Duration {
    doubled(FIRST_PAUSE_OF_FAILURE, tries)
}

/// How many tries it takes until this much time has gone by in pauses; at least 1.
#[must_use]
pub fn tries_within(patience: Duration) -> u64 {
    let mut waited = Duration::ZERO;
    let mut tries = 1;
    while waited < patience {
        waited += pause(tries);
        tries += 1;
    }
    tries
}

fn doubled(first: Duration, tries: u64) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    (first * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit() {
        let pauses: Vec<u128> = [0, 1, 2, 3, 8, 9, u64::MAX].map(|tries| pause(tries).as_millis()).to_vec();
        assert_eq!(pauses, [200, 200, 400, 800, 25_600, 30_000, 30_000]);
    }

    #[test]
    fn patience_is_spent_in_tries() {
        assert_eq!(tries_within(Duration::ZERO), 1);
        assert_eq!(tries_within(Duration::from_millis(500)), 3);
        assert_eq!(tries_within(Duration::from_secs(120)), 12);
    }
}
