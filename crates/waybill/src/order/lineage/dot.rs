//! The graph in the language of Graphviz: `dot -Tsvg` draws it.

use super::{Graph, Hop, Id, Node};
use crate::text::{harmless, line, span};

/// The most characters of one line of a label.
const LONGEST: usize = 80;
/// How the critical path is drawn.
const CRITICAL: &str = ", color=\"red\", penwidth=2";

/// The graph as a `digraph`. The same trail always gives the same text.
pub(in crate::order) fn dot(graph: &Graph) -> String {
    let mut text = String::new();
    line(&mut text, format!("digraph {} {{", quoted(&format!("order {}", graph.order))));
    line(&mut text, "  rankdir=\"LR\"; node [shape=\"box\", fontsize=10]; edge [fontsize=9];");
    for node in &graph.nodes {
        let critical = if node.critical { CRITICAL } else { "" };
        let (id, label) = (quoted(&node.id.to_string()), label(node));
        line(&mut text, format!("  {id} [label={label}, shape=\"{}\"{critical}];", shape(node)));
    }
    for edge in &graph.edges {
        let critical = if edge.critical { CRITICAL } else { "" };
        let inferred = if edge.hop == Hop::Followed { ", style=\"dashed\"" } else { "" };
        let what = edge.what.as_ref().map(|what| format!(" {what}")).unwrap_or_default();
        let label = lines([format!("{}{what}", edge.hop.as_str()), span(edge.took_ms)]);
        let (from, to) = (quoted(&edge.from.to_string()), quoted(&edge.to.to_string()));
        line(&mut text, format!("  {from} -> {to} [label={label}{inferred}{critical}];"));
    }
    text.push_str("}\n");
    text
}

fn shape(node: &Node) -> &'static str {
    match (&node.id, node.lane) {
        (Id::Message(_), _) => "note",
        (Id::Ask(_), _) => "ellipse",
        (Id::Entry(_), Some("flow")) => "diamond",
        (Id::Entry(_), _) => "box",
    }
}

fn label(node: &Node) -> String {
    let title = match &node.id {
        Id::Entry(sequence) => format!("{sequence} {}", node.lane.unwrap_or_default()),
        id @ (Id::Message(_) | Id::Ask(_)) => id.to_string(),
    };
    let says = if matches!(node.id, Id::Ask(_)) { &[] } else { node.says.as_slice() };
    let others = node.from.iter().chain(says).cloned();
    lines(std::iter::once(title).chain(others))
}

/// A label of several lines.
fn lines(lines: impl IntoIterator<Item = String>) -> String {
    let escaped: Vec<String> = lines.into_iter().map(|line| escaped(&cut(&line))).collect();
    format!("\"{}\"", escaped.join("\\n"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A backslash begins an escape in a label, and a quote ends it.
fn escaped(text: &str) -> String {
    harmless(text).replace('\\', "\\\\").replace('"', "\\\"")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
