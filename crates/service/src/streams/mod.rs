//! Every stream, bucket and object store: declared in one place, created when missing, compared when not.

mod declare;
mod drift;
mod table;

pub use declare::{StreamsError, declare};
pub use drift::Drift;
pub(crate) use drift::differences;
pub use table::{Durability, EVENT_STORE_LONGEST_AGE, EVENT_STORE_MAX_AGE, table};

/// Virtual partitions of orders. Fixed for ever: the slot is part of every order's subject.
pub const SLOTS: u16 = 64;

/// Raw messages from partners.
pub const INBOX: &str = "INBOX";
/// The event store.
pub const ORDERS: &str = "ORDERS";
/// The event store of returns.
pub const RETURNS: &str = "RETURNS";
/// Inventory movements and counts that belong to no order.
pub const STOCK: &str = "STOCK";
/// What partners' own books held, as they list it.
pub const SNAPSHOTS: &str = "SNAPSHOTS";
/// What reconciliation found, and what became of it.
pub const DISCREPANCIES: &str = "DISCREPANCIES";
/// What partners are to receive.
pub const OUTBOX: &str = "OUTBOX";
/// What partners are to receive as soon as they may.
pub const HELD: &str = "HELD";
/// Deadlines as scheduled messages, and those that are due.
pub const TIMERS: &str = "TIMERS";
/// Deadlines of returns. A workflow has a stream of its own for them, so that a new one changes none that is there.
pub const RETURN_TIMERS: &str = "RETURN_TIMERS";
/// Raw messages that could not become facts.
pub const QUARANTINE: &str = "QUARANTINE";
/// Who took what out of quarantine, and why.
pub const QUARANTINE_LOG: &str = "QUARANTINE_LOG";
/// Customer-facing changes of status.
pub const UPDATES: &str = "UPDATES";
/// Thresholds passed and discrepancies found.
pub const ALERTS: &str = "ALERTS";
/// Bucket of master data.
pub const MASTER: &str = "MASTER";
/// Bucket from a partner's reference to the order.
pub const XREF: &str = "XREF";
/// Bucket of what people say of partners: the profiles they added, and who is switched off.
pub const PROFILES: &str = "PROFILES";
/// Bucket of the control numbers of partners' interchanges.
pub const INTERCHANGES: &str = "INTERCHANGES";
/// Bucket of the keys that seal what is about a person.
pub const KEYS: &str = "KEYS";
/// Bucket of composite status.
pub const STATUS: &str = "STATUS";
/// Object store of closed orders' trails.
pub const ARCHIVE: &str = "ARCHIVE";

/// What INBOX holds: system, partner, message. Only of systems that an adapter reads: a partner that misspells its
/// system is told at once that nobody listens there, instead of being kept and never read.
pub const INBOX_SUBJECTS: [&str; 3] = ["in.erp.*.*", "in.wms.*.*", "in.tms.*.*"];
/// What ORDERS holds: slot, order, lane.
pub const ORDERS_SUBJECTS: &str = "order.*.*.*";
/// What RETURNS holds: slot, return, lane.
pub const RETURNS_SUBJECTS: &str = "return.*.*.*";
/// What STOCK holds: location, SKU.
pub const STOCK_SUBJECTS: &str = "stock.*.*";
/// What SNAPSHOTS holds: system, partner, kind of list.
pub const SNAPSHOTS_SUBJECTS: &str = "snapshot.*.*.*";
/// What DISCREPANCIES holds: kind, and a hash of what it is about.
pub const DISCREPANCIES_SUBJECTS: &str = "discrepancy.*.*";
/// What OUTBOX holds: system, partner, message.
pub const OUTBOX_SUBJECTS: &str = "out.*.*.*";
/// What HELD holds: system, partner.
pub const HELD_SUBJECTS: &str = "held.*.*";
/// Deadlines that are set: slot, order, name.
pub const TIMERS_SET_SUBJECTS: &str = "timer.set.*.*.*";
/// Deadlines that are due: slot, order, name.
pub const TIMERS_DUE_SUBJECTS: &str = "timer.due.*.*.*";
/// Deadlines of returns that are set: slot, return, name.
pub const RETURN_TIMERS_SET_SUBJECTS: &str = "return_timer.set.*.*.*";
/// Deadlines of returns that are due: slot, return, name.
pub const RETURN_TIMERS_DUE_SUBJECTS: &str = "return_timer.due.*.*.*";
/// What QUARANTINE holds: service, partner.
pub const QUARANTINE_SUBJECTS: &str = "quarantine.*.*";
/// What QUARANTINE_LOG holds: action, partner.
pub const QUARANTINE_LOG_SUBJECTS: &str = "quarantine_log.*.*";
/// What UPDATES holds: customer, order.
pub const UPDATES_SUBJECTS: &str = "update.*.*";
/// What ALERTS holds: kind.
pub const ALERTS_SUBJECTS: &str = "alert.*";

/// Subject of a raw message from a partner. Each part must be one subject token.
pub fn inbox(system: &str, partner: &str, message: &str) -> String {
    format!("in.{system}.{partner}.{message}")
}

/// Subjects of all raw messages of one partner.
pub fn inbox_of(system: &str, partner: &str) -> String {
    inbox(system, partner, "*")
}

/// Subject of a message to a partner. Each part must be one subject token.
pub fn outbox(system: &str, partner: &str, message: &str) -> String {
    format!("out.{system}.{partner}.{message}")
}

/// Subject of what is held for a partner. Each part must be one subject token.
pub fn held(system: &str, partner: &str) -> String {
    format!("held.{system}.{partner}")
}

/// Subject of a stock movement or count. Each part must be one subject token.
pub fn stock(location: &str, sku: &str) -> String {
    format!("stock.{location}.{sku}")
}

/// Subject of a list of what a partner's books held. Each part must be one subject token.
pub fn snapshot(system: &str, partner: &str, kind: &str) -> String {
    format!("snapshot.{system}.{partner}.{kind}")
}

/// Subject of what is found of one discrepancy, by its kind and a hash, in 32 hex digits, of what it is about: what it is about
/// may be longer than a subject.
pub fn discrepancy(kind: &str, what: &str) -> String {
    format!("discrepancy.{kind}.{what}")
}

/// Subject of what a service quarantines from a partner. Each part must be one subject token.
pub fn quarantine(service: &str, partner: &str) -> String {
    format!("quarantine.{service}.{partner}")
}

/// Subject of the record that a message of a partner was taken out of quarantine. Each part must be one subject token.
pub fn quarantine_log(action: &str, partner: &str) -> String {
    format!("quarantine_log.{action}.{partner}")
}

/// Subject of a customer-facing update. Each part must be one subject token.
pub fn update(customer: &str, order: &str) -> String {
    format!("update.{customer}.{order}")
}

/// Subject of an alert. The kind must be one subject token.
pub fn alert(kind: &str) -> String {
    format!("alert.{kind}")
}
