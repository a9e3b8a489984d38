//! The templates of trading partners on a message of each kind: what it says, line by line, as `tests/golden` has it.
//!
//! `BLESS=1` writes what is said as what is expected.

use std::path::PathBuf;

use partners::{OrderRef, Told};

use crate::{received, template};

/// Every kind of message that a template reads: its template, its name and its example.
const READ: [(&str, &str, &str); 14] = [
    ("x12-erp", "850", "edi"),
    ("x12-erp", "940", "edi"),
    ("x12-wms", "943", "edi"),
    ("x12-wms", "944", "edi"),
    ("x12-wms", "945", "edi"),
    ("x12-wms", "947", "edi"),
    ("x12-wms", "846", "edi"),
    ("x12-tms", "990", "edi"),
    ("x12-tms", "214", "edi"),
    ("x12-tms", "210", "edi"),
    ("edifact-erp", "orders", "edi"),
    ("edifact-tms", "iftsta", "edi"),
    ("sap-erp", "orders05", "xml"),
    ("sap-wms", "delvry07", "xml"),
];

pub fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Holds a text against the one that is expected, or writes it down.
#[expect(clippy::disallowed_methods, reason = "a test may read what it expects")]
pub fn hold(name: &str, text: &str) {
    let path = golden(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{name} differs; it says\n{text}");
}

/// What was told, a line each.
fn lines(told: &[Told]) -> String {
    let mut lines = String::new();
    let mut line = |line: String| {
        lines.push_str(&line);
        lines.push('\n');
    };
    for told in told {
        match told {
            Told::Order { workflow, order, facts, xrefs } => {
                let about = match order {
                    OrderRef::Order(order) => format!("{workflow} {order}"),
                    OrderRef::Reference(reference) => format!("{workflow} known as {reference}"),
                };
                facts.iter().for_each(|told| line(format!("{about}: {}", serde_json::to_string(&told.fact).unwrap())));
                xrefs.iter().for_each(|xref| line(format!("{about}: is known as {}", xref.reference)));
            }
            Told::Stock { movement, .. } => line(format!("stock: {}", serde_json::to_string(movement).unwrap())),
            Told::Master(record) => line(format!("master: {}", serde_json::to_string(record).unwrap())),
            Told::Rejected(rejected) => line(format!("rejected: {}", rejected.why)),
        }
    }
    lines
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may read its examples")]
fn every_kind_of_message_says_what_it_is_expected_to() {
    for (name, message, format) in READ {
        let raw = std::fs::read(golden(&format!("{name}.{message}.{format}"))).unwrap();
        let profile = template(name);
        let told = profile.decode(message, &raw, received()).unwrap_or_else(|why| panic!("{name} {message}: {why}"));
        hold(&format!("{name}.{message}.facts"), &lines(&told));
        assert_eq!(profile.decode(message, &raw, received()).unwrap(), told, "{name} {message}: told again, the same");
    }
}

#[test]
fn every_message_of_a_template_has_an_example() {
    let names: Vec<&str> = READ.iter().map(|(name, ..)| *name).collect();
    for (name, _) in partners::templates().iter().filter(|(name, _)| names.contains(name)) {
        let mut read: Vec<&str> = READ.iter().filter(|(of, ..)| of == name).map(|(_, message, _)| *message).collect();
        read.sort_unstable();
        let profile = template(name);
        let mut known: Vec<&str> = profile.messages().collect();
        known.sort_unstable();
        assert_eq!(read, known, "{name}");
    }
}
