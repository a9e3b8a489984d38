//! One order as the rules look at it.

use model::{Ask, AskId, Milestone, Order, OrderLine, PartnerId, Request, ShipmentId, System};
use rust_decimal::Decimal;

use super::waits::Wait;
use crate::policy::Policy;
use crate::state::{Actual, AskState, Shipment, State};

/// One order as the rules look at it: what is known, and what is being asked in this decision.
pub(super) struct Case<'a> {
    pub state: &'a State,
    pub policy: &'a Policy,
    pub order: &'a Order,
    pub shipments: Vec<Shipment<'a>>,
    /// What has happened to the goods.
    actual: Actual<'a>,
    /// What this decision asks. The rules for waits and problems see it as asked already, so that deciding on the
    /// state this decision leads to adds nothing.
    pub asks: Vec<Ask>,
    /// What is being waited for, once this decision has asked.
    pub waits: Vec<Wait>,
    view: PartnerId,
}

impl<'a> Case<'a> {
    /// The case of a released order that has not ended; nothing is decided about any other.
    pub fn of(state: &'a State, policy: &'a Policy) -> Option<Self> {
        let order = state.order()?;
        let view = PartnerId::new("visibility").ok()?;
        let open = state.id().is_some() && state.ended().is_none();
        open.then(|| Self {
            state,
            policy,
            order,
            shipments: state.shipments(),
            actual: state.actual(),
            asks: Vec::new(),
            waits: Vec::new(),
            view,
        })
    }

    /// The ask of this kind, if it was made before or is being made now; there is one of a kind for each shipment.
    pub fn ask(&self, kind: &str, shipment: Option<&ShipmentId>) -> Option<&Ask> {
        let same = |ask: &&Ask| ask.request.kind() == kind && about(&ask.request) == shipment;
        self.asks.iter().chain(self.state.asks()).find(same)
    }

    /// The ask, unless it was made before. Its id is the same however often it is decided.
    pub fn new_ask(
        &self,
        system: System,
        partner: &PartnerId,
        kind: &str,
        shipment: Option<&ShipmentId>,
        request: impl FnOnce() -> Request,
    ) -> Option<Ask> {
        if self.ask(kind, shipment).is_some() {
            return None;
        }
        let order = self.state.id()?;
        let text = match shipment {
            Some(shipment) => format!("{order}/{kind}/{shipment}"),
            None => format!("{order}/{kind}"),
        };
        // The longest order number and the longest shipment id still fit; see `token::MAX_COMPOSED`.
        let id = AskId::new(&text).ok()?;
        Some(Ask { id, system, partner: partner.clone(), request: request() })
    }

    /// What became of an ask, made before or now.
    pub fn answer(&self, kind: &str, shipment: Option<&ShipmentId>) -> AskState<'a> {
        self.ask(kind, shipment).map_or(AskState::NotAsked, |ask| self.state.answer_to(ask))
    }

    /// The waits that took longer than the policy allows.
    pub fn late_waits(&self) -> impl Iterator<Item = &Wait> {
        self.waits.iter().filter(|wait| self.state.is_due(&wait.name()))
    }

    /// What stands against the order: what the master data found, or else a line that no shipment holds.
    pub fn objections(&self) -> Vec<String> {
        let Some(validation) = self.state.validation() else { return Vec::new() };
        if !validation.findings.is_empty() {
            return validation.findings.iter().map(ToString::to_string).collect();
        }
        if self.order.lines.is_empty() {
            return vec!["the order has no lines".to_owned()];
        }
        let ships = |line: &OrderLine| self.shipments.iter().any(|s| s.lines.iter().any(|own| own.line == line.line));
        let left = self.order.lines.iter().filter(|line| !ships(line));
        left.map(|line| format!("no warehouse is known to ship line {}", line.line)).collect()
    }

    /// Whether the order was held against master data and nothing stands against it.
    pub fn is_valid(&self) -> bool {
        self.state.validation().is_some() && self.objections().is_empty()
    }

    /// The partner that books the order's transport.
    pub fn tms(&self) -> &'a PartnerId {
        let transport = &self.policy.transport;
        let by_mode = self.order.mode.as_ref().and_then(|mode| transport.by_mode.get(mode));
        by_mode.unwrap_or(&transport.tms)
    }

    /// Waybill's own visibility service.
    pub const fn view(&self) -> &PartnerId {
        &self.view
    }

    pub fn has_reached(&self, shipment: &Shipment<'_>, milestones: &[Milestone]) -> bool {
        self.actual.has_reached(&shipment.id, milestones)
    }

    /// Whether the warehouse accepted a shipment and reserved all of it.
    pub fn is_allocated(&self, shipment: &Shipment<'_>) -> bool {
        self.answer("allocate", Some(&shipment.id)) == AskState::Accepted
            && shipment.lines.iter().all(|line| {
                self.actual.quantity(Some(&shipment.id), line, &[Milestone::FulfilmentAllocated])
                    >= line.quantity.amount
            })
    }

    /// Whether the warehouse said what it reserved of a shipment, and it is not all.
    pub fn is_reserved_short(&self, shipment: &Shipment<'_>) -> bool {
        self.has_reached(shipment, &[Milestone::FulfilmentAllocated]) && !self.is_allocated(shipment)
    }

    /// Whether a shipment has left the warehouse by the warehouse's own word.
    pub fn is_issued(&self, shipment: &Shipment<'_>) -> bool {
        self.has_reached(shipment, &[Milestone::FulfilmentGoodsIssued])
    }

    /// Whether the carrier has, or had, the shipment.
    pub fn is_picked_up(&self, shipment: &Shipment<'_>) -> bool {
        self.has_reached(shipment, PICKED_UP)
    }

    /// Whether a shipment has left by the warehouse's word and arrived by the carrier's.
    pub fn is_shipment_delivered(&self, shipment: &Shipment<'_>) -> bool {
        self.has_reached(shipment, &[Milestone::TransportDelivered, Milestone::TransportPodReceived])
    }

    /// Whether all shipments have left and arrived.
    pub fn is_delivered(&self) -> bool {
        !self.shipments.is_empty() && self.shipments.iter().all(|s| self.is_issued(s) && self.is_shipment_delivered(s))
    }

    /// The lines of a shipment whose quantities differ along the way, in words. A step nobody told anything of is left
    /// out: its message may come yet.
    pub fn differing_lines(&self, shipment: &Shipment<'_>) -> Vec<String> {
        if !self.is_issued(shipment) || !self.is_shipment_delivered(shipment) {
            return Vec::new();
        }
        let differing = shipment.lines.iter().filter_map(|line| {
            let of = |milestones: &[Milestone]| self.actual.quantity(Some(&shipment.id), line, milestones);
            let shipped = of(&[Milestone::FulfilmentGoodsIssued]);
            let told = [("picked", of(&[Milestone::FulfilmentPicked])), ("packed", of(&[Milestone::FulfilmentPacked]))];
            let delivered = ("delivered", of(self.actual.delivery(Some(&shipment.id))));
            let known = told.into_iter().filter(|(_, amount)| *amount != Decimal::ZERO).chain([delivered]);
            let ordered = ("ordered", line.quantity.amount);
            let other = known.filter(|(_, amount)| *amount != shipped).chain((shipped > ordered.1).then_some(ordered));
            let words: Vec<_> = other.map(|(step, amount)| format!("{step} {}", amount.normalize())).collect();
            let shipped = shipped.normalize();
            (!words.is_empty()).then(|| format!("line {}: shipped {shipped}, {}", line.line, words.join(", ")))
        });
        differing.collect()
    }
}

/// The shipment a request is about; `None` when it is about the order.
const fn about(request: &Request) -> Option<&ShipmentId> {
    match request {
        Request::Allocate { shipment, .. } | Request::Book { shipment, .. } => Some(shipment),
        Request::ConfirmShipment { .. } | Request::Bill { .. } | Request::UpdateCustomer { .. } => None,
    }
}

/// What tells that the carrier has, or had, the goods.
const PICKED_UP: &[Milestone] = &[
    Milestone::TransportPickedUp,
    Milestone::TransportDepartedFacility,
    Milestone::TransportArrivedFacility,
    Milestone::TransportInTransit,
    Milestone::TransportHandedOver,
    Milestone::TransportCustomsStarted,
    Milestone::TransportCustomsReleased,
    Milestone::TransportAtDestinationFacility,
    Milestone::TransportOutForDelivery,
    Milestone::TransportAvailableForPickup,
    Milestone::TransportArrivedConsignee,
    Milestone::TransportDeliveryAttempted,
    Milestone::TransportPartiallyDelivered,
    Milestone::TransportDelivered,
    Milestone::TransportPodReceived,
    Milestone::TransportReturning,
];
