//! Reconciliation: systems of record held against each other and against what they send as snapshots.
//!
//! Folded orders, movements of stock and snapshots go in, discrepancies come out. All of it is pure: whoever calls it reads the
//! streams up to a cut-off, hands over one order at a time, and says what time it is. Nothing here corrects anything; a
//! discrepancy says what can be done.

pub mod discrepancy;
pub mod orders;
pub mod policy;
pub mod remedy;
pub mod snapshots;
pub mod standing;
pub mod stock;

pub use discrepancy::{About, Discrepancy, EntryRef, Kind, Side};
pub use orders::Case;
pub use policy::{Policy, PolicyError};
pub use remedy::Remedy;
pub use snapshots::Snapshots;
pub use standing::{Change, Run, Standing, Stands};
pub use stock::StockBooks;
