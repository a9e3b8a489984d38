//! Messages that name their order by a reference: looked up, waited for, given up.

use std::collections::BTreeMap;
use std::time::Duration;

use adapter::{Settings, Target};
use engine::{Content, FactId, WorkflowRecord};
use fulfilment::Fulfilment;
use model::{Ask, AskId, Decision, Fact, Milestone, PartnerId, Request, ShipmentId, System, Timestamp};
use service::quarantine::Kind;

use crate::world::{World, facts, kinds};

const BOOKING: &str = "in.tms.tms-main.booking";
const EVENT: &str = "in.tms.tms-main.event";
const DURABLE: &str = "tms-adapter_tms-main";

fn booking(order: &str, tracking: &str) -> String {
    format!(
        r#"{{"tender": "book.s1", "shipper_ref": {{"order": "{order}", "shipment": "s1"}}, "answer": "A", "scac": "DHLX",
            "pro": "{tracking}", "answered_at": "2026-03-01T15:00:00+01:00"}}"#
    )
}

fn delivered(id: &str, tracking: &str) -> String {
    format!(r#"{{"id": "{id}", "pro": "{tracking}", "code": "DLV", "at": "2026-03-04T10:15:00+01:00"}}"#)
}

#[tokio::test]
async fn a_reference_leads_to_its_order_and_shipment() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    world.publish(BOOKING, &booking("SO-1", "JD 01.40")).await;
    world.publish(EVENT, &delivered("e1", "JD 01.40")).await;
    let entries = world.entries("SO-1", 2).await;
    let event = entries.iter().find(|entry| kinds(entry) == ["milestone"]).unwrap();
    let Fact::Milestone(reached) = &facts(event)[0].fact else { panic!("no milestone") };
    assert_eq!(reached.shipment.as_ref().map(ShipmentId::as_str), Some("s1"));
    let xref = world.connection.js.get_key_value("XREF").await.unwrap();
    let value = xref.get("tms.tms-main.JD=2001=2E40").await.unwrap().unwrap();
    let target: Target = serde_json::from_slice(&value).unwrap();
    assert_eq!((target.order.as_str(), target.shipment.unwrap().as_str()), ("SO-1", "s1"));
    adapter.stop().await;
}

#[tokio::test]
async fn a_message_ahead_of_its_reference_waits_and_holds_up_nobody() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    let events = format!(r#"{{"events": [{}, {}]}}"#, delivered("e1", "JD-1"), delivered("e2", "JD-2"));
    world.publish(BOOKING, &booking("SO-2", "JD-2")).await;
    world.publish(EVENT, &events).await;
    world.publish(BOOKING, &booking("SO-3", "JD-3")).await;
    world.publish(EVENT, &delivered("e3", "JD-3")).await;
    world.entries("SO-3", 2).await;
    world.entries("SO-2", 2).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(world.held("QUARANTINE").await, 0);
    world.publish(BOOKING, &booking("SO-1", "JD-1")).await;
    world.entries("SO-1", 2).await;
    world.idle("INBOX", DURABLE).await;
    assert_eq!(adapter.metrics.appended.get(), 6, "what was appended is not appended again at the next try");
    assert_eq!(world.held("QUARANTINE").await, 0);
    assert!(adapter.readiness.state().ready);
    adapter.stop().await;
}

#[tokio::test]
async fn what_a_late_reference_adds_to_an_order_is_not_taken_for_a_repeat() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    world.publish(BOOKING, &booking("SO-1", "JD-1")).await;
    world.publish(EVENT, &format!(r#"{{"events": [{}, {}]}}"#, delivered("e1", "JD-1"), delivered("e2", "JD-2"))).await;
    world.entries("SO-1", 2).await;
    world.publish(BOOKING, &booking("SO-1", "JD-2")).await;
    world.idle("INBOX", DURABLE).await;
    let entries = world.entries("SO-1", 4).await;
    let events: Vec<_> = entries.iter().filter(|entry| kinds(entry).iter().all(|kind| *kind == "milestone")).collect();
    assert_eq!(events.iter().map(|entry| facts(entry).len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(facts(events[0])[0].id, facts(events[1])[0].id, "the fold drops the repeat");
    adapter.stop().await;
}

#[tokio::test]
async fn a_reference_learnt_by_another_process_is_found() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    world.publish(EVENT, &delivered("e1", "JD-1")).await;
    let xref = world.connection.js.get_key_value("XREF").await.unwrap();
    xref.put("tms.tms-main.JD-1", r#"{"order":"SO-1"}"#.into()).await.unwrap();
    let entries = world.entries("SO-1", 1).await;
    let Fact::Milestone(reached) = &facts(&entries[0])[0].fact else { panic!("no milestone") };
    assert_eq!(reached.shipment, None);
    adapter.stop().await;
}

#[tokio::test]
async fn patience_ends_in_quarantine() {
    let world = World::start().await;
    let settings = Settings { patience: Duration::from_millis(500), ..Settings::default() };
    let adapter = world.adapter(System::Tms, settings).await;
    let raw = delivered("e1", "JD-9");
    world.publish(EVENT, &raw).await;
    let held = world.quarantine(1).await;
    assert_eq!((held[0].about.reason.kind, held[0].raw.as_ref()), (Kind::UnknownReference, raw.as_bytes()));
    assert_eq!(held[0].about.reason.text, "unknown reference JD-9, tried 3 times");
    world.idle("INBOX", DURABLE).await;
    assert_eq!(world.held("ORDERS").await, 0);
    adapter.stop().await;
}

fn total(entry: &WorkflowRecord<Fulfilment>) -> Option<String> {
    facts(entry).iter().find_map(|told| {
        let Fact::FreightInvoiced(bill) = &told.fact else { return None };
        Some(format!("{} for {}", bill.total, bill.shipment.as_ref().unwrap()))
    })
}

/// The bills among entries, and when each is said to have come in.
fn bills(entries: &[WorkflowRecord<Fulfilment>]) -> Vec<(Timestamp, String)> {
    let bills = entries.iter().filter_map(|entry| {
        let Content::Facts { source, .. } = &entry.entry.content else { return None };
        Some((source.received, total(entry)?))
    });
    bills.collect()
}

#[tokio::test]
async fn who_joins_a_load_late_hears_what_was_told_of_it() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    world.publish(BOOKING, &booking("SO-1", "LOAD-9")).await;
    let events = format!(r#"{{"events": [{}, {}]}}"#, delivered("e1", "LOAD-9"), delivered("e2", "ELSEWHERE"));
    world.publish(BOOKING, &booking("SO-9", "ELSEWHERE")).await;
    world.publish(EVENT, &events).await;
    let bill = r#"{"invoice": "L-1", "pro": "LOAD-9", "total_cents": 10000, "currency": "EUR"}"#;
    world.publish("in.tms.tms-main.load_invoice", bill).await;
    let first = bills(&world.entries("SO-1", 3).await);
    assert_eq!(first.iter().map(|(_, bill)| bill.as_str()).collect::<Vec<_>>(), ["100.00 EUR for s1"]);
    world.publish(BOOKING, &booking("SO-2", "LOAD-9")).await;
    let second = world.entries("SO-2", 3).await;
    let milestones = second.iter().filter(|entry| kinds(entry) == ["milestone"]);
    assert_eq!(milestones.map(|entry| facts(entry).len()).collect::<Vec<_>>(), [1], "only what was told of the load");
    assert_eq!(bills(&second).iter().map(|(_, bill)| bill.as_str()).collect::<Vec<_>>(), ["50.00 EUR for s1"]);
    world.idle("INBOX", DURABLE).await;
    let entries = world.entries("SO-1", 4).await;
    assert_eq!(entries.len(), 4, "of all that was told it hears its new share only");
    let shares = bills(&entries);
    assert_eq!(shares.last().unwrap().1, "50.00 EUR for s1");
    assert!(shares[0].0 < shares[1].0, "the new share is the later one");
    assert_eq!(world.entries("SO-9", 2).await.len(), 2);
    adapter.stop().await;
}

#[tokio::test]
async fn what_was_told_while_one_was_not_known_to_be_on_the_load_it_hears_when_the_next_one_joins() {
    let world = World::start().await;
    let one = world.adapter(System::Tms, Settings::default()).await;
    world.publish(BOOKING, &booking("SO-2", "LOAD-9")).await;
    world.publish(EVENT, &delivered("e1", "LOAD-9")).await;
    world.entries("SO-2", 2).await;
    one.stop().await;
    // As when another process is the first to write down what this one had told already.
    let xref = world.connection.js.get_key_value("XREF").await.unwrap();
    let value = xref.get("tms.tms-main.LOAD-9").await.unwrap().unwrap();
    let another = String::from_utf8(value.to_vec()).unwrap().replace("SO-2", "SO-1");
    xref.put("tms.tms-main.LOAD-9", another.into()).await.unwrap();
    let other = world.adapter(System::Tms, Settings::default()).await;
    world.publish(BOOKING, &booking("SO-2", "LOAD-9").replace("15:00", "15:01")).await;
    let entries = world.entries("SO-1", 1).await;
    assert_eq!(kinds(&entries[0]), ["milestone"]);
    other.stop().await;
}

#[tokio::test]
async fn two_shipments_of_one_order_share_a_load() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    world.publish(BOOKING, &booking("SO-1", "LOAD-9")).await;
    world.publish(EVENT, &delivered("e1", "LOAD-9")).await;
    world.entries("SO-1", 2).await;
    world.publish(BOOKING, &booking("SO-1", "LOAD-9").replace("s1", "s2")).await;
    let entries = world.entries("SO-1", 4).await;
    let reached = entries.iter().flat_map(facts).filter_map(|told| {
        let Fact::Milestone(reached) = &told.fact else { return None };
        let is_delivered = reached.code.as_deref() == Some("DLV");
        is_delivered.then(|| (reached.shipment.clone().unwrap().to_string(), told.id))
    });
    let reached: BTreeMap<String, FactId> = reached.collect();
    assert_eq!(reached.keys().collect::<Vec<_>>(), ["s1", "s2"]);
    assert_ne!(reached["s1"], reached["s2"], "each is a fact of its own");
    adapter.stop().await;
}

#[tokio::test]
async fn a_crash_keeps_nobody_from_hearing_what_was_told_of_its_load() {
    let world = World::start().await;
    let one = world.adapter(System::Tms, Settings::default()).await;
    world.publish(BOOKING, &booking("SO-1", "LOAD-9")).await;
    world.publish(EVENT, &delivered("e1", "LOAD-9")).await;
    world.entries("SO-1", 2).await;
    world.publish(BOOKING, &booking("SO-2", "LOAD-9")).await;
    world.entries("SO-2", 1).await;
    one.crash().await;
    let other = world.adapter(System::Tms, Settings::default()).await;
    let entries = world.entries("SO-2", 2).await;
    assert!(entries.iter().any(|entry| kinds(entry) == ["milestone"]));
    other.stop().await;
}

#[tokio::test]
async fn what_happens_to_a_load_happens_to_every_shipment_on_it() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    for order in ["SO-1", "SO-2", "SO-3"] {
        world.publish(BOOKING, &booking(order, "LOAD-7")).await;
    }
    for order in ["SO-1", "SO-2", "SO-3"] {
        world.entries(order, 1).await;
    }
    // The same booking told again adds nothing to the load.
    world.publish(BOOKING, &booking("SO-2", "LOAD-7").replace("15:00", "15:01")).await;
    world.idle("INBOX", DURABLE).await;
    world.publish(EVENT, &delivered("e1", "LOAD-7")).await;
    let bill = r#"{"invoice": "L-1", "pro": "LOAD-7", "total_cents": 10000, "currency": "EUR"}"#;
    world.publish("in.tms.tms-main.load_invoice", bill).await;
    let mut bills = Vec::new();
    for (order, entries) in [("SO-1", 3), ("SO-2", 4), ("SO-3", 3)] {
        let entries = world.entries(order, entries).await;
        assert_eq!(entries.iter().filter(|entry| kinds(entry) == ["milestone"]).count(), 1, "{order}");
        bills.extend(entries.iter().filter_map(total));
    }
    assert_eq!(bills, ["33.33 EUR for s1", "33.34 EUR for s1", "33.33 EUR for s1"]);
    adapter.stop().await;
}

#[tokio::test]
async fn each_on_a_load_bears_as_much_of_its_bill_as_its_booking_says() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    for (order, rate) in [("SO-1", "60.00"), ("SO-2", "20.00")] {
        let priced = format!(r#""rate": {{"amount": "{rate}", "currency": "EUR"}}, "answered_at""#);
        world.publish(BOOKING, &booking(order, "LOAD-6").replace(r#""answered_at""#, &priced)).await;
        world.entries(order, 1).await;
    }
    world.idle("INBOX", DURABLE).await;
    let bill = r#"{"invoice": "L-1", "pro": "LOAD-6", "total_cents": 10000, "currency": "EUR"}"#;
    world.publish("in.tms.tms-main.load_invoice", bill).await;
    for (order, share) in [("SO-1", "75.00 EUR for s1"), ("SO-2", "25.00 EUR for s1")] {
        let entries = world.entries(order, 2).await;
        assert_eq!(entries.iter().filter_map(total).collect::<Vec<_>>(), [share], "{order}");
    }
    adapter.stop().await;
}

/// The TMS is asked to take a shipment of an order back, and does.
async fn take_back(world: &World, order: &str, shipment: &str) {
    let [book, cancel] = ["book", "cancel"].map(|kind| AskId::new(&format!("{order}/{kind}/{shipment}")).unwrap());
    let request = Request::CancelBooking { shipment: ShipmentId::new(shipment).unwrap(), undoes: book, tracking: None };
    let partner = PartnerId::new("tms-main").unwrap();
    world.decide(order, vec![Decision::Ask(Ask { id: cancel, system: System::Tms, partner, request })]).await;
    let done = format!(
        r#"{{"tender": "{order}/cancel/{shipment}", "shipper_ref": {{"order": "{order}", "shipment": "{shipment}"}},
            "answer": "C", "answered_at": "2026-03-01T16:00:00+01:00"}}"#
    );
    world.publish(BOOKING, &done).await;
}

#[tokio::test]
async fn what_its_carrier_has_taken_back_is_not_on_the_load_any_more() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    for order in ["SO-1", "SO-2", "SO-3"] {
        world.publish(BOOKING, &booking(order, "LOAD-5")).await;
        world.entries(order, 1).await;
    }
    take_back(&world, "SO-2", "s1").await;
    world.entries("SO-2", 3).await;
    // The booking told again does not put it back.
    world.publish(BOOKING, &booking("SO-2", "LOAD-5").replace("15:00", "15:01")).await;
    world.idle("INBOX", DURABLE).await;
    world.publish(EVENT, &delivered("e1", "LOAD-5")).await;
    let bill = r#"{"invoice": "L-1", "pro": "LOAD-5", "total_cents": 10000, "currency": "EUR"}"#;
    world.publish("in.tms.tms-main.load_invoice", bill).await;
    for order in ["SO-1", "SO-3"] {
        let entries = world.entries(order, 3).await;
        assert_eq!(entries.iter().filter_map(total).collect::<Vec<_>>(), ["50.00 EUR for s1"], "{order}");
    }
    let others = world.entries("SO-2", 4).await;
    assert!(others.iter().all(|entry| !kinds(entry).contains(&"freight_invoiced")), "it bears no share");
    assert!(others.iter().flat_map(facts).all(|told| !is_delivered(&told.fact)), "and hears nothing");
    // When all are taken back, what the carrier brings all the same must reach somebody.
    for order in ["SO-1", "SO-3"] {
        take_back(&world, order, "s1").await;
    }
    world.idle("INBOX", DURABLE).await;
    world.publish(EVENT, &delivered("e2", "LOAD-5").replace("T10:15", "T11:15")).await;
    let others = world.entries("SO-2", 5).await;
    assert!(others.iter().flat_map(facts).any(|told| is_delivered(&told.fact)));
    adapter.stop().await;
}

fn is_delivered(fact: &Fact) -> bool {
    matches!(fact, Fact::Milestone(reached) if reached.milestone == Milestone::TransportDelivered)
}

#[tokio::test]
async fn another_process_adds_to_a_load() {
    let world = World::start().await;
    let one = world.adapter(System::Tms, Settings::default()).await;
    world.publish(BOOKING, &booking("SO-1", "LOAD-8")).await;
    world.entries("SO-1", 1).await;
    one.stop().await;
    let other = world.adapter(System::Tms, Settings::default()).await;
    world.publish(BOOKING, &booking("SO-2", "LOAD-8")).await;
    world.publish(EVENT, &delivered("e1", "LOAD-8")).await;
    world.entries("SO-1", 2).await;
    world.entries("SO-2", 2).await;
    other.stop().await;
}
