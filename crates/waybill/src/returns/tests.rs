use broker::Options;
use engine::{Content, Entry, EntryId, FactId, Key, Source, Told};
use model::{Fact, Inspection, Lane, OrderId};
use serde_json::json;
use service::Connection;
use service::streams::{Durability, declare};

use super::settle::{ByArgs, cancel};
use super::*;

async fn warehouse_tells(rma: &str, connection: &Connection) {
    let source = Source {
        service: "wms-adapter".to_owned(),
        partner: Some("wms-east".to_owned()),
        message: Some("return_inspected".to_owned()),
        profile: None,
        profile_name: None,
        inbox: Some(1),
        received: "2026-03-20T00:00:00Z".parse().unwrap(),
        operator: None,
    };
    let facts = vec![Told { id: FactId::of(&[b"1"]), fact: Fact::Inspected(Inspection { lines: Vec::new() }) }];
    let entry = Entry { id: EntryId::of(&[b"1"]), content: Content::Facts { source, facts } };
    read::journal(connection).append(&Key::of(rma), Lane::Wms.as_str(), &entry).await.unwrap();
}

#[tokio::test]
async fn a_return_that_nobody_authorised_is_listed_and_cannot_be_called_off() {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let by =
        ByArgs { rma: RmaArgs { rma: rma_id("GHOST").unwrap() }, why: "no such".to_owned(), who: "ada".to_owned() };
    let unknown = cancel(&by, &connection).await.unwrap_err();
    assert_eq!((unknown.kind(), unknown.status()), ("not_found", 1));

    warehouse_tells("GHOST", &connection).await;
    let refused = cancel(&by, &connection).await.unwrap_err();
    assert_eq!((refused.kind(), refused.status()), ("not_found", 1));
    assert!(refused.to_string().contains("GHOST is told of, and nobody has authorised it"), "{refused}");

    let all = show::ListArgs { order: None, exceptions: false, limit: 10 };
    let listed = serde_json::to_value(show::listed(&all, &connection).await.unwrap()).unwrap();
    let ghost = json!({ "returns": [], "unauthorised": [{ "rma": "GHOST", "exceptions": [] }], "more": false });
    assert_eq!(listed, ghost);
    for args in [
        show::ListArgs { order: OrderId::new("SO-1").ok(), exceptions: false, limit: 10 },
        show::ListArgs { order: None, exceptions: true, limit: 10 },
    ] {
        let listed = serde_json::to_value(show::listed(&args, &connection).await.unwrap()).unwrap();
        assert_eq!(listed["unauthorised"], json!([]));
    }
}
