use crate::broker;
use ::broker::Restart;
use async_nats::jetstream;
use service::consume::{Bursts, Consume};
use service::streams::{self, Durability, declare};
use service::{Connection, Shutdown};
use std::collections::BTreeSet;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

async fn publish(connection: &Connection, from: u32, to: u32) {
    let mut acks = Vec::new();
    for number in from..to {
        let subject = streams::inbox("wms", "w1", "pick");
        acks.push(connection.js.publish(subject, number.to_string().into()).await.unwrap());
    }
    for ack in acks {
        ack.await.unwrap();
    }
}

/// Reads until all numbers below `until` have been seen, and acknowledges each; returns the sizes of the bursts.
async fn read(bursts: &mut Bursts, seen: &mut BTreeSet<u32>, until: u32) -> Vec<usize> {
    let mut sizes = Vec::new();
    let all = async {
        while seen.len() < until as usize {
            let burst = bursts.next_burst(1_000).await.expect("not shutting down");
            sizes.push(burst.len());
            for message in burst {
                seen.insert(std::str::from_utf8(&message.payload).unwrap().parse().unwrap());
                message.ack().await.unwrap();
            }
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("all messages arrive");
    sizes
}

fn inbox() -> Consume {
    let mut consume = Consume::new(streams::INBOX, "wms-w1").only([streams::inbox_of("wms", "w1")]);
    consume.ack_wait = Duration::from_secs(5);
    consume
}

#[tokio::test]
async fn reads_on_over_restarts_of_the_broker() {
    let (mut broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    let shutdown = Shutdown::new();
    let mut bursts = inbox().start(&connection.js, &shutdown).await.unwrap();
    let mut seen = BTreeSet::new();
    publish(&connection, 0, 400).await;
    let sizes = read(&mut bursts, &mut seen, 400).await;
    assert!(sizes.iter().any(|size| *size > 1), "messages that wait come in bursts: {sizes:?}");

    for (round, how) in [Restart::Kill, Restart::Graceful].into_iter().enumerate() {
        broker.restart(how).await.unwrap();
        let fresh = crate::connect(&broker).await;
        let from = 400 + 100 * u32::try_from(round).unwrap();
        publish(&fresh, from, from + 100).await;
        read(&mut bursts, &mut seen, from + 100).await;
    }
    assert_eq!(seen.len(), 600);
}

#[tokio::test]
async fn reads_on_when_its_consumer_is_deleted() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    let mut bursts = inbox().start(&connection.js, &Shutdown::new()).await.unwrap();
    let mut seen = BTreeSet::new();
    publish(&connection, 0, 10).await;
    read(&mut bursts, &mut seen, 10).await;
    let stream = connection.js.get_stream(streams::INBOX).await.unwrap();
    stream.delete_consumer("wms-w1").await.unwrap();
    publish(&connection, 10, 20).await;
    read(&mut bursts, &mut seen, 20).await;
}

#[tokio::test]
async fn shutting_down_gives_back_what_was_fetched_ahead() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    publish(&connection, 0, 50).await;
    let shutdown = Shutdown::new();
    let mut consume = inbox();
    consume.ack_wait = Duration::from_secs(600);
    let mut first = consume.clone().start(&connection.js, &shutdown).await.unwrap();
    let burst = first.next_burst(1).await.unwrap();
    burst[0].ack().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    shutdown.trigger();
    assert!(first.next_burst(1).await.is_none());
    assert!(first.next_burst(1).await.is_none(), "and stays at its end");

    let mut second = consume.start(&connection.js, &Shutdown::new()).await.unwrap();
    read(&mut second, &mut BTreeSet::new(), 49).await;
}

#[tokio::test]
async fn waiting_may_be_cut_short_without_losing_a_message() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    let mut bursts = inbox().start(&connection.js, &Shutdown::new()).await.unwrap();
    for _ in 0..20 {
        assert!(tokio::time::timeout(Duration::from_millis(2), bursts.next_burst(10)).await.is_err());
    }
    publish(&connection, 0, 5).await;
    read(&mut bursts, &mut BTreeSet::new(), 5).await;
}

#[tokio::test]
async fn a_consumer_that_differs_is_reported_and_left_alone() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    assert_eq!(inbox().declare(&connection.js).await.unwrap(), [], "created as stated");
    let mut other = inbox();
    other.max_ack_pending = 7;
    other.max_deliver = Some(3);
    let drift = other.declare(&connection.js).await.unwrap();
    let words: Vec<String> = drift.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "INBOX > wms-w1: max_ack_pending is 2000 and should be 7",
            "INBOX > wms-w1: max_deliver is -1 and should be 3"
        ]
    );
    let stream = connection.js.get_stream(streams::INBOX).await.unwrap();
    let info: jetstream::consumer::Info = stream.consumer_info("wms-w1").await.unwrap();
    assert_eq!(info.config.max_ack_pending, 2_000);

    let error = Consume::new("NO_SUCH", "reader").declare(&connection.js).await.unwrap_err().to_string();
    assert!(error.contains("NO_SUCH") && error.contains("does the stream exist"), "{error}");
}

#[tokio::test]
async fn large_messages_are_fetched_ahead_by_bytes_and_not_by_number() {
    const LARGE: usize = 256 * 1024;
    const MESSAGES: u64 = 64;
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    for _ in 0..MESSAGES {
        let sent = connection.js.publish(streams::inbox("wms", "w1", "pick"), vec![b'x'; LARGE].into()).await;
        sent.unwrap().await.unwrap();
    }
    let stream = connection.js.get_stream(streams::INBOX).await.unwrap();
    let mut consume = inbox();
    consume.prefetch_bytes = 1024 * 1024;
    consume.ack_wait = Duration::from_secs(600);
    let mut bursts = consume.start(&connection.js, &Shutdown::new()).await.unwrap();
    let mut taken = 0;
    while taken < MESSAGES {
        let burst = bursts.next_burst(1_000).await.unwrap();
        let held = burst.len() as u64;
        assert!(held <= 4, "{held} messages of 256 KiB in a burst of 1 MiB");
        tokio::time::sleep(Duration::from_millis(20)).await;
        // A request is renewed when half of it has come, so up to one and a half of them wait here.
        let out = stream.consumer_info("wms-w1").await.unwrap().num_ack_pending as u64;
        assert!(out <= held + 8, "{out} are out while {held} are worked on");
        for message in burst {
            message.double_ack().await.unwrap();
        }
        taken += held;
    }
}
