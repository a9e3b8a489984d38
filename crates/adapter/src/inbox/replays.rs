//! Messages that are read again because somebody asked for it: what is there already adds nothing.
//!
//! An order's own lane says which facts it has. For stock, lists, acknowledgements and the quarantine there is no such place: for as
//! long as a replay runs, the ids of the movements, of the lists and of the acknowledgements, and the places in the inbox of what is
//! or was in quarantine, are held here.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::HeaderMap;
use async_nats::datetime::from_nanos;
use async_nats::jetstream;
use async_nats::jetstream::consumer::{DeliverPolicy, pull::OrderedConfig};
use engine::{Content, EntryId, Key};
use futures::StreamExt;
use model::{Fact, Timestamp};
use partners::Identified;
use serde::Deserialize;
use serde::de::{IntoDeserializer, value};
use service::quarantine::{Quarantined, Record};
use service::streams;
use tokio::sync::OnceCell;

use super::entry::Origin;
use super::route::RouteError;
use crate::adapter::Adapter;
use crate::profiles::Replay;
use crate::workflows::Entries;

/// The most ids that are held of one replay, 16 MiB of them. What is beyond is told again, and the folds drop it.
const MOST_IDS: usize = 1_000_000;
/// How many orders are appended to at once by what is read again.
const LANES: usize = 64;

/// The replays that run, by partner.
pub struct Replays {
    running: Mutex<HashMap<Box<str>, Arc<Running>>>,
    /// Two messages that tell the same of one order wait for each other: the second then finds it there.
    turns: Vec<tokio::sync::Mutex<()>>,
    hash: RandomState,
}

/// One replay.
struct Running {
    replay: Replay,
    moved: OnceCell<HashSet<EntryId>>,
    listed: OnceCell<HashSet<EntryId>>,
    acknowledged: OnceCell<HashSet<EntryId>>,
    quarantined: OnceCell<HashSet<u64>>,
}

impl Default for Replays {
    fn default() -> Self {
        let turns = std::iter::repeat_with(tokio::sync::Mutex::default).take(LANES).collect();
        Self { running: Mutex::default(), turns, hash: RandomState::new() }
    }
}

impl Replays {
    /// Which replay a message of a partner belongs to. One that came in behind it says that it is over.
    pub fn of(&self, adapter: &Adapter, token: &str, sequence: u64) -> Option<Replay> {
        let replay = adapter.profiles.replay(token)?;
        if sequence > replay.upto {
            self.lock().remove(token);
        }
        (replay.from..=replay.upto).contains(&sequence).then_some(replay)
    }

    /// Waits until no other message that is read again appends to an order, and for as long as what it returns is held.
    pub async fn turn(&self, order: &str) -> tokio::sync::MutexGuard<'_, ()> {
        let lane = usize::try_from(self.hash.hash_one(order) % LANES as u64).unwrap_or_default();
        self.turns[lane].lock().await
    }

    /// Whether a movement with the id of this entry is in stream STOCK.
    ///
    /// # Errors
    /// [`RouteError`] when the broker did not do its part.
    pub async fn has_moved(
        &self,
        adapter: &Adapter,
        token: &str,
        replay: Replay,
        entry: EntryId,
    ) -> Result<bool, RouteError> {
        let running = self.running(token, replay);
        let all = || ids(&adapter.js, streams::STOCK, streams::STOCK_SUBJECTS.to_owned(), replay.since);
        let moved = running.moved.get_or_try_init(all).await;
        Ok(moved.map_err(RouteError::Replay)?.contains(&entry))
    }

    /// Whether a list with this id is in stream SNAPSHOTS.
    ///
    /// # Errors
    /// [`RouteError`] when the broker did not do its part.
    pub async fn has_listed(
        &self,
        adapter: &Adapter,
        token: &str,
        replay: Replay,
        entry: EntryId,
    ) -> Result<bool, RouteError> {
        let running = self.running(token, replay);
        let subjects = streams::snapshot(adapter.system.as_str(), token, "*");
        let all = || ids(&adapter.js, streams::SNAPSHOTS, subjects, replay.since);
        let listed = running.listed.get_or_try_init(all).await;
        Ok(listed.map_err(RouteError::Replay)?.contains(&entry))
    }

    /// Whether an acknowledgement with this id is in stream OUTBOX.
    ///
    /// # Errors
    /// [`RouteError`] when the broker did not do its part.
    pub async fn has_acknowledged(
        &self,
        adapter: &Adapter,
        token: &str,
        replay: Replay,
        acknowledgement: EntryId,
    ) -> Result<bool, RouteError> {
        let running = self.running(token, replay);
        let subjects = streams::outbox(adapter.system.as_str(), token, "*");
        let all = || ids(&adapter.js, streams::OUTBOX, subjects, replay.since);
        let acknowledged = running.acknowledged.get_or_try_init(all).await;
        Ok(acknowledged.map_err(RouteError::Replay)?.contains(&acknowledgement))
    }

    /// Whether a message is in quarantine already, or a person took it out.
    ///
    /// # Errors
    /// When the broker did not do its part.
    pub async fn was_quarantined(
        &self,
        adapter: &Adapter,
        token: &str,
        replay: Replay,
        sequence: u64,
    ) -> Result<bool, async_nats::Error> {
        let running = self.running(token, replay);
        let quarantined =
            running.quarantined.get_or_try_init(|| quarantined(&adapter.js, adapter.service, token)).await?;
        Ok(quarantined.contains(&sequence))
    }

    fn running(&self, token: &str, replay: Replay) -> Arc<Running> {
        let mut all = self.lock();
        if let Some(running) = all.get(token).filter(|running| running.replay == replay) {
            return Arc::clone(running);
        }
        let running = Arc::new(Running {
            replay,
            moved: OnceCell::new(),
            listed: OnceCell::new(),
            acknowledged: OnceCell::new(),
            quarantined: OnceCell::new(),
        });
        all.insert(token.into(), Arc::clone(&running));
        running
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves of what is told of an order only what its lane does not hold: no fact whose id is there, and none that this very
/// message told before, whatever its id was: that of one on a load hangs on how many were on it.
///
/// # Errors
/// [`RouteError`] when the broker did not do its part.
pub async fn drop_known(
    adapter: &Adapter,
    entries: &Entries,
    origin: &Origin<'_>,
    key: &Key,
    told: &mut Vec<Identified>,
) -> Result<(), RouteError> {
    let own = entries.read_lane(key, adapter.system.lane().as_str()).await?;
    let mut ids = HashSet::new();
    let mut by_this_message: Vec<&Fact> = Vec::new();
    for record in &own {
        let Content::Facts { source, facts } = &record.entry.content else { continue };
        ids.extend(facts.iter().map(|told| told.id.0));
        let partner = origin.profile.partner.as_str();
        if source.inbox == Some(origin.delivery.sequence) && source.partner.as_deref() == Some(partner) {
            by_this_message.extend(facts.iter().map(|told| &told.fact));
        }
    }
    told.retain(|told| !ids.contains(&told.id.0) && !by_this_message.contains(&&told.fact));
    Ok(())
}

/// The ids of what a stream holds under these subjects since a time.
async fn ids(
    js: &jetstream::Context,
    stream: &str,
    subjects: String,
    since: Timestamp,
) -> Result<HashSet<EntryId>, async_nats::Error> {
    let start_time = from_nanos(i128::from(since.as_millis()) * 1_000_000)?;
    let mut ids = HashSet::new();
    let deliver = DeliverPolicy::ByStartTime { start_time };
    headers(js, stream, subjects, deliver, |headers| {
        let id = headers.and_then(|headers| headers.get(async_nats::header::NATS_MESSAGE_ID));
        ids.extend(id.and_then(|id| {
            EntryId::deserialize(IntoDeserializer::<value::Error>::into_deserializer(id.as_str())).ok()
        }));
        ids.len() < MOST_IDS
    })
    .await?;
    Ok(ids)
}

/// The places in the inbox of the messages of a partner that are in quarantine, or were taken out by a person.
async fn quarantined(js: &jetstream::Context, service: &str, token: &str) -> Result<HashSet<u64>, async_nats::Error> {
    let mut places = HashSet::new();
    let is_ours = |about: &service::quarantine::Meta| about.service == service && about.stream == streams::INBOX;
    let subject = streams::quarantine(service, token);
    headers(js, streams::QUARANTINE, subject, DeliverPolicy::All, |headers| {
        let known = Quarantined::from_message(headers, &bytes::Bytes::new());
        places.extend(known.ok().map(|known| known.about).filter(is_ours).map(|about| about.sequence));
        places.len() < MOST_IDS
    })
    .await?;
    let subject = streams::quarantine_log("*", token);
    headers(js, streams::QUARANTINE_LOG, subject, DeliverPolicy::All, |headers| {
        let record = Record::from_headers(headers);
        places.extend(record.ok().map(|record| record.about).filter(is_ours).map(|about| about.sequence));
        places.len() < MOST_IDS
    })
    .await?;
    Ok(places)
}

/// Gives the headers of each message to `each`, oldest first, for as long as it wants more, up to what there is at the
/// beginning.
async fn headers(
    js: &jetstream::Context,
    stream: &str,
    subject: String,
    deliver_policy: DeliverPolicy,
    mut each: impl FnMut(Option<&HeaderMap>) -> bool,
) -> Result<(), async_nats::Error> {
    let stream = js.get_stream_no_info(stream).await?;
    let config =
        OrderedConfig { filter_subject: subject, deliver_policy, headers_only: true, ..OrderedConfig::default() };
    let mut consumer = stream.create_consumer(config).await?;
    let mut waiting = consumer.info().await?.num_pending;
    let mut messages = consumer.messages().await?;
    while waiting > 0 {
        let Some(message) = messages.next().await else { break };
        let message = message?;
        // What others take out meanwhile is not waited for, nor what comes in.
        waiting = message.info()?.pending.min(waiting - 1);
        if !each(message.headers.as_ref()) {
            break;
        }
    }
    Ok(())
}
