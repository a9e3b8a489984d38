//! What systems tell of an order.

use model::{
    Answer, AskId, Booking, Classifier, Country, Currency, CustomerId, Fact, FreightInvoice, Invoice, LineId,
    LocationId, Milestone, MilestoneReached, Money, Order, OrderLine, Outcome, PartnerId, Place, Progress, Quantity,
    ShipmentId, Sku, Source, Timestamp, Validation, When,
};
use rust_decimal::Decimal;

pub const ERP: &str = "erp-1";
pub const WMS: &str = "wms-1";
pub const TMS: &str = "tms-main";

/// A moment of the month, in minutes from its beginning.
pub fn minute(minutes: i64) -> Timestamp {
    let begin: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    begin.plus_millis(minutes * 60_000)
}

/// An order of lines of ten pieces each at 5 EUR, from one warehouse.
pub fn order(lines: u32, skus: &[String], promised: When) -> Order {
    let line = |number: u32| OrderLine {
        line: LineId::new(&number.to_string()).unwrap(),
        sku: Sku::new(&skus[number as usize % skus.len()]).unwrap(),
        quantity: Quantity::each(10),
        unit_price: Some(eur(5)),
        ship_from: Some(LocationId::new("dc-1").unwrap()),
        ship_on: None,
        promised: None,
    };
    Order {
        erp: partner(ERP),
        customer: CustomerId::new("acme").unwrap(),
        currency: Currency::new("EUR").unwrap(),
        ship_to: Place { country: Some(Country::new("FR").unwrap()), ..Place::default() },
        ordered: None,
        promised: Some(promised),
        mode: None,
        lines: (1..=lines).map(line).collect(),
    }
}

pub fn validated() -> Fact {
    let source =
        Source { location: LocationId::new("dc-1").unwrap(), wms: partner(WMS), country: Country::new("DE").unwrap() };
    Fact::Validated(Validation { findings: Vec::new(), sources: vec![source] })
}

pub fn accepted(order: &str, ask: &str) -> Fact {
    Fact::Answered(Answer { ask: AskId::new(&format!("{order}/{ask}")).unwrap(), outcome: Outcome::Accepted })
}

/// A milestone of shipment `s1`, of all of it.
pub fn reached(milestone: Milestone, at: Timestamp) -> Fact {
    reached_of(milestone, at, Vec::new())
}

/// A milestone of so many pieces of lines of shipment `s1`.
pub fn reached_of(milestone: Milestone, at: Timestamp, lines: Vec<Progress>) -> Fact {
    Fact::Milestone(MilestoneReached {
        milestone,
        classifier: Classifier::Actual,
        occurred: When::exact(at),
        shipment: Some(ShipmentId::new("s1").unwrap()),
        parcel: None,
        place: None,
        lines,
        code: None,
    })
}

pub fn pieces(line: u32, amount: i64) -> Progress {
    Progress { line: LineId::new(&line.to_string()).unwrap(), quantity: Quantity::each(amount), location: None }
}

pub fn booked(order: &str) -> Fact {
    Fact::Booked(Booking {
        shipment: ShipmentId::new("s1").unwrap(),
        tms: partner(TMS),
        carrier: "NORTHLINE".to_owned(),
        tracking: format!("T-{order}"),
        charge: Some(eur(100)),
    })
}

pub fn billed(order: &str, total: i64, lines: Vec<Progress>) -> Fact {
    Fact::Billed(Invoice { number: format!("INV-{order}"), total: eur(total), lines })
}

pub fn freight(order: &str, total: i64) -> Fact {
    Fact::FreightInvoiced(FreightInvoice {
        shipment: Some(ShipmentId::new("s1").unwrap()),
        number: format!("F-{order}"),
        total: eur(total),
    })
}

pub fn eur(amount: i64) -> Money {
    Money { amount: Decimal::from(amount), currency: Currency::new("EUR").unwrap() }
}

pub fn partner(name: &str) -> PartnerId {
    PartnerId::new(name).unwrap()
}
