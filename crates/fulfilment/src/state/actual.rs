//! What has actually happened to the goods, by the word of each shipment's own warehouse and TMS.

use engine::FactId;
use model::{Lane, Milestone, MilestoneReached, OrderLine, ParcelId, Progress, Quantity, Unit, When};
use rust_decimal::Decimal;

use super::{Held, Part, Shipment};

/// The milestones that were actually reached, shipment by shipment, picked out once for the many questions asked of them.
#[derive(Default)]
pub(crate) struct Actual<'a>(pub(super) Vec<Event<'a>>);

/// A milestone that a shipment reached. One that was told of the whole order is one of each shipment.
#[derive(Clone, Copy)]
pub(crate) struct Event<'a> {
    pub fact: FactId,
    pub held: &'a Held,
    /// The shipment's place among the shipments.
    pub shipment: usize,
    pub reached: &'a MilestoneReached,
}

/// How much of one line has come how far, in the order's unit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Amounts {
    amounts: [Decimal; Step::ALL.len()],
    /// When the last of it was delivered.
    pub delivered_on: Option<When>,
}

/// A step that is told of in quantities, in the order of the lifecycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A warehouse reserved it.
    Allocated,
    /// It is picked.
    Picked,
    /// It is packed.
    Packed,
    /// It left the warehouse.
    Shipped,
    /// The consignee has it.
    Delivered,
    /// It came back.
    Returned,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 6] =
        [Self::Allocated, Self::Picked, Self::Packed, Self::Shipped, Self::Delivered, Self::Returned];

    /// The step in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allocated => "allocated",
            Self::Picked => "picked",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
        }
    }
}

impl Amounts {
    /// How much came as far as this step.
    pub const fn of(&self, step: Step) -> Decimal {
        self.amounts[step as usize]
    }

    /// What a return of everything brings back: what was not delivered or, when all was, that.
    fn left_to_return(&self) -> Decimal {
        let (shipped, delivered) = (self.of(Step::Shipped), self.of(Step::Delivered));
        if delivered < shipped { shipped - delivered } else { shipped }
    }

    /// Has no more than this come as far as a step.
    pub fn keep(&mut self, step: Step, most: Decimal) {
        let amount = &mut self.amounts[step as usize];
        *amount = (*amount).min(most);
    }

    /// Takes in what came as far of the same line in another shipment.
    pub fn add(&mut self, other: &Self) {
        for (amount, more) in self.amounts.iter_mut().zip(other.amounts) {
            *amount = amount.saturating_add(more);
        }
        self.delivered_on = self.delivered_on.max(other.delivered_on);
    }
}

impl<'a> Actual<'a> {
    /// Whether a shipment reached a milestone: told of the shipment or the order, or of each parcel known of it. How much
    /// of which line did is another question, see [`Actual::tally`].
    pub fn has_reached(&self, shipment: &Shipment<'_>, milestones: &[Milestone]) -> bool {
        let mut parcels: Vec<(&ParcelId, bool)> = Vec::new();
        for Event { reached, .. } in self.all_of(shipment) {
            let here = milestones.contains(&reached.milestone);
            let Some(parcel) = &reached.parcel else {
                if here {
                    return true;
                }
                continue;
            };
            match parcels.iter_mut().find(|(known, _)| *known == parcel) {
                Some((_, known)) => *known |= here,
                None => parcels.push((parcel, here)),
            }
        }
        !parcels.is_empty() && parcels.iter().all(|(_, reached)| *reached)
    }

    /// Whether its warehouse said that nothing of a shipment leaves, and nothing left.
    pub fn is_issued_empty(&self, shipment: &Shipment<'_>) -> bool {
        let empty = |event: &Event<'_>| event.reached.milestone == GOODS_ISSUED && is_of_nothing(event.reached);
        let told = self.0.iter().any(|event| event.shipment == shipment.nth && empty(event));
        told && self.of(shipment, &[GOODS_ISSUED]).next().is_none()
    }

    /// Whether an operator said that a shipment reached a milestone.
    pub fn is_said_by_operator(&self, shipment: &Shipment<'_>, milestone: Milestone) -> bool {
        self.of(shipment, &[milestone]).any(|event| event.held.lane == Lane::Ops)
    }

    /// How much of each line of a shipment has come how far. A milestone that names no lines covers all that it is about,
    /// once however often it is told; only more than all is more. All is what there was to take that step: what was reserved, or
    /// what left.
    pub fn tally(&self, shipment: &Shipment<'_>) -> Vec<Amounts> {
        let mut tally = vec![Amounts::default(); shipment.lines.len()];
        for step in Step::ALL {
            let milestones = self.milestones(shipment, step);
            for event in self.of(shipment, milestones) {
                let occurred = (step == Step::Delivered).then_some(event.reached.occurred);
                let parts = &event.reached.lines;
                for amounts in tally.iter_mut().filter(|_| parts.is_empty()) {
                    amounts.delivered_on = amounts.delivered_on.max(occurred);
                }
                let some = parts.iter().filter(|part| !part.quantity.amount.is_zero());
                for (place, part) in some.filter_map(|part| Some((shipment.place_of(&part.line)?, part))) {
                    tally[place].delivered_on = tally[place].delivered_on.max(occurred);
                    let sum = &mut tally[place].amounts[step as usize];
                    *sum = sum.saturating_add(in_unit(&part.quantity, &shipment.lines[place].line.quantity.unit));
                }
            }
            let all = self.told_of_all(shipment, milestones).is_some();
            let known = Reached { reserved: is_reserved(&tally), issued: self.has_reached(shipment, &[GOODS_ISSUED]) };
            for (amounts, part) in tally.iter_mut().zip(&shipment.lines).filter(|_| all) {
                let all = known.all_of(part, step, amounts);
                let amount = &mut amounts.amounts[step as usize];
                *amount = all.max(*amount);
            }
        }
        tally
    }

    /// The first event that tells of everything a shipment holds. One that tells of a parcel and names no lines leaves open
    /// what the parcel holds, until every parcel known is told of.
    pub(super) fn told_of_all(&self, shipment: &Shipment<'_>, milestones: &[Milestone]) -> Option<Event<'a>> {
        let whole = self.of(shipment, milestones).filter(|event| {
            event.reached.lines.is_empty() && event.reached.milestone != Milestone::TransportPartiallyDelivered
        });
        let first = whole.min_by_key(|event| (event.reached.parcel.is_some(), event.held.received, event.fact))?;
        (first.reached.parcel.is_none() || self.has_reached(shipment, milestones)).then_some(first)
    }

    /// Every part of a line that was told of by name.
    pub(super) fn told_of_parts(
        &self,
        shipment: &Shipment<'_>,
        line: &OrderLine,
        milestones: &[Milestone],
    ) -> impl Iterator<Item = (Event<'a>, &'a Progress)> {
        self.of(shipment, milestones).flat_map(move |event| {
            let parts = event.reached.lines.iter().filter(move |part| part.line == line.line);
            parts.map(move |part| (event, part))
        })
    }

    /// Every event of a shipment and one of these milestones.
    pub fn of(&self, shipment: &Shipment<'_>, milestones: &[Milestone]) -> impl Iterator<Item = Event<'a>> {
        self.all_of(shipment).filter(move |event| milestones.contains(&event.reached.milestone))
    }

    /// Everything that happened to a shipment.
    pub fn all_of(&self, shipment: &Shipment<'_>) -> impl Iterator<Item = Event<'a>> {
        let nth = shipment.nth;
        // A warehouse that reserved nothing has answered; any other step of nothing was not taken.
        let happened = |event: &Event<'_>| {
            event.reached.milestone == Milestone::FulfilmentAllocated || !is_of_nothing(event.reached)
        };
        self.0.iter().copied().filter(move |event| event.shipment == nth && happened(event))
    }

    /// The milestones that tell of a step. What the consignee has taken is told by deliveries or, where none is told, by
    /// the proof of delivery.
    fn milestones(&self, shipment: &Shipment<'_>, step: Step) -> &'static [Milestone] {
        match step {
            Step::Allocated => &[Milestone::FulfilmentAllocated],
            Step::Picked => &[Milestone::FulfilmentPicked],
            Step::Packed => &[Milestone::FulfilmentPacked],
            Step::Shipped => &[GOODS_ISSUED],
            Step::Delivered if self.of(shipment, DELIVERED).next().is_some() => DELIVERED,
            Step::Delivered => &[Milestone::TransportPodReceived],
            Step::Returned => &[Milestone::TransportReturned],
        }
    }
}

/// What is known of a shipment when a message covers all of it.
pub(super) struct Reached {
    /// Some of it was reserved.
    pub reserved: bool,
    /// It left.
    pub issued: bool,
}

impl Reached {
    /// How much a message that covers all of a shipment tells of a line: what the warehouse was asked to reserve; later on what
    /// was to leave, as far as it was reserved; and then what left.
    pub fn all_of(&self, part: &Part<'_>, step: Step, amounts: &Amounts) -> Decimal {
        let held = believable(part.held());
        match step {
            Step::Allocated => believable(part.wanted),
            Step::Picked | Step::Packed | Step::Shipped if self.reserved => held.min(amounts.of(Step::Allocated)),
            Step::Delivered if self.issued => held.min(amounts.of(Step::Shipped)),
            Step::Returned if self.issued => held.min(amounts.left_to_return()),
            Step::Picked | Step::Packed | Step::Shipped | Step::Delivered | Step::Returned => held,
        }
    }
}

/// Whether anything of a shipment was reserved.
pub(super) fn is_reserved(tally: &[Amounts]) -> bool {
    tally.iter().any(|amounts| !amounts.of(Step::Allocated).is_zero())
}

const GOODS_ISSUED: Milestone = Milestone::FulfilmentGoodsIssued;

/// What a consignee has taken, in whole or in part.
const DELIVERED: &[Milestone] = &[Milestone::TransportDelivered, Milestone::TransportPartiallyDelivered];

/// Whether what is told is that nothing came so far: each quantity that it names is zero. A vain attempt may say so too.
pub(crate) fn is_of_nothing(reached: &MilestoneReached) -> bool {
    let names = !reached.lines.is_empty() && reached.milestone != Milestone::TransportDeliveryAttempted;
    names && reached.lines.iter().all(|part| part.quantity.amount.is_zero())
}

/// The amount, when it counts in the order's unit; an amount in another unit counts as nothing.
pub(super) fn in_unit(quantity: &Quantity, unit: &Unit) -> Decimal {
    if quantity.unit == *unit { plausible(quantity) } else { Decimal::ZERO }
}

/// As much of it as can be believed.
pub(super) fn plausible(quantity: &Quantity) -> Decimal {
    believable(quantity.amount)
}

fn believable(amount: Decimal) -> Decimal {
    amount.clamp(Decimal::ZERO, Quantity::MOST)
}
