//! Pauses that do not end together.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// How finely a pause is lengthened.
const STEPS: u32 = 1_024;

/// A pause, lengthened by up to a half. By how much depends on `of` alone: what failed together, such as a thousand
/// messages when the broker was away, does not come back together, and a test can foretell it. It is never shortened, so
/// that who counts pauses waits at least as long as they say.
#[must_use]
pub fn jittered(pause: Duration, of: impl Hash) -> Duration {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    // The remainder fits: it is below STEPS.
    let step = u32::try_from(hasher.finish() % u64::from(STEPS)).unwrap_or_default();
    pause + pause / 2 / STEPS * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_that_failed_together_come_back_over_half_a_pause() {
        let pause = Duration::from_secs(1);
        let mut pauses: Vec<Duration> = (1..=1_000_u64).map(|sequence| jittered(pause, (sequence, 1))).collect();
        assert_eq!(pauses[6], jittered(pause, (7_u64, 1)), "the same however often it is asked");
        assert!(pauses.iter().all(|jittered| *jittered >= pause && *jittered < pause * 3 / 2));
        pauses.sort_unstable();
        let fullest = pauses.windows(100).map(|hundred| hundred[99] - hundred[0]).min().unwrap();
        assert!(fullest > Duration::from_millis(25), "no hundred of them within {fullest:?}");
    }
}
