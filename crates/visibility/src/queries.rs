//! What can be asked of the projection, and what it answers: JSON over NATS request and reply.

use std::collections::BTreeMap;

use fulfilment::{Composite, LineStatus, Stage};
use model::{
    Classifier, CustomerId, Lane, LocationId, Order, ParcelId, PartnerId, Place, ShipmentId, Sku, Timestamp, Unit, When,
};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::retention::RetentionAlert;

pub use crate::store::{Listed, Summary};

/// Everything known of one order.
pub const ORDER_GET: &str = "visibility.order.get";
/// Orders, by stage, customer or open exceptions.
pub const ORDER_LIST: &str = "visibility.order.list";
/// Open exceptions, by what they are, whose they are, and who sees to them.
pub const EXCEPTION_LIST: &str = "visibility.exception.list";
/// Balances of stock.
pub const STOCK: &str = "visibility.stock";
/// Digests over the folded orders, to hold the projection against an independent replay.
pub const DIGEST: &str = "visibility.digest";
/// What one instance's projection holds of one order, row by row.
pub const ORDER_KEPT: &str = "visibility.order.kept";
/// Has one instance build its projection anew beside the one in use, or says how that stands.
pub const REBUILD: &str = "visibility.rebuild";
/// How far the projection is behind its streams.
pub const LAG: &str = "visibility.lag";

/// The most items one answer holds.
pub const MOST: usize = 1_000;
/// How many items an answer holds when nobody says.
pub const DEFAULT: usize = 100;

/// The subject on which one instance alone answers what `subject` asks. Its id is the one by which NATS discovers services.
#[must_use]
pub fn of_instance(subject: &str, instance: &str) -> String {
    format!("{subject}.{instance}")
}

/// Asks for one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderGet {
    /// The order, as its ERP writes it.
    pub order: String,
}

/// Everything known of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderView {
    /// The order, as its ERP writes it.
    pub order: String,
    /// Its status.
    pub composite: Composite,
    /// What was ordered, once released.
    pub released: Option<Order>,
    /// How far each line has come.
    pub lines: Vec<LineStatus>,
    /// What was told of its progress, by the time it occurred.
    pub timeline: Vec<TimelineEvent>,
    /// The last entry folded of each lane.
    pub lanes: BTreeMap<Lane, u64>,
    /// The last entry folded.
    pub sequence: u64,
    /// When it was recorded.
    pub updated: Timestamp,
    /// The first entry nobody could read: what is shown may miss something since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<u64>,
}

/// One thing that was told of an order's progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEvent {
    /// The milestone, or the kind of fact.
    pub what: String,
    /// In which sense.
    pub classifier: Classifier,
    /// When it occurred, as stated; when it was received, where nobody states a time.
    pub occurred: When,
    /// When it was first received.
    pub received: Timestamp,
    /// Who told it.
    pub lane: Lane,
    /// The shipment it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<ShipmentId>,
    /// The parcel it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parcel: Option<ParcelId>,
    /// Where it occurred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// More about it, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Told by a system that is not the system of record for it: it does not count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub claim: bool,
}

/// Asks for a list of orders, in the order of their numbers. All conditions given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrderList {
    /// Only those in this stage.
    pub stage: Option<Stage>,
    /// Only those of this customer.
    pub customer: Option<CustomerId>,
    /// Only those with an open exception.
    pub exceptions_only: bool,
    /// How many at most, 1 to 1000; 100 when absent.
    pub limit: Option<usize>,
    /// Only those after this one: `next` of the page before.
    pub after: Option<String>,
}

/// A page of a list of orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPage {
    /// The orders. A page may be short, or empty, and not be the last.
    pub orders: Vec<Summary>,
    /// Where the next page starts; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Asks for a list of open exceptions, in the order of their orders' numbers. All conditions given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExceptionList {
    /// Only those of this kind, such as `no_stock`, or this one of each order, such as `no_stock s1`.
    pub kind: Option<String>,
    /// Only those of orders of this customer.
    pub customer: Option<CustomerId>,
    /// Only those that this partner has to do with.
    pub partner: Option<PartnerId>,
    /// Only those raised at this time or before.
    pub raised_by: Option<Timestamp>,
    /// Only those that this person or team sees to.
    pub assigned: Option<String>,
    /// Only those that nobody sees to.
    pub unassigned: bool,
    /// Only those that are not put off beyond this time; those that are, too, when absent.
    pub awake_at: Option<Timestamp>,
    /// Only those that put at least so much at stake, in whichever currency the order is in.
    pub min_value: Option<Decimal>,
    /// How many at most, 1 to 1000; 100 when absent. All that fit of the last order are there, so it may be a few more.
    pub limit: Option<usize>,
    /// Only those of orders after this one: `next` of the page before.
    pub after: Option<String>,
}

/// A page of a list of open exceptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExceptionPage {
    /// The exceptions. A page may be short, or empty, and not be the last.
    pub exceptions: Vec<Listed>,
    /// Where the next page starts; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Asks for balances of stock, by location and SKU.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StockList {
    /// Only at this location.
    pub location: Option<LocationId>,
    /// Only of this SKU.
    pub sku: Option<Sku>,
    /// How many at most, 1 to 1000; 100 when absent.
    pub limit: Option<usize>,
    /// Only those after this one: `next` of the page before.
    pub after: Option<String>,
}

/// A page of balances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockPage {
    /// The balances. A page may be short, or empty, and not be the last.
    pub balances: Vec<StockBalance>,
    /// Where the next page starts; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What is known of one SKU at one location in one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockBalance {
    /// Where.
    pub location: LocationId,
    /// Of what.
    pub sku: Sku,
    /// The unit counted in.
    pub unit: Unit,
    /// What is there.
    pub on_hand: Decimal,
    /// What of it is reserved for orders.
    pub reserved: Decimal,
    /// What can still be promised: on hand less reserved. Below zero when more was promised than is there.
    pub available: Decimal,
    /// When it was last counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Timestamp>,
    /// The first entry nobody could read: the balance may miss something since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<u64>,
}

/// Asks for digests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DigestGet {
    /// With the digest of each order, in pages; otherwise one digest over all orders.
    pub each: bool,
    /// How many orders a page holds at most, 1 to 1000; 100 when absent.
    pub limit: Option<usize>,
    /// Only orders after this one: `next` of the page before.
    pub after: Option<String>,
}

/// Digests over the folded orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Digests {
    /// How many orders the digest is over.
    pub orders: u64,
    /// SHA-256, in hex, over the token and digest of each order, sorted by token.
    pub digest: String,
    /// Each order's, when asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<OrderDigest>,
    /// Where the next page starts; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The digest of one folded order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderDigest {
    /// The order, as its ERP writes it.
    pub order: String,
    /// The last entry folded.
    pub sequence: u64,
    /// SHA-256, in hex, over the last sequence and the state's bytes.
    pub digest: String,
    /// SHA-256, in hex, over the rows that are kept of it beside its entries.
    #[serde(default)]
    pub rows: String,
}

/// What the projection holds of one order, row by row, to hold it against an independent fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderKept {
    /// The order as it is shown, from the entries that are kept.
    pub view: OrderView,
    /// The row by which it is listed.
    pub listed: Summary,
    /// The row of what is wrong with it.
    pub exceptions: Vec<Listed>,
    /// The indexes it is found by.
    pub found_by: Vec<String>,
    /// How many entries are folded.
    pub entries: u64,
    /// The first entry that is kept.
    pub first: u64,
}

/// Asks how a rebuild stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RebuildAsk {
    /// Begin one, unless one is under way.
    pub begin: bool,
}

/// How a rebuild stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RebuildReply {
    /// Orders in the projection that is in use.
    pub orders: u64,
    /// Entries folded into them.
    pub entries: u64,
    /// Movements of stock in it.
    pub movements: u64,
    /// How many rebuilds were begun since the service started.
    pub begun: u64,
    /// The one under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<Rebuilding>,
    /// The last one that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Rebuilt>,
}

/// A rebuild that is under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rebuilding {
    /// How many messages of the streams are folded.
    pub folded: u64,
    /// Of how many that the projection in use has folded.
    pub of: u64,
}

/// A rebuild that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rebuilt {
    /// Which it was since the service started; the first is 1.
    pub number: u64,
    /// How many messages of the streams were folded.
    pub entries: u64,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Why the one in use was kept, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// How far the projection is behind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lag {
    /// Close to the end of every stream.
    pub caught_up: bool,
    /// Each stream.
    pub streams: Vec<StreamLag>,
    /// Orders in the projection.
    pub orders: u64,
    /// How many of them are in each stage.
    pub stages: BTreeMap<Stage, u64>,
    /// How many of them have an open exception.
    pub exceptions: u64,
    /// Entries folded into them.
    pub entries: u64,
    /// Movements of stock in the projection.
    pub movements: u64,
    /// The bucket STATUS holds every order's status up to this entry.
    pub status_to: u64,
    /// Customers are told of everything up to this entry.
    pub told_to: u64,
    /// Orders and returns that near the age limit of their stream and would be lost with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retention: Vec<RetentionAlert>,
}

/// How far the projection is behind one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamLag {
    /// The stream.
    pub stream: String,
    /// The last entry folded.
    pub folded: u64,
    /// The stream's last entry.
    pub end: u64,
    /// How many entries it is behind.
    pub lag: u64,
}
