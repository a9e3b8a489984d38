//! Counting what is decided otherwise, rule by rule. Pure, and bounded whatever the number of orders.

use std::collections::{BTreeMap, BTreeSet};

use engine::rehearse::{Difference, Made, What};
use model::{Decision, Timestamp};
use serde::Serialize;

use super::worth::Worth;
use crate::words::{self, Subject};

/// The most rules that are told apart; there are some hundred.
const MOST_RULES: usize = 1_000;
/// Where the rules beyond those are counted.
const OTHERS: &str = "others";

/// An order that was looked at.
pub(super) struct Looked {
    pub order: String,
    pub entries: u64,
    pub decisions: u64,
    pub worth: Worth,
    /// What is decided otherwise, the first first.
    pub differences: Vec<Difference<Decision>>,
}

/// What was counted.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    /// How many orders, entries and decisions were looked at.
    pub orders: u64,
    /// Their entries.
    pub entries: u64,
    /// Their decisions in the time that is rehearsed.
    pub decisions: u64,
    /// How many orders would have been decided otherwise.
    pub otherwise: u64,
    /// What those are worth.
    pub worth: Worth,
    /// What is decided otherwise, by rule: the one that most orders part with first.
    pub rules: Vec<Rule>,
    /// Orders with entries that this version cannot read, and why. They were not looked at.
    pub unread: u64,
    /// Some of those, in words.
    pub unread_examples: Vec<String>,
}

/// What one rule decides otherwise.
#[derive(Debug, Default, Serialize)]
pub struct Rule {
    /// The rule, in the words of the page of rules.
    pub rule: String,
    /// In how many orders.
    pub orders: u64,
    /// In how many of them it is where they part: what differs later may follow from that.
    pub first: u64,
    /// How often it is decided no more.
    pub fewer: u64,
    /// How often it is decided as well.
    pub more: u64,
    /// How often it is decided in other words, or for another time.
    pub other: u64,
    /// What the orders are worth.
    pub worth: Worth,
    /// Some orders that part here.
    pub examples: Vec<Example>,
}

/// An order, and where it parts.
#[derive(Debug, Serialize)]
pub struct Example {
    /// The order.
    pub order: String,
    /// The last entry that was known then: its sequence.
    pub after: u64,
    /// The time for which it was decided.
    pub at: Timestamp,
    /// What was decided, where it is decided no more.
    pub before: Vec<String>,
    /// What would be decided instead.
    pub then: Vec<String>,
    /// How much differs later on.
    pub later: u64,
}

/// Counting under way.
pub(super) struct Counting {
    of: Subject,
    examples: usize,
    tally: Tally,
    rules: BTreeMap<String, Rule>,
}

impl Counting {
    pub fn of(of: Subject, examples: usize) -> Self {
        Self { of, examples, tally: Tally::default(), rules: BTreeMap::new() }
    }

    pub fn done(self) -> Tally {
        let mut rules: Vec<Rule> = self.rules.into_values().collect();
        rules.sort_by_key(|rule| std::cmp::Reverse((rule.first, rule.orders)));
        Tally { rules, ..self.tally }
    }

    /// So many orders that are decided alike, as is known without reading them.
    pub const fn alike(&mut self, orders: u64) {
        self.tally.orders += orders;
    }

    /// An order that cannot be read.
    pub fn unread(&mut self, order: &str, why: &str) {
        self.tally.unread += 1;
        if self.tally.unread_examples.len() < self.examples {
            self.tally.unread_examples.push(format!("{order}: {why}"));
        }
    }

    pub fn add(&mut self, looked: &Looked) {
        self.tally.orders += 1;
        self.tally.entries += looked.entries;
        self.tally.decisions += looked.decisions;
        let Some(place) = looked.differences.first().map(Difference::place) else { return };
        self.tally.otherwise += 1;
        self.tally.worth.extend(&looked.worth);
        let (mut rules, mut first) = (BTreeSet::new(), BTreeSet::new());
        for own in &looked.differences {
            let rule = self.rule(&own.name.rule);
            match own.what() {
                What::Fewer => rule.fewer += 1,
                What::More => rule.more += 1,
                What::Other => rule.other += 1,
            }
            let name = rule.rule.clone();
            if own.place() == place {
                first.insert(name.clone());
            }
            rules.insert(name);
        }
        for name in rules {
            let (examples, of) = (self.examples, self.of);
            let rule = self.rule(&name);
            rule.orders += 1;
            rule.worth.extend(&looked.worth);
            if first.contains(&name) {
                rule.first += 1;
                if rule.examples.len() < examples {
                    rule.examples.push(example(of, looked, place));
                }
            }
        }
    }

    fn rule(&mut self, name: &str) -> &mut Rule {
        let is_full = self.rules.len() >= MOST_RULES && !self.rules.contains_key(name);
        let name = if is_full { OTHERS } else { name };
        self.rules.entry(name.to_owned()).or_insert_with(|| Rule { rule: name.to_owned(), ..Rule::default() })
    }
}

/// Where an order parts, with the words of both sides.
fn example(of: Subject, looked: &Looked, place: (u64, Timestamp)) -> Example {
    let (here, later): (Vec<_>, Vec<_>) = looked.differences.iter().partition(|own| own.place() == place);
    let say = |made: Option<&Made<Decision>>| made.map(|made| words::decision(of, &made.decision));
    Example {
        order: looked.order.clone(),
        after: place.0,
        at: place.1,
        before: here.iter().filter_map(|own| say(own.before.as_ref())).collect(),
        then: here.iter().filter_map(|own| say(own.then.as_ref())).collect(),
        later: later.len() as u64,
    }
}
