use broker::Options;
use engine::{Content, Entry, EntryId, FactId, Journal, Layout, Source, Told};
use fulfilment::{Fulfilment, LAYOUT};
use model::{Decision, LocationId, Movement, MovementKind, Quantity, Sku, Timestamp, When};
use service::settings::NatsSettings;
use service::streams::{Durability, declare};
use visibility::queries::StockBalance;

use super::*;
use crate::moment::Moment;
use crate::sample;

fn movement(id: u8, amount: i64, occurred: &str) -> (String, Vec<u8>) {
    let (location, sku) = (LocationId::new("W1").unwrap(), Sku::new("SKU-A").unwrap());
    let subject = service::streams::stock(&location.token(), &sku.token());
    let occurred = When::parse(occurred).unwrap();
    let fact = Movement { location, sku, kind: MovementKind::Received, quantity: Quantity::each(amount), occurred };
    let source = Source {
        service: "wms-adapter".to_owned(),
        partner: None,
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: Timestamp::default(),
        operator: None,
    };
    let facts = vec![Told { id: FactId([id; 16]), fact }];
    let entry: Entry<Movement, Decision> = Entry { id: EntryId([id; 16]), content: Content::Facts { source, facts } };
    (subject, engine::codec::encode(&entry).unwrap())
}

async fn receive(connection: &Connection, id: u8, amount: i64, occurred: &str) {
    let (subject, payload) = movement(id, amount, occurred);
    connection.js.publish(subject, payload.into()).await.unwrap().await.unwrap();
}

fn wanted() -> Args {
    Args { location: None, sku: None, limit: 100, past: crate::moment::PastArgs::default() }
}

async fn balances(connection: &Connection, past: Past) -> Vec<(String, String, String)> {
    let shown = gather(connection, wanted(), past).await.unwrap();
    assert_eq!((shown.as_of, shown.incomplete_before), (Some(AsOf::from(past)), None));
    let row = |balance: StockBalance| {
        let (on_hand, reserved) = (balance.on_hand.normalize(), balance.reserved.normalize());
        (balance.sku.to_string(), on_hand.to_string(), reserved.to_string())
    };
    shown.page.balances.into_iter().map(row).collect()
}

fn row(sku: &str, on_hand: &str, reserved: &str) -> (String, String, String) {
    (sku.to_owned(), on_hand.to_owned(), reserved.to_owned())
}

/// When an entry was taken in, by the broker's clock.
async fn recorded(connection: &Connection, stream: &str, sequence: u64) -> Timestamp {
    let stream = reach::stream(&connection.js, stream).await.unwrap();
    let nanos = stream.direct_get(sequence).await.unwrap().time.unix_timestamp_nanos();
    Timestamp::from_millis(i64::try_from(nanos / 1_000_000).unwrap())
}

#[tokio::test]
async fn stock_is_shown_as_it_was_known() {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let all = Past::default();
    let nothing = gather(&connection, wanted(), all).await.unwrap_err();
    assert!(matches!(&nothing, Failure::NotFound(words) if words.contains("nothing is told")), "{nothing}");

    receive(&connection, 1, 10, "2026-02-01").await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    let mut decided = 0;
    for (lane, entry) in sample::to_append() {
        if lane == Layout::FLOW {
            decided = journal.decide(&sample::key(), decided, &entry).await.unwrap();
        } else {
            journal.append(&sample::key(), lane, &entry).await.unwrap();
        }
    }
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    receive(&connection, 2, 5, "2026-04-01").await;

    let (a, b) = (row("SKU-A", "15", "3"), row("SKU-B", "0", "1"));
    assert_eq!(balances(&connection, all).await, [a, b.clone()]);
    // The third entry of the order allocates; what came into STOCK later than that does not count.
    assert_eq!(balances(&connection, Moment::UpTo(2).past(None)).await, [row("SKU-A", "10", "0")]);
    assert_eq!(balances(&connection, Moment::UpTo(3).past(None)).await, [row("SKU-A", "10", "3"), b.clone()]);
    let later = recorded(&connection, "STOCK", 2).await;
    assert_eq!(balances(&connection, Moment::Before(later).past(None)).await, [row("SKU-A", "10", "3"), b.clone()]);
    // The second receipt occurred after the order was allocated, the first one before it was released.
    let occurred = |text: &str| Past { occurred_before: Some(text.parse().unwrap()), ..all };
    assert_eq!(balances(&connection, occurred("2026-03-15T00:00:00Z")).await, [row("SKU-A", "10", "3"), b]);
    assert_eq!(balances(&connection, occurred("2026-02-15T00:00:00Z")).await, [row("SKU-A", "10", "0")]);
    let early = gather(&connection, wanted(), Moment::Before(Timestamp::default()).past(None)).await.unwrap_err();
    assert_eq!(early.status(), 1, "{early}");
    let beyond = gather(&connection, wanted(), Moment::UpTo(99).past(None)).await.unwrap_err();
    assert_eq!(beyond.to_string(), "stream ORDERS holds the entries 1 to 7, and not 99");
}
