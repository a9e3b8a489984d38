//! The shipments an order travels as: one for each location it ships from and day it is to leave.

use std::collections::BTreeMap;

use model::{AskedLine, Booking, Date, Fact, FreightInvoice, Lane, LocationId, OrderLine, PartnerId, ShipmentId};

use super::State;

/// A shipment of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment<'a> {
    /// `s1`, `s2`, … by location and day.
    pub id: ShipmentId,
    /// The location that ships.
    pub location: LocationId,
    /// The warehouse system that runs it.
    pub wms: PartnerId,
    /// The day it is to leave.
    pub ship_on: Option<Date>,
    /// What it holds.
    pub lines: Vec<&'a OrderLine>,
}

impl Shipment<'_> {
    /// The lines as a warehouse or carrier needs to know them.
    #[must_use]
    pub fn asked_lines(&self) -> Vec<AskedLine> {
        let asked = |line: &&OrderLine| AskedLine {
            line: line.line.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity.clone(),
        };
        self.lines.iter().map(asked).collect()
    }
}

impl State {
    /// The shipments of the order; none before it is released and its locations are known.
    #[must_use]
    pub fn shipments(&self) -> Vec<Shipment<'_>> {
        let (Some(order), Some(validation)) = (self.order(), self.validation()) else { return Vec::new() };
        let mut groups: BTreeMap<(&LocationId, Option<Date>), Vec<&OrderLine>> = BTreeMap::new();
        for line in &order.lines {
            if let Some(location) = &line.ship_from {
                groups.entry((location, line.ship_on)).or_default().push(line);
            }
        }
        let numbered = groups.into_iter().zip(1_u32..);
        let shipments = numbered.filter_map(|(((location, ship_on), lines), number)| {
            let source = validation.sources.iter().find(|source| source.location == *location)?;
            let id = ShipmentId::new(&format!("s{number}")).ok()?;
            Some(Shipment { id, location: location.clone(), wms: source.wms.clone(), ship_on, lines })
        });
        shipments.collect()
    }

    /// The booking of a shipment.
    #[must_use]
    pub fn booking(&self, shipment: &ShipmentId) -> Option<&Booking> {
        self.newest(Lane::Tms, |fact| {
            if let Fact::Booked(booking) = fact { (booking.shipment == *shipment).then_some(booking) } else { None }
        })
    }

    /// The carrier's bill for a shipment.
    #[must_use]
    pub fn freight_invoice(&self, shipment: &ShipmentId) -> Option<&FreightInvoice> {
        self.newest(Lane::Tms, |fact| {
            if let Fact::FreightInvoiced(bill) = fact { (bill.shipment == *shipment).then_some(bill) } else { None }
        })
    }
}
