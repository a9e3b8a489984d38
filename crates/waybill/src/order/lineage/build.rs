//! The graph of a trail.

use std::collections::BTreeMap;

use engine::{Content, Source};
use model::{AskId, Decision, OrderId, Timestamp};

use super::about::{answers, asks, decisions, ends, is_archived, occurred, tells_of};
use super::{Edge, Graph, Hop, Id, Node, path};
use crate::order::step::{Cause, Step};
use crate::words::{self, Subject};

/// Cause and effect in a trail.
pub(in crate::order) fn graph(order: &OrderId, steps: &[Step]) -> Graph {
    let mut building = Building { steps, nodes: BTreeMap::new(), edges: Vec::new(), asked: BTreeMap::new() };
    for nth in 0..steps.len() {
        building.entry(nth);
    }
    let Building { nodes, mut edges, .. } = building;
    let mut nodes: Vec<Node> = nodes.into_values().collect();
    nodes.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    edges.sort_by(|one, other| {
        (&one.to, &one.from, one.hop, &one.what).cmp(&(&other.to, &other.from, other.hop, &other.what))
    });
    edges.dedup();
    let graph = Graph { order: order.clone(), nodes, edges, critical_path: Vec::new() };
    let end = steps.iter().rfind(|step| ends(step)).or(steps.last());
    path::marked(graph, end.map(|step| Id::Entry(step.sequence)))
}

struct Building<'a> {
    steps: &'a [Step],
    nodes: BTreeMap<Id, Node>,
    edges: Vec<Edge>,
    /// When each ask was made, the last time last.
    asked: BTreeMap<&'a AskId, Vec<Timestamp>>,
}

impl<'a> Building<'a> {
    fn entry(&mut self, nth: usize) {
        let step = &self.steps[nth];
        let id = Id::Entry(step.sequence);
        let told = occurred(step);
        let from = from(&step.cause);
        let node = Node {
            id: id.clone(),
            lane: Some(step.lane),
            at: step.recorded,
            occurred: told,
            from: from.clone(),
            says: says(step),
            critical: false,
        };
        self.nodes.insert(id.clone(), node);
        match &step.content {
            Content::Facts { source, .. } => {
                if let Some(inbox) = source.inbox {
                    self.message(inbox, source.received, told, from);
                    self.edge(Id::Message(inbox), id, Hop::Recorded, None, millis(source.received, step.recorded));
                }
                let reached = if source.inbox.is_some() { source.received } else { step.recorded };
                self.told(nth, reached);
            }
            Content::Decisions { seen, .. } => self.decided(nth, *seen),
            Content::Due { name, at } => self.passed(nth, name, *at),
        }
    }

    fn message(&mut self, inbox: u64, received: Timestamp, told: Option<Timestamp>, from: Option<String>) {
        let message = Node {
            id: Id::Message(inbox),
            lane: None,
            at: received,
            occurred: told,
            from,
            says: Vec::new(),
            critical: false,
        };
        self.nodes.entry(Id::Message(inbox)).or_insert(message);
    }

    fn edge(&mut self, from: Id, to: Id, hop: Hop, what: Option<String>, took_ms: i64) {
        self.edges.push(Edge { from, to, hop, what, took_ms, critical: false });
    }

    /// What led to facts that were there at `reached`: the asks they answer, else what was told before.
    fn told(&mut self, nth: usize, reached: Timestamp) {
        let step = &self.steps[nth];
        let to = Id::Entry(step.sequence);
        let mut is_answer = false;
        for ask in answers(step) {
            if let Some(asked) = self.asked.get(ask).and_then(|times| times.last().copied()) {
                is_answer = true;
                self.edge(Id::Ask(ask.clone()), to.clone(), Hop::Answered, None, millis(asked, reached));
            }
        }
        if !is_answer && let Some((from, at)) = self.before(nth, reached) {
            self.edge(from, to, Hop::Followed, None, millis(at, reached));
        }
    }

    /// What was told last of the same shipment before an entry that was there at `reached`, or asked of it; of what says that the
    /// order is archived, its end. Of what came in one burst, the message before counts and not when it was recorded.
    fn before(&self, nth: usize, reached: Timestamp) -> Option<(Id, Timestamp)> {
        let step = &self.steps[nth];
        let earlier = &self.steps[..nth];
        if is_archived(step) {
            return earlier.iter().rfind(|step| ends(step)).map(|end| (Id::Entry(end.sequence), end.recorded));
        }
        let of = tells_of(step)?;
        let is_of_it = |step: &&Step| tells_of(step).is_some_and(|told| of.is_none() || told == of);
        let told = earlier.iter().filter(is_of_it).map(first_there).filter(|(_, at)| *at <= reached);
        if let Some(told) = told.max_by_key(|(id, at)| (*at, id.clone())) {
            return Some(told);
        }
        earlier.iter().rev().filter(|step| step.recorded <= reached).find_map(|step| {
            let of_it = |ask: &model::Ask| of.is_some() && ask.request.shipment() == of;
            asks(step).find(|(_, ask)| of_it(ask)).map(|(_, ask)| (Id::Ask(ask.id.clone()), step.recorded))
        })
    }

    /// What led to a decision, and what it asks and resolves.
    fn decided(&mut self, nth: usize, seen: u64) {
        let step = &self.steps[nth];
        let id = Id::Entry(step.sequence);
        let before = &self.steps[..nth];
        let seen_before = before.iter().rev().find_map(|step| match &step.content {
            Content::Decisions { seen, .. } => Some(*seen),
            Content::Facts { .. } | Content::Due { .. } => None,
        });
        let is_decision = |step: &Step| matches!(step.content, Content::Decisions { .. });
        let is_new =
            |step: &&Step| step.sequence > seen_before.unwrap_or(0) && step.sequence <= seen && !is_decision(step);
        let mut causes: Vec<&Step> = before.iter().filter(is_new).collect();
        // Where nothing had come since, it is the newest that was known.
        if causes.is_empty() {
            causes.extend(before.iter().rfind(|step| step.sequence <= seen));
        }
        for cause in causes {
            let took = millis(cause.recorded, step.recorded);
            self.edge(Id::Entry(cause.sequence), id.clone(), Hop::Decided, None, took);
        }
        for (decision, ask) in asks(step) {
            self.ask(decision, ask, step.recorded);
            self.edge(id.clone(), Id::Ask(ask.id.clone()), Hop::Asked, None, 0);
        }
        for decision in decisions(step) {
            let Decision::Resolve(kind) = decision else { continue };
            let raises = |step: &&Step| {
                decisions(step).iter().any(|earlier| matches!(earlier, Decision::Raise(raised) if raised.kind == *kind))
            };
            if let Some(raised) = before.iter().rfind(raises) {
                let took = millis(raised.recorded, step.recorded);
                self.edge(Id::Entry(raised.sequence), id.clone(), Hop::Resolved, Some(kind.to_string()), took);
            }
        }
    }

    fn ask(&mut self, decision: &Decision, ask: &'a model::Ask, at: Timestamp) {
        self.asked.entry(&ask.id).or_default().push(at);
        let node = Node {
            id: Id::Ask(ask.id.clone()),
            lane: None,
            at,
            occurred: None,
            from: None,
            says: vec![words::decision(Subject::Order, decision)],
            critical: false,
        };
        self.nodes.insert(Id::Ask(ask.id.clone()), node);
    }

    /// The decision that set a deadline led to its passing.
    fn passed(&mut self, nth: usize, name: &str, at: Timestamp) {
        let step = &self.steps[nth];
        let sets = |step: &&Step| {
            decisions(step)
                .iter()
                .any(|decision| matches!(decision, Decision::Deadline(deadline) if deadline.name == name))
        };
        if let Some(set) = self.steps[..nth].iter().rfind(sets) {
            let (from, to) = (Id::Entry(set.sequence), Id::Entry(step.sequence));
            self.edge(from, to, Hop::Due, Some(name.to_owned()), millis(set.recorded, at.max(set.recorded)));
        }
    }
}

/// Where facts were first, and when: in a message that was received, or else in an entry.
fn first_there(step: &Step) -> (Id, Timestamp) {
    match &step.content {
        Content::Facts { source: Source { inbox: Some(inbox), received, .. }, .. } => (Id::Message(*inbox), *received),
        Content::Facts { .. } | Content::Decisions { .. } | Content::Due { .. } => {
            (Id::Entry(step.sequence), step.recorded)
        }
    }
}

/// What an entry says; its asks are nodes of their own.
fn says(step: &Step) -> Vec<String> {
    let Content::Decisions { decisions, .. } = &step.content else { return step.says.clone() };
    let others = decisions.iter().filter(|decision| !matches!(decision, Decision::Ask(_)));
    others.map(|decision| words::decision(Subject::Order, decision)).collect()
}

fn from(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Message { service, partner, message, .. } => {
            let named = [partner, message].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
            Some(if named.is_empty() { service.clone() } else { named })
        }
        Cause::Operator { who, .. } => Some(who.clone()),
        Cause::Decision { .. } | Cause::Deadline { .. } => None,
    }
}

const fn millis(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millis().saturating_sub(from.as_millis())
}
