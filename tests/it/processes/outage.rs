//! A broker that is away for half a minute.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use broker::{Broker, Options, Restart};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::broker_side::BrokerSide;
use super::demo::{Demo, SERVICES, fresh, programs};

/// How long it is away.
const AWAY: Duration = Duration::from_secs(30);
/// How soon a service notices.
const NOTICED: Duration = Duration::from_secs(10);
/// How soon it is well again: what another process has done instead of it counts as a problem until the ack wait is over.
const WELL: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);
const ORDERS: u64 = 300;

/// A service beside those of the demo, which share the work with it. It tells over HTTP how it is.
struct Beside {
    name: &'static str,
    child: Child,
    address: SocketAddr,
}

impl Beside {
    async fn start(name: &'static str, program: &Path, said: &Path, broker: &Broker) -> Self {
        let log = said.join(name);
        let mut command = Command::new(program);
        command.args(["--nats-url", &broker.url(), "--http", "127.0.0.1:0"]);
        if name == "visibility" {
            command.arg("--data-dir").arg(said.join("projection"));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        command.stderr(std::fs::File::create(&log).expect("created"));
        let child = command.env_remove("WAYBILL_LOG").spawn().expect("started");
        let begun = Instant::now();
        loop {
            let text = std::fs::read_to_string(&log).expect("read");
            let address = text.lines().find_map(|line| line.split_once("127.0.0.1:")?.1.split_whitespace().next());
            let port = address.map(|port| port.trim_matches(|letter: char| !letter.is_ascii_digit()).to_owned());
            if let Some(port) = port {
                let address = format!("127.0.0.1:{port}").parse().unwrap_or_else(|_| panic!("no port: {text}"));
                return Self { name, child, address };
            }
            assert!(begun.elapsed() < WELL, "{name} does not say where it answers: {text}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Its readiness.
    async fn state(&self) -> Value {
        let mut connection = tokio::net::TcpStream::connect(self.address).await.expect("it listens");
        connection.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("asked");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.expect("answered");
        let body = answer.split_once("\r\n\r\n").expect("a body").1;
        let state: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(answer.starts_with("HTTP/1.1 200"), state["ready"] == json!(true), "{answer}");
        state
    }

    async fn until(&self, limit: Duration, what: &str, is: impl Fn(&Value) -> bool) {
        let begun = Instant::now();
        loop {
            let state = self.state().await;
            if is(&state) {
                return;
            }
            assert!(begun.elapsed() < limit, "{} is not {what} within {limit:?}: {state}", self.name);
            tokio::time::sleep(POLL).await;
        }
    }

    async fn ready(&self) {
        self.until(WELL, "ready", |state| state["ready"] == json!(true)).await;
    }

    async fn ended(mut self) {
        let pid = self.child.id().unwrap_or_else(|| panic!("{} has ended before", self.name));
        let told = std::process::Command::new("kill").arg(pid.to_string()).status().expect("kill runs");
        assert!(told.success());
        let status = tokio::time::timeout(WELL, self.child.wait()).await.expect("in time").expect("known");
        assert!(status.success(), "{} ended with {status}", self.name);
    }
}

fn is_cut_off(state: &Value) -> bool {
    state["latches"]["nats"].as_str().is_some_and(|why| why.contains("disconnected from NATS"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_away_for_half_a_minute_costs_time_and_nothing_else() {
    let (programs, said) = (programs("outage"), fresh("outage-beside"));
    let mut broker = broker::start(Options::default()).await.expect("a broker");
    let mut beside = Vec::new();
    for name in SERVICES {
        beside.push(Beside::start(name, &programs.join(name), &said, &broker).await);
    }
    for service in &beside {
        service.ready().await;
    }
    let demo = Demo::start_with("outage", programs, 300, &["--in-flight", "60"], Some(&broker.url()));
    let side = BrokerSide::at(&broker.url()).await;
    let far = side.billed(60).await;
    assert!(far.billed < far.released && far.billed < 200, "in the middle, not at {far:?}");
    let pids = demo.children();

    let gone = Instant::now();
    broker.down(Restart::Kill).await.expect("killed");
    for service in &beside {
        service.until(NOTICED, "cut off", is_cut_off).await;
    }
    tokio::time::sleep(AWAY.saturating_sub(gone.elapsed())).await;
    for service in &beside {
        let state = service.state().await;
        assert!(is_cut_off(&state), "{}: {state}", service.name);
    }
    broker.up().await.expect("started again");
    for service in &beside {
        service.ready().await;
    }
    // The run may be over by now.
    let living = demo.children();
    assert!(living.iter().all(|child| pids.contains(child)), "{living:?} live, and {pids:?} did");
    let (report, _) = demo.sound(ORDERS).await;
    assert_eq!(report["restarts"], json!({}));
    for service in beside {
        service.ended().await;
    }
    std::fs::remove_dir_all(said).expect("removed");
}
