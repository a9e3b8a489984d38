//! What partners' own books hold in the middle of the month, most of it right: an ERP's open orders and stock, a TMS's shipments,
//! a warehouse's counts.

use std::collections::BTreeMap;

use engine::FactId;
use fulfilment::StockEffectKind;
use model::{
    Fact, Listed, ListedOrder, ListedShipment, ListedStock, LocationId, Milestone, Movement, MovementKind, OrderId,
    Quantity, Sku, Snapshot, System, Timestamp, When,
};
use reconcile::{Kind, Policy, Snapshots, StockBooks};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::chance::Chance;
use super::facts::*;
use super::log::Log;
use super::planted::{Planted, Truth};
use super::story::{Step, Story};
use super::world::{MONTH, SKUS};

/// When the lists are taken.
pub const TAKEN: i64 = MONTH / 2;
/// Around that moment, minutes in which a movement is in flight.
const IN_FLIGHT: i64 = 15;

pub struct Lists {
    movements: Vec<(FactId, Movement, Timestamp)>,
    snapshots: Vec<Snapshot>,
    pub truths: Vec<Truth>,
}

impl Lists {
    pub fn new(log: &Log, stories: &[(Planted, Story)], chance: &mut Chance) -> Self {
        let mut lists = Self { movements: Vec::new(), snapshots: Vec::new(), truths: Vec::new() };
        lists.stock(log, chance);
        lists.orders(stories, chance);
        lists.shipments(stories, chance);
        lists
    }

    /// Hands over what came in by the cut-off.
    pub fn take(&self, cut_off: Timestamp, stock: &mut StockBooks, snapshots: &mut Snapshots, policy: &Policy) {
        for ((fact, movement, recorded), sequence) in self.movements.iter().zip(1..) {
            if *recorded <= cut_off {
                stock.movement(*fact, WMS, movement, sequence, policy);
                // Told again, it counts once.
                stock.movement(*fact, WMS, movement, sequence, policy);
            }
        }
        for (snapshot, sequence) in self.snapshots.iter().zip(1..) {
            if snapshot.taken.at <= cut_off {
                snapshots.take(snapshot.clone(), sequence, stock, policy);
            }
        }
    }

    fn truth(&mut self, kind: Kind, about: &str, grace_minutes: i64) {
        self.truths.push(Truth { kind, order: about.to_owned(), from: minute(TAKEN + grace_minutes), hidden: None });
    }

    // ---- stock ----

    fn stock(&mut self, log: &Log, chance: &mut Chance) {
        let mut issued: BTreeMap<String, Vec<(Timestamp, Decimal)>> = BTreeMap::new();
        for trail in log.until(minute(10 * MONTH)).values() {
            let key = engine::Key::of("any");
            let folded = engine::Folded::<fulfilment::Fulfilment>::replay(&key, trail.iter().copied());
            let gone =
                folded.state().stock_effects().into_iter().filter(|effect| effect.kind == StockEffectKind::Issued);
            for effect in gone {
                issued.entry(effect.sku.to_string()).or_default().push((effect.occurred.at, effect.quantity));
            }
        }
        let mut listed = Vec::new();
        for number in 0..SKUS {
            let sku = format!("sku-{number}");
            let gone: Decimal = issued
                .get(&sku)
                .into_iter()
                .flatten()
                .filter(|(at, _)| *at < minute(TAKEN))
                .map(|(_, quantity)| *quantity)
                .sum();
            let received = 1_000 + chance.below(100) as i64;
            self.movement(&sku, MovementKind::Counted, 100_000, -10);
            // Told late: it counts when it occurred.
            self.movement(&sku, MovementKind::Received, received, TAKEN - 600);
            let right = 100_000 + received - gone.to_i64().unwrap();
            // What is wrong is more than what can be in flight.
            let wrong = |chance: &mut Chance| if chance.one_in(3) { 5_000 + chance.below(50) as i64 } else { 0 };
            let (miscounted, mislisted) = (wrong(chance), wrong(chance));
            let counted = minute(TAKEN);
            if miscounted > 0 {
                let about = format!("{sku} {}", When::exact(counted));
                self.truth(Kind::StockCounted, &about, IN_FLIGHT);
            }
            if mislisted > 0 {
                self.truth(Kind::StockListed, &format!("{sku} {ERP}"), IN_FLIGHT);
            }
            self.movement(&sku, MovementKind::Counted, right - miscounted, TAKEN);
            let (location, sku) = (LocationId::new("dc-1").unwrap(), Sku::new(&sku).unwrap());
            listed.push(ListedStock { location, sku, on_hand: Quantity::each(right - mislisted) });
        }
        self.snapshot(System::Erp, ERP, Listed::Stock(listed));
    }

    fn movement(&mut self, sku: &str, kind: MovementKind, amount: i64, at: i64) {
        let movement = Movement {
            location: LocationId::new("dc-1").unwrap(),
            sku: Sku::new(sku).unwrap(),
            kind,
            quantity: Quantity::each(amount),
            occurred: When::exact(minute(at)),
        };
        let fact = FactId::of(&[sku.as_bytes(), &at.to_be_bytes()]);
        self.movements.push((fact, movement, minute(at)));
    }

    fn snapshot(&mut self, system: System, of: &str, listed: Listed) {
        let taken = When::exact(minute(TAKEN));
        self.snapshots.push(Snapshot { system, partner: partner(of), taken, complete: true, listed });
    }

    // ---- orders ----

    fn orders(&mut self, stories: &[(Planted, Story)], chance: &mut Chance) {
        let mut rows = Vec::new();
        for (planted, story) in stories {
            let ends =
                story.steps.iter().filter(|(_, _, _, facts)| facts.iter().any(|fact| matches!(fact, Fact::Billed(_))));
            let ends: Option<i64> = ends.map(|(.., at, _)| story.begin + at).min();
            let near = |at: i64| (at - TAKEN).abs() <= IN_FLIGHT;
            let is_open = story.begin <= TAKEN && ends.is_none_or(|end| end > TAKEN);
            // Whether it is being billed is asked an hour before it is.
            let is_certain = !near(story.begin) && !ends.is_some_and(near) && *planted == Planted::Nothing;
            let id = OrderId::new(&story.id).unwrap();
            let lines = vec![pieces(1, 10)];
            let is_wrong = is_certain && chance.one_in(4);
            match (is_open, is_wrong) {
                (true, false) => rows.push(ListedOrder { order: id, lines }),
                (true, true) if chance.one_in(2) => {
                    self.truth(Kind::OrderNotListed, &story.id, 0);
                    // From the moment it is asked to bill, the ERP may have done so.
                    let truth = self.truths.last_mut().unwrap();
                    truth.hidden = Some((story.told(Step::Confirmed), story.told(Step::Billed)));
                }
                (true, true) => {
                    self.truth(Kind::OrderQuantity, &story.id, 0);
                    rows.push(ListedOrder { order: id, lines: vec![pieces(1, 11)] });
                }
                (false, true) if ends.is_some_and(|end| end < TAKEN) => {
                    self.truth(Kind::OrderOver, &story.id, 0);
                    rows.push(ListedOrder { order: id, lines });
                }
                (false, _) => {}
            }
        }
        for number in 0..100 {
            let unknown = format!("XX-{number}");
            self.truth(Kind::OrderNotKnown, &unknown, 0);
            rows.push(ListedOrder { order: OrderId::new(&unknown).unwrap(), lines: Vec::new() });
        }
        self.snapshot(System::Erp, ERP, Listed::Orders(rows));
    }

    // ---- shipments ----

    fn shipments(&mut self, stories: &[(Planted, Story)], chance: &mut Chance) {
        let mut rows = Vec::new();
        for (planted, story) in stories {
            let when = |wanted: Step| {
                story.steps.iter().find(|(step, ..)| *step == wanted).map(|(.., at, _)| story.begin + at)
            };
            let by_tms =
                |wanted| story.steps.iter().any(|(step, lane, ..)| *step == wanted && *lane == model::Lane::Tms);
            let Some(booked) = when(Step::Booked).filter(|at| *at <= TAKEN) else { continue };
            let delivered = when(Step::Delivered).filter(|at| *at <= TAKEN && by_tms(Step::Delivered));
            if delivered.is_some() {
                continue;
            }
            let picked_up = when(Step::PickedUp).filter(|at| *at <= TAKEN);
            let milestone =
                if picked_up.is_some() { Milestone::TransportInTransit } else { Milestone::TransportAccepted };
            let steps = story.steps.iter().map(|(.., at, _)| story.begin + at);
            let is_quiet = steps.chain([booked]).all(|at| (at - TAKEN).abs() > IN_FLIGHT);
            let is_wrong = is_quiet && *planted == Planted::Nothing && chance.one_in(4);
            let mut row = ListedShipment {
                reference: format!("T-{}", story.id),
                order: Some(OrderId::new(&story.id).unwrap()),
                shipment: None,
                milestone: Some(milestone),
            };
            if is_wrong && chance.one_in(2) {
                self.truth(Kind::ShipmentNotListed, &story.id, 0);
                continue;
            }
            if is_wrong {
                self.truth(Kind::ShipmentStatus, &story.id, 0);
                row.milestone = Some(Milestone::TransportDelivered);
            }
            rows.push(row);
        }
        for number in 0..100 {
            let unknown = format!("T-XX-{number}");
            self.truth(Kind::ShipmentNotKnown, &unknown, 0);
            rows.push(ListedShipment { reference: unknown, order: None, shipment: None, milestone: None });
        }
        self.snapshot(System::Tms, TMS, Listed::Shipments(rows));
    }
}
