//! An order as a list of what can be said of it, so that two of them can be held against each other.

use std::fmt::Display;

use engine::{Folded, Key, WorkflowRecord};
use fulfilment::{Composite, Fulfilment, LineStatus, ShipmentStatus, State, composite};
use serde::Serialize;

use crate::order::show::{amount, reached};
use crate::order::step::answers;
use crate::text::NOTHING;
use crate::words::{about, place};

/// Something that is not said of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    /// What it is about.
    pub about: String,
    /// What of it.
    pub what: String,
    /// What is said before; nothing where nothing is.
    pub from: Option<String>,
    /// What is said after.
    pub to: Option<String>,
}

/// One thing that can be said of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facet {
    part: Part,
    about: String,
    what: String,
    value: String,
}

/// What is said of which part of an order, in the order it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Order,
    Line,
    Shipment,
    Condition,
    Exception,
    Ask,
    Claim,
}

/// What differs between an order by some of its entries, and by more of them.
pub(super) fn changes(
    key: &Key,
    before: &[WorkflowRecord<Fulfilment>],
    after: &[WorkflowRecord<Fulfilment>],
) -> Vec<Change> {
    let said = |entries| Facets::of(Folded::<Fulfilment>::replay(key, entries).state());
    differences(&said(before), &said(after))
}

fn differences(before: &[Facet], after: &[Facet]) -> Vec<Change> {
    let same =
        |one: &Facet, other: &Facet| (one.part, &one.about, &one.what) == (other.part, &other.about, &other.what);
    let find = |all: &[Facet], one: &Facet| all.iter().find(|other| same(one, other)).map(|other| other.value.clone());
    let is_gone = |facet: &&Facet| !after.iter().any(|other| same(facet, other));
    let mut all: Vec<&Facet> = after.iter().chain(before.iter().filter(is_gone)).collect();
    all.sort_by_key(|facet| (facet.part, &facet.about));
    let change = |facet: &Facet| {
        let (from, to) = (find(before, facet), find(after, facet));
        let change = Change { about: facet.about.clone(), what: facet.what.clone(), from, to };
        (change.from != change.to).then_some(change)
    };
    all.into_iter().filter_map(change).collect()
}

/// What is said, gathered part by part. What there is nothing of is not said.
struct Facets(Vec<Facet>);

impl Facets {
    fn of(state: &State) -> Vec<Facet> {
        let composite = composite(state);
        let mut facets = Self(Vec::new());
        facets.order(&composite, state);
        state.lines().iter().for_each(|line| facets.line(line));
        composite.shipments.iter().for_each(|shipment| facets.shipment(shipment));
        facets.problems(&composite);
        for (ask, settled) in answers(state) {
            let outcome = settled.map_or_else(|| "not answered".to_owned(), |settled| settled.outcome);
            facets.say(Part::Ask, "ask", &ask, outcome);
        }
        facets.claims(&composite);
        facets.0
    }

    fn say(&mut self, part: Part, about: impl Display, what: impl Display, value: impl Display) {
        let value = value.to_string();
        if value != NOTHING {
            self.0.push(Facet { part, about: about.to_string(), what: what.to_string(), value });
        }
    }

    fn may_say(&mut self, part: Part, about: impl Display, what: impl Display, value: Option<impl Display>) {
        if let Some(value) = value {
            self.say(part, about, what, value);
        }
    }

    fn order(&mut self, composite: &Composite, state: &State) {
        let mut say = |what, value: Option<String>| self.may_say(Part::Order, "order", what, value);
        let released = state.order();
        say("stage", Some(composite.stage.as_str().to_owned()));
        say("milestone", Some(reached(composite.milestone, composite.partial)));
        say("customer", composite.customer.as_ref().map(ToString::to_string));
        say("ship to", released.and_then(|order| place(&order.ship_to)));
        say("promised", composite.promised.map(|when| when.to_string()));
        say("expected", composite.eta.map(|when| when.to_string()));
        say("ERP", state.erp().map(ToString::to_string));
    }

    fn line(&mut self, line: &LineStatus) {
        let about = format!("line {}", line.line);
        let mut say = |what: &str, value: String| self.say(Part::Line, &about, what, value);
        say("sku", line.sku.to_string());
        let steps = [
            ("ordered", line.ordered),
            ("allocated", line.allocated),
            ("picked", line.picked),
            ("packed", line.packed),
            ("shipped", line.shipped),
            ("delivered", line.delivered),
            ("returned", line.returned),
            ("invoiced", line.invoiced),
        ];
        for (step, quantity) in steps.into_iter().filter(|(_, quantity)| !quantity.is_zero()) {
            say(step, format!("{} {}", amount(quantity), line.unit));
        }
        let dates = [("promised", line.promised), ("delivered on", line.delivered_on)];
        dates.into_iter().for_each(|(what, when)| say(what, when.map_or(NOTHING.to_owned(), |when| when.to_string())));
        if line.late {
            say("late", "late".to_owned());
        }
    }

    fn shipment(&mut self, shipment: &ShipmentStatus) {
        let about = format!("shipment {}", shipment.shipment);
        let mut say = |what, value: Option<String>| self.may_say(Part::Shipment, &about, what, value);
        let stands = if shipment.undone { "undone".to_owned() } else { reached(shipment.milestone, shipment.partial) };
        say("milestone", Some(stands));
        say("since", shipment.since.map(|when| when.to_string()));
        say("expected", shipment.eta.map(|when| when.to_string()));
        say("carrier", shipment.carrier.clone());
        say("tracking", shipment.tracking.clone());
    }

    fn problems(&mut self, composite: &Composite) {
        for open in &composite.conditions {
            let value = format!("{} since {}", open.reason, open.since);
            self.say(Part::Condition, about(open.shipment.as_ref()), open.kind.as_str(), value);
        }
        for open in &composite.exceptions {
            self.say(Part::Exception, "exception", &open.kind, &open.detail);
        }
    }

    /// Several systems may claim the same, and one system at several times: each is a thing of its own.
    fn claims(&mut self, composite: &Composite) {
        for claim in &composite.claims {
            let partner = claim.partner.as_deref().unwrap_or_default();
            let about = format!("claim of {} {partner}", claim.lane);
            self.say(Part::Claim, about.trim_end(), format!("{} of {}", claim.what, claim.received), "claimed");
        }
        for flagged in &composite.flagged {
            let what = format!("{} of {}, told {}", flagged.milestone, flagged.occurred, flagged.received);
            self.say(Part::Claim, format!("word of {}", flagged.lane), what, "in the future");
        }
    }
}
