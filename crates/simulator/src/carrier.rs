//! The TMS and its carriers: take a shipment on, or not; carry it; bill it.

mod haul;

use model::{Lacking, Place, When};
use rust_decimal::Decimal;

use crate::books::{Books, Task};
use crate::course::{Course, Turn};
use crate::mishap::Mishap;
use crate::plan::{Fate, Plan, PlannedLine, TMS};
use crate::seed::Seed;
use crate::warehouse::note_undo;
use crate::wire::Message;
use crate::wire::tms::{Booked, Code, Event, Job, Tender, Withdrawal};

const CARRIERS: [&str; 4] = ["NORTHLINE", "CARGOBEE", "ALPEXPRESS", "SEASTAR"];
/// What a shipment costs in cents: this, and so much a piece.
const BASE_CENTS: u32 = 900;
const CENTS_A_PIECE: u32 = 35;

/// The TMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carrier {
    /// What tracking numbers and prices follow from.
    pub seed: Seed,
    /// The TMS's partner id.
    pub tms: &'static str,
}

/// What a tender led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The answer to the tender.
    pub answer: Message,
    /// The carrier that comes for the goods, when it was asked for the first time and takes them on.
    pub truck: Option<Booked>,
}

impl Carrier {
    /// Answers a tender. One that comes again gets the same answer, and no second truck comes.
    pub fn on_ask(self, course: &mut Course, nth: usize, ask: &Tender<'_>, books: &mut Books) -> Reaction {
        let booked = self.booked(course, nth);
        let answer = self.job(course, nth).booking(&ask.tender, booked.as_ref());
        if booked.is_none() && self.tms == TMS {
            self.declines(course, nth, ask, books);
            return Reaction { answer, truck: None };
        }
        let turn = course.turn(&ask.tender, Task::Book, Some(nth));
        if turn == Turn::First {
            check(course, nth, ask, books);
            course.act(&ask.tender, books);
        }
        match turn {
            Turn::Repeated => books.asks.repeated += 1,
            Turn::Twice => books.twice(twice(course, nth, &ask.tender)),
            Turn::First => {
                course.settle(nth);
                return Reaction { answer, truck: booked };
            }
        }
        Reaction { answer, truck: None }
    }

    /// No carrier takes it: somebody else may be asked.
    fn declines(self, course: &mut Course, nth: usize, ask: &Tender<'_>, books: &mut Books) {
        match course.turn(&ask.tender, Task::Book, None) {
            Turn::Repeated => books.asks.repeated += 1,
            Turn::First | Turn::Twice => {
                check(course, nth, ask, books);
                course.act(&ask.tender, books);
                if course.mishap != Some(Mishap::Declined) {
                    course.settle(nth);
                }
            }
        }
    }

    fn job(self, course: &Course, nth: usize) -> Job<'_> {
        Job { partner: self.tms, order: &course.plan.order, shipment: &course.plan.shipments[nth].id }
    }

    /// Says that nobody could be asked, and does nothing.
    pub fn fail(self, course: &Course, nth: usize, ask: &str) -> Message {
        self.job(course, nth).failed(ask)
    }

    /// Takes a shipment from its carrier again, unless the goods have left.
    pub fn on_withdrawal(self, course: &mut Course, nth: usize, ask: &Withdrawal<'_>, books: &mut Books) -> Message {
        let turn = course.turn(&ask.tender, Task::CancelBooking, Some(nth));
        note_undo(course, nth, turn, (Task::CancelBooking, &ask.tender), books);
        self.job(course, nth).withdrawn(&ask.tender, course.has_left(nth))
    }

    /// The road: from the dock to the consignee, then the bill.
    pub fn on_the_road(self, course: &Course, nth: usize, booked: &Booked) -> Vec<Message> {
        let (plan, job) = (&course.plan, self.job(course, nth));
        let steps = &plan.shipments[nth].steps;
        let arrived = course.lines_at(nth, Lacking::Delivered);
        let mut said: Vec<Message> = road(plan, nth).iter().map(|events| job.events(booked, events)).collect();
        said.extend(self.at_the_door(course, nth, booked));
        if course.mishap == Some(Mishap::ToldAgain) {
            let mut all: Vec<Event<'_>> = road(plan, nth).into_iter().flatten().collect();
            all.extend(deliveries(&arrived, &plan.ship_to));
            said.push(job.history(booked, &all));
            said.push(job.events(booked, &[event(Code::Attempted, steps.out_for_delivery)]));
        }
        said.push(job.freight_invoice(booked));
        said
    }

    /// A shipment is delivered, or refused and brought back.
    fn at_the_door(self, course: &Course, nth: usize, booked: &Booked) -> Vec<Message> {
        let (plan, job) = (&course.plan, self.job(course, nth));
        if course.is_sent_back(nth) {
            let at = plan.shipments[nth].steps.out_for_delivery;
            let back = [Code::Attempted, Code::Returning, Code::Returned].map(|code| event(code, at));
            return back.iter().map(|event| job.events(booked, std::slice::from_ref(event))).collect();
        }
        let arrived = course.lines_at(nth, Lacking::Delivered);
        vec![job.events(booked, &deliveries(&arrived, &plan.ship_to))]
    }

    /// What a shipment is booked as; nothing when no carrier takes it.
    #[must_use]
    pub fn booked(self, course: &Course, nth: usize) -> Option<Booked> {
        let shipment = &course.plan.shipments[nth];
        let no_carrier = course.plan.fate == Fate::BookingRefused(shipment.id.clone());
        if no_carrier || course.mishap == Some(Mishap::Declined) && self.tms == TMS {
            return None;
        }
        let dice = self.seed.about(course.plan.order.as_str()).part(nth);
        let load = course.load_of(nth);
        let truck = load.map_or(dice, |load| self.seed.about(load));
        let pieces: Decimal = course.plan.lines_of(shipment).map(|line| line.quantity).sum();
        let base = BASE_CENTS + truck.within("surcharge", 0..=600);
        let charge = (Decimal::from(base) + pieces * Decimal::from(CENTS_A_PIECE)) / Decimal::ONE_HUNDRED;
        Some(Booked {
            carrier: CARRIERS[truck.within("carrier", 0..=3) as usize % CARRIERS.len()],
            load: load.map(Into::into),
            pro: format!("WB{:016X}", dice.number("tracking")),
            charge: charge.round_dp(2),
            at: shipment.steps.booked,
        })
    }
}

/// The road up to the consignee's door, as one message after the other tells it.
fn road(plan: &Plan, nth: usize) -> [Vec<Event<'_>>; 3] {
    let steps = &plan.shipments[nth].steps;
    [
        vec![event(Code::PickedUp, steps.picked_up)],
        vec![event(Code::Departed, steps.departed), event(Code::InTransit, steps.in_transit)],
        vec![Event { stop: Some(&plan.ship_to), ..event(Code::OutForDelivery, steps.out_for_delivery) }],
    ]
}

const fn event<'a>(code: Code, at: When) -> Event<'a> {
    Event { code, at, stop: None, lines: Vec::new() }
}

/// Lines that arrive at one time are one delivery.
fn deliveries<'a>(arrived: &'a [PlannedLine], at: &'a Place) -> Vec<Event<'a>> {
    let mut lines: Vec<&PlannedLine> = arrived.iter().collect();
    lines.sort_by_key(|line| line.delivered);
    lines
        .chunk_by(|one, next| one.delivered == next.delivered)
        .map(|together| Event {
            code: Code::Delivered,
            at: together[0].delivered,
            stop: Some(at),
            lines: together.to_vec(),
        })
        .collect()
}

fn check(course: &Course, nth: usize, ask: &Tender<'_>, books: &mut Books) {
    let shipment = &course.plan.shipments[nth];
    let fault = |what: &str| format!("order {}, {}: {what}", course.plan.order, shipment.id);
    if course.plan.fate == Fate::NoStock(shipment.id.clone()) {
        books.fault(fault("asked to book what the warehouse does not have"));
    }
    if shipment.location.as_str() != ask.pickup.site {
        books.fault(fault(&format!("is at {} and was to be picked up at {}", shipment.location, ask.pickup.site)));
    }
    let asked = ask.goods.iter().map(|goods| (&*goods.line, goods.count));
    if let Some(differs) = course.differs(course.lines_at(nth, Lacking::Reserved).iter(), asked) {
        books.fault(fault(&format!("asked to book: {differs}")));
    }
}

fn twice(course: &Course, nth: usize, ask: &str) -> String {
    let shipment = &course.plan.shipments[nth].id;
    format!("order {}, {shipment}: asked to book it twice, the second time as {ask}", course.plan.order)
}
