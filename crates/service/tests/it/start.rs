use crate::broker;
use ::broker::{Options, Restart};
use async_nats::jetstream::context::ContextBuilder;
use service::consume::Consume;
use service::settings::NatsSettings;
use service::streams::{self, Durability, declare};
use service::{About, Connection, Host, Shutdown};
use std::time::{Duration, Instant};

const ABOUT: About = About { name: "wms-adapter", version: "0.1.0", description: "a test" };
const PATIENCE: Duration = Duration::from_secs(30);
/// Less than a request may take.
const SOON: Duration = Duration::from_secs(8);

async fn host(connection: &Connection) -> Host {
    Host::in_process(ABOUT, connection.clone(), Shutdown::new()).await.unwrap()
}

/// The same connection, on which a request is soon given up.
fn impatient(connection: Connection) -> Connection {
    let timeout = Duration::from_millis(300);
    Connection { js: ContextBuilder::new().timeout(timeout).build(connection.client.clone()), ..connection }
}

/// Takes all steps that need the broker: streams, a bucket, a consumer. None when told to end before they are taken.
async fn begin(host: &Host, durability: Durability) -> anyhow::Result<Option<()>> {
    let (start, js) = (host.start(), &host.connection.js);
    let streams = start.answered("the streams", || async { Ok(declare(js, durability).await?) }).await?;
    let bucket = start.answered("a bucket", || async { Ok(js.get_key_value(streams::XREF).await?) }).await?;
    let inbox = Consume::new(streams::INBOX, "wms-w1");
    let consumer = start.answered("a consumer", || async { Ok(inbox.declare(js).await?) }).await?;
    Ok(streams.and(bucket).and(consumer).map(drop))
}

#[tokio::test]
async fn a_start_goes_on_when_the_broker_is_back() {
    let (mut broker, connection) = broker().await;
    for away in [0, 300] {
        let host = host(&connection).await;
        broker.down(Restart::Kill).await.unwrap();
        let back = async {
            tokio::time::sleep(Duration::from_millis(away)).await;
            broker.up().await.unwrap();
        };
        let begun = Instant::now();
        let (started, ()) = tokio::join!(begin(&host, Durability::Demo), back);
        assert_eq!(started.unwrap(), Some(()));
        assert!(begun.elapsed() < SOON, "what was asked before the outage is not waited for");
        tokio::time::timeout(PATIENCE, host.readiness.ready()).await.expect("ready");
    }
}

#[tokio::test]
async fn a_start_is_not_ready_in_words_while_nobody_answers_and_ends_when_told_to() {
    let (mut broker, connection) = broker().await;
    let host = host(&impatient(connection)).await;
    broker.down(Restart::Kill).await.unwrap();
    let shutdown = host.shutdown.clone();
    let words = async {
        loop {
            if let Some(Some(why)) = host.readiness.state().latches.get("the streams") {
                return why.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let told = async {
        let why = tokio::time::timeout(PATIENCE, words).await.expect("words");
        shutdown.trigger();
        why
    };
    let (started, why) = tokio::join!(begin(&host, Durability::Demo), told);
    assert_eq!(started.unwrap(), None);
    assert!(why.contains("does not answer about the streams") && !why.contains("three brokers"), "{why}");
}

#[tokio::test]
async fn a_refusal_ends_a_start() {
    let (_broker, connection) = broker().await;
    let begun = Instant::now();
    let refused = begin(&host(&connection).await, Durability::Production).await.unwrap_err().to_string();
    assert!(refused.contains("3 replica(s)") && refused.contains("three brokers"), "{refused}");
    assert!(begun.elapsed() < SOON, "at once");

    let permissions = "authorization { users: [ { user: wms, password: x, permissions: { publish: { \
                       deny: [\"$JS.API.STREAM.CREATE.>\"] } } } ] }";
    let options = Options { extra_config: vec![permissions.to_owned()], ..Options::default() };
    let broker = ::broker::start(options).await.unwrap();
    let url = broker.url().replace("nats://", "nats://wms:x@");
    let connection = service::connect::connect(&NatsSettings::url(url), "test").await.unwrap();
    let refused = begin(&host(&impatient(connection)).await, Durability::Demo).await.unwrap_err().to_string();
    assert!(refused.contains("cannot create stream") && refused.contains("may this user"), "{refused}");
    assert!(!refused.contains("three brokers"), "{refused}");
}
