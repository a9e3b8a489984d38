//! Snapshots of partners held against the fold as of their own moment: an ERP's open orders, a TMS's shipments.
//!
//! What happened shortly before or after that moment is in flight: it may be in the list or not. Of the rows, those of one order are
//! looked at with that order; rows of orders that never come up are of nothing known.

use std::collections::{HashMap, HashSet};

use engine::FactId;
use fulfilment::state::{AskState, Held, ShipmentBook, Stated};
use model::{
    Ask, Classifier, Fact, Listed, ListedOrder, ListedShipment, Milestone, MilestoneReached, OrderId, PartnerId,
    Snapshot, Timestamp,
};

use crate::discrepancy::{About, Discrepancy, EntryRef, Kind, Side, Stream};
use crate::orders::{Case, status, sum, worth};
use crate::policy::Policy;
use crate::remedy::Remedy;
use crate::stock::StockBooks;

/// The lists that orders are held against.
#[derive(Debug, Default)]
pub struct Snapshots {
    orders: Vec<List<ListedOrder>>,
    shipments: Vec<List<ListedShipment>>,
}

/// One list: its rows by order.
#[derive(Debug)]
struct List<R> {
    partner: PartnerId,
    taken: Timestamp,
    complete: bool,
    entry: EntryRef,
    in_flight: i64,
    rows: HashMap<OrderId, Vec<R>>,
    /// Rows that name no order that is known.
    stray: Vec<String>,
    seen: HashSet<OrderId>,
}

impl<R> List<R> {
    /// Whether something of that time may be in the list or not.
    fn is_in_flight(&self, at: Timestamp) -> bool {
        self.taken.plus_millis(-self.in_flight) <= at && at <= self.taken.plus_millis(self.in_flight)
    }
}

impl Snapshots {
    /// Takes in a snapshot, recorded as this entry of stream SNAPSHOTS; rows of stock go into the stock's books.
    pub fn take(&mut self, snapshot: Snapshot, sequence: u64, stock: &mut StockBooks, policy: &Policy) {
        let entry = EntryRef { stream: Stream::Snapshots, sequence };
        let Snapshot { partner, taken, complete, listed, .. } = snapshot;
        let in_flight = policy.in_flight(partner.as_str());
        match listed {
            Listed::Orders(rows) => {
                let mut list = List::new(partner, taken.at, complete, entry, in_flight);
                rows.into_iter().for_each(|row| list.rows.entry(row.order.clone()).or_default().push(row));
                self.orders.push(list);
            }
            Listed::Shipments(rows) => {
                let mut list = List::new(partner, taken.at, complete, entry, in_flight);
                for row in rows {
                    match row.order.clone() {
                        Some(order) => list.rows.entry(order).or_default().push(row),
                        None => list.stray.push(row.reference),
                    }
                }
                self.shipments.push(list);
            }
            Listed::Stock(rows) => {
                for (row, number) in rows.iter().zip(0_u64..) {
                    let fact = FactId::of(&[&sequence.to_be_bytes(), &number.to_be_bytes()]);
                    stock.listed(
                        partner.as_str(),
                        (fact, taken, entry),
                        (&row.location, &row.sku),
                        &row.on_hand,
                        policy,
                    );
                }
            }
        }
    }

    /// Holds an order against every list it should be in, or is in.
    #[must_use]
    pub fn order(&mut self, case: &Case<'_>) -> Vec<Discrepancy> {
        let mut found = Vec::new();
        for list in &mut self.orders {
            list.seen.insert(case.id.clone());
            found.extend(listed_order(case, list));
        }
        for list in &mut self.shipments {
            list.seen.insert(case.id.clone());
            found.extend(case.books.shipments.iter().filter_map(|shipment| listed_shipment(case, shipment, list)));
        }
        found
    }

    /// The rows of what is not known, once every order came up.
    #[must_use]
    pub fn strays(&self) -> Vec<Discrepancy> {
        let unknown = |order: &&OrderId, seen: &HashSet<OrderId>| !seen.contains(*order);
        let mut found = Vec::new();
        for list in &self.orders {
            let orders = list.rows.keys().filter(|order| unknown(order, &list.seen));
            found.extend(orders.map(|order| stray(list, Kind::OrderNotKnown, order.as_str())));
        }
        for list in &self.shipments {
            let of_unknown = list.rows.iter().filter(|(order, _)| unknown(order, &list.seen));
            let references = of_unknown.flat_map(|(_, rows)| rows.iter().map(|row| &row.reference));
            found.extend(references.chain(&list.stray).map(|reference| stray(list, Kind::ShipmentNotKnown, reference)));
        }
        found.sort_by_key(Discrepancy::id);
        found
    }
}

impl<R> List<R> {
    fn new(partner: PartnerId, taken: Timestamp, complete: bool, entry: EntryRef, in_flight: i64) -> Self {
        let (rows, stray, seen) = (HashMap::new(), Vec::new(), HashSet::new());
        Self { partner, taken, complete, entry, in_flight, rows, stray, seen }
    }
}

fn stray<R>(list: &List<R>, kind: Kind, reference: &str) -> Discrepancy {
    let partner = list.partner.as_str();
    Discrepancy {
        kind,
        about: About::Listed { partner: partner.to_owned(), reference: reference.to_owned() },
        one: Side::waybill("not known", Vec::new()),
        other: Side::new(partner, format!("lists {reference}"), vec![list.entry]),
        since: list.taken,
        stake: None,
        remedy: Remedy::Person(format!(
            "see whether its message is in quarantine, or have {partner} send it again: waybill quarantine list --partner {partner}"
        )),
    }
}

// ---- an ERP's open orders ----

/// When an order came to be open at an ERP, and was over there.
struct Open {
    from: Timestamp,
    until: Option<Timestamp>,
    /// The ERP was asked to end it, and may have done so without having told yet.
    is_ending: bool,
}

fn listed_order(case: &Case<'_>, list: &List<ListedOrder>) -> Vec<Discrepancy> {
    let rows = list.rows.get(case.id).map_or(&[][..], Vec::as_slice);
    let Some(open) = open_at(case, list) else { return Vec::new() };
    let is_open = open.from <= list.taken && open.until.is_none_or(|until| until > list.taken);
    let is_certain = !list.is_in_flight(open.from) && !open.until.is_some_and(|until| list.is_in_flight(until));
    let stake = sum(case.books.order.lines.iter().map(|line| worth(line, line.quantity.amount)));
    let erp = list.partner.as_str();
    let waybill = |says: &str| Side::waybill(says, case.entry(case.books.release).into_iter().collect());
    let base = |kind, one, other: String, remedy: String| Discrepancy {
        kind,
        about: case.about(None, None, Some(erp)),
        one,
        other: Side::new(erp, other, vec![list.entry]),
        since: list.taken,
        stake: stake.clone(),
        remedy: Remedy::Person(remedy),
    };
    match (is_open, rows.first()) {
        (true, None) if list.complete && is_certain && !open.is_ending => vec![base(
            Kind::OrderNotListed,
            waybill("open"),
            "not among its open orders".to_owned(),
            format!("see in {erp} whether it was closed or cancelled there: waybill order cancel"),
        )],
        (false, Some(_)) if is_certain => vec![base(
            Kind::OrderOver,
            waybill("billed or cancelled"),
            "among its open orders".to_owned(),
            format!("have {erp} close it"),
        )],
        (true, Some(row)) if is_certain => quantities(case, row, list),
        (true | false, Some(_) | None) => Vec::new(),
    }
}

/// What an ERP lists of an order's lines otherwise than the release does.
fn quantities(case: &Case<'_>, row: &ListedOrder, list: &List<ListedOrder>) -> Vec<Discrepancy> {
    let differs = |part: &model::Progress| {
        let line = case.books.order.lines.iter().find(|line| line.line == part.line);
        let (ordered, stake) = match line {
            Some(line) if line.quantity == part.quantity => return None,
            Some(line) => {
                (line.quantity.to_string(), worth(line, line.quantity.amount.saturating_sub(part.quantity.amount)))
            }
            None => ("no such line".to_owned(), None),
        };
        Some(Discrepancy {
            kind: Kind::OrderQuantity,
            about: case.about(None, Some(&part.line), Some(list.partner.as_str())),
            one: Side::waybill(ordered, case.entry(case.books.release).into_iter().collect()),
            other: Side::new(list.partner.as_str(), part.quantity.to_string(), vec![list.entry]),
            since: list.taken,
            stake,
            remedy: Remedy::Person(format!("have {} send the order again", list.partner)),
        })
    };
    row.lines.iter().filter_map(differs).collect()
}

/// When an order was open at the ERP of a list; `None` when it was never that ERP's.
fn open_at(case: &Case<'_>, list: &List<ListedOrder>) -> Option<Open> {
    let erp = case.books.erp;
    let handed = |held: &Held| matches!(held.fact, Fact::HandedOver(_));
    let last_hand_over = case.state.facts().filter(|(_, held)| handed(held)).map(|(_, held)| held.received).max();
    // While it changes hands, each of the two may list it.
    if *erp != list.partner || last_hand_over.is_some_and(|at| at >= list.taken) {
        return None;
    }
    let from = case
        .state
        .facts()
        .filter(|(_, held)| matches!(held.fact, Fact::Released(_)))
        .map(|(_, held)| held.received)
        .min()?;
    let ends = |held: &Held| match &held.fact {
        Fact::Billed(_) => true,
        Fact::Answered(answer) => answer.outcome.is_accepted() && case.state.ask(&answer.ask).is_some_and(is_ending),
        Fact::Milestone(reached) => {
            reached.milestone == Milestone::OrderCancelled && reached.classifier == Classifier::Actual
        }
        Fact::CancelRequested(_) => held.lane == model::Lane::Erp,
        Fact::Released(_)
        | Fact::Validated(_)
        | Fact::Condition(_)
        | Fact::Booked(_)
        | Fact::FreightInvoiced(_)
        | Fact::Archived(_)
        | Fact::HandedOver(_)
        | Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_)
        | Fact::ReturnAuthorised(_)
        | Fact::Inspected(_)
        | Fact::Credited(_) => false,
    };
    let until = case.state.facts().filter(|(_, held)| ends(held)).map(|(_, held)| held.received).min();
    let waiting = case.state.asks().any(|ask| is_ending(ask) && case.state.ask_state(&ask.id) == AskState::Waiting);
    // One that is over without any of these ended as nothing that its ERP has to know.
    if case.state.ended().is_some() && until.is_none() {
        return None;
    }
    Some(Open { from, until, is_ending: waiting && until.is_none() })
}

/// Whether what is asked ends an order at its ERP.
fn is_ending(ask: &Ask) -> bool {
    matches!(ask.request.kind(), "bill" | "confirm_cancellation")
}

// ---- a TMS's shipments ----

fn listed_shipment(case: &Case<'_>, shipment: &ShipmentBook<'_>, list: &List<ListedShipment>) -> Option<Discrepancy> {
    if shipment.tms != Some(&list.partner) {
        return None;
    }
    let rows = list.rows.get(case.id).map_or(&[][..], Vec::as_slice);
    let tracking = shipment.booking.map(|(_, booking)| booking.tracking.as_str());
    let is_own = |row: &&ListedShipment| match &row.shipment {
        Some(own) => *own == shipment.id,
        None => tracking == Some(row.reference.as_str()) || case.books.shipments.len() == 1,
    };
    let row = rows.iter().find(is_own);
    let happened = by_then(shipment, list);
    let is_certain = shipment.reached.iter().all(|stated| !list.is_in_flight(stated.reached.occurred.at));
    let reached = happened.iter().map(|stated| stated.reached.milestone).max();
    let is_over = reached.is_some_and(|milestone| milestone.rank() >= Milestone::TransportDelivered.rank());
    let booked = shipment.booking.and_then(|(fact, _)| case.state.fact(fact)).map(|held| held.received)?;
    let is_booked = booked <= list.taken && !list.is_in_flight(booked);
    let undone = case.live_shipments().all(|live| live.id != shipment.id);
    if !is_certain || !is_booked || undone {
        return None;
    }
    let tms = list.partner.as_str();
    let known = reached.map_or("booked", Milestone::as_str);
    let one = Side::waybill(known, case.entries(happened.iter().copied()));
    let base = |kind, other: String, remedy| Discrepancy {
        kind,
        about: case.about(Some(&shipment.id), None, Some(tms)),
        one: one.clone(),
        other: Side::new(tms, other, vec![list.entry]),
        since: list.taken,
        stake: status::value(shipment),
        remedy,
    };
    let ask = || Remedy::Person(format!("ask {tms} for what it has not told: waybill partner replay {tms}"));
    match row {
        None if list.complete && !is_over => {
            Some(base(Kind::ShipmentNotListed, "not among its shipments".to_owned(), ask()))
        }
        Some(ListedShipment { milestone: Some(listed), .. })
            if Some(*listed) != reached && differs(*listed, reached) =>
        {
            let remedy =
                if listed.rank() > reached.map_or(0, Milestone::rank) { tell(shipment, *listed, list) } else { ask() };
            Some(base(Kind::ShipmentStatus, listed.to_string(), remedy))
        }
        Some(_) | None => None,
    }
}

/// Whether a list says another stage of the way than is known; on the road, terminals are not told apart.
fn differs(listed: Milestone, reached: Option<Milestone>) -> bool {
    let known = reached.unwrap_or(Milestone::TransportAccepted);
    listed.phase() != known.phase() || listed.rank() >= Milestone::TransportDelivered.rank()
}

/// What its carrier said had happened to a shipment when the list was taken, whenever it said so.
fn by_then<'s, 'a>(shipment: &'s ShipmentBook<'a>, list: &List<ListedShipment>) -> Vec<&'s Stated<'a>> {
    let by_carrier = |stated: &&Stated<'_>| matches!(stated.held.lane, model::Lane::Tms | model::Lane::Ops);
    shipment.reached.iter().filter(by_carrier).filter(|stated| stated.reached.occurred.at <= list.taken).collect()
}

/// The list says that a shipment is further than its events: what it says can be entered.
fn tell(shipment: &ShipmentBook<'_>, milestone: Milestone, list: &List<ListedShipment>) -> Remedy {
    Remedy::Tell(Box::new(MilestoneReached {
        milestone,
        classifier: Classifier::Actual,
        occurred: model::When::exact(list.taken),
        shipment: Some(shipment.id.clone()),
        parcel: None,
        place: None,
        lines: Vec::new(),
        code: None,
    }))
}
