//! The decide loop at work on one order: facts come while it decides, and it has not always heard all of them.

use std::collections::VecDeque;

use engine::{Folded, Key, Layout, Recorded};
use fulfilment::{Fulfilment, Policy};
use model::Timestamp;

use super::facts::News;
use super::given::{Record, clock, flow, record};
use super::orders::{ORDER, hour};

/// How late a timer fires at the most, and how long an append takes, in milliseconds.
const LATE: i64 = 200;

/// An order that is decided on as it happens.
pub struct Live {
    policy: Policy,
    folded: Folded<Fulfilment>,
    /// All that was appended.
    pub trail: Vec<Record>,
    /// What the decide loop has not heard yet.
    coming: VecDeque<Record>,
    /// What time it is.
    pub time: Timestamp,
    /// Deadlines up to this time were looked at.
    fired: Timestamp,
}

impl Live {
    /// An order of which nothing is known, under this policy.
    pub fn under(policy: &str) -> Self {
        let folded = Folded::new(&Key::of(ORDER));
        let policy = Policy::load("policy.toml", policy).unwrap();
        Self { policy, folded, trail: Vec::new(), coming: VecDeque::new(), time: hour(0), fired: hour(0) }
    }

    /// Something is told.
    pub fn told(&mut self, news: &News) {
        let entry = record(self.next(), news);
        self.append(entry);
    }

    fn next(&self) -> u64 {
        // Other orders have the sequences between.
        self.trail.last().map_or(1, |last| last.sequence + 3)
    }

    fn append(&mut self, entry: Record) {
        let entry = Record { recorded: self.time, ..entry };
        self.trail.push(entry.clone());
        self.coming.push_back(entry);
    }

    /// The decide loop hears so many entries and decides; what is told meanwhile lies before its decision. Returns whether
    /// it decided anything.
    pub fn decided(&mut self, heard: usize, meanwhile: &[News]) -> bool {
        for entry in self.coming.drain(..heard.min(self.coming.len())) {
            self.folded.apply(&entry);
        }
        let decisions = fulfilment::decide(self.folded.state(), &self.policy, self.folded.now());
        let (seen, now) = (self.folded.seen(), self.folded.now());
        meanwhile.iter().for_each(|news| self.told(news));
        if decisions.is_empty() {
            return false;
        }
        self.time = self.time.plus_millis(LATE / 10);
        let mut entry = flow(self.next(), now, decisions);
        if let engine::Content::Decisions { seen: recorded, .. } = &mut entry.entry.content {
            *recorded = seen;
        }
        self.trail.push(Record { recorded: self.time, ..entry.clone() });
        // It folds its own decisions as no later than what they were concluded from.
        assert!(self.folded.apply(&Recorded { recorded: now, lane: Layout::FLOW, ..entry }));
        true
    }

    /// Time passes; in a long time the decide loop hears all, and timers fire.
    pub fn wait(&mut self, millis: i64) {
        let until = self.time.plus_millis(millis);
        if millis >= engine::rehearse::QUIET / 2 {
            self.decide_on_all();
        }
        while let Some(at) = self.next_deadline().filter(|at| *at <= until) {
            self.time = self.time.max(at.plus_millis(LATE));
            self.fire(at);
            self.decide_on_all();
        }
        self.time = self.time.max(until);
    }

    fn decide_on_all(&mut self) {
        while self.decided(usize::MAX, &[]) {}
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.folded.deadlines().iter().map(|(_, at)| *at).filter(|at| *at > self.fired).min()
    }

    fn fire(&mut self, at: Timestamp) {
        let passed: Vec<_> = self.folded.deadlines().iter().filter(|(_, due)| *due == at).cloned().collect();
        self.fired = at;
        for (name, at) in passed {
            if fulfilment::decide::awaits(self.folded.state(), &self.policy, &name) {
                let entry = clock(self.next(), &name, at);
                self.append(entry);
            }
        }
    }
}
