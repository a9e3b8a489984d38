//! The shadow: a state that goes along a trail and holds decisions of its own.

use std::collections::HashSet;

use model::Timestamp;

use super::{Made, QUIET, Span};
use crate::entry::{Content, Entry, EntryId};
use crate::layout::{Key, Layout};
use crate::workflow::{Workflow, WorkflowRecord};

/// A shadow under way along a trail.
pub(super) struct Shadow<'a, W: Workflow> {
    policy: &'a W::Policy,
    trail: &'a [WorkflowRecord<W>],
    span: Span,
    /// The deadlines that the record sets, and those of which it says that they passed.
    set: HashSet<(&'a str, Timestamp)>,
    passed: HashSet<(&'a str, Timestamp)>,
    known: Known<'a, W>,
    /// Told, and not known to have been looked at yet.
    waiting: Vec<&'a WorkflowRecord<W>>,
    /// The last recorded entry of decisions.
    last_flow: u64,
    /// When the last entry came.
    last: Timestamp,
    /// Whether what waits was looked at in a quiet time already.
    is_looked_at: bool,
    /// Whether something was decided otherwise by now.
    has_parted: bool,
    made: Vec<Made<W::Decision>>,
}

/// What a shadow knows.
struct Known<'a, W: Workflow> {
    state: W::State,
    now: Timestamp,
    /// The last sequence folded.
    seen: u64,
    /// The deadlines that were set and have not passed.
    deadlines: Vec<(String, Timestamp)>,
    key: &'a Key,
}

impl<W: Workflow> Clone for Known<'_, W> {
    fn clone(&self) -> Self {
        let Self { state, now, seen, deadlines, key } = self;
        Self { state: state.clone(), now: *now, seen: *seen, deadlines: deadlines.clone(), key }
    }
}

impl<W: Workflow> Known<'_, W> {
    fn fold(&mut self, entry: &WorkflowRecord<W>) {
        self.seen = self.seen.max(entry.sequence);
        self.now = self.now.max(entry.recorded);
        match &entry.entry.content {
            Content::Due { name, at } => {
                self.now = self.now.max(*at);
                self.deadlines.retain(|(set, until)| set != name || until > at);
            }
            Content::Decisions { decisions, .. } if entry.lane == Layout::FLOW => self.set(decisions),
            Content::Decisions { .. } | Content::Facts { .. } => {}
        }
        W::evolve(&mut self.state, entry);
    }

    fn set(&mut self, decisions: &[W::Decision]) {
        for (name, at) in decisions.iter().filter_map(W::deadline) {
            self.deadlines.retain(|(set, _)| set != name);
            self.deadlines.push((name.to_owned(), at));
        }
    }

    /// Takes what was decided for true, as the decide loop does: that no time passes by it.
    fn take(&mut self, now: Timestamp, decisions: Vec<W::Decision>) {
        let content = Content::Decisions { seen: self.seen, now, decisions };
        let (seen, recorded) = (self.seen, self.now);
        self.fold(&self.entry(Layout::FLOW, now, content));
        (self.seen, self.now) = (seen, recorded);
    }

    fn entry(
        &self,
        lane: &'static str,
        recorded: Timestamp,
        content: Content<W::Fact, W::Decision>,
    ) -> WorkflowRecord<W> {
        let parts = [self.key.token().as_bytes(), lane.as_bytes(), &recorded.as_millis().to_be_bytes()];
        WorkflowRecord::<W> { sequence: self.seen, recorded, lane, entry: Entry { id: EntryId::of(&parts), content } }
    }
}

impl<'a, W: Workflow> Shadow<'a, W>
where
    W::Decision: PartialEq,
{
    pub fn new(key: &'a Key, trail: &'a [WorkflowRecord<W>], policy: &'a W::Policy, span: Span) -> Self {
        let (mut set, mut passed) = (HashSet::new(), HashSet::new());
        for entry in trail {
            match &entry.entry.content {
                Content::Decisions { decisions, .. } => set.extend(decisions.iter().filter_map(W::deadline)),
                Content::Due { name, at } => drop(passed.insert((name.as_str(), *at))),
                Content::Facts { .. } => {}
            }
        }
        let known = Known { state: W::start(key), now: Timestamp::default(), seen: 0, deadlines: Vec::new(), key };
        Self {
            policy,
            trail,
            span,
            set,
            passed,
            known,
            waiting: Vec::new(),
            last_flow: 0,
            last: Timestamp::default(),
            is_looked_at: true,
            has_parted: false,
            made: Vec::new(),
        }
    }

    pub fn play(mut self) -> Vec<Made<W::Decision>> {
        for (nth, entry) in self.trail.iter().enumerate() {
            if entry.recorded >= self.span.since {
                self.let_pass(entry.recorded, nth);
            }
            match &entry.entry.content {
                Content::Decisions { seen, now, decisions } if entry.lane == Layout::FLOW => {
                    self.decide(entry, *seen, *now, decisions);
                    self.last_flow = entry.sequence;
                }
                Content::Due { name, at } if entry.lane == Layout::CLOCK => {
                    if self.counts(name, *at) {
                        self.hear(entry);
                    }
                }
                Content::Decisions { .. } | Content::Due { .. } | Content::Facts { .. } => self.hear(entry),
            }
            self.last = self.last.max(entry.recorded);
        }
        self.let_pass(self.span.until, self.trail.len());
        self.made
    }

    fn hear(&mut self, entry: &'a WorkflowRecord<W>) {
        self.waiting.push(entry);
        self.is_looked_at = false;
    }

    /// Whether a recorded deadline that passed is one of the shadow's too, and it waits for it.
    fn counts(&mut self, name: &str, at: Timestamp) -> bool {
        let is_set = self.known.deadlines.iter().any(|(set, until)| set == name && *until == at);
        if is_set && self.has_parted {
            self.catch_up();
            return W::awaits(&self.known.state, self.policy, name);
        }
        is_set
    }

    fn catch_up(&mut self) {
        self.waiting.drain(..).for_each(|entry| self.known.fold(entry));
    }

    /// Decides where the record does, with what that had seen. Before the span, what is recorded is taken over.
    fn decide(&mut self, entry: &WorkflowRecord<W>, seen: u64, now: Timestamp, recorded: &[W::Decision]) {
        let surely = self.waiting.iter().take_while(|entry| entry.sequence <= seen).count();
        if entry.recorded < self.span.since {
            self.waiting.drain(..surely).for_each(|entry| self.known.fold(entry));
            return self.known.take(now, recorded.to_vec());
        }
        // What it had seen last were its own decisions: which of the facts before them had been delivered by then is not
        // recorded. They are delivered in order, so it was some first part of them.
        let least = if seen == self.last_flow { 0 } else { surely };
        let known = |many: usize| {
            let mut known = self.known.clone();
            self.waiting[..many].iter().for_each(|entry| known.fold(entry));
            let decisions = W::decide(&known.state, self.policy, now);
            (many, known, decisions)
        };
        let all = known(surely);
        let found =
            if all.2 == recorded { None } else { (least..surely).rev().map(known).find(|own| own.2 == recorded) };
        let (many, known, decisions) = found.unwrap_or(all);
        self.waiting.drain(..many);
        self.known = known;
        self.has_parted |= decisions != recorded;
        self.make(seen, now, decisions);
    }

    fn make(&mut self, after: u64, now: Timestamp, decisions: Vec<W::Decision>) {
        if decisions.is_empty() {
            return;
        }
        self.made.extend(decisions.iter().map(|decision| Made { after, now, decision: decision.clone() }));
        self.known.take(now, decisions);
    }

    /// Lets the time pass up to the `nth` entry: the shadow's own deadlines pass, and in a quiet time it is decided on what was
    /// told, for the decide loop has looked at it and decided nothing.
    fn let_pass(&mut self, until: Timestamp, nth: usize) {
        loop {
            let quiet = (!self.is_looked_at && !self.waiting.is_empty()).then(|| self.last.plus_millis(QUIET));
            let quiet = quiet.filter(|quiet| *quiet <= until);
            let due = self.next_due(until);
            match (quiet, due) {
                (Some(_), None) => self.look(nth),
                (Some(quiet), Some((_, at))) if quiet <= at => self.look(nth),
                (Some(_) | None, Some((name, at))) => self.pass(&name, at),
                (None, None) => return,
            }
        }
    }

    /// The first deadline that passes in the shadow before then. Of one that the record sets too, the record says whether it
    /// passed while somebody waited for it, as long as nothing was decided otherwise.
    fn next_due(&self, until: Timestamp) -> Option<(String, Timestamp)> {
        let is_own = |(name, at): &&(String, Timestamp)| {
            let same = (name.as_str(), *at);
            !self.set.contains(&same) || (self.has_parted && !self.passed.contains(&same))
        };
        let due = self.known.deadlines.iter().filter(|(_, at)| *at < until).filter(is_own);
        due.min_by_key(|(_, at)| *at).cloned()
    }

    fn pass(&mut self, name: &str, at: Timestamp) {
        self.catch_up();
        self.known.deadlines.retain(|(set, _)| set != name);
        if !W::awaits(&self.known.state, self.policy, name) {
            return;
        }
        let content = Content::Due { name: name.to_owned(), at };
        let entry = self.known.entry(Layout::CLOCK, at, content);
        self.known.fold(&entry);
        self.decide_alone();
    }

    fn decide_alone(&mut self) {
        let now = self.known.now;
        let decisions = W::decide(&self.known.state, self.policy, now);
        self.has_parted |= !decisions.is_empty();
        self.make(self.known.seen, now, decisions);
    }

    /// Decides on what waits, where nothing is recorded. The decide loop may have been away for so long that it came to decide on
    /// it only with what came later: where that is what is recorded next, it was.
    fn look(&mut self, nth: usize) {
        self.is_looked_at = true;
        let mut known = self.known.clone();
        self.waiting.iter().for_each(|entry| known.fold(entry));
        let decisions = W::decide(&known.state, self.policy, known.now);
        if decisions.is_empty() || (!self.has_parted && self.is_decided_later(&decisions, nth)) {
            return;
        }
        self.catch_up();
        self.decide_alone();
    }

    /// Whether what is recorded next is what would be decided there if nothing were decided now, and holds what would be
    /// decided now.
    fn is_decided_later(&self, now_decided: &[W::Decision], nth: usize) -> bool {
        let rest = &self.trail[nth..];
        let flow = rest.iter().position(|entry| entry.lane == Layout::FLOW);
        let Some((place, entry)) = flow.and_then(|place| Some((place, rest.get(place)?))) else { return false };
        let Content::Decisions { seen, now, decisions } = &entry.entry.content else { return false };
        let mut known = self.known.clone();
        let told = self.waiting.iter().copied().chain(&rest[..place]).filter(|entry| entry.sequence <= *seen);
        told.for_each(|entry| known.fold(entry));
        let later = W::decide(&known.state, self.policy, *now);
        // A deadline is later by as much as it was decided later, and is needed no more where what it waits for came meanwhile.
        let is_held = |decision: &W::Decision| W::deadline(decision).is_some() || later.contains(decision);
        later == *decisions && now_decided.iter().all(is_held)
    }
}
