//! An instance's state and how far it was folded.

use model::Timestamp;

use crate::entry::{Content, Recorded};
use crate::layout::{Key, Layout};
use crate::workflow::{Workflow, WorkflowRecord};

/// The state of one instance, folded from its entries.
pub struct Folded<W: Workflow> {
    state: W::State,
    /// The last sequence folded of each lane seen; an instance has few lanes, so a list is the quickest map.
    lanes: Vec<(&'static str, u64)>,
    /// The deadlines that were set and have not passed.
    deadlines: Vec<(String, Timestamp)>,
    now: Timestamp,
}

impl<W: Workflow> Clone for Folded<W> {
    fn clone(&self) -> Self {
        let Self { state, lanes, deadlines, now } = self;
        Self { state: state.clone(), lanes: lanes.clone(), deadlines: deadlines.clone(), now: *now }
    }
}

impl<W: Workflow> Folded<W> {
    /// Nothing folded yet.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        Self { state: W::start(key), lanes: Vec::new(), deadlines: Vec::new(), now: Timestamp::default() }
    }

    /// The fold of these entries, in stream order.
    #[must_use]
    pub fn replay<'a>(key: &Key, entries: impl IntoIterator<Item = &'a WorkflowRecord<W>>) -> Self
    where
        W::Fact: 'a,
        W::Decision: 'a,
    {
        let mut folded = Self::new(key);
        for entry in entries {
            folded.apply(entry);
        }
        folded
    }

    /// Folds one more entry; one that was folded before changes nothing. Returns whether it was new.
    pub fn apply(&mut self, entry: &WorkflowRecord<W>) -> bool {
        match self.lanes.iter_mut().find(|(lane, _)| *lane == entry.lane) {
            Some((_, last)) if *last >= entry.sequence => return false,
            Some((_, last)) => *last = entry.sequence,
            None => self.lanes.push((entry.lane, entry.sequence)),
        }
        self.now = self.now.max(time_of(entry));
        match &entry.entry.content {
            Content::Decisions { decisions, .. } => {
                decisions.iter().filter_map(W::deadline).for_each(|(name, at)| self.set(name, at));
            }
            Content::Due { name, at } => self.deadlines.retain(|(set, until)| set != name || until > at),
            Content::Facts { .. } => {}
        }
        W::evolve(&mut self.state, entry);
        true
    }

    fn set(&mut self, name: &str, at: Timestamp) {
        match self.deadlines.iter_mut().find(|(set, _)| set == name) {
            Some((_, until)) => *until = at,
            None => self.deadlines.push((name.to_owned(), at)),
        }
    }

    /// The deadlines that were set, and of which no entry says that they passed.
    #[must_use]
    pub fn deadlines(&self) -> &[(String, Timestamp)] {
        &self.deadlines
    }

    /// What is known.
    #[must_use]
    pub const fn state(&self) -> &W::State {
        &self.state
    }

    /// The newest time any entry was recorded, or the deadline that fired.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The last sequence folded of a lane; 0 when there was none.
    #[must_use]
    pub fn last(&self, lane: &str) -> u64 {
        self.lanes.iter().find(|(name, _)| *name == lane).map_or(0, |(_, last)| *last)
    }

    /// The last sequence folded of any lane; 0 when there was none.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.lanes.iter().map(|(_, last)| *last).max().unwrap_or(0)
    }

    /// The last sequence of the lane decisions are in: what the next decision expects.
    #[must_use]
    pub fn expects(&self) -> u64 {
        self.last(Layout::FLOW)
    }
}

fn time_of<F, D>(entry: &Recorded<F, D>) -> Timestamp {
    match &entry.entry.content {
        Content::Due { at, .. } => entry.recorded.max(*at),
        Content::Facts { .. } | Content::Decisions { .. } => entry.recorded,
    }
}
