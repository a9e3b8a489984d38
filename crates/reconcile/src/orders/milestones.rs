//! Milestones that are missing although later ones were told, and those that are late.

use fulfilment::state::{ShipmentBook, Stated};
use model::{Classifier, ExceptionKind, Lane, Milestone, MilestoneReached, Phase};

use super::status::{is_on_the_road, value};
use super::{Case, first, sum, worth};
use crate::discrepancy::{Discrepancy, Kind, Side};
use crate::remedy::Remedy;

/// The carrier has, or had, a shipment that the warehouse has not issued.
pub(super) fn goods_issue_missing(case: &Case<'_>) -> Vec<Discrepancy> {
    let of_shipment = |shipment: &ShipmentBook<'_>| {
        let is_issued = |stated: &Stated<'_>| stated.reached.milestone == Milestone::FulfilmentGoodsIssued;
        if shipment.issued_empty || shipment.reached.iter().any(is_issued) {
            return None;
        }
        let carried: Vec<Stated<'_>> = on_the_road(shipment);
        let since = first(&carried).filter(|since| case.is_over(*since, case.policy.grace.milestones.millis()))?;
        // It left when the carrier took it, if that is known.
        let left = carried.iter().map(|stated| stated.reached.occurred).min()?;
        let says = carried.iter().map(|stated| stated.reached.milestone).max()?;
        let tms = shipment.tms.map_or("tms", |tms| tms.as_str());
        Some(Discrepancy {
            kind: Kind::MilestoneMissing,
            about: case.about(Some(&shipment.id), None, Some(Milestone::FulfilmentGoodsIssued.as_str())),
            one: Side::new(shipment.wms.as_str(), "no goods issue", Vec::new()),
            other: Side::new(tms, says.as_str(), case.entries(&carried)),
            since,
            stake: value(shipment),
            remedy: Remedy::Tell(Box::new(MilestoneReached {
                milestone: Milestone::FulfilmentGoodsIssued,
                classifier: Classifier::Actual,
                occurred: left,
                shipment: Some(shipment.id.clone()),
                parcel: None,
                place: None,
                lines: Vec::new(),
                code: None,
            })),
        })
    };
    case.live_shipments().filter_map(of_shipment).collect()
}

/// The warehouse has issued a shipment, and its carrier says nothing.
pub(super) fn pick_up_missing(case: &Case<'_>) -> Vec<Discrepancy> {
    let of_shipment = |shipment: &ShipmentBook<'_>| {
        let tms = shipment.tms?;
        let is_issued = |stated: &&Stated<'_>| stated.reached.milestone == Milestone::FulfilmentGoodsIssued;
        let issued: Vec<Stated<'_>> = shipment.reached.iter().filter(is_issued).copied().collect();
        let since = first(&issued).filter(|since| case.is_over(*since, case.policy.grace.milestones.millis()))?;
        let is_back = |stated: &Stated<'_>| stated.reached.milestone.phase() == Phase::Return;
        if case.state.ended().is_some() || !on_the_road(shipment).is_empty() || shipment.reached.iter().any(is_back) {
            return None;
        }
        Some(Discrepancy {
            kind: Kind::MilestoneMissing,
            about: case.about(Some(&shipment.id), None, Some(Milestone::TransportPickedUp.as_str())),
            one: Side::new(tms.as_str(), "no pick-up", Vec::new()),
            other: Side::new(shipment.wms.as_str(), Milestone::FulfilmentGoodsIssued.as_str(), case.entries(&issued)),
            since,
            stake: value(shipment),
            remedy: Remedy::Person(format!("ask {tms} where it is; what it has told: waybill partner replay {tms}")),
        })
    };
    case.live_shipments().filter_map(of_shipment).collect()
}

/// The promised day is over, and not all of it is delivered.
pub(super) fn late(case: &Case<'_>) -> Vec<Discrepancy> {
    let undelivered = case.books.lines.iter().filter(|line| line.delivered < line.ordered);
    let overdue: Vec<_> = undelivered
        .filter_map(|line| Some((line, line.promised?)))
        .filter(|(_, promised)| case.is_over(promised.end(), case.policy.grace.late.millis()))
        .collect();
    let is_taken =
        |shipment: &ShipmentBook<'_>| case.state.is_taken_as_it_is(&ExceptionKind::Late(shipment.id.clone()));
    let Some(promised) = overdue.iter().map(|(_, promised)| *promised).min() else { return Vec::new() };
    if case.state.ended().is_some() || case.books.shipments.iter().any(is_taken) {
        return Vec::new();
    }
    let value = overdue.iter().map(|(line, _)| {
        let ordered = case.books.order.lines.iter().find(|ordered| ordered.line == line.line)?;
        worth(ordered, line.ordered.saturating_sub(line.delivered))
    });
    let expected = case.composite.eta.map_or_else(String::new, |eta| format!(", expected {eta}"));
    let furthest = case.books.shipments.iter().flat_map(|shipment| &shipment.reached);
    let furthest = furthest.max_by_key(|stated| stated.reached.milestone.rank());
    let reached = furthest.map_or("nothing", |stated| stated.reached.milestone.as_str());
    vec![Discrepancy {
        kind: Kind::Late,
        about: case.about(None, None, None),
        one: Side::new(
            case.books.erp.as_str(),
            format!("promised by {promised}"),
            case.entry(case.books.release).into_iter().collect(),
        ),
        other: Side::waybill(format!("{reached}{expected}"), case.entries(furthest)),
        since: promised.end(),
        stake: sum(value),
        remedy: Remedy::Person("tell the customer, and see to it where it is: waybill order show".to_owned()),
    }]
}

/// What the carrier told of a shipment that it has or had.
fn on_the_road<'a>(shipment: &ShipmentBook<'a>) -> Vec<Stated<'a>> {
    let by_carrier = |stated: &&Stated<'_>| {
        matches!(stated.held.lane, Lane::Tms | Lane::Ops) && is_on_the_road(stated.reached.milestone)
    };
    shipment.reached.iter().filter(by_carrier).copied().collect()
}
