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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::TMS;
    use crate::seed::Seed;
    use crate::traffic::Traffic;

    /// What is told of a load, to the second shipment of which this happens: the number and the code of each event.
    fn told(mishap: Option<Mishap>) -> (Vec<Course>, Vec<(String, String)>) {
        let traffic = Traffic { seed: Seed(3), orders: 200, started: "2026-03-01T12:00:00Z".parse().unwrap() };
        let mut sharing = traffic.plans().filter(|plan| plan.load.is_some());
        let mut aboard = vec![Course::new(sharing.next().unwrap()), Course::with(sharing.next().unwrap(), mishap)];
        aboard.iter_mut().for_each(Course::board);
        let load = aboard[0].plan.load.clone().unwrap();
        let said = Carrier { seed: Seed(3), tms: TMS }.haul(&load, &aboard.iter().collect::<Vec<_>>());
        let events = said.iter().filter(|message| message.name == "event").flat_map(|message| {
            let body: serde_json::Value = serde_json::from_slice(&message.body).unwrap();
            body["events"].as_array().unwrap().clone()
        });
        let text = |event: &serde_json::Value, field: &str| event[field].as_str().unwrap().replace(&*load, "load");
        let events = events.map(|event| (text(&event, "pro"), text(&event, "code"))).collect();
        (aboard, events)
    }

    fn of_the_load(codes: &[&str]) -> Vec<(String, String)> {
        codes.iter().map(|code| ("load".to_owned(), (*code).to_owned())).collect()
    }

    #[test]
    fn what_happens_to_all_is_told_under_the_number_of_the_load() {
        let (_, events) = told(None);
        assert_eq!(events, of_the_load(&["PU", "DEP", "INT", "OFD", "DLV"]));
        let (_, again) = told(Some(Mishap::ToldAgain));
        assert_eq!(again[5..], of_the_load(&["PU", "DEP", "INT", "OFD", "DLV", "ATT"]));
    }

    #[test]
    fn when_one_is_refused_each_delivery_is_told_under_its_own_number() {
        let (aboard, events) = told(Some(Mishap::SentBack(0)));
        let carrier = Carrier { seed: Seed(3), tms: TMS };
        let own = |nth: usize, code: &str| (carrier.booked(&aboard[nth], 0).unwrap().pro, code.to_owned());
        assert_eq!(events[..4], of_the_load(&["PU", "DEP", "INT", "OFD"]));
        assert_eq!(events[4..], [own(0, "DLV"), own(1, "ATT"), own(1, "RTN"), own(1, "RTD")]);
    }
}
