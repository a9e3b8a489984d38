use model::{LineId, LocationId, Money, Quantity, ShipmentId, Sku};
use reconcile::discrepancy::Stream;
use reconcile::{About, EntryRef, Remedy, Side};
use visibility::reconciling::Gap;

use super::*;

fn entry(stream: Stream, sequence: u64) -> EntryRef {
    EntryRef { stream, sequence }
}

fn money(amount: i64) -> Money {
    Money { amount: amount.into(), currency: model::Currency::new("EUR").unwrap() }
}

fn reconciled() -> Reconciled {
    let order = OrderId::new("MY 1/7").unwrap();
    let since = "2026-03-01T08:00:00Z".parse().unwrap();
    let quantity = Discrepancy {
        kind: Kind::Quantity,
        about: About::Order {
            order: order.clone(),
            shipment: Some(ShipmentId::new("s1").unwrap()),
            line: Some(LineId::new("10").unwrap()),
            what: Some("delivered".to_owned()),
        },
        one: Side::new("wms-ham", "shipped 10 EA", vec![entry(Stream::Orders, 41)]),
        other: Side::new("tms, \"main\"", "delivered 8 EA", vec![entry(Stream::Orders, 57), entry(Stream::Orders, 58)]),
        since,
        stake: Some(money(19)),
        remedy: Remedy::Person("ask both".to_owned()),
    };
    let bill = Discrepancy {
        kind: Kind::NotBilled,
        about: About::Order { order, shipment: None, line: None, what: None },
        one: Side::new("tms-main", "delivered 8 EA of line 10", Vec::new()),
        other: Side::new("erp-main", "no invoice", Vec::new()),
        since,
        stake: None,
        remedy: Remedy::AskAgain(model::AskId::new("MY 1/7/bill").unwrap()),
    };
    let stock = Discrepancy {
        kind: Kind::StockCounted,
        about: About::Stock {
            location: LocationId::new("HAM").unwrap(),
            sku: Sku::new("ITEM-0007").unwrap(),
            unit: Quantity::each(1).unit,
            what: "2026-03-01T08:00:00.000Z".to_owned(),
        },
        one: Side::new("waybill", "100 EA", vec![entry(Stream::Stock, 7)]),
        other: Side::new("wms-ham", "counted 97 EA", vec![entry(Stream::Stock, 9)]),
        since,
        stake: None,
        remedy: Remedy::Person("look for the goods".to_owned()),
    };
    Reconciled {
        as_of: "2026-03-02T09:00:00Z".parse().unwrap(),
        sequence: 99,
        orders: 1,
        entries: 98,
        discrepancies: vec![quantity, bill, stock],
        beyond: 0,
        gaps: vec![Gap { from: 60, to: 60 }],
        unreadable: Vec::new(),
    }
}

#[test]
fn what_does_not_agree_as_a_text() {
    let found = reconciled();
    let heal = Some(heal::plan(&found.discrepancies));
    let text = table::render(&Shown { reconciled: found, accepted: 1, heal });
    let text = anstream::adapter::strip_str(&text).to_string();
    assert_eq!(text, include_str!("expected.txt"));
}

#[test]
fn comma_separated_values_hold_every_side_whatever_it_says() {
    let csv = table::csv(&reconciled()).unwrap();
    let mut rows = csv::Reader::from_reader(csv.as_slice());
    let headings = rows.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        rows[row].get(headings.iter().position(|heading| heading == name).unwrap()).unwrap().to_owned()
    };
    assert_eq!(rows.len(), 3);
    assert_eq!(["kind", "order", "shipment", "line"].map(|name| cell(0, name)), ["quantity", "MY 1/7", "s1", "10"]);
    assert_eq!(cell(0, "other"), "tms, \"main\"");
    assert_eq!(cell(0, "other_entries"), "ORDERS 57 ORDERS 58");
    assert_eq!([cell(0, "stake"), cell(0, "currency"), cell(0, "age_seconds")], ["19", "EUR", "90000"]);
    assert_eq!([cell(2, "location"), cell(2, "sku"), cell(2, "order")], ["HAM", "ITEM-0007", ""]);
}

#[test]
fn only_what_adds_no_opinion_is_healed_and_each_once() {
    let mut found = reconciled().discrepancies;
    found.push(found[1].clone());
    let healed = heal::plan(&found);
    assert_eq!(healed.entries.len(), 1);
    assert_eq!(healed.entries[0].says.len(), 1);
    assert_eq!((healed.for_a_person, healed.done), (2, false));
}

#[test]
fn a_cut_off_is_an_entry_or_a_time() {
    assert_eq!(cut_off("1042").unwrap(), CutOff::Sequence(1042));
    let at = "2026-03-01T14:00:00Z".parse().unwrap();
    assert_eq!(cut_off("2026-03-01T14:00Z").unwrap(), CutOff::Time(at));
    assert!(cut_off("soon").unwrap_err().ends_with("or the number of an entry"));
}

#[test]
fn all_agrees_only_when_the_log_is_whole() {
    let mut found = reconciled();
    found.discrepancies.clear();
    assert_eq!(verdict(&found), Verdict::Wrong, "it lacks an entry");
    found.gaps.clear();
    assert_eq!(verdict(&found), Verdict::Fine);
    found.unreadable.push(5);
    assert_eq!(verdict(&found), Verdict::Wrong);
}
