//! The simulator's own account of the run: where each order must end, and what the partners were asked to do.
//!
//! It is kept from what the partners say and get, and from nothing that Waybill computes.

use std::collections::{HashMap, HashSet};

use model::{End, OrderId};
use rust_decimal::Decimal;

use crate::course::Course;
use crate::plan::{Fate, Plan};

/// Faults are kept in words up to this many; beyond it they are only counted.
pub const MAX_FAULTS: usize = 100;

/// The simulator's own account of the run.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// Orders released.
    pub released: u64,
    /// Orders with which the partners are done.
    pub finished: u64,
    /// Shipments that arrived.
    pub shipments_delivered: u64,
    /// Lines of the orders and what became of them.
    pub lines: Lines,
    /// What the partners were asked.
    pub asks: Asks,
    /// What Waybill did wrong in the partners' eyes, in words; at most [`MAX_FAULTS`].
    pub faults: Vec<String>,
    /// How often Waybill did something wrong.
    pub fault_count: u64,
    /// Shipments that shared a load with another order's.
    pub on_loads: u64,
    /// What the carriers bill for each order, in [`CURRENCY`](crate::plan::CURRENCY).
    freight: HashMap<Box<str>, Decimal>,
    /// The orders that must stay open, and with which exception.
    open: HashMap<Box<str>, Box<str>>,
    /// The orders that must be cancelled. All others must close.
    cancelled: HashSet<Box<str>>,
}

/// Lines of the orders and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lines {
    /// Released.
    pub released: u64,
    /// Delivered.
    pub delivered: u64,
    /// Delivered after the day they were promised for.
    pub late: u64,
    /// Come back.
    pub returned: u64,
}

/// How many asks the partners acted on, and how many they did not act on again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asks {
    /// To reserve stock.
    pub allocate: u64,
    /// To have a carrier take a shipment.
    pub book: u64,
    /// To confirm a shipment.
    pub confirm_shipment: u64,
    /// To bill.
    pub bill: u64,
    /// To undo an allocation or a booking.
    pub undo: u64,
    /// To close an order as cancelled.
    pub confirm_cancellation: u64,
    /// Came again under the same id: answered again, not done again.
    pub repeated: u64,
    /// Came again when the order was done with: not answered.
    pub late: u64,
    /// Were acted on twice, or asked for something a second time under another id, which no partner could have known.
    pub twice: u64,
    /// Were about orders that somebody else released.
    pub foreign: u64,
}

impl Asks {
    /// How many were acted on.
    #[must_use]
    pub const fn acted(&self) -> u64 {
        self.allocate + self.book + self.confirm_shipment + self.bill + self.undo + self.confirm_cancellation
    }
}

/// What a partner is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// To reserve stock.
    Allocate,
    /// To have a carrier take a shipment.
    Book,
    /// To confirm a shipment.
    ConfirmShipment,
    /// To bill.
    Bill,
    /// To give back what was reserved.
    CancelAllocation,
    /// To take a shipment from its carrier again.
    CancelBooking,
    /// To close the order as cancelled.
    ConfirmCancellation,
}

impl Task {
    /// In words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allocate => "allocate",
            Self::Book => "book",
            Self::ConfirmShipment => "confirm shipment",
            Self::Bill => "bill",
            Self::CancelAllocation => "cancel the allocation",
            Self::CancelBooking => "cancel the booking",
            Self::ConfirmCancellation => "confirm the cancellation",
        }
    }
}

/// Where an order must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// Closed, with no exception.
    Closed,
    /// Cancelled, with no exception.
    Cancelled,
    /// Open, with this exception and no other.
    Open(&'a str),
}

impl Books {
    /// Where an order must end. An order nobody released here is taken to be one that closes.
    #[must_use]
    pub fn ending(&self, order: &str) -> Ending<'_> {
        if self.cancelled.contains(order) {
            return Ending::Cancelled;
        }
        self.open.get(order).map_or(Ending::Closed, |exception| Ending::Open(exception))
    }

    /// Orders that must stay open.
    #[must_use]
    pub fn must_stay_open(&self) -> u64 {
        self.open.len() as u64
    }

    /// Holds what Waybill made of an order against where it must end. `exceptions` are the open ones, such as
    /// `no_stock s1`.
    ///
    /// # Errors
    /// What differs, in words.
    pub fn verdict(&self, order: &OrderId, ended: Option<End>, exceptions: &[String]) -> Result<(), String> {
        let state = match ended {
            None => "open",
            Some(End::Closed) => "closed",
            Some(End::Cancelled) => "cancelled",
        };
        let found = || match exceptions {
            [] => format!("{state} without an exception"),
            exceptions => format!("{state} with `{}`", exceptions.join("`, `")),
        };
        let (wanted, is_right) = match self.ending(order.as_str()) {
            Ending::Closed => ("closed".to_owned(), ended == Some(End::Closed) && exceptions.is_empty()),
            Ending::Cancelled => ("cancelled".to_owned(), ended == Some(End::Cancelled) && exceptions.is_empty()),
            Ending::Open(exception) => {
                (format!("open with `{exception}`"), ended.is_none() && exceptions == [exception])
            }
        };
        if is_right { Ok(()) } else { Err(format!("order {order} must be {wanted} and is {}", found())) }
    }

    /// Holds what Waybill takes to be billed for an order's transport, in [`CURRENCY`](crate::plan::CURRENCY), against what the
    /// carriers bill for it: of a load, its share. Of an order nobody released here nothing is known.
    ///
    /// # Errors
    /// What differs, in words.
    pub fn freight(&self, order: &OrderId, billed: Decimal) -> Result<(), String> {
        let Some(wanted) = self.freight.get(order.as_str()).filter(|wanted| **wanted != billed) else { return Ok(()) };
        let (wanted, billed) = (wanted.normalize(), billed.normalize());
        Err(format!("carriers bill {wanted} for order {order}, and {billed} is known"))
    }

    /// Whether the partners were asked for what they had to be, and for nothing else.
    ///
    /// # Errors
    /// What was wrong, in words; the first few faults only.
    pub fn sound(&self) -> Result<(), String> {
        const SHOWN: usize = 5;
        if self.finished < self.released {
            return Err(format!("{} of {} orders are not finished", self.released - self.finished, self.released));
        }
        if self.fault_count > 0 {
            let shown: Vec<&str> = self.faults.iter().take(SHOWN).map(String::as_str).collect();
            return Err(format!("{} faults, such as: {}", self.fault_count, shown.join("; ")));
        }
        Ok(())
    }

    pub(crate) fn release(&mut self, plan: &Plan) {
        self.released += 1;
        self.lines.released += plan.lines.len() as u64;
        self.freight.insert(plan.order.as_str().into(), Decimal::ZERO);
        if matches!(plan.fate, Fate::Cancelled(_)) {
            self.cancelled.insert(plan.order.as_str().into());
        }
        if let Some(exception) = plan.fate.exception() {
            self.open.insert(plan.order.as_str().into(), exception.into());
        }
    }

    /// A carrier takes a shipment where it goes, or brings it back, and bills so much for it.
    pub(crate) fn carry(&mut self, course: &Course, nth: usize, charge: Decimal) {
        if course.foreign {
            return;
        }
        if let Some(freight) = self.freight.get_mut(course.plan.order.as_str()) {
            *freight += charge;
        }
        self.on_loads += u64::from(course.load_of(nth).is_some());
        let lines = || course.plan.lines_of(&course.plan.shipments[nth]);
        if course.is_sent_back(nth) {
            // It is sent again, and counted then.
            self.lines.returned += lines().count() as u64;
            return;
        }
        self.shipments_delivered += 1;
        for line in lines().filter(|_| !course.is_part(nth)) {
            self.lines.delivered += 1;
            self.lines.late += u64::from(line.is_late());
            self.lines.returned += u64::from(line.returned.is_some());
        }
    }

    pub(crate) const fn act(&mut self, task: Task) {
        match task {
            Task::Allocate => self.asks.allocate += 1,
            Task::Book => self.asks.book += 1,
            Task::ConfirmShipment => self.asks.confirm_shipment += 1,
            Task::Bill => self.asks.bill += 1,
            Task::CancelAllocation | Task::CancelBooking => self.asks.undo += 1,
            Task::ConfirmCancellation => self.asks.confirm_cancellation += 1,
        }
    }

    /// An ask about an order that is done with: most likely one that came again.
    pub(crate) fn late(&mut self, order: &str, task: Task) {
        self.asks.late += 1;
        if let Some(words) = self.forbids(order, task) {
            self.fault(words);
        }
    }

    /// That an order's end forbids to ask this, in words.
    pub(crate) fn forbids(&self, order: &str, task: Task) -> Option<String> {
        let asked = task.as_str();
        match self.ending(order) {
            Ending::Closed => {
                let undoes = matches!(task, Task::CancelAllocation | Task::CancelBooking | Task::ConfirmCancellation);
                undoes.then(|| format!("order {order} must be closed, and was asked to {asked}"))
            }
            Ending::Cancelled => {
                let ships = matches!(task, Task::ConfirmShipment | Task::Bill);
                ships.then(|| format!("order {order} must be cancelled, and was asked to {asked}"))
            }
            Ending::Open(exception) => {
                let forbidden = match task {
                    Task::Allocate | Task::Book => Fate::Invalid.exception().as_deref() == Some(exception),
                    Task::ConfirmShipment
                    | Task::Bill
                    | Task::CancelAllocation
                    | Task::CancelBooking
                    | Task::ConfirmCancellation => true,
                };
                forbidden.then(|| format!("order {order} must be open with `{exception}`, and was asked to {asked}"))
            }
        }
    }

    /// Something was done a second time, or would have been.
    pub(crate) fn twice(&mut self, words: String) {
        self.asks.twice += 1;
        self.fault(words);
    }

    pub(crate) fn fault(&mut self, words: String) {
        self.fault_count += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::traffic::Traffic;

    fn books() -> (Books, Vec<Plan>) {
        let traffic = Traffic { seed: Seed(1), orders: 400, started: "2026-03-01T12:00:00Z".parse().unwrap() };
        let mut books = Books::default();
        let plans: Vec<Plan> = traffic.plans().collect();
        plans.iter().for_each(|plan| books.release(plan));
        (books, plans)
    }

    #[test]
    fn an_order_must_end_as_planned_and_no_other_way() {
        let (books, plans) = books();
        for plan in &plans {
            let wanted: Vec<String> = plan.fate.exception().into_iter().collect();
            let is_cancelled = matches!(plan.fate, Fate::Cancelled(_));
            let end = if is_cancelled { End::Cancelled } else { End::Closed };
            let ended = wanted.is_empty().then_some(end);
            assert_eq!(books.verdict(&plan.order, ended, &wanted), Ok(()));
            for other in [None, Some(End::Closed), Some(End::Cancelled)] {
                assert_eq!(books.verdict(&plan.order, other, &wanted).is_ok(), other == ended);
            }
            assert!(books.verdict(&plan.order, ended, &["overdue close".to_owned()]).is_err());
            if let [wanted] = wanted.as_slice() {
                let both = [wanted.clone(), "overdue ship s1".to_owned()];
                assert!(books.verdict(&plan.order, None, &both).is_err());
                assert!(books.verdict(&plan.order, None, &[]).is_err());
            }
        }
        let open = plans.iter().filter(|plan| plan.fate.exception().is_some()).count() as u64;
        assert_eq!((books.released, books.must_stay_open()), (400, open));
    }

    #[test]
    fn an_ask_that_the_end_forbids_is_a_fault_and_a_late_repeat_is_none() {
        let (mut books, plans) = books();
        let closed = plans.iter().find(|plan| plan.fate == Fate::Closed).unwrap();
        let invalid = plans.iter().find(|plan| plan.fate == Fate::Invalid).unwrap();
        books.late(closed.order.as_str(), Task::Bill);
        assert_eq!((books.asks.late, books.fault_count), (1, 0));
        books.late(invalid.order.as_str(), Task::Allocate);
        assert_eq!((books.asks.late, books.fault_count), (2, 1));
        assert!(books.sound().is_err());
    }

    #[test]
    fn faults_are_kept_up_to_their_limit() {
        let mut books = Books::default();
        (0..1_000).for_each(|n| books.fault(n.to_string()));
        assert_eq!((books.faults.len(), books.fault_count), (MAX_FAULTS, 1_000));
    }
}
