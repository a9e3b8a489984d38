use crate::{another_process, broker};
use clap::Parser;
use rustix::process::{Pid, Signal, kill_process};
use service::{About, Common, Host, run};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    common: Common,
}

/// Not a test of its own: a service that takes `TEST_DRAIN` milliseconds to finish its work.
#[tokio::test]
async fn process_that_serves() {
    let (Ok(url), Ok(drain)) = (std::env::var("TEST_URL"), std::env::var("TEST_DRAIN")) else { return };
    let http = std::env::var("TEST_HTTP").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let cli = Cli::parse_from(["test", "--nats-url", &url, "--http", &http, "--log", "error"]);
    let about = About { name: "visibility", version: "0.1.0", description: "a test" };
    let serve = |host: Host| async move {
        host.readiness.ready().await;
        println!("\nserving");
        host.shutdown.triggered().await;
        println!("draining");
        tokio::time::sleep(Duration::from_millis(drain.parse()?)).await;
        println!("drained");
        Ok(())
    };
    run(about, &cli.common, serve).await.unwrap();
}

async fn until(lines: &mut Lines<BufReader<ChildStdout>>, wanted: &str) {
    let reading = async { while lines.next_line().await.unwrap().expect(wanted) != wanted {} };
    tokio::time::timeout(PATIENCE, reading).await.expect(wanted);
}

fn signal(process: &Child, signal: Signal) {
    let pid = Pid::from_raw(process.id().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[tokio::test]
async fn it_declares_streams_serves_and_drains_when_told_to_end() {
    let (broker, connection) = broker().await;
    let mut command = another_process("run::process_that_serves");
    let mut process = command.env("TEST_URL", broker.url()).env("TEST_DRAIN", "200").spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    until(&mut lines, "serving").await;
    connection.js.get_stream("ORDERS").await.expect("declared by the service");
    signal(&process, Signal::TERM);
    until(&mut lines, "drained").await;
    let status = tokio::time::timeout(PATIENCE, process.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let (broker, _connection) = broker().await;
    let mut command = another_process("run::process_that_serves");
    let mut process = command.env("TEST_URL", broker.url()).env("TEST_DRAIN", "600000").spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    until(&mut lines, "serving").await;
    signal(&process, Signal::INT);
    until(&mut lines, "draining").await;
    signal(&process, Signal::INT);
    let status = tokio::time::timeout(PATIENCE, process.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(130));
}

/// What it answers over HTTP, once it does.
async fn get(address: &str, path: &str) -> String {
    let ask = async {
        let mut connection = loop {
            match tokio::net::TcpStream::connect(address).await {
                Ok(connection) => break connection,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    };
    tokio::time::timeout(PATIENCE, ask).await.expect(path)
}

#[tokio::test]
async fn while_it_waits_for_nats_it_is_live_and_says_what_it_waits_for() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = another_process("run::process_that_serves");
    command.env("TEST_URL", "nats://127.0.0.1:1").env("TEST_DRAIN", "0").env("TEST_HTTP", &free);
    let mut process = command.spawn().unwrap();
    assert!(get(&free, "/livez").await.starts_with("HTTP/1.1 200"));
    let answer = get(&free, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("connecting to NATS"), "{answer}");
    signal(&process, Signal::TERM);
    let status = tokio::time::timeout(PATIENCE, process.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}
