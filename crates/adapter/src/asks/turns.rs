//! The order of one order's asks: an entry waits until those decided before it are sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How much later than announced an entry that failed may come again before it counts as another process's.
const GRACE: Duration = Duration::from_secs(60);
/// With more orders in line than this, those are let go that are not expected again.
const MANY: usize = 4_096;

/// The entries with asks that this process has been given and has not sent, by order. Their number is bounded by what the
/// broker hands out unacknowledged.
#[derive(Default)]
pub struct Turns {
    lines: Mutex<HashMap<Box<str>, Line>>,
}

/// One order's entries, by sequence: that is the order in which they were decided.
#[derive(Default)]
struct Line {
    entries: BTreeMap<u64, Stand>,
    changed: Arc<Notify>,
}

/// How an entry stands.
#[derive(Clone, Copy)]
enum Stand {
    /// It is being worked on.
    Working,
    /// It was not sent, and is expected again then.
    Failed(Instant),
}

impl Stand {
    fn is_expected(self, now: Instant) -> bool {
        match self {
            Self::Working => true,
            Self::Failed(again) => again + GRACE > now,
        }
    }
}

impl Turns {
    /// Puts an entry in line. To be called in the order of delivery, before anything is waited for.
    pub fn line_up(&self, order: &str, sequence: u64) {
        let mut lines = self.lock();
        if lines.len() >= MANY {
            let now = Instant::now();
            lines.retain(|_, line| line.entries.values().any(|stand| stand.is_expected(now)));
        }
        lines.entry(order.into()).or_default().entries.insert(sequence, Stand::Working);
    }

    /// Waits until every entry of the order before this one is sent.
    ///
    /// # Errors
    /// When one was not: how long until it comes again. This one must not be sent before.
    pub async fn come(&self, order: &str, sequence: u64) -> Result<(), Duration> {
        loop {
            let changed = {
                let mut lines = self.lock();
                let Some(line) = lines.get_mut(order) else { return Ok(()) };
                let now = Instant::now();
                line.entries.retain(|_, stand| stand.is_expected(now));
                match line.entries.range(..sequence).next() {
                    None => return Ok(()),
                    Some((_, Stand::Failed(again))) => return Err(again.saturating_duration_since(now)),
                    Some((_, Stand::Working)) => Arc::clone(&line.changed).notified_owned(),
                }
            };
            changed.await;
        }
    }

    /// An entry is sent.
    pub fn sent(&self, order: &str, sequence: u64) {
        self.change(order, |entries| {
            entries.remove(&sequence);
        });
    }

    /// An entry was not sent; it is delivered again in `pause`.
    pub fn failed(&self, order: &str, sequence: u64, pause: Duration) {
        self.change(order, |entries| {
            entries.insert(sequence, Stand::Failed(Instant::now() + pause));
        });
    }

    fn change(&self, order: &str, change: impl FnOnce(&mut BTreeMap<u64, Stand>)) {
        let mut lines = self.lock();
        let Some(line) = lines.get_mut(order) else { return };
        change(&mut line.entries);
        line.changed.notify_waiters();
        if line.entries.is_empty() {
            lines.remove(order);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn an_entry_waits_for_those_before_it_and_for_no_other_order() {
        let turns = Turns::default();
        for (order, sequence) in [("A", 3), ("A", 5), ("A", 9), ("B", 6)] {
            turns.line_up(order, sequence);
        }
        assert_eq!(turns.come("B", 6).now_or_never(), Some(Ok(())));
        let (mut second, mut third) = (Box::pin(turns.come("A", 5)), Box::pin(turns.come("A", 9)));
        assert_eq!((second.as_mut().now_or_never(), third.as_mut().now_or_never()), (None, None));
        turns.sent("A", 3);
        assert_eq!((second.now_or_never(), third.as_mut().now_or_never()), (Some(Ok(())), None));
        turns.sent("A", 5);
        assert_eq!(third.now_or_never(), Some(Ok(())));
        turns.sent("A", 9);
        turns.sent("B", 6);
        assert!(turns.lock().is_empty());
    }

    #[test]
    fn behind_one_that_failed_all_wait_until_it_is_sent_or_forgotten() {
        let turns = Turns::default();
        turns.line_up("A", 3);
        turns.line_up("A", 5);
        turns.failed("A", 3, Duration::from_secs(1));
        let wait = turns.come("A", 5).now_or_never().unwrap().unwrap_err();
        assert!(wait > Duration::from_millis(500) && wait <= Duration::from_secs(1), "{wait:?}");
        turns.failed("A", 5, Duration::ZERO);
        turns.line_up("A", 5);
        assert!(turns.come("A", 5).now_or_never().unwrap().is_err(), "it came again ahead of the other");
        turns.line_up("A", 3);
        assert_eq!(turns.come("A", 5).now_or_never(), None);
        turns.sent("A", 3);
        assert_eq!(turns.come("A", 5).now_or_never(), Some(Ok(())));
        turns.lock().get_mut("A").unwrap().entries.insert(4, Stand::Failed(Instant::now() - GRACE));
        assert_eq!(turns.come("A", 5).now_or_never(), Some(Ok(())), "another process sent it");
    }
}
