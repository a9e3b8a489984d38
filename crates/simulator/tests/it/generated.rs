//! Generated traffic: every message decodes, every order ends where the books say, and nothing is done twice.

use std::collections::BTreeSet;

use model::{Fact, Milestone, OrderId, Request};
use partners::Profile;
use rust_decimal::Decimal;
use simulator::plan::Fate;
use simulator::{Partner, Scenario, Seed, Traffic};

use crate::waybill::{Waybill, ask, now, sending};

const ORDERS: u64 = 600;

fn scenario(seed: u64) -> Scenario {
    Scenario::Generated(Traffic { seed: Seed(seed), orders: ORDERS, started: now() })
}

#[test]
fn every_order_ends_where_the_books_say() {
    let scenario = scenario(11);
    let mut waybill = Waybill::new();
    let stage = waybill.play(&scenario, 50);
    let books = stage.books();
    assert_eq!(books.sound(), Ok(()));
    assert!(stage.is_over());
    assert_eq!((books.released, books.finished), (ORDERS, ORDERS));
    assert_eq!(waybill.orders.len() as u64, ORDERS);
    let mut kinds = BTreeSet::new();
    for (order, known) in &waybill.orders {
        assert_eq!(books.verdict(order, known.ended, &known.exceptions), Ok(()));
        kinds.extend(known.exceptions.iter().map(|exception| exception.split(' ').next().unwrap().to_owned()));
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["booking_refused", "invalid", "no_stock"]);
    let per_order = waybill.messages as u64 / ORDERS;
    assert!((12..=20).contains(&per_order), "{per_order} messages an order");
}

#[test]
fn facts_agree_with_the_plan() {
    let scenario = scenario(12);
    let mut waybill = Waybill::new();
    let stage = waybill.play(&scenario, 1);
    let (mut late, mut returned, mut delivered) = (0, 0, 0);
    for plan in scenario.plans().unwrap() {
        let plan = plan.unwrap();
        let known = &waybill.orders[&plan.order];
        let order = known.order.as_ref().unwrap();
        let quantities = |milestone| known.amounts(milestone).iter().map(|part| part.quantity.amount).sum::<Decimal>();
        let ordered: Decimal = plan.lines.iter().map(|line| line.quantity).sum();
        if plan.fate == Fate::Closed {
            for milestone in [
                Milestone::FulfilmentAllocated,
                Milestone::FulfilmentPicked,
                Milestone::FulfilmentPacked,
                Milestone::FulfilmentGoodsIssued,
                Milestone::TransportDelivered,
            ] {
                assert_eq!(quantities(milestone), ordered, "{} {milestone}", plan.order);
            }
            let total: Decimal = plan.lines.iter().map(|line| line.quantity * line.price).sum();
            let billed = known.facts.iter().find_map(|fact| match fact {
                Fact::Billed(invoice) => Some(invoice.total.amount),
                _ => None,
            });
            assert_eq!(billed, Some(total));
        }
        for (line, planned) in order.lines.iter().zip(&plan.lines) {
            assert_eq!(
                (&line.sku, line.promised, line.ship_on),
                (&planned.sku, Some(planned.promised), Some(planned.ship_on))
            );
            let arrived = known.facts.iter().find_map(|fact| match fact {
                Fact::Milestone(m) if m.milestone == Milestone::TransportDelivered => {
                    m.lines.iter().any(|part| part.line == line.line).then_some(m.occurred)
                }
                _ => None,
            });
            if let Some(arrived) = arrived {
                assert_eq!(arrived, planned.delivered);
                delivered += 1;
                late += u64::from(arrived.local_date() > line.promised.unwrap().local_date());
            }
        }
        returned += known.amounts(Milestone::TransportReturned).len() as u64;
    }
    let lines = stage.books().lines;
    assert_eq!((lines.delivered, lines.late, lines.returned), (delivered, late, returned));
    assert!(late > 50 && returned > 10, "{lines:?}");
}

#[test]
fn opening_stock_covers_what_is_issued() {
    let mut waybill = Waybill::new();
    waybill.play(&scenario(13), 100);
    let mut issued = 0;
    for known in waybill.orders.values() {
        let order = known.order.as_ref().unwrap();
        for part in known.amounts(Milestone::FulfilmentGoodsIssued) {
            let line = order.lines.iter().find(|line| line.line == part.line).unwrap();
            let place = (line.ship_from.clone().unwrap(), line.sku.clone());
            *waybill.stock.get_mut(&place).unwrap() -= part.quantity.amount;
            issued += 1;
        }
    }
    assert!(issued > 1_000);
    assert!(waybill.stock.values().all(|left| *left >= Decimal::ZERO));
}

#[test]
fn the_same_seed_says_the_same_whatever_the_order_of_work() {
    let said = |at_once| {
        let mut waybill = Waybill::new();
        waybill.play(&scenario(14), at_once);
        let facts = waybill.orders.into_iter().map(|(order, known)| {
            let mut facts: Vec<String> = known.facts.iter().map(|fact| serde_json::to_string(fact).unwrap()).collect();
            facts.sort();
            (order, facts)
        });
        facts.collect::<Vec<_>>()
    };
    assert_eq!(said(1), said(97));
}

#[test]
fn an_ask_that_comes_again_is_answered_again_and_not_done_again() {
    let scenario = scenario(15);
    let mut waybill = Waybill::new();
    let mut stage = simulator::Stage::new(scenario.clone());
    for message in scenario.opening().unwrap() {
        let message = message.unwrap();
        waybill.hear(message.partner, message.name, &message.body);
    }
    let plan = scenario.plans().unwrap().map(Result::unwrap).find(|plan| plan.fate == Fate::Closed).unwrap();
    let release = stage.release(plan);
    let mut asks = waybill.hear(release[0].partner, release[0].name, &release[0].body);
    let (mut acted, mut again) = (0, 0);
    while let Some((partner, ask)) = asks.pop() {
        let first = stage.on_ask(partner, &ask.message, &ask.body, now());
        let second = stage.on_ask(partner, &ask.message, &ask.body, now());
        acted += 1;
        if ask.message == "billing" {
            assert_eq!((second.len(), stage.books().asks.late), (0, 1), "the order is done with");
        } else {
            assert_eq!(second, first[..1], "{}", ask.message);
            again += 1;
        }
        for message in first {
            asks.extend(waybill.hear(message.partner, message.name, &message.body));
        }
    }
    assert_eq!((stage.books().asks.repeated, stage.books().fault_count), (again, 0));
    assert!(acted >= 4 && stage.in_flight() == 0);
}

#[test]
fn what_waybill_must_not_ask_is_a_fault() {
    let scenario = scenario(16);
    let mut stage = simulator::Stage::new(scenario.clone());
    let (_, text) = partners::shipped().iter().find(|(name, _)| *name == "sim-erp").unwrap();
    let erp = Profile::load("sim-erp", text).unwrap();
    let plans: Vec<_> = scenario.plans().unwrap().map(Result::unwrap).collect();
    let bill = |order: &OrderId, id: &str| {
        let mut bill =
            ask(order, model::System::Erp, "erp-main", None, Request::Bill { lines: Vec::new(), sale: None });
        bill.id = model::AskId::new(id).unwrap();
        erp.encode(order, &bill, sending()).unwrap()
    };
    let invalid = plans.iter().find(|plan| plan.fate == Fate::Invalid).unwrap();
    let good = plans.iter().find(|plan| plan.fate == Fate::Closed).unwrap();
    stage.release(invalid.clone());
    stage.release(good.clone());
    for order in [&invalid.order, &good.order] {
        let ask = bill(order, "a");
        stage.on_ask(Partner::Erp, &ask.message, &ask.body, now());
    }
    stage.on_ask(Partner::Tms, "tender", b"{\"tender\": 1}", now());
    stage.on_ask(Partner::Tms, "haul", b"{}", now());
    let faults = &stage.books().faults;
    let expected = [
        "must be open with `invalid`, and was asked to bill",
        "asked to bill:  asked for, ",
        "tms-main cannot read the message `tender`",
        "tms-main knows no message `haul`",
    ];
    assert_eq!(faults.len(), expected.len(), "{faults:?}");
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.contains(expected), "{fault}");
    }
}

#[test]
fn an_order_that_somebody_else_releases_is_served_too() {
    let scenario = scenario(17);
    let mut waybill = Waybill::new();
    let mut stage = waybill.play(&scenario, 100);
    let released = stage.books().released;
    let body =
        br#"{"documents": [{"vbeln": "MINE/1", "kunnr": "CUST-001", "waerk": "EUR", "partner_we": {"land1": "DE"},
        "items": [{"posnr": "1", "matnr": "ITEM-0001", "menge": 3, "meins": "ST", "werks": "HAM"},
                  {"posnr": "2", "matnr": "ITEM-0002", "menge": 1, "meins": "ST", "werks": "LYS"}]}]}"#;
    let asks = waybill.hear("erp-main", "order", body);
    let said = asks.iter().flat_map(|(partner, ask)| stage.on_ask(*partner, &ask.message, &ask.body, now())).collect();
    waybill.work_off(&mut stage, said);
    let known = &waybill.orders[&OrderId::new("MINE/1").unwrap()];
    assert!(known.ended.is_some() && known.exceptions.is_empty());
    assert_eq!(stage.books().released, released);
    assert_eq!((stage.books().asks.foreign, stage.books().fault_count), (6, 0));
}
