//! Real messages, written: what partners send each other can be said by a profile.

use model::Place;
use partners::Profile;
use partners::format::{Known, Plain, plain};
use serde_json::{Value, json};

use super::{booking, try_written};
use crate::sample;

const NAMES: [&str; 13] = [
    "004010_850",
    "004060_856",
    "005010_204",
    "005010_210",
    "005010_211",
    "005010_214",
    "005010_810",
    "005010_846",
    "005010_856",
    "005010_860",
    "005010_940",
    "005010_945",
    "004010_315",
];

/// What an X12 sample is written with, and its transactions: set, functional id, version, and segments.
struct Interchange<'t> {
    separators: [char; 3],
    transactions: Vec<Transaction<'t>>,
}

struct Transaction<'t> {
    functional: &'t str,
    version: &'t str,
    set: &'t str,
    segments: Vec<Vec<&'t str>>,
}

fn split(text: &str) -> Interchange<'_> {
    let letters: Vec<char> = text.chars().take(106).collect();
    let separators = [letters[3], letters[104], letters[105]];
    let (mut transactions, mut group): (Vec<Transaction<'_>>, _) = (Vec::new(), ("", ""));
    for segment in text.split(separators[2]) {
        let elements: Vec<&str> = segment.trim().split(separators[0]).collect();
        match elements[0] {
            "GS" => group = (elements[1], elements[8]),
            "ST" => transactions.push(Transaction {
                functional: group.0,
                version: group.1,
                set: elements[1],
                segments: Vec::new(),
            }),
            "" | "ISA" | "SE" | "GE" | "IEA" => {}
            _ => transactions.last_mut().unwrap().segments.push(elements),
        }
    }
    Interchange { separators, transactions }
}

fn loaded(out: &str) -> Profile {
    let text = format!("partner = \"carrier\"\nsystem = \"tms\"\nversion = 1\n[out.book]\nmessage = \"m\"\n{out}");
    Profile::load("sample.toml", &text).unwrap_or_else(|error| panic!("{error}\n{out}"))
}

/// Reads X12 whose counts are wrong.
fn forgiving() -> Profile {
    let text = "partner = \"carrier\"\nsystem = \"tms\"\nversion = 1\n[in.m]\nformat = \"x12\"\ncounts = \"forgiven\"\norder = \"x\"\n\
                [[in.m.facts]]\nkind = \"cancel_requested\"\nreason = { value = \"unknown\" }\n";
    Profile::load("sample.toml", text).unwrap()
}

#[test]
fn every_transaction_of_the_samples_of_x12_can_be_written() {
    let mut written = 0;
    for name in NAMES {
        let path = format!("x12/{name}.edi");
        let Some(text) = sample(&path) else { return };
        // Several of them count their segments wrong.
        let Plain { tree, wrong, .. } = forgiving().plain("m", text.as_bytes()).unwrap();
        assert_eq!(wrong, [], "{path}");
        let interchange = split(&text);
        for (read, transaction) in tree["transactions"].as_array().unwrap().iter().zip(&interchange.transactions) {
            let Transaction { functional, version, set, segments } = transaction;
            let [element, component, terminator] = interchange.separators.map(|letter| json!(letter.to_string()));
            let body: Vec<Value> =
                segments.iter().map(|segment| composed(segment, interchange.separators[1])).collect();
            let out = format!(
                "format = \"x12\"\nbody = {}\n[out.book.envelope]\nsender = \"A\"\nreceiver = \"B\"\nfunctional = \"{functional}\"\n\
                 version = \"{version}\"\nset = \"{set}\"\n\
                 separators = {{ element = {element}, component = {component}, terminator = {terminator} }}\n",
                Value::Array(body)
            );
            let raw = try_written(&loaded(&out), &booking(Place::default())).unwrap();
            let Plain { tree: again, wrong, .. } = plain(Known::X12, &raw).unwrap();
            assert_eq!(wrong, [], "{path}");
            assert_eq!(inside(&again["transactions"][0]), inside(read), "{path}");
            written += 1;
        }
    }
    assert!(written >= NAMES.len(), "{written}");
}

/// A segment as a template has it, with lists for composites.
fn composed(segment: &[&str], component: char) -> Value {
    let elements = segment.iter().map(|element| match element.split_once(component) {
        Some(_) => json!(element.split(component).collect::<Vec<_>>()),
        None => json!(element),
    });
    Value::Array(elements.collect())
}

/// A transaction without its envelopes.
fn inside(transaction: &Value) -> Value {
    let mut transaction = transaction.clone();
    transaction.as_object_mut().unwrap().retain(|id, _| !["ISA", "GS", "ST"].contains(&id.as_str()));
    transaction
}

#[test]
fn the_idocs_of_the_samples_can_be_written() {
    for name in [
        "01_a_Sales_Order_Request_Outbound",
        "02_Delivery_Notification_Outbound",
        "03_Invoice_Inbound",
        "03_Invoice_Outbound",
    ] {
        let Some(text) = sample(&format!("erp/sap-idoc/{name}.xml")) else { return };
        let Plain { tree, .. } = plain(Known::Xml, text.as_bytes()).unwrap();
        let out = format!("format = \"xml\"\nbody = {}\n", in_toml(&tree));
        let raw = try_written(&loaded(&out), &booking(Place::default())).unwrap();
        assert_eq!(plain(Known::Xml, &raw).unwrap().tree, tree, "{name}");
    }
}

/// A tree as TOML has it.
fn in_toml(tree: &Value) -> String {
    match tree {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{} = {}", json!(key), in_toml(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(in_toml).collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => tree.to_string(),
    }
}
