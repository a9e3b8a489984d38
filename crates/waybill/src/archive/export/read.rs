//! The trails of the orders, one after another.

use engine::{Content, Folded, Key, WorkflowRecord};
use fulfilment::{Fulfilment, State};
use model::{Decision, OrderId, Timestamp};
use service::Connection;
use visibility::archive::{self, ArchivedEntry};

use super::Which;
use crate::archive::held::{stored, words};
use crate::exit::Failure;
use crate::order::trail::whole;

/// What became of reading an order.
pub(super) enum Read {
    /// Its trail.
    Trail(Box<Trail>),
    /// It is not meant.
    Other,
    /// Its archive cannot be trusted; why, in words.
    Untrusted(String),
}

/// An order's trail.
pub(super) struct Trail {
    pub key: Key,
    /// Its entries.
    pub entries: Vec<WorkflowRecord<Fulfilment>>,
    /// What they come to.
    pub folded: Folded<Fulfilment>,
    /// The entries as archived lines.
    pub lines: Vec<u8>,
    /// The last link of the lines.
    pub digest: String,
    /// The first entries are gone.
    pub is_cut: bool,
}

impl Trail {
    pub fn of(key: Key, entries: Vec<WorkflowRecord<Fulfilment>>, lines: Vec<u8>, digest: String) -> Self {
        let folded = Folded::replay(&key, &entries);
        Self { key, entries, folded, lines, digest, is_cut: false }
    }

    pub fn state(&self) -> &State {
        self.folded.state()
    }

    /// When it ended, else when it was last told of.
    fn ended(&self) -> Timestamp {
        let ends = |entry: &&WorkflowRecord<Fulfilment>| match &entry.entry.content {
            Content::Decisions { decisions, .. } => decisions.iter().any(|one| matches!(one, Decision::End(_))),
            Content::Facts { .. } | Content::Due { .. } => false,
        };
        let end = self.entries.iter().find(ends).or(self.entries.last());
        end.map_or_else(Timestamp::default, |entry| entry.recorded)
    }
}

/// Reads an order from the archive; one that is not there from the stream, if those under way are wanted.
pub(super) async fn read(connection: &Connection, which: &Which, order: OrderId) -> Result<Read, Failure> {
    let key = Key::of(order.as_str());
    let trail = match stored(connection, &key).await? {
        Some(stored) => {
            let untrusted = |what: &str| {
                Ok(Read::Untrusted(format!("order {order} is left out: its archive cannot be trusted: {what}")))
            };
            let opened = archive::open(&stored.bytes).map(std::borrow::Cow::into_owned);
            let (lines, verified) = match opened.and_then(|lines| Ok((lines, stored.verify()?))) {
                Ok(sound) => sound,
                Err(error) => return untrusted(&words(error)),
            };
            let entries: Option<Vec<_>> = verified.entries.into_iter().map(ArchivedEntry::record).collect();
            let Some(entries) = entries else { return untrusted("it holds an entry in no lane") };
            Trail::of(key, entries, lines, verified.digest)
        }
        None if which.open => {
            let whole = whole(connection, &order).await?;
            let chained = archive::chain(&whole.entries).map_err(anyhow::Error::new)?;
            let trail = Trail::of(key, whole.entries, chained.bytes, chained.digest);
            Trail { is_cut: whole.is_cut, ..trail }
        }
        None => {
            return Err(Failure::NotFound(format!(
                "object store ARCHIVE has no archive of order {order}; with --open it is exported from stream ORDERS"
            )));
        }
    };
    Ok(if which.means(trail.ended(), trail.state()) { Read::Trail(Box::new(trail)) } else { Read::Other })
}
