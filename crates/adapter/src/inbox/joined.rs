//! A shipment that turns out to be on a load after something was told of the load: it hears that too.
//!
//! What was told is in the trails, and the inbox holds the messages. The shipment that has been on the load longest has heard
//! all of it, but for what a process told while it knew of the other one only: that it is told then, as are all the others.

use std::collections::BTreeSet;

use async_nats::jetstream::stream::Stream;
use engine::Key;
use model::{Fact, ShipmentId};
use partners::{Identified, OrderRef};
use service::quarantine::Reason;

use super::again::{inbox, places, reread};
use super::entry::{ByOrder, Origin};
use super::route::{RouteError, Written, append};
use crate::adapter::Adapter;
use crate::delivery::Delivery;
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
    let inbox = inbox(adapter).await?;
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
async fn heard(adapter: &Adapter, origin: &Origin<'_>, target: &Target) -> Result<BTreeSet<u64>, RouteError> {
    let Some(entries) = adapter.workflows.get(&target.workflow) else { return Ok(BTreeSet::new()) };
    let trail = entries.read(&Key::of(target.order.as_str())).await?;
    Ok(places(&trail, &origin.profile.partner, |fact| shipment_of(fact) == target.shipment.as_ref()))
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
        | Fact::HandedOver(_)
        | Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_)
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
    let Some(again) = reread(adapter, origin, inbox, sequence).await? else { return Ok(Vec::new()) };
    let prices = prices(aboard);
    let mut told = ByOrder::default();
    for part in
        again.reading.orders.iter().filter(|part| matches!(&part.order, OrderRef::Reference(own) if own == number))
    {
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
    let delivery = Delivery { sequence, received: again.received.plus_millis(later), ..origin.delivery };
    let origin = Origin { subject: again.message.subject.as_str(), message: again.name(), delivery, ..*origin };
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
