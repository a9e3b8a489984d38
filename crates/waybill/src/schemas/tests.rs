use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use engine::{Content, EntryId, FactId, Folded, Source, Told};
use fulfilment::{Fulfilment, composite};
use model::{
    Ask, Deadline, End, Exception, ExceptionKind, Milestone, Movement, MovementKind, Progress, Quantity, ShipmentId,
    System, Timestamp, When,
};
use serde::Serialize;

use super::*;
use crate::{sample, schema};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(FOLDER)
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let listed = fs::read_dir(folder).into_iter().flatten();
    let names = listed.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.ends_with(".json")).collect()
}

#[test]
fn the_files_are_those_the_types_make() {
    let folder = folder();
    let mut surplus = names_in(&folder);
    let mut wrong = Vec::new();
    for (name, schema) in all() {
        surplus.remove(&name);
        match fs::read_to_string(folder.join(&name)) {
            Err(_) => wrong.push(format!("{name} is missing")),
            Ok(file) if file.trim_end() != schema::text(&schema) => wrong.push(format!("{name} is stale")),
            Ok(_) => {}
        }
    }
    wrong.extend(surplus.iter().map(|name| format!("{name} is surplus: delete it")));
    assert!(wrong.is_empty(), "in {}:\n  {}\nmake them again with: {HOW}", folder.display(), wrong.join("\n  "));
}

#[test]
fn every_schema_has_a_name_and_a_title_of_its_own() {
    let all = all();
    let names: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let titles: BTreeSet<&str> = all.iter().map(|(_, schema)| schema["title"].as_str().unwrap()).collect();
    assert_eq!((names.len(), titles.len()), (all.len(), all.len()));
    assert!(all.is_sorted_by(|(left, _), (right, _)| left < right));
}

/// Holds a value against the schema of this name, and back: another shape must not fit.
fn assert_fits<T: Serialize>(name: &str, value: &T) {
    let value = serde_json::to_value(value).unwrap();
    assert_eq!(misfits(name, &value), Vec::<String>::new(), "{name}: {value:#}");
    assert!(!misfits(name, &json!(["another shape"])).is_empty(), "{name} takes anything");
}

fn misfits(name: &str, value: &Value) -> Vec<String> {
    let (_, schema) = all().into_iter().find(|(file, _)| *file == format!("{name}.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn what_is_written_fits_its_schema() {
    let entries = sample::entries();
    for record in &entries {
        assert_fits("entry", &record.entry);
        match &record.entry.content {
            Content::Facts { facts, .. } => facts.iter().for_each(|told| assert_fits("fact", &told.fact)),
            Content::Decisions { decisions, .. } => decisions.iter().for_each(|taken| assert_fits("decision", taken)),
            Content::Due { .. } => {}
        }
    }
    let folded = Folded::<Fulfilment>::replay(&sample::key(), &entries);
    let state = folded.state();
    assert_fits("composite", &composite(state));
    let view = OrderView {
        order: sample::ORDER.to_owned(),
        composite: composite(state),
        released: state.order().cloned(),
        lines: state.lines(),
        timeline: Vec::new(),
        lanes: std::collections::BTreeMap::from([(model::Lane::Erp, 10)]),
        sequence: folded.seen(),
        updated: folded.now(),
        unreadable: None,
    };
    assert_fits("visibility.order.get.reply", &view);
    assert_fits("visibility.lag.reply", &Lag::default());
    let update = CloudEvent {
        specversion: "1.0".to_owned(),
        id: "1".to_owned(),
        source: "waybill".to_owned(),
        kind: "waybill.order.shipped".to_owned(),
        subject: sample::ORDER.to_owned(),
        time: folded.now(),
        datacontenttype: "application/json".to_owned(),
        data: visibility::updates::Update::of(sample::ORDER, &composite(state)).unwrap(),
    };
    assert_fits("update", &update);
}

#[test]
fn every_kind_of_decision_fits() {
    let kind = ExceptionKind::NoStock(ShipmentId::new("s1").unwrap());
    let decisions = [
        Decision::Deadline(Deadline { name: "ship-s1".to_owned(), at: Timestamp::from_millis(1) }),
        Decision::Raise(Exception { kind: kind.clone(), detail: "x".to_owned() }),
        Decision::Raise(Exception { kind: ExceptionKind::Invalid, detail: "x".to_owned() }),
        Decision::Resolve(kind),
        Decision::End(End::Closed),
    ];
    decisions.iter().for_each(|decision| assert_fits("decision", decision));
}

#[test]
fn a_stock_movement_fits() {
    let order = sample::order();
    let movement = Movement {
        location: order.lines[0].ship_from.clone().unwrap(),
        sku: order.lines[0].sku.clone(),
        kind: MovementKind::Counted,
        quantity: Quantity::each(7),
        occurred: When::parse("2026-03-01").unwrap(),
    };
    assert_fits("stock_movement", &movement);
    let source = source();
    let facts = vec![Told { id: FactId([1; 16]), fact: movement }];
    let entry = Entry::<Movement, Decision> { id: EntryId([2; 16]), content: Content::Facts { source, facts } };
    assert_fits("stock_entry", &entry);
}

#[test]
fn a_list_of_each_kind_fits() {
    let progress =
        Progress { line: sample::order().lines[0].line.clone(), quantity: Quantity::each(1), location: None };
    let order = model::ListedOrder { order: OrderId::new(sample::ORDER).unwrap(), lines: vec![progress] };
    let stock = model::ListedStock {
        location: sample::order().lines[0].ship_from.clone().unwrap(),
        sku: sample::order().lines[0].sku.clone(),
        on_hand: Quantity::each(7),
    };
    let shipment = model::ListedShipment {
        reference: "PRO1".to_owned(),
        order: None,
        shipment: None,
        milestone: Some(Milestone::TransportInTransit),
    };
    for listed in [
        model::Listed::Orders(vec![order]),
        model::Listed::Stock(vec![stock]),
        model::Listed::Shipments(vec![shipment]),
    ] {
        let taken = When::parse("2026-03-01T10:00Z").unwrap();
        let partner = PartnerId::new("p").unwrap();
        let snapshot = model::Snapshot { system: System::Erp, partner, taken, complete: true, listed };
        let facts = vec![Told { id: FactId([1; 16]), fact: snapshot }];
        let entry = SnapshotEntry { id: EntryId([2; 16]), content: Content::Facts { source: source(), facts } };
        assert_fits("snapshot_entry", &entry);
    }
}

fn source() -> Source {
    Source {
        service: "wms-adapter".to_owned(),
        partner: None,
        message: None,
        profile: None,
        profile_name: None,
        inbox: Some(1),
        received: Timestamp::from_millis(0),
        operator: None,
    }
}

#[test]
fn questions_fit_even_when_they_leave_everything_out() {
    assert_fits("visibility.order.list.request", &OrderList::default());
    assert_fits("visibility.exception.list.request", &ExceptionList::default());
    assert_fits("visibility.stock.request", &StockList::default());
    assert_fits("visibility.digest.request", &DigestGet::default());
    assert_fits("visibility.order.get.request", &OrderGet { order: sample::ORDER.to_owned() });
    assert!(misfits("visibility.order.list.request", &json!({})).is_empty());
    assert!(!misfits("visibility.order.list.request", &json!({ "no_such_filter": 1 })).is_empty());
}

/// What a partner gets whose profile asks for the ask as it is.
fn canonical(request: Request) -> Value {
    let section = format!("[out.{}]\nmessage = \"ask\"\nbody = \"canonical\"\n", request.kind());
    let profile = format!("partner = \"p\"\nsystem = \"wms\"\nversion = 1\n{section}");
    let profile = partners::Profile::load("p.toml", &profile).unwrap();
    let ask = Ask {
        id: model::AskId::new("SO-1/ask").unwrap(),
        system: System::Wms,
        partner: PartnerId::new("p").unwrap(),
        request,
    };
    let number = partners::ControlNumbers::new(partners::Numbered::Orders, 1).nth(0);
    let sending = partners::Sending { asked: model::Timestamp::from_millis(1), number };
    serde_json::from_slice(&profile.encode(&sample::order_id(), &ask, sending).unwrap().body).unwrap()
}

#[test]
fn the_ask_a_partner_gets_fits_and_says_its_kind() {
    let entries = sample::entries();
    let folded = Folded::<Fulfilment>::replay(&sample::key(), &entries);
    let asked = folded.state().asks().map(|ask| ask.request.clone());
    let lines =
        || vec![Progress { line: sample::order().lines[0].line.clone(), quantity: Quantity::each(1), location: None }];
    let closing =
        [Request::ConfirmShipment { lines: lines(), sale: None }, Request::Bill { lines: lines(), sale: None }];
    let mut kinds = BTreeSet::new();
    for request in asked.chain(closing) {
        kinds.insert(request.kind());
        let value = canonical(request);
        assert_fits("partner_ask", &value);
        let mut unnamed = value.clone();
        unnamed.as_object_mut().unwrap().remove("ask");
        assert!(!misfits("partner_ask", &unnamed).is_empty());
    }
    assert_eq!(kinds.len(), 4);
    let told = json!({ "kind": "update_customer", "order": "1", "ask": "2", "partner": "3", "milestone": Milestone::TransportDelivered });
    assert!(!misfits("partner_ask", &told).is_empty(), "no partner is asked to tell the customer");
}
