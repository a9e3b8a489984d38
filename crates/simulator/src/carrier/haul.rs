//! A load: one truck for shipments of several orders, which tells and bills once what it does with all of them.

use rust_decimal::Decimal;

use super::{Carrier, event, road};
use crate::course::Course;
use crate::mishap::Mishap;
use crate::wire::Message;
use crate::wire::tms::{Code, Event, Haul};

impl Carrier {
    /// The road of a load, each of whose shipments is its order's first. What happens to all is told under the load's number;
    /// when one of them is refused or not all there, each one's delivery is told under its own.
    #[must_use]
    pub fn haul(self, load: &str, aboard: &[&Course]) -> Vec<Message> {
        let Some(first) = aboard.first() else { return Vec::new() };
        let (plan, haul) = (&first.plan, Haul { partner: self.tms, load });
        let booked: Vec<_> = aboard.iter().filter_map(|course| Some((*course, self.booked(course, 0)?))).collect();
        let mut said: Vec<Message> = road(plan, 0).iter().map(|events| haul.events(events)).collect();
        let together = aboard.iter().all(|course| course.arrives_whole(0));
        let delivered = || {
            plan.lines.first().map(|line| Event { stop: Some(&plan.ship_to), ..event(Code::Delivered, line.delivered) })
        };
        if together {
            said.extend(delivered().map(|event| haul.events(&[event])));
        } else {
            said.extend(booked.iter().flat_map(|(course, booked)| self.at_the_door(course, 0, booked)));
        }
        if aboard.iter().any(|course| course.mishap == Some(Mishap::ToldAgain)) {
            let mut all: Vec<Event<'_>> = road(plan, 0).into_iter().flatten().collect();
            all.extend(delivered().filter(|_| together));
            said.push(haul.history(&all));
            said.push(haul.events(&[event(Code::Attempted, plan.shipments[0].steps.out_for_delivery)]));
        }
        let total: Decimal = booked.iter().map(|(_, booked)| booked.charge).sum();
        said.push(haul.invoice(total));
        said
    }
}
