//! Orders: folded in memory, written once a burst however often the burst touches them.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use engine::{Content, Key, Workflow};
use fulfilment::{Composite, Fulfilment, State, StockEffect, composite};
use lru::LruCache;
use model::{Fact, Timestamp};
use serde::Serialize;

use super::burst::OrderEntry;
use crate::store::keys::{self, Kind};
use crate::store::{Folded, Head, Kept, Outgoing, Problems, Progress, Standing, Store, StoreError, Summary, encode};
use crate::updates::{Shown, Update};

/// The folded orders that are kept in memory.
#[derive(Debug)]
pub struct Orders {
    kept: LruCache<Key, Held>,
    /// How many stay in memory between bursts.
    most: usize,
    /// The orders this burst touched.
    touched: Vec<Key>,
    /// Updates are only told of entries after this one.
    told_to: u64,
}

/// An order in memory.
#[derive(Debug)]
pub struct Held {
    /// How far it is folded.
    pub progress: Progress,
    /// Its fold.
    pub state: State,
    /// What it did to the stock when it was last written.
    pub effects: Vec<StockEffect>,
    /// The head of its row on disk; `None` when there is no row.
    written: Option<Head>,
    /// The entries that are not on disk yet.
    unwritten: Vec<Kept>,
    shown: Option<Shown>,
    is_touched: bool,
}

/// An order's status as the bucket holds it.
#[derive(Debug, Clone)]
pub struct StatusChange {
    /// The order's token, which is the bucket's key.
    pub order: String,
    /// The status as JSON.
    pub json: Bytes,
}

/// The value of a status in the bucket.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Status<'a> {
    /// The order, as its ERP writes it.
    pub order: &'a str,
    /// The last entry folded.
    pub sequence: u64,
    /// When it was recorded.
    pub updated: Timestamp,
    /// The status.
    #[serde(flatten)]
    pub composite: &'a Composite,
}

/// What writing a touched order adds to the projection's totals.
#[derive(Debug)]
pub struct Written {
    /// The order was not there before.
    pub is_new: bool,
    /// How many more entries it has than before.
    pub entries: u64,
    /// Where it stood before.
    pub stood: Option<Standing>,
    /// Where it stands now.
    pub stands: Standing,
    /// Its status, when it changed and is wanted.
    pub status: Option<StatusChange>,
}

impl Orders {
    /// No orders in memory yet.
    #[must_use]
    pub fn new(most: usize, told_to: u64) -> Self {
        Self { kept: LruCache::unbounded(), most, touched: Vec::new(), told_to }
    }

    /// Folds an entry; false when it was folded before. Updates it gives rise to go into the batch.
    ///
    /// # Errors
    /// [`StoreError`] when the order's row cannot be read.
    pub fn fold(&mut self, store: &Store, entry: &OrderEntry, batch: &mut sled::Batch) -> Result<bool, StoreError> {
        let told_to = self.told_to;
        let held = self.held(store, &entry.key)?;
        let showable = entry.sequence > told_to && may_show(entry);
        if showable && held.shown.is_none() {
            held.shown = Some(Shown::of(&composite(&held.state)));
        }
        if !held.progress.admit(entry.lane, entry.sequence, entry.recorded) {
            return Ok(false);
        }
        held.unwritten.push(Kept::new(entry.lane, entry.sequence, entry.recorded, &entry.body));
        match &entry.record {
            Some(record) => held.state.evolve(record),
            None => {
                let first = held.progress.unreadable.get_or_insert(entry.sequence);
                *first = entry.sequence.min(*first);
            }
        }
        if showable {
            held.tell(entry, batch)?;
        } else if may_show(entry) {
            held.shown = None;
        }
        let newly_touched = !std::mem::replace(&mut held.is_touched, true);
        if newly_touched {
            self.touched.push(entry.key.clone());
        }
        Ok(true)
    }

    /// True when more orders are touched than may stay in memory: they must be written before they can go.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.touched.len() > self.most
    }

    /// Takes the orders touched since the last call.
    pub fn take_touched(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.touched)
    }

    /// Forgets what was not used for longest until as many are left as may stay. Only between bursts.
    pub fn trim(&mut self) {
        while self.kept.len() > self.most {
            self.kept.pop_lru();
        }
    }

    /// Forgets a written order of which nothing more is expected: one that is closed and archived.
    pub fn forget_if_done(&mut self, key: &Key) {
        if self.kept.peek(key).is_some_and(|held| !held.is_touched && Fulfilment::is_over(&held.state)) {
            self.kept.pop(key);
        }
    }

    /// The order, from memory or from its row.
    ///
    /// # Errors
    /// [`StoreError`] when the row cannot be read.
    pub fn held(&mut self, store: &Store, key: &Key) -> Result<&mut Held, StoreError> {
        if !self.kept.contains(key) {
            let held = Held::load(store, key)?;
            self.kept.put(key.clone(), held);
        }
        Ok(self.kept.get_or_insert_mut(key.clone(), || Held::new(key)))
    }
}

impl Held {
    fn new(key: &Key) -> Self {
        Self {
            progress: Progress::default(),
            state: State::new(key),
            effects: Vec::new(),
            written: None,
            unwritten: Vec::new(),
            shown: None,
            is_touched: false,
        }
    }

    fn load(store: &Store, key: &Key) -> Result<Self, StoreError> {
        let Some(Folded { head, state }) = store.folded(key)? else { return Ok(Self::new(key)) };
        let (progress, effects) = (head.progress.clone(), state.stock_effects());
        Ok(Self { progress, effects, written: Some(head), state, ..Self::new(key) })
    }

    /// Puts what changed for the customer into the outbox.
    fn tell(&mut self, entry: &OrderEntry, batch: &mut sled::Batch) -> Result<(), StoreError> {
        let composite = composite(&self.state);
        let now = Shown::of(&composite);
        let before = self.shown.replace(now.clone()).unwrap_or_default();
        let order = entry.key.text();
        for (number, kind) in (0_u16..).zip(before.changes_to(&now)) {
            let Some(update) = Update::of(&order, &composite) else { break };
            let id = format!("{}-{}-{number}", entry.key.token(), entry.sequence);
            let subject = service::streams::update(&update.customer.token(), entry.key.token());
            let body = update.event(id.clone(), kind, entry.recorded).body();
            batch.insert(keys::outbox(entry.sequence, number), encode(&Outgoing { subject, id, body })?);
        }
        Ok(())
    }

    /// Writes the order's rows, after its effects on the stock have been booked.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be written.
    pub fn write(
        &mut self,
        key: &Key,
        live: bool,
        store: &Store,
        entries_end: &mut u64,
        batch: &mut sled::Batch,
    ) -> Result<Written, StoreError> {
        let order = key.token();
        let composite = composite(&self.state);
        let summary = Summary::of(key, &composite, &self.progress);
        let before = self.written.as_ref();
        let stale = before.map(|head| head.summary.index_keys(order)).unwrap_or_default();
        let wanted = summary.index_keys(order);
        stale.iter().filter(|key| !wanted.contains(key)).for_each(|key| batch.remove(key.as_slice()));
        wanted.iter().filter(|key| !stale.contains(key)).for_each(|key| batch.insert(key.as_slice(), Vec::new()));
        if let Some(problems) = Problems::of(&self.state, &summary) {
            batch.insert(Kind::Exceptional.key(&[order]), encode(&problems)?);
        }
        let mut status = None;
        let mut hash = None;
        if live {
            hash = Some(hash_of(&composite)?);
            if hash != before.and_then(|head| head.status) {
                status = Some(status_change(&summary, order, &composite)?);
            }
        }
        let stands = summary.standing();
        let mut history = before.map(|head| head.history.clone()).unwrap_or_default();
        if !self.unwritten.is_empty() {
            history.push(store.keep(&self.unwritten, entries_end)?);
            self.unwritten = Vec::new();
        }
        let head = Head { progress: self.progress.clone(), history, summary, status: hash };
        batch.insert(Kind::Order.key(&[order]), encode(&head)?);
        self.is_touched = false;
        let before = self.written.replace(head);
        let entries = self.progress.entries - before.as_ref().map_or(0, |head| head.progress.entries);
        let stood = before.as_ref().map(|head| head.summary.standing());
        Ok(Written { is_new: before.is_none(), entries, stood, stands, status })
    }
}

/// The status of an order as the bucket is to hold it.
///
/// # Errors
/// [`StoreError::Doubt`] when it cannot be written as JSON; plain data always can.
pub fn status_change(summary: &Summary, order: &str, composite: &Composite) -> Result<StatusChange, StoreError> {
    let Summary { sequence, updated, .. } = *summary;
    let status = Status { order: &summary.order, sequence, updated, composite };
    let json = serde_json::to_vec(&status).map_err(|error| StoreError::doubt(error.to_string()))?;
    Ok(StatusChange { order: order.to_owned(), json: json.into() })
}

/// Whether an entry can change what a customer sees. Decisions and answers cannot.
fn may_show(entry: &OrderEntry) -> bool {
    let Some(record) = &entry.record else { return false };
    let Content::Facts { facts, .. } = &record.entry.content else { return false };
    facts.iter().any(|told| match told.fact {
        Fact::Released(_) | Fact::Validated(_) | Fact::Milestone(_) | Fact::Condition(_) | Fact::Booked(_) => true,
        Fact::Answered(_)
        | Fact::Billed(_)
        | Fact::FreightInvoiced(_)
        | Fact::Archived(_)
        | Fact::CancelRequested(_)
        | Fact::HandedOver(_)
        | Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_)
        | Fact::ReturnAuthorised(_)
        | Fact::Inspected(_)
        | Fact::Credited(_) => false,
    })
}

/// Tells whether a status is the one handed on before; across builds it may differ, which costs one more put.
fn hash_of(composite: &Composite) -> Result<u64, StoreError> {
    let mut hasher = DefaultHasher::new();
    encode(composite)?.hash(&mut hasher);
    Ok(hasher.finish())
}
