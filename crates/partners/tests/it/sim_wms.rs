//! The simulated warehouses' messages.

use model::{
    Answer, AskId, Classifier, Fact, LocationId, Milestone, MilestoneReached, Movement, MovementKind, Outcome,
    ParcelId, Place, Reason, ShipmentId, Sku, Timestamp, When, Zone,
};
use partners::{Profile, Told, UnreadableKind, shipped};

use crate::{decode, facts, one_order, partner, progress, quantity, received, shipped_profile};

/// 2026-03-01T14:05:09.120Z.
const AT: i64 = 1_772_373_909_120;

fn at_site() -> Option<Place> {
    Some(Place { location: LocationId::new("EAST").ok(), ..Place::default() })
}

fn milestone(milestone: Milestone, code: &str, lines: Vec<model::Progress>) -> MilestoneReached {
    MilestoneReached {
        milestone,
        classifier: Classifier::Actual,
        occurred: When::exact(Timestamp::from_millis(AT)),
        shipment: ShipmentId::new("SO-1-1").ok(),
        parcel: None,
        place: at_site(),
        lines,
        code: Some(code.into()),
    }
}

fn reply(result: &str, rest: &str) -> String {
    format!(
        r#"{{"event": "E1", "request": "allocate.SO-1-1", "order_no": "SO-1", "shipment_no": "SO-1-1",
             "result": "{result}"{rest}}}"#
    )
}

fn status(code: &str, rest: &str) -> String {
    format!(
        r#"{{"event": "E2", "order_no": "SO-1", "shipment_no": "SO-1-1", "code": "{code}", "at": {AT}, "site": "EAST"
             {rest}}}"#
    )
}

const ITEMS: &str = r#", "items": [{"line": "10", "qty": 5, "uom": "PC"}, {"line": "20", "qty": "15.0", "uom": "PC"}]"#;

fn both_lines() -> Vec<model::Progress> {
    vec![progress("10", "5", Some("EAST")), progress("20", "15.0", Some("EAST"))]
}

#[test]
fn an_allocation_settles_the_ask_and_is_a_milestone() {
    let raw = reply("ALLOC", &format!(r#", "at": {AT}, "site": "EAST"{ITEMS}"#));
    let answer = Answer { ask: AskId::new("allocate.SO-1-1").unwrap(), outcome: Outcome::Accepted };
    let allocated = milestone(Milestone::FulfilmentAllocated, "ALLOC", both_lines());
    assert_eq!(facts(decode("sim-wms", "reply", &raw)), [Fact::Answered(answer), Fact::Milestone(allocated)]);
}

#[test]
fn too_little_stock_and_a_rejection_are_refusals() {
    let outcome = |raw: &str| match &facts(decode("sim-wms", "reply", raw))[..] {
        [Fact::Answered(answer)] => answer.outcome.clone(),
        other => panic!("{other:?}"),
    };
    let short = Outcome::Refused { reason: Reason::QuantityShort, detail: Some("2 of 5".into()) };
    assert_eq!(outcome(&reply("SHORT", r#", "text": "2 of 5""#)), short);
    let rejected = Outcome::Refused { reason: Reason::ShipperDataError, detail: None };
    assert_eq!(outcome(&reply("REJECT", r#", "reason": "NOITEM""#)), rejected);
    let failed = Outcome::Failed { detail: "the partner gave no detail".into() };
    assert_eq!(outcome(&reply("ERROR", "")), failed);
}

#[test]
fn each_status_is_its_milestone() {
    for (code, expected) in [
        ("PICKED", Milestone::FulfilmentPicked),
        ("PACKED", Milestone::FulfilmentPacked),
        ("STAGED", Milestone::FulfilmentStaged),
        ("SHIPPED", Milestone::FulfilmentGoodsIssued),
        ("RETURNED", Milestone::TransportReturned),
    ] {
        let told = facts(decode("sim-wms", "status", &status(code, ITEMS)));
        assert_eq!(told, [Fact::Milestone(milestone(expected, code, both_lines()))]);
    }
}

#[test]
fn picking_that_has_begun_is_an_estimate_of_the_pick() {
    let told = facts(decode("sim-wms", "status", &status("PICKSTART", ITEMS)));
    let picked = milestone(Milestone::FulfilmentPicked, "PICKSTART", both_lines());
    assert_eq!(told, [Fact::Milestone(MilestoneReached { classifier: Classifier::Estimated, ..picked })]);
}

#[test]
fn cartons_are_parcels_with_what_they_hold() {
    let cartons = r#", "cartons": [
        {"sscc": "P1", "items": [{"line": "10", "qty": 3, "uom": "PC"}]},
        {"sscc": "P2", "items": [{"line": "10", "qty": 2, "uom": "PC"}]}]"#;
    let (_, told, _) = one_order(decode("sim-wms", "status", &status("PACKED", cartons)));
    let carton = |parcel: &str, amount: &str| {
        let lines = vec![progress("10", amount, Some("EAST"))];
        let parcel = ParcelId::new(parcel).ok();
        Fact::Milestone(MilestoneReached { parcel, ..milestone(Milestone::FulfilmentPacked, "PACKED", lines) })
    };
    assert_eq!(told.iter().map(|told| told.fact.clone()).collect::<Vec<_>>(), [carton("P1", "3"), carton("P2", "2")]);
    assert_ne!(told[0].id, told[1].id);
}

#[test]
fn an_unknown_status_is_named() {
    let profile = shipped_profile("sim-wms");
    let why = profile.decode("status", status("MISLAID", "").as_bytes(), received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::UnknownCode, "code"));
    let why = profile.decode("gossip", b"{}", received()).unwrap_err();
    assert_eq!(why.kind, UnreadableKind::UnknownMessage);
}

#[test]
fn stock_movements_keep_their_sign_and_their_id() {
    let raw = format!(
        r#"{{"movements": [
            {{"id": "M1", "site": "EAST", "article": "BOLT-8", "type": "GR", "qty": 100, "uom": "PC", "at": {AT}}},
            {{"id": "M2", "site": "EAST", "article": "BOLT-8", "type": "ADJ", "qty": -2, "uom": "PC", "at": {AT}}},
            {{"id": "M3", "site": "EAST", "article": "BOLT-8", "type": "GR", "qty": -1, "uom": "PC", "at": {AT}}},
            {{"id": "M4", "site": "EAST", "article": "NUT-8", "type": "CNT", "qty": "12.5", "uom": "KG", "at": {AT}}}]}}"#
    );
    let told = decode("sim-wms", "stock", &raw);
    let movement = |sku: &str, kind, amount: &str, unit: &str| Movement {
        location: LocationId::new("EAST").unwrap(),
        sku: Sku::new(sku).unwrap(),
        kind,
        quantity: quantity(amount, unit),
        occurred: When::exact(Timestamp::from_millis(AT)),
    };
    let [
        Told::Stock { id: first, movement: received },
        Told::Stock { id: second, movement: adjusted },
        Told::Rejected(below_zero),
        Told::Stock { movement: counted, .. },
    ] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!(received, &movement("BOLT-8", MovementKind::Received, "100", "EA"));
    assert_eq!(adjusted, &movement("BOLT-8", MovementKind::Adjusted, "-2", "EA"));
    assert_eq!(counted, &movement("NUT-8", MovementKind::Counted, "12.5", "KGM"));
    assert_eq!(below_zero.why.field, "movements[2].qty");
    assert_ne!(first, second);
}

#[test]
fn the_same_event_of_two_warehouses_is_two_facts() {
    let (_, text) = shipped().iter().find(|(name, _)| *name == "sim-wms").unwrap();
    let id = |name: &str| {
        let profile = Profile::load_for("sim-wms", text, partner(name)).unwrap();
        assert_eq!(profile.partner, partner(name));
        one_order(profile.decode("status", status("PICKED", ITEMS).as_bytes(), received()).unwrap()).1[0].id
    };
    assert_eq!(id("wms-east"), id("wms-east"));
    assert_ne!(id("wms-east"), id("wms-west"));
}

#[test]
fn milliseconds_since_1970_are_an_exact_time() {
    let told = facts(decode("sim-wms", "status", &status("PICKED", "")));
    let [Fact::Milestone(picked)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(picked.occurred.to_string(), "2026-03-01T14:05:09.120Z");
    assert_eq!(picked.occurred.zone, Zone::Offset(0));
    assert_eq!(picked.lines, []);
}

#[test]
fn a_list_of_no_items_is_not_taken_for_all_of_them() {
    let raw = status("PICKED", r#", "items": []"#);
    let why = shipped_profile("sim-wms").decode("status", raw.as_bytes(), received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::Empty, "items"));
    assert!(why.to_string().contains("lists no line that counts"), "{why}");
}
