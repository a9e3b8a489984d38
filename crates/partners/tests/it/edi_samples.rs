//! Real samples of X12 and EDIFACT, where they are at hand: what comes out of each, counted by hand.

use partners::format::{Known, Plain, plain};
use serde_json::Value;

use crate::sample;

/// How many segments of each of these ids the only transaction of a tree has.
fn counts(transaction: &Value, ids: &[(&str, usize)]) {
    for (id, count) in ids {
        let list = transaction.get(*id).and_then(Value::as_array);
        assert_eq!(list.map_or(0, Vec::len), *count, "{id}");
    }
}

/// A sample's set, what its second segment is called and begins with, and how often some segments come.
type Sound = (&'static str, &'static str, (&'static str, &'static str, &'static str), &'static [(&'static str, usize)]);

const SOUND: [Sound; 15] = [
    ("004010_315.edi", "315", ("B4", "03", "VA"), &[("N9", 3), ("Q2", 1), ("R4", 2)]),
    ("004010_850.edi", "850", ("BEG", "03", "A99999-01"), &[("N1", 2), ("N3", 2), ("PO1", 7), ("PO4", 7), ("CTT", 1)]),
    ("004060_856.edi", "856", ("BSN", "02", "829716"), &[("HL", 4), ("N1", 3), ("LIN", 2), ("SN1", 2), ("PRF", 1)]),
    ("005010_210.edi", "210", ("B3", "02", "INV123"), &[("N1", 1), ("LX", 1), ("L0", 1), ("L3", 1)]),
    ("005010_211.edi", "211", ("BOL", "03", "BOL123456"), &[("N1", 2), ("AT1", 2), ("MAN", 2), ("LH1", 1), ("L11", 2)]),
    ("005010_810.edi", "810", ("BIG", "02", "INV123"), &[("N1", 1), ("IT1", 1), ("TDS", 1)]),
    ("005010_846.edi", "846", ("BIA", "03", "REF1"), &[("LIN", 2), ("QTY", 3), ("SCH", 1), ("SLN", 1)]),
    ("005010_856.edi", "856", ("BSN", "02", "SHIP001"), &[("HL", 3), ("N1", 2), ("REF", 2), ("DTM", 2), ("LIN", 1)]),
    ("005010_860.edi", "860", ("BCH", "03", "PO123"), &[("N1", 1), ("POC", 1), ("CTT", 1)]),
    (
        "ASC_X12_004010_01_a_Sales_Order_Request_Inbound.edi",
        "850",
        ("BEG", "03", "68DHHA7B"),
        &[("DTM", 2), ("N1", 1), ("PO1", 2)],
    ),
    (
        "stupidedi_AR943.edi",
        "943",
        ("W06", "02", "DO12345"),
        &[("N1", 1), ("G62", 1), ("W27", 1), ("W04", 1), ("W03", 1)],
    ),
    ("stupidedi_FA997.edi", "997", ("AK1", "02", "160"), &[("AK2", 1), ("AK5", 1), ("AK9", 1)]),
    ("stupidedi_IN810.edi", "810", ("BIG", "02", "00237058"), &[("IT1", 2), ("PID", 2), ("TDS", 1)]),
    ("stupidedi_PO850.edi", "850", ("BEG", "03", "PO12345"), &[("PO1", 1), ("CTT", 1)]),
    ("stupidedi_PR855.edi", "855", ("BAK", "03", "1D711419"), &[("N1", 1), ("N3", 1), ("N4", 1), ("PO1", 1)]),
];

#[test]
fn the_x12_samples_are_one_transaction_each() {
    for (file, set, (second, nth, text), ids) in SOUND {
        let Some(raw) = sample(&format!("x12/{file}")) else { return };
        let Plain { tree, wrong: faults, .. } = plain(Known::X12, raw.as_bytes()).unwrap();
        assert!(faults.is_empty(), "{file}: {faults:?}");
        let [transaction] = &tree["transactions"].as_array().unwrap()[..] else { panic!("{file}") };
        assert_eq!(transaction["ST"][0]["01"], set, "{file}");
        assert_eq!(transaction[second][0][nth], text, "{file}");
        counts(transaction, ids);
        assert!(transaction["ISA"]["06"].is_string() && transaction["GS"]["08"].is_string(), "{file}");
    }
    let Some(raw) = sample("x12/stupidedi_RE944.edi") else { return };
    let Plain { tree, wrong: faults, .. } = plain(Known::X12, raw.as_bytes()).unwrap();
    assert!(faults.is_empty());
    assert_eq!(tree["transactions"][0]["W07"][0]["08"], "LOT456");
}

#[test]
fn the_x12_samples_that_count_their_segments_wrong_are_rejected() {
    for (file, there, stated) in
        [("005010_204.edi", 5, 4), ("005010_214.edi", 4, 3), ("005010_940.edi", 4, 3), ("005010_945.edi", 16, 12)]
    {
        let Some(raw) = sample(&format!("x12/{file}")) else { return };
        let Plain { tree, wrong: faults, .. } = plain(Known::X12, raw.as_bytes()).unwrap();
        assert_eq!(tree, serde_json::json!({ "transactions": [null] }), "{file}");
        let [fault] = &faults[..] else { panic!("{file}: {faults:?}") };
        assert!(fault.detail.starts_with(&format!("has {there} segments, and `SE.01` says `{stated}`")), "{file}");
    }
}

#[test]
fn the_edifact_samples_are_one_message_each() {
    let read = |file: &str| {
        let Plain { tree, wrong: faults, .. } =
            plain(Known::Edifact, sample(&format!("edifact/{file}"))?.as_bytes()).unwrap();
        let messages = tree["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 1, "{file}");
        Some((messages[0].clone(), faults))
    };
    let Some((orders, faults)) = read("UN_EDIFACT_D_96A_01_a_Sales_Order_Request_Inbound.edi") else { return };
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!((&orders["UNH"][0]["2"]["1"], &orders["BGM"][0]["2"]), (&"ORDERS".into(), &"5YGVX1VT".into()));
    counts(&orders, &[("DTM", 3), ("NAD", 3), ("CUX", 1), ("LIN", 1), ("QTY", 1), ("PRI", 1), ("UNS", 1), ("CNT", 1)]);
    assert_eq!(orders["NAD"][2]["9"], "DE");

    // Its UNZ closes another interchange than its UNB opens.
    let Some((status, faults)) = read("d00b_iftsta.edi") else { return };
    let [fault] = &faults[..] else { panic!("{faults:?}") };
    assert!(fault.detail.contains("`UNB.5` `2803570` and closes with `UNZ.2` `2805570`"), "{}", fault);
    counts(&status, &[("DTM", 8), ("RFF", 10), ("LOC", 5), ("STS", 1), ("CNI", 1), ("TDT", 1), ("EQD", 1), ("NAD", 1)]);
    assert_eq!(status["STS"][0]["2"]["4"].as_str().unwrap().len(), 35);

    // It has no UNB at all.
    let Some((status, faults)) = read("sample.txt") else { return };
    let [fault] = &faults[..] else { panic!("{faults:?}") };
    assert!(fault.detail.starts_with("holds `UNH` without `UNB` before it"), "{}", fault);
    counts(&status, &[("CNI", 4), ("STS", 6), ("DTM", 7), ("NAD", 3), ("GID", 3), ("PCI", 3), ("GIN", 3), ("LOC", 1)]);
    assert_eq!(status["STS"][2], serde_json::json!({ "1": "1", "2": "17", "3": "39" }));
}
