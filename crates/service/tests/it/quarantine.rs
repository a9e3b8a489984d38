use crate::broker;
use async_nats::HeaderMap;
use async_nats::jetstream::Message;
use service::consume::Consume;
use service::quarantine::{Kind, Quarantined, Reason, quarantine};
use service::streams::{self, Durability, declare};
use service::{Connection, Shutdown};

/// Publishes a raw message to INBOX and takes it from a consumer there.
async fn arrives(connection: &Connection, headers: HeaderMap, raw: Vec<u8>) -> Message {
    let sent = connection.js.publish_with_headers(streams::inbox("tms", "c1", "status"), headers, raw.into()).await;
    sent.unwrap().await.unwrap();
    let mut bursts = Consume::new(streams::INBOX, "tms-c1").start(&connection.js, &Shutdown::new()).await.unwrap();
    bursts.next_burst(1).await.unwrap().remove(0)
}

async fn read_back(connection: &Connection, sequence: u64) -> Quarantined {
    let stream = connection.js.get_stream(streams::QUARANTINE).await.unwrap();
    let kept = stream.direct_get(sequence).await.unwrap();
    assert_eq!(kept.subject.as_str(), "quarantine.tms-adapter.c1");
    Quarantined::from_message(Some(&kept.headers), &kept.payload).unwrap()
}

#[tokio::test]
async fn raw_bytes_and_reason_come_back_as_they_went_in() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    let raw: Vec<u8> = (0..=255).chain([0, 13, 10, 255, 254]).collect();
    let mut headers = HeaderMap::new();
    headers.append("Content-Type", "application/edifact");
    headers.append("X-Twice", "a");
    headers.append("X-Twice", "b");
    let message = arrives(&connection, headers, raw.clone()).await;
    let reason = Reason::new(Kind::Invalid, "expected a date,\r\nfound \"31.02.\" \u{1F4E6}\u{7f}").at("$.ship.date");
    let put = Quarantined::of(&message, "tms-adapter", "c1", reason).unwrap();
    assert_eq!((put.about.sequence, put.about.tries), (1, 1));
    let sequence = quarantine(&connection.js, &put).await.unwrap();
    let got = read_back(&connection, sequence).await;
    assert_eq!(got, put);
    assert_eq!(got.raw, raw);
    assert_eq!(got.about.headers["X-Twice"], ["a", "b"]);

    // A second try after a lost acknowledgement, with one more delivery counted, adds nothing.
    let mut again = put.clone();
    again.about.tries = 2;
    assert_eq!(quarantine(&connection.js, &again).await.unwrap(), sequence);
    let held = connection.js.get_stream(streams::QUARANTINE).await.unwrap().cached_info().state.messages;
    assert_eq!(held, 1);
}

#[tokio::test]
async fn the_largest_raw_message_fits_and_a_larger_one_is_left_where_it_is() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    let message = arrives(&connection, HeaderMap::new(), vec![b'x'; 7 * 1024 * 1024 - 64]).await;
    let reason = Reason::new(Kind::Oversized, "y".repeat(100_000));
    assert_eq!(reason.text.len(), 4 * 1024);
    let mut put = Quarantined::of(&message, "tms-adapter", "c1", reason).unwrap();
    let sequence = quarantine(&connection.js, &put).await.unwrap();
    assert_eq!(read_back(&connection, sequence).await, put);

    put.raw = vec![b'z'; 8 * 1024 * 1024].into();
    put.about.sequence += 1;
    let sequence = quarantine(&connection.js, &put).await.unwrap();
    let got = read_back(&connection, sequence).await;
    assert!(got.raw.is_empty() && got.about.left_in_stream);
    assert_eq!((got.about.stream.as_str(), got.about.sequence), ("INBOX", 2));
}

#[test]
fn a_message_of_someone_else_is_not_taken_for_one_of_ours() {
    let error = Quarantined::from_message(None, &"x".into()).unwrap_err();
    assert!(error.to_string().contains("Waybill-Quarantined"), "{error}");
}
