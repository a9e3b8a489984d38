//! The instances in hand: a bounded cache of folded states.

use async_nats::jetstream;
use lru::LruCache;

use crate::fold::Folded;
use crate::layout::Key;
use crate::workflow::{Workflow, WorkflowRecord};

/// One instance in hand.
pub(super) struct Case<W: Workflow> {
    pub folded: Folded<W>,
    pub phase: Phase<W>,
    /// Messages folded and not yet decided on.
    pub messages: Vec<jetstream::Message>,
    /// Deadlines that passed and were not yet looked at.
    pub due: Vec<(String, jetstream::Message)>,
    /// Not to be trusted once what is under way is done: read it back.
    pub stale: bool,
}

/// What is under way for an instance.
pub(super) enum Phase<W: Workflow> {
    /// It is being read back. What is delivered meanwhile may have been appended after the read, so it waits.
    Loading {
        /// Entries delivered meanwhile.
        delivered: Vec<WorkflowRecord<W>>,
    },
    /// Nothing.
    Idle,
    /// Decisions are being appended.
    Appending {
        /// The messages that were decided on.
        deciding_on: Vec<jetstream::Message>,
    },
}

impl<W: Workflow> Case<W> {
    /// A case that is being read back.
    pub fn loading(key: &Key) -> Self {
        let phase = Phase::Loading { delivered: Vec::new() };
        Self { folded: Folded::new(key), phase, messages: Vec::new(), due: Vec::new(), stale: false }
    }

    /// Folds an entry that was delivered, now or as soon as the case is read back.
    pub fn take(&mut self, entry: WorkflowRecord<W>) {
        match &mut self.phase {
            Phase::Loading { delivered } => delivered.push(entry),
            Phase::Idle | Phase::Appending { .. } => {
                self.folded.apply(&entry);
            }
        }
    }

    const fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle) && self.messages.is_empty() && self.due.is_empty()
    }
}

/// The instances in hand, the least recently used first to go.
pub(super) struct Cases<W: Workflow> {
    cases: LruCache<Key, Case<W>>,
    most: usize,
}

impl<W: Workflow> Cases<W> {
    /// Room for `most` idle instances; those something is under way for come on top, bounded by what is in flight.
    pub fn new(most: usize) -> Self {
        Self { cases: LruCache::unbounded(), most }
    }

    pub fn get(&mut self, key: &Key) -> Option<&mut Case<W>> {
        self.cases.get_mut(key)
    }

    pub fn insert(&mut self, key: Key, case: Case<W>) {
        self.cases.put(key, case);
    }

    pub fn remove(&mut self, key: &Key) -> Option<Case<W>> {
        self.cases.pop(key)
    }

    /// Trusts a folded state no longer.
    pub fn forget(&mut self, key: &Key) {
        if self.cases.peek(key).is_some_and(Case::is_idle) {
            self.cases.pop(key);
        } else if let Some(case) = self.cases.peek_mut(key) {
            case.stale = true;
        }
    }

    /// Trusts no folded state any longer.
    pub fn forget_all(&mut self) {
        let keys: Vec<Key> = self.cases.iter().map(|(key, _)| key.clone()).collect();
        keys.iter().for_each(|key| self.forget(key));
    }

    /// Lets the least recently used go, down to the bound. A busy one is kept and counts as just used.
    pub fn shrink(&mut self) {
        let surplus = self.cases.len().saturating_sub(self.most);
        for _ in 0..surplus {
            if let Some((key, case)) = self.cases.pop_lru()
                && !case.is_idle()
            {
                self.cases.put(key, case);
            }
        }
    }
}
