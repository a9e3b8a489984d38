use crate::broker;
use async_nats::HeaderMap;
use async_nats::jetstream::Message;
use service::consume::Consume;
use service::quarantine::{
    Action, Again, Kept, Kind, Quarantined, RELEASED_HEADER, Reason, Record, Settle, SettleError, quarantine,
};
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

async fn settled(connection: &Connection, sequence: u64, settle: Settle) -> Result<Record, SettleError> {
    let stream = connection.js.get_stream(streams::QUARANTINE).await.unwrap();
    let Quarantined { about, raw } = read_back(connection, sequence).await;
    let by = engine::Operator { who: "ada".to_owned(), why: "the profile\r\nis mended".to_owned() };
    let kept = Kept { sequence, about, raw: Some(raw) };
    kept.settle(&connection.js, &stream, &settle, &by, jiff::Timestamp::UNIX_EPOCH).await
}

async fn held(connection: &Connection, stream: &str) -> u64 {
    connection.js.get_stream(stream).await.unwrap().cached_info().state.messages
}

#[tokio::test]
async fn what_is_released_comes_in_again_with_its_own_headers_and_says_who_let_it_go() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    let mut headers = HeaderMap::new();
    headers.append("X-Twice", "a");
    headers.append("X-Twice", "b");
    headers.append("Nats-Msg-Id", "theirs");
    let message = arrives(&connection, headers, vec![0, 255, 13, 10]).await;
    let put = Quarantined::of(&message, "tms-adapter", "c1", Reason::new(Kind::Invalid, "no date")).unwrap();
    let sequence = quarantine(&connection.js, &put).await.unwrap();
    let record = settled(&connection, sequence, Settle::Release).await.unwrap();
    assert_eq!((record.inbox, record.size, held(&connection, streams::QUARANTINE).await), (Some(2), Some(4), 0));

    let inbox = connection.js.get_stream(streams::INBOX).await.unwrap();
    let again = inbox.direct_get(2).await.unwrap();
    assert_eq!((again.subject.as_str(), again.payload.as_ref()), ("in.tms.c1.status", [0, 255, 13, 10].as_slice()));
    let twice: Vec<&str> = again.headers.get_all("X-Twice").map(async_nats::HeaderValue::as_str).collect();
    assert_eq!(twice, ["a", "b"]);
    let said: Again = serde_json::from_str(again.headers.get(RELEASED_HEADER).unwrap().as_str()).unwrap();
    assert_eq!((said.action, said.by.who.as_str(), said.quarantine), (Action::Release, "ada", sequence));
    assert_eq!(said.sha256, record.sha256);

    let log = connection.js.get_stream(streams::QUARANTINE_LOG).await.unwrap().direct_get(1).await.unwrap();
    assert_eq!(log.subject.as_str(), "quarantine_log.release.c1");
    assert_eq!((Record::from_headers(Some(&log.headers)).unwrap(), log.payload.len()), (record, 0));
}

#[tokio::test]
async fn only_what_a_partner_sent_goes_back_and_anything_can_be_thrown_away() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    let message = arrives(&connection, HeaderMap::new(), b"x".to_vec()).await;
    let mut put = Quarantined::of(&message, "tms-adapter", "c1", Reason::new(Kind::UnknownEvent, "?")).unwrap();
    for (stream, advice) in [("ORDERS", "upgrade tms-adapter"), ("HELD", "stream OUTBOX")] {
        put.about.stream = stream.to_owned();
        let sequence = quarantine(&connection.js, &put).await.unwrap();
        for settle in [Settle::Release, Settle::Edit("y".into())] {
            let error = settled(&connection, sequence, settle).await.unwrap_err();
            assert!(error.is_of_the_message() && error.to_string().contains(advice), "{error}");
        }
        settled(&connection, sequence, Settle::Discard).await.unwrap();
    }
    let held = [held(&connection, streams::INBOX).await, held(&connection, streams::QUARANTINE_LOG).await];
    assert_eq!(held, [1, 2]);
}

#[tokio::test]
async fn what_cannot_be_recorded_with_its_bytes_is_not_published() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    let message = arrives(&connection, HeaderMap::new(), b"x".to_vec()).await;
    let put = Quarantined::of(&message, "tms-adapter", "c1", Reason::new(Kind::Invalid, "?")).unwrap();
    let sequence = quarantine(&connection.js, &put).await.unwrap();
    let stream = connection.js.get_stream(streams::QUARANTINE).await.unwrap();
    let raw = Some(vec![b'x'; 8 * 1024 * 1024].into());
    let kept = Kept { sequence, about: put.about, raw };
    let by = engine::Operator { who: "ada".to_owned(), why: "?".to_owned() };
    let edit = Settle::Edit("y".into());
    let error = kept.settle(&connection.js, &stream, &edit, &by, jiff::Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert!(error.is_of_the_message() && error.to_string().contains("max_payload"), "{error}");
    assert_eq!((held(&connection, streams::INBOX).await, held(&connection, streams::QUARANTINE).await), (1, 1));
}

#[tokio::test]
async fn a_quarantine_that_lets_nothing_go_is_said_to_and_a_repeat_doubles_nothing() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    let message = arrives(&connection, HeaderMap::new(), b"x".to_vec()).await;
    let put = Quarantined::of(&message, "tms-adapter", "c1", Reason::new(Kind::Invalid, "?")).unwrap();
    let sequence = quarantine(&connection.js, &put).await.unwrap();
    let mut config = connection.js.get_stream(streams::QUARANTINE).await.unwrap().cached_info().config.clone();
    config.deny_delete = true;
    connection.js.update_stream(config).await.unwrap();
    for _ in 0..2 {
        let error = settled(&connection, sequence, Settle::Release).await.unwrap_err();
        assert!(error.is_a_no() && !error.is_of_the_message(), "{error}");
    }
    let all = [streams::INBOX, streams::QUARANTINE, streams::QUARANTINE_LOG];
    let held = [held(&connection, all[0]).await, held(&connection, all[1]).await, held(&connection, all[2]).await];
    assert_eq!(held, [2, 1, 1]);
}
