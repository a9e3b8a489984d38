//! The visibility service: folds ORDERS and STOCK into a projection, answers queries from it, keeps the bucket STATUS,
//! tells customers what changed, and archives the trails of orders that ended.
//!
//! The projection is a cache on disk. It can be deleted at any time, and any doubt about it means that it is moved aside
//! and rebuilt from the streams.

mod answer;
pub mod archive;
mod asks;
mod follow;
mod lag;
mod life;
pub mod look;
pub mod past;
pub mod projection;
pub mod queries;
mod rebuilds;
pub mod reconciling;
mod replay;
mod retention;
mod serve;
mod settings;
mod status;
pub mod store;
pub mod updates;
pub mod verifying;
mod view;

pub use replay::{Replayed, replay};
pub use retention::{Cause, RetentionAlert};
pub use serve::serve;
pub use settings::{RetentionSettings, Settings};

/// Who this service is.
pub const ABOUT: service::About = service::About {
    name: "visibility",
    version: env!("CARGO_PKG_VERSION"),
    description: "Projections, queries, customer updates and the archive",
};
