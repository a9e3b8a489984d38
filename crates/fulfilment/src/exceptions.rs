//! The open exceptions as an operator's work list shows them: what is wrong, since when, what is at stake, and who sees to it.

mod stake;

use std::collections::BTreeSet;

use model::{ExceptionKind, Money, PartnerId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decide::ask_behind;
use crate::state::{Known, Shipment, State};
pub(crate) use stake::shipment_of_wait;

/// An open exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenException {
    /// What is wrong; an order has at most one open exception of a kind.
    pub kind: ExceptionKind,
    /// What is wrong, in words.
    pub detail: String,
    /// When it was raised.
    pub since: Timestamp,
    /// What is at stake, at the prices of the order, where these are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_stake: Option<Money>,
    /// The partners that have to do with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<PartnerId>,
    /// Who sees to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<String>,
    /// Until when it is put off; that may have passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed: Option<Timestamp>,
}

/// The open exceptions of an order, oldest first.
#[must_use]
pub fn open(state: &State) -> Vec<OpenException> {
    let known = state.known(|_| None);
    let open = state.exceptions().map(|open| OpenException {
        kind: open.kind.clone(),
        detail: open.detail.clone(),
        since: state.raised(&open.kind).unwrap_or_default(),
        at_stake: known.as_ref().and_then(|known| stake::at_stake(known, &open.kind)),
        partners: known.as_ref().map(|known| partners(known, &open.kind)).unwrap_or_default(),
        assigned: state.assigned(&open.kind).map(str::to_owned),
        snoozed: state.snoozed(&open.kind),
    });
    open.collect()
}

/// The partners that have to do with a problem: who was asked what it is about; else the warehouse where the goods are to leave,
/// the carrier's side where they are on their way, both where the two do not say the same; else the ERP that has the order.
fn partners(known: &Known<'_>, kind: &ExceptionKind) -> Vec<PartnerId> {
    if let Some(ask) = ask_behind(known.state, kind) {
        return vec![ask.partner.clone()];
    }
    let of = |id: &model::ShipmentId| known.shipments.iter().find(|shipment| shipment.id == *id);
    let wms = |shipment: &Shipment<'_>| vec![shipment.wms.clone()];
    let tms = |shipment: &Shipment<'_>| shipment.tms.cloned().into_iter().collect::<Vec<_>>();
    let both = |shipment: &Shipment<'_>| [wms(shipment), tms(shipment)].concat();
    let found = match kind {
        ExceptionKind::NoStock(shipment)
        | ExceptionKind::GoodsIssueMissing(shipment)
        | ExceptionKind::ShippedShort(shipment) => of(shipment).map(wms),
        ExceptionKind::BookingRefused(shipment)
        | ExceptionKind::FreightMismatch(shipment)
        | ExceptionKind::Undeliverable(shipment)
        | ExceptionKind::DeliveryFailing(shipment)
        | ExceptionKind::Late(shipment) => of(shipment).map(tms),
        ExceptionKind::QuantityMismatch(shipment)
        | ExceptionKind::CancelTooLate(shipment)
        | ExceptionKind::Disagreement(shipment) => of(shipment).map(both),
        ExceptionKind::Overdue(wait) => shipment_of_wait(known, wait).map(both),
        ExceptionKind::Invalid
        | ExceptionKind::AskRefused(_)
        | ExceptionKind::Changed
        | ExceptionKind::Contradicted(_)
        | ExceptionKind::Unmatched
        | ExceptionKind::Flooded => None,
    };
    let found: BTreeSet<PartnerId> = found.unwrap_or_else(|| vec![known.erp().clone()]).into_iter().collect();
    found.into_iter().collect()
}
