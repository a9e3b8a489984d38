use engine::{Folded, Key};
use serde_json::json;

use super::*;
use crate::order::step::{Step, steps};
use crate::sample;

fn sampled() -> Vec<Step> {
    steps(&sample::entries(), &mut Folded::new(&sample::key())).0
}

fn graphed() -> Graph {
    graph(&sample::order_id(), &sampled())
}

fn edges(graph: &Graph) -> Vec<String> {
    let took = |edge: &Edge| format!("{} -> {}: {} {}ms", edge.from, edge.to, edge.hop.as_str(), edge.took_ms);
    graph.edges.iter().map(took).collect()
}

#[test]
fn cause_and_effect_stand_below_each_other() {
    let text = anstream::adapter::strip_str(&render(&graphed())).to_string();
    assert_eq!(text, include_str!("expected.txt"));
}

#[test]
fn graphviz_draws_the_same() {
    assert_eq!(dot(&graphed()), include_str!("expected.dot"));
    assert_eq!(dot(&graphed()), dot(&graphed()));
}

#[test]
fn every_hop_has_the_time_it_took() {
    let graph = graphed();
    let edges = edges(&graph);
    for expected in [
        "INBOX 100 -> entry 10: recorded 4ms",
        "entry 10 -> entry 13: decided 3ms",
        "entry 13 -> ask SO 1/7.*/allocate/s1: asked 0ms",
        "ask SO 1/7.*/allocate/s1 -> entry 16: answered 896ms",
        "ask SO 1/7.*/book/s1 -> entry 22: answered 64996ms",
        "entry 19 -> entry 28: due 3664995ms",
    ] {
        assert!(edges.iter().any(|edge| edge == expected), "{expected} is not among {edges:#?}");
    }
}

#[test]
fn the_critical_path_leads_from_the_first_message_to_the_end_without_a_gap() {
    let graph = graphed();
    let legs: Vec<(Hop, i64)> = graph.critical_path.iter().map(|leg| (leg.hop, leg.took_ms)).collect();
    let expected = [
        (Hop::Recorded, 4),
        (Hop::Decided, 3),
        (Hop::Asked, 0),
        (Hop::Answered, 896),
        (Hop::Recorded, 4),
        (Hop::Decided, 2),
        (Hop::Due, 3_665_001),
    ];
    assert_eq!(legs, expected);
    let (first, last) = (graph.critical_path.first().unwrap(), graph.critical_path.last().unwrap());
    assert_eq!((first.from.as_ref(), &last.to), (Some(&Id::Message(100)), &Id::Entry(28)));
    let at = |id: &Id| graph.node(id).unwrap().at.as_millis();
    let all: i64 = legs.iter().map(|(_, took)| took).sum();
    assert_eq!(all, at(&Id::Entry(28)) - at(&Id::Message(100)));
    let marked = |id: &Id| graph.node(id).unwrap().critical;
    assert!(marked(&Id::Entry(16)) && marked(&Id::Message(102)) && !marked(&Id::Entry(22)));
}

#[test]
fn what_is_told_unasked_follows_what_was_told_of_the_same_shipment() {
    let mut entries = sample::entries();
    // The allocation told once more, as an answer to nothing.
    let engine::Content::Facts { source, facts } = &mut entries[4].entry.content else { panic!() };
    facts.remove(0);
    source.inbox = None;
    let steps = steps(&entries, &mut Folded::new(&Key::of(sample::ORDER))).0;
    let graph = graph(&sample::order_id(), &steps);
    let followed = "INBOX 102 -> entry 22: followed 65006ms";
    assert!(edges(&graph).iter().any(|edge| edge == followed), "{:#?}", edges(&graph));
    assert!(render(&graph).contains("22 tms  tms-main status: 1m 5s after INBOX 102\n"), "{}", render(&graph));
}

#[test]
fn of_messages_that_came_in_one_burst_each_follows_the_one_before() {
    let mut entries = sample::entries();
    entries.truncate(3);
    let told = entries[2].clone();
    for nth in 1..=2 {
        let mut entry = told.clone();
        let engine::Content::Facts { source, facts } = &mut entry.entry.content else { panic!() };
        facts.remove(0);
        // Received before the first of them was recorded.
        source.inbox = Some(102 + nth);
        source.received = source.received.plus_millis(1);
        entry.sequence += nth;
        entry.recorded = entry.recorded.plus_millis(2);
        entries.push(entry);
    }
    let steps = steps(&entries, &mut Folded::new(&sample::key())).0;
    let graph = graph(&sample::order_id(), &steps);
    let legs: Vec<_> = graph.critical_path.iter().rev().map(|leg| (leg.to.to_string(), leg.hop, leg.took_ms)).collect();
    let expected = [("entry 18", Hop::Recorded, 5), ("INBOX 104", Hop::Followed, 0), ("INBOX 103", Hop::Followed, 1)];
    assert_eq!(legs[..3], expected.map(|(to, hop, took)| (to.to_owned(), hop, took)));
    assert_eq!(legs[3], ("INBOX 102".to_owned(), Hop::Answered, 896));
    assert!(graph.critical_path.iter().all(|leg| leg.took_ms >= 0));
}

#[test]
fn a_problem_that_is_resolved_leads_back_to_where_it_was_raised() {
    let mut entries = sample::entries();
    let kind = model::ExceptionKind::BookingRefused(model::ShipmentId::new("s1").unwrap());
    let (seen, now) = (28, entries[6].recorded);
    let decisions = vec![model::Decision::Resolve(kind)];
    let entry =
        engine::Entry { id: engine::EntryId([9; 16]), content: engine::Content::Decisions { seen, now, decisions } };
    let recorded = now.plus_millis(5);
    entries.push(engine::Recorded { sequence: 31, recorded, lane: "flow", entry });
    let steps = steps(&entries, &mut Folded::new(&sample::key())).0;
    let graph = graph(&sample::order_id(), &steps);
    let resolved = graph.edges.iter().find(|edge| edge.hop == Hop::Resolved).unwrap();
    assert_eq!((&resolved.from, &resolved.to), (&Id::Entry(25), &Id::Entry(31)));
    assert_eq!(resolved.what.as_deref(), Some("booking_refused s1"));
    assert!(edges(&graph).contains(&"entry 28 -> entry 31: decided 5ms".to_owned()));
    assert_eq!(graph.critical_path.last().unwrap().to, Id::Entry(31));
}

#[test]
fn a_partner_cannot_break_out_of_a_label() {
    let mut graph = graphed();
    graph.order = OrderId::new("注文 \"42\\").unwrap();
    graph.nodes[0].says = vec!["a \"quote\", a \\N and\na line".to_owned(), "x".repeat(200)];
    let text = dot(&graph);
    assert!(text.starts_with("digraph \"order 注文 \\\"42\\\\\" {\n"), "{text}");
    assert!(text.contains(r#"a \"quote\", a \\N and\\na line\nxxx"#), "{text}");
    assert!(text.lines().all(|line| line.chars().count() < 300));
}

#[test]
fn programs_get_nodes_and_edges() {
    let json = serde_json::to_value(graphed()).unwrap();
    let read = json!({ "from": "INBOX 100", "to": "entry 10", "hop": "recorded", "took_ms": 4, "critical": true });
    assert!(json["edges"].as_array().unwrap().contains(&read), "{json:#}");
    assert_eq!(json["nodes"][0]["id"], "INBOX 100");
    assert_eq!(
        json["critical_path"][0],
        json!({ "from": "INBOX 100", "to": "entry 10", "hop": "recorded", "took_ms": 4 })
    );
}

#[test]
fn a_trail_without_entries_is_an_empty_graph() {
    let empty = graph(&sample::order_id(), &[]);
    assert!(empty.nodes.is_empty() && empty.edges.is_empty() && empty.critical_path.is_empty());
}
