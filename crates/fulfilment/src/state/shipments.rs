//! The shipments an order travels as: one for each location it ships from and day it is to leave, and those that take on
//! what another one lacks.

use std::collections::BTreeMap;

use model::{
    AskedLine, Date, Lacking, Lane, LineId, LocationId, Order, OrderLine, PartnerId, Progress, Quantity, ShipmentId,
    Split, Validation,
};
use rust_decimal::Decimal;

use super::actual::in_unit;
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
    pub lines: Vec<Part<'a>>,
    /// Where another shipment was found to lack what this one takes on, if it is such a one.
    pub lacking: Option<Lacking>,
    /// The lines' places in `lines`, by number.
    by_number: Vec<(&'a LineId, usize)>,
}

/// What a shipment holds of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// The line.
    pub line: &'a OrderLine,
    /// How much the shipment was made for, in the line's unit.
    pub(crate) wanted: Decimal,
    /// How much of that another shipment took on before this one left.
    pub(crate) left_behind: Decimal,
    /// How much of what left is sent again.
    pub(crate) sent_again: Decimal,
}

impl<'a> Part<'a> {
    const fn of(line: &'a OrderLine, wanted: Decimal) -> Self {
        Self { line, wanted, left_behind: Decimal::ZERO, sent_again: Decimal::ZERO }
    }

    /// How much is to leave with this shipment.
    pub(crate) fn held(&self) -> Decimal {
        self.wanted.saturating_sub(self.left_behind)
    }

    /// Whether another shipment took on all of it.
    pub(crate) fn is_emptied(&self) -> bool {
        !self.left_behind.is_zero() && self.held() <= Decimal::ZERO
    }

    /// An amount of the line, in its unit.
    pub(crate) fn quantity(&self, amount: Decimal) -> Quantity {
        Quantity::new(amount, self.line.quantity.unit.clone())
    }
}

impl Shipment<'_> {
    /// The lines as a warehouse or carrier needs to know them.
    #[must_use]
    pub fn asked_lines(&self) -> Vec<AskedLine> {
        let asked = |part: &Part<'_>| AskedLine {
            line: part.line.line.clone(),
            sku: part.line.sku.clone(),
            quantity: part.quantity(part.wanted),
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
                let lines: Vec<Part<'_>> = lines.into_iter().map(|line| Part::of(line, line.quantity.amount)).collect();
                let (nth, by_number) = (shipments.len(), by_number(&lines));
                shipments.push(Shipment { id, nth, location, wms, tms, ship_on, lines, lacking: None, by_number });
            }
        }
        for split in &self.splits {
            self.split_off(split, &mut shipments, &being_asked);
        }
        shipments
    }

    /// Lets another shipment take on what one lacks. A split of a release that was undone finds none of its shipments.
    fn split_off<'a>(
        &'a self,
        split: &'a Split,
        shipments: &mut Vec<Shipment<'a>>,
        being_asked: impl Fn(&ShipmentId) -> Option<&'a PartnerId>,
    ) {
        let nth = shipments.len();
        let Some(of) = shipments.iter_mut().find(|shipment| shipment.id == split.of) else { return };
        let mut lines = Vec::with_capacity(split.lines.len());
        for Progress { line, quantity, .. } in &split.lines {
            let Some(part) = of.place_of(line).map(|place| &mut of.lines[place]) else { continue };
            let amount = in_unit(quantity, &part.line.quantity.unit);
            match split.lacking {
                Lacking::Reserved | Lacking::Shipped => part.left_behind = part.left_behind.saturating_add(amount),
                Lacking::Delivered => part.sent_again = part.sent_again.saturating_add(amount),
            }
            lines.push(Part::of(part.line, amount));
        }
        let id = split.shipment.clone();
        let Shipment { location, ship_on, .. } = *of;
        let wms = self.asked("allocate", &id).unwrap_or(of.wms);
        let tms = being_asked(&id).or_else(|| self.asked("book", &id));
        let (lacking, by_number) = (Some(split.lacking), by_number(&lines));
        shipments.push(Shipment { id, nth, location, wms, tms, ship_on, lines, lacking, by_number });
    }

    /// The number of the shipment that the next split makes.
    pub(crate) fn next_shipment(&self, shipments: &[Shipment<'_>]) -> u32 {
        let number = |shipment: &Shipment<'_>| number_of(&shipment.id);
        shipments.iter().filter_map(number).max().map_or(self.first_shipment(), |last| last.saturating_add(1))
    }

    /// The partner that was last asked to do this with a shipment.
    fn asked(&self, kind: &str, shipment: &ShipmentId) -> Option<&PartnerId> {
        newest(self.asks.iter(), kind, Some(shipment)).map(|ask| &ask.partner)
    }
}

/// A shipment's number, from 1.
pub(crate) fn number_of(shipment: &ShipmentId) -> Option<u32> {
    shipment.as_str().strip_prefix('s')?.parse().ok()
}

fn by_number<'a>(lines: &[Part<'a>]) -> Vec<(&'a LineId, usize)> {
    let mut by_number: Vec<(&LineId, usize)> = lines.iter().map(|part| &part.line.line).zip(0..).collect();
    by_number.sort_unstable();
    by_number
}
