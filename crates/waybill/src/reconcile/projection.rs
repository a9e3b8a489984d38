//! Projections as a side of their own, against the entries they are folded from.

use model::OrderId;
use reconcile::discrepancy::{About, Side, Stream};
use reconcile::remedy::Remedy;
use reconcile::{Discrepancy, EntryRef, Kind};
use service::Connection;
use visibility::reconciling::Reconciled;

use crate::exit::Failure;
use crate::projection::verify::{Order, Verified, all};

/// Adds a discrepancy for each order that a projection holds otherwise than its entries say.
pub(super) async fn add(connection: &Connection, orders: &[OrderId], found: &mut Reconciled) -> Result<(), Failure> {
    for Verified { instance, differs, beyond, .. } in all(connection, orders).await? {
        found.beyond += beyond;
        found.discrepancies.extend(differs.into_iter().filter_map(|order| discrepancy(&instance, order, found.as_of)));
    }
    Ok(())
}

fn discrepancy(instance: &str, order: Order, as_of: model::Timestamp) -> Option<Discrepancy> {
    let Order { order, sequence, differs } = order;
    let first = differs.into_iter().next()?;
    let says = |value: Option<serde_json::Value>| {
        let value = value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
        format!("{}: {value}", first.path)
    };
    let entries = vec![EntryRef { stream: Stream::Orders, sequence }];
    let about = About::Order {
        order: OrderId::new(&order).ok()?,
        shipment: None,
        line: None,
        what: Some(format!("in {instance}")),
    };
    Some(Discrepancy {
        kind: Kind::Projection,
        about,
        one: Side::new("log", says(first.should), entries),
        other: Side::new("projection", says(first.holds), Vec::new()),
        since: as_of,
        stake: None,
        remedy: Remedy::Rebuild,
    })
}
