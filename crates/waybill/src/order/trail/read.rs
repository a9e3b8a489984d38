//! The whole trail of an order: what stream ORDERS still holds of it, and before that what the archive keeps.
//!
//! The log loses its oldest end by age. What every command shows of an order is read here, so that an old order shows as a
//! young one does.

use std::collections::BTreeSet;

use engine::{Content, Journal, Key, ReadError, ReadErrorKind, WorkflowRecord};
use fulfilment::{Fulfilment, LAYOUT};
use model::{Decision, Fact, OrderId};
use serde::Serialize;
use service::Connection;
use visibility::archive::Verified;

use crate::archive::held::{broken, stored};
use crate::exit::Failure;
use crate::reach;

/// An order's entries, at least one, in stream order.
#[derive(Debug)]
pub(crate) struct Whole {
    /// All that is kept of them, wherever.
    pub entries: Vec<WorkflowRecord<Fulfilment>>,
    /// The first of them came from there.
    pub archive: Option<FromArchive>,
    /// The first of them are gone, and no archive has them.
    pub is_cut: bool,
}

/// Which entries came from the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FromArchive {
    /// The first of them, and the last.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// How many there are.
    pub entries: usize,
    /// The last link of the archive's chain.
    pub digest: String,
}

impl FromArchive {
    /// Where the entries are from, for people.
    pub(crate) fn words(&self) -> String {
        let Self { first, last, digest, .. } = self;
        format!("entries {first} to {last} come from the archive (digest {digest}): stream ORDERS holds them no more")
    }
}

/// What is said where the first entries are gone.
pub(crate) const CUT: &str = "its first entries have left stream ORDERS, and no archive has them: this is what is left";

impl Whole {
    /// The entries that stream ORDERS still holds.
    pub fn left(&self) -> &[WorkflowRecord<Fulfilment>] {
        let from = self.archive.as_ref().map_or(0, |archive| archive.entries);
        self.entries.get(from..).unwrap_or_default()
    }
}

/// Reads an order's entries, wherever they are.
///
/// # Errors
/// [`Failure::NotFound`] when there are none, [`Failure::Broken`] when its archive cannot be trusted.
pub(crate) async fn whole(connection: &Connection, order: &OrderId) -> Result<Whole, Failure> {
    let key = Key::of(order.as_str());
    let left = match Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT).read(&key).await {
        Ok(entries) => entries,
        Err(error) => return Err(unreadable(connection, error).await),
    };
    let begins = reach::stream(&connection.js, LAYOUT.stream).await?.cached_info().state.first_sequence;
    // A log that still begins with its first entry has lost nothing.
    let kept = if begins > 1 { stored(connection, &key).await? } else { None };
    let Some(kept) = kept else {
        if left.is_empty() {
            return Err(Failure::NotFound(nothing(order, begins)));
        }
        return Ok(Whole { is_cut: begins > 1 && is_cut(&left), entries: left, archive: None });
    };
    let verified = kept.verify().map_err(|error| broken(order, error))?;
    merge(order, verified, left)
}

fn nothing(order: &OrderId, begins: u64) -> String {
    let archive = if begins > 1 { ", and no archive of it" } else { "" };
    format!(
        "no entries of order {:?} in stream {}{archive}; is this its number, as its ERP writes it? (`waybill order list`)",
        order.as_str(),
        LAYOUT.stream
    )
}

/// What the archive has and the stream does not, then what the stream has.
fn merge(order: &OrderId, kept: Verified, left: Vec<WorkflowRecord<Fulfilment>>) -> Result<Whole, Failure> {
    let Verified { digest, entries: kept } = kept;
    let stated = archived(&left);
    if !stated.is_empty() && !stated.contains(digest.as_str()) {
        return Err(broken(order, "its last link is not the one that the order's `archived` entry states"));
    }
    let mut entries = Vec::with_capacity(kept.len() + left.len());
    for entry in kept {
        let (sequence, lane) = (entry.sequence, entry.lane.clone());
        let record =
            entry.record().ok_or_else(|| broken(order, format!("entry {sequence} is in no lane: {lane:?}")))?;
        entries.push(record);
    }
    let begins = left.first().map_or(u64::MAX, |first| first.sequence);
    let both = entries.partition_point(|entry| entry.sequence < begins);
    let end = entries.last().map_or(0, |last| last.sequence);
    let left_of_archive = left.partition_point(|entry| entry.sequence <= end);
    if entries[both..] != left[..left_of_archive] {
        let differs = entries[both..].iter().zip(&left).find(|(kept, left)| kept != left);
        let at = differs.map_or(end, |(kept, _)| kept.sequence);
        return Err(broken(order, format!("it says something else than stream {} about entry {at}", LAYOUT.stream)));
    }
    entries.truncate(both);
    let archive = entries.first().zip(entries.last()).map(|(first, last)| FromArchive {
        first: first.sequence,
        last: last.sequence,
        entries: both,
        digest,
    });
    entries.extend(left);
    Ok(Whole { entries, archive, is_cut: false })
}

/// The last links that the order's `archived` entries state.
fn archived(entries: &[WorkflowRecord<Fulfilment>]) -> BTreeSet<&str> {
    let facts = entries.iter().flat_map(facts);
    facts
        .filter_map(|fact| if let Fact::Archived(archived) = fact { Some(archived.digest.as_str()) } else { None })
        .collect()
}

fn facts(entry: &WorkflowRecord<Fulfilment>) -> impl Iterator<Item = &Fact> {
    let told = match &entry.entry.content {
        Content::Facts { facts, .. } => facts.as_slice(),
        Content::Decisions { .. } | Content::Due { .. } => &[],
    };
    told.iter().map(|told| &told.fact)
}

/// Whether entries speak of earlier ones that are not there: a decision names the last it had seen, an answer its ask.
fn is_cut(entries: &[WorkflowRecord<Fulfilment>]) -> bool {
    let sequences: BTreeSet<u64> = entries.iter().map(|entry| entry.sequence).collect();
    let asked: BTreeSet<_> = entries.iter().flat_map(asks).collect();
    entries.iter().any(|entry| match &entry.entry.content {
        Content::Decisions { seen, .. } => !sequences.contains(seen),
        Content::Facts { .. } => {
            facts(entry).any(|fact| matches!(fact, Fact::Answered(answer) if !asked.contains(&answer.ask)))
        }
        Content::Due { .. } => false,
    })
}

fn asks(entry: &WorkflowRecord<Fulfilment>) -> impl Iterator<Item = &model::AskId> {
    let decisions = match &entry.entry.content {
        Content::Decisions { decisions, .. } => decisions.as_slice(),
        Content::Facts { .. } | Content::Due { .. } => &[],
    };
    decisions.iter().filter_map(|decision| if let Decision::Ask(ask) = decision { Some(&ask.id) } else { None })
}

/// What it means that the entries cannot be read; most often the stream is not there.
async fn unreadable(connection: &Connection, error: ReadError) -> Failure {
    match error.kind() {
        ReadErrorKind::Unanswered | ReadErrorKind::Answer => match reach::stream(&connection.js, LAYOUT.stream).await {
            Ok(_) => Failure::Unreachable(error.to_string()),
            Err(missing) => missing,
        },
        ReadErrorKind::Subject | ReadErrorKind::Entry => anyhow::Error::new(error).into(),
    }
}

#[cfg(test)]
mod tests;
