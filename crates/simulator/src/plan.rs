//! What the partners will do with one order, from release to freight invoice.
//!
//! A scenario lays down each order's plan before it is released; the partners play it, and the books are held against it.

use std::collections::BTreeMap;

use model::{CustomerId, Date, ExceptionKind, LineId, LocationId, OrderId, Place, ShipmentId, Sku, When};
use rust_decimal::Decimal;

/// The ERP's partner id.
pub const ERP: &str = "erp-main";
/// The TMS's partner id.
pub const TMS: &str = "tms-main";
/// Another TMS, asked where a policy names it: when the first one finds no carrier.
pub const SPARE_TMS: &str = "tms-spare";
/// The one currency of all prices and charges.
pub const CURRENCY: &str = "EUR";

/// The two warehouse systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Warehouse {
    /// `wms-east`.
    East,
    /// `wms-west`.
    West,
}

impl Warehouse {
    /// Both.
    pub const ALL: [Self; 2] = [Self::East, Self::West];

    /// The partner id.
    #[must_use]
    pub const fn partner(self) -> &'static str {
        match self {
            Self::East => "wms-east",
            Self::West => "wms-west",
        }
    }
}

/// Everything the partners will do with one order.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The order's number.
    pub order: OrderId,
    /// Who orders.
    pub customer: CustomerId,
    /// Where it goes.
    pub ship_to: Place,
    /// When it was ordered.
    pub ordered: When,
    /// How it travels.
    pub mode: String,
    /// The lines.
    pub lines: Vec<PlannedLine>,
    /// How they travel, `s1` first.
    pub shipments: Vec<PlannedShipment>,
    /// Where it must end.
    pub fate: Fate,
    /// The number of the load that its one shipment shares with the one of the neighbouring order, if it does.
    pub load: Option<Box<str>>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedLine {
    /// The line's number.
    pub line: LineId,
    /// What.
    pub sku: Sku,
    /// How many pieces.
    pub quantity: Decimal,
    /// The price of one, in [`CURRENCY`].
    pub price: Decimal,
    /// The location that ships it.
    pub ship_from: LocationId,
    /// The day it leaves.
    pub ship_on: Date,
    /// When it was promised for.
    pub promised: When,
    /// When it is delivered, if the order gets that far.
    pub delivered: When,
    /// When it comes back, if it does.
    pub returned: Option<When>,
}

impl PlannedLine {
    /// Delivered after the day it was promised for.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.delivered.local_date() > self.promised.local_date()
    }
}

/// The lines of one location and day.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedShipment {
    /// `s1`, `s2`, … by location, then day.
    pub id: ShipmentId,
    /// The location that ships.
    pub location: LocationId,
    /// The system that runs the location.
    pub warehouse: Warehouse,
    /// The day it leaves.
    pub ship_on: Date,
    /// Its lines, as indices into the order's.
    pub lines: Vec<usize>,
    /// When it passes each step.
    pub steps: Steps,
}

/// When a shipment passes each step up to delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// Stock is reserved.
    pub allocated: When,
    /// A carrier took it on.
    pub booked: When,
    /// The pick begins.
    pub pick_started: When,
    /// All is picked.
    pub picked: When,
    /// All is packed.
    pub packed: When,
    /// The load is at the dock.
    pub staged: When,
    /// The warehouse wrote the goods off.
    pub goods_issued: When,
    /// The carrier has the goods.
    pub picked_up: When,
    /// Left the first terminal.
    pub departed: When,
    /// On the way.
    pub in_transit: When,
    /// On the delivery vehicle.
    pub out_for_delivery: When,
}

impl Steps {
    /// Everything at the same time.
    #[must_use]
    pub const fn all_at(when: When) -> Self {
        Self {
            allocated: when,
            booked: when,
            pick_started: when,
            picked: when,
            packed: when,
            staged: when,
            goods_issued: when,
            picked_up: when,
            departed: when,
            in_transit: when,
            out_for_delivery: when,
        }
    }
}

/// Where an order must end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Delivered, billed and closed.
    Closed,
    /// The master data do not allow it.
    Invalid,
    /// The warehouse lacks stock for this shipment; the others go their way.
    NoStock(ShipmentId),
    /// No carrier takes this shipment; the others go their way.
    BookingRefused(ShipmentId),
    /// The ERP does not want it any more before anything has left: when the first warehouse, or the first carrier, has been
    /// asked.
    Cancelled(CancelledAt),
}

/// When the ERP cancels an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelledAt {
    /// When the first warehouse was asked to reserve.
    Allocation,
    /// When the TMS was first asked to book.
    Booking,
}

impl Fate {
    /// The exception that stays open, by the name a person sees; none when the order ends.
    #[must_use]
    pub fn exception(&self) -> Option<String> {
        let kind = match self {
            Self::Closed | Self::Cancelled(_) => return None,
            Self::Invalid => ExceptionKind::Invalid,
            Self::NoStock(shipment) => ExceptionKind::NoStock(shipment.clone()),
            Self::BookingRefused(shipment) => ExceptionKind::BookingRefused(shipment.clone()),
        };
        Some(kind.to_string())
    }
}

/// A shipment before its times are known: where from, on which day, and which lines.
pub type Group = (LocationId, Date, Vec<usize>);

/// Groups lines into shipments, by location, then day.
#[must_use]
pub fn groups(lines: &[PlannedLine]) -> Vec<Group> {
    let mut groups: BTreeMap<(&LocationId, Date), Vec<usize>> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        groups.entry((&line.ship_from, line.ship_on)).or_default().push(index);
    }
    groups.into_iter().map(|((location, ship_on), lines)| (location.clone(), ship_on, lines)).collect()
}

/// The id of the shipment at this place in the order, counted from 0.
#[must_use]
#[expect(clippy::expect_used, reason = "`s` and a number are at most 21 bytes, well under the limit of an id")]
pub fn shipment_id(nth: usize) -> ShipmentId {
    ShipmentId::new(&format!("s{}", nth + 1)).expect("a short text is a sound id")
}

impl Plan {
    /// The place of the shipment of this id.
    #[must_use]
    pub fn place_of(&self, shipment: &str) -> Option<usize> {
        self.shipments.iter().position(|planned| planned.id.as_str() == shipment)
    }

    /// Whether one truck can fetch this order's shipment together with another order's: each has one, they leave one place at
    /// one time and arrive together, and nothing is in the way of either.
    #[must_use]
    pub fn can_share_a_load(&self, other: &Self) -> bool {
        let ([one], [another]) = (self.shipments.as_slice(), other.shipments.as_slice()) else { return false };
        let arrives = |plan: &Self| plan.lines.first().map(|line| line.delivered);
        let both_close = self.fate == Fate::Closed && other.fate == Fate::Closed;
        both_close
            && one.location == another.location
            && one.steps == another.steps
            && self.ship_to == other.ship_to
            && arrives(self) == arrives(other)
    }

    /// The lines a shipment holds.
    pub fn lines_of<'a>(&'a self, shipment: &'a PlannedShipment) -> impl Iterator<Item = &'a PlannedLine> {
        shipment.lines.iter().filter_map(|index| self.lines.get(*index))
    }
}
