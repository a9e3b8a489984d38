//! Profiles: TOML files that say how one partner's raw messages become facts, and asks become its messages.
//!
//! A message goes through two steps that know nothing of each other: a [format](mod@format) makes a tree of the raw bytes, and
//! the [mapping](message) makes facts of the tree. The way out is the same the other way round: a [template](out) makes a tree of
//! an ask, and a [format](mod@write) the bytes. Everything a profile says is checked and compiled when it is loaded.
//!
//! ```
//! use partners::{Profile, Told};
//!
//! let profile = Profile::load("dock.toml", r#"
//!     partner = "wms-north"
//!     system = "wms"
//!     version = 1
//!     [table.status]
//!     DONE = "fulfilment.picked"
//!     else = { reject = true }
//!     [in.status]
//!     format = "json"
//!     order = "order.no"
//!     event_id = "id"
//!     [[in.status.facts]]
//!     kind = "milestone"
//!     milestone = { path = "what", table = "status" }
//!     occurred = { path = "at", zone = "Europe/Berlin" }
//! "#)?;
//! let raw = br#"{"id": 7, "order": {"no": "4711"}, "what": "DONE", "at": "2026-03-01T14:05"}"#;
//! let told = profile.decode("status", raw, "2026-03-01T13:06:00Z".parse()?)?;
//! assert!(matches!(&told[..], [Told::Order { facts, .. }] if facts.len() == 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here does I/O or reads a clock.

pub mod acknowledge;
mod compiler;
pub mod condition;
pub mod control;
pub mod crosswalk;
pub mod delivery;
pub mod epcis;
pub mod fact;
pub mod field;
pub mod format;
pub mod guard;
pub mod identify;
pub mod interchange;
mod key;
pub mod lines;
pub mod listed;
pub mod message;
pub mod out;
pub mod path;
pub mod place;
pub mod profile;
pub mod record;
pub mod returned;
mod scope;
pub mod shipped;
mod source;
pub mod table;
mod told;
pub mod unmapped;
mod unreadable;
pub mod words;
pub mod write;

pub use control::{ControlNumber, ControlNumbers, Numbered};
pub use interchange::Interchange;
pub use key::FactKey;
pub use message::ORDER;
pub use out::{EncodeError, Sending};
pub use profile::Profile;
pub use shipped::{shipped, templates};
pub use source::ProfileError;
pub use told::{Identified, OrderRef, Outgoing, Read, Rejected, Told, Xref, price_of};
pub use unreadable::{Unreadable, UnreadableKind};
