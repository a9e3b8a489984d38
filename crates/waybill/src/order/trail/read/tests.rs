use async_nats::jetstream;
use broker::Options;
use engine::{EntryId, FactId, Folded, Layout, Source, Told};
use futures::StreamExt;
use model::{Archived, Lane};
use service::settings::NatsSettings;
use service::streams::{Durability, declare};
use visibility::archive::{Keeper, chain, verify};
use visibility::look::order_of;
use visibility::queries::{ORDER_GET, OrderView};

use super::*;
use crate::moment::Moment;
use crate::order::{as_of, show};
use crate::sample;

type Record = WorkflowRecord<Fulfilment>;

fn order(number: &str) -> OrderId {
    OrderId::new(number).unwrap()
}

fn kept(entries: &[Record]) -> Verified {
    verify(&chain(entries).unwrap().bytes).unwrap()
}

/// The entry with which visibility says that these are archived.
fn archived_fact(entries: &[Record]) -> Fact {
    let trail = chain(entries).unwrap();
    Fact::Archived(Archived { digest: trail.digest, entries: trail.entries })
}

fn archived_entry(fact: Fact) -> engine::WorkflowEntry<Fulfilment> {
    let source = Source {
        service: "visibility".to_owned(),
        partner: None,
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: sample::entries()[0].recorded,
        operator: None,
    };
    let facts = vec![Told { id: FactId::of(&[b"archived"]), fact }];
    engine::Entry { id: EntryId::of(&[b"archived"]), content: Content::Facts { source, facts } }
}

fn merged(kept: Verified, left: &[Record]) -> Result<Whole, Failure> {
    merge(&sample::order_id(), kept, left.to_vec())
}

#[test]
fn what_the_stream_lost_comes_from_the_archive() {
    let all = sample::entries();
    for lost in 0..=all.len() {
        let whole = merged(kept(&all), &all[lost..]).unwrap();
        assert_eq!(whole.entries, all);
        assert_eq!(whole.left(), &all[lost..]);
        assert_eq!(whole.archive.map_or(0, |archive| archive.entries), lost);
    }
}

#[test]
fn what_came_after_the_end_is_in_the_stream_alone() {
    let all = sample::entries();
    let whole = merged(kept(&all[..5]), &all[3..]).unwrap();
    assert_eq!(whole.entries, all);
    let archive = whole.archive.unwrap();
    assert_eq!((archive.first, archive.last, archive.entries), (10, 16, 3));
    assert!(archive.words().starts_with("entries 10 to 16 come from the archive (digest "), "{}", archive.words());
}

#[test]
fn an_archive_that_says_something_else_than_the_stream_is_refused() {
    let all = sample::entries();
    let mut other = all.clone();
    other[5].recorded = other[5].recorded.plus_millis(1);
    let failure = merged(kept(&other), &all[3..]).unwrap_err();
    assert!(failure.to_string().contains("it says something else than stream ORDERS about entry 25"), "{failure}");
    let mut without = all.clone();
    without.remove(5);
    let failure = merged(kept(&without), &all[3..]).unwrap_err();
    assert_eq!(failure.status(), 1, "{failure}");
}

#[test]
fn an_archive_that_does_not_end_as_the_order_states_is_refused() {
    let all = sample::entries();
    let entry = archived_entry(archived_fact(&all));
    let archived = Record { sequence: 40, lane: Lane::View.as_str(), entry, ..all[0].clone() };
    let left = [archived];
    assert_eq!(merged(kept(&all), &left).unwrap().entries.len(), 8);
    let failure = merged(kept(&all[..6]), &left).unwrap_err();
    assert!(failure.to_string().contains("its last link is not the one"), "{failure}");
}

#[test]
fn entries_that_speak_of_earlier_ones_are_cut() {
    let all = sample::entries();
    assert!(!is_cut(&all));
    assert!(is_cut(&all[1..]), "the decision had seen the release");
    assert!(is_cut(&all[2..]), "the answer is to an ask that is gone");
    assert!(!is_cut(&all[..1]));
}

/// The stream loses its oldest entries, as it does by age.
async fn keep_newest(js: &jetstream::Context, messages: i64) {
    let mut config = js.get_stream(LAYOUT.stream).await.unwrap().cached_info().config.clone();
    config.max_messages = messages;
    config.discard = jetstream::stream::DiscardPolicy::Old;
    js.update_stream(config).await.unwrap();
}

async fn append(connection: &Connection, order: &OrderId) -> Vec<Record> {
    let key = Key::of(order.as_str());
    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    let mut decided = 0;
    for (lane, entry) in sample::to_append() {
        let entry = engine::Entry { id: EntryId::of(&[key.token().as_bytes(), &entry.id.0]), ..entry };
        if lane == Layout::FLOW {
            decided = journal.decide(&key, decided, &entry).await.unwrap();
        } else {
            journal.append(&key, lane, &entry).await.unwrap();
        }
    }
    let trail = journal.read(&key).await.unwrap();
    let keeper = Keeper::open(&connection.js).await.unwrap();
    let archived = keeper.keep(key.token(), &trail, false).await.unwrap();
    let entry = archived_entry(Fact::Archived(archived));
    let entry = engine::Entry { id: EntryId::of(&[b"archived", key.token().as_bytes()]), ..entry };
    journal.append(&key, Lane::View.as_str(), &entry).await.unwrap();
    journal.read(&key).await.unwrap()
}

#[tokio::test]
async fn an_old_order_shows_as_a_young_one_does() {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let numbers = ["MY 1/7", "注文 42", "SO 1/7.*"];
    let mut young = Vec::new();
    for number in numbers {
        young.push(append(&connection, &order(number)).await);
    }
    // Of the second order only the entry that says that it is archived is left, and nothing of the first one.
    keep_newest(&connection.js, 9).await;
    for (number, young) in numbers.into_iter().zip(&young) {
        let whole = whole(&connection, &order(number)).await.unwrap();
        // What came after the end is in no archive.
        let known = young.iter().filter(|entry| entry.lane != Lane::View.as_str() || number != "MY 1/7");
        assert_eq!(whole.entries, known.cloned().collect::<Vec<_>>(), "{number}");
        let from = whole.archive.as_ref().map_or(0, |archive| archive.entries);
        assert_eq!(from, if number == "SO 1/7.*" { 0 } else { 7 }, "{number}");
        assert!(!whole.is_cut);
    }
    let trail = super::super::read(&connection, &order("注文 42")).await.unwrap();
    let text = anstream::adapter::strip_str(&super::super::render(&trail)).to_string();
    assert!(text.contains("entries 9 to 15 come from the archive (digest "), "{text}");
    let stage = Folded::<Fulfilment>::replay(&Key::of("注文 42"), &young[1]);
    assert_eq!(trail.composite, fulfilment::composite(stage.state()));

    // What says that it is archived nothing led to: this order did not end.
    let entries = &trail.entries[..7];
    let graph = crate::order::lineage::graph(&trail.order, entries);
    let legs = &graph.critical_path;
    assert_eq!(legs.first().unwrap().from.as_ref().unwrap().to_string(), "INBOX 100");
    assert_eq!(legs.last().unwrap().to.to_string(), format!("entry {}", entries[6].sequence));
    assert!(legs.windows(2).all(|legs| Some(&legs[0].to) == legs[1].from.as_ref()), "{legs:#?}");

    let unknown = whole(&connection, &order("nobody's")).await.unwrap_err();
    assert!(matches!(&unknown, Failure::NotFound(words) if words.contains("and no archive of it")), "{unknown}");
}

#[tokio::test]
async fn an_archive_that_was_tampered_with_is_refused_and_one_that_is_missing_is_missed() {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let (kept, lost) = (order("MY 1/7"), order("SO 1/7.*"));
    let trail = append(&connection, &kept).await;
    append(&connection, &lost).await;
    keep_newest(&connection.js, 5).await;
    let objects = connection.js.get_object_store(service::streams::ARCHIVE).await.unwrap();
    objects.delete(Key::of(lost.as_str()).token()).await.unwrap();
    let cut = whole(&connection, &lost).await.unwrap();
    assert!(cut.is_cut && cut.archive.is_none() && cut.entries.len() == 5);

    let lines = String::from_utf8(chain(&trail[..7]).unwrap().bytes).unwrap();
    let tampered = visibility::archive::pack(lines.replacen("released", "releazed", 1).as_bytes()).unwrap();
    let cut = visibility::archive::pack(&chain(&trail[..6]).unwrap().bytes).unwrap();
    for (stored, says) in [(tampered, "line 1 of the archive"), (cut, "it ends with the link")] {
        let info = objects.info(Key::of(kept.as_str()).token()).await.unwrap();
        let object = jetstream::object_store::ObjectMetadata {
            name: info.name,
            metadata: info.metadata,
            ..jetstream::object_store::ObjectMetadata::default()
        };
        objects.put(object, &mut stored.as_slice()).await.unwrap();
        let failure = whole(&connection, &kept).await.unwrap_err();
        assert!(failure.to_string().contains(says), "{failure}");
        assert_eq!((failure.status(), failure.kind()), (1, "broken"));
    }
}

/// Answers for visibility: with what it knows of an order, or that it knows nothing.
async fn answer(connection: &Connection, known: Option<OrderView>) -> tokio::task::JoinHandle<()> {
    let client = connection.client.clone();
    let mut questions = client.subscribe(ORDER_GET).await.unwrap();
    client.flush().await.unwrap();
    tokio::spawn(async move {
        let question = questions.next().await.unwrap();
        let mut headers = async_nats::HeaderMap::new();
        if known.is_none() {
            headers.insert(async_nats::service::NATS_SERVICE_ERROR, "nobody knows it");
            headers.insert(async_nats::service::NATS_SERVICE_ERROR_CODE, "404");
        }
        let body = serde_json::to_vec(&known).unwrap();
        client.publish_with_headers(question.reply.unwrap(), headers, body.into()).await.unwrap();
    })
}

#[tokio::test]
async fn an_order_that_visibility_lost_or_knows_in_part_is_shown_in_full() {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let (mine, key) = (order("MY 1/7"), Key::of("MY 1/7"));
    let young = append(&connection, &mine).await;
    keep_newest(&connection.js, 3).await;
    let in_part = order_of(&key, &young[5..]);
    assert_ne!(in_part.composite, order_of(&key, &young).composite);
    for known in [None, Some(in_part)] {
        let answered = answer(&connection, known).await;
        let shown = show::view(&connection, &mine).await.unwrap();
        answered.await.unwrap();
        assert_eq!(shown.view, order_of(&key, &young));
        assert_eq!(shown.archive.as_ref().map(|archive| (archive.first, archive.last)), Some((1, 5)));
        assert!(show::render(&shown).contains("entries 1 to 5 come from the archive"));
    }
    let past = Moment::UpTo(3).past(None);
    let shown = as_of::past_view(&connection, &mine, past).await.unwrap();
    assert_eq!(shown.view, order_of(&key, &young[..3]), "of an old order as of a young one");

    let answered = answer(&connection, None).await;
    let unknown = show::view(&connection, &order("nobody's")).await.unwrap_err();
    answered.await.unwrap();
    assert_eq!((unknown.kind(), unknown.status()), ("not_found", 1));
}
