//! What is known of one order.
//!
//! The state is a set: facts by their id, and the decisions taken. Whatever order facts arrive in and however often,
//! the same set results, so everything computed from it is the same too.

mod actual;
mod ahead;
mod answers;
mod attention;
mod books;
mod calls;
mod claims;
mod erps;
mod known;
mod lines;
mod releases;
mod shipments;
mod stock;
mod undone;

use std::collections::{BTreeMap, BTreeSet};

use engine::{Content, FactId, Key, Source, WorkflowRecord};
use model::{
    Ask, AskId, Decision, End, Exception, ExceptionKind, Fact, Lane, OrderId, PartnerId, Request, Split, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::Fulfilment;
pub use actual::Step;
pub(crate) use actual::{Amounts, is_of_nothing};
pub use ahead::is_ahead;
pub use answers::AskState;
pub(crate) use answers::{RepeatedQuantity, ask_id};
pub use books::{Books, PartBook, ShipmentBook, Stated};
pub(crate) use calls::Cancelled;
pub use claims::{Claim, may_tell};
pub(crate) use known::Known;
pub use lines::LineStatus;
pub(crate) use releases::{Changes, RELEASE, Release, changes};
pub use shipments::{Part, Shipment};
pub use stock::{StockEffect, StockEffectKind};
pub(crate) use undone::{UNDO, newest};

/// The most facts an order keeps of one lane, so that one flooded order cannot fill a process, and a partner that floods it
/// leaves the others their room. What comes beyond stays in the stream, counts for nothing, and is an exception.
pub const MAX_FACTS: usize = 5_000;

/// When something came in: of one moment, its place in the inbox and then its id say which came first.
pub(crate) type Came = (Timestamp, u64, FactId);

/// The fold of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// `None` when the subject's token names no order; nothing is ever decided for such a stream.
    id: Option<OrderId>,
    facts: BTreeMap<FactId, Held>,
    /// A fact came beyond [`MAX_FACTS`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    flooded: bool,
    /// The releases that were worked with, the present one last.
    committed: Vec<Committed>,
    /// The shipments that took on what others lacked, of every release that was worked with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    splits: Vec<Split>,
    asks: Vec<Ask>,
    /// Asks that were made again under their own id, once for each time.
    asked_again: Vec<AskId>,
    deadlines: BTreeMap<String, Timestamp>,
    due: BTreeSet<String>,
    exceptions: Vec<Open>,
    ended: Option<End>,
}

/// An exception that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    exception: Exception,
    /// When it was raised, by the clock of the decision that did. One that is raised again in other words is the same.
    #[serde(default)]
    since: Timestamp,
}

/// A release that is or was worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Committed {
    release: FactId,
    first_shipment: u32,
}

/// A fact, who told it and when it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The lane it was told in.
    pub lane: Lane,
    /// The partner that told it; none when Waybill itself or an operator did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Box<str>>,
    /// When it first came in.
    pub received: Timestamp,
    /// Its message's place in the inbox, which tells which of two messages of one moment came first; 0 when it came
    /// another way.
    pub inbox: u64,
    /// What was told.
    pub fact: Fact,
}

impl Held {
    /// When it came in, among the others.
    pub(crate) const fn came(&self, id: FactId) -> Came {
        (self.received, self.inbox, id)
    }

    /// Whether this partner told it, or Waybill itself.
    pub(crate) fn is_from(&self, partner: &PartnerId) -> bool {
        self.partner.as_deref().is_none_or(|own| own == partner.as_str())
    }

    /// Who told it, in words.
    pub(crate) fn teller(&self) -> &str {
        self.partner.as_deref().unwrap_or(self.lane.as_str())
    }
}

impl State {
    /// Nothing known yet of the order a key names.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        Self {
            id: OrderId::from_token(key.token()).ok(),
            facts: BTreeMap::new(),
            flooded: false,
            committed: Vec::new(),
            splits: Vec::new(),
            asks: Vec::new(),
            asked_again: Vec::new(),
            deadlines: BTreeMap::new(),
            due: BTreeSet::new(),
            exceptions: Vec::new(),
            ended: None,
        }
    }

    /// Folds one entry.
    pub fn evolve(&mut self, entry: &WorkflowRecord<Fulfilment>) {
        let Some(lane) = Lane::from_token(entry.lane) else { return };
        match &entry.entry.content {
            Content::Facts { source, facts } => {
                facts.iter().for_each(|told| self.learn(told.id, lane, source, &told.fact));
            }
            Content::Decisions { decisions, now, .. } if lane == Lane::Flow => {
                decisions.iter().for_each(|decision| self.take(decision, *now));
            }
            Content::Due { name, .. } if lane == Lane::Clock => {
                self.due.insert(name.clone());
            }
            // Who may write a lane is the broker's permission; a decision or a deadline in another lane has no such backing.
            Content::Decisions { .. } | Content::Due { .. } => {}
        }
    }

    fn learn(&mut self, id: FactId, lane: Lane, source: &Source, fact: &Fact) {
        let (partner, received, inbox) = (source.partner.as_deref(), source.received, source.inbox.unwrap_or(0));
        let telling = || Held { lane, partner: partner.map(Into::into), received, inbox, fact: fact.clone() };
        if let Some(held) = self.facts.get_mut(&id) {
            // The first telling counts, whichever of them is folded first.
            if (received, inbox, lane, partner) < (held.received, held.inbox, held.lane, held.partner.as_deref()) {
                *held = telling();
            }
        } else if self.has_room(lane) {
            self.facts.insert(id, telling());
        } else {
            self.flooded = true;
        }
    }

    fn has_room(&self, lane: Lane) -> bool {
        // Only an order that is near its limit pays for the count.
        self.facts.len() < MAX_FACTS || self.facts.values().filter(|held| held.lane == lane).count() < MAX_FACTS
    }

    /// Takes in what was decided at a time.
    pub(crate) fn take(&mut self, decision: &Decision, now: Timestamp) {
        match decision {
            Decision::Commit(commitment) => {
                let first_shipment = commitment.first_shipment;
                let committed = fact_id(&commitment.release).map(|release| Committed { release, first_shipment });
                self.committed.extend(committed);
            }
            Decision::Split(split) => self.splits.push(split.clone()),
            Decision::Ask(ask) if self.ask(&ask.id).is_some() => self.asked_again.push(ask.id.clone()),
            Decision::Ask(ask) => self.asks.push(ask.clone()),
            Decision::Deadline(deadline) => {
                self.deadlines.insert(deadline.name.clone(), deadline.at);
            }
            Decision::Raise(raised) => {
                match self.exceptions.iter_mut().find(|open| open.exception.kind == raised.kind) {
                    Some(open) => open.exception = raised.clone(),
                    None => self.exceptions.push(Open { exception: raised.clone(), since: now }),
                }
            }
            Decision::Resolve(kind) => self.exceptions.retain(|open| open.exception.kind != *kind),
            Decision::End(end) => self.ended = Some(*end),
        }
    }

    /// The order's number.
    #[must_use]
    pub const fn id(&self) -> Option<&OrderId> {
        self.id.as_ref()
    }

    /// The release that is being worked with, once something was asked.
    #[must_use]
    pub fn committed(&self) -> Option<FactId> {
        self.committed.last().map(|committed| committed.release)
    }

    /// The number of the first shipment of the release that is being worked with.
    pub(crate) fn first_shipment(&self) -> u32 {
        self.committed.last().map_or(1, |committed| committed.first_shipment)
    }

    /// How often one of its shipments was split.
    pub(crate) const fn splits(&self) -> usize {
        self.splits.len()
    }

    /// Whether more was told of it in one lane than it keeps.
    #[must_use]
    pub const fn is_flooded(&self) -> bool {
        self.flooded
    }

    /// How it ended, if it did.
    #[must_use]
    pub const fn ended(&self) -> Option<End> {
        self.ended
    }

    /// The open exceptions, oldest first.
    pub fn exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.exceptions.iter().map(|open| &open.exception)
    }

    /// Every ask, in the order they were made.
    pub fn asks(&self) -> std::slice::Iter<'_, Ask> {
        self.asks.iter()
    }

    /// How often an ask was made again under its own id.
    pub(crate) fn times_again(&self, ask: &AskId) -> usize {
        self.asked_again.iter().filter(|again| *again == ask).count()
    }

    /// How often an operator wanted an ask made again.
    pub(crate) fn times_wanted_again(&self, ask: &AskId) -> usize {
        let wants = |held: &Held| {
            held.lane == Lane::Ops && matches!(&held.fact, Fact::RetryRequested(retry) if retry.ask == *ask)
        };
        self.facts.values().filter(|held| wants(held)).count()
    }

    /// Whether an operator takes this problem as it is.
    pub(crate) fn is_waived(&self, problem: &Exception) -> bool {
        let waives = |held: &Held| {
            let Fact::Waived(waived) = &held.fact else { return false };
            // What came later than the person's word is not covered by it; that something is late goes on being so.
            let goes_on = matches!(&problem.kind, ExceptionKind::Overdue(wait) if wait != RELEASE);
            let same = goes_on || waived.detail == problem.detail;
            held.lane == Lane::Ops && waived.kind == problem.kind && same
        };
        self.facts.values().any(waives)
    }

    /// Whether an operator takes a problem of this kind as it is, whatever it was in particular.
    pub(crate) fn is_kind_waived(&self, kind: &ExceptionKind) -> bool {
        let waives =
            |held: &Held| held.lane == Lane::Ops && matches!(&held.fact, Fact::Waived(waived) if waived.kind == *kind);
        self.facts.values().any(waives)
    }

    /// The problem that an operator took as it is when this was refused. The order goes on without it, and asking again would
    /// change nothing.
    #[must_use]
    pub fn waiver_of(&self, ask: &Ask) -> Option<ExceptionKind> {
        let kind = match &ask.request {
            Request::Allocate { shipment, .. } => ExceptionKind::NoStock(shipment.clone()),
            Request::Book { shipment, .. } => ExceptionKind::BookingRefused(shipment.clone()),
            Request::ConfirmShipment { .. }
            | Request::Bill { .. }
            | Request::CancelAllocation { .. }
            | Request::CancelBooking { .. }
            | Request::ConfirmCancellation { .. }
            | Request::UpdateCustomer { .. }
            | Request::ExpectReturn { .. }
            | Request::Collect { .. }
            | Request::CancelReturn { .. }
            | Request::CancelCollection { .. }
            | Request::Credit { .. }
            | Request::UpdateReturn { .. } => return None,
        };
        self.is_kind_waived(&kind).then_some(kind)
    }

    /// When each deadline passes, by name.
    #[must_use]
    pub const fn deadlines(&self) -> &BTreeMap<String, Timestamp> {
        &self.deadlines
    }

    /// Whether this deadline has passed.
    #[must_use]
    pub fn is_due(&self, deadline: &str) -> bool {
        self.due.contains(deadline)
    }

    /// The fact of this id.
    #[must_use]
    pub fn fact(&self, id: FactId) -> Option<&Held> {
        self.facts.get(&id)
    }

    /// Every fact, by id.
    pub fn facts(&self) -> impl Iterator<Item = (FactId, &Held)> {
        self.facts.iter().map(|(id, held)| (*id, held))
    }
}

/// The fact an id in hex names; `None` when it is none.
fn fact_id(hex: &str) -> Option<FactId> {
    FactId::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(hex)).ok()
}
