//! Loads that two orders share: told and billed once, by nobody's order of work, and gone in time.

use std::collections::{BTreeMap, VecDeque};

use model::{Fact, OrderId};
use rust_decimal::Decimal;
use simulator::plan::Plan;
use simulator::wire::Message;
use simulator::{Books, Scenario, Seed, Stage, Traffic};

use crate::waybill::{Waybill, now};

const ORDERS: u64 = 600;

fn scenario(seed: u64) -> Scenario {
    Scenario::Generated(Traffic { seed: Seed(seed), orders: ORDERS, started: now() })
}

fn plans(scenario: &Scenario) -> Vec<Plan> {
    scenario.plans().unwrap().map(Result::unwrap).collect()
}

/// The first two orders that share a load.
fn pair(scenario: &Scenario) -> (Plan, Plan) {
    let mut sharing = plans(scenario).into_iter().filter(|plan| plan.load.is_some());
    (sharing.next().unwrap(), sharing.next().unwrap())
}

fn opened(scenario: &Scenario) -> (Waybill, Stage) {
    let mut waybill = Waybill::new();
    for message in scenario.opening().unwrap().map(Result::unwrap) {
        waybill.hear(message.partner, message.name, &message.body);
    }
    (waybill, Stage::new(scenario.clone()))
}

/// Hands messages and asks to and fro until nobody has anything to say; returns all messages.
fn work_off(waybill: &mut Waybill, stage: &mut Stage, messages: Vec<Message>) -> Vec<Message> {
    let mut waiting = VecDeque::from(messages);
    let mut said = Vec::new();
    while let Some(message) = waiting.pop_front() {
        for (partner, ask) in waybill.hear(message.partner, message.name, &message.body) {
            waiting.extend(stage.on_ask(partner, &ask.message, &ask.body, now()));
        }
        said.push(message);
    }
    said
}

fn count(said: &[Message], name: &str) -> usize {
    said.iter().filter(|message| message.name == name).count()
}

fn billed(waybill: &Waybill, order: &OrderId) -> Decimal {
    let bills = waybill.orders[order].facts.iter().filter_map(|fact| match fact {
        Fact::FreightInvoiced(bill) => Some(bill.total.amount),
        _ => None,
    });
    bills.sum()
}

fn ended(books: &Books, waybill: &Waybill, order: &OrderId) -> Result<(), String> {
    let known = &waybill.orders[order];
    books.verdict(order, known.ended, &known.exceptions)?;
    books.freight(order, billed(waybill, order))
}

#[test]
fn about_one_shipment_in_eight_shares_a_load_with_a_neighbour() {
    let scenario = scenario(21);
    let mut sharing: BTreeMap<Box<str>, Vec<usize>> = BTreeMap::new();
    for (place, plan) in plans(&scenario).into_iter().enumerate() {
        if let Some(load) = plan.load {
            sharing.entry(load).or_default().push(place);
        }
    }
    assert!(sharing.values().all(|places| matches!(places.as_slice(), [one, next] if *next == one + 1)));
    let mut waybill = Waybill::new();
    let stage = waybill.play(&scenario, 50);
    let books = stage.books();
    assert_eq!(books.on_loads, 2 * sharing.len() as u64);
    let share = books.on_loads * 100 / books.asks.book;
    assert!((10..=20).contains(&share), "{share} % of the bookings");
    for order in waybill.orders.keys() {
        assert_eq!(ended(books, &waybill, order), Ok(()));
    }
}

#[test]
fn what_happens_to_a_load_is_told_and_billed_once() {
    let scenario = scenario(22);
    let (one, other) = pair(&scenario);
    let (mut waybill, mut stage) = opened(&scenario);
    let first = stage.release(one.clone());
    let alone = work_off(&mut waybill, &mut stage, first);
    assert_eq!((count(&alone, "booking"), count(&alone, "event"), count(&alone, "load_invoice")), (1, 0, 0));
    let second = stage.release(other.clone());
    let both = work_off(&mut waybill, &mut stage, second);
    assert_eq!((count(&both, "event"), count(&both, "load_invoice"), count(&both, "freight_invoice")), (4, 1, 0));
    for order in [&one.order, &other.order] {
        assert_eq!(ended(stage.books(), &waybill, order), Ok(()));
        let all = billed(&waybill, order) * Decimal::TWO;
        assert!(stage.books().freight(order, all).is_err(), "all of the load's bill is not this order's");
    }
    assert_eq!((stage.in_flight(), stage.books().fault_count), (0, 0));
}

#[test]
fn a_load_goes_in_time_without_who_is_not_there() {
    let scenario = scenario(23);
    let (one, other) = pair(&scenario);
    let (mut waybill, mut stage) = opened(&scenario);
    let first = stage.release(one.clone());
    work_off(&mut waybill, &mut stage, first);
    assert_eq!(stage.at(now().plus_millis(59_000)), []);
    let gone = stage.at(now().plus_millis(60_000));
    assert_eq!(count(&gone, "load_invoice"), 1);
    assert_eq!(stage.at(now().plus_millis(90_000)), [], "it goes once");
    work_off(&mut waybill, &mut stage, gone);
    assert_eq!(ended(stage.books(), &waybill, &one.order), Ok(()));
    let late = stage.release(other.clone());
    let late = work_off(&mut waybill, &mut stage, late);
    assert_eq!((count(&late, "load_invoice"), count(&late, "freight_invoice")), (0, 1), "it travels alone");
    assert_eq!(ended(stage.books(), &waybill, &other.order), Ok(()));
    assert_eq!((stage.in_flight(), stage.books().fault_count), (0, 0));
}
