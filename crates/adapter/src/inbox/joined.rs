//! A shipment that turns out to be on a load after something was told of the load: it hears that too.
//!
//! What was told is in the trails, and the inbox holds the messages. The shipment that has been on the load longest has heard
//! all of it, but for what a process told while it knew of the other one only: that it is told then, as are all the others.

use std::collections::BTreeSet;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{DirectGetErrorKind, Stream};
use engine::{Content, Key};
use model::{Decision, Fact, PartnerId, ShipmentId};
use partners::{Identified, OrderRef};
use service::quarantine::Reason;
use service::streams;

use super::entry::{ByOrder, Origin};
use super::read::read;
use super::route::{RouteError, Written, append};
use crate::adapter::Adapter;
use crate::delivery::{Delivery, timestamp};
use crate::xref::{Target, prices};

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
    let aboard = adapter.xrefs.find(&origin.profile.partner, load).await?;
    let Some(longest) = aboard.first() else { return Ok(Vec::new()) };
    let by_longest = heard(adapter, origin, longest).await?;
    let by_joined = heard(adapter, origin, joined).await?;
    let inbox = adapter.js.get_stream_no_info(streams::INBOX).await.map_err(RouteError::inbox)?;
    let mut wrong = Vec::new();
    for sequence in by_longest.union(&by_joined) {
        let who = match (by_longest.contains(sequence), by_joined.contains(sequence)) {
            (true, true) => Who::Nobody,
            (true, false) => Who::Joined(joined),
            (false, _) => Who::All,
        };
        wrong.extend(retell(adapter, origin, &inbox, *sequence, &Load { number: load, aboard: &aboard, who }).await?);
    }
    Ok(wrong)
}

/// A load, and who of those on it is told once more what a message says.
struct Load<'a> {
    number: &'a str,
    aboard: &'a [Target],
    who: Who<'a>,
}

enum Who<'a> {
    /// Nobody but for what they share.
    Nobody,
    Joined(&'a Target),
    All,
}

/// The places in the inbox of the messages that this partner told of a shipment.
pub(super) async fn heard(
    adapter: &Adapter,
    origin: &Origin<'_>,
    target: &Target,
) -> Result<BTreeSet<u64>, RouteError> {
    let Some(entries) = adapter.workflows.get(&target.workflow) else { return Ok(BTreeSet::new()) };
    let trail = entries.read(&Key::of(target.order.as_str())).await?;
    let told = trail.iter().filter_map(|entry| message_of(&entry.entry.content, &origin.profile.partner, target));
    Ok(told.collect())
}

/// The place in the inbox of the message that an entry is made of, if this partner told the shipment something by it.
fn message_of(content: &Content<Fact, Decision>, partner: &PartnerId, target: &Target) -> Option<u64> {
    match content {
        Content::Facts { source, facts } if source.partner.as_deref() == Some(partner.as_str()) => {
            facts.iter().any(|told| shipment_of(&told.fact) == target.shipment.as_ref()).then_some(source.inbox)?
        }
        Content::Facts { .. } | Content::Decisions { .. } | Content::Due { .. } => None,
    }
}

/// The shipment of a fact that may be told of a load.
const fn shipment_of(fact: &Fact) -> Option<&ShipmentId> {
    match fact {
        Fact::Milestone(milestone) => milestone.shipment.as_ref(),
        Fact::Condition(condition) => condition.shipment.as_ref(),
        Fact::FreightInvoiced(bill) => bill.shipment.as_ref(),
        Fact::Released(_)
        | Fact::Validated(_)
        | Fact::Answered(_)
        | Fact::Booked(_)
        | Fact::Billed(_)
        | Fact::Archived(_)
        | Fact::CancelRequested(_)
        | Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::ReturnAuthorised(_)
        | Fact::Inspected(_)
        | Fact::Credited(_) => None,
    }
}

/// Tells once more what one message says of the load.
async fn retell(
    adapter: &Adapter,
    origin: &Origin<'_>,
    inbox: &Stream<()>,
    sequence: u64,
    load: &Load<'_>,
) -> Result<Vec<Reason>, RouteError> {
    let Load { number, aboard, who } = load;
    let Some(message) = raw(inbox, sequence).await? else { return Ok(Vec::new()) };
    let subject = message.subject.as_str();
    let name = subject.rsplit('.').next().unwrap_or(subject);
    let received = timestamp(message.time.unix_timestamp_nanos());
    let reading = read(adapter.system, origin.profile, name, &message.payload, received);
    let prices = prices(aboard);
    let mut told = ByOrder::default();
    for part in reading.orders.iter().filter(|part| matches!(&part.order, OrderRef::Reference(own) if own == number)) {
        for (nth, target) in aboard.iter().enumerate() {
            let Some(shipment) = &target.shipment else { continue };
            let mut facts = part.facts.clone();
            let hears_all = match who {
                Who::Nobody => false,
                Who::Joined(joined) => target.is_same(joined),
                Who::All => true,
            };
            facts.retain(|told| hears_all || is_shared(told));
            facts.iter_mut().for_each(|told| told.on_a_load(shipment, (nth, &prices), sequence));
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

/// The message at a place in the inbox, as long as it is there.
pub(super) async fn raw(inbox: &Stream<()>, sequence: u64) -> Result<Option<StreamMessage>, RouteError> {
    match inbox.direct_get(sequence).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => {
            tracing::error!(sequence, "a message about a load is no longer in the inbox");
            Ok(None)
        }
        Err(error) => Err(RouteError::inbox(error)),
    }
}

/// Whether each shipment on a load has a share of what is told.
const fn is_shared(told: &Identified) -> bool {
    matches!(&told.fact, Fact::FreightInvoiced(bill) if bill.shipment.is_none())
}
