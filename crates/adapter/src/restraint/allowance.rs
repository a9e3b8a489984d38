//! How many messages may go to a partner just now.

use std::time::{Duration, Instant};

use partners::delivery::Rate;

/// What is left of a partner's rate. A new one allows a single message at once, so that a service that is started again
/// and again keeps within the rate too.
#[derive(Debug)]
pub struct Allowance {
    /// How far one message is from the next at the full rate.
    interval: Duration,
    /// How far messages may come ahead of that.
    ahead: Duration,
    /// When the next message would come if each came in its time.
    due: Instant,
}

impl Allowance {
    /// What a rate allows from now on.
    pub fn new(rate: Rate, now: Instant) -> Self {
        let interval = rate.per / rate.messages.max(1);
        let ahead = interval * rate.burst.saturating_sub(1);
        Self { interval, ahead, due: now + ahead }
    }

    /// How long until one more message may go.
    pub fn wait(&self, now: Instant) -> Duration {
        self.due.saturating_duration_since(now).saturating_sub(self.ahead)
    }

    /// A message goes.
    pub fn take(&mut self, now: Instant) {
        self.due = self.due.max(now) + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How many go within a time, each as soon as it may.
    fn sent(allowance: &mut Allowance, from: Instant, within: Duration) -> u32 {
        let (mut now, mut sent) = (from, 0);
        loop {
            now += allowance.wait(now);
            if now > from + within {
                return sent;
            }
            allowance.take(now);
            sent += 1;
        }
    }

    #[test]
    fn a_rate_holds_over_any_time_and_a_burst_comes_after_quiet() {
        let start = Instant::now();
        let mut allowance = Allowance::new(Rate { messages: 20, per: SECOND, burst: 5 }, start);
        assert_eq!(sent(&mut allowance, start, 10 * SECOND), 201, "one at once, then twenty a second");
        let later = start + 60 * SECOND;
        assert_eq!(sent(&mut allowance, later, Duration::ZERO), 5, "the burst");
        assert_eq!(allowance.wait(later), SECOND / 20);
        assert_eq!(sent(&mut allowance, later, SECOND), 20);
    }

    #[test]
    fn a_slow_rate_sends_one_at_once() {
        let start = Instant::now();
        let mut allowance = Allowance::new(Rate { messages: 2, per: 60 * SECOND, burst: 1 }, start);
        assert_eq!(allowance.wait(start), Duration::ZERO);
        allowance.take(start);
        assert_eq!(allowance.wait(start), 30 * SECOND);
    }
}
