//! What a raw message says, once a profile has read it.

use model::master::MasterRecord;
use model::{AskId, Fact, Money, Movement, OrderId, ShipmentId, Snapshot};

use crate::interchange::Interchange;
use crate::key::FactKey;
use crate::unreadable::Unreadable;

/// A raw message as it was read.
#[derive(Debug)]
pub struct Read {
    /// What it says; an error where nothing in it can be read.
    pub told: Result<Vec<Told>, Unreadable>,
    /// Its interchanges, also where nothing is told by them.
    pub interchanges: Vec<Interchange>,
}

impl Read {
    /// A message of which nothing can be read.
    pub(crate) const fn unreadable(why: Unreadable) -> Self {
        Self { told: Err(why), interchanges: Vec::new() }
    }
}

/// One order's, stock movement's, master record's or list's worth of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Facts about one order.
    Order {
        /// The workflow that the order, or what stands in its place, is an instance of; see [`ORDER`](crate::ORDER).
        workflow: Box<str>,
        /// Which order.
        order: OrderRef,
        /// What happened to it, at least one fact.
        facts: Vec<Identified>,
        /// References of this partner that from now on mean this order.
        xrefs: Vec<Xref>,
    },
    /// A stock movement or count that belongs to no order.
    Stock {
        /// The same however often the movement is told.
        id: FactKey,
        /// What moved.
        movement: Movement,
    },
    /// A master record.
    Master(MasterRecord),
    /// A list of what the partner's books hold. A message tells one of a kind, behind everything else.
    Snapshot(Snapshot),
    /// A part that cannot be read, while the rest of the message can.
    Rejected(Rejected),
}

/// How a part of a message names its order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderRef {
    /// By its number.
    Order(OrderId),
    /// By a reference of the partner's that the cross-references translate, such as a tracking number.
    Reference(String),
}

impl OrderRef {
    /// The text of the number or reference.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Order(order) => order.as_str(),
            Self::Reference(reference) => reference,
        }
    }
}

/// A reference of the partner's that means an order, and perhaps one shipment of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Xref {
    /// The reference as the partner writes it.
    pub reference: String,
    /// The shipment it stands for; the whole order when absent.
    pub shipment: Option<ShipmentId>,
}

/// A fact and the id by which its repeats are dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    /// The same however often the partner tells the fact.
    pub id: FactKey,
    /// What happened.
    pub fact: Fact,
}

impl Identified {
    /// Fills in the shipment of a milestone, condition or carrier's bill that names none. A carrier knows a tracking number
    /// only; what that number means is in the cross-references.
    ///
    /// The shipment is the `nth` of those that travel under the number, counted from 0, each of which was booked at one of these
    /// prices: it bears its [share](Money::share) of a bill for all. The fact's id is then one for this shipment, since several
    /// may be of one order; and a bill's for this share as this message told it, since it becomes another one when more shipments
    /// are known to be on the load, and the last word counts.
    pub fn on_a_load(&mut self, shipment: &ShipmentId, (nth, prices): (usize, &[Option<Money>]), message: u64) {
        let own = self.id;
        let (named, id) = match &mut self.fact {
            Fact::Milestone(milestone) => (&mut milestone.shipment, own.of_the(nth)),
            Fact::Condition(condition) => (&mut condition.shipment, own.of_the(nth)),
            Fact::FreightInvoiced(bill) => {
                if bill.shipment.is_none() {
                    bill.total = bill.total.share(nth, prices);
                }
                (&mut bill.shipment, own.share(nth, prices.len(), message))
            }
            Fact::Released(_)
            | Fact::Validated(_)
            | Fact::Answered(_)
            | Fact::Booked(_)
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
            | Fact::Credited(_) => return,
        };
        if named.is_none() {
            *named = Some(shipment.clone());
            self.id = id;
        }
    }
}

impl Identified {
    /// Fills in the shipment of a booking, and the ask of an answer, that name them by the reference that the ask went out under.
    pub fn about(&mut self, reference: &str, shipment: Option<&ShipmentId>, ask: Option<&AskId>) {
        if let (Fact::Booked(booking), Some(shipment)) = (&mut self.fact, shipment)
            && booking.shipment.as_str() == reference
        {
            booking.shipment = shipment.clone();
        }
        if let (Fact::Answered(answer), Some(ask)) = (&mut self.fact, ask)
            && answer.ask.as_str() == reference
        {
            answer.ask = ask.clone();
        }
    }
}

/// What the transport of a shipment is booked at, as far as these facts tell.
#[must_use]
pub fn price_of(facts: &[Identified], shipment: Option<&ShipmentId>) -> Option<Money> {
    facts.iter().find_map(|told| {
        let Fact::Booked(booking) = &told.fact else { return None };
        booking.charge.clone().filter(|_| Some(&booking.shipment) == shipment)
    })
}

/// A part of a message that cannot be read, while the rest can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Which part of the message, counted from 0. Those that are broken as they are written come first.
    pub part: usize,
    /// The order it is about, when that much could be read.
    pub order: Option<OrderRef>,
    /// What is wrong with it.
    pub why: Unreadable,
}

/// A message for a partner, in its own format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The message's name: one NATS subject token.
    pub message: String,
    /// The bytes to send.
    pub body: Vec<u8>,
    /// What the partner names the ask by from now on, if its profile says.
    pub reference: Option<String>,
    /// The partner gives no answer: it counts as accepted once it is sent.
    pub assumed: bool,
}
