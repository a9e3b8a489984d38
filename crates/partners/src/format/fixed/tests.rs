use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::format::tests::{assert_mistake, format, in_good_time, mangled};
use crate::format::{Format, Syntax};
use crate::unreadable::UnreadableKind;

const STOCK: &str = r#"columns = [{ name = "qty", from = 9, length = 4 }, { name = "sku", from = 1, length = 6 }]"#;

const ORDERS: &str = r#"code = { from = 1, length = 2 }
records.H = { columns = [{ name = "order", from = 3, length = 4 }, { name = "to", from = 7, length = 10 }] }
records.D = { columns = [{ name = "sku", from = 3, length = 4 }], under = "H" }
records.S = { columns = [{ name = "serial", from = 3, length = 4 }], under = "D" }
records.T = { columns = [{ name = "count", from = 3, length = 2 }] }"#;

const FILE: &str = "H 4711Mönchweg\nD BOLT\nS 0001\nS 0002\nD NUT\n\nH 4712Aachen\nD NAIL\nT 02\n";

fn compiled(options: &str) -> Result<Fixed, ProfileError> {
    let Format { syntax: Syntax::Fixed(fixed), .. } = format(&format!("[format.fixed]\n{options}"))? else {
        panic!("not of fixed width")
    };
    Ok(*fixed)
}

fn fixed(options: &str) -> Fixed {
    compiled(options).unwrap()
}

/// What is sound, and what is said of the rest.
fn both(options: &str, text: &str) -> (Value, Vec<String>) {
    let tree = fixed(options).read(text).unwrap();
    (tree.root, tree.faults.iter().map(|fault| fault.why.to_string()).collect())
}

#[test]
fn a_line_is_cut_at_its_positions() {
    let rows =
        json!({ "rows": [{ "sku": "BOLT", "qty": "12" }, { "sku": "Ö-NÜT" }, { "qty": "7" }, { "sku": "SHORTE" }] });
    let text = "BOLT      12 and more\nÖ-NÜT xx\n   \n          7\nSHORTER\n";
    for ends in ["\n", "\r\n", "\r"] {
        assert_eq!(both(STOCK, &text.replace('\n', ends)), (rows.clone(), vec![]), "{ends:?}");
    }
    assert_eq!(both(STOCK, &format!("{text}\u{1a}")), (rows, vec![]), "with the end mark of DOS");
    assert_eq!(both(STOCK, ""), (json!({ "rows": [] }), vec![]));
}

#[test]
fn records_stand_under_those_before_them() {
    let serials = json!([{ "serial": "0001" }, { "serial": "0002" }]);
    let first = json!({ "order": "4711", "to": "Mönchweg", "D": [{ "sku": "BOLT", "S": serials }, { "sku": "NUT" }] });
    let second = json!({ "order": "4712", "to": "Aachen", "D": [{ "sku": "NAIL" }] });
    assert_eq!(both(ORDERS, FILE), (json!({ "H": [first, second], "T": [{ "count": "02" }] }), vec![]));
}

#[test]
fn a_line_that_is_unknown_takes_with_it_what_it_may_have_belonged_to() {
    let text = FILE.replace("S 0002", "X 0002");
    let (sound, faults) = both(ORDERS, &text);
    assert_eq!(sound["H"], json!([{ "order": "4712", "to": "Aachen", "D": [{ "sku": "NAIL" }] }]));
    assert_eq!(sound["T"], json!([{ "count": "02" }]));
    let said = "has on line 4 the code `X`; expected `D`, `H`, `S`, `T`; all of it is left out, from line 1 on";
    assert_eq!(faults, [format!("malformed: `H[0]` {said}")]);

    let (sound, faults) = both(ORDERS, &FILE.replace("H 4712", "? 4712"));
    assert_eq!(sound, json!({ "T": [{ "count": "02" }] }), "the lines of 4712 are not taken for those of 4711");
    assert_eq!(faults.len(), 1, "{faults:?}");
}

#[test]
fn a_broken_line_that_belongs_to_nothing_is_left_out_alone() {
    let (sound, faults) = both(ORDERS, "Z\nD BOLT\nT 01\r\nY\nD NUT\nH 1\n");
    assert_eq!(sound, json!({ "T": [{ "count": "01" }], "H": [{ "order": "1" }] }));
    let expected = [
        "malformed: `$` has on line 1 the code `Z`; expected `D`, `H`, `S`, `T`",
        "malformed: `$` has on line 2 a record `D` without the `H` that it stands under",
        "malformed: `$` has on line 4 the code `Y`; expected `D`, `H`, `S`, `T`",
        "malformed: `$` has on line 5 a record `D` without the `H` that it stands under",
    ];
    assert_eq!(faults, expected);
    let (sound, faults) = both(ORDERS, "H 1\nS 0001\nD NUT\nH 2\nD BOLT\n");
    assert_eq!(sound, json!({ "H": [{ "order": "2", "D": [{ "sku": "BOLT" }] }] }));
    assert!(faults[0].contains("`H[0]` has on line 2 a record `S` without the `D`"), "{faults:?}");
    assert_eq!(faults.len(), 1);
}

#[test]
fn a_profile_that_is_wrong_says_where() {
    let column = |rest: &str| format!("columns = [{{ name = \"a\", from = 1, length = 3 }}, {rest}]");
    let records = |rest: &str| format!("code = {{ from = 1, length = 2 }}\n{rest}");
    for (options, at, said) in [
        (String::new(), "[format", "expected either `columns`, or `code` and `records`"),
        ("columns = []".into(), "[]", "expected at least one column"),
        (column("{ name = \"b\", from = 3, length = 1 }"), "{ name", "`b` overlaps with `a`"),
        (column("{ name = \"b\", from = 0, length = 1 }"), "0,", "expected a number from 1"),
        (column("{ name = \"b\", from = 4, length = 0 }"), "0 }", "expected a number from 1"),
        (column("{ name = \"b\", from = 65536, length = 2 }"), "2 }", "expected a number from 1"),
        (column("{ name = \"a\", from = 4, length = 1 }"), "\"a\"", "the name of another column too"),
        (column("{ name = \"b\", from = 4, width = 1 }"), "{ name", "expected the key `length`"),
        (records(""), "[format", "expected either `columns`"),
        ("records.H = {}".into(), "[format", "expected the key `code`"),
        (records("records = {}"), "{}", "expected at least one record"),
        (records("records.HHH = {}"), "HHH", "expected a code of 1 to 2 characters"),
        (records("records.\" H\" = {}"), "\" H", "expected a code of 1 to 2 characters"),
        (records("records.H = { under = \"D\" }"), "\"D", "no record `D` in `records`"),
        (records("records.H = { under = \"H\" }"), "\"H", "`H` would stand under itself"),
        (
            records("records.A = { under = \"B\" }\nrecords.B = { under = \"A\" }"),
            "\"A",
            "`B` would stand under itself",
        ),
        (
            records(
                "records.A = { columns = [{ name = \"B\", from = 3, length = 1 }] }\nrecords.B = { under = \"A\" }",
            ),
            "\"A",
            "`A` has a column `B`",
        ),
    ] {
        assert_mistake(&format!("[format.fixed]\n{options}"), at, said);
    }
}

#[test]
fn a_message_that_is_broken_all_over_is_not_read() {
    let why = fixed(ORDERS).read(&"?\n".repeat(1_001)).unwrap_err();
    assert_eq!(why.kind, UnreadableKind::Malformed);
    assert!(why.detail.contains("on line 1 the code `?`") && why.detail.contains("more than 1000 others"), "{why}");
    let why = fixed(STOCK).read(&"x\n".repeat(200_001)).unwrap_err();
    assert_eq!(why.kind, UnreadableKind::TooLarge);
}

#[test]
fn five_megabytes_are_read_in_good_time() {
    let order = format!("H 4711Mönchweg\n{}", "D BOLT                        \n".repeat(9));
    let text = order.repeat(5_000_000 / order.len());
    let tree = in_good_time(|| fixed(ORDERS).read(&text)).unwrap();
    assert_eq!(tree.root["H"].as_array().map(Vec::len), Some(5_000_000 / order.len()));
    assert!(in_good_time(|| fixed(STOCK).read(&"é".repeat(2_500_000))).is_ok());
    assert!(in_good_time(|| fixed(STOCK).read(&"\r\n".repeat(2_500_000))).is_ok());
}

proptest! {
    #[test]
    fn no_text_panics(text in "[HDSTX 1é\r\n]{0,60}") {
        for options in [STOCK, ORDERS] {
            let _ = fixed(options).read(&text);
        }
    }

    #[test]
    fn a_mangled_file_never_panics(text in mangled(FILE)) {
        let _ = fixed(ORDERS).read(&text);
    }
}
