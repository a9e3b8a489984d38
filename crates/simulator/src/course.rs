//! How far the partners have come with one order.

use std::collections::BTreeSet;
use std::ops::Range;

use model::token::TokenError;
use model::{CustomerId, Lacking, LineId, LocationId, OrderId, Place, ShipmentId, Sku, Timestamp, When};
use rust_decimal::Decimal;

use crate::books::{Books, Task};
use crate::mishap::Mishap;
use crate::plan::{CancelledAt, Fate, Plan, PlannedLine, PlannedShipment, Steps, Warehouse, shipment_id};
use crate::seed::Seed;
use crate::world::{self, sound};

/// An order between its release and the last word of the partners.
#[derive(Debug)]
pub struct Course {
    /// What the partners will do.
    pub plan: Plan,
    /// Somebody else released it; its plan was made from what was asked.
    pub foreign: bool,
    /// The partners were done with it before.
    pub was_finished: bool,
    /// What makes more work of it.
    pub mishap: Option<Mishap>,
    /// Which of the plan's lines make up the order; those behind them are parts of them that travel on their own.
    ordered: Range<usize>,
    /// The shipment of the mishap's rest, once it was asked for.
    rest: Option<usize>,
    /// Shipments before this one were planned for what the ERP has changed since: no truck comes for them.
    first_shipment: usize,
    acted: Vec<Act>,
    /// Shipments that were delivered and billed by the carrier, or refused.
    settled: BTreeSet<usize>,
    billed: bool,
    /// The ERP said that it does not want the order any more, or wants another one, or that all of it is shipped.
    said: bool,
    called_off: bool,
    /// Its shipment is on the load that was planned for it.
    aboard: bool,
}

#[derive(Debug)]
struct Act {
    ask: Box<str>,
    task: Task,
    shipment: Option<usize>,
    /// How often a partner did what it was asked.
    effects: u32,
}

/// How often something was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// For the first time.
    First,
    /// Again under the same id.
    Repeated,
    /// Again under another id: the same thing twice.
    Twice,
}

/// A shipment as an ask names it.
#[derive(Debug, Clone, Copy)]
pub struct AskedShipment<'a> {
    /// Its id.
    pub id: &'a str,
    /// The location that ships.
    pub location: &'a str,
    /// The system that runs the location.
    pub warehouse: Warehouse,
    /// What it holds.
    pub lines: &'a [Asked<'a>],
}

/// A line as an ask names it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The line.
    pub line: &'a str,
    /// What.
    pub sku: &'a str,
    /// How much.
    pub quantity: Decimal,
}

impl Course {
    /// The course of an order that was just released.
    #[must_use]
    pub const fn new(plan: Plan) -> Self {
        let ordered = 0..plan.lines.len();
        Self {
            plan,
            foreign: false,
            was_finished: false,
            mishap: None,
            ordered,
            rest: None,
            first_shipment: 0,
            acted: Vec::new(),
            settled: BTreeSet::new(),
            billed: false,
            said: false,
            called_off: false,
            aboard: false,
        }
    }

    /// The course of an order that something may happen to.
    #[must_use]
    pub fn with(plan: Plan, mishap: Option<Mishap>) -> Self {
        Self { mishap, ..Self::new(plan) }
    }

    /// The course of an order that somebody else released.
    #[must_use]
    pub fn foreign(order: OrderId, now: Timestamp) -> Self {
        let plan = Plan {
            order,
            customer: sound(CustomerId::new("somebody")),
            ship_to: Place::default(),
            ordered: When::exact(now),
            mode: String::new(),
            lines: Vec::new(),
            shipments: Vec::new(),
            fate: Fate::Closed,
            load: None,
        };
        Self { foreign: true, ..Self::new(plan) }
    }

    /// Adds a shipment to the plan of a foreign order: everything happens now. Returns its place.
    ///
    /// # Errors
    /// When a name is no id.
    pub fn add(&mut self, asked: AskedShipment<'_>, seed: Seed, now: Timestamp) -> Result<usize, TokenError> {
        let now = When::exact(now);
        let id = ShipmentId::new(asked.id)?;
        let location = LocationId::new(asked.location)?;
        let first = self.plan.lines.len();
        for asked in asked.lines {
            let sku = Sku::new(asked.sku)?;
            self.plan.lines.push(PlannedLine {
                line: LineId::new(asked.line)?,
                price: world::price(seed, &sku),
                sku,
                quantity: asked.quantity,
                ship_from: location.clone(),
                ship_on: now.local_date(),
                promised: now,
                delivered: now,
                returned: None,
            });
        }
        self.plan.shipments.push(PlannedShipment {
            id,
            location,
            warehouse: asked.warehouse,
            ship_on: now.local_date(),
            lines: (first..self.plan.lines.len()).collect(),
            steps: Steps::all_at(now),
        });
        Ok(self.plan.shipments.len() - 1)
    }

    /// Notes that something is asked, and says how often it was.
    pub fn turn(&mut self, ask: &str, task: Task, shipment: Option<usize>) -> Turn {
        if self.acted.iter().any(|act| &*act.ask == ask) {
            return Turn::Repeated;
        }
        let twice = self.acted.iter().any(|act| act.task == task && act.shipment == shipment);
        self.acted.push(Act { ask: ask.into(), task, shipment, effects: 0 });
        if twice { Turn::Twice } else { Turn::First }
    }

    /// Keeps account of it that a partner does what it was asked. To do it a second time is a fault.
    pub fn act(&mut self, ask: &str, books: &mut Books) {
        let Some(act) = self.acted.iter_mut().find(|act| &*act.ask == ask) else { return };
        act.effects += 1;
        books.act(act.task);
        if act.effects > 1 {
            let what = act.task.as_str();
            books.twice(format!("order {}: {ask} to {what} was acted on {} times", self.plan.order, act.effects));
        }
    }

    /// A shipment was delivered and billed by the carrier, or refused; by one carrier after the other, perhaps.
    pub fn settle(&mut self, nth: usize) {
        self.settled.insert(nth);
    }

    /// The customer was billed.
    pub const fn bill(&mut self) {
        self.billed = true;
    }

    /// The order was closed as cancelled.
    pub const fn call_off(&mut self) {
        self.called_off = true;
    }

    /// Whether the ERP cancels the order now, for the first time.
    pub fn cancels(&mut self, at: CancelledAt) -> bool {
        let now = self.plan.fate == Fate::Cancelled(at) && !self.said;
        self.said |= now;
        now
    }

    /// Whether the ERP claims now, for the first time, that all is shipped.
    pub fn claims(&mut self) -> bool {
        let now = self.mishap == Some(Mishap::ClaimedEarly) && !self.said;
        self.said |= now;
        now
    }

    /// The order as the ERP changes it now, for the first time. Its shipments are numbered on, as those of another order.
    pub fn changes(&mut self) -> Option<Plan> {
        let Some(Mishap::Changed { line, quantity }) = self.mishap else { return None };
        if std::mem::replace(&mut self.said, true) {
            return None;
        }
        let (lines, shipments) = (self.plan.lines.len(), self.plan.shipments.len());
        let mut changed = self.plan.lines.clone();
        changed[line].quantity = quantity;
        let order = Plan { lines: changed.clone(), ..self.plan.clone() };
        self.plan.lines.extend(changed);
        for nth in 0..shipments {
            let mut again = self.plan.shipments[nth].clone();
            again.id = shipment_id(shipments + nth);
            again.lines.iter_mut().for_each(|line| *line += lines);
            self.plan.shipments.push(again);
        }
        self.ordered = lines..2 * lines;
        self.first_shipment = shipments;
        Some(order)
    }

    /// The lines of the order.
    #[must_use]
    pub fn ordered(&self) -> &[PlannedLine] {
        if self.foreign { &self.plan.lines } else { &self.plan.lines[self.ordered.clone()] }
    }

    /// What there is of a shipment's lines at a step of its way.
    #[must_use]
    pub fn lines_at(&self, nth: usize, step: Lacking) -> Vec<PlannedLine> {
        let Some(shipment) = self.plan.shipments.get(nth) else { return Vec::new() };
        let lacks = |line: usize| self.mishap.as_ref().map_or(Decimal::ZERO, |mishap| mishap.lacking(nth, line, step));
        let there = shipment.lines.iter().filter_map(|line| {
            let planned = self.plan.lines.get(*line)?;
            Some(PlannedLine { quantity: planned.quantity - lacks(*line), ..planned.clone() })
        });
        there.collect()
    }

    /// Takes up the shipment of what another one lacks, if that is what is asked for. Returns its place.
    pub fn takes_on(&mut self, asked: &AskedShipment<'_>) -> Option<usize> {
        let (of, rest) = self.mishap.as_ref()?.rest(&self.plan).filter(|_| self.rest.is_none())?;
        let lines =
            rest.iter().map(|(line, amount)| PlannedLine { quantity: *amount, ..self.plan.lines[*line].clone() });
        let lines: Vec<PlannedLine> = lines.collect();
        let wanted = asked.lines.iter().map(|line| (line.line, line.quantity));
        if self.differs(lines.iter(), wanted).is_some() {
            return None;
        }
        let first = self.plan.lines.len();
        let id = ShipmentId::new(asked.id).ok()?;
        let lines_of = (first..first + lines.len()).collect();
        self.plan.lines.extend(lines);
        let shipment = PlannedShipment { id, lines: lines_of, ..self.plan.shipments[of].clone() };
        self.plan.shipments.push(shipment);
        self.rest = Some(self.plan.shipments.len() - 1);
        self.rest
    }

    /// Whether a shipment is the rest of another one, of which something was delivered.
    #[must_use]
    pub fn is_part(&self, nth: usize) -> bool {
        self.rest == Some(nth) && !matches!(self.mishap, Some(Mishap::SentBack(_)))
    }

    /// Whether a shipment comes back as a whole.
    #[must_use]
    pub fn is_sent_back(&self, nth: usize) -> bool {
        self.mishap == Some(Mishap::SentBack(nth))
    }

    /// Whether all that was picked of a shipment arrives with it.
    #[must_use]
    pub fn arrives_whole(&self, nth: usize) -> bool {
        !self.is_sent_back(nth) && self.lines_at(nth, Lacking::Delivered) == self.lines_at(nth, Lacking::Shipped)
    }

    /// Puts the shipment on the load that was planned for it.
    pub const fn board(&mut self) {
        self.aboard = true;
    }

    /// The number of the load that a shipment is on.
    #[must_use]
    pub fn load_of(&self, nth: usize) -> Option<&str> {
        self.plan.load.as_deref().filter(|_| self.aboard && nth == 0)
    }

    /// Whether the ERP has changed what a shipment was planned for.
    #[must_use]
    pub const fn is_replaced(&self, nth: usize) -> bool {
        nth < self.first_shipment
    }

    /// Whether a truck comes for a shipment that is booked.
    #[must_use]
    pub fn is_wanted(&self, nth: usize) -> bool {
        let is_cancelled = matches!(self.plan.fate, Fate::Cancelled(_));
        let is_changed = matches!(self.mishap, Some(Mishap::Changed { .. })) && !self.said;
        !is_cancelled && !is_changed && !self.is_replaced(nth)
    }

    /// Whether a truck came for a shipment.
    #[must_use]
    pub fn has_left(&self, nth: usize) -> bool {
        let booked = self.acted.iter().any(|act| act.task == Task::Book && act.shipment == Some(nth));
        booked && self.is_wanted(nth)
    }

    /// Nothing is left for the partners to do.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match self.plan.fate {
            Fate::Closed => self.billed,
            Fate::Invalid => true,
            Fate::Cancelled(_) => self.called_off,
            Fate::NoStock(_) | Fate::BookingRefused(_) => self.settled.len() == self.plan.shipments.len(),
        }
    }

    /// How the lines that are asked for differ from the planned ones, in words.
    #[must_use]
    pub fn differs<'a>(
        &self,
        planned: impl Iterator<Item = &'a PlannedLine>,
        asked: impl Iterator<Item = (&'a str, Decimal)>,
    ) -> Option<String> {
        let mut planned: Vec<(&str, Decimal)> = planned.map(|line| (line.line.as_str(), line.quantity)).collect();
        let mut asked: Vec<(&str, Decimal)> = asked.collect();
        planned.sort_unstable();
        asked.sort_unstable();
        let words = |lines: &[(&str, Decimal)]| {
            let words: Vec<String> =
                lines.iter().map(|(line, quantity)| format!("{} of line {line}", quantity.normalize())).collect();
            words.join(", ")
        };
        (planned != asked).then(|| format!("{} asked for, {} ordered", words(&asked), words(&planned)))
    }

    /// What these lines cost in [`CURRENCY`](crate::plan::CURRENCY); a line nobody knows costs nothing.
    #[must_use]
    pub fn price_of(&self, lines: &[(&str, Decimal)]) -> Decimal {
        let price = |name: &str| self.ordered().iter().find(|line| line.line.as_str() == name).map(|line| line.price);
        lines.iter().filter_map(|(line, quantity)| Some(price(line)? * quantity)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ask_that_is_acted_on_twice_is_a_fault_that_names_it() {
        let order = OrderId::new("SO 1").unwrap();
        let mut course = Course::foreign(order, Timestamp::from_millis(0));
        let mut books = Books::default();
        assert_eq!(course.turn("SO 1/bill", Task::Bill, None), Turn::First);
        course.act("SO 1/bill", &mut books);
        assert_eq!(course.turn("SO 1/bill", Task::Bill, None), Turn::Repeated);
        assert_eq!((books.asks.twice, books.fault_count), (0, 0));
        course.act("SO 1/bill", &mut books);
        assert_eq!((books.asks.bill, books.asks.twice, books.fault_count), (2, 1, 1));
        assert!(books.faults[0].contains("SO 1/bill to bill was acted on 2 times"), "{:?}", books.faults);
        assert!(books.sound().is_err());
    }
}
