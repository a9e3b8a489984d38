//! Thousands of orders over a month, most of them sound, and lists of what partners' books hold.

use std::collections::BTreeMap;

use engine::{Folded, Key};
use model::{Timestamp, When};
use reconcile::orders::told_in;
use reconcile::{Case, Discrepancy, Policy, Snapshots, StockBooks};

use super::chance::Chance;
use super::facts::*;
use super::lists::{Lists, TAKEN};
use super::log::{Log, Record};
use super::planted::{Planted, Truth};
use super::story::Story;

/// The minutes of the month.
pub const MONTH: i64 = 30 * 24 * 60;
/// How many SKUs there are.
pub const SKUS: u64 = 300;

/// A log, the lists held against it, and every discrepancy that is in it.
pub struct World {
    pub log: Log,
    pub lists: Lists,
    pub truths: Vec<Truth>,
}

impl World {
    /// So many sound orders, and so many with each thing wrong among them.
    pub fn new(seed: u64, sound: u64, of_each: u64) -> Self {
        let mut chance = Chance::new(seed);
        let wrong = Planted::ALL.into_iter().flat_map(|planted| (0..of_each).map(move |_| planted));
        let plots = (0..sound).map(|_| Planted::Nothing).chain(wrong);
        let (mut tellings, mut truths, mut stories) = (Vec::new(), Vec::new(), Vec::new());
        for (planted, number) in plots.zip(1..) {
            let begin = begin(planted, &mut chance);
            let skus: Vec<String> = (0..3).map(|_| format!("sku-{}", chance.below(SKUS))).collect();
            let promised = When::day(minute(begin + 5 * 24 * 60).date());
            let story = Story::new(&format!("SO-{number}"), order(1 + chance.below(3) as u32, &skus, promised), begin);
            let (story, truth) = planted.plant(story);
            tellings.extend(story.tellings(&mut chance));
            truths.extend(truth);
            stories.push((planted, story));
        }
        let log = Log::of(tellings);
        let lists = Lists::new(&log, &stories, &mut chance);
        truths.extend(lists.truths.clone());
        Self { log, lists, truths }
    }

    /// What reconciliation finds at a cut-off.
    pub fn found(&self, cut_off: Timestamp) -> Vec<Discrepancy> {
        found(&self.log.until(cut_off), &self.lists, cut_off)
    }

    /// What is to be found at a cut-off, and nothing else: kind and what it is about, sorted.
    pub fn to_be_found(&self, cut_off: Timestamp) -> Vec<(String, String)> {
        let due = self.truths.iter().filter(|truth| truth.is_due(cut_off));
        let mut expected: Vec<_> = due.map(|truth| (truth.kind.to_string(), truth.order.clone())).collect();
        expected.sort();
        expected
    }
}

/// When an order is released. What is planted has time to be found before the month is over; every other sound order is under way
/// when the lists are taken.
fn begin(planted: Planted, chance: &mut Chance) -> i64 {
    const UNDER_WAY: i64 = 2_600;
    let (first, most) = match planted {
        Planted::Nothing if chance.one_in(2) => (TAKEN - UNDER_WAY, UNDER_WAY),
        Planted::Nothing => (0, MONTH),
        Planted::DeliveredLess
        | Planted::PackedMore
        | Planted::ShippedLess
        | Planted::InvoicedLess
        | Planted::NotBilled
        | Planted::BilledNotShipped
        | Planted::ClaimedByErp
        | Planted::GoodsIssueMissing
        | Planted::CarrierSilent
        | Planted::Late
        | Planted::FreightTooHigh
        | Planted::FreightNotBilled => (0, MONTH / 2),
    };
    first + chance.below(most as u64) as i64
}

/// What reconciliation finds in these trails.
pub fn found(trails: &BTreeMap<Key, Vec<&Record>>, lists: &Lists, cut_off: Timestamp) -> Vec<Discrepancy> {
    let policy = Policy::default();
    let (mut stock, mut snapshots) = (StockBooks::default(), Snapshots::default());
    lists.take(cut_off, &mut stock, &mut snapshots, &policy);
    stock.seal();
    let mut found = Vec::new();
    for (key, trail) in trails {
        let folded = Folded::<fulfilment::Fulfilment>::replay(key, trail.iter().copied());
        let told = told_in(trail.iter().copied());
        stock.order(&folded.state().stock_effects(), |fact| {
            Some(reconcile::EntryRef { stream: reconcile::discrepancy::Stream::Orders, sequence: *told.get(&fact)? })
        });
        if let Some(case) = Case::of(folded.state(), &told, &policy, cut_off) {
            found.extend(case.discrepancies());
            found.extend(snapshots.order(&case));
        }
    }
    found.extend(snapshots.strays());
    found.extend(stock.discrepancies(&policy, cut_off));
    found
}

/// Holds what was found against what is to be found.
pub fn assert_same(found: &[(String, String)], expected: &[(String, String)], when: &str) {
    let mut balance: BTreeMap<&(String, String), i64> = BTreeMap::new();
    found.iter().for_each(|one| *balance.entry(one).or_default() += 1);
    expected.iter().for_each(|one| *balance.entry(one).or_default() -= 1);
    let of = |sign: i64| {
        balance.iter().filter(|(_, n)| n.signum() == sign).map(|(one, _)| *one).take(20).collect::<Vec<_>>()
    };
    let (more, fewer) = (of(1), of(-1));
    assert!(more.is_empty() && fewer.is_empty(), "{when}: found, not planted: {more:?}\nplanted, not found: {fewer:?}");
}

/// What was found, as kind and what it is about, sorted.
pub fn in_words(found: &[Discrepancy]) -> Vec<(String, String)> {
    let words = |found: &Discrepancy| {
        let about = match &found.about {
            reconcile::About::Order { order, .. } => order.to_string(),
            reconcile::About::Stock { sku, what, .. } => format!("{sku} {what}"),
            reconcile::About::Listed { reference, .. } => reference.clone(),
        };
        (found.kind.to_string(), about)
    };
    let mut words: Vec<_> = found.iter().map(words).collect();
    words.sort();
    words
}
