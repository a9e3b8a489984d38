//! What orders are held against: movements of stock, and what partners list.

use async_nats::jetstream;
use engine::{Content, Tail};
use model::Timestamp;
use reconcile::{Policy, Snapshots, StockBooks};
use service::snapshots::{self, Wanted};
use service::streams;

use super::ReconcileError;
use crate::projection::StockEntry;

/// Messages taken at once.
const BURST: usize = 4_096;

/// Reads what was recorded by the cut-off.
pub(super) async fn read(
    js: &jetstream::Context,
    as_of: Timestamp,
    policy: &Policy,
) -> Result<(StockBooks, Snapshots), ReconcileError> {
    let mut stock = StockBooks::default();
    movements(js, as_of, policy, &mut stock).await?;
    let mut lists = Snapshots::default();
    let take = |read: snapshots::Recorded| lists.take(read.snapshot, read.sequence, &mut stock, policy);
    snapshots::read(js, Wanted::Newest, as_of, take).await?;
    Ok((stock, lists))
}

async fn movements(
    js: &jetstream::Context,
    as_of: Timestamp,
    policy: &Policy,
    stock: &mut StockBooks,
) -> Result<(), ReconcileError> {
    let stream = js.get_stream(streams::STOCK).await;
    let stream = stream.map_err(|error| ReconcileError::Broker { stream: streams::STOCK, source: error.into() })?;
    let state = &stream.cached_info().state;
    if state.messages == 0 {
        return Ok(());
    }
    let (mut next, end) = (state.first_sequence, state.last_sequence);
    let mut tail = Tail::open(js, streams::STOCK, streams::STOCK_SUBJECTS, None).await?;
    while next <= end {
        for message in tail.next_burst(BURST).await {
            next = message.sequence + 1;
            // What nobody here can read is in quarantine; a balance it should have moved shows as a discrepancy.
            let Ok(entry) = engine::codec::decode::<StockEntry>(&message.payload) else { continue };
            let Content::Facts { source, facts } = entry.content else { continue };
            if message.recorded > as_of {
                return Ok(());
            }
            let by = source.partner.as_deref().unwrap_or("wms");
            for told in &facts {
                stock.movement(told.id, by, &told.fact, message.sequence, policy);
            }
        }
    }
    Ok(())
}
