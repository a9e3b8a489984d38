//! The simulated carrier's messages.

use std::collections::BTreeSet;

use model::{
    Answer, AskId, Booking, Classifier, Condition, ConditionKind, Country, Currency, Fact, FreightInvoice, Milestone,
    MilestoneReached, Money, OrderId, Outcome, Place, Reason, ShipmentId,
};
use partners::{Identified, OrderRef, UnreadableKind, Xref};

use crate::{decode, facts, one_order, partner, progress, received, shipped_profile, when};

const BOOKING: &str = r#"{"tender": "book.SO-1-1", "shipper_ref": {"order": "SO-1", "shipment": "SO-1-1"}, "answer": "A",
    "scac": "DHLX", "pro": "JD0140", "answered_at": "2026-03-01T15:00:00+01:00",
    "rate": {"amount": "123.45", "currency": "EUR"}}"#;

fn euro(amount: &str) -> Money {
    Money { amount: amount.parse().unwrap(), currency: Currency::new("EUR").unwrap() }
}

fn shipment() -> ShipmentId {
    ShipmentId::new("SO-1-1").unwrap()
}

fn reached(milestone: Milestone, classifier: Classifier, code: &str, at: &str) -> MilestoneReached {
    MilestoneReached {
        milestone,
        classifier,
        occurred: when(at),
        shipment: None,
        parcel: None,
        place: None,
        lines: vec![],
        code: Some(code.into()),
    }
}

#[test]
fn an_accepted_tender_books_and_names_its_tracking_number() {
    let (order, told, xrefs) = one_order(decode("sim-tms", "booking", BOOKING));
    assert_eq!(order, OrderRef::Order(OrderId::new("SO-1").unwrap()));
    assert_eq!(xrefs, [Xref { reference: "JD0140".into(), shipment: Some(shipment()) }]);
    let accepted = reached(Milestone::TransportAccepted, Classifier::Actual, "A", "2026-03-01T15:00:00+01:00");
    assert_eq!(
        told.into_iter().map(|told| told.fact).collect::<Vec<_>>(),
        [
            Fact::Answered(Answer { ask: AskId::new("book.SO-1-1").unwrap(), outcome: Outcome::Accepted }),
            Fact::Booked(Booking {
                shipment: shipment(),
                tms: partner("tms-main"),
                carrier: "DHLX".into(),
                tracking: "JD0140".into(),
                charge: Some(euro("123.45")),
            }),
            Fact::Milestone(MilestoneReached { shipment: Some(shipment()), ..accepted }),
        ]
    );
}

#[test]
fn a_declined_tender_is_a_refusal_without_a_number() {
    let raw = r#"{"tender": "book.SO-1-1", "shipper_ref": {"order": "SO-1", "shipment": "SO-1-1"}, "answer": "D",
        "decline_code": "CAP", "note": "no truck"}"#;
    let (_, told, xrefs) = one_order(decode("sim-tms", "booking", raw));
    let outcome = Outcome::Refused { reason: Reason::CarrierCapacity, detail: Some("no truck".into()) };
    assert_eq!(told[0].fact, Fact::Answered(Answer { ask: AskId::new("book.SO-1-1").unwrap(), outcome }));
    assert_eq!((told.len(), xrefs.len()), (1, 0));
}

#[test]
fn a_milestone_knows_its_tracking_number_until_the_shipment_is_filled_in() {
    let raw = r#"{"id": "e1", "pro": "JD0140", "code": "DLV", "at": "2026-03-04T10:15:00+01:00",
        "stop": {"city": "Hamburg", "country": "DE"}, "pieces": [{"line": "10", "count": 4, "unit": "PCS"}]}"#;
    let told = decode("sim-tms", "event", raw);
    let place = Place { city: Some("Hamburg".into()), country: Country::new("DE").ok(), ..Place::default() };
    let delivered = MilestoneReached {
        place: Some(place),
        lines: vec![progress("10", "4", None)],
        ..reached(Milestone::TransportDelivered, Classifier::Actual, "DLV", "2026-03-04T10:15:00+01:00")
    };
    let (order, identified, _) = one_order(told);
    assert_eq!(order, OrderRef::Reference("JD0140".into()));
    assert_eq!(identified[0].fact, Fact::Milestone(delivered.clone()));

    let mut filled = identified[0].clone();
    filled.on_a_load(&shipment(), (0, &[None]), 7);
    assert_eq!(filled.fact, Fact::Milestone(MilestoneReached { shipment: Some(shipment()), ..delivered }));
    assert_eq!(filled.id, identified[0].id);
}

#[test]
fn on_a_load_each_shipment_has_facts_of_its_own() {
    let (_, event, _) =
        one_order(decode("sim-tms", "event", r#"{"id": "e", "pro": "L", "code": "PU", "at": "2026-03-04"}"#));
    let bill = r#"{"invoice": "L-1", "pro": "L", "total_cents": 1001, "currency": "EUR"}"#;
    let (_, bill, _) = one_order(decode("sim-tms", "load_invoice", bill));
    let of = |told: &Identified, nth, of| {
        let mut told = told.clone();
        told.on_a_load(&shipment(), (nth, &vec![None; of]), 7);
        told
    };
    let ids = |told: &Identified, shares: &[(usize, usize)]| {
        shares.iter().map(|(nth, all)| of(told, *nth, *all).id).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(ids(&event[0], &[(0, 1), (0, 2), (0, 3)]), 1, "who joins later changes nothing for the first");
    assert_eq!(ids(&event[0], &[(0, 2), (1, 2), (2, 3)]), 3, "two shipments may be of one order");
    assert_eq!(ids(&bill[0], &[(0, 1), (0, 2), (1, 2), (0, 3)]), 4, "another share is another fact");
    let Fact::FreightInvoiced(share) = of(&bill[0], 0, 2).fact else { panic!("no bill") };
    assert_eq!(share.total.to_string(), "5.00 EUR");
    let named = of(&of(&bill[0], 0, 2), 1, 2);
    assert_eq!(named, of(&bill[0], 0, 2), "what names its shipment is none of the load's");
}

#[test]
fn each_code_is_a_milestone_a_condition_or_an_estimate() {
    let told = |code: &str, rest: &str| {
        let raw = format!(r#"{{"id": "e", "pro": "JD", "code": "{code}", "at": "2026-03-02T08:00Z"{rest}}}"#);
        facts(decode("sim-tms", "event", &raw))
    };
    for (code, expected) in [
        ("PU", Milestone::TransportPickedUp),
        ("DEP", Milestone::TransportDepartedFacility),
        ("ARR", Milestone::TransportArrivedFacility),
        ("INT", Milestone::TransportInTransit),
        ("OFD", Milestone::TransportOutForDelivery),
        ("ATT", Milestone::TransportDeliveryAttempted),
        ("DLV", Milestone::TransportDelivered),
        ("POD", Milestone::TransportPodReceived),
        ("RTN", Milestone::TransportReturning),
        ("RTD", Milestone::TransportReturned),
    ] {
        let expected = reached(expected, Classifier::Actual, code, "2026-03-02T08:00Z");
        assert_eq!(told(code, ""), [Fact::Milestone(expected)]);
    }
    let estimate = reached(Milestone::TransportDelivered, Classifier::Estimated, "ETA", "2026-03-04");
    assert_eq!(told("ETA", r#", "eta": "2026-03-04""#), [Fact::Milestone(estimate)]);
    for (code, kind, rest, reason, resolved) in [
        ("DLY", ConditionKind::Delayed, r#", "reason": "WX""#, Reason::Weather, false),
        ("HLD", ConditionKind::OnHold, r#", "reason": "CUST", "cleared": true"#, Reason::CustomsHold, true),
        ("EXC", ConditionKind::Exception, r#", "reason": "???", "cleared": false"#, Reason::Unknown, false),
        ("EXC", ConditionKind::Exception, "", Reason::Unknown, false),
    ] {
        let occurred = when("2026-03-02T08:00Z");
        let code_said = Some(code.to_owned());
        let expected = Condition { kind, reason, resolved, occurred, shipment: None, place: None, code: code_said };
        assert_eq!(told(code, rest), [Fact::Condition(expected)]);
    }
}

#[test]
fn a_history_is_read_event_by_event_and_an_unknown_code_is_rejected_alone() {
    let raw = r#"{"events": [
        {"id": "e1", "pro": "JD1", "code": "PU", "at": "2026-03-02T08:00Z"},
        {"id": "e2", "pro": "JD1", "code": "XX", "at": "2026-03-02T09:00Z"},
        {"id": "e3", "pro": "JD2", "code": "DLV", "at": "CCYYMMDD"},
        {"id": "e4", "code": "DLV", "at": "2026-03-02T09:00Z"}]}"#;
    let told = decode("sim-tms", "event", raw);
    let why: Vec<_> = told
        .iter()
        .filter_map(|told| match told {
            partners::Told::Rejected(rejected) => Some((rejected.why.kind, rejected.why.field.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        why,
        [
            (UnreadableKind::Unmapped, "events[1].code"),
            (UnreadableKind::WrongValue, "events[2].at"),
            (UnreadableKind::Missing, "events[3].pro"),
        ]
    );
    assert_eq!(told.len(), 4);
}

#[test]
fn a_freight_invoice_counts_cents() {
    let raw = r#"{"invoice": "F-9", "pro": "JD0140", "shipper_ref": {"order": "SO-1", "shipment": "SO-1-1"},
        "total_cents": 12345, "currency": "EUR"}"#;
    let invoice = FreightInvoice { shipment: Some(shipment()), number: "F-9".into(), total: euro("123.45") };
    assert_eq!(facts(decode("sim-tms", "freight_invoice", raw)), [Fact::FreightInvoiced(invoice)]);
}

#[test]
fn a_repeated_event_is_the_same_fact_whatever_else_changed() {
    let id = |id: &str, at: &str| {
        let raw = format!(r#"{{"id": "{id}", "pro": "JD", "code": "PU", "at": "{at}"}}"#);
        let told = shipped_profile("sim-tms").decode("event", raw.as_bytes(), received()).unwrap();
        one_order(told).1[0].id
    };
    assert_eq!(id("e1", "2026-03-02T08:00Z"), id("e1", "2026-03-02T08:01Z"));
    assert_ne!(id("e1", "2026-03-02T08:00Z"), id("e2", "2026-03-02T08:00Z"));
}
