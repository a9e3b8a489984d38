//! Finds a nats-server on this machine, or gets one, and runs it as a child of this process.
//!
//! ```no_run
//! # async fn example() -> Result<(), broker::BrokerError> {
//! let broker = broker::start(broker::Options::default()).await?;
//! println!("a broker of our own at {}", broker.url());
//! broker.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The child never outlives its parent: dropping [`Broker`] kills it, and on Unix a small watchdog kills it when the
//! parent is gone without a word, as after `kill -9`. It runs in a process group of its own, so Ctrl-C in a terminal
//! reaches the parent alone, which can then drain before it stops the broker.

mod child;
mod config;
mod error;
mod find;
mod ready;
mod version;
mod watchdog;
mod wheel;

pub use child::{Broker, Options, Restart, start};
pub use config::Fsync;
pub use error::BrokerError;
pub use find::find;
pub use version::{OLDEST, Version};
pub use watchdog::Watchdog;
