//! Loads that orders share: opened by the first shipment that is booked, gone when each one is on it or will not come.
//!
//! Who shares one is planned, and who will not come follows from the plan too. So it does not matter who is booked first.

use std::collections::HashMap;

use model::{OrderId, Timestamp};

use super::{Partner, Stage};
use crate::course::Course;
use crate::plan::Plan;
use crate::times::MINUTE;
use crate::warehouse::WarehouseSystem;
use crate::wire::Message;

/// A load goes this long after its first shipment was booked, with what is there.
pub const LONGEST_WAIT: i64 = MINUTE;
/// Orders that share a load.
const ORDERS_OF_A_LOAD: usize = 2;

/// The loads that have not gone, or went while somebody was still to come. As many as there are orders in flight at the most.
#[derive(Debug, Default)]
pub(super) struct Loads(HashMap<Box<str>, Load>);

#[derive(Debug, Default)]
struct Load {
    /// Orders whose shipment is on it, in the order of their numbers.
    aboard: Vec<OrderId>,
    /// Orders that have come, or will not.
    decided: usize,
    opened: Option<Timestamp>,
    is_gone: bool,
}

impl Loads {
    /// An order's shipment is booked. Returns whether it is on the load: else that has gone.
    fn board(&mut self, number: &str, order: &OrderId, now: Timestamp) -> bool {
        let load = self.0.entry(number.into()).or_default();
        load.decided += 1;
        if load.is_gone {
            return false;
        }
        load.opened.get_or_insert(now);
        load.aboard.push(order.clone());
        load.aboard.sort();
        true
    }

    /// An order that was to share the load will not come.
    fn stay_off(&mut self, number: &str) {
        self.0.entry(number.into()).or_default().decided += 1;
    }

    /// Who goes with a load that waits for nobody.
    fn go(&mut self, number: &str) -> Vec<OrderId> {
        match self.0.get(number) {
            Some(load) if load.decided >= ORDERS_OF_A_LOAD => {}
            Some(_) | None => return Vec::new(),
        }
        self.0.remove(number).filter(|load| !load.is_gone).map(|load| load.aboard).unwrap_or_default()
    }

    /// The loads that have waited long enough, and who goes with them.
    fn go_late(&mut self, now: Timestamp) -> Vec<(Box<str>, Vec<OrderId>)> {
        let late = |load: &Load| load.opened.is_some_and(|opened| opened.plus_millis(LONGEST_WAIT) <= now);
        let late = self.0.iter_mut().filter(|(_, load)| !load.is_gone && late(load));
        late.map(|(number, load)| {
            load.is_gone = true;
            (number.clone(), std::mem::take(&mut load.aboard))
        })
        .collect()
    }
}

impl Stage {
    /// The time goes on: a load that has waited too long for a shipment goes without it.
    pub fn at(&mut self, now: Timestamp) -> Vec<Message> {
        let late = self.loads.go_late(now);
        late.into_iter().flat_map(|(number, aboard)| self.depart(&number, &aboard)).collect()
    }

    /// Puts a shipment that is about to be booked on its load; it travels alone when that has gone, or with another TMS.
    /// Returns the load that waits for this order no longer.
    pub(super) fn board(&mut self, tms: Partner, course: &mut Course, nth: usize, now: Timestamp) -> Option<Box<str>> {
        if nth != 0 || course.load_of(nth).is_some() {
            return None;
        }
        let number = course.plan.load.clone()?;
        if tms != Partner::Tms {
            self.loads.stay_off(&number);
            course.plan.load = None;
        } else if self.loads.board(&number, &course.plan.order, now) {
            course.board();
        } else {
            course.plan.load = None;
        }
        Some(number)
    }

    /// An order that was planned for a load goes without it.
    pub(super) fn stay_off(&mut self, plan: &mut Plan) -> Vec<Message> {
        let Some(number) = plan.load.take() else { return Vec::new() };
        self.loads.stay_off(&number);
        self.go(&number)
    }

    /// The load goes if it waits for nobody any more.
    pub(super) fn go(&mut self, number: &str) -> Vec<Message> {
        let aboard = self.loads.go(number);
        self.depart(number, &aboard)
    }

    /// One truck is loaded with all shipments, drives and delivers; some of them come back.
    fn depart(&mut self, number: &str, aboard: &[OrderId]) -> Vec<Message> {
        let carrier = self.carrier(Partner::Tms);
        let aboard: Vec<&Course> = aboard.iter().filter_map(|order| self.courses.get(order.as_str())).collect();
        let warehouse = |course: &Course| WarehouseSystem(course.plan.shipments[0].warehouse);
        let mut said: Vec<Message> = aboard.iter().map(|course| warehouse(course).on_truck(course, 0)).collect();
        said.extend(carrier.haul(number, &aboard));
        said.extend(aboard.iter().flat_map(|course| warehouse(course).on_return(course, 0)));
        for course in aboard {
            let charge = carrier.booked(course, 0).map(|booked| booked.charge);
            self.books.carry(course, 0, charge.unwrap_or_default());
        }
        said
    }
}
