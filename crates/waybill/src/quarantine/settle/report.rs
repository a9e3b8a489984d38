//! What was done with messages in quarantine, or would be, for people and programs.

use serde::Serialize;
use service::quarantine::Action;

use super::super::cause::Cause;
use super::super::filter::Item;
use super::super::list::{causes, short};
use super::cannot::Cannot;
use super::plan::{MOST, Plan};
use crate::text::{count, harmless, heading, line};

/// What was done, or would be.
#[derive(Debug, Serialize)]
pub(in super::super) struct Report {
    pub action: Action,
    /// How many of those chosen can be taken out so.
    pub count: u64,
    /// How many were; nothing when it was only asked what would be done.
    pub done: Option<u64>,
    /// Why they are in quarantine, the most frequent first.
    pub causes: Vec<Cause>,
    /// How many have causes beyond those.
    pub of_other_causes: u64,
    /// Some of them.
    pub examples: Vec<Item>,
    /// Those chosen that cannot be, or could not be.
    pub cannot: Cannot,
    /// Whether there are more than are taken out at once.
    pub more: bool,
}

impl Report {
    /// What would be done.
    pub fn of(plan: Plan) -> Self {
        let Plan { action, sequences, causes, examples, cannot, more } = plan;
        Self {
            action,
            count: u64::try_from(sequences.len()).unwrap_or(u64::MAX),
            done: None,
            of_other_causes: causes.others,
            causes: causes.into_most_frequent(),
            examples,
            cannot,
            more,
        }
    }
}

/// The report as a text.
pub(super) fn render(report: &Report) -> String {
    let (infinitive, past) = match report.action {
        Action::Release => ("release", "released"),
        Action::Discard => ("discard", "discarded"),
        Action::Edit => ("edit and release", "edited and released"),
    };
    let mut text = String::new();
    match report.done {
        None => line(&mut text, format!("would {infinitive} {}", count(report.count, "message"))),
        Some(done) => line(&mut text, format!("{past} {}", count(done, "message"))),
    }
    if report.more {
        line(
            &mut text,
            format!("there are more: {MOST} are taken out at once, the oldest first; do it again for the rest"),
        );
    }
    if !report.causes.is_empty() {
        line(&mut text, "");
        causes(&mut text, &report.causes, report.of_other_causes);
    }
    if report.done.is_none() && !report.examples.is_empty() {
        line(&mut text, heading("Some of them"));
        for Item { sequence, about } in &report.examples {
            line(
                &mut text,
                format!("{sequence}  {}  {}", harmless(&about.subject), harmless(&short(&about.reason.text))),
            );
        }
        line(&mut text, "");
    }
    if !report.cannot.is_empty() {
        let title = if report.done.is_none() { "cannot be" } else { "could not be" };
        line(&mut text, heading(&format!("{} {title} {past}", count(report.cannot.count(), "message"))));
        for because in report.cannot.iter() {
            let of = if because.count == 1 { String::new() } else { format!(" and {} more", because.count - 1) };
            line(&mut text, format!("{}{of}: {}", because.example, harmless(&because.why)));
        }
    }
    if report.done.is_none() && report.count > 0 {
        line(&mut text, "Nothing was changed; --yes --why TEXT does it.");
    }
    text
}
