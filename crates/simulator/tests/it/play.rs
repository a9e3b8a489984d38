//! The play on a real broker, with the small Waybill on the other side.

use std::num::NonZeroU32;
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures::StreamExt;
use model::Timestamp;
use service::consume::Consume;
use service::settings::NatsSettings;
use service::streams::{self, Durability};
use service::{Connection, Shutdown};
use simulator::play::PlayError;
use simulator::{Play, Scenario, Seed, Settings, Tpch, Traffic};

use crate::waybill::Waybill;

const ORDERS: u64 = 300;

async fn connect(broker: &broker::Broker) -> Connection {
    let connection = service::connect::connect(&NatsSettings::url(broker.url()), "test").await.unwrap();
    streams::declare(&connection.js, Durability::Demo).await.unwrap();
    connection
}

/// Reads INBOX in its order and publishes what it asks.
async fn serve(connection: Connection, shutdown: Shutdown) -> Waybill {
    let consume = Consume { deliver: DeliverPolicy::All, ..Consume::new(streams::INBOX, "waybill") };
    let mut inbox = consume.start(&connection.js, &shutdown).await.unwrap();
    let mut waybill = Waybill::new();
    while let Some(burst) = inbox.next_burst(256).await {
        for message in burst {
            let mut subject = message.subject.split('.').skip(2);
            let (partner, name) = (subject.next().unwrap(), subject.next().unwrap());
            for (to, ask) in waybill.hear(partner, name, &message.payload) {
                let subject = streams::outbox(to.system().as_str(), to.id(), &ask.message);
                drop(connection.js.publish(subject, ask.body.into()).await.unwrap());
            }
            message.ack().await.unwrap();
        }
    }
    waybill
}

fn settings(scenario: Scenario) -> Settings {
    Settings { scenario, in_flight: NonZeroU32::new(40).unwrap(), faults: simulator::Level::None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_play_runs_to_its_end_and_the_books_agree() {
    let broker = broker::start(broker::Options::default()).await.unwrap();
    let connection = connect(&broker).await;
    let shutdown = Shutdown::new();
    let waybill = tokio::spawn(serve(connection.clone(), shutdown.clone()));
    let started = "2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap();
    let scenario = Scenario::Generated(Traffic { seed: Seed(5), orders: ORDERS, started });
    let mut play = Play::start(&connection, settings(scenario), shutdown.child()).await.unwrap();
    let progress = play.progress();
    let opened = progress.snapshot().published;
    assert!(opened > 5 && progress.snapshot().released == 0);
    play.release_orders();
    let books = tokio::time::timeout(Duration::from_secs(60), play.finished()).await.unwrap().unwrap();
    let end = progress.snapshot();
    assert_eq!(books.sound(), Ok(()));
    assert_eq!((books.finished, end.finished, end.released), (ORDERS, ORDERS, ORDERS));
    let inbox = connection.js.get_stream(streams::INBOX).await.unwrap();
    let mut reader = inbox.get_consumer::<pull::Config>("waybill").await.unwrap();
    loop {
        let left = reader.info().await.unwrap();
        if left.num_pending == 0 && left.num_ack_pending == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A partner counts a message when the broker has said that it has it.
    let counted = async {
        loop {
            let kept = inbox.get_info().await.unwrap().state.messages;
            if kept == progress.snapshot().published {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), counted).await.expect("every message is there once");
    shutdown.trigger();
    let waybill = waybill.await.unwrap();
    for (order, known) in &waybill.orders {
        assert_eq!(books.verdict(order, known.ended, &known.exceptions), Ok(()));
    }
    assert_eq!(waybill.orders.len() as u64, ORDERS);
    play.end().await;
    let consumers = connection.js.get_stream(streams::OUTBOX).await.unwrap();
    assert_eq!(consumers.consumer_names().count().await, 0, "the partners have left");
    broker.stop().await.unwrap();
}

#[tokio::test]
async fn bad_input_and_a_shutdown_end_a_play_with_a_reason() {
    let broker = broker::start(broker::Options::default()).await.unwrap();
    let connection = connect(&broker).await;
    let folder = Scenario::Tpch(Tpch { dir: "/no/such/folder".into(), limit: None });
    let error = Play::start(&connection, settings(folder), Shutdown::new()).await.err().unwrap();
    assert!(matches!(&error, PlayError::Input(_)) && error.to_string().contains("tpchgen-cli"), "{error}");

    let shutdown = Shutdown::new();
    let scenario = Scenario::Generated(Traffic { seed: Seed(6), orders: 100, started: Timestamp::from_millis(0) });
    let mut play = Play::start(&connection, settings(scenario), shutdown.clone()).await.unwrap();
    play.release_orders();
    while play.books().released < 40 {
        let nobody = tokio::time::timeout(Duration::from_millis(100), play.finished()).await;
        assert!(nobody.is_err(), "nobody asks, so nothing ends");
    }
    let released = play.books().released;
    assert!((40..60).contains(&released), "{released} orders released with 40 in flight");
    shutdown.trigger();
    assert!(matches!(play.finished().await, Err(PlayError::Stopped)));
    broker.stop().await.unwrap();
}
