use async_nats::service::PingResponse;

use visibility::queries::StreamLag;

use super::*;

fn stream(name: &str, state: Option<(u64, bool)>) -> Stream {
    let state = state.map(|(deleted, append_only)| State {
        messages: 7,
        bytes: 2_048,
        first_sequence: 1,
        last_sequence: 7 + deleted,
        last_recorded: Some(Timestamp::from_millis(1_000)),
        deleted,
        append_only,
    });
    Stream { name: name.to_owned(), state }
}

fn answer(name: &str, version: &str) -> PingResponse {
    let json =
        serde_json::json!({ "type": "io.nats.micro.v1.ping_response", "name": name, "id": "x", "version": version });
    serde_json::from_value(json).unwrap()
}

fn all_services() -> Vec<Service> {
    gather::by_name(SERVICES.map(|name| answer(name, "0.1.0")).into_iter().collect())
}

#[test]
fn all_there_is_no_problem_and_gaps_outside_the_event_stores_are_none() {
    let status = Status::new(
        vec![stream("ORDERS", Some((0, true))), stream("TIMERS", Some((9, false)))],
        vec![],
        all_services(),
        None,
    );
    assert_eq!(status.problems, Vec::<String>::new());
    assert!(render::render(&status).contains("nothing is missing, nobody is stalled"));
}

#[test]
fn what_is_missing_or_lost_is_named() {
    let services =
        gather::by_name(vec![answer("visibility", "0.1.0"), answer("visibility", "0.2.0"), answer("mine", "1.0.0")]);
    let streams = vec![stream("INBOX", None), stream("ORDERS", Some((2, true))), stream("STOCK", None)];
    let status = Status::new(streams, vec![], services, None);
    assert_eq!(status.problems[0], "missing: INBOX, STOCK; any service creates them when it starts");
    assert!(status.problems[1].starts_with("ORDERS has lost 2 messages between 1 and 9"));
    let silent = status.problems[2..].iter().map(|problem| problem.split(' ').next().unwrap());
    assert_eq!(silent.collect::<Vec<_>>(), SERVICES[..4]);
    assert_eq!(status.services[4].versions.len(), 2);
    assert_eq!(status.services[5].name, "mine");
}

#[test]
fn the_text_shows_everything_in_columns() {
    let consumer = |name: &str, durable| Consumer {
        stream: "ORDERS".to_owned(),
        name: name.to_owned(),
        durable,
        lag: 12,
        ack_pending: 3,
        max_ack_pending: Some(2_000),
        redelivered: 1,
        waiting: 1,
        deliveries: 40,
        acknowledged: 37,
        last_delivered: None,
        oldest_redelivered: None,
    };
    let behind = StreamLag { stream: "ORDERS".to_owned(), folded: 5, end: 7, lag: 2 };
    let lag = Lag { streams: vec![behind], ..Lag::default() };
    let consumers = vec![consumer("orchestrator", true), consumer("xyz", false)];
    let status = Status::new(
        vec![stream("ORDERS", Some((0, true))), stream("QUARANTINE", Some((0, false)))],
        consumers,
        all_services(),
        Some(lag),
    );
    let text = anstream::adapter::strip_str(&render::render(&status)).to_string();
    let expected = "\
Services
SERVICE       VERSION  INSTANCES
erp-adapter   0.1.0            1
wms-adapter   0.1.0            1
tms-adapter   0.1.0            1
orchestrator  0.1.0            1
visibility    0.1.0            1

Streams
STREAM      MESSAGES     SIZE  FIRST  LAST  DELETED  LAST RECORDED
ORDERS             7  2.0 KiB      1     7        0  1970-01-01T00:00:01.000Z
QUARANTINE         7  2.0 KiB      1     7        0  1970-01-01T00:00:01.000Z

Consumers
STREAM  CONSUMER       LAG  ACK PENDING  REDELIVERED
ORDERS  orchestrator    12            3            1
ORDERS  xyz (passing)   12            3            1

Projection
STREAM  FOLDED TO  LAG
ORDERS          5    2

7 messages in quarantine (`waybill quarantine list`)
nothing is missing, nobody is stalled
";
    assert_eq!(text, expected);
}

#[test]
fn a_partner_that_is_spared_is_named_and_no_problem() {
    let mut status = Status::new(vec![stream("HELD", Some((0, false)))], vec![], all_services(), None);
    status.restrained = vec![Restrained {
        partner: "wms-east".to_owned(),
        held: 12,
        since: Some(Timestamp::from_millis(1_000)),
        why: "10 asks in a row failed; one is out as a try".to_owned(),
    }];
    let text = anstream::adapter::strip_str(&render::render(&status)).to_string();
    let expected = "\
Held for partners
PARTNER   ASKS  SINCE                     WHY
wms-east    12  1970-01-01T00:00:01.000Z  10 asks in a row failed; one is out as a try
";
    assert!(text.contains(expected) && text.contains("nothing is missing"), "{text}");
}

#[test]
fn programs_get_the_same_in_stable_names() {
    let status = Status::new(vec![stream("ORDERS", Some((0, true)))], vec![], all_services(), None);
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["streams"][0]["state"]["first_sequence"], 1);
    assert_eq!(
        json["services"][0],
        serde_json::json!({ "name": "erp-adapter", "versions": [{ "version": "0.1.0", "instances": 1 }] })
    );
}

#[tokio::test]
async fn a_hole_in_the_event_store_is_an_alarm() {
    let broker = broker::start(broker::Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    // Somebody made the stream by hand, without what protects it, and deleted an entry.
    let config = async_nats::jetstream::stream::Config {
        name: service::streams::ORDERS.to_owned(),
        subjects: vec![service::streams::ORDERS_SUBJECTS.to_owned()],
        ..Default::default()
    };
    let orders = connection.js.create_stream(config).await.unwrap();
    for _ in 0..3 {
        connection.js.publish("order.1.SO.erp", "x".into()).await.unwrap().await.unwrap();
    }
    orders.delete_message(2).await.unwrap();
    let (streams, consumers) = gather::streams(&connection.js).await.unwrap();
    let services = gather::services(&connection.client, std::time::Duration::from_millis(50)).await.unwrap();
    let status = Status::new(streams, consumers, services, None);
    let lost = status.problems.iter().find(|problem| problem.starts_with("ORDERS has lost")).unwrap();
    assert!(lost.contains("1 message between 1 and 3"), "{lost}");
    assert!(status.problems[0].starts_with("missing: INBOX, RETURNS, STOCK"), "{}", status.problems[0]);
}

/// The broker may take a moment to have a message back that was refused.
const WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

#[tokio::test]
async fn a_consumer_that_got_all_it_may_have_and_acknowledges_nothing_is_stalled() {
    let broker = broker::start(broker::Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    service::streams::declare(&connection.js, service::streams::Durability::Demo).await.unwrap();
    let inbox = connection.js.get_stream(service::streams::INBOX).await.unwrap();
    let config = async_nats::jetstream::consumer::pull::Config {
        durable_name: Some("wms-w1".to_owned()),
        filter_subject: service::streams::inbox_of("wms", "w1"),
        max_ack_pending: 1,
        ..Default::default()
    };
    let consumer = inbox.create_consumer(config).await.unwrap();
    for partner in ["w2", "w1", "w1"] {
        let subject = service::streams::inbox("wms", partner, "status");
        connection.js.publish(subject, "x".into()).await.unwrap().await.unwrap();
    }
    for _ in 0..2 {
        let mut given = consumer.batch().max_messages(1).expires(WITHIN).messages().await.unwrap();
        let message = futures::StreamExt::next(&mut given).await.unwrap().unwrap();
        message.ack_with(async_nats::jetstream::AckKind::Nak(None)).await.unwrap();
        connection.client.flush().await.unwrap();
    }
    let mut given = consumer.batch().max_messages(1).expires(WITHIN).messages().await.unwrap();
    futures::StreamExt::next(&mut given).await.unwrap().unwrap();

    let (_, before) = gather::streams(&connection.js).await.unwrap();
    let (_, consumers) = gather::streams(&connection.js).await.unwrap();
    let stored = inbox.direct_get(2).await.unwrap().time.unix_timestamp_nanos() / 1_000_000;
    let consumer = &consumers[0];
    assert_eq!((consumer.max_ack_pending, consumer.redelivered, consumer.lag), (Some(1), 1, 1));
    assert_eq!(consumer.oldest_redelivered.map(|at| i128::from(at.as_millis())), Some(stored));
    let stalled = stalled::stalled(&before, &consumers, now());
    assert_eq!(stalled.len(), 1);
    assert!(stalled[0].starts_with("INBOX > wms-w1 is stalled: 1 message unacknowledged"), "{stalled:?}");
}
