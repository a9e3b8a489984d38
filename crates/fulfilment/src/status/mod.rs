//! The composite status: one answer to "where is my order", whoever told what in which order.

mod conditions;
mod fold;
mod rollup;

use model::{ConditionKind, CustomerId, End, Exception, Lane, Milestone, Reason, ShipmentId, Timestamp, When};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::state::State;

/// The status of an order, made of all that every system told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Composite {
    /// Where the order stands in the workflow.
    pub stage: Stage,
    /// The milestone the whole order has reached; the lowest of its live shipments.
    pub milestone: Option<Milestone>,
    /// The milestone's rank; 0 when there is none.
    pub rank: u16,
    /// Some of it is further than the milestone says.
    pub partial: bool,
    /// Who ordered.
    pub customer: Option<CustomerId>,
    /// The date promised for the whole order.
    pub promised: Option<When>,
    /// When the last shipment is expected to be delivered.
    pub eta: Option<When>,
    /// The shipments.
    pub shipments: Vec<ShipmentStatus>,
    /// What is the matter.
    pub conditions: Vec<OpenCondition>,
    /// The business problems that are open.
    pub exceptions: Vec<Exception>,
    /// What was told by systems and partners whose word does not count for it.
    pub claims: Vec<ClaimStatus>,
    /// What was told to have happened in the future; it orders nothing.
    pub flagged: Vec<Flagged>,
    /// How the order ended, if it did.
    pub ended: Option<End>,
}

/// Where an order stands in the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Something was told of it, but the ERP has not released it.
    Unreleased,
    /// Released; the warehouses are being asked.
    Released,
    /// Something is reserved.
    Warehouse,
    /// Something is on the road.
    Transport,
    /// Everything is delivered; it is being billed and audited.
    Closing,
    /// Delivered and done with.
    Closed,
    /// Called off and done with.
    Cancelled,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 7] = [
        Self::Unreleased,
        Self::Released,
        Self::Warehouse,
        Self::Transport,
        Self::Closing,
        Self::Closed,
        Self::Cancelled,
    ];

    /// The word used in messages and on screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreleased => "unreleased",
            Self::Released => "released",
            Self::Warehouse => "warehouse",
            Self::Transport => "transport",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The status of one shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShipmentStatus {
    /// The shipment.
    pub shipment: ShipmentId,
    /// The milestone it has reached; the lowest of its live parcels.
    pub milestone: Option<Milestone>,
    /// The milestone's rank; 0 when there is none.
    pub rank: u16,
    /// Some of it is further than the milestone says.
    pub partial: bool,
    /// When it happened.
    pub since: Option<When>,
    /// When it is expected to be delivered.
    pub eta: Option<When>,
    /// The carrier, once booked.
    pub carrier: Option<String>,
    /// The number the carrier tracks it by.
    pub tracking: Option<String>,
    /// Nothing of it is to travel any more: what was asked for it was undone, or the order goes on without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
}

/// Something that is the matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenCondition {
    /// What.
    pub kind: ConditionKind,
    /// Why.
    pub reason: Reason,
    /// With which shipment; the whole order when absent.
    pub shipment: Option<ShipmentId>,
    /// Since when.
    pub since: When,
}

/// What was told by a system or partner whose word does not count for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ClaimStatus {
    /// Who claims it.
    pub lane: Lane,
    /// The kind of fact, or the milestone.
    pub what: String,
    /// When it first came in.
    pub received: Timestamp,
    /// The partner that claims it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
}

/// Something told to have happened later than it was told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Flagged {
    /// Who told it.
    pub lane: Lane,
    /// What.
    pub milestone: Milestone,
    /// When it is said to have happened.
    pub occurred: When,
    /// When it came in.
    pub received: Timestamp,
}

/// The status of an order.
#[must_use]
pub fn composite(state: &State) -> Composite {
    let known = state.known(|_| None);
    let claims = state.claims_beside(known.as_ref());
    let mut claims: Vec<ClaimStatus> = claims.iter().map(fold::claim_status).collect();
    claims.sort();
    let exceptions = state.exceptions().cloned().collect();
    let Some(known) = known else { return Composite { claims, exceptions, ..Composite::unreleased(state.ended()) } };
    let history = fold::History::of(&known);
    let shipments = rollup::shipments(&known, &history);
    let (milestone, partial) = rollup::order(state.ended(), &history, &shipments);
    Composite {
        stage: stage(state.ended(), &shipments),
        milestone,
        rank: milestone.map_or(0, Milestone::rank),
        partial,
        customer: Some(known.order.customer.clone()),
        promised: known.order.promised,
        eta: rollup::live(&shipments).filter_map(|shipment| shipment.eta).max(),
        conditions: conditions::open(&known, &history),
        exceptions,
        claims,
        flagged: history.flagged.clone(),
        ended: state.ended(),
        shipments,
    }
}

impl Composite {
    /// Of an order that nobody released nothing is known: whatever is told of it is a claim.
    const fn unreleased(ended: Option<End>) -> Self {
        Self {
            stage: Stage::Unreleased,
            milestone: None,
            rank: 0,
            partial: false,
            customer: None,
            promised: None,
            eta: None,
            shipments: Vec::new(),
            conditions: Vec::new(),
            exceptions: Vec::new(),
            claims: Vec::new(),
            flagged: Vec::new(),
            ended,
        }
    }
}

/// Where a released order stands.
fn stage(ended: Option<End>, shipments: &[ShipmentStatus]) -> Stage {
    let furthest = rollup::live(shipments).map(|shipment| shipment.rank).max().unwrap_or(0);
    let least = rollup::live(shipments).map(|shipment| shipment.rank).min().unwrap_or(0);
    match ended {
        Some(End::Closed) => Stage::Closed,
        Some(End::Cancelled) => Stage::Cancelled,
        None if least >= Milestone::TransportDelivered.rank() => Stage::Closing,
        None if furthest >= Milestone::TransportPickedUp.rank() => Stage::Transport,
        None if furthest >= Milestone::FulfilmentAllocated.rank() => Stage::Warehouse,
        None => Stage::Released,
    }
}
