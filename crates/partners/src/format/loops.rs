//! Loops: which segments stand inside which.
//!
//! X12 and EDIFACT send segments one after another; that an `N3` belongs to the `N1` before it is known from the message's
//! guide. The profile says it in a table, a key for each segment that begins a loop and a list of those that belong to it:
//!
//! ```toml
//! [in.order.loops]
//! N1 = ["N2", "N3", "N4", "REF"]
//! PO1 = ["PID", "REF", "SCH", "N1"]
//! ```
//!
//! A member that is a key itself begins a loop inside: the `N1` of a `PO1` has its own `N3`. A segment goes to the innermost
//! open loop that has it as a member, and the loops further inside end; one that no open loop has ends them all and stands in
//! the transaction, so none is lost. In the tree a loop's first segment holds its members as lists: `PO1[0].N1[0].N3[0].01`.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::segment::is_id;
use crate::source::{Node, ProfileError};

/// How deep loops may stand inside each other.
pub const MAX_DEPTH: usize = 8;

/// The loops of one message.
#[derive(Debug, Default)]
pub(crate) struct Loops(HashMap<Box<str>, HashSet<Box<str>>>);

impl Loops {
    pub(crate) fn compile(node: Option<Node<'_>>) -> Result<Self, ProfileError> {
        let Some(node) = node else { return Ok(Self::default()) };
        let mut loops = HashMap::new();
        for (members, id, at) in node.section()?.entries() {
            if !is_id(id) {
                return Err(at.error("expected the id of a segment: two or three capitals or digits, such as `N1`"));
            }
            let mut inside = HashSet::new();
            for member in members.list()? {
                let text = member.text()?;
                if !is_id(text) {
                    return Err(member.error("expected the id of a segment, such as `N3`"));
                }
                inside.insert(text.into());
            }
            loops.insert(id.into(), inside);
        }
        let loops = Self(loops);
        if loops.are_too_deep() {
            let problem = format!("expected loops at most {MAX_DEPTH} deep; one that holds itself has no end");
            return Err(node.error(problem));
        }
        Ok(loops)
    }

    /// Goes inwards level by level; a circle never ends.
    fn are_too_deep(&self) -> bool {
        let mut level: HashSet<&str> = self.0.keys().map(|id| &**id).collect();
        for _ in 0..MAX_DEPTH {
            let members = level.iter().filter_map(|id| self.0.get(*id)).flatten();
            level = members.map(|id| &**id).filter(|id| self.0.contains_key(*id)).collect();
        }
        !level.is_empty()
    }

    fn has(&self, id: &str, member: &str) -> bool {
        self.0.get(id).is_some_and(|members| members.contains(member))
    }
}

/// Segments on their way into a tree.
#[derive(Debug)]
pub(crate) struct Grouping<'p> {
    loops: &'p Loops,
    transaction: Inside,
    /// The open loops, outermost first.
    open: Vec<(String, Inside)>,
}

/// A segment's elements and the segments inside it.
#[derive(Debug, Default)]
struct Inside {
    elements: Map<String, Value>,
    members: BTreeMap<String, Vec<Value>>,
}

impl Inside {
    fn take(&mut self, id: String, member: Map<String, Value>) {
        self.members.entry(id).or_default().push(Value::Object(member));
    }

    fn close(self) -> Map<String, Value> {
        let mut whole = self.elements;
        whole.extend(self.members.into_iter().map(|(id, list)| (id, Value::Array(list))));
        whole
    }
}

impl<'p> Grouping<'p> {
    pub(crate) fn new(loops: &'p Loops) -> Self {
        Self { loops, transaction: Inside::default(), open: Vec::new() }
    }

    pub(crate) fn take(&mut self, id: &str, elements: Map<String, Value>) {
        let taker = self.open.iter().rposition(|(open, _)| self.loops.has(open, id));
        self.close(taker.map_or(0, |taker| taker + 1));
        if self.loops.0.contains_key(id) {
            self.open.push((id.to_owned(), Inside { elements, members: BTreeMap::new() }));
        } else {
            self.innermost().take(id.to_owned(), elements);
        }
    }

    /// The tree of the transaction: a list for each segment that came.
    pub(crate) fn end(mut self) -> Map<String, Value> {
        self.close(0);
        self.transaction.close()
    }

    /// Closes the loops further inside than this.
    fn close(&mut self, depth: usize) {
        while self.open.len() > depth
            && let Some((id, inside)) = self.open.pop()
        {
            self.innermost().take(id, inside.close());
        }
    }

    fn innermost(&mut self) -> &mut Inside {
        self.open.last_mut().map_or(&mut self.transaction, |(_, inside)| inside)
    }
}
