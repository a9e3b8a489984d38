//! What each system has told of an order, side by side, for who holds them against each other.

use engine::FactId;
use model::{
    Booking, ExceptionKind, FreightInvoice, Invoice, LocationId, Milestone, MilestoneReached, Order, OrderLine,
    PartnerId, ShipmentId,
};
use rust_decimal::Decimal;

use super::{Amounts, Held, Known, LineStatus, Shipment, State, Step};

/// What each system has told of an order.
#[derive(Debug, Clone)]
pub struct Books<'a> {
    /// The release that is worked with.
    pub order: &'a Order,
    /// The fact that told it.
    pub release: FactId,
    /// The ERP that has it.
    pub erp: &'a PartnerId,
    /// Each shipment.
    pub shipments: Vec<ShipmentBook<'a>>,
    /// How far each line has come.
    pub lines: Vec<LineStatus>,
    /// The customer's invoices, by number; of one that came more than once, the last.
    pub invoices: Vec<(FactId, &'a Invoice)>,
}

/// What each system has told of one shipment.
#[derive(Debug, Clone)]
pub struct ShipmentBook<'a> {
    /// The shipment.
    pub id: ShipmentId,
    /// The location that ships.
    pub location: &'a LocationId,
    /// The warehouse system that runs it.
    pub wms: &'a PartnerId,
    /// The TMS that was asked to have it carried, once one was.
    pub tms: Option<&'a PartnerId>,
    /// What it holds, and how much of that has come how far.
    pub parts: Vec<PartBook<'a>>,
    /// What happened to it by the word of its own warehouse and TMS.
    pub reached: Vec<Stated<'a>>,
    /// What another system of the order says to have happened to it, which is further than its own systems say.
    pub claimed: Vec<Stated<'a>>,
    /// Its warehouse said that nothing of it leaves.
    pub issued_empty: bool,
    /// Its booking.
    pub booking: Option<(FactId, &'a Booking)>,
    /// The carrier's bills for it, by number; of one that came more than once, the last.
    pub bills: Vec<(FactId, &'a FreightInvoice)>,
}

/// A milestone as somebody stated it.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'a> {
    /// The fact.
    pub fact: FactId,
    /// Who told it, and when it came in.
    pub held: &'a Held,
    /// What was told.
    pub reached: &'a MilestoneReached,
}

/// What a shipment holds of one line, and how much of it has come how far, in the line's unit.
#[derive(Debug, Clone, Copy)]
pub struct PartBook<'a> {
    /// The line.
    pub line: &'a OrderLine,
    /// How much is to leave with the shipment.
    pub held: Decimal,
    /// How much the shipment was made for, with what another one took on.
    pub wanted: Decimal,
    /// How much of what left is sent again with another one.
    pub sent_again: Decimal,
    amounts: Amounts,
}

impl PartBook<'_> {
    /// How much came as far as this step; zero when nobody told.
    #[must_use]
    pub const fn of(&self, step: Step) -> Decimal {
        self.amounts.of(step)
    }
}

impl State {
    /// What each system has told of the order; `None` before it is released.
    #[must_use]
    pub fn books(&self) -> Option<Books<'_>> {
        let known = self.known(|_| None)?;
        Some(Books {
            order: known.order,
            release: known.release.id,
            erp: known.erp(),
            shipments: known.shipments.iter().map(|shipment| known.book(shipment)).collect(),
            lines: known.lines(),
            invoices: known.invoices(),
        })
    }

    /// Whether an operator takes a problem of this kind as it is, and it is not open for another reason.
    #[must_use]
    pub fn is_taken_as_it_is(&self, kind: &ExceptionKind) -> bool {
        self.is_kind_waived(kind) && self.exceptions().all(|open| open.kind != *kind)
    }
}

impl<'a> Known<'a> {
    fn book(&self, shipment: &Shipment<'a>) -> ShipmentBook<'a> {
        let parts = shipment.lines.iter().zip(self.tally(shipment)).map(|(part, amounts)| PartBook {
            line: part.line,
            held: part.held(),
            wanted: part.wanted,
            sent_again: part.sent_again,
            amounts,
        });
        let reached = self.actual.all_of(shipment);
        ShipmentBook {
            id: shipment.id.clone(),
            location: shipment.location,
            wms: shipment.wms,
            tms: shipment.tms,
            parts: parts.collect(),
            reached: reached
                .map(|event| Stated { fact: event.fact, held: event.held, reached: event.reached })
                .collect(),
            claimed: self.claimed(shipment).copied().collect(),
            issued_empty: self.actual.is_issued_empty(shipment),
            booking: self.bookings_told(&shipment.id).next(),
            bills: self.freight_invoices(shipment),
        }
    }

    /// What another system of the order says of a shipment that is further than its own systems say.
    pub fn claimed(&self, shipment: &Shipment<'a>) -> impl Iterator<Item = &Stated<'a>> {
        let furthest = self.furthest(shipment).map_or(0, Milestone::rank);
        self.disputed.iter().filter(move |claim| {
            let about = claim.reached.shipment.as_ref().is_none_or(|about| *about == shipment.id);
            about && claim.reached.milestone.rank() > furthest && self.has_to_do_with(claim.held, shipment)
        })
    }
}
