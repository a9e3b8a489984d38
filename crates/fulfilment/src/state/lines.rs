//! How much of each line has come how far.

use std::collections::BTreeMap;

use model::{Invoice, LineId, OrderLine, Sku, Unit, When};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::actual::in_unit;
use super::{Amounts, Known, State, Step};

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
        self.known(|_| None).map(|known| known.lines()).unwrap_or_default()
    }
}

impl Known<'_> {
    /// How far each line has come.
    pub fn lines(&self) -> Vec<LineStatus> {
        let mut tally: BTreeMap<&LineId, Amounts> = BTreeMap::new();
        for (part, mut amounts) in self.shipments.iter().flat_map(|s| s.lines.iter().zip(self.tally(s))) {
            // What another shipment took on is reserved for that one.
            if !part.left_behind.is_zero() {
                amounts.keep(Step::Allocated, part.held());
            }
            tally.entry(&part.line.line).or_default().add(&amounts);
        }
        let invoices = self.invoices();
        let status = |line: &OrderLine| {
            let amounts = tally.get(&line.line).copied().unwrap_or_default();
            let (delivered, delivered_on) = (amounts.of(Step::Delivered), amounts.delivered_on);
            let promised = line.promised.or(self.order.promised);
            LineStatus {
                line: line.line.clone(),
                sku: line.sku.clone(),
                unit: line.quantity.unit.clone(),
                ordered: line.quantity.amount,
                allocated: amounts.of(Step::Allocated),
                picked: amounts.of(Step::Picked),
                packed: amounts.of(Step::Packed),
                shipped: amounts.of(Step::Shipped),
                delivered,
                returned: amounts.of(Step::Returned),
                invoiced: invoices
                    .iter()
                    .map(|(_, invoice)| invoiced(invoice, line, delivered))
                    .fold(Decimal::ZERO, Decimal::saturating_add),
                promised,
                delivered_on,
                late: matches!((delivered_on, promised), (Some(on), Some(by)) if on.local_date() > by.local_date()),
            }
        };
        self.order.lines.iter().map(status).collect()
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
