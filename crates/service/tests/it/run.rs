use crate::{another_process, broker};
use clap::Parser;
use rustix::process::{Pid, Signal, kill_process};
use service::{About, Common, Host, run};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
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
    let cli = Cli::parse_from(["test", "--nats-url", &url, "--http", "127.0.0.1:0", "--log", "error"]);
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
