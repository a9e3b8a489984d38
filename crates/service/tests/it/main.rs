//! Against a real broker: streams, consumers, quarantine, permissions, and a whole service.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on may panic")]

mod consume;
mod health;
mod precedence;
mod quarantine;
mod run;
mod secure;
mod start;
mod streams;

use broker::{Broker, Options};
use service::Connection;
use service::settings::NatsSettings;

/// A broker of its own and a connection to it.
async fn broker() -> (Broker, Connection) {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = connect(&broker).await;
    (broker, connection)
}

async fn connect(broker: &Broker) -> Connection {
    service::connect::connect(&NatsSettings::url(broker.url()), "test").await.unwrap()
}

/// This test program once more as another process, running one test alone: for what is the whole process's, such as its
/// environment and its signals.
fn another_process(test: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).stdout(std::process::Stdio::piped()).kill_on_drop(true);
    command
}
