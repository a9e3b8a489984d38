//! Generated orders: the whole of an order follows from the seed and its number.

use std::collections::BTreeMap;

use model::{
    CustomerId, Date, LineId, LocationId, Movement, MovementKind, OrderId, Quantity, Sku, Timestamp, Unit, When,
};
use rust_decimal::Decimal;

use crate::plan::{
    CancelledAt, Fate, Group, Plan, PlannedLine, PlannedShipment, Steps, Warehouse, groups, shipment_id,
};
use crate::seed::{Dice, Seed};
use crate::times::{DAY, MINUTE, Style, days_after, minutes_into};
use crate::world::{self, SITES, sound};

/// Orders of a thousand that end in each of the five plain exceptions, and that are cancelled.
pub const EXCEPTIONS_PER_MILLE: u32 = 20;
/// Lines of a thousand that are delivered late.
const LATE_PER_MILLE: u32 = 100;
/// Lines of a thousand that come back.
const RETURNED_PER_MILLE: u32 = 20;
/// Orders of a thousand that ship from a second location.
const SPLIT_PER_MILLE: u32 = 200;
/// Lines of a thousand that leave a day after the others.
const LEAVES_LATER_PER_MILLE: u32 = 30;
/// Pairs of neighbouring orders of a thousand that go from one place to one customer at one time. Where each of the two is one
/// shipment and nothing is in its way, they share a load: about one shipment in eight does.
const TOGETHER_PER_MILLE: u32 = 350;
/// Carrier's events of a thousand that state no more than the day.
const DAY_ONLY_PER_MILLE: u32 = 150;
/// Each order of this many has a number with blanks, dots and signs that mean something in a NATS subject.
const ODD_NUMBER_EVERY: u64 = 25;
/// The most lines of an order.
pub const MAX_LINES: u32 = 5;
/// The most pieces of a line.
const MAX_PIECES: u32 = 20;
/// Pieces in stock beyond what the orders want, for orders that somebody else releases.
const HEADROOM: u32 = 1_000;
/// The opening stock came in so many days before the run.
const OPENED_DAYS_AGO: i64 = 30;
/// Orders were placed so many days before the run, so that all of their history lies in the past.
const PLACED_DAYS_AGO: i64 = 14;

/// Generated traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// What all choices follow from.
    pub seed: Seed,
    /// How many orders there are.
    pub orders: u64,
    /// When the run starts; the orders' history lies in the two to three weeks before.
    pub started: Timestamp,
}

/// What goes wrong with an order, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    UnknownItem,
    UnknownCustomer,
    RestrictedRoute,
    NoStock,
    BookingRefused,
    Cancelled,
}

impl Trouble {
    const ALL: [Self; 6] = [
        Self::UnknownItem,
        Self::UnknownCustomer,
        Self::RestrictedRoute,
        Self::NoStock,
        Self::BookingRefused,
        Self::Cancelled,
    ];

    fn of(dice: Dice) -> Option<Self> {
        let roll = dice.within("trouble", 0..=999) / EXCEPTIONS_PER_MILLE;
        Self::ALL.get(usize::try_from(roll).ok()?).copied()
    }
}

impl Traffic {
    /// Every order's plan, the first first.
    pub fn plans(self) -> impl Iterator<Item = Plan> {
        (1..=self.orders).map(move |number| self.plan(number))
    }

    /// The number the ERP gives to an order, counted from 1.
    #[must_use]
    pub fn order_id(self, number: u64) -> OrderId {
        let seed = self.seed.0;
        sound(OrderId::new(&if number.is_multiple_of(ODD_NUMBER_EVERY) {
            format!("SO {seed}/{number:06}.*")
        } else {
            format!("SO-{seed}-{number:06}")
        }))
    }

    /// Opening stock: for each item at each site what all orders want of it, and some more. One pass over all orders.
    #[must_use]
    pub fn opening_stock(self) -> Vec<Movement> {
        let mut wanted: BTreeMap<(LocationId, Sku), Decimal> = BTreeMap::new();
        for site in &SITES {
            for number in 1..=world::ITEMS {
                wanted.insert((sound(LocationId::new(site.id)), world::item(number)), Decimal::from(HEADROOM));
            }
        }
        for line in self.plans().flat_map(|plan| plan.lines) {
            if let Some(wanted) = wanted.get_mut(&(line.ship_from, line.sku)) {
                *wanted += line.quantity;
            }
        }
        let received = Style::Utc.state(self.started.plus_millis(-OPENED_DAYS_AGO * DAY));
        let receipt = |((location, sku), amount)| Movement {
            location,
            sku,
            kind: MovementKind::Received,
            quantity: Quantity::new(amount, Unit::each()),
            occurred: received,
        };
        wanted.into_iter().map(receipt).collect()
    }

    /// Whether an order of this number can be one of ours.
    #[must_use]
    pub fn owns(self, order: &str) -> bool {
        let rest = order.strip_prefix("SO-").or_else(|| order.strip_prefix("SO "));
        let rest = rest.and_then(|rest| rest.strip_prefix(self.seed.0.to_string().as_str()));
        rest.is_some_and(|rest| rest.starts_with(['-', '/']))
    }

    /// The plan of one order, counted from 1.
    #[must_use]
    pub fn plan(self, number: u64) -> Plan {
        let mut plan = self.without_its_load(number);
        plan.load = self.load(number, &plan);
        plan
    }

    /// The number of the load that an order shares with its neighbour, if it does.
    fn load(self, number: u64, plan: &Plan) -> Option<Box<str>> {
        let first = first_of_pair(number);
        let neighbour = if number == first { first + 1 } else { first };
        let share = neighbour <= self.orders
            && self.is_together(first)
            && plan.can_share_a_load(&self.without_its_load(neighbour));
        share.then(|| format!("WL{:016X}", self.dice(first).number("load")).into())
    }

    /// Whether an order and the next one go from one place to one customer at one time.
    fn is_together(self, first: u64) -> bool {
        self.dice(first).per_mille("together", TOGETHER_PER_MILLE)
    }

    fn dice(self, number: u64) -> Dice {
        self.seed.about(self.order_id(number).as_str())
    }

    fn without_its_load(self, number: u64) -> Plan {
        let order = self.order_id(number);
        let dice = self.dice(number);
        let first = first_of_pair(number);
        let trip = if self.is_together(first) { self.dice(first) } else { dice };
        let trouble = Trouble::of(dice);
        let customer = match trouble {
            Some(Trouble::UnknownCustomer) => sound(CustomerId::new("CUST-NOBODY")),
            Some(
                Trouble::UnknownItem
                | Trouble::RestrictedRoute
                | Trouble::NoStock
                | Trouble::BookingRefused
                | Trouble::Cancelled,
            )
            | None => world::customer(trip.within("customer", 1..=world::CUSTOMERS)),
        };
        let ship_to = if trouble == Some(Trouble::RestrictedRoute) {
            world::forbidden_destination()
        } else {
            world::destination(self.seed, &customer)
        };
        let ago = PLACED_DAYS_AGO * DAY + i64::from(trip.within("placed", 0..=10_079)) * MINUTE;
        let ordered = self.started.plus_millis(-ago);
        let lines = self.lines((dice, trip), trouble, ordered.date());
        let shipments = shipments(trip, &lines, ordered);
        let fate = fate(dice, trouble, &lines, &shipments);
        let mode = (*trip.pick("mode", &world::MODES)).to_owned();
        Plan { order, customer, ship_to, ordered: Style::Utc.state(ordered), mode, lines, shipments, fate, load: None }
    }

    /// The lines: what they are by the order's dice, where and when they go by those of its trip.
    fn lines(self, (dice, trip): (Dice, Dice), trouble: Option<Trouble>, ordered: Date) -> Vec<PlannedLine> {
        let count = dice.within("lines", 1..=MAX_LINES);
        let home = trip.within("home", 0..=3);
        let split = dice.per_mille("split", SPLIT_PER_MILLE);
        let troubled = dice.within("troubled line", 0..=count - 1);
        let leaves = days_after(ordered, trip.within("leaves", 1..=3));
        let arrives = days_after(leaves, trip.within("days on the road", 2..=4));
        let line = |nth: u32| {
            let dice = dice.part(nth as usize);
            let sku = match trouble {
                Some(Trouble::UnknownItem) if nth == troubled => sound(Sku::new("ITEM-UNHEARD-OF")),
                Some(Trouble::NoStock) if nth == troubled => world::item(world::OUT_OF_STOCK),
                Some(_) | None => world::item(dice.within("item", 1..=world::ITEMS)),
            };
            let second = split && nth % 2 == 1;
            let site = &SITES[usize::try_from((home + u32::from(second)) % 4).unwrap_or(0)];
            let later = u32::from(dice.per_mille("leaves later", LEAVES_LATER_PER_MILLE));
            let ship_on = days_after(leaves, later);
            let arrives = days_after(arrives, later);
            let late = dice.per_mille("late", LATE_PER_MILLE);
            PlannedLine {
                line: sound(LineId::new(&((nth + 1) * 10).to_string())),
                price: world::price(self.seed, &sku),
                sku,
                quantity: Decimal::from(dice.within("pieces", 1..=MAX_PIECES)),
                ship_from: sound(LocationId::new(site.id)),
                ship_on,
                // Two days off, so that no zone makes a difference.
                promised: When::day(if late { two_days_before(arrives) } else { days_after(arrives, 2) }),
                delivered: When::day(arrives),
                returned: dice
                    .per_mille("returned", RETURNED_PER_MILLE)
                    .then(|| Style::Utc.state(minutes_into(days_after(arrives, 2), 600))),
            }
        };
        let mut lines: Vec<_> = (0..count).map(line).collect();
        state_deliveries(trip, &mut lines);
        lines
    }
}

/// Orders are neighbours in pairs: 1 and 2, 3 and 4, …
const fn first_of_pair(number: u64) -> u64 {
    if number.is_multiple_of(2) { number.saturating_sub(1) } else { number }
}

fn two_days_before(arrives: Date) -> Date {
    arrives.start().plus_millis(-2 * DAY).date()
}

/// All lines of a shipment are delivered at one time, in one style.
fn state_deliveries(dice: Dice, lines: &mut [PlannedLine]) {
    for (nth, (_, _, members)) in groups(lines).into_iter().enumerate() {
        let dice = dice.part(nth + 100);
        let minute = dice.within("delivered", 9 * 60..=16 * 60);
        for index in members {
            let arrives = lines[index].delivered.local_date();
            lines[index].delivered = carrier_style(dice).state(minutes_into(arrives, minute));
        }
    }
}

fn carrier_style(dice: Dice) -> Style {
    if dice.per_mille("day only", DAY_ONLY_PER_MILLE) {
        Style::Day
    } else if dice.per_mille("local", 300) {
        Style::Local
    } else {
        Style::Utc
    }
}

fn shipments(dice: Dice, lines: &[PlannedLine], ordered: Timestamp) -> Vec<PlannedShipment> {
    let planned = |(nth, (location, ship_on, members)): (usize, Group)| {
        let arrives = members.first().map_or(ship_on, |first| lines[*first].delivered.local_date());
        let steps = steps(dice.part(nth + 200), ordered, ship_on, arrives);
        // Every line of generated traffic ships from one of the sites.
        let warehouse = world::warehouse_of(location.as_str()).unwrap_or(Warehouse::East);
        PlannedShipment { id: shipment_id(nth), location, warehouse, ship_on, lines: members, steps }
    };
    groups(lines).into_iter().enumerate().map(planned).collect()
}

/// A working day in the warehouse, then the road.
fn steps(dice: Dice, ordered: Timestamp, leaves: Date, arrives: Date) -> Steps {
    let pick = dice.within("pick", 6 * 60..=10 * 60);
    let at = |minutes: u32| Style::Utc.state(minutes_into(leaves, pick + minutes));
    let road = |nth: usize, date, minutes: u32| {
        let dice = dice.part(nth);
        carrier_style(dice).state(minutes_into(date, minutes + dice.within("minute", 0..=59)))
    };
    Steps {
        allocated: Style::Utc.state(ordered.plus_millis(20 * MINUTE)),
        booked: carrier_style(dice).state(ordered.plus_millis(50 * MINUTE)),
        pick_started: at(0),
        picked: at(25 + dice.within("picking", 0..=60)),
        packed: at(120 + dice.within("packing", 0..=40)),
        staged: at(180),
        goods_issued: at(240),
        picked_up: road(0, leaves, 15 * 60),
        departed: road(1, leaves, 18 * 60),
        in_transit: road(2, days_after(leaves, 1), 4 * 60),
        out_for_delivery: road(3, arrives, 7 * 60),
    }
}

fn fate(dice: Dice, trouble: Option<Trouble>, lines: &[PlannedLine], shipments: &[PlannedShipment]) -> Fate {
    let none = world::item(world::OUT_OF_STOCK);
    let lacking = |shipment: &&PlannedShipment| shipment.lines.iter().any(|index| lines[*index].sku == none);
    match trouble {
        None => Fate::Closed,
        Some(Trouble::UnknownItem | Trouble::UnknownCustomer | Trouble::RestrictedRoute) => Fate::Invalid,
        Some(Trouble::NoStock) => shipments.iter().find(lacking).map_or(Fate::Closed, |s| Fate::NoStock(s.id.clone())),
        Some(Trouble::BookingRefused) => {
            let nth = dice.within("refused shipment", 0..=99) as usize % shipments.len().max(1);
            Fate::BookingRefused(shipment_id(nth))
        }
        Some(Trouble::Cancelled) => {
            Fate::Cancelled(*dice.pick("cancelled", &[CancelledAt::Allocation, CancelledAt::Booking]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn traffic(seed: u64, orders: u64) -> Traffic {
        Traffic { seed: Seed(seed), orders, started: "2026-03-01T12:00:00Z".parse().unwrap() }
    }

    #[test]
    fn an_order_follows_from_seed_and_number_alone() {
        let all: Vec<Plan> = traffic(1, 300).plans().collect();
        for (number, plan) in (1..=300).rev().zip(all.iter().rev()) {
            assert_eq!(traffic(1, 10_000).plan(number), *plan);
        }
        let others = traffic(2, 300).plans().filter(|other| all.iter().any(|plan| plan.lines == other.lines)).count();
        assert!(others < 5, "{others} orders of another seed are the same");
        let ids: BTreeSet<String> = all.iter().map(|plan| plan.order.token().into_owned()).collect();
        assert_eq!(ids.len(), 300);
        assert!(all.iter().all(|plan| traffic(1, 1).owns(plan.order.as_str())));
        assert!(!traffic(1, 1).owns("SO-12-000001") && !traffic(1, 1).owns("MINE-1"));
    }

    #[test]
    fn each_exception_comes_at_its_rate_and_most_orders_close() {
        let mut fates: BTreeMap<String, u32> = BTreeMap::new();
        for plan in traffic(3, 10_000).plans() {
            let ends = if matches!(plan.fate, Fate::Cancelled(_)) { "cancelled" } else { "closed" };
            let name = plan.fate.exception().unwrap_or_else(|| ends.to_owned());
            *fates.entry(name.split(' ').next().unwrap().to_owned()).or_default() += 1;
        }
        assert!((8_650..8_950).contains(&fates["closed"]), "{fates:?}");
        assert!((150..250).contains(&fates["cancelled"]), "{fates:?}");
        assert!((520..680).contains(&fates["invalid"]), "{fates:?}");
        assert!((150..250).contains(&fates["no_stock"]), "{fates:?}");
        assert!((150..250).contains(&fates["booking_refused"]), "{fates:?}");
    }

    #[test]
    fn history_runs_forward_and_lies_in_the_past() {
        let started: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let mut styles = BTreeSet::new();
        for plan in traffic(4, 2_000).plans() {
            for shipment in &plan.shipments {
                let steps = &shipment.steps;
                let last = plan.lines_of(shipment).flat_map(|line| [Some(line.delivered), line.returned]).flatten();
                let chain = [
                    plan.ordered,
                    steps.allocated,
                    steps.booked,
                    steps.pick_started,
                    steps.picked,
                    steps.packed,
                    steps.staged,
                    steps.goods_issued,
                    steps.picked_up,
                    steps.departed,
                    steps.in_transit,
                    steps.out_for_delivery,
                ];
                for when in chain.into_iter().chain(last) {
                    assert!(when.end() < started, "{} {when}", plan.order);
                    styles.insert((when.precision, when.zone == model::Zone::Unknown));
                }
                // A day alone can mean any time of the day, so what follows may begin before it.
                for pair in chain.windows(2) {
                    assert!(pair[0].at < pair[1].end(), "{}: {} then {}", plan.order, pair[0], pair[1]);
                }
            }
        }
        assert_eq!(styles.len(), 3, "{styles:?}");
    }
}
