//! The words of logistics: what every other crate of Waybill talks in.
//!
//! Nothing here does I/O or reads a clock. A word that goes over the wire has one serialised form, and a JSON Schema
//! made from the same type.

pub mod decision;
pub mod exception;
pub mod fact;
pub mod ids;
pub mod master;
pub mod milestone;
pub mod money;
pub mod order;
pub mod personal;
pub mod quantity;
pub mod reason;
pub mod returns;
pub mod snapshot;
pub mod stock;
pub mod system;
pub mod time;
pub mod token;

pub use decision::{Ask, AskedLine, Commitment, Deadline, Decision, End, Lacking, Request, Sale, SoldLine, Split};
pub use exception::{Exception, ExceptionKind};
pub use fact::{
    Answer, Archived, Assignment, Booking, CancelRequest, Condition, ConditionKind, Fact, FreightInvoice, HandOver,
    Invoice, MilestoneReached, Note, Outcome, Progress, RetryRequest, Snooze, Substitution,
};
pub use ids::{AskId, CustomerId, LineId, LocationId, OrderId, ParcelId, PartnerId, ShipmentId, Sku};
pub use master::{Finding, Source, Validation};
pub use milestone::{Classifier, Milestone, Phase};
pub use money::{Currency, Money};
pub use order::{Country, Order, OrderLine, Place};
pub use personal::{Personal, Sealed};
pub use quantity::{Quantity, Unit};
pub use reason::Reason;
pub use returns::{Grade, Inspected, Inspection, OpenedReturn, ReturnAuthorisation, ReturnLine, ReturnOutcome, RmaId};
pub use snapshot::{Listed, ListedOrder, ListedShipment, ListedStock, Snapshot};
pub use stock::{Movement, MovementKind};
pub use system::{Lane, System};
pub use time::{Date, Precision, Timestamp, When, Zone};
