//! A log is as the standard wants it: what is used is declared, what is related exists, no id comes twice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Document;
use crate::archive::export::tests::trail;
use crate::sample;

fn written(numbers: &[&str]) -> String {
    let mut document = Document::begin().unwrap();
    for number in numbers {
        document.add(&trail(number)).unwrap();
    }
    let mut out = Vec::new();
    document.end(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn log(numbers: &[&str]) -> Value {
    serde_json::from_str(&written(numbers)).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is no list in {value}"))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is no text in {value}"))
}

/// The declared types: of each the attributes, with their types.
fn declared<'a>(log: &'a Value, name: &str) -> BTreeMap<&'a str, BTreeMap<&'a str, &'a str>> {
    let attributes = |of: &'a Value| list(of, "attributes").iter().map(|one| (text(one, "name"), text(one, "type")));
    list(log, name).iter().map(|one| (text(one, "name"), attributes(one).collect())).collect()
}

fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.ends_with('Z') && text.parse::<model::Timestamp>().is_ok())
}

/// Whether a text can be read as a value of the declared type.
fn is_of(value: &Value, kind: &str) -> bool {
    let Some(text) = value.as_str() else { return false };
    match kind {
        "string" => true,
        "time" => is_time(value),
        "integer" => text.parse::<u64>().is_ok(),
        "float" => text.parse::<f64>().is_ok(),
        "boolean" => text.parse::<bool>().is_ok(),
        other => panic!("{other} is no type of an attribute"),
    }
}

fn only(value: &Value, names: &[&str]) {
    let found: BTreeSet<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(found, names.iter().copied().collect(), "{value}");
}

fn check(log: &Value) {
    only(log, &["objectTypes", "eventTypes", "objects", "events"]);
    let ids: BTreeSet<&str> = list(log, "objects").iter().map(|object| text(object, "id")).collect();
    assert_eq!(ids.len(), list(log, "objects").len(), "an object is there twice");
    let events: BTreeSet<&str> = list(log, "events").iter().map(|event| text(event, "id")).collect();
    assert_eq!(events.len(), list(log, "events").len(), "an event is there twice");
    for (elements, types) in [("objects", "objectTypes"), ("events", "eventTypes")] {
        let declared = declared(log, types);
        for element in list(log, elements) {
            let is_event = elements == "events";
            if is_event {
                only(element, &["id", "type", "time", "attributes", "relationships"]);
                assert!(is_time(&element["time"]), "{element}");
            } else {
                only(element, &["id", "type", "attributes", "relationships"]);
            }
            let attributes = &declared[text(element, "type")];
            for attribute in list(element, "attributes") {
                let kind = attributes[text(attribute, "name")];
                assert!(is_of(&attribute["value"], kind), "{attribute} is no {kind}");
                assert!(is_event || is_time(&attribute["time"]), "{attribute}");
            }
            for relation in list(element, "relationships") {
                only(relation, &["objectId", "qualifier"]);
                assert!(ids.contains(text(relation, "objectId")), "{relation} points nowhere");
                assert!(!text(relation, "qualifier").is_empty());
            }
            let order = |relation: &Value| relation["qualifier"] == "order";
            assert!(!is_event || list(element, "relationships").iter().any(order), "{element} is of no order");
        }
    }
}

#[test]
fn a_log_of_many_orders_declares_what_it_uses_and_relates_only_what_it_has() {
    let log = log(&[sample::ORDER, "SO 1", "SO 1/7", "%2F"]);
    check(&log);
    let orders = list(&log, "objects").iter().filter(|object| object["type"] == "order").count();
    assert_eq!(orders, 4);
    let items: Vec<&str> =
        list(&log, "objects").iter().filter(|object| object["type"] == "item").map(|item| text(item, "id")).collect();
    assert_eq!(items, ["item:SKU-A", "item:SKU-B"], "what orders share is there once");
}

#[test]
fn the_same_orders_always_give_the_same_log() {
    assert_eq!(written(&[sample::ORDER, "SO 2"]), written(&[sample::ORDER, "SO 2"]));
}

#[test]
fn a_log_without_orders_is_a_log() {
    assert_eq!(log(&[]), json!({ "objectTypes": [], "eventTypes": [], "objects": [], "events": [] }));
}

#[test]
fn a_part_of_one_order_is_never_that_of_another() {
    // Line 7/1 of the first would be line 1 of the second.
    let ids = |number: &str| super::objects::Objects::new(number).line(&model::LineId::new("7/1").unwrap()).id.clone();
    let short = super::objects::Objects::new("SO/7").line(&model::LineId::new("1").unwrap()).id.clone();
    assert_ne!(ids("SO"), short);
    assert_eq!(short, "line:SO%2F7/1");
}

/// `BLESS=1 cargo test -p waybill ocel` writes it again; read the difference before you keep it.
#[test]
fn the_sample_order_is_this_log() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/archive/export/ocel/expected.json");
    let log = log(&[sample::ORDER]);
    check(&log);
    let found = format!("{log:#}\n");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    assert!(found == expected, "the log of the sample order is not {path}:\n{found}");
}
