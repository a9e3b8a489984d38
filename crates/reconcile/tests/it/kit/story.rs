//! What is told of one order on the good path, with the noise of real systems around it: repeats, late words, parts.

use model::{Fact, Lane, Milestone, Order, Timestamp};

use super::chance::Chance;
use super::facts::*;
use super::log::Telling;

/// What is told of one order, by step; a plot leaves out or changes some of it.
pub struct Story {
    pub id: String,
    pub order: Order,
    /// When it was released, in minutes.
    pub begin: i64,
    pub steps: Vec<(Step, Lane, i64, Vec<Fact>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Released,
    Allocated,
    Booked,
    Picked,
    Packed,
    PickedUp,
    Issued,
    Delivered,
    Confirmed,
    Billed,
    Freight,
}

impl Story {
    /// The good path of an order released at this minute.
    pub fn new(id: &str, order: Order, begin: i64) -> Self {
        let at = |minutes| minute(begin + minutes);
        let all = |milestone, minutes| vec![reached(milestone, at(minutes))];
        let steps = vec![
            (Step::Released, Lane::Erp, 0, vec![Fact::Released(order.clone()), validated()]),
            (
                Step::Allocated,
                Lane::Wms,
                60,
                vec![accepted(id, "allocate/s1"), reached(Milestone::FulfilmentAllocated, at(60))],
            ),
            (Step::Booked, Lane::Tms, 120, vec![accepted(id, "book/s1"), booked(id)]),
            (Step::Picked, Lane::Wms, 300, all(Milestone::FulfilmentPicked, 300)),
            (Step::Packed, Lane::Wms, 420, all(Milestone::FulfilmentPacked, 420)),
            (Step::PickedUp, Lane::Tms, 540, all(Milestone::TransportPickedUp, 540)),
            (Step::Issued, Lane::Wms, 541, all(Milestone::FulfilmentGoodsIssued, 541)),
            (Step::Delivered, Lane::Tms, 2_400, all(Milestone::TransportDelivered, 2_400)),
            (Step::Confirmed, Lane::Erp, 2_460, vec![accepted(id, "confirm_shipment")]),
            (
                Step::Billed,
                Lane::Erp,
                2_520,
                vec![accepted(id, "bill"), billed(id, 50 * order.lines.len() as i64, Vec::new())],
            ),
            (Step::Freight, Lane::Tms, 3_600, vec![freight(id, 100)]),
        ];
        Self { id: id.to_owned(), order, begin, steps }
    }

    /// Without this step and what follows from it.
    pub fn without(mut self, left_out: &[Step]) -> Self {
        self.steps.retain(|(step, ..)| !left_out.contains(step));
        self
    }

    /// With this told at a step instead.
    pub fn instead(mut self, at: Step, facts: Vec<Fact>) -> Self {
        for (step, _, _, told) in &mut self.steps {
            if *step == at {
                told.clone_from(&facts);
            }
        }
        self
    }

    /// And this is told besides, so many minutes after the release.
    pub fn and(mut self, step: Step, lane: Lane, minutes: i64, fact: Fact) -> Self {
        self.steps.push((step, lane, minutes, vec![fact]));
        self
    }

    /// The moment so many minutes after the release.
    pub fn at(&self, minutes: i64) -> Timestamp {
        minute(self.begin + minutes)
    }

    /// When a step is told.
    pub fn told(&self, wanted: Step) -> Timestamp {
        let (.., minutes, _) = self.steps.iter().find(|(step, ..)| *step == wanted).unwrap();
        self.at(*minutes)
    }

    /// What is told, with noise: some of it twice, warehouse steps in parts or late, the customer told when asked.
    pub fn tellings(&self, chance: &mut Chance) -> Vec<Telling> {
        let mut tellings = Vec::new();
        let mut tell = |lane: Lane, at: i64, facts: Vec<Fact>| {
            let partner = match lane {
                Lane::Erp => Some(ERP),
                Lane::Wms => Some(WMS),
                Lane::Tms => Some(TMS),
                Lane::View | Lane::Ops | Lane::Clock | Lane::Flow => None,
            };
            tellings.push(Telling { order: self.id.clone(), lane, partner, received: self.at(at), facts });
        };
        for (step, lane, at, facts) in &self.steps {
            let names_lines = facts.iter().any(|fact| matches!(fact, Fact::Milestone(told) if !told.lines.is_empty()));
            let is_inner = matches!(step, Step::Picked | Step::Packed) && !names_lines;
            let late = if is_inner && chance.one_in(5) { 60 + i64::from(chance.below(400) as u16) } else { 0 };
            tell(*lane, at + late, facts.clone());
            if chance.one_in(4) {
                tell(*lane, at + late + i64::from(chance.below(3_000) as u16), facts.clone());
            }
            if *step == Step::Confirmed {
                tell(Lane::View, at + 1, vec![accepted(&self.id, "update_customer")]);
            }
        }
        tellings
    }
}
