//! Values of the right form that nobody means: each is refused by the name of its field, with what was expected.

use model::{Fact, Quantity, Timestamp};
use partners::{Unreadable, UnreadableKind, fact::MOST_AHEAD, place::MOST_MONEY};

use crate::{decode, facts, received, shipped_profile};

fn refused(profile: &str, message: &str, raw: &str) -> Unreadable {
    let why = shipped_profile(profile).decode(message, raw.as_bytes(), received()).unwrap_err();
    assert_eq!(why.kind, UnreadableKind::WrongValue, "{why}");
    why
}

fn order(vdatu: &str, menge: &str, netpr: &str) -> String {
    format!(
        r#"{{"documents": [{{"vbeln": "SO-1", "kunnr": "C-1", "waerk": "EUR", "vdatu": "{vdatu}",
            "partner_we": {{"land1": "DE"}}, "items": [{{"posnr": "10", "matnr": "BOLT", "menge": {menge}, "meins": "ST",
            "netpr": {netpr}, "werks": "EAST"}}]}}]}}"#
    )
}

fn packed(at: i64) -> String {
    format!(r#"{{"event": "E1", "order_no": "SO-1", "shipment_no": "s1", "code": "PACKED", "at": {at}}}"#)
}

#[test]
fn dates_for_none_and_for_ever_are_no_dates() {
    for vdatu in ["00010101", "99991231"] {
        let why = refused("sim-erp", "order", &order(vdatu, "5", "1.5"));
        assert_eq!(why.field, "documents[0].vdatu");
        assert!(why.detail.contains(vdatu) && why.detail.contains("1970 to 2199"), "{why}");
    }
    let Fact::Released(order) = &facts(decode("sim-erp", "order", &order("00000000", "5", "1.5")))[0] else { panic!() };
    assert_eq!(order.promised, None, "as SAP writes a date that is not set");
}

#[test]
fn more_than_there_can_be_is_refused() {
    let most = Quantity::MOST;
    let why = refused("sim-erp", "order", &order("20260310", "1000000000001", "1.5"));
    assert_eq!(why.field, "documents[0].items[0].menge");
    assert!(why.detail.ends_with(&format!("expected at most {most}")), "{why}");
    assert_eq!(facts(decode("sim-erp", "order", &order("20260310", "1000000000000", "1.5"))).len(), 1);
    let count = r#"{"movements": [{"id": "M1", "site": "EAST", "article": "BOLT", "type": "CNT", "qty": -1e13, "uom": "PC",
        "at": 1772366400000}]}"#;
    let why = refused("sim-wms", "stock", count);
    assert_eq!(why.field, "movements[0].qty");
    assert!(why.detail.contains(&format!("from -{most} to {most}")), "{why}");
}

#[test]
fn prices_and_bills_are_not_below_nothing() {
    for netpr in ["-0.01", "2e15"] {
        let why = refused("sim-erp", "order", &order("20260310", "5", netpr));
        assert_eq!(why.field, "documents[0].items[0].netpr");
        assert!(why.detail.contains(&format!("from 0 to {MOST_MONEY}")), "{why}");
    }
    let bill = r#"{"invoice": "F1", "shipper_ref": {"order": "SO-1", "shipment": "s1"}, "total_cents": -100,
        "currency": "EUR"}"#;
    let why = refused("sim-tms", "freight_invoice", bill);
    assert_eq!(why.field, "total_cents");
    assert!(why.detail.contains("-1.00"), "{why}");
    let booking = r#"{"shipper_ref": {"order": "SO-1", "shipment": "s1"}, "tender": "a", "answer": "A", "scac": "X",
        "pro": "P", "answered_at": "2026-03-01T11:00:00Z", "rate": {"amount": "-5", "currency": "EUR"}}"#;
    assert_eq!(refused("sim-tms", "booking", booking).field, "rate.amount");
}

#[test]
fn what_is_said_to_have_happened_in_years_has_not() {
    let last = received().plus_millis(MOST_AHEAD).as_millis();
    let Fact::Milestone(taken) = &facts(decode("sim-wms", "status", &packed(last)))[0] else { panic!() };
    assert_eq!(taken.occurred.at, Timestamp::from_millis(last), "flagged where statuses are folded");
    let why = refused("sim-wms", "status", &packed(last + 1));
    assert_eq!(why.field, "at");
    assert!(why.detail.contains("2027-03-02T12:00:00") && why.detail.contains("a year after its receipt"), "{why}");
    // Microseconds where milliseconds are agreed on.
    let why = refused("sim-wms", "status", &packed(1_772_366_400_000_000));
    assert!(why.detail.contains("1970 to 2199"), "{why}");
    let hold = r#"{"id": "1", "pro": "P", "code": "HLD", "at": "2030-01-01T00:00:00Z"}"#;
    assert_eq!(refused("sim-tms", "event", hold).field, "at");
    let eta = r#"{"id": "1", "pro": "P", "code": "ETA", "eta": "2030-01-01"}"#;
    assert_eq!(facts(decode("sim-tms", "event", eta)).len(), 1, "what is planned may lie far ahead");
}
