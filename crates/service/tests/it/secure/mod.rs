//! Servers that demand something of who connects: TLS on both sides, an NKey, a JWT of an operator's chain.

mod certificates;
mod context;
mod jwt;
mod keys;

use broker::{Broker, Options};
use service::connect::{ConnectError, connect};
use service::settings::NatsSettings;
use service::streams::{Durability, declare};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A refusal must come at once, not after the half minute that a service waits for a server that is starting.
const AT_ONCE: Duration = Duration::from_secs(10);

/// A broker with this in its configuration.
async fn broker(config: String) -> Broker {
    broker::start(Options { extra_config: vec![config], ..Options::default() }).await.unwrap()
}

/// Connects and uses JetStream, as a service does at its start.
async fn works(settings: &NatsSettings) {
    let connection = connect(settings, "test").await.unwrap();
    assert_eq!(declare(&connection.js, Durability::Demo).await.unwrap(), []);
    connection.js.publish("in.erp.acme.order", "{}".into()).await.unwrap().await.unwrap();
}

/// Is refused, at once and in one line.
async fn refused(settings: &NatsSettings) -> ConnectError {
    let begun = Instant::now();
    let error = connect(settings, "test").await.expect_err("refused");
    assert!(begun.elapsed() < AT_ONCE, "{:?} until {error}", begun.elapsed());
    assert!(!error.to_string().contains('\n'), "{error}");
    error
}

/// A file in a folder.
fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}
