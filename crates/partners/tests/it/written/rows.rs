//! Separated values and fixed width.

use model::Place;
use serde_json::json;

use super::{booking, place, profile, read_back, refused, written};

pub(super) const SHEET: &str = r#"
format = "csv"
[out.book.body]
each = "lines[*]"
item = { order = { field = "$.order" }, sku = { field = "sku" }, to = { field = "$.ship_to.city", optional = true }, qty = { field = "quantity.amount" } }
"#;

#[test]
fn a_row_is_a_line_of_the_ask() {
    let profile = profile(SHEET, "format = \"csv\"").unwrap();
    let mut to = place();
    to.city = Some("Troy, \"NY\"".into());
    let text = written(&profile, &booking(to));
    assert_eq!(text, "order,sku,to,qty\nSO-1,BOLT-8,\"Troy, \"\"NY\"\"\",5\nSO-1,NUT-8,\"Troy, \"\"NY\"\"\",2.50\n");
    assert_eq!(
        read_back(&profile, text.as_bytes())["rows"][1],
        json!({ "order": "SO-1", "sku": "NUT-8", "to": "Troy, \"NY\"", "qty": "2.50" })
    );
}

#[test]
fn a_sheet_is_as_the_profile_says() {
    let options = "format = { csv = { separator = \";\", quote = \"\", header = false, columns = [\"qty\", \"none\", \"sku\", \"order\", \"to\"], line_end = \"crlf\" } }";
    let own = SHEET.replace("format = \"csv\"", options);
    let reads = options.replace(", line_end = \"crlf\"", "");
    let profile = profile(&own, &reads).unwrap();
    let text = written(&profile, &booking(place()));
    assert_eq!(text, "5;;BOLT-8;SO-1;Troy\r\n2.50;;NUT-8;SO-1;Troy\r\n");
    read_back(&profile, text.as_bytes());
    let (field, detail) = refused(&profile, &booking(Place { city: Some("a;b".into()), ..Place::default() }));
    assert!(
        field == "ship_to.city" && detail.contains("`;` separates cells, and nothing is quoted"),
        "{field} {detail}"
    );
}

pub(super) const LINES: &str = r#"
body = [
  ["H", { order = { field = "order" }, city = { field = "ship_to.city", optional = true } }],
  { each = "lines[*]", item = ["D", { nth = { nth = true }, sku = { field = "sku" }, qty = { sum = "quantity", as = "hundredths" } }] },
  ["T", { lines = { count = "lines[*]" } }],
]
[out.book.format.fixed]
code = { from = 1, length = 2 }
records.H = { columns = [{ name = "order", from = 3, length = 8 }, { name = "city", from = 12, length = 6 }] }
records.D = { columns = [{ name = "nth", from = 3, length = 3, align = "right", pad = "0" }, { name = "sku", from = 6, length = 8, pad = "." }, { name = "qty", from = 15, length = 5, align = "right" }] }
records.T = { columns = [{ name = "lines", from = 3, length = 3, align = "right", pad = "0" }] }
"#;

pub(super) const READS_LINES: &str = r#"
[in.tender.format.fixed]
code = { from = 1, length = 2 }
records.H = { columns = [{ name = "order", from = 3, length = 8 }, { name = "city", from = 12, length = 6 }] }
records.D = { columns = [{ name = "nth", from = 3, length = 3 }, { name = "sku", from = 6, length = 8 }, { name = "qty", from = 15, length = 5 }], under = "H" }
records.T = { columns = [{ name = "lines", from = 3, length = 3 }] }
[in.tender]
"#;

/// Sections of a message may not stand in the table that follows them.
pub(super) fn reads_lines() -> String {
    READS_LINES.replace("[in.tender]\n", "").replace("[in.tender.format.fixed]", "").trim().lines().fold(
        String::from("format = { fixed = { "),
        |text, line| {
            let (key, value) = line.split_once(" = ").unwrap();
            format!("{text}{key} = {value}, ")
        },
    ) + "} }"
}

#[test]
fn a_line_has_its_code_and_its_columns() {
    let profile = profile(LINES, &reads_lines()).unwrap();
    let text = written(&profile, &booking(place()));
    assert_eq!(text, "H SO-1     Troy  \nD 001BOLT-8..   500\nD 002NUT-8...   250\nT 002\n");
    let tree = read_back(&profile, text.as_bytes());
    assert_eq!(tree["H"][0]["D"][1], json!({ "nth": "002", "sku": "NUT-8...", "qty": "250" }));
}

#[test]
fn a_value_longer_than_its_column_is_no_value_of_it() {
    let profile = profile(LINES, &reads_lines()).unwrap();
    let (field, detail) =
        refused(&profile, &booking(Place { city: Some("Constantinople".into()), ..Place::default() }));
    assert!(field == "ship_to.city" && detail.contains("14 characters; the column `city` has 6"), "{field} {detail}");
    let cut = LINES.replace(
        "city = { field = \"ship_to.city\", optional = true }",
        "city = { field = \"ship_to.city\", cut = 6 }",
    );
    let profile = super::profile(&cut, &reads_lines()).unwrap();
    assert!(
        written(&profile, &booking(Place { city: Some("Constantinople".into()), ..Place::default() }))
            .contains("SO-1     Consta\n")
    );
}
