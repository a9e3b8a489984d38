//! Counts and lists of stock held against what moved.

use engine::FactId;
use fulfilment::{StockEffect, StockEffectKind};
use model::{LocationId, Movement, MovementKind, Quantity, Sku, Timestamp, Unit, When};
use reconcile::discrepancy::Stream;
use reconcile::{EntryRef, Policy, StockBooks};
use rust_decimal::Decimal;

use crate::kit::facts::minute;

fn movement(kind: MovementKind, amount: i64, at: i64) -> Movement {
    Movement {
        location: LocationId::new("dc-1").unwrap(),
        sku: Sku::new("sku-1").unwrap(),
        kind,
        quantity: Quantity::each(amount),
        occurred: When::exact(minute(at)),
    }
}

fn issued(amount: i64, at: i64) -> StockEffect {
    StockEffect {
        location: LocationId::new("dc-1").unwrap(),
        sku: Sku::new("sku-1").unwrap(),
        unit: Unit::each(),
        kind: StockEffectKind::Issued,
        quantity: Decimal::from(amount),
        occurred: When::exact(minute(at)),
        fact: FactId::of(&[&at.to_be_bytes()]),
    }
}

/// What is found when this moved and was counted, and orders took this; both as amount and minute.
fn found(moved: &[(MovementKind, i64, i64)], orders: &[(i64, i64)], policy: &str) -> Vec<String> {
    let policy = Policy::load("r.toml", policy).unwrap();
    let mut books = StockBooks::default();
    for ((kind, amount, at), sequence) in moved.iter().zip(1..) {
        let fact = FactId::of(&[&u64::to_be_bytes(sequence)]);
        books.movement(fact, "wms-1", &movement(*kind, *amount, *at), sequence, &policy);
    }
    books.seal();
    let entry = |_| Some(EntryRef { stream: Stream::Orders, sequence: 1 });
    orders.iter().for_each(|(amount, at)| books.order(&[issued(*amount, *at)], entry));
    let now: Timestamp = minute(100_000);
    let found = books.discrepancies(&policy, now);
    found.iter().map(|one| format!("{} / {}", one.one.says, one.other.says)).collect()
}

use MovementKind::{Adjusted, Announced, Counted, Received};

#[test]
fn a_count_that_fits_what_moved_is_none_and_one_that_does_not_is() {
    let moved = [(Counted, 100, 0), (Received, 50, 100), (Adjusted, -5, 200), (Announced, 900, 300)];
    let counted = |amount| [&moved[..], &[(Counted, amount, 1_000)]].concat();
    assert!(found(&counted(125), &[(20, 500)], "").is_empty());
    let wrong = found(&counted(124), &[(20, 500)], "");
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].starts_with("125 EA, 100 counted ") && wrong[0].contains("counted 124 EA"), "{wrong:?}");
}

#[test]
fn before_the_first_count_nobody_knows() {
    assert!(found(&[(Received, 50, 0), (Counted, 7, 1_000)], &[], "").is_empty());
}

#[test]
fn each_count_begins_the_books_anew() {
    let moved = [(Counted, 100, 0), (Counted, 90, 1_000), (Counted, 90, 2_000)];
    assert_eq!(found(&moved, &[], "").len(), 1, "the second is wrong, and the third is as the second said");
}

#[test]
fn what_moves_around_a_count_may_be_in_it_or_not() {
    for counted in [100, 80] {
        for at in [990, 1_000, 1_010] {
            assert!(
                found(&[(Counted, 100, 0), (Counted, counted, 1_000)], &[(20, at)], "").is_empty(),
                "{counted} {at}"
            );
        }
    }
    assert_eq!(found(&[(Counted, 100, 0), (Counted, 80, 1_000)], &[(20, 1_100)], "").len(), 1, "it came later");
    assert_eq!(found(&[(Counted, 100, 0), (Counted, 79, 1_000)], &[(20, 990)], "").len(), 1, "one more is gone");
    let moved = [(Counted, 100, 0), (Counted, 80, 1_000)];
    assert!(found(&moved, &[(20, 1_100)], "[partner.wms-1]\nin_flight = \"2h\"").is_empty(), "as the policy says");
}

#[test]
fn what_may_have_been_in_one_count_may_be_in_the_next() {
    // Issued just after the first count: when that count did not see it as gone, the second one lacks it.
    let moved = [(Counted, 100, 0), (Counted, 100, 1_000)];
    assert!(found(&moved, &[(20, -5)], "").is_empty());
    let moved = [(Counted, 100, 0), (Counted, 80, 1_000)];
    assert!(found(&moved, &[(20, -5)], "").is_empty(), "it was counted although it had left by the clock");
}

#[test]
fn a_tolerance_is_in_percent_of_what_should_be_there() {
    let moved = [(Counted, 1_000, 0), (Counted, 990, 1_000)];
    assert!(found(&moved, &[], "[tolerance]\nstock_percent = 1").is_empty());
    assert_eq!(found(&moved, &[], "[tolerance]\nstock_percent = 0.9").len(), 1);
    assert!(found(&moved, &[], "[partner.wms-1]\nstock_percent = 1").is_empty());
}
