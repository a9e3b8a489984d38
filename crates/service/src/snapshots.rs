//! Snapshots in stream SNAPSHOTS: written by the adapters, read by whoever reconciles.
//!
//! A message is an entry of one fact, the snapshot. When it was taken stands in a header too, so that the newest of each list is
//! found without reading the others: a list may come late, and an old one may be read again.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use async_nats::HeaderMap;
use async_nats::datetime::from_nanos;
use async_nats::jetstream::consumer::{DeliverPolicy, pull::OrderedConfig};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, context::GetStreamError};
use engine::codec::{DecodeError, EncodeError};
use engine::{Content, Entry, EntryId, FactId, Source, Told};
use model::{Decision, Snapshot, Timestamp};

use crate::streams;
use crate::walk::{Place, WalkError, walk};

/// A message of stream SNAPSHOTS. There are no decisions in it.
pub type SnapshotEntry = Entry<Snapshot, Decision>;

/// Header with the moment of which a snapshot is, in milliseconds since 1970.
pub const TAKEN_HEADER: &str = "Waybill-Taken";

/// The most different snapshots that are told apart since a time, 16 MiB of their ids. Of more, a repeat is given again.
const MOST_IDS: usize = 1_000_000;

/// A snapshot as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in stream SNAPSHOTS.
    pub sequence: u64,
    /// When the broker took it in.
    pub recorded: Timestamp,
    /// Whose message it was, and through which profile it was read.
    pub source: Source,
    /// What was listed.
    pub snapshot: Snapshot,
}

/// Which snapshots are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Of each partner and kind of list the one that was taken last.
    Newest,
    /// All that were recorded since then; a list that was told again is given once.
    Since(Timestamp),
}

/// Why snapshots cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotsError {
    /// The stream is not there.
    #[error("cannot look up stream SNAPSHOTS: {0}; does Waybill run here?")]
    Lookup(#[from] GetStreamError),
    /// The broker did not do its part: try again.
    #[error("cannot read stream SNAPSHOTS: {0}; try again")]
    Broker(async_nats::Error),
    /// A message is none that this version can read.
    #[error("message {sequence} of stream SNAPSHOTS is no snapshot that this version can read: {source}")]
    Unreadable {
        /// Its place in the stream.
        sequence: u64,
        /// What is wrong with it.
        source: DecodeError,
    },
}

impl From<WalkError> for SnapshotsError {
    fn from(error: WalkError) -> Self {
        Self::Broker(error.0)
    }
}

impl SnapshotsError {
    fn broker(error: impl Into<async_nats::Error>) -> Self {
        Self::Broker(error.into())
    }
}

/// The subject, and the message for it, of a snapshot. The fact's id is the same for whatever says the same, so that a list that
/// is told again is known as one; the entry's is the message's id.
///
/// # Errors
/// [`EncodeError`] as for every entry.
pub fn message(id: EntryId, source: Source, snapshot: Snapshot) -> Result<(String, PublishMessage), EncodeError> {
    let kind = snapshot.listed.kind();
    let subject = streams::snapshot(snapshot.system.as_str(), &snapshot.partner.token(), kind);
    let taken = snapshot.taken.at.as_millis().to_string();
    let fact = FactId::of(&[b"snapshot", &engine::codec::encode(&snapshot)?]);
    let content = Content::Facts { source, facts: vec![Told { id: fact, fact: snapshot }] };
    let payload = engine::codec::encode(&SnapshotEntry { id, content })?;
    let message = PublishMessage::build().payload(payload.into()).message_id(id.to_string());
    Ok((subject, message.header(TAKEN_HEADER, taken.as_str())))
}

/// Gives to `each` the snapshots that were recorded up to a moment, in their order. One is held at a time.
///
/// # Errors
/// [`SnapshotsError`]; those that were given before are sound.
pub async fn read(
    js: &jetstream::Context,
    wanted: Wanted,
    until: Timestamp,
    mut each: impl FnMut(Recorded),
) -> Result<(), SnapshotsError> {
    let stream = js.get_stream(streams::SNAPSHOTS).await?;
    match wanted {
        Wanted::Newest => {
            for sequence in newest(&stream, until).await? {
                let message = stream.direct_get(sequence).await.map_err(SnapshotsError::broker)?;
                let recorded = Timestamp::from_nanos(message.time.unix_timestamp_nanos());
                decode(&message.payload, sequence, recorded)?.into_iter().for_each(|(_, one)| each(one));
            }
        }
        Wanted::Since(since) => {
            let mut given = HashSet::new();
            let policy = from(since)?;
            each_until(&stream, policy, false, until, |place, message| {
                for (id, one) in decode(&message.payload, place.sequence, place.recorded)? {
                    if given.len() >= MOST_IDS || given.insert(id) {
                        each(one);
                    }
                }
                Ok(())
            })
            .await?;
        }
    }
    Ok(())
}

/// The places of the newest of each list, in their order.
async fn newest(stream: &Stream, until: Timestamp) -> Result<Vec<u64>, SnapshotsError> {
    let mut newest: HashMap<String, (Timestamp, u64)> = HashMap::new();
    each_until(stream, DeliverPolicy::All, true, until, |place, message| {
        let taken = message.headers.as_ref().and_then(taken).unwrap_or(place.recorded);
        let own = newest.entry(message.subject.to_string()).or_default();
        // Of the same moment the last word counts.
        *own = (*own).max((taken, place.sequence));
        Ok(())
    })
    .await?;
    let mut places: Vec<u64> = newest.into_values().map(|(_, sequence)| sequence).collect();
    places.sort_unstable();
    Ok(places)
}

/// Visits every message up to a moment.
async fn each_until(
    stream: &Stream,
    deliver_policy: DeliverPolicy,
    headers_only: bool,
    until: Timestamp,
    mut visit: impl FnMut(Place, &jetstream::Message) -> Result<(), SnapshotsError>,
) -> Result<(), SnapshotsError> {
    let config = OrderedConfig { deliver_policy, headers_only, ..OrderedConfig::default() };
    walk(stream, config, |place, message| {
        if place.recorded > until {
            return Ok(ControlFlow::Break(()));
        }
        visit(place, message).map(ControlFlow::Continue)
    })
    .await
}

/// The snapshots of a message, each with the id that it has however often it is told.
fn decode(payload: &[u8], sequence: u64, recorded: Timestamp) -> Result<Vec<(FactId, Recorded)>, SnapshotsError> {
    let entry: SnapshotEntry =
        engine::codec::decode(payload).map_err(|source| SnapshotsError::Unreadable { sequence, source })?;
    Ok(match entry.content {
        Content::Facts { source, facts } => facts
            .into_iter()
            .map(|told| (told.id, Recorded { sequence, recorded, source: source.clone(), snapshot: told.fact }))
            .collect(),
        Content::Decisions { .. } | Content::Due { .. } => Vec::new(),
    })
}

fn taken(headers: &HeaderMap) -> Option<Timestamp> {
    headers.get(TAKEN_HEADER)?.as_str().parse().ok().map(Timestamp::from_millis)
}

fn from(since: Timestamp) -> Result<DeliverPolicy, SnapshotsError> {
    let start_time = from_nanos(i128::from(since.as_millis()) * 1_000_000).map_err(SnapshotsError::broker)?;
    Ok(DeliverPolicy::ByStartTime { start_time })
}

#[cfg(test)]
mod tests;
