use broker::Options;
use bytes::Bytes;
use service::quarantine::{Quarantined, quarantine};
use service::streams::{Durability, declare, inbox};

use super::list::tests::about;
use super::*;

#[tokio::test]
async fn what_is_quarantined_is_listed_and_shown() {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let large = Bytes::from(vec![b'x'; 7_000_000]);
    let inbox = connection.js.publish(inbox("tms", "c2", "status"), large.clone()).await.unwrap().await.unwrap();
    for (number, kind, partner) in [(1, Kind::Malformed, "c1"), (2, Kind::Invalid, "c=201"), (3, Kind::Malformed, "c1")]
    {
        let mut about = about(kind, partner, "expected JSON");
        about.sequence = number;
        let raw = Bytes::from(format!("raw {number}"));
        quarantine(&connection.js, &Quarantined { about, raw }).await.unwrap();
    }
    // Too large for the quarantine together with what is said about it.
    let mut about = about(Kind::Oversized, "c2", "too large");
    about.sequence = inbox.sequence;
    about.service = "wms-adapter".to_owned();
    about.headers.insert("X-Long".to_owned(), vec!["y".repeat(1_400_000)]);
    quarantine(&connection.js, &Quarantined { about, raw: large.clone() }).await.unwrap();

    let stream = reach::stream(&connection.js, QUARANTINE).await.unwrap();
    let listed = async |service: Option<&str>, partner: Option<&str>, reason, limit| {
        let (service, partner) = (service.map(str::to_owned), partner.map(str::to_owned));
        let filter = filter::Filter { service, partner, reason, ..filter::Filter::default() };
        let listing = list::gather(&list::Args { filter, limit }, &stream).await.unwrap();
        let latest: Vec<u64> = listing.latest.iter().map(|item| item.sequence).collect();
        (listing.count, listing.causes.len(), latest)
    };
    assert_eq!(listed(None, None, None, 2).await, (4, 3, vec![4, 3]));
    assert_eq!(listed(None, Some("c 1"), None, 9).await, (1, 1, vec![2]));
    assert_eq!(listed(Some("wms-adapter"), None, None, 9).await, (1, 1, vec![4]));
    assert_eq!(listed(None, None, Some(Kind::Malformed), 9).await, (2, 1, vec![3, 1]));
    assert_eq!(listed(Some("nobody"), None, None, 9).await, (0, 0, vec![]));

    assert_eq!(show::kept(2, &connection, &stream).await.unwrap().raw, Some("raw 2".into()));
    let left = show::kept(4, &connection, &stream).await.unwrap();
    assert!(left.about.left_in_stream);
    assert_eq!(left.raw, Some(large));
    let missing = show::kept(9, &connection, &stream).await.unwrap_err();
    assert!(matches!(missing, Failure::NotFound(_)), "{missing}");
}

#[tokio::test]
async fn a_broker_without_waybills_streams_has_nothing_to_ask() {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    let failure = reach::stream(&connection.js, QUARANTINE).await.map(drop).unwrap_err();
    assert_eq!(failure.status(), 3);
    assert!(failure.to_string().contains("no stream QUARANTINE; start a service"), "{failure}");
}
