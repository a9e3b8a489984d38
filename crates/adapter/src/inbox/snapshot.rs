//! Lists of what a partner's books hold, on their way to stream SNAPSHOTS.

use model::{Listed, ListedShipment, PartnerId, Snapshot};

use super::entry::Origin;
use super::route::{RouteError, Written, too_large};
use crate::adapter::Adapter;
use crate::at_once::all;
use crate::bucket::BucketError;
use crate::publish::publish;
use crate::xref::Target;

/// Publishes a snapshot. A message has one of a kind: its id is the same however often the message is delivered, and also when it
/// is read again, unless through another version of the profile.
///
/// # Errors
/// [`RouteError`] when the broker did not do its part. Doing it again is safe.
pub(super) async fn record(
    adapter: &Adapter,
    origin: &Origin<'_>,
    mut snapshot: Snapshot,
) -> Result<Written, RouteError> {
    let partner = &origin.profile.partner;
    let kind = snapshot.listed.kind();
    let id = origin.snapshot_entry_id(kind);
    if origin.delivery.tries > 1 && adapter.has_taken(id) {
        return Ok(Written::Taken(id));
    }
    if let Some(replay) = origin.replay
        && adapter.replays.has_listed(adapter, &partner.token(), replay, id).await?
    {
        return Ok(Written::Taken(id));
    }
    if let Listed::Shipments(rows) = &mut snapshot.listed {
        *rows = resolved(adapter, partner, std::mem::take(rows)).await?;
    }
    let (subject, message) = service::snapshots::message(id, origin.source(), snapshot)?;
    match publish(&adapter.js, subject, message).await {
        Ok(()) => Ok(Written::Taken(id)),
        Err(error) if error.too_large() => Ok(too_large(&format!("{kind} in a list"))),
        Err(error) => Err(error.into()),
    }
}

/// The rows with the orders that their references mean: a row for each shipment on a load, none for what belongs to another
/// workflow, such as a return. A reference that nobody knows stays as it is: that is for reconciliation to say.
async fn resolved(
    adapter: &Adapter,
    partner: &PartnerId,
    rows: Vec<ListedShipment>,
) -> Result<Vec<ListedShipment>, BucketError> {
    let look_up = async |row: &ListedShipment| match &row.order {
        Some(_) => Ok(Vec::new()),
        None => adapter.xrefs.find(partner, &row.reference).await,
    };
    let found = all(rows.iter().map(look_up).collect()).await;
    let mut resolved = Vec::with_capacity(rows.len());
    for (row, targets) in rows.into_iter().zip(found) {
        let targets = targets?;
        if targets.is_empty() {
            resolved.push(row);
            continue;
        }
        let of_orders = targets.into_iter().filter(|target| &*target.workflow == partners::ORDER);
        resolved.extend(of_orders.map(|target| on_behalf(&row, target)));
    }
    Ok(resolved)
}

/// The row for one of those that its reference means.
fn on_behalf(row: &ListedShipment, target: Target) -> ListedShipment {
    let shipment = row.shipment.clone().or(target.shipment);
    ListedShipment { order: Some(target.order), shipment, ..row.clone() }
}
