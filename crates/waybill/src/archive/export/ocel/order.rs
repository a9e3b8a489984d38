//! One order as a log: its entries, one event for each fact and each decision.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Content, FactId, WorkflowRecord};
use fulfilment::{Fulfilment, State};
use model::{Ask, AskId, Decision, Fact};

use super::about::About;
use super::objects::{Kind, Object, Objects};
use super::value::Value;
use super::{Event, Trail, decided, told};

/// What an order adds to a log.
pub(super) struct Log {
    pub objects: Vec<Object>,
    pub events: Vec<Event>,
    /// What it shares with other orders.
    pub shared: BTreeSet<(Kind, String)>,
}

/// The log of an order. A fact that was told again is one event.
pub(super) fn log(trail: &Trail) -> Log {
    let number = trail.key.text();
    let mut objects = Objects::new(&number);
    let mut events = Vec::new();
    let claims = claims(trail.state());
    let (mut asks, mut known) = (BTreeMap::new(), BTreeSet::new());
    for entry in &trail.entries {
        note_asks(entry, &mut asks);
        let id = |nth: usize| format!("{number}#{}.{nth}", entry.sequence);
        let mut about = |nth: usize, describe: &mut dyn FnMut(&mut About<'_>)| {
            let mut about = About::new(&mut objects, entry.recorded);
            about.text("lane", entry.lane);
            about.with("entry", Value::Integer(entry.sequence));
            about.with("recorded", Value::Time(entry.recorded));
            describe(&mut about);
            events.push(about.event(id(nth)));
        };
        match &entry.entry.content {
            Content::Facts { source, facts } => {
                for (nth, one) in facts.iter().enumerate().filter(|(_, one)| known.insert(one.id)) {
                    about(nth, &mut |about| {
                        if let Some(partner) = &source.partner {
                            about.told_by(partner);
                        }
                        if claims.contains(&one.id) {
                            about.with("claim", Value::Boolean(true));
                        }
                        told::describe(&one.fact, source.received, &asks, about);
                    });
                }
            }
            Content::Decisions { decisions, .. } => {
                for (nth, decision) in decisions.iter().enumerate() {
                    about(nth, &mut |about| decided::describe(decision, about));
                }
            }
            Content::Due { name, at } => about(0, &mut |about| {
                about.named("deadline passed");
                about.text("wait", name);
                about.with("until", Value::Time(*at));
            }),
        }
    }
    let Objects { order, lines, shipments, shared, .. } = objects;
    let objects = [order].into_iter().chain(lines.into_values()).chain(shipments.into_values()).collect();
    Log { objects, events, shared }
}

/// The asks so far, by id: what an answer answers.
fn note_asks<'a>(entry: &'a WorkflowRecord<Fulfilment>, asks: &mut BTreeMap<&'a AskId, &'a Ask>) {
    let decisions = match &entry.entry.content {
        Content::Decisions { decisions, .. } => decisions.as_slice(),
        Content::Facts { .. } | Content::Due { .. } => &[],
    };
    for decision in decisions {
        if let Decision::Ask(ask) = decision {
            asks.insert(&ask.id, ask);
        }
    }
}

/// The facts that were told by somebody whose word does not count for them.
fn claims(state: &State) -> BTreeSet<FactId> {
    let claims: BTreeSet<*const Fact> = state.claims().iter().map(|claim| std::ptr::from_ref(claim.fact)).collect();
    let is_claim = |fact: &Fact| claims.contains(&std::ptr::from_ref(fact));
    state.facts().filter(|(_, held)| is_claim(&held.fact)).map(|(id, _)| id).collect()
}
