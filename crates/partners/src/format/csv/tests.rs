use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::format::rows::{MAX_CELLS, MAX_COLUMNS, MAX_FAULTS, MAX_ROWS};
use crate::format::tests::{assert_mistake, format, in_good_time, mangled};
use crate::format::{Format, Syntax};

const LINES: &str = "order;line;sku;note\r\n1;10;A;\"says \"\"hi\"\";\nbye\"\r\n2;10;B;\r\n1;20;C;x\r\n";

fn csv(options: &str) -> Csv {
    let Format { syntax: Syntax::Csv(csv), .. } = format(&format!("format = {{ csv = {{ {options} }} }}")).unwrap()
    else {
        panic!("no CSV")
    };
    *csv
}

fn tree(options: &str, text: &str) -> Value {
    let tree = csv(options).read(text).unwrap();
    assert!(tree.faults.is_empty(), "{:?}", tree.faults);
    tree.root
}

fn wrong(options: &str, text: &str) -> String {
    csv(options).read(text).unwrap_err().to_string()
}

/// What is sound, and what is said of the rest.
fn both(options: &str, text: &str) -> (Value, Vec<String>) {
    let tree = csv(options).read(text).unwrap();
    (tree.root, tree.faults.iter().map(|fault| fault.why.to_string()).collect())
}

#[test]
fn a_row_is_an_object_of_the_cells_that_hold_anything() {
    let rows = json!({ "rows": [{ "order": "1", "the note": "a, b" }, { "order": "2", "qty": "3" }] });
    assert_eq!(tree("", "order, qty ,the note\n1,,\"a, b\"\n\n2, 3 ,\n,,\n"), rows);
    for ends in ["\n", "\r\n", "\r"] {
        let text = "order,qty,the note\n1,,\"a, b\"\n2,3,".replace('\n', ends);
        assert_eq!(tree("", &text), rows, "{ends:?}");
        assert_eq!(tree("", &format!("{text}{ends}")), rows, "{ends:?}");
        assert_eq!(tree("", &format!("{text}{ends}\u{1a}")), rows, "{ends:?} and the end mark of DOS");
    }
    let quoted = tree(r#"separator = ";""#, LINES);
    assert_eq!(quoted["rows"][0]["note"], json!("says \"hi\";\nbye"));
    assert_eq!(tree("", "order,qty\n"), json!({ "rows": [] }));
}

#[test]
fn separators_quotes_and_headings_are_as_the_profile_says() {
    let ab = json!({ "rows": [{ "a": "1;x", "b": "2" }] });
    assert_eq!(tree(r#"separator = "\t", quote = "'", header = false, columns = ["a", "b"]"#, "'1;x'\t2"), ab);
    assert_eq!(tree(r#"columns = ["a", "b"]"#, "Ä,Ä\n1;x,2"), ab, "instead of headings that are no names");
    let inches = json!({ "rows": [{ "a": "\"3 inch", "b": "4\"" }] });
    assert_eq!(tree(r#"quote = """#, "a,b\n\"3 inch,4\"\n"), inches);
}

#[test]
fn rows_of_one_order_are_a_group_wherever_they_stand() {
    let groups = tree(r#"separator = ";", group_by = "order""#, LINES);
    let line = |order: &str, line: &str, sku: &str| json!({ "order": order, "line": line, "sku": sku });
    let mut first = line("1", "10", "A");
    first["note"] = json!("says \"hi\";\nbye");
    let mut last = line("1", "20", "C");
    last["note"] = json!("x");
    let expected = json!({ "groups": [
        { "order": "1", "rows": [first, last] },
        { "order": "2", "rows": [line("2", "10", "B")] },
    ] });
    assert_eq!(groups, expected);
    let two = tree(r#"group_by = ["a", "b"]"#, "a,b,c\n1,2,x\n12,1,y\n1,21,z\n1,2,w\n");
    let keys: Vec<_> = two["groups"].as_array().unwrap().iter().map(|group| (&group["a"], &group["b"])).collect();
    assert_eq!(keys, [(&json!("1"), &json!("2")), (&json!("12"), &json!("1")), (&json!("1"), &json!("21"))]);
    assert_eq!(two["groups"][0]["rows"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_broken_row_is_left_out_and_named() {
    let (sound, faults) = both("", "a,b\n1,2\n3\n\"4\n\",5,6\n\r\n7,8\n9,\n10\n");
    assert_eq!(sound, json!({ "rows": [{ "a": "1", "b": "2" }, { "a": "7", "b": "8" }, { "a": "9" }] }));
    assert_eq!(
        faults,
        [
            "malformed: `rows[1]` on line 3 has 1 cell; expected 2, one for each column",
            "malformed: `rows[2]` on line 4 has 3 cells; expected 2, one for each column",
            "malformed: `rows[5]` on line 9 has 1 cell; expected 2, one for each column",
        ]
    );
    let (_, faults) = both("", "a,b\r\r\r1\r2,3\r4");
    assert!(faults[0].contains("on line 4 ") && faults[1].contains("on line 6 "), "{faults:?}");
}

#[test]
fn a_broken_row_takes_its_group_with_it_and_no_other() {
    let (sound, faults) = both(r#"group_by = "order""#, "order,sku\n1,A\n2,B\n1,C,D\n1,E\n,F\n3,G\n");
    let group = |order: &str, sku: &str| json!({ "order": order, "rows": [{ "order": order, "sku": sku }] });
    assert_eq!(sound, json!({ "groups": [group("2", "B"), group("3", "G")] }));
    assert_eq!(
        faults,
        [
            "malformed: `rows[2]` on line 4 has 3 cells; expected 2, one for each column; the other rows of `1` are left out \
             with it",
            "malformed: `rows[4]` on line 6 has no `order`, which tells its group",
        ]
    );
}

#[test]
fn a_message_that_is_wrong_as_a_whole_says_why() {
    for (options, text, said) in [
        ("", "", "is empty; expected a line that names the columns"),
        ("", "\n\n", "is empty"),
        ("", "a,b,a\n1,2,3\n", "heading 3 on line 1 `a`, the name of another column too"),
        ("", "\n\na,,b\n", "heading 2 on line 3 no name of 1 to 128 bytes; mend it, or name the `columns`"),
        (r#"columns = ["a"]"#, "x,y\n1,2\n", "has 2 columns on line 1; the profile names 1"),
        (r#"group_by = "order""#, "no,sku\n1,A\n", "has no column `order` among its headings"),
        ("", "a,b\n1,\"2\n3,4\n", "a quote that is never closed, in the row from line 2 on; close it"),
        ("", "a,b\n1,2\n3,\"", "in the row from line 3 on"),
        ("", "\"", "never closed"),
    ] {
        let found = wrong(options, text);
        assert!(found.starts_with("malformed: `$` ") && found.contains(said), "{text:?}: {found}");
    }
}

#[test]
fn a_profile_that_is_wrong_says_where() {
    for (options, at, said) in [
        (r#"separator = "::""#, r#""::""#, "expected one ASCII character"),
        (r#"separator = "\n""#, r#""\n""#, "expected one ASCII character"),
        (r#"separator = "§""#, r#""§""#, "expected one ASCII character"),
        (r#"quote = ",""#, "{ quote", "expected a `separator` that is not the `quote`"),
        (r#"separator = "\"""#, "{ separator", "expected a `separator` that is not the `quote`"),
        ("header = 1", "1", "expected true or false"),
        ("header = false", "{ header", "expected the key `columns`"),
        ("columns = []", "[]", "expected at least one column"),
        (r#"columns = ["a", "b", "a"]"#, r#""a"]"#, "`a`, the name of another column too"),
        (r#"columns = ["a", " "]"#, r#"" "]"#, "no name of 1 to 128 bytes"),
        (r#"columns = ["a"], group_by = "b""#, r#""b""#, "no column `b` in `columns`"),
        (r#"group_by = ["a", "rows"]"#, r#""rows""#, "expected another name than `rows`"),
        ("group_by = []", "[]", "expected a column, or a list"),
        ("colour = 1", "colour", "unknown key `colour`; expected `separator`"),
    ] {
        assert_mistake(&format!("format = {{ csv = {{ {options} }} }}"), at, said);
    }
}

#[test]
fn every_limit_holds() {
    let wide = |count: usize| (0..count).map(|nth| format!("c{nth}")).collect::<Vec<_>>().join(",") + "\n";
    let full = MAX_CELLS / MAX_COLUMNS + 1;
    let rows = |row: &str, count: usize| format!("a\n{}", row.repeat(count));
    for (text, kind, said) in [
        (rows("1\n", MAX_ROWS + 1), UnreadableKind::TooLarge, "more than 200000 rows"),
        (wide(MAX_COLUMNS).repeat(full + 1), UnreadableKind::TooLarge, "more than 2000000 cells"),
        (wide(MAX_COLUMNS + 1), UnreadableKind::Malformed, "more than 1000 columns"),
        (rows("1,2\n", MAX_FAULTS + 1), UnreadableKind::Malformed, "more than 1000 others are broken"),
    ] {
        let why = csv("").read(&text).unwrap_err();
        assert_eq!(why.kind, kind, "{why}");
        assert!(why.detail.contains(said), "{why}");
    }
    assert!(csv("").read(&rows("1\n", MAX_ROWS)).is_ok());
    assert!(csv("").read(&wide(MAX_COLUMNS).repeat(full)).is_ok());
    assert_eq!(csv("").read(&rows("1,2\n", MAX_FAULTS)).unwrap().faults.len(), MAX_FAULTS);
}

#[test]
fn five_megabytes_are_read_in_good_time() {
    let rows: String =
        (0..100_000).map(|nth| format!("{},{nth},BOLT-{nth},\"a long, long description\"\n", nth % 20_000)).collect();
    assert!(rows.len() > 4_500_000);
    let text = format!("order,line,sku,note\n{rows}");
    let tree = in_good_time(|| csv(r#"group_by = "order""#).read(&text)).unwrap();
    assert_eq!(tree.root["groups"].as_array().map(Vec::len), Some(20_000));
    assert!(in_good_time(|| csv("").read(&format!("a\n{}", "\"".repeat(4_999_999)))).is_err());
    assert!(in_good_time(|| csv("").read(&",".repeat(5_000_000))).is_err());
}

proptest! {
    #[test]
    fn no_text_panics(text in "[,;\"'a-c1\r\n\t\u{1}é]{0,60}") {
        for options in ["", r#"group_by = "a""#, r#"header = false, columns = ["a", "b"], group_by = "b", quote = """#] {
            let _ = csv(options).read(&text);
        }
    }

    #[test]
    fn a_mangled_file_never_panics(text in mangled(LINES)) {
        let _ = csv(r#"separator = ";", group_by = "order""#).read(&text);
    }

    /// Whatever the cells hold: quoted, each is found where it was.
    #[test]
    fn what_is_quoted_is_read_as_it_was(cells in prop::collection::vec(prop::collection::vec("[^\0]{0,8}", 3), 1..5)) {
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n";
        let text: String = cells.iter().map(line).collect();
        let tree = csv(r#"header = false, columns = ["a", "b", "c"]"#).read(&text).unwrap();
        prop_assert!(tree.faults.is_empty());
        let expected: Vec<_> = cells
            .iter()
            .map(|row| super::cells(["a", "b", "c"].into_iter().zip(row.iter().map(String::as_str))))
            .filter(|row| !row.is_empty())
            .collect();
        prop_assert_eq!(&tree.root["rows"], &json!(expected));
    }
}
