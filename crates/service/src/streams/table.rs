//! The table of streams with their limits, and why each limit is what it is.

use super::{
    ALERTS, ALERTS_SUBJECTS, ARCHIVE, DISCREPANCIES, DISCREPANCIES_SUBJECTS, HELD, HELD_SUBJECTS, INBOX,
    INBOX_SUBJECTS, INTERCHANGES, KEYS, MASTER, ORDERS, ORDERS_SUBJECTS, OUTBOX, OUTBOX_SUBJECTS, PROFILES, QUARANTINE,
    QUARANTINE_LOG, QUARANTINE_LOG_SUBJECTS, QUARANTINE_SUBJECTS, RETURN_TIMERS, RETURN_TIMERS_DUE_SUBJECTS,
    RETURN_TIMERS_SET_SUBJECTS, RETURNS, RETURNS_SUBJECTS, SNAPSHOTS, SNAPSHOTS_SUBJECTS, STATUS, STOCK,
    STOCK_SUBJECTS, TIMERS, TIMERS_DUE_SUBJECTS, TIMERS_SET_SUBJECTS, UPDATES, UPDATES_SUBJECTS, XREF,
};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use std::time::Duration;

/// For whom streams are created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Durability {
    /// One broker: one replica, and no byte limits, because a broker sets their bytes aside on a disk of unknown size.
    Demo,
    /// Three brokers or more: three replicas and byte limits.
    Production,
}

impl Durability {
    /// How many brokers hold each message.
    pub fn replicas(self) -> usize {
        match self {
            Self::Demo => 1,
            Self::Production => 3,
        }
    }

    fn bytes(self, production: i64) -> i64 {
        match self {
            Self::Demo => UNLIMITED,
            Self::Production => production,
        }
    }
}

const UNLIMITED: i64 = -1;
const MIB: i32 = 1024 * 1024;
const GIB: i64 = 1024 * 1024 * 1024;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The event store keeps what a year's business, its returns and its claims need; older orders are in the archive. An
/// order must be closed and archived within it.
pub const EVENT_STORE_MAX_AGE: Duration = DAY.saturating_mul(400);
/// What is open or not archived stretches that age limit, to this at the most.
pub const EVENT_STORE_LONGEST_AGE: Duration = DAY.saturating_mul(3_660);
/// An entry is one message: an order of some ten thousand lines fits.
const ORDERS_MAX_MESSAGE: i32 = 4 * MIB;

/// Long enough to mend a profile and replay through it what came before.
const INBOX_MAX_AGE: Duration = DAY.saturating_mul(30);
const INBOX_MAX_BYTES: i64 = 64 * GIB;
/// Under the broker's 8 MiB, so that a message of this size fits into quarantine with its reason.
const INBOX_MAX_MESSAGE: i32 = 7 * MIB;

/// Stock is a fold over its movements; a count starts it anew, and every location is counted once a year.
const STOCK_MAX_AGE: Duration = DAY.saturating_mul(400);
/// A movement is one SKU at one location.
const STOCK_MAX_MESSAGE: i32 = MIB;

/// A partner that was down for two weeks still gets what it missed.
const OUTBOX_MAX_AGE: Duration = DAY.saturating_mul(14);
const OUTBOX_MAX_BYTES: i64 = 64 * GIB;
const OUTBOX_MAX_MESSAGE: i32 = 7 * MIB;

/// Covers the time after which an entry is delivered again.
const HELD_DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// Longer than any deadline: a schedule that ages out never fires.
const TIMERS_MAX_AGE: Duration = DAY.saturating_mul(400);
/// A deadline carries its own subject and a few headers.
const TIMERS_MAX_MESSAGE: i32 = 64 * 1024;

/// People release these; a quarter is time enough.
const QUARANTINE_MAX_AGE: Duration = DAY.saturating_mul(90);
const QUARANTINE_MAX_BYTES: i64 = 16 * GIB;
/// The broker's own limit: the largest raw message and its reason.
const QUARANTINE_MAX_MESSAGE: i32 = 8 * MIB;

/// As long as the archive: it says what became of messages that are in no order's trail.
const QUARANTINE_LOG_MAX_AGE: Duration = ARCHIVE_MAX_AGE;
const QUARANTINE_LOG_MAX_BYTES: i64 = 64 * GIB;

/// A quarter's lists can be held against the orders again, under a changed policy; what was found of them stays.
const SNAPSHOTS_MAX_AGE: Duration = DAY.saturating_mul(90);
const SNAPSHOTS_MAX_BYTES: i64 = 16 * GIB;
/// As large as the raw message it is made of may be.
const SNAPSHOTS_MAX_MESSAGE: i32 = INBOX_MAX_MESSAGE;

/// As long as the archive: it says what was found of orders that are in it.
const DISCREPANCIES_MAX_AGE: Duration = ARCHIVE_MAX_AGE;
const DISCREPANCIES_MAX_BYTES: i64 = 64 * GIB;
/// Two sides in words, and the entries that say so.
const DISCREPANCIES_MAX_MESSAGE: i32 = MIB;

/// Customers' systems read these as they come; a month allows for an outage.
const UPDATES_MAX_AGE: Duration = DAY.saturating_mul(30);
const UPDATES_MAX_BYTES: i64 = 16 * GIB;
const UPDATES_MAX_MESSAGE: i32 = MIB;

/// Alerts are for now; the trail behind them is in ORDERS.
const ALERTS_MAX_AGE: Duration = DAY.saturating_mul(30);
const ALERTS_MAX_BYTES: i64 = GIB;
const ALERTS_MAX_MESSAGE: i32 = MIB;

/// As long as the orders that references and status belong to.
const BUCKET_MAX_AGE: Duration = EVENT_STORE_MAX_AGE;
/// Master data is current whatever its age.
const NO_AGE: Duration = Duration::ZERO;
const BUCKET_MAX_BYTES: i64 = 16 * GIB;
const BUCKET_MAX_VALUE: i32 = MIB;

/// What was said of a partner before, to see who changed what, and to go back.
const PROFILES_HISTORY: i64 = 16;
/// A profile of the largest size, with each of its line breaks escaped, and what is said of it.
const PROFILES_MAX_VALUE: i32 = 4 * MIB;

/// A key or the record of its end has a few hundred bytes: ten million customers.
const KEYS_MAX_BYTES: i64 = 4 * GIB;

/// Ten years: what tax law asks for in most countries.
const ARCHIVE_MAX_AGE: Duration = DAY.saturating_mul(3_660);
const ARCHIVE_MAX_BYTES: i64 = 512 * GIB;

/// Covers a publisher's first retry, which follows a time-out of 10 s. The broker keeps every message id of this window in
/// memory, 200 bytes each at tens of thousands a second; correctness does not need it, the fold drops repeats.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(15);
/// Few messages, and a redelivery of a bad one may come late.
const QUARANTINE_DUPLICATE_WINDOW: Duration = Duration::from_secs(2 * 60 * 60);

/// Every stream as it should be; buckets and the object store are streams of a kind.
pub fn table(durability: Durability) -> Vec<Config> {
    let mut streams = messages(durability);
    streams.extend(quarantine(durability));
    streams.extend(reconciliation(durability));
    streams.extend([
        bucket(durability, MASTER, NO_AGE, "items, customers, locations and routes to validate against"),
        bucket(durability, XREF, BUCKET_MAX_AGE, "a partner's reference to the order"),
        Config {
            max_messages_per_subject: PROFILES_HISTORY,
            max_message_size: PROFILES_MAX_VALUE,
            ..bucket(durability, PROFILES, NO_AGE, "partners' profiles, and who is switched off")
        },
        bucket(durability, INTERCHANGES, BUCKET_MAX_AGE, "the control numbers of partners' interchanges"),
        Config {
            max_bytes: durability.bytes(KEYS_MAX_BYTES),
            // A key that is to be forgotten is deleted by its sequence: so the broker overwrites it on its disk.
            deny_delete: false,
            ..bucket(durability, KEYS, NO_AGE, "the keys that seal what is about a person, and who was forgotten")
        },
        bucket(durability, STATUS, BUCKET_MAX_AGE, "the composite status, for watchers"),
        archive(durability),
    ]);
    streams
}

fn messages(durability: Durability) -> Vec<Config> {
    let stream = |name, subjects, description| stream(durability, name, subjects, description);
    vec![
        Config {
            max_age: INBOX_MAX_AGE,
            max_bytes: durability.bytes(INBOX_MAX_BYTES),
            max_message_size: INBOX_MAX_MESSAGE,
            ..stream(INBOX, &INBOX_SUBJECTS, "raw messages from partners, byte for byte")
        },
        Config {
            // Several appends of one group commit pay for one sync.
            allow_atomic_publish: true,
            ..event_store(durability, ORDERS, ORDERS_SUBJECTS, "the event store: one trail per order")
        },
        event_store(durability, RETURNS, RETURNS_SUBJECTS, "the event store: one trail per return"),
        Config {
            max_age: STOCK_MAX_AGE,
            max_message_size: STOCK_MAX_MESSAGE,
            deny_delete: true,
            deny_purge: true,
            ..stream(STOCK, &[STOCK_SUBJECTS], "inventory movements and counts that belong to no order")
        },
        Config {
            max_age: OUTBOX_MAX_AGE,
            max_bytes: durability.bytes(OUTBOX_MAX_BYTES),
            max_message_size: OUTBOX_MAX_MESSAGE,
            ..stream(OUTBOX, &[OUTBOX_SUBJECTS], "what partners are to receive, in their own formats")
        },
        Config {
            max_age: OUTBOX_MAX_AGE,
            max_bytes: durability.bytes(OUTBOX_MAX_BYTES),
            max_message_size: OUTBOX_MAX_MESSAGE,
            duplicate_window: HELD_DUPLICATE_WINDOW,
            // What was released is gone: what is there is held, whatever becomes of a consumer.
            retention: RetentionPolicy::WorkQueue,
            ..stream(HELD, &[HELD_SUBJECTS], "what partners are to receive as soon as they may")
        },
        timers(durability, TIMERS, &[TIMERS_SET_SUBJECTS, TIMERS_DUE_SUBJECTS], "deadlines, set and due"),
        timers(
            durability,
            RETURN_TIMERS,
            &[RETURN_TIMERS_SET_SUBJECTS, RETURN_TIMERS_DUE_SUBJECTS],
            "deadlines of returns, set and due",
        ),
        Config {
            max_age: UPDATES_MAX_AGE,
            max_bytes: durability.bytes(UPDATES_MAX_BYTES),
            max_message_size: UPDATES_MAX_MESSAGE,
            discard: DiscardPolicy::Old,
            ..stream(UPDATES, &[UPDATES_SUBJECTS], "customer-facing changes of composite status")
        },
        Config {
            max_age: ALERTS_MAX_AGE,
            max_bytes: durability.bytes(ALERTS_MAX_BYTES),
            max_message_size: ALERTS_MAX_MESSAGE,
            discard: DiscardPolicy::Old,
            ..stream(ALERTS, &[ALERTS_SUBJECTS], "thresholds passed, discrepancies found")
        },
    ]
}

/// What could not become facts, and what became of it.
fn quarantine(durability: Durability) -> [Config; 2] {
    let stream = |name, subjects, description| stream(durability, name, subjects, description);
    [
        Config {
            max_age: QUARANTINE_MAX_AGE,
            max_bytes: durability.bytes(QUARANTINE_MAX_BYTES),
            max_message_size: QUARANTINE_MAX_MESSAGE,
            duplicate_window: QUARANTINE_DUPLICATE_WINDOW,
            ..stream(QUARANTINE, &[QUARANTINE_SUBJECTS], "raw messages that could not become facts, with the reason")
        },
        Config {
            max_age: QUARANTINE_LOG_MAX_AGE,
            max_bytes: durability.bytes(QUARANTINE_LOG_MAX_BYTES),
            max_message_size: QUARANTINE_MAX_MESSAGE,
            duplicate_window: QUARANTINE_DUPLICATE_WINDOW,
            deny_delete: true,
            deny_purge: true,
            ..stream(QUARANTINE_LOG, &[QUARANTINE_LOG_SUBJECTS], "who took what out of quarantine, and why")
        },
    ]
}

/// What reconciliation holds the orders and the stock against, and what it found.
fn reconciliation(durability: Durability) -> [Config; 2] {
    let stream = |name, subjects, description| stream(durability, name, subjects, description);
    [
        Config {
            max_age: SNAPSHOTS_MAX_AGE,
            max_bytes: durability.bytes(SNAPSHOTS_MAX_BYTES),
            max_message_size: SNAPSHOTS_MAX_MESSAGE,
            ..stream(SNAPSHOTS, &[SNAPSHOTS_SUBJECTS], "what partners' own books held, as they list it")
        },
        Config {
            max_age: DISCREPANCIES_MAX_AGE,
            max_bytes: durability.bytes(DISCREPANCIES_MAX_BYTES),
            max_message_size: DISCREPANCIES_MAX_MESSAGE,
            deny_delete: true,
            deny_purge: true,
            ..stream(DISCREPANCIES, &[DISCREPANCIES_SUBJECTS], "what reconciliation found, what became of it")
        },
    ]
}

/// The stream of a workflow's instances: nothing in it is ever changed.
fn event_store(durability: Durability, name: &str, subjects: &str, description: &str) -> Config {
    Config {
        max_age: EVENT_STORE_MAX_AGE,
        max_message_size: ORDERS_MAX_MESSAGE,
        deny_delete: true,
        deny_purge: true,
        ..stream(durability, name, &[subjects], description)
    }
}

/// A stream of deadlines.
fn timers(durability: Durability, name: &str, subjects: &[&str], description: &str) -> Config {
    Config {
        max_age: TIMERS_MAX_AGE,
        max_message_size: TIMERS_MAX_MESSAGE,
        // The server wants it so with schedules; without a size limit nothing is discarded but by age.
        discard: DiscardPolicy::Old,
        allow_message_schedules: true,
        // The server forces it for schedules, which replace one another by roll-up.
        allow_rollup: true,
        // A due message may go once it has been read.
        allow_message_ttl: true,
        ..stream(durability, name, subjects, description)
    }
}

/// What all streams have in common. A full one refuses what is new rather than lose what it holds, unless said
/// otherwise.
fn stream(durability: Durability, name: &str, subjects: &[&str], description: &str) -> Config {
    Config {
        name: name.to_owned(),
        subjects: subjects.iter().map(|subject| (*subject).to_owned()).collect(),
        description: Some(description.to_owned()),
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        num_replicas: durability.replicas(),
        max_bytes: UNLIMITED,
        duplicate_window: DUPLICATE_WINDOW,
        allow_direct: true,
        ..Config::default()
    }
}

/// The stream behind a key-value bucket, as the client libraries lay it out (ADR-8).
fn bucket(durability: Durability, name: &str, max_age: Duration, description: &str) -> Config {
    let subjects = format!("$KV.{name}.>");
    Config {
        max_messages_per_subject: 1,
        max_age,
        max_bytes: durability.bytes(BUCKET_MAX_BYTES),
        max_message_size: BUCKET_MAX_VALUE,
        allow_rollup: true,
        deny_delete: true,
        ..stream(durability, &format!("KV_{name}"), &[&subjects], description)
    }
}

/// The stream behind an object store, as the client libraries lay it out (ADR-20).
fn archive(durability: Durability) -> Config {
    let subjects = [format!("$O.{ARCHIVE}.C.>"), format!("$O.{ARCHIVE}.M.>")];
    Config {
        max_age: ARCHIVE_MAX_AGE,
        max_bytes: durability.bytes(ARCHIVE_MAX_BYTES),
        allow_rollup: true,
        ..stream(durability, &format!("OBJ_{ARCHIVE}"), &[&subjects[0], &subjects[1]], "trails of closed orders")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_states_its_limits() {
        for config in table(Durability::Production) {
            let name = &config.name;
            assert_eq!(config.num_replicas, 3, "{name}");
            assert!(
                config.max_bytes > 0
                    || ["ORDERS", "RETURNS", "RETURN_TIMERS", "STOCK", "TIMERS"].contains(&name.as_str()),
                "{name}"
            );
            assert!(
                config.max_age > Duration::ZERO || ["KV_KEYS", "KV_MASTER", "KV_PROFILES"].contains(&name.as_str()),
                "{name}"
            );
            assert!(config.max_message_size > 0 || name == "OBJ_ARCHIVE", "{name}");
            assert!(config.duplicate_window > Duration::ZERO, "{name}");
        }
    }

    #[test]
    fn what_reconciliation_found_outlives_the_lists_it_was_found_by() {
        let streams = table(Durability::Production);
        let of = |name: &str| streams.iter().find(|config| config.name == name).unwrap();
        let (snapshots, found) = (of(SNAPSHOTS), of(DISCREPANCIES));
        assert!(snapshots.max_age < found.max_age && found.max_age == of("OBJ_ARCHIVE").max_age);
        assert!(found.deny_delete && found.deny_purge && !snapshots.deny_delete && !snapshots.deny_purge);
        assert_eq!(snapshots.max_message_size, of(INBOX).max_message_size, "any list that comes in has room");
    }

    #[test]
    fn a_demo_sets_no_bytes_aside() {
        assert!(table(Durability::Demo).iter().all(|config| config.max_bytes == -1 && config.num_replicas == 1));
    }
}
