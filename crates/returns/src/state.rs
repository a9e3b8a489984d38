//! What is known of one return.
//!
//! The state is a set: facts by their id, and the decisions taken. Whatever order facts arrive in and however often, the
//! same set results, so everything computed from it is the same too.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Content, FactId, Key, Source, WorkflowRecord};
use model::{
    Ask, AskId, Decision, End, Exception, ExceptionKind, Fact, Lane, Outcome, PartnerId, ReturnAuthorisation, RmaId,
    Timestamp,
};

use crate::Returns;
use crate::known::{Known, outcomes};

/// The most facts a return keeps of one lane. What comes beyond stays in the stream, counts for nothing, and is an exception.
pub const MAX_FACTS: usize = 1_000;

/// When something came in: of one moment, its place in the inbox and then its id say which came first.
pub(crate) type Came = (Timestamp, u64, FactId);

/// The fold of one return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// `None` when the subject's token names no return; nothing is ever decided for such a stream.
    id: Option<RmaId>,
    facts: BTreeMap<FactId, Held>,
    flooded: bool,
    asks: Vec<Ask>,
    /// Asks that were made again under their own id, once for each time.
    asked_again: Vec<AskId>,
    deadlines: BTreeMap<String, Timestamp>,
    due: BTreeSet<String>,
    exceptions: Vec<Exception>,
    ended: Option<End>,
}

/// A fact, who told it and when it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// When it first came in, among the others.
    pub(crate) came: Came,
    /// The lane it was told in.
    pub lane: Lane,
    /// The partner that told it; none when Waybill itself or an operator did.
    pub partner: Option<Box<str>>,
    /// What was told.
    pub fact: Fact,
}

impl Held {
    /// Whether it is told by an operator, or in this lane by this partner.
    pub(crate) fn is_from(&self, lane: Lane, partner: &PartnerId) -> bool {
        let by_partner = || self.partner.as_deref().is_none_or(|own| own == partner.as_str());
        self.lane == Lane::Ops || (self.lane == lane && by_partner())
    }

    /// Who told it: the partner, or whose lane it is.
    pub(crate) fn teller(&self) -> &str {
        self.partner.as_deref().unwrap_or(self.lane.as_str())
    }

    fn told_first(&self, other: &Self) -> bool {
        (self.came, self.lane, &self.partner) < (other.came, other.lane, &other.partner)
    }
}

/// What became of an ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskState<'a> {
    /// Nobody asked yet.
    NotAsked,
    /// Asked, and no answer yet.
    Waiting,
    /// Done, or will be.
    Accepted,
    /// Refused or failed.
    Refused(&'a Outcome),
}

impl State {
    /// Nothing known yet of the return a key names.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        Self {
            id: RmaId::from_token(key.token()).ok(),
            facts: BTreeMap::new(),
            flooded: false,
            asks: Vec::new(),
            asked_again: Vec::new(),
            deadlines: BTreeMap::new(),
            due: BTreeSet::new(),
            exceptions: Vec::new(),
            ended: None,
        }
    }

    /// Folds one entry.
    pub fn evolve(&mut self, entry: &WorkflowRecord<Returns>) {
        let Some(lane) = Lane::from_token(entry.lane) else { return };
        match &entry.entry.content {
            Content::Facts { source, facts } => {
                facts.iter().for_each(|told| self.learn(told.id, lane, source, &told.fact));
            }
            Content::Decisions { decisions, .. } if lane == Lane::Flow => {
                decisions.iter().for_each(|decision| self.take(decision));
            }
            Content::Due { name, .. } if lane == Lane::Clock => {
                self.due.insert(name.clone());
            }
            // Who may write a lane is the broker's permission; a decision or a deadline in another lane has no such backing.
            Content::Decisions { .. } | Content::Due { .. } => {}
        }
    }

    fn learn(&mut self, id: FactId, lane: Lane, source: &Source, fact: &Fact) {
        let came = (source.received, source.inbox.unwrap_or(0), id);
        let told = Held { came, lane, partner: source.partner.as_deref().map(Into::into), fact: fact.clone() };
        if let Some(held) = self.facts.get_mut(&id) {
            // The first telling counts, whichever of them is folded first.
            if told.told_first(held) {
                *held = told;
            }
        } else if self.facts.values().filter(|held| held.lane == lane).count() < MAX_FACTS {
            self.facts.insert(id, told);
        } else {
            self.flooded = true;
        }
    }

    fn take(&mut self, decision: &Decision) {
        match decision {
            // A return is authorised once, and as one: there is no release of it to commit to, and nothing of it is split.
            Decision::Commit(_) | Decision::Split(_) => {}
            Decision::Ask(ask) if self.ask(&ask.id).is_some() => self.asked_again.push(ask.id.clone()),
            Decision::Ask(ask) => self.asks.push(ask.clone()),
            Decision::Deadline(deadline) => {
                self.deadlines.insert(deadline.name.clone(), deadline.at);
            }
            Decision::Raise(exception) => match self.exceptions.iter_mut().find(|open| open.kind == exception.kind) {
                Some(open) => *open = exception.clone(),
                None => self.exceptions.push(exception.clone()),
            },
            Decision::Resolve(kind) => self.exceptions.retain(|open| open.kind != *kind),
            Decision::End(end) => self.ended = Some(*end),
        }
    }

    /// The return's number.
    #[must_use]
    pub const fn id(&self) -> Option<&RmaId> {
        self.id.as_ref()
    }

    /// What may come back; nothing before it is authorised.
    #[must_use]
    pub fn authorised(&self) -> Option<&ReturnAuthorisation> {
        Known::of(self).map(|known| known.authorised)
    }

    /// Whether it is not wanted any more, and nothing was on its way when that was told, as far as is known.
    #[must_use]
    pub fn is_called_off(&self) -> bool {
        Known::of(self).is_some_and(|known| known.is_called_off())
    }

    /// Whether more was told in one lane than is kept.
    #[must_use]
    pub const fn is_flooded(&self) -> bool {
        self.flooded
    }

    /// How it ended, if it did.
    #[must_use]
    pub const fn ended(&self) -> Option<End> {
        self.ended
    }

    /// The open exceptions, oldest first.
    pub fn exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.exceptions.iter()
    }

    /// Every ask, in the order they were made.
    pub fn asks(&self) -> std::slice::Iter<'_, Ask> {
        self.asks.iter()
    }

    /// The ask with this id, if it was made.
    #[must_use]
    pub fn ask(&self, id: &AskId) -> Option<&Ask> {
        self.asks.iter().find(|ask| ask.id == *id)
    }

    /// What became of an ask. Only the partner that was asked can answer; its first word counts, an operator's before it.
    #[must_use]
    pub fn ask_state(&self, id: &AskId) -> AskState<'_> {
        self.ask(id).map_or(AskState::NotAsked, |ask| self.answer_to(ask))
    }

    /// What became of an ask that was made, or is being made now.
    pub(crate) fn answer_to(&self, ask: &Ask) -> AskState<'_> {
        match outcomes(self, ask).first() {
            None => AskState::Waiting,
            Some(Outcome::Accepted) => AskState::Accepted,
            Some(refused @ (Outcome::Refused { .. } | Outcome::Failed { .. })) => AskState::Refused(refused),
        }
    }

    /// How often an ask was made again under its own id.
    pub(crate) fn times_again(&self, ask: &AskId) -> usize {
        self.asked_again.iter().filter(|again| *again == ask).count()
    }

    /// How often an operator wanted an ask made again.
    pub(crate) fn times_wanted_again(&self, ask: &AskId) -> usize {
        let wants = |held: &&Held| {
            held.lane == Lane::Ops && matches!(&held.fact, Fact::RetryRequested(retry) if retry.ask == *ask)
        };
        self.facts.values().filter(wants).count()
    }

    /// Whether an operator takes this problem as it is.
    pub(crate) fn is_waived(&self, problem: &Exception) -> bool {
        let waives = |held: &Held| {
            let Fact::Waived(waived) = &held.fact else { return false };
            // What came later than the person's word is not covered by it; that something is late goes on being so.
            let same = matches!(problem.kind, ExceptionKind::Overdue(_)) || waived.detail == problem.detail;
            held.lane == Lane::Ops && waived.kind == problem.kind && same
        };
        self.facts.values().any(waives)
    }

    /// When each deadline passes, by name.
    #[must_use]
    pub const fn deadlines(&self) -> &BTreeMap<String, Timestamp> {
        &self.deadlines
    }

    /// Whether this deadline has passed.
    #[must_use]
    pub fn is_due(&self, deadline: &str) -> bool {
        self.due.contains(deadline)
    }

    /// Every fact.
    pub fn facts(&self) -> impl Iterator<Item = &Held> {
        self.facts.values()
    }
}
