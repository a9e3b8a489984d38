//! What a change board reads.

use model::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;

use super::tally::{Rule, Tally};
use super::threshold::Threshold;
use crate::table::Table;
use crate::text::{bad, count, harmless, heading, line};

/// A rehearsal, and what came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was changed: the file.
    pub change: String,
    /// What it is held against.
    pub beside: String,
    /// What is decided on: `order` or `return`.
    pub of: &'static str,
    /// What was recorded before this time stands as it is; all is rehearsed when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When the log was read.
    pub until: Timestamp,
    /// What a changed profile tells otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Facts>,
    /// What was counted.
    #[serde(flatten)]
    pub tally: Tally,
    /// The share of the orders that would have been decided otherwise, in percent.
    pub percent: Decimal,
    /// How many may be.
    pub threshold: String,
    /// Whether no more than that are, and every order was looked at.
    pub passes: bool,
}

/// What a changed profile tells otherwise.
#[derive(Debug, Serialize)]
pub struct Facts {
    /// Whose messages were read.
    pub partner: String,
    /// How many.
    pub messages: u64,
    /// How many of them say something else of an order.
    pub differing: u64,
    /// How many facts are told no more, as well or otherwise.
    pub facts: u64,
}

impl Report {
    pub(super) fn new(
        (change, beside): (String, String),
        of: &'static str,
        (since, until): (Option<Timestamp>, Timestamp),
        tally: Tally,
        threshold: Threshold,
    ) -> Self {
        let share = (Decimal::from(tally.otherwise) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(tally.orders));
        let passes = threshold.allows(tally.otherwise, tally.orders) && tally.unread == 0;
        let percent = share.unwrap_or_default().round_dp(1).normalize();
        Self { change, beside, of, since, until, told: None, percent, threshold: threshold.to_string(), passes, tally }
    }

    /// With what a changed profile tells otherwise.
    pub(super) fn with(self, told: Option<Facts>) -> Self {
        Self { told, ..self }
    }

    /// The report as a text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let since = self.since.map(|since| format!(" since {since}")).unwrap_or_default();
        line(&mut text, heading(&format!("{} beside {}{since}", self.change, self.beside)));
        let Tally { orders, entries, decisions, .. } = &self.tally;
        let read = [count(*entries, "entry").replace("entrys", "entries"), count(*decisions, "decision")].join(", ");
        if let Some(Facts { partner, messages, differing, facts }) = &self.told {
            let (messages, facts) = (count(*messages, "message"), count(*facts, "fact"));
            line(&mut text, format!("{messages} of {partner} read: {differing} say something else, {facts} differ"));
        }
        line(&mut text, format!("{} looked at: {read}", count(*orders, self.of)));
        line(&mut text, self.summary());
        self.unread(&mut text);
        if !self.tally.rules.is_empty() {
            line(&mut text, "");
            line(&mut text, self.table());
            self.tally.rules.iter().for_each(|rule| examples(&mut text, self.of, rule));
        }
        line(&mut text, self.verdict());
        text
    }

    fn summary(&self) -> String {
        if self.tally.otherwise == 0 {
            return "none would have been decided otherwise".to_owned();
        }
        let worth =
            if self.tally.worth.0.is_empty() { String::new() } else { format!(", worth {}", self.tally.worth.words()) };
        format!("{} ({} %) would have been decided otherwise{worth}", self.tally.otherwise, self.percent)
    }

    fn unread(&self, text: &mut String) {
        if self.tally.unread == 0 {
            return;
        }
        let words = format!("{} not looked at, for they cannot be read", count(self.tally.unread, self.of));
        line(text, bad(&words));
        self.tally.unread_examples.iter().for_each(|why| line(text, format!("  {}", harmless(why))));
    }

    fn table(&self) -> Table {
        let orders = format!(">{}S", self.of.to_uppercase());
        let mut table = Table::new(&["RULE", &orders, ">PART HERE", ">FEWER", ">MORE", ">OTHER", ">WORTH"]);
        for rule in &self.tally.rules {
            table.row([
                rule.rule.clone(),
                rule.orders.to_string(),
                rule.first.to_string(),
                rule.fewer.to_string(),
                rule.more.to_string(),
                rule.other.to_string(),
                rule.worth.words(),
            ]);
        }
        table
    }

    fn verdict(&self) -> String {
        let many = format!("{} of {}", self.tally.otherwise, count(self.tally.orders, self.of));
        let words = format!("{many} would have been decided otherwise, and {} may be", self.threshold);
        if self.passes { format!("passes: {words}") } else { format!("{}: {words}", bad("does not pass")) }
    }
}

fn examples(text: &mut String, of: &str, rule: &Rule) {
    if rule.examples.is_empty() {
        return;
    }
    line(text, heading(&rule.rule));
    for example in &rule.examples {
        line(text, format!("  {of} {}, after entry {}, at {}", harmless(&example.order), example.after, example.at));
        for (side, said) in [("was  ", &example.before), ("would", &example.then)] {
            if said.is_empty() {
                line(text, format!("    {side} nothing"));
            }
            said.iter().for_each(|words| line(text, format!("    {side} {}", harmless(words))));
        }
        if example.later > 0 {
            line(text, format!("    and then {}", count(example.later, "more difference")));
        }
    }
    line(text, "");
}
