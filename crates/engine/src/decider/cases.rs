//! The instances in hand: a bounded cache of folded states.

use async_nats::jetstream;
use lru::LruCache;
use model::Timestamp;

use crate::fold::Folded;
use crate::layout::Key;
use crate::timers::Held;
use crate::workflow::{Workflow, WorkflowRecord};

/// One instance in hand.
pub(super) struct Case<W: Workflow> {
    pub folded: Folded<W>,
    pub phase: Phase<W>,
    /// Messages folded and not yet decided on.
    pub messages: Vec<jetstream::Message>,
    /// Its timer, as far as this process knows.
    pub timer: Timer,
    /// Decisions that set deadlines the timer does not cover yet.
    pub setting: Vec<jetstream::Message>,
    /// Words of the broker that the timer fired, not yet looked at.
    pub due: Vec<jetstream::Message>,
    /// Not to be trusted once what is under way is done: read it back.
    pub stale: bool,
}

/// What this process knows of an instance's timer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Timer {
    /// When it will fire; `None` when that is not known.
    pub set_for: Option<Timestamp>,
    /// Its place in the stream; 0 when it is not known to be there.
    pub sequence: u64,
    /// It is being set.
    pub is_busy: bool,
    /// Deadlines up to this time were looked at.
    pub fired: Option<Timestamp>,
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

impl Timer {
    /// The broker holds it, or it is not known whether it does.
    pub fn is_held(&mut self, held: Option<Held>) {
        self.set_for = held.map(|held| held.at);
        self.sequence = held.map_or(0, |held| held.sequence);
    }
}

impl<W: Workflow> Case<W> {
    /// A case that is being read back.
    pub fn loading(key: &Key) -> Self {
        let phase = Phase::Loading { delivered: Vec::new() };
        Self {
            folded: Folded::new(key),
            phase,
            messages: Vec::new(),
            timer: Timer::default(),
            setting: Vec::new(),
            due: Vec::new(),
            stale: false,
        }
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

    /// The earliest deadline that was not looked at.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let deadlines = self.folded.deadlines().iter().map(|(_, at)| *at);
        deadlines.filter(|at| self.timer.fired.is_none_or(|fired| *at > fired)).min()
    }

    const fn is_idle(&self) -> bool {
        let nothing_waits = self.messages.is_empty() && self.setting.is_empty() && self.due.is_empty();
        matches!(self.phase, Phase::Idle) && nothing_waits && !self.timer.is_busy
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

    /// The case; one that is not here is about to be read back.
    pub fn get_or_begin(&mut self, key: &Key) -> &mut Case<W> {
        self.cases.get_or_insert_mut_ref(key, || Case::loading(key))
    }

    pub fn remove(&mut self, key: &Key) -> Option<Case<W>> {
        self.cases.pop(key)
    }

    /// Lets a case go that nothing is under way for.
    pub fn let_go(&mut self, key: &Key) {
        if self.cases.peek(key).is_some_and(Case::is_idle) {
            self.cases.pop(key);
        }
    }

    /// Trusts a folded state no longer.
    pub fn forget(&mut self, key: &Key) {
        self.let_go(key);
        if let Some(case) = self.cases.peek_mut(key) {
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
