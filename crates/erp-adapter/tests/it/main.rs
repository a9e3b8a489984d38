//! The ERP adapter as a process: a wrong profile is refused before anything is started, and says where it is wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on may panic")]

use broker::{Broker, Options, Restart};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

fn adapter(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_erp-adapter"));
    for variable in ["NATS_CONTEXT", "NATS_CREDS", "NATS_NKEY", "WAYBILL_PROFILES", "WAYBILL_PARTNERS"] {
        command.env_remove(variable);
    }
    command.args(["--nats-url", url]).env("RUST_BACKTRACE", "1");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

#[tokio::test]
async fn a_wrong_profile_is_refused_before_connecting() {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("acme.toml");
    std::fs::write(&profile, "partner = \"acme\"\nsystem = \"erp\"\nversions = 1\n").unwrap();
    let ended = adapter("nats://127.0.0.1:1").arg("--profiles").arg(folder.path()).output();
    let output = tokio::time::timeout(Duration::from_secs(3), ended).await.expect("refused at once").unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with(&format!("error: {}:", profile.display())) && said.contains("`version`"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn told_to_end_while_nats_is_gone_it_does_not_wait_for_it() {
    let mut broker: Broker = broker::start(Options::default()).await.unwrap();
    let mut process = adapter(&broker.url()).spawn().unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap());
    let mut line = String::new();
    for word in ["serving", "disconnected"] {
        while !line.contains(word) {
            line.clear();
            assert!(log.read_line(&mut line).await.unwrap() > 0, "it ended before it said {word}");
        }
        if word == "serving" {
            broker.down(Restart::Kill).await.unwrap();
        }
    }
    let told = Instant::now();
    kill_process(Pid::from_raw(process.id().unwrap().try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
    let status = tokio::time::timeout(Duration::from_secs(30), process.wait()).await.unwrap().unwrap();
    assert!(status.success() && told.elapsed() < Duration::from_secs(2), "{status} after {:?}", told.elapsed());
}
