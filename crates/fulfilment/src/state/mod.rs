//! What is known of one order.
//!
//! The state is a set: facts by their id, and the decisions taken. Whatever order facts arrive in and however often,
//! the same set results, so everything computed from it is the same too.

mod actual;
mod answers;
mod lines;
mod shipments;
mod stock;

use std::collections::{BTreeMap, BTreeSet};

use engine::{Content, FactId, Key, WorkflowRecord};
use model::{
    Ask, Decision, End, Exception, Fact, Lane, Milestone, MilestoneReached, Order, OrderId, System, Timestamp,
    Validation,
};
use serde::{Deserialize, Serialize};

use crate::Fulfilment;
pub(crate) use actual::Actual;
pub use answers::AskState;
pub use lines::LineStatus;
pub use shipments::Shipment;
pub use stock::{StockEffect, StockEffectKind};

/// The most facts an order keeps; what comes beyond is dropped, so that one flooded order cannot fill a process.
/// The entries themselves stay in the stream.
pub const MAX_FACTS: usize = 5_000;

/// The fold of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// `None` when the subject's token names no order; nothing is ever decided for such a stream.
    id: Option<OrderId>,
    facts: BTreeMap<FactId, Held>,
    asks: Vec<Ask>,
    deadlines: BTreeMap<String, Timestamp>,
    due: BTreeSet<String>,
    exceptions: Vec<Exception>,
    ended: Option<End>,
}

/// A fact, who told it and when it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The lane it was told in.
    pub lane: Lane,
    /// When it first came in.
    pub received: Timestamp,
    /// Its message's place in the inbox, which tells which of two messages of one moment came first; 0 when it came
    /// another way.
    pub inbox: u64,
    /// What was told.
    pub fact: Fact,
}

/// A fact told by a system that is not the system of record for it: shown beside the truth, never part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// Who claims it.
    pub lane: Lane,
    /// When it first came in.
    pub received: Timestamp,
    /// What is claimed.
    pub fact: &'a Fact,
}

impl State {
    /// Nothing known yet of the order a key names.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        Self {
            id: OrderId::from_token(key.token()).ok(),
            facts: BTreeMap::new(),
            asks: Vec::new(),
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
                for told in facts {
                    self.learn(told.id, lane, (source.received, source.inbox.unwrap_or(0)), &told.fact);
                }
            }
            Content::Decisions { decisions, .. } if lane == Lane::Flow => {
                decisions.iter().for_each(|decision| self.take(decision));
            }
            Content::Due { name, .. } if lane == Lane::Clock => {
                self.due.insert(name.clone());
            }
            // Who may write a lane is the broker's permission; a decision or a deadline in another lane has no such backing.
            Content::Decisions { .. } | Content::Due { .. } => {}
        }
    }

    fn learn(&mut self, id: FactId, lane: Lane, (received, inbox): (Timestamp, u64), fact: &Fact) {
        if let Some(held) = self.facts.get_mut(&id) {
            // The first telling counts, whichever of them is folded first.
            if (received, inbox, lane) < (held.received, held.inbox, held.lane) {
                *held = Held { lane, received, inbox, fact: fact.clone() };
            }
        } else if self.facts.len() < MAX_FACTS {
            self.facts.insert(id, Held { lane, received, inbox, fact: fact.clone() });
        }
    }

    fn take(&mut self, decision: &Decision) {
        match decision {
            Decision::Ask(ask) => self.asks.push(ask.clone()),
            Decision::Deadline(deadline) => {
                self.deadlines.insert(deadline.name.clone(), deadline.at);
            }
            Decision::Raise(exception) => self.exceptions.push(exception.clone()),
            Decision::Resolve(kind) => self.exceptions.retain(|open| open.kind != *kind),
            Decision::End(end) => self.ended = Some(*end),
        }
    }

    /// The order's number.
    #[must_use]
    pub const fn id(&self) -> Option<&OrderId> {
        self.id.as_ref()
    }

    /// The order as the ERP last released it.
    #[must_use]
    pub fn order(&self) -> Option<&Order> {
        self.newest(Lane::Erp, |fact| if let Fact::Released(order) = fact { Some(order) } else { None })
    }

    /// What the master data last said of it.
    #[must_use]
    pub fn validation(&self) -> Option<&Validation> {
        self.newest(Lane::Erp, |fact| if let Fact::Validated(validation) = fact { Some(validation) } else { None })
    }

    /// How it ended, if it did.
    #[must_use]
    pub const fn ended(&self) -> Option<End> {
        self.ended
    }

    /// The open exceptions, oldest first.
    pub fn exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.exceptions.iter()
    }

    /// Every ask, in the order they were made.
    pub fn asks(&self) -> impl Iterator<Item = &Ask> {
        self.asks.iter()
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

    /// Every fact, by id.
    pub fn facts(&self) -> impl Iterator<Item = (FactId, &Held)> {
        self.facts.iter().map(|(id, held)| (*id, held))
    }

    /// What systems told that are not the systems of record for it.
    pub fn claims(&self) -> impl Iterator<Item = Claim<'_>> {
        let foreign = |held: &&Held| !may_tell(held.lane, &held.fact);
        let claims = self.facts.values().filter(foreign);
        claims.map(|held| Claim { lane: held.lane, received: held.received, fact: &held.fact })
    }

    /// The milestone facts of the systems of record, with their ids.
    pub fn milestones(&self) -> impl Iterator<Item = (FactId, &Held, &MilestoneReached)> {
        self.facts.iter().filter_map(|(id, held)| {
            let Fact::Milestone(reached) = &held.fact else { return None };
            may_tell(held.lane, &held.fact).then_some((*id, held, reached))
        })
    }

    /// The fact of one kind that came in last, told in its own lane.
    fn newest<'a, T>(&'a self, lane: Lane, pick: impl Fn(&'a Fact) -> Option<&'a T>) -> Option<&'a T> {
        let told = self.facts.iter().filter(|(_, held)| held.lane == lane);
        let picked = told.filter_map(|(id, held)| pick(&held.fact).map(|fact| ((held.received, held.inbox, id), fact)));
        picked.max_by_key(|(came, _)| *came).map(|(_, fact)| fact)
    }
}

/// Whether the system that writes a lane is the system of record for a fact.
///
/// A return may be told by the carrier that brings it or the warehouse that takes it in; only the warehouse issues goods.
#[must_use]
pub fn may_tell(lane: Lane, fact: &Fact) -> bool {
    if lane == Lane::Ops {
        return true;
    }
    match fact {
        Fact::Released(_) | Fact::Validated(_) | Fact::Billed(_) => lane == Lane::Erp,
        Fact::Booked(_) | Fact::FreightInvoiced(_) => lane == Lane::Tms,
        Fact::Archived(_) => lane == Lane::View,
        // An answer is matched to the system that was asked, see `AskState`.
        Fact::Answered(_) => true,
        Fact::Condition(_) => matches!(lane, Lane::Tms | Lane::Wms),
        Fact::Milestone(reached) => {
            let returned = reached.milestone == Milestone::TransportReturned;
            lane == reached.milestone.authority().lane() || (returned && lane == System::Tms.lane())
        }
    }
}
