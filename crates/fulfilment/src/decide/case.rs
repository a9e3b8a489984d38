//! One order as the rules look at it.

use model::{Ask, AskId, Milestone, Order, OrderLine, PartnerId, Request, ShipmentId, System};
use rust_decimal::Decimal;

use crate::policy::Policy;
use crate::state::{AskState, Shipment, State};

/// One order as the rules look at it: what is known, and what is being asked in this decision.
pub(super) struct Case<'a> {
    pub state: &'a State,
    pub policy: &'a Policy,
    pub order: &'a Order,
    pub shipments: Vec<Shipment<'a>>,
    /// What this decision asks. The rules for waits and problems see it as asked already, so that deciding on the
    /// state this decision leads to adds nothing.
    pub asks: Vec<Ask>,
    view: PartnerId,
}

impl<'a> Case<'a> {
    /// The case of a released order that has not ended; nothing is decided about any other.
    pub fn of(state: &'a State, policy: &'a Policy) -> Option<Self> {
        let order = state.order()?;
        let view = PartnerId::new("visibility").ok()?;
        let open = state.id().is_some() && state.ended().is_none();
        open.then(|| Self { state, policy, order, shipments: state.shipments(), asks: Vec::new(), view })
    }

    /// The id of an ask: the same however often it is decided.
    pub fn ask_id(&self, kind: &str, shipment: Option<&ShipmentId>) -> Option<AskId> {
        let order = self.state.id()?;
        let text = match shipment {
            Some(shipment) => format!("{order}/{kind}/{shipment}"),
            None => format!("{order}/{kind}"),
        };
        // The longest order number and the longest shipment id still fit; see `token::MAX_COMPOSED`.
        AskId::new(&text).ok()
    }

    /// The ask, unless it was made before.
    pub fn new_ask(
        &self,
        system: System,
        partner: &PartnerId,
        shipment: Option<&ShipmentId>,
        request: impl FnOnce() -> Request,
    ) -> Option<Ask> {
        let request = request();
        let id = self.ask_id(request.kind(), shipment)?;
        self.state.ask(&id).is_none().then(|| Ask { id, system, partner: partner.clone(), request })
    }

    /// What became of an ask; one of this decision is being waited for.
    pub fn answer(&self, kind: &str, shipment: Option<&ShipmentId>) -> AskState<'a> {
        let Some(id) = self.ask_id(kind, shipment) else { return AskState::NotAsked };
        let asked_now = self.asks.iter().find(|ask| ask.id == id);
        asked_now.map_or_else(|| self.state.ask_state(&id), |ask| self.state.answer_to(ask))
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
        self.state.has_reached(&shipment.id, milestones)
    }

    /// Whether the warehouse accepted a shipment and reserved all of it.
    pub fn is_allocated(&self, shipment: &Shipment<'_>) -> bool {
        self.answer("allocate", Some(&shipment.id)) == AskState::Accepted
            && shipment.lines.iter().all(|line| {
                self.state.quantity(Some(&shipment.id), line, &[Milestone::FulfilmentAllocated]) >= line.quantity.amount
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
            let of = |milestones: &[Milestone]| self.state.quantity(Some(&shipment.id), line, milestones);
            let shipped = of(&[Milestone::FulfilmentGoodsIssued]);
            let told = [("picked", of(&[Milestone::FulfilmentPicked])), ("packed", of(&[Milestone::FulfilmentPacked]))];
            let delivered = ("delivered", of(self.state.delivery(Some(&shipment.id))));
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
