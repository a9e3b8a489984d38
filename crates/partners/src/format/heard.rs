//! What was heard of an interchange: its envelopes as they were opened, and what is wrong with the syntax of each. What the
//! sender is told of it is made of this.

use serde_json::{Map, Value};

/// An envelope, or a transaction, as it was heard.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) kind: HeardKind,
    /// Where in the message's text it begins, and where it ends if it is closed, in bytes.
    pub(crate) begins: usize,
    pub(crate) ends: Option<usize>,
    /// The elements of the segment that opened it, without padding.
    pub(crate) opening: Map<String, Value>,
    /// How many of what is inside it its closing segment says it holds.
    pub(crate) stated: Option<usize>,
    pub(crate) wrong: Vec<Wrong>,
    /// Whether it counts: a transaction that is broken does not.
    pub(crate) is_taken: bool,
    pub(crate) inside: Vec<Heard>,
}

/// What sort of envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeardKind {
    Interchange,
    Group,
    Transaction,
}

/// What can be wrong with the syntax of an envelope or a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Its closing segment states another count.
    Count,
    /// Its closing segment states another control number, or it has none.
    Control,
    /// It is not closed.
    NotClosed,
    /// One of its segments cannot be read.
    Unreadable,
    /// Its control number, or that of an envelope around it, came before.
    Repeat,
}

impl Heard {
    pub(crate) fn new(kind: HeardKind, begins: usize, opening: Map<String, Value>) -> Self {
        Self { kind, begins, ends: None, opening, stated: None, wrong: Vec::new(), is_taken: true, inside: Vec::new() }
    }

    /// The transactions in it, and how many of them count.
    pub(crate) fn transactions(&self) -> (usize, usize) {
        match self.kind {
            HeardKind::Transaction => (1, usize::from(self.is_taken)),
            HeardKind::Interchange | HeardKind::Group => {
                let counts = self.inside.iter().map(Self::transactions);
                counts.fold((0, 0), |(all, taken), (more, and_taken)| (all + more, taken + and_taken))
            }
        }
    }
}
