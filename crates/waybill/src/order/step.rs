//! One entry of a trail: why it is there, what it says, and what it changed.

use std::collections::BTreeMap;

use engine::{Content, FactId, Folded, Source, WorkflowRecord};
use fulfilment::state::{AskState, may_tell};
use fulfilment::{Composite, Fulfilment, Stage, State, composite};
use model::{AskId, Decision, Exception, ExceptionKind, Fact, Lane, Milestone, Outcome, Timestamp};
use serde::Serialize;

use crate::words::{self, Subject};

/// One entry of a trail.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Its place in the stream.
    pub sequence: u64,
    /// The lane it was written in.
    pub lane: &'static str,
    /// When the broker took it in.
    pub recorded: Timestamp,
    /// Why it is there.
    pub cause: Cause,
    /// Milliseconds from its cause to its place in the stream: since the message came in, since the entry the decision
    /// had seen, or since the deadline.
    pub latency_ms: Option<i64>,
    /// Milliseconds since the entry before it.
    pub since_previous_ms: Option<i64>,
    /// What it says, in words.
    pub says: Vec<String>,
    /// What it changed.
    pub changed: Changed,
    /// What it says, as it was written.
    pub content: Content<Fact, Decision>,
}

/// Why an entry is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody told something.
    Message {
        /// The service that wrote it down.
        service: String,
        /// Whose message it was.
        partner: Option<String>,
        /// The kind of message.
        message: Option<String>,
        /// The version of the profile that read it.
        profile: Option<u32>,
        /// The name of that profile.
        profile_name: Option<String>,
        /// The raw message's sequence in INBOX.
        inbox: Option<u64>,
        /// When it came in.
        received: Timestamp,
    },
    /// A person entered it.
    Operator {
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
    /// It was concluded from what was known.
    Decision {
        /// The last sequence that was known.
        seen: u64,
        /// The time it was concluded for.
        now: Timestamp,
    },
    /// A deadline passed.
    Deadline {
        /// Which.
        name: String,
        /// When it was set to pass.
        at: Timestamp,
    },
}

/// What an entry changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Where the order stands in the workflow.
    pub stage: Option<Change<Stage>>,
    /// How far the order is.
    pub milestone: Option<Change<Option<Milestone>>>,
    /// Problems that came up.
    pub raised: Vec<Exception>,
    /// Problems that are over.
    pub resolved: Vec<ExceptionKind>,
    /// Asks that were made.
    pub asked: Vec<AskId>,
    /// Asks that got their answer.
    pub settled: Vec<Settled>,
}

/// A value before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change<T> {
    /// Before the entry.
    pub from: T,
    /// After it.
    pub to: T,
}

/// An ask that got its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// The ask.
    pub ask: AskId,
    /// Whether the answer is yes.
    pub accepted: bool,
    /// The answer in words.
    pub outcome: String,
}

/// The steps of an order, and its status after the last.
pub fn steps(entries: &[WorkflowRecord<Fulfilment>], folded: &mut Folded<Fulfilment>) -> (Vec<Step>, Composite) {
    let mut known = BTreeMap::new();
    let mut steps: Vec<Step> = Vec::with_capacity(entries.len());
    let mut before = composite(folded.state());
    for (index, entry) in entries.iter().enumerate() {
        let open = answers(folded.state());
        folded.apply(entry);
        let after = composite(folded.state());
        let changed = changed(&before, &after, &open, folded.state());
        let earlier = &entries[..index];
        steps.push(Step {
            sequence: entry.sequence,
            lane: entry.lane,
            recorded: entry.recorded,
            cause: cause(&entry.entry.content),
            latency_ms: latency(entry, earlier),
            since_previous_ms: earlier.last().map(|previous| millis(previous.recorded, entry.recorded)),
            says: says(entry, &mut known),
            changed,
            content: entry.entry.content.clone(),
        });
        before = after;
    }
    (steps, before)
}

fn cause(content: &Content<Fact, Decision>) -> Cause {
    match content {
        Content::Facts { source: Source { operator: Some(operator), .. }, .. } => {
            Cause::Operator { who: operator.who.clone(), why: operator.why.clone() }
        }
        Content::Facts { source, .. } => Cause::Message {
            service: source.service.clone(),
            partner: source.partner.clone(),
            message: source.message.clone(),
            profile: source.profile,
            profile_name: source.profile_name.clone(),
            inbox: source.inbox,
            received: source.received,
        },
        Content::Decisions { seen, now, .. } => Cause::Decision { seen: *seen, now: *now },
        Content::Due { name, at } => Cause::Deadline { name: name.clone(), at: *at },
    }
}

fn latency(entry: &WorkflowRecord<Fulfilment>, earlier: &[WorkflowRecord<Fulfilment>]) -> Option<i64> {
    let since = match &entry.entry.content {
        Content::Facts { source, .. } => source.received,
        Content::Decisions { seen, .. } => earlier.iter().rfind(|other| other.sequence == *seen)?.recorded,
        Content::Due { at, .. } => *at,
    };
    Some(millis(since, entry.recorded))
}

const fn millis(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millis().saturating_sub(from.as_millis())
}

/// What an entry says in words. What was told before, and what its teller is no authority for, is marked.
fn says(entry: &WorkflowRecord<Fulfilment>, known: &mut BTreeMap<FactId, String>) -> Vec<String> {
    match &entry.entry.content {
        Content::Facts { facts, .. } => {
            let lane = Lane::from_token(entry.lane);
            let mut say = |told: &engine::Told<Fact>| {
                let words = words::fact(Subject::Order, &told.fact);
                let repeat = match known.get(&told.id) {
                    None => "",
                    Some(before) if *before == words => " (told before)",
                    Some(_) => " (its teller gave it the number of something told before: that counts)",
                };
                known.entry(told.id).or_insert_with(|| words.clone());
                let claim = lane.is_some_and(|lane| !may_tell(lane, &told.fact));
                let claim = if claim { " (a claim: another system is the authority)" } else { "" };
                format!("{words}{claim}{repeat}")
            };
            facts.iter().map(&mut say).collect()
        }
        Content::Decisions { decisions, .. } => {
            decisions.iter().map(|decision| words::decision(Subject::Order, decision)).collect()
        }
        Content::Due { name, at } => vec![format!("{name} was due at {at}")],
    }
}

/// Every ask with its answer, if it has one.
pub(super) fn answers(state: &State) -> Vec<(AskId, Option<Settled>)> {
    let answer = |id: &AskId| {
        let (accepted, outcome) = match state.ask_state(id) {
            AskState::NotAsked | AskState::Waiting => return None,
            AskState::Accepted => (true, words::outcome(&Outcome::Accepted)),
            AskState::Refused(outcome) => (false, words::outcome(outcome)),
        };
        Some(Settled { ask: id.clone(), accepted, outcome })
    };
    state.asks().map(|ask| (ask.id.clone(), answer(&ask.id))).collect()
}

fn changed(before: &Composite, after: &Composite, open: &[(AskId, Option<Settled>)], state: &State) -> Changed {
    let now = answers(state);
    let was = |id: &AskId| open.iter().find(|(ask, _)| ask == id);
    let asked = now.iter().filter(|(id, _)| was(id).is_none()).map(|(id, _)| id.clone()).collect();
    let settled = now.iter().filter_map(|(id, settled)| {
        let unchanged = was(id).is_some_and(|(_, before)| before == settled);
        settled.clone().filter(|_| !unchanged)
    });
    let is_open = |open: &[Exception], kind: &ExceptionKind| open.iter().any(|exception| exception.kind == *kind);
    Changed {
        stage: change(before.stage, after.stage),
        milestone: change(before.milestone, after.milestone),
        raised: after.exceptions.iter().filter(|now| !is_open(&before.exceptions, &now.kind)).cloned().collect(),
        resolved: (before.exceptions.iter().map(|exception| &exception.kind))
            .filter(|kind| !is_open(&after.exceptions, kind))
            .cloned()
            .collect(),
        asked,
        settled: settled.collect(),
    }
}

fn change<T: PartialEq>(from: T, to: T) -> Option<Change<T>> {
    (from != to).then_some(Change { from, to })
}
