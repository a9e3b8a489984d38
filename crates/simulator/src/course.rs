//! How far the partners have come with one order.

use model::token::TokenError;
use model::{CustomerId, LineId, LocationId, OrderId, Place, ShipmentId, Sku, Timestamp, When};
use rust_decimal::Decimal;

use crate::books::{Books, Task};
use crate::plan::{CancelledAt, Fate, Plan, PlannedLine, PlannedShipment, Steps, Warehouse};
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
    acted: Vec<Act>,
    /// Shipments that were delivered and billed by the carrier, or refused.
    settled: usize,
    billed: bool,
    /// The ERP said that it does not want the order any more.
    cancel_said: bool,
    called_off: bool,
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
        Self {
            plan,
            foreign: false,
            was_finished: false,
            acted: Vec::new(),
            settled: 0,
            billed: false,
            cancel_said: false,
            called_off: false,
        }
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

    /// A shipment was delivered and billed by the carrier, or refused.
    pub const fn settle(&mut self) {
        self.settled += 1;
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
        let now = self.plan.fate == Fate::Cancelled(at) && !self.cancel_said;
        self.cancel_said |= now;
        now
    }

    /// Whether a truck came for a shipment.
    #[must_use]
    pub fn has_left(&self, nth: usize) -> bool {
        let booked = self.acted.iter().any(|act| act.task == Task::Book && act.shipment == Some(nth));
        booked && !matches!(self.plan.fate, Fate::Cancelled(_))
    }

    /// Nothing is left for the partners to do.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match self.plan.fate {
            Fate::Closed => self.billed,
            Fate::Invalid => true,
            Fate::Cancelled(_) => self.called_off,
            Fate::NoStock(_) | Fate::BookingRefused(_) => self.settled == self.plan.shipments.len(),
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
        let price = |name: &str| self.plan.lines.iter().find(|line| line.line.as_str() == name).map(|line| line.price);
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
