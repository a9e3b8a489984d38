use std::ffi::OsString;
use std::path::Path;

use broker::{Broker, Options};
use engine::{Journal, Key, Layout};
use fulfilment::{Fulfilment, LAYOUT};
use service::settings::NatsSettings;
use service::streams::{ARCHIVE, Durability, declare};
use visibility::archive::{Keeper, chain, pack};

use super::read::Trail;
use super::{epcis, jsonl};
use crate::archive::verify::exported;
use crate::exit::{Failure, Verdict};
use crate::{reach, sample};

/// The sample order under another number.
pub(super) fn trail(number: &str) -> Trail {
    let chained = chain(&sample::entries()).unwrap();
    Trail::of(Key::of(number), sample::entries(), chained.bytes, chained.digest)
}

#[test]
fn exported_lines_are_verified_order_by_order() {
    let mut file = Vec::new();
    for number in [sample::ORDER, "SO 2"] {
        jsonl::add(&trail(number), &mut file).unwrap();
    }
    let sound = exported("x.jsonl".to_owned(), file.as_slice(), None).unwrap();
    assert_eq!((sound.orders, sound.entries, sound.wrong), (Some(2), Some(14), None));

    let text = String::from_utf8(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let wrong = |lines: &[&str]| exported("x".to_owned(), lines.join("\n").as_bytes(), None).unwrap().wrong.unwrap();
    assert!(wrong(&lines[..12]).starts_with("order SO 2: it ends with the link"), "{}", wrong(&lines[..12]));
    let tampered = lines[9].replace("SKU-B", "SKU-C");
    let changed = wrong(&[&lines[..9], &[tampered.as_str()], &lines[10..]].concat());
    assert!(changed.starts_with("order SO 2: line 10 of the archive is not as it was written"), "{changed}");
}

#[test]
fn an_exported_order_is_held_against_what_is_stated_of_it() {
    let mut file = Vec::new();
    jsonl::add(&trail("SO 2"), &mut file).unwrap();
    let stated = |order: &str, digest: &str| crate::archive::verify::Stated {
        order: order.to_owned(),
        digest: digest.to_owned(),
        entries: Some(7),
        at: "entry 40 of stream ORDERS".to_owned(),
    };
    let wrong = |order: &str, digest: &str| {
        exported("x".to_owned(), file.as_slice(), Some(&stated(order, digest))).unwrap().wrong
    };
    assert_eq!(wrong("SO 2", &trail("SO 2").digest), None);
    assert!(wrong("SO 2", "abc").unwrap().starts_with("order SO 2: it is another one"));
    assert_eq!(wrong("SO 3", "abc").unwrap(), "order SO 3 is not in it");
}

#[test]
fn one_epcis_document_holds_the_events_of_all_orders() {
    let mut file = Vec::new();
    let mut document = epcis::Document::begin(&partners::epcis::Base::new("urn:example").unwrap(), &mut file).unwrap();
    for number in [sample::ORDER, "SO 2"] {
        document.add(&trail(number), &mut file).unwrap();
    }
    document.end(&mut file).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&file).unwrap();
    assert_eq!((&document["type"], &document["schemaVersion"]), (&"EPCISDocument".into(), &"2.0".into()));
    let events = document["epcisBody"]["eventList"].as_array().unwrap();
    let of = |event: &serde_json::Value| event["bizTransactionList"][0]["bizTransaction"].as_str().unwrap().to_owned();
    assert_eq!(
        events.iter().map(of).collect::<Vec<_>>(),
        ["urn:example:order:SO%201%2F7.%2A", "urn:example:order:SO%202"]
    );
}

/// A broker with one order in the archive, one under way, and one whose archive somebody changed.
async fn installation() -> Broker {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let keeper = Keeper::open(&connection.js).await.unwrap();
    keeper.keep(Key::of("SO 2").token(), &sample::entries(), false).await.unwrap();
    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    let mut decided = 0;
    for (lane, entry) in sample::to_append() {
        if lane == Layout::FLOW {
            decided = journal.decide(&sample::key(), decided, &entry).await.unwrap();
        } else {
            journal.append(&sample::key(), lane, &entry).await.unwrap();
        }
    }
    let changed = String::from_utf8(trail("SO 3").lines).unwrap().replace("SKU-B", "SKU-C");
    let objects = connection.js.get_object_store(ARCHIVE).await.unwrap();
    objects.put(Key::of("SO 3").token(), &mut pack(changed.as_bytes()).unwrap().as_slice()).await.unwrap();
    broker
}

async fn export(broker: &Broker, args: &[&str], out: &Path) -> Result<Verdict, Failure> {
    let url = broker.url();
    let line = ["waybill", "--nats-url", &url, "archive", "export", "--out", out.to_str().unwrap()];
    let cli = crate::cli::parse(line.iter().chain(args).map(OsString::from)).unwrap();
    crate::execute(cli).await
}

fn orders(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let heading = |line: &str| serde_json::from_str::<visibility::archive::Heading>(line).ok();
    text.lines().filter_map(heading).map(|heading| heading.order).collect()
}

#[tokio::test]
async fn what_can_be_trusted_is_exported_and_what_cannot_is_named() {
    let broker = installation().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);

    assert_eq!(export(&broker, &[], &file("all")).await.unwrap(), Verdict::Wrong, "one was left out");
    assert_eq!(orders(&file("all")), ["SO 2"]);
    assert_eq!(export(&broker, &["--open", "SO 2", sample::ORDER], &file("open")).await.unwrap(), Verdict::Fine);
    assert_eq!(orders(&file("open")), [sample::ORDER, "SO 2"], "by number");
    let sound = exported("open".to_owned(), std::fs::read(file("open")).unwrap().as_slice(), None).unwrap();
    assert_eq!((sound.entries, sound.wrong), (Some(14), None));

    for (nth, (args, found)) in [
        (["SO 2", "--customer", "C-1"], 1),
        (["SO 2", "--customer", "C-2"], 0),
        (["SO 2", "--since", "2026-03-01T11:00Z"], 0),
        (["SO 2", "--until", "2026-03-01"], 1),
        (["SO 2", "--until", "2026-02-28"], 0),
    ]
    .into_iter()
    .enumerate()
    {
        let path = file(&format!("filtered {nth}"));
        export(&broker, &args, &path).await.unwrap();
        assert_eq!(orders(&path).len(), found, "{args:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_there_is_kept_and_one_that_fails_leaves_nothing() {
    let broker = installation().await;
    let folder = tempfile::tempdir().unwrap();
    let (there, new) = (folder.path().join("there"), folder.path().join("new"));
    std::fs::write(&there, "mine").unwrap();
    assert!(matches!(export(&broker, &["SO 2"], &there).await, Err(Failure::Usage(_))));
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "mine");
    let failed = export(&broker, &["SO 2", "SO 9"], &new).await;
    assert!(matches!(&failed, Err(Failure::NotFound(words)) if words.contains("--open")), "{failed:?}");
    assert!(!new.exists());
}
