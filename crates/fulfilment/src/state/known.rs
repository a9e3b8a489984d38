//! What is known of an order, sorted out once for the many questions asked of it.

use std::collections::{BTreeMap, BTreeSet};

use engine::FactId;
use model::{
    Booking, Classifier, Fact, FreightInvoice, Invoice, Lane, Milestone, MilestoneReached, Order, OrderLine, PartnerId,
    Phase, Progress, ShipmentId, Validation, When,
};
use rust_decimal::Decimal;

use super::actual::{Actual, Amounts, Event, in_unit, plausible};
use super::answers::{Answers, RepeatedQuantity};
use super::erps::Erps;
use super::shipments::number_of;
use super::{Came, Held, Release, Shipment, State, Stated, is_ahead, is_of_nothing, may_tell};

/// What is known of a released order, by the word of its own ERP, warehouses and TMS.
pub(crate) struct Known<'a> {
    pub state: &'a State,
    pub order: &'a Order,
    /// Who had it when, and who has it.
    pub erps: Erps<'a>,
    /// The release that the order works with.
    pub release: Release<'a>,
    /// The last release, which is another one when the order changed after it was committed to.
    pub last_release: Release<'a>,
    pub validation: Option<&'a Validation>,
    pub shipments: Vec<Shipment<'a>>,
    pub actual: Actual<'a>,
    pub answers: Answers<'a>,
    /// Reservations that came with a later answer to the same ask; they count for nothing.
    pub repeated: Vec<RepeatedQuantity<'a>>,
    /// What the order's own partners told of shipments that it does not have: who, of which, what.
    pub astray: Vec<(&'a Held, &'a ShipmentId, &'static str)>,
    /// What was told of goods by a system that is not the system of record for it.
    pub disputed: Vec<Stated<'a>>,
    /// Deliveries that are expected: of which shipment, and when.
    expected: Vec<(Came, usize, When)>,
    bookings: Vec<(Came, &'a Held, &'a Booking)>,
    freight_invoices: Vec<(Came, &'a Held, &'a FreightInvoice)>,
    invoices: Vec<(Came, &'a Invoice)>,
}

impl State {
    /// What is known of the order; `None` before it is released. `being_asked` is the TMS that is only now being asked to
    /// carry a shipment.
    pub(crate) fn known<'a>(&'a self, being_asked: impl Fn(&ShipmentId) -> Option<&'a PartnerId>) -> Option<Known<'a>> {
        let (erps, releases) = self.releases();
        let (release, last_release) = (self.release(&releases)?, *releases.last()?);
        let order = release.order;
        let validation = self.validation_of(order, &releases);
        let shipments = self.shipments_of(order, validation, being_asked);
        let mut known = Known {
            state: self,
            order,
            erps,
            release,
            last_release,
            validation,
            shipments,
            actual: Actual::default(),
            answers: Answers::default(),
            repeated: Vec::new(),
            astray: Vec::new(),
            disputed: Vec::new(),
            expected: Vec::new(),
            bookings: Vec::new(),
            freight_invoices: Vec::new(),
            invoices: Vec::new(),
        };
        for (id, held) in &self.facts {
            if may_tell(held.lane, &held.fact) && known.is_from_erp(*id, held) {
                known.sort_in(*id, held);
            } else if let Fact::Milestone(reached) = &held.fact {
                known.dispute(*id, held, reached);
            }
        }
        known.bookings.sort_by_key(|(came, ..)| *came);
        known.answers.sort();
        known.set_aside_repeated_quantities();
        Some(known)
    }
}

impl<'a> Known<'a> {
    fn sort_in(&mut self, id: FactId, held: &'a Held) {
        let came = held.came(id);
        match &held.fact {
            Fact::Milestone(reached) => self.sort_in_milestone(id, held, reached),
            Fact::Answered(answer) => self.answers.add(came, held, answer),
            Fact::Booked(booking) => {
                if !self.was_undone(&booking.shipment) {
                    self.note_astray(held, Some(&booking.shipment), held.fact.kind());
                }
                self.bookings.push((came, held, booking));
            }
            Fact::FreightInvoiced(bill) => {
                self.note_astray(held, bill.shipment.as_ref(), held.fact.kind());
                self.freight_invoices.push((came, held, bill));
            }
            Fact::Billed(invoice) => self.invoices.push((came, invoice)),
            Fact::Released(_)
            | Fact::Validated(_)
            | Fact::Condition(_)
            | Fact::Archived(_)
            | Fact::CancelRequested(_)
            | Fact::HandedOver(_)
            | Fact::RetryRequested(_)
            | Fact::Waived(_)
            | Fact::Noted(_)
            | Fact::Assigned(_)
            | Fact::Snoozed(_)
            | Fact::Substituted(_)
            | Fact::ReturnAuthorised(_)
            | Fact::Inspected(_)
            | Fact::Credited(_) => {}
        }
    }

    fn sort_in_milestone(&mut self, fact: FactId, held: &'a Held, reached: &'a MilestoneReached) {
        if matches!(reached.classifier, Classifier::Estimated | Classifier::Planned)
            && reached.milestone == Milestone::TransportDelivered
        {
            let concerned = concerned(&self.shipments, held, reached.shipment.as_ref());
            self.expected.extend(concerned.map(|shipment| (held.came(fact), shipment.nth, reached.occurred)));
        }
        // What is said to have happened in the future is flagged, and moves as little as what nobody can translate.
        if reached.milestone == Milestone::Unknown
            || reached.classifier != Classifier::Actual
            || is_ahead(reached.occurred, held.received)
        {
            return;
        }
        // Of a shipment that was undone something is astray only when it leaves all the same.
        let leaves = reached.milestone.rank() >= Milestone::TransportPickedUp.rank();
        if leaves || !reached.shipment.as_ref().is_some_and(|shipment| self.was_undone(shipment)) {
            self.note_astray(held, reached.shipment.as_ref(), reached.milestone.as_str());
        }
        for shipment in concerned(&self.shipments, held, reached.shipment.as_ref()) {
            self.actual.0.push(Event { fact, held, shipment: shipment.nth, reached });
        }
    }

    /// Notes what a system says to have happened to goods for which another is the system of record.
    fn dispute(&mut self, fact: FactId, held: &'a Held, reached: &'a MilestoneReached) {
        let has_happened = reached.classifier == Classifier::Actual && !is_ahead(reached.occurred, held.received);
        if has_happened && is_of_goods(reached.milestone) && !is_of_nothing(reached) {
            self.disputed.push(Stated { fact, held, reached });
        }
    }

    /// The ERP that has the order.
    pub fn erp(&self) -> &'a PartnerId {
        self.erps.now().unwrap_or(&self.order.erp)
    }

    /// Whether who told something is one of the systems that have to do with a shipment. What a stranger says is shown, and
    /// nobody has to agree with it.
    pub fn has_to_do_with(&self, held: &Held, shipment: &Shipment<'_>) -> bool {
        match held.lane {
            Lane::Erp => held.is_from(self.erp()),
            Lane::Wms => held.is_from(shipment.wms),
            Lane::Tms => shipment.tms.is_some_and(|tms| held.is_from(tms)),
            Lane::View | Lane::Ops | Lane::Clock | Lane::Flow => false,
        }
    }

    /// The furthest that a shipment has come by the word of its own systems.
    pub fn furthest(&self, shipment: &Shipment<'_>) -> Option<Milestone> {
        self.actual.all_of(shipment).map(|event| event.reached.milestone).max()
    }

    /// When a shipment is expected to be delivered, by the last word of its own TMS.
    pub fn expected(&self, shipment: &Shipment<'_>) -> Option<When> {
        let told = self.expected.iter().filter(|(_, nth, _)| *nth == shipment.nth);
        told.max_by_key(|(came, ..)| *came).map(|(.., expected)| *expected)
    }

    /// Whether a shipment is one of a release that was undone.
    fn was_undone(&self, shipment: &ShipmentId) -> bool {
        number_of(shipment).is_some_and(|number| (1..self.state.first_shipment()).contains(&number))
    }

    fn note_astray(&mut self, held: &'a Held, about: Option<&'a ShipmentId>, told: &'static str) {
        let Some(about) = about.filter(|about| self.shipments.iter().all(|shipment| shipment.id != **about)) else {
            return;
        };
        if self.shipments.iter().any(|shipment| shipment.heeds(held)) {
            self.astray.push((held, about, told));
        }
    }

    /// The shipments that something told of one shipment, or of the order, is about, as far as who told it is theirs.
    pub fn concerned(&self, held: &Held, about: Option<&ShipmentId>) -> impl Iterator<Item = &Shipment<'a>> {
        concerned(&self.shipments, held, about)
    }

    /// How much of each line of a shipment has come how far.
    pub fn tally(&self, shipment: &Shipment<'_>) -> Vec<Amounts> {
        self.actual.tally(shipment)
    }

    /// The booking of a shipment: the first that its TMS told.
    pub fn booking(&self, shipment: &ShipmentId) -> Option<&'a Booking> {
        self.bookings_of(shipment).next()
    }

    /// Every booking of a shipment that its TMS told, in the order they came in.
    pub fn bookings_of(&self, shipment: &ShipmentId) -> impl Iterator<Item = &'a Booking> {
        self.bookings_told(shipment).map(|(_, booking)| booking)
    }

    /// The same, with the facts that told them.
    pub fn bookings_told(&self, shipment: &ShipmentId) -> impl Iterator<Item = (FactId, &'a Booking)> {
        let own = self.bookings.iter().filter(|(_, held, booking)| {
            booking.shipment == *shipment && self.concerned(held, Some(&booking.shipment)).next().is_some()
        });
        own.map(|((_, _, fact), _, booking)| (*fact, *booking))
    }

    /// The carrier's bills for a shipment, by number; of one that came more than once, the last.
    pub fn freight_invoices(&self, shipment: &Shipment<'_>) -> Vec<(FactId, &'a FreightInvoice)> {
        let own = |held: &Held, bill: &FreightInvoice| {
            bill.shipment.as_ref().is_none_or(|billed| *billed == shipment.id) && shipment.heeds(held)
        };
        let own = self.freight_invoices.iter().filter(|(_, held, bill)| own(held, bill));
        last_of_each(own.map(|(came, _, bill)| (*came, bill.number.as_str(), *bill)))
    }

    /// The customer's invoices, by number; of one that came more than once, the last.
    pub fn invoices(&self) -> Vec<(FactId, &'a Invoice)> {
        last_of_each(self.invoices.iter().map(|(came, invoice)| (*came, invoice.number.as_str(), *invoice)))
    }

    /// What the order's own partners told of goods that it does not hold, in words, sorted.
    pub fn unmatched(&self) -> BTreeSet<String> {
        let astray = self.astray.iter().map(|(held, shipment, told)| {
            format!("{} tells {told} of {shipment}: the order has no such shipment", held.teller())
        });
        let mut unmatched: BTreeSet<String> = astray.collect();
        for event in &self.actual.0 {
            let Some(shipment) = self.shipments.get(event.shipment) else { continue };
            // What is told of the order at once may name a line of any of its shipments.
            let of_order = |part: &Progress| event.reached.shipment.is_none().then(|| self.line(part)).flatten();
            for part in &event.reached.lines {
                let own = shipment.place_of(&part.line).map(|place| shipment.lines[place].line);
                let words = mismatch(part, own.or_else(|| of_order(part)));
                let (teller, milestone, of) = (event.held.teller(), event.reached.milestone, &shipment.id);
                unmatched.extend(words.map(|what| format!("{teller} tells {milestone} of {of}: {what}")));
            }
        }
        let bills = |what: String| format!("{} bills the order: {what}", self.erp());
        let invoices = self.invoices();
        for part in invoices.iter().flat_map(|(_, invoice)| &invoice.lines) {
            unmatched.extend(mismatch(part, self.line(part)).map(bills));
        }
        unmatched.extend(self.billed_too_much(&invoices).into_iter().map(bills));
        unmatched
    }

    /// What several invoices together bill beyond what was ordered, in words. What one of them bills for a line is held
    /// against the order too.
    fn billed_too_much(&self, invoices: &[(FactId, &Invoice)]) -> Vec<String> {
        if invoices.len() > 1 && invoices.iter().any(|(_, invoice)| invoice.lines.is_empty()) {
            let numbers: Vec<&str> = invoices.iter().map(|(_, invoice)| invoice.number.as_str()).collect();
            return vec![format!("all of it in one invoice of {}", numbers.join(", "))];
        }
        let billed = |line: &OrderLine| {
            let parts = invoices.iter().flat_map(|(_, invoice)| &invoice.lines).filter(|part| part.line == line.line);
            let amounts = parts.map(|part| in_unit(&part.quantity, &line.quantity.unit));
            let sum = amounts.fold(Decimal::ZERO, Decimal::saturating_add);
            let (ordered, unit) = (&line.quantity, &line.quantity.unit);
            (sum > plausible(ordered))
                .then(|| format!("{} {unit} of line {}, of which {ordered} are ordered", sum.normalize(), line.line))
        };
        self.order.lines.iter().filter_map(billed).collect()
    }

    /// The line of the order that a part is of.
    fn line(&self, part: &Progress) -> Option<&'a OrderLine> {
        self.order.lines.iter().find(|line| line.line == part.line)
    }
}

/// Whether a milestone tells of goods on their way.
const fn is_of_goods(milestone: Milestone) -> bool {
    match milestone.phase() {
        Phase::Warehouse | Phase::Transport | Phase::Delivery | Phase::Return => true,
        Phase::Order | Phase::Finance | Phase::Inventory | Phase::Terminal | Phase::Unknown => false,
    }
}

/// The last of each number, by number, and the fact that told it.
fn last_of_each<'a, T>(told: impl Iterator<Item = (Came, &'a str, &'a T)>) -> Vec<(FactId, &'a T)> {
    let mut last: BTreeMap<&str, (Came, &T)> = BTreeMap::new();
    for (came, number, invoice) in told {
        match last.get(number) {
            Some((before, _)) if *before > came => {}
            Some(_) | None => drop(last.insert(number, (came, invoice))),
        }
    }
    last.into_values().map(|((_, _, fact), invoice)| (fact, invoice)).collect()
}

/// What makes a part of a line none of a line of ours, if anything does.
fn mismatch(part: &Progress, line: Option<&OrderLine>) -> Option<String> {
    match line {
        None => Some(format!("line {}, which is not there", part.line)),
        Some(line) if line.quantity.unit != part.quantity.unit => {
            Some(format!("{} of line {}, which is ordered in {}", part.quantity, part.line, line.quantity.unit))
        }
        Some(_) if !part.quantity.is_plausible() => {
            Some(format!("{} of line {}, which cannot be", part.quantity, part.line))
        }
        Some(_) => None,
    }
}

fn concerned<'s, 'a>(
    shipments: &'s [Shipment<'a>],
    held: &Held,
    about: Option<&ShipmentId>,
) -> impl Iterator<Item = &'s Shipment<'a>> {
    shipments.iter().filter(move |shipment| about.is_none_or(|about| *about == shipment.id) && shipment.heeds(held))
}
