//! A shipment that its TMS takes back leaves the loads it was on: what is told under a load's number from then on is about the
//! others, and so is the bill.

use std::collections::BTreeSet;

use engine::{Key, WorkflowRecord};
use fulfilment::Fulfilment;
use model::{Ask, Fact, OrderId, PartnerId, ShipmentId, System};

use super::again::{inbox, places, reread};
use super::entry::Origin;
use super::route::{Instance, RouteError};
use crate::adapter::Adapter;
use crate::asked::{answers, asks};
use crate::xref::Target;

/// The orders, and other workflows' instances, of which something may be taken back: a TMS says yes to what was asked of it,
/// and books nothing with it.
pub fn may_be_taken_back(system: System, told: &[Instance]) -> Vec<(Box<str>, OrderId)> {
    if system != System::Tms {
        return Vec::new();
    }
    let says_yes = |fact: &Fact| matches!(fact, Fact::Answered(answer) if answer.outcome.is_accepted());
    let is_settled = |(_, _, told): &&Instance| {
        told.iter().any(|told| says_yes(&told.fact)) && !told.iter().any(|told| matches!(told.fact, Fact::Booked(_)))
    };
    told.iter().filter(is_settled).map(|(workflow, order, _)| (workflow.clone(), order.clone())).collect()
}

/// Has each shipment that the partner took back leave the loads it was on.
///
/// # Errors
/// [`RouteError`] when the broker did not do its part. Doing it all again is safe.
pub async fn leave(adapter: &Adapter, origin: &Origin<'_>, settled: &[(Box<str>, OrderId)]) -> Result<(), RouteError> {
    let partner = &origin.profile.partner;
    for (workflow, order) in settled {
        let Some(entries) = adapter.workflows.get(workflow) else { continue };
        let trail = entries.read(&Key::of(order.as_str())).await?;
        for shipment in taken_back(&trail, partner) {
            let target = Target {
                workflow: workflow.clone(),
                order: order.clone(),
                shipment: Some(shipment.clone()),
                told: origin.delivery.received,
                price: None,
                ask: None,
                left: true,
            };
            for reference in references(adapter, origin, &trail, shipment).await? {
                adapter.xrefs.leave(partner, &reference, &target).await?;
            }
        }
    }
    Ok(())
}

/// The shipments that a partner was asked to take back and did. Its first word counts.
fn taken_back<'a>(trail: &'a [WorkflowRecord<Fulfilment>], partner: &PartnerId) -> BTreeSet<&'a ShipmentId> {
    let undoes = trail
        .iter()
        .flat_map(asks)
        .map(|(_, ask)| ask)
        .filter(|ask| ask.system == System::Tms && ask.partner == *partner && ask.request.undoes().is_some());
    let is_done = |ask: &&Ask| {
        let first = trail.iter().flat_map(answers).find(|said| said.answer.ask == ask.id && said.settles(ask));
        first.is_some_and(|said| said.answer.outcome.is_accepted())
    };
    undoes.filter(is_done).filter_map(|ask| ask.request.shipment()).collect()
}

/// The references by which a partner knows a shipment, as the messages say by which it booked it.
async fn references(
    adapter: &Adapter,
    origin: &Origin<'_>,
    trail: &[WorkflowRecord<Fulfilment>],
    shipment: &ShipmentId,
) -> Result<BTreeSet<String>, RouteError> {
    let books = |fact: &Fact| matches!(fact, Fact::Booked(booking) if booking.shipment == *shipment);
    let inbox = inbox(adapter).await?;
    let mut references = BTreeSet::new();
    for sequence in places(trail, &origin.profile.partner, books) {
        let Some(again) = reread(adapter, origin, &inbox, sequence).await? else { continue };
        let told = again.reading.orders.into_iter().flat_map(|part| part.xrefs);
        references.extend(told.filter(|xref| xref.shipment.as_ref() == Some(shipment)).map(|xref| xref.reference));
    }
    Ok(references)
}
