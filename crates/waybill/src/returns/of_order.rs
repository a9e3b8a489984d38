//! The returns that operators opened of one order, to be shown with it: two short reads, whatever other returns there are.

use engine::{Key, WorkflowRecord};
use fulfilment::Fulfilment;
use model::{OrderId, RmaId};
use returns::Stage;
use serde::Serialize;
use service::Connection;
use visibility::past::Past;

use super::opened::{Opened, opened};
use super::read;
use crate::exit::Failure;
use crate::order::trail;

/// The most returns that are shown with their order: the newest.
const MOST_SHOWN: usize = 20;

/// A return as it is shown with its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Returned {
    /// The return.
    pub rma: RmaId,
    /// Where it stands; nothing when it is opened and not authorised yet.
    pub stage: Option<Stage>,
    /// Whether it is over.
    pub ended: bool,
}

/// The newest returns of an order, oldest first. Those that the ERP authorised only their own streams name.
///
/// # Errors
/// [`Failure::Unreachable`] when the broker does not answer.
pub async fn of_order(connection: &Connection, order: &OrderId) -> Result<Vec<Returned>, Failure> {
    match trail::entries(connection, order).await {
        Ok(entries) => of_entries(connection, order, &entries, &Past::default()).await,
        // Its entries may have left the stream; what is known of it is shown all the same.
        Err(Failure::NotFound(_)) => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// The newest returns that these entries of an order open, oldest first, as they stood then; by time, for a place in ORDERS is
/// none in the stream of returns.
pub(crate) async fn of_entries(
    connection: &Connection,
    order: &OrderId,
    entries: &[WorkflowRecord<Fulfilment>],
    past: &Past,
) -> Result<Vec<Returned>, Failure> {
    let opened = opened(entries);
    let newest = &opened[opened.len().saturating_sub(MOST_SHOWN)..];
    let keys: Vec<Key> = newest.iter().map(Opened::key).collect();
    let states = read::states_as_of(connection, keys, &Past { up_to: None, ..*past }).await?;
    let returned = |(opened, state): (&Opened<'_>, returns::State)| {
        let rma = opened.told.rma.clone();
        match returns::status(&state) {
            None => Some(Returned { rma, stage: None, ended: false }),
            // Another order's, which had the number first.
            Some(status) if status.order != *order => None,
            Some(status) => Some(Returned { rma, stage: Some(status.stage), ended: status.ended }),
        }
    };
    Ok(newest.iter().zip(states).filter_map(returned).collect())
}
