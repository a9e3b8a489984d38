//! How long a message waits before it is tried again, and how often.

use std::time::Duration;

use engine::jittered;

/// The pause after the first try; doubled after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause between two tries, before [`jittered`] lengthens it.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The first pause after the broker failed: it has been asked again and again by then.
const FIRST_PAUSE_OF_FAILURE: Duration = Duration::from_secs(1);

/// How long the message with this sequence waits after the try with this number, counted from 1.
#[must_use]
pub fn pause(sequence: u64, tries: u64) -> Duration {
    jittered(doubled(FIRST_PAUSE, tries), (sequence, tries))
}

/// How long the message with this sequence waits when the broker failed at the try with this number.
#[must_use]
pub fn pause_of_failure(sequence: u64, tries: u64) -> Duration {
    jittered(doubled(FIRST_PAUSE_OF_FAILURE, tries), (sequence, tries))
}

/// How many tries it takes until at least this much time has gone by in pauses, whatever the message; at least 1.
#[must_use]
pub fn tries_within(patience: Duration) -> u64 {
    let mut waited = Duration::ZERO;
    let mut tries = 1;
    while waited < patience {
        waited += doubled(FIRST_PAUSE, tries);
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
        for (tries, base) in [(0, 200), (1, 200), (2, 400), (3, 800), (8, 25_600), (9, 30_000), (u64::MAX, 30_000)] {
            let paused = pause(7, tries).as_millis();
            assert!(paused >= base && paused < base * 3 / 2, "{paused} ms after try {tries}");
        }
        assert_ne!(pause_of_failure(7, 1), pause_of_failure(8, 1), "two that failed together part");
    }

    #[test]
    fn patience_is_spent_in_tries() {
        assert_eq!(tries_within(Duration::ZERO), 1);
        assert_eq!(tries_within(Duration::from_millis(500)), 3);
        assert_eq!(tries_within(Duration::from_secs(120)), 12);
        for sequence in 1..100 {
            let waited: Duration =
                (1..tries_within(Duration::from_secs(120))).map(|tries| pause(sequence, tries)).sum();
            assert!(waited >= Duration::from_secs(120), "message {sequence} waited {waited:?}");
        }
    }
}
