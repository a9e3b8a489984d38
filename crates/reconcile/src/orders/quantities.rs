//! Quantities along ordered ≥ allocated ≥ picked ≥ packed ≥ shipped ≥ delivered, line by line. A step that nobody told anything
//! of is left out: its message may come yet.

use fulfilment::state::{PartBook, ShipmentBook, Stated, Step};
use model::{End, ExceptionKind, LineId, Milestone, Timestamp};
use rust_decimal::Decimal;

use super::{Case, last, worth};
use crate::discrepancy::{Discrepancy, EntryRef, Kind, Side};
use crate::policy::is_near;
use crate::remedy::Remedy;

/// A quantity at one step, and who says so.
struct Told {
    /// `None` for what was ordered.
    step: Option<Step>,
    amount: Decimal,
    /// The most that a later step may come to.
    most: Decimal,
    who: String,
    /// When the last word on it came in.
    told: Option<Timestamp>,
    entries: Vec<EntryRef>,
}

impl Told {
    fn name(&self) -> &'static str {
        self.step.map_or("ordered", Step::as_str)
    }
}

/// A later step is more than an earlier one; or it is less, and nothing more can follow.
pub(super) fn along_the_way(case: &Case<'_>) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    for shipment in case.live_shipments() {
        let kind = ExceptionKind::QuantityMismatch(shipment.id.clone());
        if case.state.is_taken_as_it_is(&kind) {
            continue;
        }
        for part in &shipment.parts {
            found.extend(of_part(case, shipment, part));
        }
    }
    found
}

fn of_part(case: &Case<'_>, shipment: &ShipmentBook<'_>, part: &PartBook<'_>) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    let mut before = ordered(case, part);
    for step in [Step::Allocated, Step::Picked, Step::Packed, Step::Shipped, Step::Delivered] {
        if part.of(step).is_zero() {
            continue;
        }
        let this = told(case, shipment, part, step);
        let percent = case.policy.quantity_percent(&this.who);
        let is_more = this.amount > before.most;
        let differs = is_more || (this.amount < before.amount && is_final(case, shipment, part, step, &before));
        let since = before.told.max(this.told).unwrap_or(case.now);
        if differs
            && !is_near(this.amount, before.amount, percent)
            && case.is_over(since, case.policy.grace.quantities.millis())
        {
            found.push(discrepancy(case, shipment, part, (&before, &this), since));
        }
        // What cannot be is no measure for the steps after it.
        if !is_more {
            before = this;
        }
    }
    found
}

fn ordered(case: &Case<'_>, part: &PartBook<'_>) -> Told {
    Told {
        step: None,
        amount: part.wanted,
        most: part.wanted.max(Decimal::ZERO),
        who: case.books.erp.to_string(),
        told: None,
        entries: case.entry(case.books.release).into_iter().collect(),
    }
}

fn told(case: &Case<'_>, shipment: &ShipmentBook<'_>, part: &PartBook<'_>, step: Step) -> Told {
    let events: Vec<Stated<'_>> = events(shipment, &part.line.line, step);
    let who = match step {
        Step::Allocated | Step::Picked | Step::Packed | Step::Shipped => shipment.wms.to_string(),
        Step::Delivered | Step::Returned => shipment.tms.map_or_else(|| "tms".to_owned(), ToString::to_string),
    };
    let amount = part.of(step);
    // What another shipment took on is not to leave with this one.
    let most = if step < Step::Shipped { amount.min(part.held.max(Decimal::ZERO)) } else { amount };
    Told { step: Some(step), amount, most, who, told: last(&events), entries: case.entries(&events) }
}

/// What was told of a step of a line.
pub(super) fn events<'a>(shipment: &ShipmentBook<'a>, line: &LineId, step: Step) -> Vec<Stated<'a>> {
    let of_line = |stated: &&Stated<'_>| {
        stated.reached.lines.is_empty() || stated.reached.lines.iter().any(|part| part.line == *line)
    };
    let of_step = |stated: &&Stated<'_>| is_of(step, stated.reached.milestone);
    shipment.reached.iter().filter(of_step).filter(of_line).copied().collect()
}

/// Whether a milestone tells of a step.
fn is_of(step: Step, milestone: Milestone) -> bool {
    match step {
        Step::Allocated => milestone == Milestone::FulfilmentAllocated,
        Step::Picked => milestone == Milestone::FulfilmentPicked,
        Step::Packed => milestone == Milestone::FulfilmentPacked,
        Step::Shipped => milestone == Milestone::FulfilmentGoodsIssued,
        Step::Delivered => matches!(
            milestone,
            Milestone::TransportDelivered | Milestone::TransportPartiallyDelivered | Milestone::TransportPodReceived
        ),
        Step::Returned => milestone == Milestone::TransportReturned,
    }
}

/// Whether what a step lacks cannot follow any more. That a warehouse reserves or picks less than it might is business, and has an
/// exception and a policy; that it ships less than it packed, or less arrives than left, is a difference between books.
fn is_final(case: &Case<'_>, shipment: &ShipmentBook<'_>, part: &PartBook<'_>, step: Step, before: &Told) -> bool {
    let is_settled = case.state.ended() == Some(End::Closed) || is_short_taken(case, shipment);
    if is_settled && !is_open(case, shipment) {
        return false;
    }
    let has_left = !part.of(Step::Shipped).is_zero();
    match step {
        Step::Allocated | Step::Picked => false,
        Step::Packed => has_left && before.step == Some(Step::Picked),
        Step::Shipped => matches!(before.step, Some(Step::Picked | Step::Packed)),
        Step::Delivered | Step::Returned => {
            let arrived = part.of(Step::Delivered).saturating_add(part.sent_again);
            before.step == Some(Step::Shipped)
                && arrived.saturating_add(part.of(Step::Returned)) < before.amount
                && shipment.reached.iter().any(|stated| {
                    matches!(stated.reached.milestone, Milestone::TransportDelivered | Milestone::TransportPodReceived)
                })
        }
    }
}

/// Whether an operator takes it that less leaves or arrives.
fn is_short_taken(case: &Case<'_>, shipment: &ShipmentBook<'_>) -> bool {
    let kinds = [ExceptionKind::ShippedShort(shipment.id.clone()), ExceptionKind::Undeliverable(shipment.id.clone())];
    kinds.iter().any(|kind| case.state.is_taken_as_it_is(kind))
}

/// Whether the workflow itself says that the quantities of a shipment differ.
fn is_open(case: &Case<'_>, shipment: &ShipmentBook<'_>) -> bool {
    let kind = ExceptionKind::QuantityMismatch(shipment.id.clone());
    case.state.exceptions().any(|open| open.kind == kind)
}

fn discrepancy(
    case: &Case<'_>,
    shipment: &ShipmentBook<'_>,
    part: &PartBook<'_>,
    (before, this): (&Told, &Told),
    since: Timestamp,
) -> Discrepancy {
    let unit = &part.line.quantity.unit;
    let side = |told: &Told| {
        let says = format!("{} {} {unit}", told.name(), told.amount.normalize());
        Side::new(&told.who, says, told.entries.clone())
    };
    let kind = ExceptionKind::QuantityMismatch(shipment.id.clone());
    let open = case.state.exceptions().find(|open| open.kind == kind);
    let remedy = open.cloned().map_or_else(
        || Remedy::Person(format!("ask {} and {} which of them counted right", before.who, this.who)),
        Remedy::TakeAsItIs,
    );
    Discrepancy {
        kind: Kind::Quantity,
        about: case.about(Some(&shipment.id), Some(&part.line.line), Some(this.name())),
        one: side(before),
        other: side(this),
        since,
        stake: worth(part.line, this.amount.saturating_sub(before.amount)),
        remedy,
    }
}
