//! Returns, as the simulated partners tell of them and are asked.

use model::{
    Ask, AskId, CustomerId, Fact, Grade, Inspected, Inspection, LineId, LocationId, Milestone, OrderId, Outcome, Place,
    Progress, Quantity, Reason, Request, ReturnAuthorisation, ReturnLine, ShipmentId, Sku, System,
};
use partners::{OrderRef, Profile, Told};
use serde_json::{Value, json};

use crate::{decode, one_order, partner, progress, quantity, shipped_profile};

fn workflow(profile: &str, message: &str, raw: &str) -> (String, OrderRef, Vec<Fact>) {
    let told = decode(profile, message, raw);
    let [Told::Order { workflow, .. }] = &told[..] else { panic!("{told:?}") };
    let workflow = workflow.to_string();
    let (order, facts, _) = one_order(told);
    (workflow, order, facts.into_iter().map(|told| told.fact).collect())
}

fn number(text: &str) -> OrderRef {
    OrderRef::Order(OrderId::new(text).unwrap())
}

fn line(amount: i64, reason: Reason) -> ReturnLine {
    let (line, sku) = (LineId::new("10").unwrap(), Sku::new("BOLT-8").unwrap());
    ReturnLine { line, sku, quantity: Quantity::each(amount), reason }
}

fn written(profile: &Profile, system: System, request: Request) -> (String, Value) {
    let ask = Ask { id: AskId::new(request.kind()).unwrap(), system, partner: partner("p"), request };
    let outgoing = profile.encode(&OrderId::new("R-1").unwrap(), &ask, crate::sending()).unwrap();
    (outgoing.message, serde_json::from_slice(&outgoing.body).unwrap())
}

#[test]
fn the_erp_authorises_a_return_of_an_order() {
    let raw = r#"{"docnum": "7", "vbeln": "60001", "vgbel": "SO-1", "kunnr": "C-1", "werks": "EAST", "lgsystem": "wms-east",
        "tdlsystem": "tms-main", "partner_ab": {"ort01": "Berlin"},
        "items": [{"vgpos": "10", "matnr": "BOLT-8", "menge": "2", "meins": "ST", "augru": "DMG"}]}"#;
    let authorised = ReturnAuthorisation {
        order: OrderId::new("SO-1").unwrap(),
        erp: partner("erp-main"),
        customer: CustomerId::new("C-1").unwrap(),
        wms: partner("wms-east"),
        location: LocationId::new("EAST").unwrap(),
        tms: Some(partner("tms-main")),
        from: Some(Place { city: Some("Berlin".into()), ..Place::default() }),
        lines: vec![line(2, Reason::GoodsDamaged)],
    };
    let expected = ("return".to_owned(), number("60001"), vec![Fact::ReturnAuthorised(authorised)]);
    assert_eq!(workflow("sim-erp", "return_authorised", raw), expected);
}

#[test]
fn a_return_without_lines_or_with_one_twice_is_refused_with_its_field() {
    let profile = shipped_profile("sim-erp");
    let item = r#"{"vgpos": "10", "matnr": "B", "menge": "1", "meins": "ST"}"#;
    for (items, field) in [("".to_owned(), "items"), (format!("{item}, {item}"), "items[1].vgpos")] {
        let raw = format!(
            r#"{{"vbeln": "6", "vgbel": "S", "kunnr": "C", "werks": "E", "lgsystem": "w", "items": [{items}]}}"#
        );
        let why = profile.decode("return_authorised", raw.as_bytes(), crate::received()).unwrap_err();
        assert!(why.field.starts_with(field), "{why:?}");
    }
}

#[test]
fn the_warehouse_tells_what_it_received_and_in_which_state() {
    let raw = r#"{"event": "E", "rma_no": "R-1", "request": "R-1/expect_return", "result": "EXPECTED"}"#;
    let (workflow_of, order, facts) = workflow("sim-wms", "return_reply", raw);
    assert_eq!((workflow_of.as_str(), order), ("return", number("R-1")));
    assert!(matches!(&facts[..], [Fact::Answered(answer)] if answer.outcome == Outcome::Accepted));

    let raw = r#"{"event": "E", "rma_no": "R-1", "at": 1772373909120, "site": "EAST",
        "items": [{"line": "10", "qty": 2, "uom": "PC"}]}"#;
    let (_, _, facts) = workflow("sim-wms", "return_received", raw);
    let [Fact::Milestone(reached)] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!(
        (reached.milestone, &reached.lines[..]),
        (Milestone::TransportReturned, &[progress("10", "2", Some("EAST"))][..])
    );

    let raw = r#"{"event": "E", "rma_no": "R-1", "items": [
        {"line": "10", "qty": 1, "uom": "PC", "grade": "A"}, {"line": "10", "qty": 2, "uom": "PC", "grade": "C"}]}"#;
    let found = |amount, grade| Inspected { line: LineId::new("10").unwrap(), quantity: quantity(amount, "EA"), grade };
    let lines = vec![found("1", Grade::Sound), found("2", Grade::Refused)];
    assert_eq!(workflow("sim-wms", "return_inspected", raw).2, [Fact::Inspected(Inspection { lines })]);
}

#[test]
fn a_credit_memo_answers_and_a_return_closed_without_one_only_answers() {
    let raw = r#"{"docnum": "8", "vbeln": "R-1", "reference": "R-1/credit", "status": "53", "vbeln_vf": "CM-1",
        "netwr": "19.00", "waerk": "EUR", "items": [{"vgpos": "10", "fkimg": "2", "meins": "ST"}]}"#;
    let (workflow_of, _, facts) = workflow("sim-erp", "credit_memo", raw);
    assert_eq!(workflow_of, "return");
    let [Fact::Answered(_), Fact::Credited(memo)] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!((memo.number.as_str(), &memo.lines[..]), ("CM-1", &[progress("10", "2", None)][..]));
    let raw = r#"{"docnum": "9", "vbeln": "R-1", "reference": "R-1/credit", "status": "53"}"#;
    assert!(matches!(&workflow("sim-erp", "credit_memo", raw).2[..], [Fact::Answered(_)]));
}

#[test]
fn the_carriers_number_means_the_return_from_the_collection_on() {
    let raw = r#"{"tender": "R-1/collect", "shipper_ref": {"order": "R-1", "shipment": "r1"}, "answer": "A",
        "scac": "DHLX", "pro": "T-9", "answered_at": "2026-03-01T15:00:00+01:00"}"#;
    assert_eq!(workflow("sim-tms", "collection", raw).0, "return");
    let (_, facts, xrefs) = one_order(decode("sim-tms", "collection", raw));
    assert_eq!(facts.iter().map(|told| told.fact.kind()).collect::<Vec<_>>(), ["answered", "booked"]);
    assert_eq!((xrefs[0].reference.as_str(), xrefs[0].shipment.as_ref().unwrap().as_str()), ("T-9", "r1"));
}

#[test]
fn a_message_without_a_workflow_is_about_an_order() {
    let raw = r#"{"docnum": "1", "vbeln": "SO-1", "reference": "SO-1/bill", "status": "53"}"#;
    assert_eq!(workflow("sim-erp", "confirmation", raw).0, partners::ORDER);
}

#[test]
fn each_ask_of_a_return_is_a_message_of_its_partner() {
    let (original_order, location) = (OrderId::new("SO-1").unwrap(), LocationId::new("EAST").unwrap());
    let lines = vec![line(2, Reason::GoodsDamaged)];
    let request = Request::ExpectReturn { original_order: original_order.clone(), location: location.clone(), lines };
    let item = json!({ "line": "10", "article": "BOLT-8", "qty": 2, "uom": "PC", "cause": "DAMAGED" });
    let body = json!({
        "request": "expect_return", "rma_no": "R-1", "order_no": "SO-1", "site": "EAST", "items": [item],
    });
    assert_eq!(written(&shipped_profile("sim-wms"), System::Wms, request), ("expect_return".into(), body));

    let request =
        Request::CancelReturn { undoes: AskId::new("R-1/expect_return").unwrap(), location: location.clone() };
    let body = json!({ "request": "cancel_return", "cancels": "R-1/expect_return", "rma_no": "R-1", "site": "EAST" });
    assert_eq!(written(&shipped_profile("sim-wms"), System::Wms, request), ("cancel_return".into(), body));

    let lines: Vec<Progress> = vec![progress("10", "2", None)];
    let request = Request::Credit { original_order, lines };
    let item = json!({ "vgpos": "10", "fkimg": 2, "meins": "ST" });
    let body = json!({ "reference": "credit", "vbeln": "R-1", "vgbel": "SO-1", "fkart": "RE", "items": [item] });
    assert_eq!(written(&shipped_profile("sim-erp"), System::Erp, request), ("credit".into(), body));

    let shipment = ShipmentId::new("r1").unwrap();
    let from = Place { city: Some("Berlin".into()), ..Place::default() };
    let request = Request::Collect { shipment, from, to: location, lines: Vec::new() };
    let body = json!({
        "tender": "collect", "shipper_ref": { "order": "R-1", "shipment": "r1" }, "pickup": { "city": "Berlin" },
        "deliver_to": { "site": "EAST" }, "goods": [],
    });
    assert_eq!(written(&shipped_profile("sim-tms"), System::Tms, request), ("collection".into(), body));
}
