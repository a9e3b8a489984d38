//! What the TMS says and is asked. Its times are ISO 8601; on the road it knows its own tracking number only.

use std::borrow::Cow;

use model::{OrderId, Personal, Place, ShipmentId, System, When};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Message, Stated, bytes};
use crate::plan::{CURRENCY, PlannedLine};

/// One piece, in the TMS's units.
const PIECE: &str = "PCS";

/// Asked: have a carrier take this.
#[derive(Debug, Deserialize)]
pub struct Tender<'a> {
    /// The ask.
    #[serde(borrow)]
    pub tender: Cow<'a, str>,
    /// What it is about.
    #[serde(borrow)]
    pub shipper_ref: ShipperRef<'a>,
    /// Where the goods are.
    #[serde(borrow)]
    pub pickup: Pickup<'a>,
    /// What they are.
    #[serde(borrow)]
    pub goods: Vec<Goods<'a>>,
}

/// Asked: take this from the carrier again.
#[derive(Debug, Deserialize)]
pub struct Withdrawal<'a> {
    /// The ask.
    #[serde(borrow)]
    pub tender: Cow<'a, str>,
    /// What it is about.
    #[serde(borrow)]
    pub shipper_ref: ShipperRef<'a>,
}

/// The shipper's own numbers.
#[derive(Debug, Deserialize)]
pub struct ShipperRef<'a> {
    /// The order.
    #[serde(borrow)]
    pub order: Cow<'a, str>,
    /// The shipment.
    #[serde(borrow)]
    pub shipment: Cow<'a, str>,
}

/// Where the goods are.
#[derive(Debug, Deserialize)]
pub struct Pickup<'a> {
    /// The location.
    #[serde(borrow)]
    pub site: Cow<'a, str>,
}

/// A line to transport.
#[derive(Debug, Deserialize)]
pub struct Goods<'a> {
    /// The line.
    #[serde(borrow)]
    pub line: Cow<'a, str>,
    /// What.
    #[serde(borrow)]
    pub article: Cow<'a, str>,
    /// How much.
    pub count: Decimal,
}

/// A tender that a carrier took on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// The carrier.
    pub carrier: &'static str,
    /// Its tracking number.
    pub pro: String,
    /// The number of the load it shares with others, if it does.
    pub load: Option<Box<str>>,
    /// What it will cost, in [`CURRENCY`].
    pub charge: Decimal,
    /// When the carrier took it on.
    pub at: When,
}

/// What a carrier says on the road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The carrier has the goods.
    PickedUp,
    /// Left a terminal.
    Departed,
    /// On the way.
    InTransit,
    /// On the delivery vehicle.
    OutForDelivery,
    /// Delivered.
    Delivered,
    /// Nobody took it in.
    Attempted,
    /// On its way back.
    Returning,
    /// Back where it came from.
    Returned,
}

impl Code {
    const fn as_str(self) -> &'static str {
        match self {
            Self::PickedUp => "PU",
            Self::Departed => "DEP",
            Self::InTransit => "INT",
            Self::OutForDelivery => "OFD",
            Self::Delivered => "DLV",
            Self::Attempted => "ATT",
            Self::Returning => "RTN",
            Self::Returned => "RTD",
        }
    }
}

/// One event on the road.
#[derive(Debug)]
pub struct Event<'a> {
    /// What happened.
    pub code: Code,
    /// When.
    pub at: When,
    /// Where, if it is worth saying.
    pub stop: Option<&'a Place>,
    /// How much of which lines; everything when empty.
    pub lines: Vec<&'a PlannedLine>,
}

#[derive(Serialize)]
struct Reference<'a> {
    order: &'a str,
    shipment: &'a str,
}

#[derive(Serialize)]
struct Booking<'a> {
    tender: &'a str,
    shipper_ref: Reference<'a>,
    answer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scac: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pro: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<Stated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<Rate>,
}

#[derive(Serialize)]
struct Rate {
    amount: Decimal,
    currency: &'static str,
}

#[derive(Serialize)]
struct Events<'a> {
    events: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    id: String,
    pro: &'a str,
    code: &'static str,
    at: Stated,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<Stop<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pieces: Vec<Piece<'a>>,
}

#[derive(Serialize)]
struct Stop<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
}

#[derive(Serialize)]
struct Piece<'a> {
    line: &'a str,
    count: Decimal,
    unit: &'static str,
}

/// A bill for a shipment, or for all that a load's number stands for.
#[derive(Serialize)]
struct FreightInvoice<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    shipper_ref: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pro: Option<&'a str>,
    invoice: String,
    total_cents: Decimal,
    currency: &'static str,
}

/// A shipment of an order at the TMS.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The TMS.
    pub partner: &'static str,
    /// The order.
    pub order: &'a OrderId,
    /// The shipment.
    pub shipment: &'a ShipmentId,
}

impl Job<'_> {
    /// Answers a tender: booked, or declined for good.
    #[must_use]
    pub fn booking(self, ask: &str, booked: Option<&Booked>) -> Message {
        let body = bytes(&Booking {
            tender: ask,
            shipper_ref: self.reference(),
            answer: if booked.is_some() { "A" } else { "D" },
            decline_code: if booked.is_some() { None } else { Some("CAP") },
            note: if booked.is_some() { None } else { Some("no carrier takes it") },
            scac: booked.map(|booked| booked.carrier),
            pro: booked.map(|booked| booked.pro.as_str()),
            load: booked.and_then(|booked| booked.load.as_deref()),
            answered_at: booked.map(|booked| Stated(booked.at)),
            rate: booked.map(|booked| Rate { amount: booked.charge, currency: CURRENCY }),
        });
        let attempt = ask.rsplit_once('#').map(|(_, number)| format!("booking-{number}"));
        self.message("booking", attempt.as_deref().unwrap_or("booking"), body)
    }

    /// Answers a withdrawal: done, or too late.
    #[must_use]
    pub fn withdrawn(self, ask: &str, is_gone: bool) -> Message {
        let (answer, note) = if is_gone { ("D", Some("it has left")) } else { ("C", None) };
        self.plain(ask, answer, note, "withdrawn")
    }

    /// Says that no carrier could be asked.
    #[must_use]
    pub fn failed(self, ask: &str) -> Message {
        self.plain(ask, "E", Some("the system was down"), "failed")
    }

    fn plain(self, ask: &str, answer: &'static str, note: Option<&'static str>, step: &str) -> Message {
        let body = bytes(&Booking {
            tender: ask,
            shipper_ref: self.reference(),
            answer,
            decline_code: None,
            note,
            scac: None,
            pro: None,
            load: None,
            answered_at: None,
            rate: None,
        });
        self.message("booking", step, body)
    }

    /// Tells events on the road, several at once as carriers do.
    #[must_use]
    pub fn events(self, booked: &Booked, events: &[Event<'_>]) -> Message {
        self.message("event", step_of(events), told(&booked.pro, events))
    }

    /// Tells again what was told, in a message of its own.
    #[must_use]
    pub fn history(self, booked: &Booked, events: &[Event<'_>]) -> Message {
        self.message("event", "history", told(&booked.pro, events))
    }

    /// Bills what was booked.
    #[must_use]
    pub fn freight_invoice(self, booked: &Booked) -> Message {
        self.message("freight_invoice", "freight", bill(Some(self.reference()), &booked.pro, booked.charge))
    }

    fn reference(&self) -> Reference<'_> {
        Reference { order: self.order.as_str(), shipment: self.shipment.as_str() }
    }

    fn message(self, name: &'static str, step: &str, body: Vec<u8>) -> Message {
        let id = format!("{}/{}/{step}", self.order.token(), self.shipment);
        Message { system: System::Tms, partner: self.partner, name, id, body }
    }
}

/// A load at the TMS: what is told under its number is true of every shipment on it.
#[derive(Debug, Clone, Copy)]
pub struct Haul<'a> {
    /// The TMS.
    pub partner: &'static str,
    /// The load's number.
    pub load: &'a str,
}

impl Haul<'_> {
    /// Tells events on the road, once for all.
    #[must_use]
    pub fn events(self, events: &[Event<'_>]) -> Message {
        self.message("event", step_of(events), told(self.load, events))
    }

    /// Tells again what was told, in a message of its own.
    #[must_use]
    pub fn history(self, events: &[Event<'_>]) -> Message {
        self.message("event", "history", told(self.load, events))
    }

    /// Bills what all shipments on it cost, in [`CURRENCY`].
    #[must_use]
    pub fn invoice(self, total: Decimal) -> Message {
        self.message("load_invoice", "freight", bill(None, self.load, total))
    }

    fn message(self, name: &'static str, step: &str, body: Vec<u8>) -> Message {
        let id = format!("load/{}/{step}", self.load);
        Message { system: System::Tms, partner: self.partner, name, id, body }
    }
}

fn step_of(events: &[Event<'_>]) -> &'static str {
    events.first().map_or("", |event| event.code.as_str())
}

/// Events under a tracking number, or under that of a load.
fn told(pro: &str, events: &[Event<'_>]) -> Vec<u8> {
    let told = events.iter().map(|event| {
        let nth_line = event.lines.first().map_or("", |line| line.line.as_str());
        Told {
            id: format!("{pro}-{}{nth_line}", event.code.as_str()),
            pro,
            code: event.code.as_str(),
            at: Stated(event.at),
            stop: event.stop.map(stop),
            pieces: event.lines.iter().map(|line| piece(line)).collect(),
        }
    });
    bytes(&Events { events: told.collect() })
}

fn bill(shipper_ref: Option<Reference<'_>>, number: &str, total: Decimal) -> Vec<u8> {
    bytes(&FreightInvoice {
        pro: if shipper_ref.is_some() { None } else { Some(number) },
        shipper_ref,
        invoice: format!("FR-{number}"),
        total_cents: (total * Decimal::ONE_HUNDRED).normalize(),
        currency: CURRENCY,
    })
}

fn stop(place: &Place) -> Stop<'_> {
    Stop {
        name: place.name.as_ref().and_then(Personal::as_clear),
        city: place.city.as_deref(),
        zip: place.postal_code.as_ref().and_then(Personal::as_clear),
        country: place.country.map(String::from),
    }
}

fn piece<'a>(line: &&'a PlannedLine) -> Piece<'a> {
    Piece { line: line.line.as_str(), count: line.quantity, unit: PIECE }
}
