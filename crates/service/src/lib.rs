//! What every Waybill process shares: settings, logs, the connection, the streams and how they are consumed, readiness,
//! metrics, HTTP, shutdown and quarantine. It knows NATS and nothing of logistics.
//!
//! A service's `main` parses its settings with [`settings::parse`] and hands [`run::main`] a function that serves with
//! the [`run::Host`] it is given.

pub mod connect;
pub mod consume;
pub mod failure;
pub mod http;
pub mod logs;
pub mod metrics;
pub mod ping;
pub mod process;
pub mod quarantine;
pub mod readiness;
pub mod run;
pub mod settings;
pub mod shutdown;
pub mod snapshots;
pub mod start;
pub mod streams;
pub mod walk;

pub use connect::Connection;
pub use failure::{EXIT_CODES, Failure};
pub use run::{About, Common, Host, main, run};
pub use shutdown::Shutdown;
pub use start::Start;
