//! The broker that the installation started itself. One that dies is started again, on the same port and data: every client
//! finds it by itself, and what it had acknowledged is there.

use anyhow::Context as _;
use broker::Broker;

use super::{MAX_RESTARTS, PAUSE};

/// What it is called.
pub(super) const NAME: &str = "nats-server";

/// The broker, and how often it was started again.
pub(super) struct OwnBroker {
    broker: Broker,
    restarts: u32,
}

impl OwnBroker {
    pub const fn new(broker: Broker) -> Self {
        Self { broker, restarts: 0 }
    }

    /// How often it was started again.
    pub const fn restarts(&self) -> u32 {
        self.restarts
    }

    /// Waits until it dies, and says so in words.
    pub async fn death(&mut self) -> String {
        format!("{NAME} ended with {}", self.broker.ended().await)
    }

    /// Starts it again when it dies, until it dies too often or does not come up; says so in words. May be dropped and
    /// called again.
    pub async fn broken(&mut self) -> String {
        loop {
            let words = self.death().await;
            if self.restarts == MAX_RESTARTS {
                return format!("started again {MAX_RESTARTS} times, {words}");
            }
            tokio::time::sleep(PAUSE).await;
            if let Err(error) = self.broker.up().await {
                return format!("{words}\nand cannot be started again: {error}");
            }
            self.restarts += 1;
            let again = format!("is started again ({} of {MAX_RESTARTS})", self.restarts);
            anstream::eprintln!("{}: {words}\n{NAME} {again}", crate::text::bad("died"));
        }
    }

    /// Lets it close its files and end.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.broker.stop().await.with_context(|| format!("{NAME} did not end"))
    }
}
