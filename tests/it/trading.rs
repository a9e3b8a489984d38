//! Trading partners on a whole installation: an order that is told of by EDI alone, and orders that move to another ERP.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use engine::{Content, Entry, EntryId, FactId, Journal, Key, Operator, Source, Told};
use fulfilment::Fulfilment;
use futures::TryStreamExt;
use model::{Fact, HandOver, Lane, Milestone, PartnerId, System};
use partners::format::{Known, plain};
use serde_json::{Value, json};
use service::streams;
use visibility::queries::{ORDER_GET, OrderView};
use waybill::house::{House, Plan};

use crate::kit::{eventually, open, partners, publish, release};

const PATIENCE: Duration = Duration::from_secs(60);

/// Gives a partner a profile, as `waybill partner add` does.
async fn add(house: &House, partner: &str, system: System, name: &str, text: &str) {
    let value = json!({
        "action": "add", "who": "ada", "why": "a new partner", "at": "2026-03-01T00:00:00Z", "partner": partner,
        "system": system.as_str(), "profile": { "name": name, "version": 1, "text": text },
    });
    let bucket = house.connection.js.get_key_value(streams::PROFILES).await.expect("the bucket");
    bucket.put(partner, value.to_string().into()).await.expect("kept");
}

fn template(name: &str) -> &'static str {
    partners::templates().iter().find(|(own, _)| *own == name).expect("a template").1
}

/// Switches a partner off or on, as `waybill partner disable` and `enable` do.
async fn switch(house: &House, partner: &str, system: System, disabled: bool) {
    let value = json!({
        "action": if disabled { "disable" } else { "enable" }, "who": "ada", "why": "orders are moved",
        "at": "2026-03-01T00:00:00Z", "partner": partner, "system": system.as_str(), "disabled": disabled,
    });
    let bucket = house.connection.js.get_key_value(streams::PROFILES).await.expect("the bucket");
    bucket.put(partner, value.to_string().into()).await.expect("kept");
}

/// What a partner received, by the last token of its subject, once it is there.
async fn received(house: &House, subject: &str) -> Value {
    let stream = house.connection.js.get_stream(streams::OUTBOX).await.expect("the stream");
    let begun = Instant::now();
    loop {
        if let Ok(message) = stream.direct_get_last_for_subject(subject).await {
            let read = plain(Known::X12, &message.payload).expect("X12");
            assert!(read.wrong.is_empty(), "{subject}: {:?}", read.wrong);
            return read.tree["transactions"][0].clone();
        }
        assert!(begun.elapsed() < PATIENCE, "nothing at {subject} in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// An interchange of one transaction of these segments.
fn x12(functional: &str, segments: &[&str]) -> Vec<u8> {
    let set = segments[0].split('*').nth(1).expect("its set");
    let count = segments.len() + 1;
    let body = segments.join("~");
    format!(
        "ISA*00*          *00*          *ZZ*THEM           *ZZ*WAYBILL        *260301*1200*^*00501*000000001*0*P*>~\
         GS*{functional}*THEM*WAYBILL*20260301*1200*1*X*005010~{body}~SE*{count}*{set}1~GE*1*1~IEA*1*000000001~"
    )
    .into_bytes()
}

async fn until(house: &House, order: &str, what: &str, is: impl Fn(&OrderView) -> bool) -> OrderView {
    eventually::<OrderView>(house, ORDER_GET, json!({ "order": order }), what, is).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_told_of_by_edi_alone_is_shipped_delivered_and_billed() {
    let plan = Plan { policy: Some("[transport]\ntms = \"speedy\"\n"), ..Plan::default() };
    let house = House::open(&plan).await.expect("an installation");
    for (partner, system, name) in
        [("bigstore", System::Erp, "x12-erp"), ("north3pl", System::Wms, "x12-wms"), ("speedy", System::Tms, "x12-tms")]
    {
        add(&house, partner, system, name, template(name)).await;
    }
    let master = json!({
        "materials": [{ "matnr": "LAMP-A", "maktx": "Lamp" }], "customers": [{ "kunnr": "BS-1", "name1": "Big Store" }],
        "plants": [{ "werks": "W1", "name1": "North", "land1": "US", "lgsystem": "north3pl" }],
        "lanes": [{ "land_from": "US", "land_to": "US" }],
    });
    publish(&house, "in.erp.erp-main.master", master.to_string().as_bytes()).await;
    let order = [
        "ST*850*8501",
        "BEG*00*SA*PO-1**20260301",
        "N1*BY*BIG STORE*92*BS-1",
        "N1*SF*NORTH*92*W1",
        "N1*ST*STORE 42*92*BS-42",
        "N3*900 LAKE DR",
        "N4*CHICAGO*IL*60611*US",
        "PO1*10*3*EA*3.25**VN*LAMP-A",
    ];
    publish(&house, "in.erp.bigstore.850", &x12("PO", &order)).await;

    let shipping_order = received(&house, "out.wms.north3pl.940").await;
    let number = shipping_order["W05"][0]["02"].as_str().expect("its number").to_owned();
    let tender = received(&house, "out.tms.speedy.204").await;
    let shipment = tender["B2"][0]["04"].as_str().expect("its number").to_owned();
    let accepted = format!("B1*SPDY*{shipment}*20260301*A");
    publish(&house, "in.tms.speedy.990", &x12("GF", &["ST*990*9901", &accepted, "N9*CN*PRO-441"])).await;
    until(&house, "PO-1", "booked", |view| {
        view.composite.shipments.iter().any(|shipment| shipment.tracking.as_deref() == Some("PRO-441"))
    })
    .await;
    let shipped = format!("W06*F*{number}*20260302");
    let shipped =
        ["ST*945*9451", &shipped, "N1*SF*NORTH*92*W1", "G62*11*20260302", "LX*10", "W12*CC*3*3*0*EA**VN*LAMP-A"];
    publish(&house, "in.wms.north3pl.945", &x12("SW", &shipped)).await;
    let events = ["ST*214*2141", "B10*PRO-441**SPDY", "LX*1", "AT7*AF*NS***20260302*1530", "AT7*D1*NS***20260303*1105"];
    publish(&house, "in.tms.speedy.214", &x12("QM", &events)).await;
    let bill = format!("B3**F-1*{shipment}*PP*L*20260304*18450**20260303*035*SPDY");
    publish(&house, "in.tms.speedy.210", &x12("IM", &["ST*210*2101", &bill])).await;

    let notice = received(&house, "out.erp.bigstore.856").await;
    assert_eq!(notice["SN1"][0]["02"], "3");
    let invoice = received(&house, "out.erp.bigstore.810").await;
    assert_eq!((&invoice["TDS"][0]["01"], &invoice["IT1"][0]["04"]), (&json!("975"), &json!("3.25")));
    let view = until(&house, "PO-1", "delivered", |view| {
        view.composite.shipments.iter().all(|own| own.rank >= Milestone::TransportDelivered.rank())
    })
    .await;
    // A 990 states no price, so that a person looks at the bill.
    let open: Vec<String> = view.composite.exceptions.iter().map(|open| open.kind.to_string()).collect();
    assert!(open.iter().all(|kind| kind == "freight_mismatch s1") && view.composite.claims.is_empty(), "{open:?}");
    house.close().await.expect("drained");
}

/// The profile of the ERP that takes orders over.
const CLOUD: &str = r#"
partner = "erp-cloud"
system = "erp"
version = 1
[out.confirm_shipment]
message = "shipped"
assume = "accepted"
body = "canonical"
[out.bill]
message = "bill"
assume = "accepted"
body = "canonical"
"#;

async fn hand_over(house: &House, order: &str, to: &str) {
    let source = Source {
        service: "waybill".to_owned(),
        partner: None,
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: "2027-01-01T00:00:00Z".parse().expect("a time"),
        operator: Some(Operator { who: "ada".to_owned(), why: "the old ERP is switched off".to_owned() }),
    };
    let fact = Fact::HandedOver(HandOver { to: PartnerId::new(to).expect("an id") });
    let facts = vec![Told { id: FactId::of(&[b"handed over", order.as_bytes()]), fact }];
    let entry =
        Entry { id: EntryId::of(&[b"handed over", order.as_bytes()]), content: Content::Facts { source, facts } };
    let journal = Journal::<Fulfilment>::new(house.connection.js.clone(), fulfilment::LAYOUT);
    journal.append(&Key::of(order), Lane::Ops.as_str(), &entry).await.expect("appended");
}

/// What a system's partners received of an order, whatever its number.
async fn messages(house: &House, system: &str, order: &str) -> BTreeSet<String> {
    let stream = house.connection.js.get_stream(streams::OUTBOX).await.expect("the stream");
    let mut found = BTreeSet::new();
    let mut subjects = stream.info_with_subjects(format!("out.{system}.>")).await.expect("subjects");
    let mut all = Vec::new();
    while let Some((subject, _)) = subjects.try_next().await.expect("a subject") {
        all.push(subject);
    }
    let state = stream.get_info().await.expect("known").state;
    for sequence in state.first_sequence..=state.last_sequence {
        let Ok(message) = stream.direct_get(sequence).await else { continue };
        let text = String::from_utf8_lossy(&message.payload).into_owned();
        if all.contains(&message.subject.to_string()) && text.contains(order) {
            found.insert(format!("{} {}", message.subject, text.replace(order, "ORDER")));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_move_to_another_erp_are_the_same_to_warehouses_and_carriers() {
    let house = open(1).await;
    let _partners = partners(&house).await;
    add(&house, "erp-cloud", System::Erp, "cloud", CLOUD).await;
    // What is asked of the warehouse waits until the orders are moved.
    switch(&house, "wms-east", System::Wms, true).await;
    let is_off = |served: &Vec<Value>| served.iter().any(|own| own["partner"] == "wms-east" && own["disabled"] == true);
    eventually(&house, "wms-adapter.partners", json!({}), "switched off", is_off).await;
    let orders: Vec<String> = (10..18).map(|number| format!("MOVE-{number}")).collect();
    for (nth, order) in orders.iter().enumerate() {
        publish(&house, "in.erp.erp-main.order", &release(order)).await;
        if nth % 2 == 1 {
            until(&house, order, "released", |view| view.released.is_some()).await;
            hand_over(&house, order, "erp-cloud").await;
        }
    }
    switch(&house, "wms-east", System::Wms, false).await;
    for (nth, order) in orders.iter().enumerate() {
        let is_done = |view: &OrderView| view.composite.ended.is_some() || view.composite.rank >= 150;
        until(&house, order, "delivered", is_done).await;
        let begun = Instant::now();
        let expected = if nth % 2 == 1 { "out.erp.erp-cloud.shipped" } else { "out.erp.erp-main.shpcon" };
        while !messages(&house, "erp", order).await.iter().any(|message| message.starts_with(expected)) {
            assert!(begun.elapsed() < PATIENCE, "{order} is not confirmed to {expected}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let (stayed, moved) = (&orders[0], &orders[1]);
    for system in ["wms", "tms"] {
        let told = messages(&house, system, stayed).await;
        assert_eq!(told.len(), 1, "{system}: {told:?}");
        for order in &orders {
            assert_eq!(messages(&house, system, order).await, told, "{system} of {order}");
        }
    }
    assert!(!messages(&house, "erp", moved).await.iter().any(|message| message.contains("erp-main")), "nothing of it");
    house.close().await.expect("drained");
}
