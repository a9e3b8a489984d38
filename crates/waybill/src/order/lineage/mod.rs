//! Cause and effect in an order's trail, over all lanes: a raw message became an entry, which a decision had seen, which asked,
//! which was answered. Every hop has the time it took.

mod about;
mod build;
mod dot;
mod path;
mod text;

use std::fmt;

use model::{AskId, OrderId, Timestamp};
use serde::{Serialize, Serializer};

pub(super) use build::graph;
pub(super) use dot::dot;
pub(super) use text::render;

/// What the graph shows, and how.
pub(super) const HELP: &str = "\
With --graph: what caused what. Below an entry stand the decisions that had seen it as the newest, below a decision what it asked, \
below an ask its answer. A time is how long a hop took: from an event to its receipt, from there to the stream (recorded), from there \
to a decision, from an ask to the receipt of its answer. `*` marks the critical path: the hops that determined when the order ended, \
or when its latest entry came. What is told without being asked for is taken to follow what was told before of the same shipment.";

/// Cause and effect in one order's trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Graph {
    /// The order.
    pub order: OrderId,
    /// Messages, entries and asks, by when they were there.
    pub nodes: Vec<Node>,
    /// What caused what, by what was caused.
    pub edges: Vec<Edge>,
    /// The hops that determined when the order ended, or when its latest entry came, oldest first.
    pub critical_path: Vec<Leg>,
}

/// Names a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Id {
    /// A raw message, by its place in INBOX.
    Message(u64),
    /// An entry, by its place in ORDERS.
    Entry(u64),
    /// An ask.
    Ask(AskId),
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(sequence) => write!(f, "INBOX {sequence}"),
            Self::Entry(sequence) => write!(f, "entry {sequence}"),
            Self::Ask(ask) => write!(f, "ask {ask}"),
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A message, an entry or an ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Node {
    pub id: Id,
    /// The lane of an entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<&'static str>,
    /// When it was there: a message when it was received, an entry when it was recorded, an ask when it was decided, for the
    /// last time if it was made again.
    pub at: Timestamp,
    /// The earliest time at which something occurred that it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Timestamp>,
    /// Who it is from: a partner and its message, or an operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it says, in words.
    pub says: Vec<String>,
    /// It is on the critical path.
    pub critical: bool,
}

/// How one thing led to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Hop {
    /// An event was told.
    Received,
    /// A message became an entry.
    Recorded,
    /// A decision had seen an entry, and no earlier one had.
    Decided,
    /// A decision made an ask.
    Asked,
    /// An ask was answered: until the answer was received.
    Answered,
    /// A deadline that a decision had set passed.
    Due,
    /// A decision raised an exception, and another one resolved it.
    Resolved,
    /// Something was told of a shipment after something else; that one led to the other is inferred.
    Followed,
}

impl Hop {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Recorded => "recorded",
            Self::Decided => "decided",
            Self::Asked => "asked",
            Self::Answered => "answered",
            Self::Due => "due",
            Self::Resolved => "resolved",
            Self::Followed => "followed",
        }
    }
}

/// One thing that led to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Edge {
    pub from: Id,
    pub to: Id,
    pub hop: Hop,
    /// The deadline, or the exception.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    pub took_ms: i64,
    /// It is on the critical path.
    pub critical: bool,
}

/// One hop of the critical path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Leg {
    /// Where it begins; nothing for an event before its receipt.
    pub from: Option<Id>,
    pub to: Id,
    pub hop: Hop,
    pub took_ms: i64,
}

impl Graph {
    pub fn node(&self, id: &Id) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == *id)
    }

    /// What led to a node.
    pub fn causes<'a>(&'a self, id: &'a Id) -> impl DoubleEndedIterator<Item = &'a Edge> {
        self.edges.iter().filter(move |edge| edge.to == *id)
    }

    /// The raw message that became an entry, and how long that took.
    pub fn message_of<'a>(&'a self, id: &'a Id) -> Option<&'a Edge> {
        self.causes(id).find(|edge| edge.hop == Hop::Recorded)
    }
}

#[cfg(test)]
mod tests;
