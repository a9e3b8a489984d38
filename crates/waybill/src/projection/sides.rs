//! One order as a projection holds it, and as its entries say.

use engine::{Journal, Key, ReadErrorKind};
use fulfilment::{Fulfilment, LAYOUT};
use service::Connection;
use visibility::look::Independent;
use visibility::queries::{LAG, Lag, ORDER_KEPT, OrderGet, OrderKept, of_instance};

use super::tree::{Difference, differences};
use crate::exit::Failure;
use crate::reach::{self, broker};

/// How an order stands.
#[derive(Debug)]
pub(super) enum Sides {
    /// Both are held against each other: where they differ, and the last entry that was folded for it.
    Compared(Vec<Difference>, u64),
    /// Entries of it have left the stream, so that the log alone does not say what it is.
    Aged,
    /// An entry of it cannot be read here.
    Unreadable(String),
    /// Nobody knows it.
    Unknown,
}

/// Looks at both. What the projection holds is asked for after how far it is, so whatever is in the log up to there must be
/// in it; `first` is the first entry that the log holds.
pub(super) async fn sides(connection: &Connection, instance: &str, first: u64, key: &Key) -> Result<Sides, Failure> {
    let reached = reached(connection, instance).await?;
    let question = OrderGet { order: key.text() };
    let kept = match reach::ask(connection, &of_instance(ORDER_KEPT, instance), &question).await {
        Ok::<OrderKept, _>(kept) => Some(kept),
        Err(Failure::NotFound(_)) => None,
        Err(failure) => return Err(failure),
    };
    if kept.as_ref().is_some_and(|kept| kept.first < first) {
        return Ok(Sides::Aged);
    }
    let until = kept.as_ref().map_or(0, |kept| kept.view.sequence);
    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    let mut entries = match journal.read(key).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == ReadErrorKind::Entry => return Ok(Sides::Unreadable(error.to_string())),
        Err(error) => return Err(broker(&format!("read order {}", key.text()), error)),
    };
    entries.retain(|entry| entry.sequence <= until.max(reached));
    let should = (!entries.is_empty()).then(|| Independent::of(key, &entries).kept(key));
    let sequence = should.as_ref().map_or(until, |should| should.view.sequence);
    let (holds, should) = match (kept, should) {
        (None, None) => return Ok(Sides::Unknown),
        (Some(kept), Some(should)) => (tree(&kept)?, tree(&should)?),
        (kept, should) => {
            let path = "the whole order".to_owned();
            let whole = |side: Option<OrderKept>| side.map(|kept| kept.listed).map(|listed| tree(&listed)).transpose();
            return Ok(Sides::Compared(
                vec![Difference { path, holds: whole(kept)?, should: whole(should)? }],
                sequence,
            ));
        }
    };
    let mut differs = differences(&holds, &should);
    differs.sort_by_key(|place| weight(&place.path));
    Ok(Sides::Compared(differs, sequence))
}

/// What is named first: what is shown of the order, then its rows, then the indexes that follow from them.
fn weight(path: &str) -> usize {
    const PARTS: [&str; 4] = ["view", "listed", "exceptions", "found_by"];
    PARTS.iter().position(|part| path.starts_with(part)).unwrap_or(PARTS.len())
}

/// How far an instance has folded the log of orders.
pub(super) async fn reached(connection: &Connection, instance: &str) -> Result<u64, Failure> {
    let lag: Lag = reach::ask(connection, &of_instance(LAG, instance), &serde_json::json!({})).await?;
    let orders = lag.streams.iter().find(|stream| stream.stream == LAYOUT.stream);
    Ok(orders.map_or(0, |stream| stream.folded))
}

fn tree<T: serde::Serialize>(kept: &T) -> Result<serde_json::Value, Failure> {
    Ok(serde_json::to_value(kept).map_err(anyhow::Error::new)?)
}
