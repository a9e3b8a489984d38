//! The shipments an order travels as: one for each location it ships from and day it is to leave.

use std::collections::BTreeMap;

use model::{AskedLine, Date, Lane, LineId, LocationId, Order, OrderLine, PartnerId, ShipmentId, Validation};

use super::undone::newest;
use super::{Held, State};

/// A shipment of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment<'a> {
    /// `s1`, `s2`, … by location and day.
    pub id: ShipmentId,
    /// Its place among the shipments.
    pub(crate) nth: usize,
    /// The location that ships.
    pub location: &'a LocationId,
    /// The warehouse system that runs it: only its word counts in the warehouse.
    pub wms: &'a PartnerId,
    /// The TMS that was asked to have it carried: only its word counts on the road. Before one is asked, nobody's does.
    pub tms: Option<&'a PartnerId>,
    /// The day it is to leave.
    pub ship_on: Option<Date>,
    /// What it holds.
    pub lines: Vec<&'a OrderLine>,
    /// The lines' places in `lines`, by number.
    by_number: Vec<(&'a LineId, usize)>,
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

    /// The place in `lines` of the line of this number.
    pub(crate) fn place_of(&self, line: &LineId) -> Option<usize> {
        let found = self.by_number.binary_search_by_key(&line, |(number, _)| *number);
        found.ok().map(|place| self.by_number[place].1)
    }

    /// Whether who told something is the shipment's own warehouse or TMS, as far as the lane goes. What no partner told,
    /// Waybill itself or an operator did.
    #[must_use]
    pub fn heeds(&self, held: &Held) -> bool {
        match held.lane {
            Lane::Wms => held.is_from(self.wms),
            Lane::Tms => self.tms.map_or(held.partner.is_none(), |tms| held.is_from(tms)),
            Lane::Erp | Lane::View | Lane::Ops | Lane::Clock | Lane::Flow => true,
        }
    }
}

impl State {
    /// The shipments of the order; none before it is released and its locations are known.
    #[must_use]
    pub fn shipments(&self) -> Vec<Shipment<'_>> {
        self.order().map(|order| self.shipments_of(order, self.validation(), |_| None)).unwrap_or_default()
    }

    /// The shipments of a release, as far as it is known who is to ship them: who was asked already, or else who the master
    /// data say; `being_asked` is the TMS that is only now being asked to carry one.
    pub(crate) fn shipments_of<'a>(
        &'a self,
        order: &'a Order,
        validation: Option<&'a Validation>,
        being_asked: impl Fn(&ShipmentId) -> Option<&'a PartnerId>,
    ) -> Vec<Shipment<'a>> {
        let mut groups: BTreeMap<(&LocationId, Option<Date>), Vec<&OrderLine>> = BTreeMap::new();
        for line in &order.lines {
            if let Some(location) = &line.ship_from {
                groups.entry((location, line.ship_on)).or_default().push(line);
            }
        }
        let mut shipments = Vec::with_capacity(groups.len());
        for (((location, ship_on), lines), number) in groups.into_iter().zip(self.first_shipment()..) {
            let Ok(id) = ShipmentId::new(&format!("s{number}")) else { continue };
            let source = || validation?.sources.iter().find(|source| source.location == *location);
            let wms = self.asked("allocate", &id).or_else(|| source().map(|source| &source.wms));
            let tms = being_asked(&id).or_else(|| self.asked("book", &id));
            if let Some(wms) = wms {
                let mut by_number: Vec<(&LineId, usize)> = lines.iter().map(|line| &line.line).zip(0..).collect();
                by_number.sort_unstable();
                shipments.push(Shipment { id, nth: shipments.len(), location, wms, tms, ship_on, lines, by_number });
            }
        }
        shipments
    }

    /// The partner that was last asked to do this with a shipment.
    fn asked(&self, kind: &str, shipment: &ShipmentId) -> Option<&PartnerId> {
        newest(self.asks.iter(), kind, Some(shipment)).map(|ask| &ask.partner)
    }
}
