//! The orchestrator as a process: what it refuses to start with, and how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on may panic")]

use broker::{Broker, Options, Restart};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a process may take to do what it is told, when nothing holds it up.
const SOON: Duration = Duration::from_secs(3);

/// The service with these arguments, its log included in what it says.
fn orchestrator(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestrator"));
    for variable in [
        "NATS_URL",
        "NATS_CONTEXT",
        "NATS_CREDS",
        "NATS_NKEY",
        "WAYBILL_POLICY",
        "WAYBILL_RETURNS_POLICY",
        "WAYBILL_CACHE",
    ] {
        command.env_remove(variable);
    }
    command.args(arguments).env("RUST_BACKTRACE", "1");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// What it says when it does not start. Nobody listens at the URL: it must be refused before that matters.
async fn refused(arguments: &[&str]) -> Output {
    let ended = orchestrator(&[&["--nats-url", "nats://127.0.0.1:1"], arguments].concat()).output();
    tokio::time::timeout(SOON, ended).await.expect("refused at once").unwrap()
}

/// The one line on standard error.
fn only_line(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_owned()
}

#[tokio::test]
async fn a_wrong_policy_is_refused_before_connecting() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, "[tolerance]\nfreight_percent = -5\n").unwrap();
    let output = refused(&["--policy", policy.to_str().unwrap()]).await;
    let place = policy.display();
    assert_eq!(
        only_line(&output),
        format!("error: {place}:2:19: `-5` is no tolerance; expected a percentage from 0 to 1000")
    );
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn a_missing_file_is_named_once() {
    for (flag, what) in
        [("--policy", "cannot read policy /no/such"), ("--nats-creds", "cannot read credentials /no/such")]
    {
        let output = refused(&[flag, "/no/such"]).await;
        let line = only_line(&output);
        assert!(line.starts_with(&format!("error: {what}")), "{line}");
        assert_eq!(line.matches("os error 2").count(), 1, "{line}");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[tokio::test]
async fn a_cache_of_nothing_is_refused() {
    let output = refused(&["--cache", "0"]).await;
    assert!(String::from_utf8_lossy(&output.stderr).contains("1..=1000000"), "{output:?}");
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn a_user_whom_nats_refuses_ends_it_in_one_line() {
    let users = "authorization { users: [ { user: ann, password: x } ] }".to_owned();
    let broker = broker::start(Options { extra_config: vec![users], ..Options::default() }).await.unwrap();
    let ended = orchestrator(&["--nats-url", &broker.url(), "--log", "off"]).output();
    let output = tokio::time::timeout(SOON, ended).await.expect("refused at once").unwrap();
    let line = only_line(&output);
    assert!(line.starts_with("error: 127.0.0.1:") && line.contains("refuses this user"), "{line}");
    assert_eq!(output.status.code(), Some(3));
}

/// A running service and what it says.
struct Running {
    process: Child,
    log: BufReader<tokio::process::ChildStderr>,
}

impl Running {
    async fn start(broker: &Broker) -> Self {
        let mut process = orchestrator(&["--nats-url", &broker.url(), "--log", "info"]).spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut running = Self { process, log };
        running.until("started").await;
        running
    }

    async fn until(&mut self, word: &str) {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert!(self.log.read_line(&mut line).await.unwrap() > 0, "it ended before it said {word}");
        }
    }

    /// Tells it to end; what it says from then on, and how long it takes.
    async fn end(mut self) -> (String, Duration) {
        let told = Instant::now();
        let pid = Pid::from_raw(self.process.id().unwrap().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let status = tokio::time::timeout(Duration::from_secs(30), self.process.wait()).await.unwrap().unwrap();
        let took = told.elapsed();
        assert_eq!(status.code(), Some(0));
        let mut said = String::new();
        self.log.read_to_string(&mut said).await.unwrap();
        (said, took)
    }
}

#[tokio::test]
async fn told_to_end_it_ends_without_a_warning() {
    let broker = broker::start(Options::default()).await.unwrap();
    let (said, took) = Running::start(&broker).await.end().await;
    assert!(said.contains("ended") && !said.contains("WARN") && !said.contains("ERROR"), "{said}");
    assert!(!said.contains('\u{1b}'), "no colours where there is no terminal: {said}");
    assert!(took < SOON, "{took:?}");
}

#[tokio::test]
async fn told_to_end_while_nats_is_gone_it_does_not_wait_for_it() {
    let mut broker = broker::start(Options::default()).await.unwrap();
    let mut running = Running::start(&broker).await;
    broker.down(Restart::Kill).await.unwrap();
    running.until("disconnected").await;
    let (said, took) = running.end().await;
    assert!(took < Duration::from_secs(2), "{took:?}\n{said}");
    assert!(said.contains("delivered again"), "{said}");
}

#[test]
fn its_exit_codes_are_documented() {
    let help =
        std::process::Command::new(Path::new(env!("CARGO_BIN_EXE_orchestrator"))).arg("--help").output().unwrap();
    assert!(String::from_utf8(help.stdout).unwrap().contains("Exit codes:"));
}
