//! Reading returns back from their stream.

use std::collections::BTreeSet;

use engine::{Folded, Journal, Key, ReadError, ReadErrorKind, WorkflowRecord};
use futures::{StreamExt, TryStreamExt, stream};
use model::{Lane, RmaId};
use returns::{LAYOUT, Returns, State};
use service::Connection;
use visibility::past::Past;

use crate::exit::Failure;
use crate::reach::{self, broker};

/// How many returns are read at once.
const AT_ONCE: usize = 64;

pub(super) fn journal(connection: &Connection) -> Journal<Returns> {
    Journal::new(connection.js.clone(), LAYOUT)
}

/// A return's entries, at least one.
pub(super) async fn entries(connection: &Connection, rma: &RmaId) -> Result<Vec<WorkflowRecord<Returns>>, Failure> {
    let entries = read(connection, &Key::of(rma.as_str())).await?;
    if entries.is_empty() {
        let message = format!("no entries of return {rma} in stream {}; is this its number?", LAYOUT.stream);
        return Err(Failure::NotFound(message));
    }
    Ok(entries)
}

/// What is known of a return that is there.
pub(super) async fn state(connection: &Connection, rma: &RmaId) -> Result<State, Failure> {
    Ok(folded(&Key::of(rma.as_str()), &entries(connection, rma).await?))
}

fn folded(key: &Key, entries: &[WorkflowRecord<Returns>]) -> State {
    Folded::<Returns>::replay(key, entries).state().clone()
}

/// A return's entries, if there are any.
pub(super) async fn read(connection: &Connection, key: &Key) -> Result<Vec<WorkflowRecord<Returns>>, Failure> {
    match journal(connection).read(key).await {
        Ok(entries) => Ok(entries),
        Err(error) => Err(unreadable(connection, error).await),
    }
}

/// What it means that entries cannot be read; most often the stream is not there.
async fn unreadable(connection: &Connection, error: ReadError) -> Failure {
    match error.kind() {
        ReadErrorKind::Unanswered | ReadErrorKind::Answer => match reach::stream(&connection.js, LAYOUT.stream).await {
            Ok(_) => Failure::Unreachable(error.to_string()),
            Err(missing) => missing,
        },
        ReadErrorKind::Subject | ReadErrorKind::Entry => anyhow::Error::new(error).into(),
    }
}

/// The lanes in which a return is authorised.
pub(super) const AUTHORISING: &[&str] = &[Lane::Erp.as_str(), Lane::Ops.as_str()];

/// The returns of which something is told in these lanes, by number, up to so many of them; and whether there are more.
pub(super) async fn keys(connection: &Connection, lanes: &[&str], most: usize) -> Result<(Vec<Key>, bool), Failure> {
    let stream = reach::stream(&connection.js, LAYOUT.stream).await?;
    let what = "list the subjects of stream RETURNS";
    let mut keys = BTreeSet::new();
    for lane in lanes {
        let filter = LAYOUT.lane(lane);
        let mut subjects = stream.info_with_subjects(filter).await.map_err(|error| broker(what, error))?;
        while let Some((subject, _)) = subjects.try_next().await.map_err(|error| broker(what, error))? {
            keys.extend(LAYOUT.parse(&subject).map(|(key, _)| key));
            if keys.len() > most {
                return Ok((keys.into_iter().take(most).collect(), true));
            }
        }
    }
    Ok((keys.into_iter().collect(), false))
}

/// What is known of each of these.
pub(crate) async fn states(connection: &Connection, keys: Vec<Key>) -> Result<Vec<State>, Failure> {
    states_as_of(connection, keys, &Past::default()).await
}

/// What was known of each of these.
pub(super) async fn states_as_of(connection: &Connection, keys: Vec<Key>, past: &Past) -> Result<Vec<State>, Failure> {
    let read = |key: Key| async move { Ok(folded(&key, &past.of(&read(connection, &key).await?))) };
    stream::iter(keys.into_iter().map(read)).buffered(AT_ONCE).try_collect().await
}
