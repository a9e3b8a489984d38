//! The graph as an indented text.

use std::collections::BTreeMap;

use super::{Edge, Graph, Hop, Id, Node};
use crate::table::Table;
use crate::text::{NOTHING, harmless, heading, line, span};

/// The graph, each node below the one that led to it, then the critical path.
pub(in crate::order) fn render(graph: &Graph) -> String {
    let mut text = String::new();
    line(&mut text, heading("Cause and effect (* on the critical path)"));
    let (roots, below) = tree(graph);
    let mut open: Vec<(&Node, usize)> = roots.into_iter().rev().map(|root| (root, 0)).collect();
    while let Some((node, depth)) = open.pop() {
        let mark = if node.critical { "*" } else { " " };
        let indent = "  ".repeat(depth);
        line(&mut text, format!("{mark} {indent}{}", harmless(&title(graph, node))));
        for says in details(node) {
            line(&mut text, format!("  {indent}    {}", harmless(says)));
        }
        let children = below.get(&node.id).into_iter().flatten();
        open.extend(children.rev().map(|child| (*child, depth + 1)));
    }
    text.push('\n');
    line(
        &mut text,
        heading(&format!("Critical path, {}", span(graph.critical_path.iter().map(|leg| leg.took_ms).sum()))),
    );
    text + &path(graph).to_string()
}

type Below<'a> = BTreeMap<&'a Id, Vec<&'a Node>>;

/// What nothing led to for certain, and what stands below what. Messages stand beside what became of them.
fn tree(graph: &Graph) -> (Vec<&Node>, Below<'_>) {
    let (mut roots, mut below) = (Vec::new(), Below::new());
    for node in graph.nodes.iter().filter(|node| !matches!(node.id, Id::Message(_))) {
        match above(graph, node) {
            Some(edge) => below.entry(&edge.from).or_default().push(node),
            None => roots.push(node),
        }
    }
    (roots, below)
}

/// The last of what led to a node; of an ask, the decision that made it first.
fn above<'a>(graph: &'a Graph, node: &'a Node) -> Option<&'a Edge> {
    if matches!(node.id, Id::Ask(_)) {
        return graph.causes(&node.id).next();
    }
    let certain = graph.causes(&node.id).filter(|edge| match edge.hop {
        Hop::Decided | Hop::Answered | Hop::Due => true,
        Hop::Received | Hop::Recorded | Hop::Asked | Hop::Resolved | Hop::Followed => false,
    });
    certain.min_by_key(|edge| (edge.took_ms, std::cmp::Reverse(&edge.from)))
}

/// What is said of a node on its line.
fn title(graph: &Graph, node: &Node) -> String {
    let Id::Entry(sequence) = node.id else {
        let answered = graph.edges.iter().any(|edge| edge.from == node.id && edge.hop == Hop::Answered);
        let open = if answered { "" } else { ", not answered" };
        return format!("{}{open}", node.says.join(", "));
    };
    let lane = node.lane.unwrap_or(NOTHING);
    let from = node.from.as_ref().map(|from| format!("{from}: ")).unwrap_or_default();
    format!("{sequence} {lane}  {from}{}", hops(graph, node).join(", "))
}

fn details(node: &Node) -> &[String] {
    if matches!(node.id, Id::Ask(_)) { &[] } else { &node.says }
}

/// How it came to an entry, and how long each hop took.
fn hops(graph: &Graph, node: &Node) -> Vec<String> {
    let mut hops = Vec::new();
    let decided: Vec<&Edge> = graph.causes(&node.id).filter(|edge| edge.hop == Hop::Decided).collect();
    if let Some(last) = decided.last() {
        let seen: Vec<String> = decided.iter().map(|edge| number(&edge.from)).collect();
        hops.push(format!("decided in {}, having seen {}", span(last.took_ms), seen.join(", ")));
    }
    for edge in graph.causes(&node.id) {
        let took = span(edge.took_ms);
        match edge.hop {
            Hop::Answered => hops.push(format!("answered in {took}")),
            Hop::Due => hops.push(format!("passed {took} after it was set")),
            Hop::Followed => hops.push(format!("{took} after {}", number(&edge.from))),
            Hop::Resolved => {
                let what = edge.what.as_deref().unwrap_or_default();
                hops.push(format!("{what} resolved {took} after {} raised it", number(&edge.from)));
            }
            Hop::Received | Hop::Recorded | Hop::Decided | Hop::Asked => {}
        }
    }
    if let Some(read) = graph.message_of(&node.id) {
        let told = graph.node(&read.from).zip(node.occurred);
        let told = told.map(|(message, occurred)| message.at.as_millis() - occurred.as_millis());
        hops.extend(told.map(|took| format!("received {} after it occurred", span(took))));
        hops.push(format!("recorded in {} from {}", span(read.took_ms), read.from));
    }
    hops
}

/// An entry by its place alone.
fn number(id: &Id) -> String {
    match id {
        Id::Entry(sequence) => sequence.to_string(),
        Id::Message(_) | Id::Ask(_) => id.to_string(),
    }
}

fn path(graph: &Graph) -> Table {
    let all: i64 = graph.critical_path.iter().map(|leg| leg.took_ms).sum();
    let mut table = Table::new(&["FROM", "HOP", "TO", ">TOOK", ">SHARE"]);
    for leg in &graph.critical_path {
        let from = leg.from.as_ref().map_or_else(|| "the event".to_owned(), ToString::to_string);
        let share =
            if all > 0 { format!("{:.0} %", 100.0 * leg.took_ms as f64 / all as f64) } else { NOTHING.to_owned() };
        table.row([from, leg.hop.as_str().to_owned(), leg.to.to_string(), span(leg.took_ms), share]);
    }
    table
}
