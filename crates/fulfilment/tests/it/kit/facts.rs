//! What systems tell.

use engine::{FactId, Told, codec};
use fulfilment::Policy;
use model::{
    Answer, Archived, AskId, Assignment, Booking, CancelRequest, Classifier, Condition, ConditionKind, Country,
    Currency, CustomerId, Exception, ExceptionKind, Fact, Finding, FreightInvoice, HandOver, Inspection, Invoice, Lane,
    LineId, LocationId, Milestone, MilestoneReached, Money, Note, Order, OrderId, Outcome, ParcelId, PartnerId,
    Progress, Quantity, Reason, RetryRequest, ReturnAuthorisation, ShipmentId, Snooze, Source, Substitution, Timestamp,
    Unit, Validation, When,
};

use super::orders::hour;

/// A fact, who tells it, and when it comes in.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    pub lane: Lane,
    pub received: Timestamp,
    pub fact: Fact,
    /// Its message's place in the inbox, if it came that way.
    pub inbox: Option<u64>,
    /// The partner that tells it, when it is not the one it is expected from.
    teller: Option<&'static str>,
    /// Tells two messages that say the same apart.
    message: u8,
}

impl News {
    fn new(lane: Lane, fact: Fact) -> Self {
        Self { lane, received: hour(1), fact, inbox: None, teller: None, message: 0 }.at(1)
    }

    /// It happened, and was told, so many hours after the release.
    pub fn at(self, hours: i64) -> Self {
        self.occurred(When::exact(hour(hours))).received(hour(hours))
    }

    /// Its message had this place in the inbox.
    pub const fn inbox(mut self, sequence: u64) -> Self {
        self.inbox = Some(sequence);
        self
    }

    /// It came in then.
    pub const fn received(mut self, received: Timestamp) -> Self {
        self.received = received;
        self
    }

    /// It is said to have happened then.
    pub fn occurred(mut self, when: When) -> Self {
        match &mut self.fact {
            Fact::Milestone(reached) => reached.occurred = when,
            Fact::Condition(condition) => condition.occurred = when,
            Fact::Released(_)
            | Fact::Validated(_)
            | Fact::Answered(_)
            | Fact::Booked(_)
            | Fact::Billed(_)
            | Fact::FreightInvoiced(_)
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
        self
    }

    /// Whether it is said to happen later than it came in.
    pub fn is_ahead(&self) -> bool {
        matches!(&self.fact, Fact::Milestone(reached) if reached.occurred.at > self.received)
    }

    /// It is said to have happened then, in ISO 8601.
    pub fn said(self, when: &str) -> Self {
        self.occurred(When::parse(when).unwrap())
    }

    /// Somebody else tells it.
    pub const fn by(mut self, lane: Lane) -> Self {
        self.lane = lane;
        self
    }

    /// Another partner tells it.
    pub const fn from(mut self, partner: &'static str) -> Self {
        self.teller = Some(partner);
        self
    }

    /// The partner that tells it: the ERP, the one TMS, the warehouse whose shipment it is about.
    pub fn partner(&self) -> Option<String> {
        if let Some(teller) = self.teller {
            return Some(teller.to_owned());
        }
        match self.lane {
            Lane::Erp => Some("erp-1".to_owned()),
            Lane::Tms => Some("tms-main".to_owned()),
            Lane::Wms => Some(self.shipment().map_or("wms-1".to_owned(), |shipment| shipment.replace('s', "wms-"))),
            Lane::View | Lane::Ops | Lane::Clock | Lane::Flow => None,
        }
    }

    /// The shipment it is about.
    fn shipment(&self) -> Option<&str> {
        match &self.fact {
            Fact::Milestone(reached) => reached.shipment.as_ref().map(ShipmentId::as_str),
            Fact::Condition(condition) => condition.shipment.as_ref().map(ShipmentId::as_str),
            Fact::Booked(booking) => Some(booking.shipment.as_str()),
            Fact::FreightInvoiced(bill) => bill.shipment.as_ref().map(ShipmentId::as_str),
            Fact::Answered(answer) => answer.ask.as_str().split(['/', '#']).nth(2),
            Fact::Released(_)
            | Fact::Validated(_)
            | Fact::Billed(_)
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
            | Fact::Credited(_) => None,
        }
    }

    /// Another message that says the same.
    pub const fn message(mut self, number: u8) -> Self {
        self.message = number;
        self
    }

    /// So many pieces of these lines.
    pub fn of(self, lines: &[(u32, i64)]) -> Self {
        let progress = |(line, amount): &(u32, i64)| progress(&line.to_string(), Quantity::each(*amount));
        self.parts(lines.iter().map(progress).collect())
    }

    /// These parts of lines.
    pub fn parts(mut self, parts: Vec<Progress>) -> Self {
        if let Fact::Billed(invoice) = &mut self.fact {
            invoice.lines = parts;
        } else {
            self.stated().lines = parts;
        }
        self
    }

    /// Of one parcel.
    pub fn parcel(mut self, parcel: &str) -> Self {
        self.stated().parcel = Some(ParcelId::new(parcel).unwrap());
        self
    }

    /// Of the whole order.
    pub fn of_the_order(mut self) -> Self {
        if let Fact::Condition(condition) = &mut self.fact {
            condition.shipment = None;
        } else {
            self.stated().shipment = None;
        }
        self
    }

    /// Not that it happened, but that it is expected, planned or wanted.
    pub fn in_the_sense(mut self, classifier: Classifier) -> Self {
        self.stated().classifier = classifier;
        self
    }

    /// Which milestone it tells of, if it does.
    pub const fn milestone(&self) -> Option<Milestone> {
        if let Fact::Milestone(reached) = &self.fact { Some(reached.milestone) } else { None }
    }

    fn stated(&mut self) -> &mut MilestoneReached {
        let kind = self.fact.kind();
        let Fact::Milestone(reached) = &mut self.fact else { panic!("{kind} is no milestone") };
        reached
    }

    /// The fact's id: the same for the same message.
    pub fn id(&self) -> FactId {
        let partner = self.partner().unwrap_or_default();
        let content = codec::encode(&self.fact).unwrap();
        FactId::of(&[self.lane.as_str().as_bytes(), partner.as_bytes(), &content, &[self.message]])
    }

    /// The fact as an entry holds it.
    pub fn told(&self) -> Told<Fact> {
        Told { id: self.id(), fact: self.fact.clone() }
    }
}

// ---- the ERP ----

pub fn released(order: &Order) -> News {
    News::new(Lane::Erp, Fact::Released(order.clone())).at(0)
}

/// The master data have nothing against the order.
pub fn validated(order: &Order) -> News {
    found(order, Vec::new())
}

/// The master data have this against the order.
pub fn found(order: &Order, findings: Vec<Finding>) -> News {
    let mut locations: Vec<&LocationId> = order.lines.iter().filter_map(|line| line.ship_from.as_ref()).collect();
    locations.sort();
    locations.dedup();
    let source = |location: &&LocationId| Source {
        location: (*location).clone(),
        wms: PartnerId::new(&location.as_str().replace("dc", "wms")).unwrap(),
        country: Country::new("DE").unwrap(),
    };
    let sources = locations.iter().map(source).collect();
    News::new(Lane::Erp, Fact::Validated(Validation { findings, sources })).at(0)
}

pub fn billed() -> News {
    News::new(Lane::Erp, Fact::Billed(Invoice { number: "INV-7".to_owned(), total: eur("300"), lines: Vec::new() }))
}

/// The ERP does not want the order any more.
pub fn cancel_requested() -> News {
    let wanted = CancelRequest { reason: Reason::RecipientCancelled, detail: Some("bought elsewhere".to_owned()) };
    News::new(Lane::Erp, Fact::CancelRequested(wanted))
}

/// The ERP hands the order over to another.
pub fn handed_over(to: &str) -> News {
    News::new(Lane::Erp, Fact::HandedOver(HandOver { to: PartnerId::new(to).unwrap() }))
}

/// The ERP holds the order back.
pub fn held() -> News {
    let hold = Condition {
        kind: ConditionKind::OnHold,
        reason: Reason::AccountHold,
        resolved: false,
        occurred: When::exact(hour(1)),
        shipment: None,
        place: None,
        code: None,
    };
    News::new(Lane::Erp, Fact::Condition(hold))
}

/// The ERP holds the order back no longer.
pub fn let_go() -> News {
    let mut news = held();
    if let Fact::Condition(condition) = &mut news.fact {
        condition.resolved = true;
    }
    news
}

// ---- operators ----

/// An operator wants something asked again.
pub fn retry_requested(ask: &str) -> News {
    News::new(Lane::Ops, Fact::RetryRequested(RetryRequest { ask: ask_id(ask) }))
}

/// An operator takes a problem as it is.
pub fn waived(kind: ExceptionKind, detail: &str) -> News {
    News::new(Lane::Ops, Fact::Waived(Exception { kind, detail: detail.to_owned() }))
}

/// An operator gives a problem that was raised then to somebody.
pub fn assigned(kind: ExceptionKind, raised: Timestamp, to: &str) -> News {
    News::new(Lane::Ops, Fact::Assigned(Assignment { kind, raised, to: to.to_owned() }))
}

/// An operator puts a problem off.
pub fn snoozed(kind: ExceptionKind, raised: Timestamp, until: Timestamp) -> News {
    News::new(Lane::Ops, Fact::Snoozed(Snooze { kind, raised, until }))
}

/// An operator wants another partner asked.
pub fn substituted(ask: &str, partner: &str) -> News {
    let partner = PartnerId::new(partner).unwrap();
    News::new(Lane::Ops, Fact::Substituted(Substitution { ask: ask_id(ask), partner }))
}

/// An operator notes something down.
pub fn noted(text: &str) -> News {
    News::new(Lane::Ops, Fact::Noted(Note { text: text.to_owned(), opens: None }))
}

/// What belongs in a return's stream, told of an order.
pub fn returned_goods() -> Vec<News> {
    let authorised = ReturnAuthorisation {
        order: OrderId::new("SO-1").unwrap(),
        erp: PartnerId::new("erp-1").unwrap(),
        customer: CustomerId::new("acme").unwrap(),
        wms: PartnerId::new("wms-1").unwrap(),
        location: LocationId::new("dc-1").unwrap(),
        tms: None,
        from: None,
        lines: Vec::new(),
    };
    let credit = Invoice { number: "CM-1".to_owned(), total: eur("100"), lines: Vec::new() };
    vec![
        News::new(Lane::Ops, Fact::ReturnAuthorised(authorised)),
        News::new(Lane::Wms, Fact::Inspected(Inspection { lines: Vec::new() })),
        News::new(Lane::Erp, Fact::Credited(credit)),
    ]
}

pub fn cancelled() -> News {
    reached(Lane::Erp, Milestone::OrderCancelled, "s1").of_the_order()
}

// ---- answers to asks such as `allocate/s1` ----

pub fn accepted(ask: &str) -> News {
    answered(ask, Outcome::Accepted)
}

pub fn refused(ask: &str, reason: Reason, detail: Option<&str>) -> News {
    answered(ask, Outcome::Refused { reason, detail: detail.map(str::to_owned) })
}

pub fn failed(ask: &str, detail: &str) -> News {
    answered(ask, Outcome::Failed { detail: detail.to_owned() })
}

fn answered(ask: &str, outcome: Outcome) -> News {
    let lane = match ask.split('/').next().unwrap() {
        "allocate" | "cancel_allocation" => Lane::Wms,
        "book" | "cancel_booking" => Lane::Tms,
        "confirm_shipment" | "bill" | "confirm_cancellation" => Lane::Erp,
        "update_customer" => Lane::View,
        other => panic!("nobody is asked to {other}"),
    };
    News::new(lane, Fact::Answered(Answer { ask: ask_id(ask), outcome }))
}

pub fn ask_id(ask: &str) -> AskId {
    AskId::new(&format!("{}/{ask}", super::ORDER)).unwrap()
}

// ---- the warehouse ----

pub fn allocated(shipment: &str) -> News {
    reached(Lane::Wms, Milestone::FulfilmentAllocated, shipment)
}

pub fn picked(shipment: &str) -> News {
    reached(Lane::Wms, Milestone::FulfilmentPicked, shipment)
}

pub fn packed(shipment: &str) -> News {
    reached(Lane::Wms, Milestone::FulfilmentPacked, shipment)
}

pub fn staged(shipment: &str) -> News {
    reached(Lane::Wms, Milestone::FulfilmentStaged, shipment)
}

pub fn goods_issued(shipment: &str) -> News {
    reached(Lane::Wms, Milestone::FulfilmentGoodsIssued, shipment)
}

pub fn returned(shipment: &str) -> News {
    reached(Lane::Wms, Milestone::TransportReturned, shipment)
}

// ---- the carrier ----

pub fn booked(shipment: &str, charge: Option<Money>) -> News {
    let booking = Booking {
        shipment: shipment_id(shipment),
        tms: Policy::default().transport.tms,
        carrier: "NORTHLINE".to_owned(),
        tracking: format!("WB-{shipment}"),
        charge,
    };
    News::new(Lane::Tms, Fact::Booked(booking))
}

pub fn picked_up(shipment: &str) -> News {
    reached(Lane::Tms, Milestone::TransportPickedUp, shipment)
}

pub fn in_transit(shipment: &str) -> News {
    reached(Lane::Tms, Milestone::TransportInTransit, shipment)
}

pub fn returning(shipment: &str) -> News {
    reached(Lane::Tms, Milestone::TransportReturning, shipment)
}

pub fn partly_delivered(shipment: &str) -> News {
    reached(Lane::Tms, Milestone::TransportPartiallyDelivered, shipment)
}

pub fn delivered(shipment: &str) -> News {
    reached(Lane::Tms, Milestone::TransportDelivered, shipment)
}

pub fn proof_of_delivery(shipment: &str) -> News {
    reached(Lane::Tms, Milestone::TransportPodReceived, shipment)
}

pub fn freight_invoiced(shipment: &str, total: Money) -> News {
    let bill = FreightInvoice { shipment: Some(shipment_id(shipment)), number: format!("F-{shipment}"), total };
    News::new(Lane::Tms, Fact::FreightInvoiced(bill))
}

pub fn delayed(shipment: &str) -> News {
    let condition = Condition {
        kind: ConditionKind::Delayed,
        reason: Reason::Weather,
        resolved: false,
        occurred: When::exact(hour(1)),
        shipment: Some(shipment_id(shipment)),
        place: None,
        code: None,
    };
    News::new(Lane::Tms, Fact::Condition(condition))
}

pub fn no_longer_delayed(shipment: &str) -> News {
    let mut news = delayed(shipment);
    if let Fact::Condition(condition) = &mut news.fact {
        condition.resolved = true;
    }
    news
}

// ---- the visibility service ----

pub fn archived() -> News {
    News::new(Lane::View, Fact::Archived(Archived { digest: "ab".repeat(32), entries: 12 }))
}

// ---- anybody ----

pub fn reached(lane: Lane, milestone: Milestone, shipment: &str) -> News {
    let reached = MilestoneReached {
        milestone,
        classifier: Classifier::Actual,
        occurred: When::exact(hour(1)),
        shipment: Some(shipment_id(shipment)),
        parcel: None,
        place: None,
        lines: Vec::new(),
        code: None,
    };
    News::new(lane, Fact::Milestone(reached))
}

pub fn progress(line: &str, quantity: Quantity) -> Progress {
    Progress { line: LineId::new(line).unwrap(), quantity, location: None }
}

pub fn kilos(amount: i64) -> Quantity {
    Quantity::new(amount.into(), Unit::new("KG").unwrap())
}

pub fn shipment_id(shipment: &str) -> ShipmentId {
    ShipmentId::new(shipment).unwrap()
}

pub fn eur(amount: &str) -> Money {
    money(amount, "EUR")
}

pub fn money(amount: &str, currency: &str) -> Money {
    Money { amount: amount.parse().unwrap(), currency: Currency::new(currency).unwrap() }
}
