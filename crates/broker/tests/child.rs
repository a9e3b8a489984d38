//! A real server as a child: it answers, keeps its data over restarts, and goes when it should.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on may panic")]

use async_nats::jetstream;
use broker::{Broker, BrokerError, Fsync, Options, Restart, start};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};

async fn jetstream_of(broker: &Broker) -> jetstream::Context {
    jetstream::new(async_nats::connect(broker.url()).await.unwrap())
}

async fn publish(js: &jetstream::Context, text: &str) {
    js.publish("kept.one", text.to_owned().into()).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn data_survives_a_graceful_stop_and_a_kill() {
    let mut broker = start(Options { fsync: Fsync::Always, ..Options::default() }).await.unwrap();
    let js = jetstream_of(&broker).await;
    let config = jetstream::stream::Config {
        name: "KEPT".to_owned(),
        subjects: vec!["kept.>".to_owned()],
        ..jetstream::stream::Config::default()
    };
    js.create_stream(config).await.unwrap();
    publish(&js, "first").await;
    let (url, pid) = (broker.url(), broker.pid());

    for (how, expected) in [(Restart::Graceful, 1), (Restart::Kill, 2)] {
        broker.restart(how).await.unwrap();
        assert_eq!(broker.url(), url);
        assert_ne!(broker.pid(), pid);
        let js = jetstream_of(&broker).await;
        let held = js.get_stream("KEPT").await.unwrap().cached_info().state.messages;
        assert_eq!(held, expected, "after {how:?}");
        publish(&js, "another").await;
    }
    let folder = broker.data_dir().to_path_buf();
    assert!(folder.join("jetstream").is_dir());
    broker.stop().await.unwrap();
    assert!(!folder.exists(), "a temporary folder goes with its broker");
}

#[tokio::test]
async fn eight_at_once_get_a_port_each() {
    let brokers = (0..8).map(|_| tokio::spawn(start(Options::default())));
    let mut ports = Vec::new();
    let mut running = Vec::new();
    for broker in brokers {
        let broker = broker.await.unwrap().unwrap();
        ports.push(broker.port());
        running.push(broker);
    }
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 8);
}

#[tokio::test]
async fn one_folder_has_one_broker_and_keeps_its_data_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { data_dir: Some(folder.path().to_path_buf()), ..Options::default() };
    let first = start(options.clone()).await.unwrap();
    let refused = start(options.clone()).await.unwrap_err();
    assert!(matches!(refused, BrokerError::DataFolderInUse { .. }), "{refused}");
    drop(first);
    let second = start(options).await.unwrap();
    second.kill().await.unwrap();
    assert!(folder.path().join("nats-server.conf").is_file(), "a folder that was named stays");
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_its_last_words() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = start(Options { port: Some(port), ..Options::default() }).await.unwrap_err();
    assert!(matches!(&error, BrokerError::Exited { log, .. } if log.contains("address already in use")), "{error}");

    let mistake = vec!["no_such_setting: { a: 1 }".to_owned()];
    let error = start(Options { extra_config: mistake, ..Options::default() }).await.unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

/// Not a test of its own: the parent that the next test starts and kills.
#[tokio::test]
async fn parent_that_is_killed() {
    if std::env::var_os("BROKER_TEST_PARENT").is_none() {
        return;
    }
    let broker = start(Options::default()).await.unwrap();
    println!("\nport {} {}", broker.port(), broker.data_dir().display());
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_killed_parent_takes_its_broker_along() {
    let mut parent = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "parent_that_is_killed", "--nocapture"])
        .env("BROKER_TEST_PARENT", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let (port, folder): (u16, PathBuf) = loop {
        let line = lines.next_line().await.unwrap().expect("the parent says its port");
        if let Some(port) = line.strip_prefix("port ") {
            let (port, folder) = port.split_once(' ').unwrap();
            break (port.parse().unwrap(), folder.into());
        }
    };
    std::net::TcpStream::connect(("127.0.0.1", port)).expect("the broker is up");
    parent.kill().await.unwrap();
    for _ in 0..200 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_err() && !folder.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the broker or its folder outlived the parent");
}
