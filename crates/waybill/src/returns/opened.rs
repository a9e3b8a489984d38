//! The returns that operators opened, as an order's trail holds them.
//!
//! A return is opened in its order's stream, on condition that no operator entered anything else there meanwhile: so no two
//! are opened from the same state, whatever their numbers. Only then is it authorised in its own stream. Who opened it may be
//! cut off in between; the next who opens one of the same order authorises it first.

use engine::{AppendErrorKind, Content, Entry, EntryId, FactId, Key, Source, Told, WorkflowEntry, WorkflowRecord};
use fulfilment::Fulfilment;
use model::{Fact, Lane, Note, OpenedReturn};
use returns::Returns;
use service::Connection;

use super::read;
use crate::exit::Failure;
use crate::reach::broker;

/// A return that an operator opened.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    /// Its number, and what may come back.
    pub told: &'a OpenedReturn,
    id: FactId,
    source: &'a Source,
}

/// The returns that these entries of an order open, oldest first.
pub(crate) fn opened(entries: &[WorkflowRecord<Fulfilment>]) -> Vec<Opened<'_>> {
    let entered = entries.iter().filter(|entry| entry.lane == Lane::Ops.as_str());
    entered.flat_map(|entry| opened_with(&entry.entry)).collect()
}

/// The returns that one entry opens.
pub(super) fn opened_with(entry: &WorkflowEntry<Fulfilment>) -> Vec<Opened<'_>> {
    match &entry.content {
        Content::Facts { source, facts } => facts.iter().filter_map(|told| opens(source, told)).collect(),
        Content::Decisions { .. } | Content::Due { .. } => Vec::new(),
    }
}

fn opens<'a>(source: &'a Source, told: &'a Told<Fact>) -> Option<Opened<'a>> {
    let Fact::Noted(Note { opens: Some(opened), .. }) = &told.fact else { return None };
    Some(Opened { told: opened, id: told.id, source })
}

impl Opened<'_> {
    pub fn key(&self) -> Key {
        Key::of(self.told.rma.as_str())
    }

    /// The first entry of the return: the same, whoever appends it.
    fn authorisation(&self) -> WorkflowEntry<Returns> {
        let parts: [&[u8]; 2] = [b"opened", &self.id.0];
        let fact = Fact::ReturnAuthorised(self.told.authorised.clone());
        let facts = vec![Told { id: FactId::of(&parts), fact }];
        Entry { id: EntryId::of(&parts), content: Content::Facts { source: self.source.clone(), facts } }
    }
}

/// Authorises a return in its own stream, unless it is already. Returns the entry's place there; none when the number is
/// another return's.
pub(super) async fn authorise(connection: &Connection, opened: &Opened<'_>) -> Result<Option<u64>, Failure> {
    let (key, entry) = (opened.key(), opened.authorisation());
    let appended = read::journal(connection).append_behind(&key, Lane::Ops.as_str(), 0, &entry).await;
    let error = match appended {
        Ok(sequence) => return Ok(Some(sequence)),
        Err(error) => error,
    };
    let rma = &opened.told.rma;
    let what = format!("authorise return {rma}, which is opened in its order (the next `return open` of it does)");
    if error.kind() != AppendErrorKind::Conflict {
        return Err(broker(&what, error));
    }
    let entries = read::read(connection, &key).await?;
    let entered = || entries.iter().filter(|entered| entered.lane == Lane::Ops.as_str());
    match entered().find(|entered| entered.entry.id == entry.id) {
        Some(own) => Ok(Some(own.sequence)),
        // A replica that has not heard of what was in the way cannot say whose it is.
        None if entered().next().is_none() => Err(broker(&what, error)),
        None => Ok(None),
    }
}
