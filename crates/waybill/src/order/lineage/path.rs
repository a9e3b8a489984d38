//! The critical path: from the end back to what it had to wait for last, and so on to the first.

use super::{Edge, Graph, Hop, Id, Leg};

/// The graph with the path to `end` marked.
pub(super) fn marked(mut graph: Graph, end: Option<Id>) -> Graph {
    let mut back = Back { graph: &graph, legs: Vec::new(), edges: Vec::new(), nodes: Vec::new() };
    let mut at = end.map(|id| (id, false));
    let mut before = u64::MAX;
    while let Some((id, is_read)) = at {
        if let Id::Entry(sequence) = id {
            before = sequence;
        }
        at = back.step(id, is_read, before);
    }
    let Back { mut legs, edges, nodes, .. } = back;
    legs.reverse();
    for edge in edges {
        graph.edges[edge].critical = true;
    }
    for node in &mut graph.nodes {
        node.critical = nodes.contains(&node.id);
    }
    graph.critical_path = legs;
    graph
}

struct Back<'a> {
    graph: &'a Graph,
    /// The hops, newest first.
    legs: Vec<Leg>,
    /// Which edges they are.
    edges: Vec<usize>,
    nodes: Vec<Id>,
}

impl Back<'_> {
    /// What a node had to wait for last, of what stands before an entry; and whether the path comes to that one's message
    /// alone, before it was recorded.
    fn step(&mut self, id: Id, is_read: bool, before: u64) -> Option<(Id, bool)> {
        let graph = self.graph;
        let waited = (graph.edges.iter().enumerate())
            .filter(|(_, edge)| edge.to == id && is_wait(edge.hop) && is_before(&edge.from, before))
            .min_by_key(|(_, edge)| (edge.took_ms, std::cmp::Reverse(&edge.from)));
        let mut reached = id.clone();
        if !is_read {
            self.nodes.push(id.clone());
        }
        if let Some(read) = graph.edges.iter().position(|edge| edge.to == id && edge.hop == Hop::Recorded) {
            let edge = &graph.edges[read];
            if !is_read {
                self.leg(Some(edge.from.clone()), reached, Hop::Recorded, edge.took_ms);
                self.edges.push(read);
            }
            self.nodes.push(edge.from.clone());
            reached = edge.from.clone();
        }
        let Some((nth, edge)) = waited else {
            self.told(&reached);
            return None;
        };
        self.edges.push(nth);
        self.waited(edge, reached);
        if !matches!(edge.from, Id::Message(_)) {
            return Some((edge.from.clone(), false));
        }
        // What a message had to wait for is what the entry had that it became.
        let became =
            |other: &&Edge| other.from == edge.from && other.hop == Hop::Recorded && is_before(&other.to, before);
        graph.edges.iter().rfind(became).map(|edge| (edge.to.clone(), true))
    }

    fn leg(&mut self, from: Option<Id>, to: Id, hop: Hop, took_ms: i64) {
        self.legs.push(Leg { from, to, hop, took_ms });
    }

    /// The hop from what was waited for; of what is told in between, until it occurred and since.
    fn waited(&mut self, edge: &Edge, reached: Id) {
        let at = |id: &Id| self.graph.node(id).map(|node| node.at.as_millis());
        let (Some(began), Some(ended)) = (at(&edge.from), at(&reached)) else { return };
        let from = Some(edge.from.clone());
        match edge.hop {
            Hop::Followed => {
                let occurred = self.graph.node(&edge.to).and_then(|node| node.occurred).map(|time| time.as_millis());
                match occurred.filter(|occurred| (began..ended).contains(occurred)) {
                    Some(occurred) => {
                        self.leg(None, reached.clone(), Hop::Received, ended - occurred);
                        self.leg(from, reached, Hop::Followed, occurred - began);
                    }
                    None => self.leg(from, reached, Hop::Followed, ended - began),
                }
            }
            // Some come late.
            Hop::Due => self.leg(from, reached, Hop::Due, ended - began),
            Hop::Received | Hop::Recorded | Hop::Decided | Hop::Asked | Hop::Answered | Hop::Resolved => {
                self.leg(from, reached, edge.hop, edge.took_ms);
            }
        }
    }

    /// Of what nothing led to, how long it took until it was told.
    fn told(&mut self, id: &Id) {
        let Some(node) = self.graph.node(id) else { return };
        let occurred = node.occurred.map(|occurred| node.at.as_millis() - occurred.as_millis());
        if let Some(took) = occurred.filter(|took| *took > 0) {
            self.leg(None, id.clone(), Hop::Received, took);
        }
    }
}

/// Whether what such a hop leads to has waited for where it comes from.
const fn is_wait(hop: Hop) -> bool {
    match hop {
        Hop::Decided | Hop::Asked | Hop::Answered | Hop::Due | Hop::Followed => true,
        // A message is what an answer came in; and what is resolved waits for what resolves it.
        Hop::Received | Hop::Recorded | Hop::Resolved => false,
    }
}

/// An ask may be made again after its answer.
const fn is_before(id: &Id, before: u64) -> bool {
    match id {
        Id::Entry(sequence) => *sequence < before,
        Id::Ask(_) | Id::Message(_) => true,
    }
}
