//! The archive of one order, read from the object store.

use std::fmt::Display;

use anyhow::anyhow;
use engine::Key;
use model::OrderId;
use service::Connection;
use visibility::archive::{ReadError, Reader, Stored};

use crate::exit::{Failure, in_full};
use crate::reach::broker;

/// The archive of an order as it is stored; nothing when there is none.
pub(crate) async fn stored(connection: &Connection, order: &Key) -> Result<Option<Stored>, Failure> {
    open(connection).await?.get(order).await.map_err(failed)
}

pub(super) async fn open(connection: &Connection) -> Result<Reader, Failure> {
    Reader::open(&connection.js).await.map_err(failed)
}

pub(super) fn failed(error: ReadError) -> Failure {
    match error {
        ReadError::Unanswered { what, source } => broker(&format!("read {what} of object store ARCHIVE"), source),
        ReadError::Damaged { .. } => anyhow::Error::new(error).into(),
    }
}

/// An archive that is not as it was written; nothing of it is to be believed.
pub(crate) fn broken(order: &OrderId, what: impl Display) -> Failure {
    let words = "nothing of it is shown (`waybill archive get` has its bytes)";
    Failure::Broken(anyhow!("the archive of order {order} cannot be trusted: {what}; {words}"))
}

/// There is no archive of an order.
pub(super) fn absent(order: &OrderId) -> Failure {
    Failure::NotFound(format!(
        "object store ARCHIVE has no archive of order {order}; an order is archived when it has ended (`waybill order show`)"
    ))
}

/// An error and its causes in one line.
pub(super) fn words(error: visibility::archive::ArchiveError) -> String {
    in_full(&anyhow::Error::new(error))
}
