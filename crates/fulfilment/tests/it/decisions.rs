//! The table a logistician can review: what is decided when a fact arrives at a stage of the good path.

use std::fmt::Write as _;

use model::{Classifier, ExceptionKind, Finding, Lane, LineId, Milestone, Quantity, Reason, When};

use crate::golden;
use crate::kit::{
    Given, News, STAGES, accepted, allocated, archived, assigned, billed, booked, cancel_requested, delayed, delivered,
    eur, failed, found, freight_invoiced, goods_issued, handed_over, held, hour, let_go, no_longer_delayed, noted,
    order, packed, picked, picked_up, proof_of_delivery, reached, refused, released, retry_requested, returned,
    returned_goods, returning, shipment_id, short, snoozed, staged, substituted, until, validated, waived,
};

const HEAD: &str = "\
# What is decided when a fact arrives at a stage of the good path.
#
# The order has one shipment, s1, of two lines of ten pieces each. At every stage the orchestrator has decided, except at
# `validated` and `freight invoiced`, where it is about to; `-` is nothing. Facts that decide no more than is decided
# without them are left out. These arrive at every stage:
";

/// A fact that may arrive at any stage: in words, and what is told.
fn arrivals() -> Vec<(&'static str, Vec<News>)> {
    let order = order(2);
    let mut changed = order.clone();
    changed.lines[1].quantity = Quantity::each(7);
    let mut promised = order.clone();
    promised.promised = Some(When::parse("2026-05-01").unwrap());
    let nowhere = Finding::NoLocation { line: LineId::new("2").unwrap() };
    let no = |ask| refused(ask, Reason::Unknown, None);
    let arrivals = vec![
        ("released", vec![released(&order)]),
        ("released changed", vec![released(&changed), validated(&changed)]),
        ("validated", vec![validated(&order)]),
        ("found invalid", vec![found(&order, vec![nowhere])]),
        ("allocated in full", vec![accepted("allocate/s1"), allocated("s1")]),
        ("allocated in part", vec![accepted("allocate/s1"), allocated("s1").of(&[(1, 10), (2, 7)])]),
        ("allocation accepted", vec![accepted("allocate/s1")]),
        ("allocation refused", vec![no("allocate/s1")]),
        ("booked at 100 EUR", vec![accepted("book/s1"), booked("s1", Some(eur("100")))]),
        ("booking refused", vec![no("book/s1")]),
        ("picked", vec![picked("s1")]),
        ("12 of line 1 picked", vec![picked("s1").of(&[(1, 12), (2, 10)])]),
        ("line 9 picked", vec![picked("s1").of(&[(9, 1)])]),
        ("picked by another", vec![picked("s1").from("wms-9")]),
        ("packed", vec![packed("s1")]),
        ("staged", vec![staged("s1")]),
        ("picked up", vec![picked_up("s1")]),
        ("goods issued", vec![goods_issued("s1")]),
        ("goods issued in part", vec![goods_issued("s1").of(&[(1, 10), (2, 7)])]),
        ("delivered", vec![delivered("s1")]),
        ("delivered next year", vec![delivered("s1").said("2027-01-01T00:00:00Z")]),
        ("delivered by another", vec![delivered("s1").from("tms-9")]),
        ("delivered in part", vec![delivered("s1").of(&[(1, 10), (2, 7)])]),
        ("proof of delivery", vec![proof_of_delivery("s1")]),
        ("returned", vec![returned("s1")]),
        ("delayed", vec![delayed("s1")]),
        ("no longer delayed", vec![no_longer_delayed("s1")]),
        ("shipment confirmed", vec![accepted("confirm_shipment")]),
        ("confirmation refused", vec![no("confirm_shipment")]),
        ("bill accepted", vec![accepted("bill")]),
        ("bill failed", vec![failed("bill", "no account")]),
        ("billed", vec![billed()]),
        ("customer told", vec![accepted("update_customer")]),
        ("customer not told", vec![no("update_customer")]),
        ("freight invoice of 100 EUR", vec![freight_invoiced("s1", eur("100"))]),
        ("freight invoice of 150 EUR", vec![freight_invoiced("s1", eur("150"))]),
        ("freight invoice of -1 EUR", vec![freight_invoiced("s1", eur("-1"))]),
        ("archived", vec![archived()]),
        ("cancelled", vec![cancel_requested()]),
        ("handed over to erp-2", vec![handed_over("erp-2")]),
        ("promised for later", vec![released(&promised), validated(&promised)]),
        ("held back", vec![held()]),
        ("let go", vec![let_go()]),
        ("booking failed", vec![failed("book/s1", "no connection")]),
        ("booking wanted again", vec![retry_requested("book/s1")]),
        ("on its way back", vec![returning("s1")]),
        ("short stock taken as is", vec![waived(ExceptionKind::NoStock(shipment_id("s1")), "")]),
        ("noted", vec![noted("the customer called")]),
        ("given to ada", vec![assigned(ExceptionKind::NoStock(shipment_id("s1")), hour(1), "ada")]),
        ("put off", vec![snoozed(ExceptionKind::NoStock(shipment_id("s1")), hour(1), hour(50))]),
        ("tms-b wanted instead", vec![substituted("book/s1", "tms-b")]),
        ("expected too late", vec![delivered("s1").in_the_sense(Classifier::Estimated).said("2026-03-09T08:00:00Z")]),
        ("issued as the ERP says", vec![reached(Lane::Erp, Milestone::FulfilmentGoodsIssued, "s1")]),
        ("told of a return", returned_goods()),
    ];
    // Later than anything of the good path, in a message of its own.
    let at = |news: News| {
        let in_future = news.is_ahead();
        let late = if in_future { news.received(hour(20)) } else { news.at(20) };
        late.message(20)
    };
    let arrives = |(words, news): (_, Vec<News>)| (words, news.into_iter().map(at).collect());
    arrivals.into_iter().map(arrives).collect()
}

fn decided(given: &Given) -> Vec<String> {
    short(&given.decisions(), given.now())
}

/// The rows of one stage.
fn stage_rows(stage: &str, table: &mut String) {
    let given = until(stage, &order(2));
    let before = decided(&given);
    row(table, stage, "nothing more", &before);
    for (words, news) in arrivals() {
        let after = decided(&given.clone().then(news));
        if after != before {
            row(table, "", words, &after);
        }
    }
    for name in given.state().deadlines().keys() {
        let after = decided(&given.clone().due(name));
        if after != before {
            row(table, "", &format!("{name} passes"), &after);
        }
    }
}

fn row(table: &mut String, stage: &str, fact: &str, decisions: &[String]) {
    let nothing = ["-".to_owned()];
    let decisions = if decisions.is_empty() { &nothing } else { decisions };
    let blanks = std::iter::repeat("");
    let stages = std::iter::once(stage).chain(blanks.clone());
    let facts = std::iter::once(fact).chain(blanks);
    for ((decision, stage), fact) in decisions.iter().zip(stages).zip(facts) {
        let _ = writeln!(table, "{stage:16} | {fact:26} | {decision}");
    }
}

#[test]
fn the_table_of_decisions_is_as_reviewed() {
    let mut table = HEAD.to_owned();
    let words: Vec<&str> = arrivals().iter().map(|(words, _)| *words).collect();
    for words in words.chunks(5) {
        let _ = writeln!(table, "#   {}", words.join(", "));
    }
    let _ = writeln!(table, "\n{:16} | {:26} | decisions", "stage", "fact that arrives");
    for stage in STAGES {
        let _ = writeln!(table, "{}+{}+{}", "-".repeat(17), "-".repeat(28), "-".repeat(60));
        stage_rows(stage, &mut table);
    }
    golden::check("decisions.txt", &table);
}

#[test]
fn the_table_has_every_kind_of_fact() {
    let mut kinds: Vec<&str> = arrivals().iter().flat_map(|(_, news)| news).map(|news| news.fact.kind()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, crate::entries::sorted_kinds_of_facts());
}
