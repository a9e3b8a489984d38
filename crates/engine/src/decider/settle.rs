//! What follows when something under way is done.

use std::sync::atomic::Ordering;

use async_nats::jetstream;
use futures::{FutureExt, StreamExt};

use super::cases::{Case, Phase};
use super::work::{Done, Passing};
use super::{Decider, PARK, Parked, RETRY, acknowledge, count, try_again};
use crate::entry::Recorded;
use crate::fold::Folded;
use crate::journal::{AppendError, AppendErrorKind, ReadError, ReadErrorKind};
use crate::layout::{Key, Layout};
use crate::timers::Held;
use crate::workflow::{Workflow, WorkflowEntry, WorkflowRecord};

impl<W: Workflow> Decider<W> {
    /// Settles this and whatever else is done by now.
    pub(super) async fn settle_all(&mut self, done: Done<W>) {
        let mut next = Some(done);
        while let Some(done) = next {
            self.settle(done).await;
            next = self.work.next().now_or_never().flatten();
        }
    }

    pub(super) async fn settle(&mut self, done: Done<W>) {
        match done {
            Done::Loaded { key, entries: Ok(entries) } => self.loaded(key, &entries),
            Done::Loaded { key, entries: Err(error) } => self.not_loaded(&key, &error).await,
            Done::Appended { key, entry, sequence: Ok(sequence) } => self.appended(key, entry, sequence).await,
            Done::Appended { key, sequence: Err(error), .. } => self.not_appended(key, &error).await,
            Done::TimerSet { key, messages, result } => self.timer_set(key, &messages, result).await,
            Done::Passed { key, passing, messages, result } => self.passed(key, &passing, &messages, result).await,
            Done::Served { pin, due } => self.served(pin, due),
            Done::Redelivering => {}
        }
    }

    async fn timer_set(&mut self, key: Key, messages: &[jetstream::Message], result: Result<Held, AppendError>) {
        if result.is_ok() {
            count(&self.tally.deadlines);
        }
        if let Some(case) = self.cases.get(&key) {
            case.timer.is_busy = false;
            case.timer.is_held(result.as_ref().ok().copied());
            self.stirred.push(key);
        }
        self.confirm(messages, result.map(drop)).await;
    }

    async fn passed(
        &mut self,
        key: Key,
        passing: &Passing,
        messages: &[jetstream::Message],
        result: Result<Option<Held>, AppendError>,
    ) {
        if result.is_ok() {
            self.tally.due.fetch_add(passing.awaited.len() as u64, Ordering::Relaxed);
        }
        if let Some(case) = self.cases.get(&key) {
            case.timer.is_busy = false;
            case.timer.is_held(result.as_ref().ok().copied().flatten());
            if result.is_ok() {
                case.timer.fired = case.timer.fired.max(Some(passing.until));
            }
            self.stirred.push(key);
        }
        self.confirm(messages, result.map(drop)).await;
    }

    /// What is folded here is complete while this process is the one served; otherwise it may have grown old.
    fn served(&mut self, pin: Option<String>, due: Vec<(Key, jetstream::Message)>) {
        let is_served = pin.is_some() && pin == self.pin;
        for (key, message) in due {
            if !is_served {
                self.cases.forget(&key);
            }
            self.add_due(key, message);
        }
    }

    async fn confirm(&mut self, messages: &[jetstream::Message], result: Result<(), AppendError>) {
        if let Err(error) = &result {
            self.failed(error);
        }
        for message in messages {
            match result {
                Ok(()) => acknowledge(message).await,
                Err(_) => try_again(message, RETRY).await,
            }
        }
    }

    fn loaded(&mut self, key: Key, entries: &[WorkflowRecord<W>]) {
        let Some(case) = self.cases.get(&key) else { return };
        case.folded = Folded::replay(&key, entries);
        if let Phase::Loading { delivered } = std::mem::replace(&mut case.phase, Phase::Idle) {
            for entry in &delivered {
                case.folded.apply(entry);
            }
        }
        self.stirred.push(key);
    }

    async fn not_loaded(&mut self, key: &Key, error: &ReadError) {
        let Some(case) = self.cases.remove(key) else { return };
        let delay = match error.kind() {
            ReadErrorKind::Entry | ReadErrorKind::Subject => {
                if let Some((subject, sequence)) = error.place() {
                    let (subject, reason) = (subject.to_owned(), in_words(error));
                    self.report(Parked { subject, sequence, reason, tries: 1, payload: bytes::Bytes::new() }).await;
                }
                PARK
            }
            ReadErrorKind::Unanswered | ReadErrorKind::Answer => {
                self.failed(error);
                RETRY
            }
        };
        give_back(case, delay).await;
    }

    async fn appended(&mut self, key: Key, entry: WorkflowEntry<W>, sequence: u64) {
        count(&self.tally.decided);
        let Some(case) = self.cases.get(&key) else { return };
        let recorded = Recorded { sequence, recorded: case.folded.now(), lane: Layout::FLOW, entry };
        case.folded.apply(&recorded);
        let news = !case.messages.is_empty() || !case.setting.is_empty() || !case.due.is_empty();
        let stale = case.stale;
        if let Phase::Appending { deciding_on } = std::mem::replace(&mut case.phase, Phase::Idle) {
            for message in &deciding_on {
                acknowledge(message).await;
            }
        }
        if stale {
            self.reload(key);
        } else if news {
            self.stirred.push(key);
        }
    }

    async fn not_appended(&mut self, key: Key, error: &AppendError) {
        match error.kind() {
            AppendErrorKind::Conflict => {
                count(&self.tally.conflicts);
                self.reload(key);
            }
            AppendErrorKind::Unanswered | AppendErrorKind::Refused | AppendErrorKind::Encode => {
                self.failed(error);
                if let Some(case) = self.cases.remove(&key) {
                    give_back(case, RETRY).await;
                }
            }
        }
    }

    /// Reads a case back and decides on it again, with all messages that are not settled.
    pub(super) fn reload(&mut self, key: Key) {
        let Some(case) = self.cases.get(&key) else { return };
        case.stale = false;
        case.timer.set_for = None;
        let loading = Phase::Loading { delivered: Vec::new() };
        if let Phase::Appending { deciding_on } = std::mem::replace(&mut case.phase, loading) {
            case.messages.extend(deciding_on);
        }
        let at_least = case.folded.seen();
        self.load(key, at_least);
    }

    fn failed(&self, error: &(dyn std::error::Error + 'static)) {
        count(&self.tally.failed);
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        tracing::warn!(%error, cause, "will try again");
    }
}

/// An error and what it came from.
pub(super) fn in_words(error: &ReadError) -> String {
    std::error::Error::source(error).map_or(error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Has the broker send again all that is unsettled of a case.
async fn give_back<W: Workflow>(case: Case<W>, delay: std::time::Duration) {
    let appending = match case.phase {
        Phase::Appending { deciding_on } => deciding_on,
        Phase::Loading { .. } | Phase::Idle => Vec::new(),
    };
    for message in appending.into_iter().chain(case.messages).chain(case.setting).chain(case.due) {
        try_again(&message, delay).await;
    }
}
