//! A shipment that turns out to be on a load after something was told of the load: it hears that too.
//!
//! What was told is in the trail of the shipment that has been on the load longest, and the inbox holds the messages.

use std::collections::BTreeSet;

use async_nats::jetstream::stream::{DirectGetErrorKind, Stream};
use engine::{Content, Key};
use model::{Fact, PartnerId};
use partners::{Identified, OrderRef};
use service::quarantine::Reason;
use service::streams;

use super::entry::{ByOrder, Origin};
use super::read::read;
use super::route::{RouteError, Written, append};
use crate::adapter::Adapter;
use crate::delivery::{Delivery, timestamp};
use crate::xref::Target;

/// Tells a shipment what was told under a load's number before it was known to be on the load, and each of the others its new
/// share of what was billed. Returns what cannot be told, and why.
///
/// # Errors
/// [`RouteError`] when the broker did not do its part. Doing it all again is safe.
pub async fn catch_up(
    adapter: &Adapter,
    origin: &Origin<'_>,
    load: &str,
    joined: &Target,
) -> Result<Vec<Reason>, RouteError> {
    let partner = &origin.profile.partner;
    let aboard = adapter.xrefs.find(partner, load).await?;
    let Some(longest) = aboard.first() else { return Ok(Vec::new()) };
    let Some(entries) = adapter.workflows.get(&longest.workflow) else { return Ok(Vec::new()) };
    let trail = entries.read(&Key::of(longest.order.as_str())).await?;
    let heard: BTreeSet<u64> = trail.iter().filter_map(|entry| message_of(&entry.entry.content, partner)).collect();
    let inbox = adapter.js.get_stream_no_info(streams::INBOX).await.map_err(RouteError::inbox)?;
    let mut wrong = Vec::new();
    for sequence in heard {
        wrong.extend(retell(adapter, origin, &inbox, sequence, (load, joined, &aboard)).await?);
    }
    Ok(wrong)
}

/// The place in the inbox of the message that an entry is made of, if this partner sent it.
fn message_of(content: &Content<Fact, model::Decision>, partner: &PartnerId) -> Option<u64> {
    match content {
        Content::Facts { source, .. } if source.partner.as_deref() == Some(partner.as_str()) => source.inbox,
        Content::Facts { .. } | Content::Decisions { .. } | Content::Due { .. } => None,
    }
}

/// Tells once more what one message says of the load.
async fn retell(
    adapter: &Adapter,
    origin: &Origin<'_>,
    inbox: &Stream<()>,
    sequence: u64,
    (load, joined, aboard): (&str, &Target, &[Target]),
) -> Result<Vec<Reason>, RouteError> {
    let message = match inbox.direct_get(sequence).await {
        Ok(message) => message,
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => {
            tracing::error!(load, sequence, order = %joined.order, "a message about its load is no longer in the inbox");
            return Ok(Vec::new());
        }
        Err(error) => return Err(RouteError::inbox(error)),
    };
    let subject = message.subject.as_str();
    let name = subject.rsplit('.').next().unwrap_or(subject);
    let received = timestamp(message.time.unix_timestamp_nanos());
    let reading = read(adapter.system, origin.profile, name, &message.payload, received);
    let mut told = ByOrder::default();
    for part in reading.orders.iter().filter(|part| matches!(&part.order, OrderRef::Reference(own) if own == load)) {
        for (nth, target) in aboard.iter().enumerate() {
            let Some(shipment) = &target.shipment else { continue };
            let mut facts = part.facts.clone();
            facts.retain(|told| target.is_same(joined) || is_shared(told));
            facts.iter_mut().for_each(|told| told.on_a_load(shipment, nth, aboard.len()));
            told.add(target.workflow.clone(), target.order.clone(), facts);
        }
    }
    // Of two shares of one bill the later one counts: that of more shipments.
    let later = i64::try_from(aboard.len()).unwrap_or(i64::MAX) - 1;
    let delivery = Delivery { sequence, received: received.plus_millis(later), ..origin.delivery };
    let origin = Origin { subject, message: name, delivery, ..*origin };
    let mut wrong = Vec::new();
    for told in told.into_orders() {
        match append(adapter, &origin, told).await? {
            Written::Taken(_) => {}
            Written::Refused(reason) => wrong.push(reason),
        }
    }
    Ok(wrong)
}

/// Whether each shipment on a load has a share of what is told.
const fn is_shared(told: &Identified) -> bool {
    matches!(&told.fact, Fact::FreightInvoiced(bill) if bill.shipment.is_none())
}
