//! What is about a person: sealed wherever it is kept, readable for the partners that need it, and forgotten when it is wanted.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use engine::{Content, Entry, EntryId};
use model::{
    Ask, AskId, CustomerId, Decision, LineId, LocationId, OrderId, PartnerId, Place, Reason, Request, Sealed,
    ShipmentId, System,
};
use privacy::{Keys, Owner};
use returns::{LAYOUT as RETURNS, Returns};
use serde_json::{Value, json};
use service::streams;
use tokio::io::AsyncReadExt as _;
use visibility::look::order_digest;
use visibility::queries::{DIGEST, ORDER_GET, OrderView};
use waybill::cli::parse;
use waybill::exit::{Failure, Verdict};
use waybill::forget::{Args, Report, forget, render};
use waybill::house::House;
use waybill::order::trail;
use waybill::returns::open;

use crate::kit::{self, eventually, partners, publish};

const PATIENCE: Duration = Duration::from_secs(60);
/// What is about a person, in no other order's messages.
const TEXTS: [&str; 3] = ["Ada Byron", "Ockham Ring 77", "KT11 2LA"];
/// Where nothing of it may stand in clear.
const SEALED: [&str; 8] = ["ORDERS", "RETURNS", "KV_STATUS", "OBJ_ARCHIVE", "UPDATES", "ALERTS", "TIMERS", "KV_XREF"];
/// Where it stands in clear until it is forgotten.
const CLEAR: [&str; 2] = [streams::INBOX, streams::OUTBOX];

/// An order to these three texts, as the simulated ERP releases it.
fn release(order: &str, customer: &str, item: &str) -> Vec<u8> {
    let [name, street, postal_code] = TEXTS;
    let item = json!({ "posnr": "10", "matnr": item, "menge": "2", "meins": "ST", "netpr": "9.50", "werks": "HAM" });
    let order = json!({
        "vbeln": order, "docnum": format!("doc of {order}"), "kunnr": customer, "waerk": "EUR", "erdat": "20260301",
        "vdatu": "20260310", "items": [item],
        "partner_we": { "name1": name, "stras": street, "pstlz": postal_code, "ort01": "Ockham", "land1": "DE" },
    });
    json!({ "documents": [order] }).to_string().into_bytes()
}

async fn sold(house: &House, order: &str) -> OrderView {
    publish(house, "in.erp.erp-main.order", &release(order, "CUST-001", "ITEM-0007")).await;
    let closed = |view: &OrderView| view.composite.ended.is_some();
    eventually::<OrderView>(house, ORDER_GET, json!({ "order": order }), "closed", closed).await
}

/// Takes back what was sold, and waits until the return is over.
async fn returned(house: &House, order: &str) {
    let args = open::Args {
        order: OrderId::new(order).expect("an id"),
        lines: vec![LineId::new("10").expect("an id")],
        quantities: vec![1.into()],
        reason: Reason::RecipientRefused,
        rma: None,
        fetch: PartnerId::new("tms-main").ok(),
        why: "she called".to_owned(),
        who: "ada".to_owned(),
    };
    let entered = open::open(&args, &house.connection).await.expect("opened");
    let journal = engine::Journal::<Returns>::new(house.connection.js.clone(), RETURNS);
    let key = engine::Key::of(entered.rma.as_str());
    let begun = std::time::Instant::now();
    loop {
        let trail = journal.read(&key).await.expect("read");
        let folded = engine::Folded::<Returns>::replay(&key, &trail);
        let status = returns::status(folded.state());
        if status.as_ref().is_some_and(|status| status.ended) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "the return is not over in time: {status:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The messages of a stream that hold one of the texts in clear, by subject, with what they hold.
async fn in_clear(house: &House, name: &str) -> BTreeMap<String, Vec<&'static str>> {
    let stream = house.connection.js.get_stream(name).await.expect("the stream");
    let state = stream.get_info().await.expect("known").state;
    let mut found = BTreeMap::new();
    for sequence in state.first_sequence..=state.last_sequence {
        let Ok(message) = stream.direct_get(sequence).await else { continue };
        let holds = |text: &&str| message.payload.windows(text.len()).any(|part| part == text.as_bytes());
        let held: Vec<&str> = TEXTS.into_iter().filter(holds).collect();
        if !held.is_empty() {
            found.insert(format!("{} {sequence}", message.subject), held);
        }
    }
    found
}

/// An archived trail, as it is kept.
async fn archived(house: &House, order: &str) -> String {
    let archive = house.connection.js.get_object_store(streams::ARCHIVE).await.expect("the archive");
    let (mut object, mut gzip, mut lines) = (archive.get(order).await.expect("archived"), Vec::new(), String::new());
    object.read_to_end(&mut gzip).await.expect("read");
    flate2::read::GzDecoder::new(&gzip[..]).read_to_string(&mut lines).expect("JSON lines");
    lines
}

async fn told(house: &House, customer: &str, yes: bool, even_open: bool) -> Result<(Report, Verdict), Failure> {
    let customer = CustomerId::new(customer).expect("an id");
    let (why, who) = (Some("she asked".to_owned()), Some("ada".to_owned()));
    let now = "2026-04-01T00:00:00Z".parse().expect("a time");
    forget(&Args { customer, yes, why, who, even_open, also: Vec::new() }, &house.connection, now).await
}

async fn trail_of(house: &House, order: &str) -> String {
    let trail = trail::read(&house.connection, &OrderId::new(order).expect("an id")).await.expect("a trail");
    trail::render(&trail)
}

/// What the command line says of itself.
async fn run(house: &House, line: &[&str]) -> Result<Verdict, Failure> {
    let url = house.url();
    let line = ["waybill", "--nats-url", &url, "--json"].into_iter().chain(line.iter().copied());
    waybill::execute(parse(line.map(Into::into)).expect("a command line")).await
}

/// Whether what everybody sees of an order equals a fold of its own over its entries.
async fn projection_is_that_of_a_replay(house: &House, order: &str) -> bool {
    let key = engine::Key::of(order);
    let journal = engine::Journal::<fulfilment::Fulfilment>::new(house.connection.js.clone(), fulfilment::LAYOUT);
    let entries = journal.read(&key).await.expect("read");
    let folded = engine::Folded::<fulfilment::Fulfilment>::replay(&key, &entries);
    let own = order_digest(folded.state(), folded.seen()).expect("a digest");
    let question = json!({ "each": true }).to_string().into();
    let answer = house.connection.client.request(DIGEST, question).await.expect("answered");
    let answer: Value = serde_json::from_slice(&answer.payload).expect("JSON");
    let each = answer["each"].as_array().expect("each order's");
    each.iter().any(|seen| seen["order"] == order && seen["digest"] == json!(own))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_address_is_read_by_partners_alone_and_by_nobody_once_she_is_forgotten() {
    let house = kit::open(1).await;
    let _partners = partners(&house).await;
    let view = sold(&house, "PRIV-1").await;
    assert!(view.timeline.iter().any(|event| event.place.is_some()), "the carrier says where it was");
    returned(&house, "PRIV-1").await;
    house.settle(PATIENCE).await.expect("settled");

    for stream in SEALED {
        assert_eq!(in_clear(&house, stream).await, BTreeMap::new(), "{stream}");
    }
    let kept = archived(&house, "PRIV-1").await;
    assert!(kept.contains("waybill-sealed:1:customer.CUST-001:1:") && TEXTS.iter().all(|text| !kept.contains(text)));
    let sent = in_clear(&house, streams::OUTBOX).await;
    for partner in ["out.wms.wms-east.", "out.tms.tms-main.tender"] {
        assert!(sent.iter().any(|(subject, held)| subject.starts_with(partner) && held.len() == 3), "{sent:?}");
    }
    assert!(trail_of(&house, "PRIV-1").await.contains("Ada Byron"), "operators read it");

    let (report, verdict) = told(&house, "CUST-001", false, false).await.expect("a dry run");
    assert_eq!((verdict, report.done.is_some(), report.open.len()), (Verdict::Fine, false, 0), "{}", render(&report));
    assert!(report.found.orders >= 1 && report.found.returns == 1 && report.found.keys == 1, "{report:?}");
    assert!(!in_clear(&house, streams::INBOX).await.is_empty(), "a dry run changes nothing");

    let (report, _) = told(&house, "CUST-001", true, false).await.expect("forgotten");
    assert!(report.done.is_some(), "{}", render(&report));
    for stream in CLEAR {
        assert_eq!(in_clear(&house, stream).await, BTreeMap::new(), "{stream}");
    }
    let master = house.connection.js.get_key_value(streams::MASTER).await.expect("the bucket");
    let master = master.get("customer.CUST-001").await.expect("read").expect("still there");
    assert_eq!(master, r#"{"name":"(forgotten)"}"#);
    let text = trail_of(&house, "PRIV-1").await;
    assert!(text.contains("(forgotten)") && TEXTS.iter().all(|about| !text.contains(about)), "{text}");
    for line in [["order", "show", "PRIV-1"], ["order", "trail", "PRIV-1"], ["order", "epcis", "PRIV-1"]] {
        assert_eq!(run(&house, &line).await.expect("shown"), Verdict::Fine, "{line:?}");
    }
    assert!(projection_is_that_of_a_replay(&house, "PRIV-1").await);

    forgotten_once(&house).await;
    nobody_is_sent_where_nobody_knows(&house).await;
    orders_again(&house).await;
    house.close().await.expect("drained");
}

/// Who is forgotten already is not forgotten again, and who is unknown not at all.
async fn forgotten_once(house: &House) {
    let (report, verdict) = told(house, "CUST-001", true, false).await.expect("told");
    assert!(report.is_forgotten && report.done.is_none() && verdict == Verdict::Fine, "{}", render(&report));
    let keys = Keys::open(&house.connection.js).await.expect("the bucket");
    let owner = Owner::customer(&CustomerId::new("CUST-001").expect("an id"));
    let tombstone = keys.tombstone(&owner).await.expect("read").expect("recorded");
    let [erasure] = &tombstone.erasures[..] else { panic!("{tombstone:?}") };
    assert_eq!((erasure.who.as_str(), erasure.why.as_str(), erasure.erased.keys), ("ada", "she asked", 1));
    assert!(matches!(told(house, "NOBODY", true, false).await, Err(Failure::NotFound(_))));
}

/// What was decided before and is to be sent after it is a failure in words.
async fn nobody_is_sent_where_nobody_knows(house: &House) {
    let name = Some(Sealed::new("customer.CUST-001", 1, "abc").into());
    let request = Request::Book {
        shipment: ShipmentId::new("s1").expect("an id"),
        from: LocationId::new("HAM").expect("an id"),
        ship_to: Place { name, ..Place::default() },
        ship_on: None,
        mode: None,
        lines: Vec::new(),
    };
    let (id, partner) = (AskId::new("s1/book").expect("an id"), PartnerId::new("tms-main").expect("an id"));
    let decisions = vec![Decision::Ask(Ask { id, system: System::Tms, partner, request })];
    let now = "2026-04-01T00:00:00Z".parse().expect("a time");
    let entry = Entry { id: EntryId::of(&[b"asked"]), content: Content::Decisions { seen: 0, now, decisions } };
    let journal = engine::Journal::<fulfilment::Fulfilment>::new(house.connection.js.clone(), fulfilment::LAYOUT);
    let key = engine::Key::of("PRIV-0");
    journal.decide(&key, 0, &entry).await.expect("decided");
    let begun = std::time::Instant::now();
    let told = loop {
        let told = journal.read_lane(&key, "tms").await.expect("read");
        if !told.is_empty() {
            break serde_json::to_string(&told).expect("JSON");
        }
        assert!(begun.elapsed() < PATIENCE, "no answer in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(told.contains("it was not sent: ") && told.contains("key 1 of customer.CUST-001 was destroyed"), "{told}");
}

/// A customer who comes again is served as any, and what was forgotten stays so.
async fn orders_again(house: &House) {
    sold(house, "PRIV-2").await;
    assert!(trail_of(house, "PRIV-2").await.contains("Ada Byron"));
    let text = trail_of(house, "PRIV-1").await;
    assert!(text.contains("(forgotten)") && !text.contains("Ada Byron"), "{text}");
    assert_eq!(in_clear(house, streams::ORDERS).await, BTreeMap::new());
    assert!(archived(house, "PRIV-2").await.contains("waybill-sealed:1:customer.CUST-001:2:"));
    let sent = in_clear(house, streams::OUTBOX).await;
    assert!(sent.keys().any(|subject| subject.starts_with("out.wms.")), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_open_orders_is_forgotten_only_when_that_is_said() {
    let house = kit::open(1).await;
    let _partners = partners(&house).await;
    publish(&house, "in.erp.erp-main.order", &release("OPEN-1", "CUST-002", "NO-SUCH-ITEM")).await;
    let invalid = |view: &OrderView| !view.composite.exceptions.is_empty();
    eventually::<OrderView>(&house, ORDER_GET, json!({ "order": "OPEN-1" }), "invalid", invalid).await;

    let (report, verdict) = told(&house, "CUST-002", false, false).await.expect("a dry run");
    assert_eq!((report.open, verdict), (vec!["order OPEN-1".to_owned()], Verdict::Wrong));
    let refused = told(&house, "CUST-002", true, false).await.expect_err("open");
    assert!(matches!(&refused, Failure::Refused(words) if words.contains("order OPEN-1")), "{refused}");
    assert!(!in_clear(&house, streams::INBOX).await.is_empty());
    told(&house, "CUST-002", true, true).await.expect("forgotten");
    assert_eq!(in_clear(&house, streams::INBOX).await, BTreeMap::new());
    house.close().await.expect("drained");
}
