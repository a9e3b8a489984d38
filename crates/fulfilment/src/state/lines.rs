//! How much of each line has come how far.

use model::{Fact, Invoice, Lane, LineId, Milestone, OrderLine, Sku, Unit, When};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use super::actual::in_unit;

/// How much of one line has come how far, in the order's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineStatus {
    /// The line.
    pub line: LineId,
    /// What is ordered.
    pub sku: Sku,
    /// The unit of all quantities.
    pub unit: Unit,
    /// How much is ordered.
    pub ordered: Decimal,
    /// How much a warehouse reserved.
    pub allocated: Decimal,
    /// How much is picked.
    pub picked: Decimal,
    /// How much is packed.
    pub packed: Decimal,
    /// How much left the warehouse.
    pub shipped: Decimal,
    /// How much was delivered.
    pub delivered: Decimal,
    /// How much came back.
    pub returned: Decimal,
    /// How much the customer was billed for.
    pub invoiced: Decimal,
    /// When it was promised: the line's own date, else the order's.
    pub promised: Option<When>,
    /// When the last of it was delivered.
    pub delivered_on: Option<When>,
    /// Delivered after the day it was promised for.
    pub late: bool,
}

impl State {
    /// How far each line has come; empty before the order is released.
    #[must_use]
    pub fn lines(&self) -> Vec<LineStatus> {
        let Some(order) = self.order() else { return Vec::new() };
        let (shipments, actual, invoice) = (self.shipments(), self.actual(), self.invoice());
        let status = |line: &OrderLine| {
            let shipment = shipments.iter().find(|s| s.lines.iter().any(|own| own.line == line.line)).map(|s| &s.id);
            let of = |milestone| actual.quantity(shipment, line, &[milestone]);
            let delivery = actual.delivery(shipment);
            let delivered = actual.quantity(shipment, line, delivery);
            let delivered_on = actual.last(shipment, &line.line, delivery);
            let promised = line.promised.or(order.promised);
            LineStatus {
                line: line.line.clone(),
                sku: line.sku.clone(),
                unit: line.quantity.unit.clone(),
                ordered: line.quantity.amount,
                allocated: of(Milestone::FulfilmentAllocated),
                picked: of(Milestone::FulfilmentPicked),
                packed: of(Milestone::FulfilmentPacked),
                shipped: of(Milestone::FulfilmentGoodsIssued),
                delivered,
                returned: of(Milestone::TransportReturned),
                invoiced: invoice.map_or(Decimal::ZERO, |invoice| invoiced(invoice, line, delivered)),
                promised,
                delivered_on,
                late: matches!((delivered_on, promised), (Some(on), Some(by)) if on.local_date() > by.local_date()),
            }
        };
        order.lines.iter().map(status).collect()
    }

    /// The customer's last invoice.
    #[must_use]
    pub fn invoice(&self) -> Option<&Invoice> {
        self.newest(Lane::Erp, |fact| if let Fact::Billed(invoice) = fact { Some(invoice) } else { None })
    }
}

/// How much of a line an invoice bills, in the order's unit; all that was delivered when it names no lines.
fn invoiced(invoice: &Invoice, line: &OrderLine, delivered: Decimal) -> Decimal {
    if invoice.lines.is_empty() {
        return delivered;
    }
    let parts = invoice.lines.iter().filter(|part| part.line == line.line);
    parts.fold(Decimal::ZERO, |sum, part| sum.saturating_add(in_unit(&part.quantity, &line.quantity.unit)))
}
