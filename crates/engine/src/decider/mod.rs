//! The decide loop: fold what comes in, decide, append the decisions, set their deadlines.
//!
//! One task serves all instances. Loading, appending and setting deadlines run side by side and never hold up another
//! instance; of one instance, at most one append is under way. A burst of facts is folded before it is decided on once.
//! Messages are acknowledged when what follows from them is in the log; until then the broker sends them again, which
//! does no harm: the fold knows what it has seen, and deciding twice adds nothing.

mod cases;
mod feed;
mod settle;
mod timer;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream::{self, AckKind};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::entry::{Content, EntryId};
use crate::jitter::jittered;
use crate::journal::{Journal, ReadError, ReadErrorKind};
use crate::layout::{Key, Layout};
use crate::workflow::{Workflow, WorkflowRecord};
use cases::{Case, Cases, Phase};
use work::Work;

/// How long a message waits before it is tried again when the broker did not take what follows from it.
const RETRY: Duration = Duration::from_secs(1);
/// How long an instance with an unreadable entry waits before it is tried again: an upgrade may have come.
const PARK: Duration = Duration::from_secs(60);

/// What bounds the decide loop.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many folded instances are kept; one that is not is read back when something comes in for it.
    pub cases: usize,
    /// How many loads, appends and deadlines are under way at once; beyond that nothing more is taken in.
    pub in_flight: usize,
    /// How many messages are folded before deciding.
    pub burst: usize,
    /// How many messages the broker hands out before they are acknowledged.
    pub unacknowledged: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { cases: 4_096, in_flight: 2_048, burst: 512, unacknowledged: 16_384 }
    }
}

/// An entry nobody here can read. It is never skipped: its instance waits until it can be read.
#[derive(Debug, Clone)]
pub struct Parked {
    /// Its subject.
    pub subject: String,
    /// Its place in the stream.
    pub sequence: u64,
    /// Why it cannot be read.
    pub reason: String,
    /// How often it was tried.
    pub tries: u64,
    /// What it holds; empty when it was met while reading its instance back.
    pub payload: Bytes,
}

/// What the decide loop has done so far.
#[derive(Debug, Default)]
pub struct Tally {
    /// Messages taken in.
    pub received: AtomicU64,
    /// Entries of decisions appended.
    pub decided: AtomicU64,
    /// Appends that another decision beat.
    pub conflicts: AtomicU64,
    /// Instances read back.
    pub loaded: AtomicU64,
    /// Deadlines set.
    pub deadlines: AtomicU64,
    /// Deadlines that passed while somebody waited.
    pub due: AtomicU64,
    /// Entries parked.
    pub parked: AtomicU64,
    /// Loads and appends the broker did not answer.
    pub failed: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Why the decide loop cannot start.
#[derive(Debug, thiserror::Error)]
#[error("cannot follow stream {stream}; is it declared?")]
pub struct DeciderError {
    stream: String,
    #[source]
    source: async_nats::Error,
}

/// Creates the consumers of a decide loop that are missing, before it runs.
///
/// # Errors
/// [`DeciderError`] when the streams are not there, or the broker does not answer.
pub async fn declare(js: &jetstream::Context, layout: &Layout, limits: Limits) -> Result<(), DeciderError> {
    feed::entries(layout, limits).declare(js).await?;
    feed::due(layout, limits).declare(js).await?;
    Ok(())
}

/// The decide loop of one workflow.
pub struct Decider<W: Workflow> {
    journal: Journal<W>,
    policy: Arc<W::Policy>,
    limits: Limits,
    tally: Arc<Tally>,
    parked: mpsc::Sender<Parked>,
    cases: Cases<W>,
    work: FuturesUnordered<Work<W>>,
    /// Cases with something to decide on.
    stirred: Vec<Key>,
    /// The broker's word that this process is the one served. A new word means that another was served in between.
    pin: Option<String>,
}

impl<W: Workflow> Decider<W> {
    /// A decide loop; entries that cannot be read are sent to `parked`.
    #[must_use]
    pub fn new(journal: Journal<W>, policy: W::Policy, limits: Limits, parked: mpsc::Sender<Parked>) -> Self {
        Self {
            journal,
            policy: Arc::new(policy),
            limits,
            tally: Arc::default(),
            parked,
            cases: Cases::new(limits.cases),
            work: FuturesUnordered::new(),
            stirred: Vec::new(),
            pin: None,
        }
    }

    /// What it has done so far, for metrics.
    #[must_use]
    pub fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// Decides until `shutdown`, then finishes what is under way.
    ///
    /// # Errors
    /// [`DeciderError`] when the streams are not there at the start; later troubles are waited out.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<(), DeciderError> {
        let layout = *self.journal.layout();
        let js = self.journal.jetstream().clone();
        let mut entries = feed::entries(&layout, self.limits).follow(&js, self.limits, &shutdown).await?;
        let mut due = feed::due(&layout, self.limits).follow(&js, self.limits, &shutdown).await?;
        let mut burst = Vec::with_capacity(self.limits.burst);
        let mut passed = Vec::with_capacity(self.limits.burst);
        while !shutdown.is_cancelled() {
            let room = self.work.len() < self.limits.in_flight;
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(done) = self.work.next(), if !self.work.is_empty() => self.settle_all(done).await,
                taken = entries.recv_many(&mut burst, self.limits.burst), if room => if taken == 0 { break },
                taken = due.recv_many(&mut passed, self.limits.burst), if room => if taken == 0 { break },
            }
            for message in burst.drain(..) {
                self.take_in(message).await;
            }
            self.take_due(passed.drain(..)).await;
            self.decide_stirred().await;
        }
        while let Some(done) = self.work.next().await {
            self.settle(done).await;
        }
        Ok(())
    }

    async fn take_in(&mut self, message: jetstream::Message) {
        count(&self.tally.received);
        self.check_pin(&message);
        let (sequence, recorded, tries) = match message.info() {
            Ok(info) => (
                info.stream_sequence,
                model::Timestamp::from_nanos(info.published.unix_timestamp_nanos()),
                info.delivered.unsigned_abs(),
            ),
            // A message of a consumer always carries its place; one that does not cannot be acknowledged either.
            Err(error) => return tracing::warn!(%error, subject = %message.subject, "a message without a place"),
        };
        match self.journal.decode(&message.subject, sequence, recorded, &message.payload) {
            Ok((key, entry)) if entry.lane == Layout::FLOW => self.take_decisions(key, entry, message).await,
            Ok((key, entry)) => self.take_fact(key, entry, message),
            Err(error) => self.park(message, sequence, tries, &error).await,
        }
    }

    fn take_fact(&mut self, key: Key, entry: WorkflowRecord<W>, message: jetstream::Message) {
        let case = self.case(&key, entry.sequence);
        case.messages.push(message);
        case.take(entry);
        self.stirred.push(key);
    }

    /// Decisions, of this process or another. The timer is set for their deadlines before the entry is acknowledged, so
    /// that a crash cannot lose one.
    async fn take_decisions(&mut self, key: Key, entry: WorkflowRecord<W>, message: jetstream::Message) {
        let first = match &entry.entry.content {
            Content::Decisions { decisions, .. } => decisions.iter().filter_map(W::deadline).map(|(_, at)| at).min(),
            Content::Facts { .. } | Content::Due { .. } => None,
        };
        if let Some(first) = first {
            let case = self.case(&key, entry.sequence);
            // A deadline in the past was not looked at yet.
            case.timer.fired = case.timer.fired.filter(|fired| *fired < first);
            case.setting.push(message);
            case.take(entry);
            self.stirred.push(key);
        } else {
            if let Some(case) = self.cases.get(&key) {
                case.take(entry);
            }
            acknowledge(&message).await;
        }
    }

    /// Timers that fired. Their messages are shared by all processes, entries are not: what is folded here is trusted only
    /// while this process is the one served. That is asked once for all of them, and only where something is folded.
    async fn take_due(&mut self, messages: impl Iterator<Item = jetstream::Message>) {
        let mut folded = Vec::new();
        for message in messages {
            match self.journal.layout().parse_due(&message.subject) {
                Some(key) if self.pin.is_some() && self.cases.get(&key).is_some() => folded.push((key, message)),
                Some(key) => {
                    self.cases.forget(&key);
                    self.add_due(key, message);
                }
                None => {
                    tracing::warn!(subject = %message.subject, "a due message of an unknown form");
                    acknowledge(&message).await;
                }
            }
        }
        if !folded.is_empty() {
            self.work.push(work::ask_who_is_served(&self.journal, folded));
        }
    }

    fn add_due(&mut self, key: Key, message: jetstream::Message) {
        self.case(&key, 0).due.push(message);
        self.stirred.push(key);
    }

    /// The instance, from memory or about to be read back, at least up to an entry.
    fn case(&mut self, key: &Key, at_least: u64) -> &mut Case<W> {
        if self.cases.get(key).is_none() {
            self.load(key.clone(), at_least);
        }
        self.cases.get_or_begin(key)
    }

    /// Reads an instance back, at least up to an entry that is known to be in the log.
    fn load(&mut self, key: Key, at_least: u64) {
        count(&self.tally.loaded);
        self.work.push(work::load(&self.journal, key, at_least));
    }

    /// Another process was served since the last message: what is folded here may lack what was delivered there.
    fn check_pin(&mut self, message: &jetstream::Message) {
        let pin = message.headers.as_ref().and_then(|headers| headers.get(async_nats::header::NATS_PIN_ID));
        let Some(pin) = pin.map(async_nats::HeaderValue::as_str) else { return };
        if self.pin.as_deref() != Some(pin) {
            self.pin = Some(pin.to_owned());
            self.cases.forget_all();
            self.work.push(work::redeliver(&self.journal));
        }
    }

    async fn park(&mut self, message: jetstream::Message, sequence: u64, tries: u64, error: &ReadError) {
        if let Some((key, _)) = self.journal.layout().parse(&message.subject) {
            self.cases.forget(&key);
        }
        let reason = settle::in_words(error);
        let subject = message.subject.to_string();
        self.report(Parked { subject, sequence, reason, tries, payload: message.payload.clone() }).await;
        match error.kind() {
            // No version will ever know a subject of another form; there is nothing to wait for.
            ReadErrorKind::Subject => acknowledge(&message).await,
            ReadErrorKind::Entry | ReadErrorKind::Unanswered | ReadErrorKind::Answer => {
                try_again(&message, PARK).await;
            }
        }
    }

    async fn report(&mut self, parked: Parked) {
        count(&self.tally.parked);
        tracing::error!(
            subject = parked.subject,
            sequence = parked.sequence,
            reason = parked.reason,
            "parked an entry"
        );
        // Nobody listens only while the process ends; the entry is tried again by the next.
        drop(self.parked.send(parked).await);
    }

    async fn decide_stirred(&mut self) {
        let mut stirred = std::mem::take(&mut self.stirred);
        stirred.sort_unstable();
        stirred.dedup();
        for key in stirred.drain(..) {
            self.attend_to_timer(&key).await;
            self.decide(&key).await;
        }
        self.stirred = stirred;
        self.cases.shrink();
    }

    /// Has deadlines pass whose time has come, and sees to it that the timer fires for the earliest that is left.
    async fn attend_to_timer(&mut self, key: &Key) {
        let Some(case) = self.cases.get(key) else { return };
        if case.stale || case.timer.is_busy || matches!(case.phase, Phase::Loading { .. }) {
            return;
        }
        if !case.due.is_empty() {
            let messages = std::mem::take(&mut case.due);
            let passing = timer::passing(&case.folded, &self.policy, &messages);
            case.timer.is_busy = true;
            return self.work.push(work::pass(&self.journal, key.clone(), passing, messages));
        }
        if case.setting.is_empty() {
            return;
        }
        let messages = std::mem::take(&mut case.setting);
        // A timer whose time has passed has fired, perhaps for another process.
        let now = case.folded.now();
        match case.next_deadline() {
            Some(next) if case.timer.set_for.is_none_or(|set_for| set_for > next || set_for <= now) => {
                case.timer.is_busy = true;
                let known = case.timer.sequence;
                self.work.push(work::set_timer(&self.journal, key.clone(), next, known, messages));
            }
            Some(_) | None => {
                for message in &messages {
                    acknowledge(message).await;
                }
            }
        }
    }

    /// Decides on a case that nothing is under way for.
    async fn decide(&mut self, key: &Key) {
        let Some(case) = self.cases.get(key).filter(|case| matches!(case.phase, Phase::Idle)) else { return };
        if case.stale {
            return self.reload(key.clone());
        }
        let decisions = W::decide(case.folded.state(), &self.policy, case.folded.now());
        if decisions.is_empty() {
            let is_over = W::is_over(case.folded.state());
            for message in std::mem::take(&mut case.messages) {
                acknowledge(&message).await;
            }
            if is_over {
                self.cases.let_go(key);
            }
            return;
        }
        let (seen, now, expected) = (case.folded.seen(), case.folded.now(), case.folded.expects());
        let content = Content::Decisions { seen, now, decisions };
        let body = crate::codec::encode(&content).unwrap_or_default();
        let id = EntryId::of(&[key.token().as_bytes(), &expected.to_be_bytes(), &body]);
        case.phase = Phase::Appending { deciding_on: std::mem::take(&mut case.messages) };
        self.work.push(work::append(&self.journal, key.clone(), expected, crate::entry::Entry { id, content }));
    }
}

/// Tells the broker that a message is done with. Lost, it is only sent again.
async fn acknowledge(message: &jetstream::Message) {
    if let Err(error) = message.ack().await {
        tracing::debug!(%error, subject = %message.subject, "an acknowledgement was not sent");
    }
}

/// Has the broker send a message again later.
async fn try_again(message: &jetstream::Message, delay: Duration) {
    let place = message.info().map(|info| (info.stream_sequence, info.delivered)).unwrap_or_default();
    if let Err(error) = message.ack_with(AckKind::Nak(Some(jittered(delay, place)))).await {
        tracing::debug!(%error, subject = %message.subject, "a refusal was not sent");
    }
}
