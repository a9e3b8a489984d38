//! Which consumers do not get on, told from two looks a moment apart.

use model::Timestamp;

use super::Consumer;
use crate::text::{count, span};

/// A service that lives asks for messages all the time, and what it does not acknowledge comes again after half a minute:
/// no delivery for twice as long means that nobody reads.
const SILENT_MILLIS: i64 = 60_000;
/// A message that has to wait for a reference is quarantined after two minutes unless an operator allows more; one that is
/// still delivered again at this age gets nowhere.
const OLD_MILLIS: i64 = 300_000;

/// What is stalled, in words. A consumer that was not there at the first look is not judged.
pub(super) fn stalled(before: &[Consumer], consumers: &[Consumer], now: Timestamp) -> Vec<String> {
    let judged = consumers.iter().filter(|consumer| consumer.durable).filter_map(|consumer| {
        let same = |other: &&Consumer| (&other.stream, &other.name) == (&consumer.stream, &consumer.name);
        let why = why(before.iter().find(same)?, consumer, now)?;
        Some(format!("{} > {} is stalled: {why}", consumer.stream, consumer.name))
    });
    judged.collect()
}

fn why(before: &Consumer, consumer: &Consumer, now: Timestamp) -> Option<String> {
    let unacknowledged = count(consumer.ack_pending, "message");
    let age = |since: Timestamp| now.as_millis() - since.as_millis();
    let nothing_acknowledged = before.acknowledged == consumer.acknowledged && consumer.ack_pending > 0;
    let nothing_delivered = before.deliveries == consumer.deliveries;

    // Of what is held one is out at a time, and waits for its partner: the adapter says why.
    let waits_for_partner = consumer.stream == service::streams::HELD;
    let full = !waits_for_partner && consumer.max_ack_pending.is_some_and(|limit| consumer.ack_pending >= limit);
    if full && nothing_acknowledged && nothing_delivered {
        return Some(format!(
            "{unacknowledged} unacknowledged are as many as there may be, so nothing more is delivered; look at the log of \
             the service that reads it"
        ));
    }
    let work = consumer.lag + consumer.ack_pending > 0;
    let unread = before.waiting == 0 && consumer.waiting == 0 && nothing_delivered;
    let silent = consumer.last_delivered.is_none_or(|last| age(last) > SILENT_MILLIS);
    if work && unread && silent {
        return Some(format!("nobody reads, and {} wait; start the service that reads it", count_waiting(consumer)));
    }
    if waits_for_partner {
        return None;
    }
    if consumer.max_ack_pending.is_some_and(|limit| consumer.redelivered.saturating_mul(2) >= limit) {
        return Some(format!(
            "{} of {unacknowledged} unacknowledged were delivered more than once; look at the log of the service that reads it",
            consumer.redelivered
        ));
    }
    let oldest = consumer.oldest_redelivered.map(age).filter(|age| *age > OLD_MILLIS)?;
    nothing_acknowledged.then(|| {
        format!(
            "its oldest message came {} ago and is delivered again and again; look at the log of the service that reads it",
            span(oldest)
        )
    })
}

fn count_waiting(consumer: &Consumer) -> String {
    count(consumer.lag + consumer.ack_pending, "message")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        Timestamp::from_millis(10_000_000)
    }

    fn ago(seconds: i64) -> Option<Timestamp> {
        Some(at().plus_millis(-seconds * 1_000))
    }

    /// At work: 30 under way, read a second ago.
    fn working() -> Consumer {
        Consumer {
            stream: "INBOX".to_owned(),
            name: "wms-w1".to_owned(),
            durable: true,
            lag: 0,
            ack_pending: 30,
            max_ack_pending: Some(100),
            redelivered: 1,
            waiting: 1,
            deliveries: 500,
            acknowledged: 470,
            last_delivered: ago(1),
            oldest_redelivered: ago(20),
        }
    }

    fn judged(before: Consumer, now: Consumer) -> Option<String> {
        stalled(&[before], &[now], at()).pop()
    }

    #[test]
    fn who_works_waits_or_is_behind_is_not_stalled() {
        assert_eq!(judged(working(), working()), None);
        let idle = Consumer { ack_pending: 0, redelivered: 0, last_delivered: ago(90_000), ..working() };
        assert_eq!(judged(idle.clone(), idle.clone()), None);
        let unused = Consumer { waiting: 0, last_delivered: None, ..idle };
        assert_eq!(judged(unused.clone(), unused), None, "nothing to do and nobody there is no matter");
        let full = Consumer { ack_pending: 100, lag: 9_000, ..working() };
        let later = Consumer { acknowledged: 480, deliveries: 510, ..full.clone() };
        assert_eq!(judged(full, later), None, "at its limit and getting on");
        let parked = Consumer { ack_pending: 1, oldest_redelivered: ago(125), ..working() };
        assert_eq!(judged(parked.clone(), parked), None, "a message that waits for its reference");
        let held = Consumer {
            stream: "HELD".to_owned(),
            ack_pending: 1,
            max_ack_pending: Some(1),
            lag: 9_000,
            oldest_redelivered: ago(9_000),
            ..working()
        };
        assert_eq!(judged(held.clone(), held), None, "held for a partner that is away");
        assert_eq!(stalled(&[], &[Consumer { ack_pending: 100, ..working() }], at()), Vec::<String>::new());
    }

    #[test]
    fn who_does_not_get_on_is_named_with_the_reason() {
        let cases = [
            (Consumer { ack_pending: 100, ..working() }, "100 messages unacknowledged are as many as there may be"),
            (
                Consumer { waiting: 0, lag: 7, last_delivered: ago(61), ..working() },
                "nobody reads, and 37 messages wait",
            ),
            (
                Consumer { waiting: 0, lag: 1, ack_pending: 0, last_delivered: None, ..working() },
                "nobody reads, and 1 mess",
            ),
            (
                Consumer { ack_pending: 60, redelivered: 50, ..working() },
                "50 of 60 messages unacknowledged were delivered",
            ),
            (Consumer { oldest_redelivered: ago(301), ..working() }, "its oldest message came 5m 1s ago"),
        ];
        for (consumer, words) in cases {
            let said = judged(consumer.clone(), consumer).unwrap();
            assert!(said.starts_with("INBOX > wms-w1 is stalled: ") && said.contains(words), "{said}");
        }
    }
}
