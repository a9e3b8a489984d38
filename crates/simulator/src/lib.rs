//! Plays an ERP, two warehouse systems and a TMS with its carriers over NATS, so that Waybill has somebody to work with;
//! and keeps books of its own, which judge the run.
//!
//! [`Scenario`] says what is ordered and what becomes of it: every choice follows from a seed, or from the dates of TPC-H
//! files. [`Stage`] is all partners together and does no I/O. [`Play`] puts the stage on a broker. [`Books`] is where each
//! order must end, by the partners' own account.

pub mod books;
pub mod carrier;
pub mod course;
pub mod erp;
pub mod faults;
pub mod mishap;
pub mod plan;
pub mod play;
pub mod progress;
pub mod returns;
pub mod scenario;
pub mod seed;
pub mod stage;
pub mod times;
pub mod tpch;
pub mod traffic;
pub mod warehouse;
pub mod wire;
pub mod world;

mod outlet;

pub use books::{Books, Ending};
pub use faults::{Faults, Level};
pub use outlet::OutletError;
pub use play::{Play, PlayError, Settings};
pub use progress::Progress;
pub use scenario::Scenario;
pub use seed::Seed;
pub use stage::{Partner, Stage};
pub use tpch::Tpch;
pub use traffic::Traffic;
