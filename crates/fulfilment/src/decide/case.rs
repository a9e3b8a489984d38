//! One order as the rules look at it.

use model::{Ask, ExceptionKind, Lane, LineId, Milestone, Order, OrderLine, PartnerId, Request, ShipmentId, System};

use super::quantities;
use super::waits::Wait;
use crate::policy::{Policy, Short};
use crate::state::{
    Amounts, AskState, Cancelled, Changes, Known, Part, Shipment, State, Step, ask_id, changes, newest,
};

/// One order as the rules look at it: what is known, and what is being asked in this decision.
pub(super) struct Case<'a> {
    pub state: &'a State,
    pub policy: &'a Policy,
    pub known: Known<'a>,
    /// How much of each line of each shipment has come how far.
    tallies: Vec<Vec<Amounts>>,
    /// What stands against the order, in words.
    pub objections: Vec<String>,
    /// That the order is not wanted any more.
    pub cancelled: Option<Cancelled<'a>>,
    /// Who holds it back.
    pub holders: Vec<Lane>,
    /// What the ERP changed after something was asked.
    pub changes: Changes,
    /// What this decision asks. The rules for waits and problems see it as asked already, so that deciding on the
    /// state this decision leads to adds nothing.
    pub asks: Vec<Ask>,
    /// What is being waited for, once this decision has asked.
    pub waits: Vec<Wait>,
    view: PartnerId,
}

impl<'a> Case<'a> {
    /// The case of a released order; of no other is anything asked.
    pub fn of(state: &'a State, policy: &'a Policy) -> Option<Self> {
        let view = PartnerId::new("visibility").ok()?;
        let known = state.known(|_| None)?;
        let tallies = known.shipments.iter().map(|shipment| known.tally(shipment)).collect();
        let objections = objections(&known);
        let (cancelled, holders) = (known.cancelled(), known.holders());
        let is_committed = state.committed().is_some();
        let changes = if is_committed { changes(known.order, known.last_release.order) } else { Changes::default() };
        let (asks, waits) = (Vec::new(), Vec::new());
        Some(Self { state, policy, known, tallies, objections, cancelled, holders, changes, asks, waits, view })
    }

    /// From now on the word of the TMS counts for what it is being asked to carry in this decision, and may have told of
    /// already.
    pub fn heed_the_tms(&mut self) {
        let booked = |ask: &Ask| matches!(ask.request, Request::Book { .. });
        if !self.asks.iter().any(booked) {
            return;
        }
        let (asks, mode) = (&self.asks, self.order().mode.as_deref());
        let asked = |shipment: &ShipmentId| {
            let partner = &newest(asks.iter(), "book", Some(shipment))?.partner;
            // It is one of those that the policy, an ask made before or an operator names, and these live as long as the order.
            let before = self.state.asks().map(|ask| &ask.partner);
            self.policy.tenders(mode).chain(before).chain(self.state.substitutes()).find(|known| *known == partner)
        };
        if let Some(known) = self.state.known(asked) {
            self.tallies = known.shipments.iter().map(|shipment| known.tally(shipment)).collect();
            self.known = known;
        }
    }

    pub const fn order(&self) -> &'a Order {
        self.known.order
    }

    pub fn shipments(&self) -> impl Iterator<Item = &Shipment<'a>> {
        self.known.shipments.iter()
    }

    /// Every ask, made before or now.
    pub fn all_asks(&self) -> impl DoubleEndedIterator<Item = &Ask> + Clone {
        self.state.asks().chain(&self.asks)
    }

    /// The newest ask of this kind, made before or now, for a shipment or for the order.
    pub fn ask(&self, kind: &str, shipment: Option<&ShipmentId>) -> Option<&Ask> {
        newest(self.all_asks(), kind, shipment)
    }

    /// The ask, unless it was made before and is not to be made anew. Its id is the same however often it is decided.
    pub fn new_ask(
        &self,
        system: System,
        partner: &PartnerId,
        kind: &str,
        shipment: Option<&ShipmentId>,
        request: impl FnOnce() -> Request,
    ) -> Option<Ask> {
        if self.ask(kind, shipment).is_some_and(|ask| !self.is_to_be_made_anew(ask)) {
            return None;
        }
        self.make_ask(system, partner, kind, shipment, request)
    }

    /// The ask, whatever was asked before.
    pub fn make_ask(
        &self,
        system: System,
        partner: &PartnerId,
        kind: &str,
        shipment: Option<&ShipmentId>,
        request: impl FnOnce() -> Request,
    ) -> Option<Ask> {
        let id = ask_id(self.state.id()?, kind, shipment, self.same(kind, shipment).count() + 1)?;
        Some(Ask { id, system, partner: partner.clone(), request: request() })
    }

    /// What became of the newest ask of this kind, made before or now.
    pub fn answer(&self, kind: &str, shipment: Option<&ShipmentId>) -> AskState<'a> {
        self.ask(kind, shipment).map_or(AskState::NotAsked, |ask| self.known.answers.to(ask))
    }

    /// Whether more may be committed to: nobody holds the order back, and nothing of it is being undone.
    pub fn may_commit(&self) -> bool {
        self.holders.is_empty() && !self.is_being_undone()
    }

    /// Whether somebody holds the order back, and there is something left of it to hold.
    pub fn is_held_back(&self) -> bool {
        let unbooked = |shipment: &Shipment<'a>| self.standing("book", shipment).is_none();
        !self.holders.is_empty() && !self.is_being_undone() && self.live_shipments().any(unbooked)
    }

    /// Whether the policy sets a wait a limit: of the asks that failed, only those that it has made anew.
    pub fn is_limited(&self, wait: &Wait) -> bool {
        match wait {
            Wait::Retry(kind, shipment, _) => {
                self.ask(kind, shipment.as_ref()).is_some_and(|ask| self.may_be_retried(ask))
            }
            Wait::Rest(lacking, _) => self.is_rest_limited(*lacking),
            Wait::Allocate(..)
            | Wait::BackOrder(..)
            | Wait::Book(..)
            | Wait::Answer(..)
            | Wait::Ship(_)
            | Wait::GoodsIssue(_)
            | Wait::Deliver(_)
            | Wait::GiveBack(_)
            | Wait::Disagreement(..)
            | Wait::Close
            | Wait::Undo(..)
            | Wait::CallOff
            | Wait::Hold(_) => true,
        }
    }

    /// The waits that took longer than the policy allows.
    pub fn late_waits(&self) -> impl Iterator<Item = &Wait> {
        self.waits.iter().filter(|wait| self.state.is_due(&wait.name()))
    }

    /// Whether this is being waited for, longer than the policy allows.
    pub fn is_late(&self, wait: &Wait) -> bool {
        self.late_waits().any(|late| late == wait)
    }

    /// Whether the order was held against master data and nothing stands against it.
    pub const fn is_valid(&self) -> bool {
        self.objections.is_empty()
    }

    /// The partner that books a shipment's transport: the one that was asked, else the policy's.
    pub fn tms(&self, shipment: &Shipment<'a>) -> &'a PartnerId {
        shipment.tms.unwrap_or_else(|| self.policy.tms(self.order().mode.as_deref()))
    }

    /// Waybill's own visibility service.
    pub const fn view(&self) -> &PartnerId {
        &self.view
    }

    pub fn has_reached(&self, shipment: &Shipment<'_>, milestones: &[Milestone]) -> bool {
        self.known.actual.has_reached(shipment, milestones)
    }

    /// How much of each line of a shipment has come how far.
    pub fn tally<'s>(&'s self, shipment: &'s Shipment<'a>) -> impl Iterator<Item = (&'s Part<'a>, &'s Amounts)> {
        shipment.lines.iter().zip(self.tallies.get(shipment.nth).into_iter().flatten())
    }

    /// Whether the warehouse accepted a shipment and reserved all of it, or as much as is to be shipped.
    pub fn is_allocated(&self, shipment: &Shipment<'a>) -> bool {
        self.answer("allocate", Some(&shipment.id)) == AskState::Accepted
            && (self.is_reserved_in_full(shipment) || self.ships_short(shipment))
    }

    fn is_reserved_in_full(&self, shipment: &Shipment<'a>) -> bool {
        self.tally(shipment).all(|(part, amounts)| amounts.of(Step::Allocated) >= part.held())
    }

    /// Whether the warehouse said what it reserved of a shipment, and it is not all.
    pub fn is_reserved_short(&self, shipment: &Shipment<'a>) -> bool {
        self.has_reached(shipment, &[Milestone::FulfilmentAllocated]) && !self.is_reserved_in_full(shipment)
    }

    /// Whether what there is of a shipment is to be shipped, by policy or by an operator's word.
    pub fn ships_short(&self, shipment: &Shipment<'a>) -> bool {
        let may = self.policy.allocation.short == Short::Ship
            || self.state.is_kind_waived(&ExceptionKind::NoStock(shipment.id.clone()));
        may && self.is_reserved_short(shipment)
            && self.tally(shipment).any(|(_, amounts)| !amounts.of(Step::Allocated).is_zero())
    }

    /// Whether a shipment has left the warehouse by the warehouse's own word.
    pub fn is_issued(&self, shipment: &Shipment<'_>) -> bool {
        self.has_reached(shipment, &[Milestone::FulfilmentGoodsIssued])
    }

    /// Whether the carrier has, or had, the shipment.
    pub fn is_picked_up(&self, shipment: &Shipment<'_>) -> bool {
        self.has_reached(shipment, PICKED_UP)
    }

    /// Whether a shipment has arrived by the carrier's word.
    pub fn is_shipment_delivered(&self, shipment: &Shipment<'_>) -> bool {
        self.has_reached(shipment, &[Milestone::TransportDelivered, Milestone::TransportPodReceived])
    }

    /// Whether the carrier brings a shipment back, and it has not come.
    pub fn is_coming_back(&self, shipment: &Shipment<'_>) -> bool {
        self.has_reached(shipment, &[Milestone::TransportReturning])
            && !self.has_reached(shipment, &[Milestone::TransportReturned])
            && !self.is_shipment_delivered(shipment)
    }

    /// Whether all shipments that are still wanted have left and arrived.
    pub fn is_delivered(&self) -> bool {
        let mut live = self.live_shipments().peekable();
        live.peek().is_some() && live.all(|s| self.is_issued(s) && self.is_shipment_delivered(s))
    }

    /// The lines of a shipment whose quantities cannot be right, in words.
    pub fn differing_lines(&self, shipment: &Shipment<'a>) -> Vec<String> {
        let arrived = self.is_issued(shipment) && self.is_shipment_delivered(shipment);
        let may_lack = self.may_arrive_short();
        let words = |part: &Part<'_>, amounts: &Amounts| {
            let differs = if arrived { quantities::differing(part, amounts, may_lack) } else { None };
            let words = differs.or_else(|| quantities::too_much(part, amounts))?;
            Some(format!("line {}: {words}", part.line.line))
        };
        self.tally(shipment).filter_map(|(part, amounts)| words(part, amounts)).collect()
    }
}

/// What stands against an order: what the master data found, or else what is wrong with its lines.
fn objections(known: &Known<'_>) -> Vec<String> {
    let Some(validation) = known.validation else {
        return vec!["it was released without being held against the master data".to_owned()];
    };
    if !validation.findings.is_empty() {
        return validation.findings.iter().map(ToString::to_string).collect();
    }
    let lines = &known.order.lines;
    if lines.is_empty() {
        return vec!["the order has no lines".to_owned()];
    }
    let mut numbers: Vec<&LineId> = lines.iter().map(|line| &line.line).collect();
    numbers.sort_unstable();
    let mut twice: Vec<&LineId> = numbers.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    twice.dedup();
    let twice = twice.into_iter().map(|number| format!("line {number} is there more than once"));
    let odd = lines.iter().filter(|line| !line.quantity.is_plausible());
    let odd = odd.map(|line| format!("{} of line {} is no quantity to order", line.quantity, line.line));
    let ships = |line: &OrderLine| known.shipments.iter().any(|shipment| shipment.place_of(&line.line).is_some());
    let left = lines.iter().filter(|line| !ships(line));
    twice.chain(odd).chain(left.map(|line| format!("no warehouse is known to ship line {}", line.line))).collect()
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
