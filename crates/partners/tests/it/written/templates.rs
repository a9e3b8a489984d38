//! What templates can say of an ask.

use model::{Ask, Request};
use serde_json::{Value, json};

use super::{booking, place, profile, refused, written};
use crate::quantity;

fn body(template: &str) -> Value {
    body_of(template, &booking(place()))
}

fn body_of(template: &str, ask: &Ask) -> Value {
    let profile = profile(&format!("[out.book.body]\n{template}\n"), "format = \"json\"").unwrap();
    serde_json::from_str(&written(&profile, ask)).unwrap()
}

#[test]
fn times_are_written_by_a_pattern_in_a_zone() {
    let written = body(
        "day = { field = \"ship_on\", as = \"%d.%m.%Y\" }\nat = { field = \"asked_at\", as = \"%y%m%d %H%M\" }\n\
         utc = { field = \"asked_at\", as = \"%FT%TZ\", zone = \"UTC\" }\nraw = { field = \"asked_at\" }\nnumber = { field = \"number\" }",
    );
    let expected = json!({ "day": "05.03.2026", "at": "260301 0600", "utc": "2026-03-01T12:00:00Z",
        "raw": "2026-03-01T12:00:00.000Z", "number": "39489" });
    assert_eq!(written, expected);
}

#[test]
fn a_day_has_no_hours_and_a_name_is_no_day() {
    for (template, field, said) in [
        ("x = { field = \"ship_on\", as = \"%H%M\" }", "ship_on", "expected a time that has all that `%H%M` asks for"),
        ("x = { field = \"order\", as = \"%Y\" }", "order", "holds `SO-1`; expected a date or a time"),
        ("x = { field = \"order\", digits = 6 }", "order", "expected a whole number of at most 6 digits"),
        ("x = { field = \"number\", digits = 2 }", "number", "expected a whole number of at most 2 digits"),
        ("x = { field = \"order\", as = \"hundredths\" }", "order", "expected a number"),
        ("x = { sum = \"lines[*].sku\" }", "lines[0].sku", "is no number"),
    ] {
        let profile = profile(&format!("[out.book.body]\n{template}\n"), "format = \"json\"").unwrap();
        let (place_of, detail) = refused(&profile, &booking(place()));
        assert!(place_of == field && detail.contains(said), "{template}: {place_of} {detail}");
    }
}

#[test]
fn a_text_is_filled_up_cut_and_put_in_capitals() {
    let written = body(
        "a = { field = \"lines[0].line\", digits = 6 }\nb = { field = \"ship_to.name\", cut = 7, capitals = true }\n\
         c = { field = \"lines[1].quantity.amount\", as = \"hundredths\" }\nd = { field = \"lines[1].quantity.amount\", as = \"decimal_comma\" }\n\
         e = { field = \"mode\", default = \"LTL\" }\nf = { field = \"lines[0].quantity.unit\", table = \"unit\" }",
    );
    assert_eq!(written, json!({ "a": "000010", "b": "ADA & S", "c": "250", "d": "2,50", "e": "LTL", "f": "PC" }));
}

#[test]
fn elements_are_numbered_counted_and_added_up() {
    let written = body(
        "lines = { each = \"lines[*]\", when = { path = \"sku\", not = \"BOLT-8\" }, item = { n = { nth = true, digits = 3 }, sku = { field = \"sku\" } } }\n\
         many = { count = \"lines[*]\" }\nall = { sum = \"lines[*].quantity\" }\nhash = { sum = \"lines[*].quantity.amount\", as = \"number\" }",
    );
    assert_eq!(written, json!({ "lines": [{ "n": "002", "sku": "NUT-8" }], "many": 2, "all": "7.5", "hash": 7.5 }));

    let mut odd = booking(place());
    if let Request::Book { lines, .. } = &mut odd.request {
        lines[1].quantity = quantity("1", "KGM");
    }
    let profile = profile("[out.book.body]\nx = { sum = \"lines[*].quantity\" }\n", "format = \"json\"").unwrap();
    let (field, detail) = refused(&profile, &odd);
    assert!(field == "lines[1].quantity" && detail.contains("expected one unit"), "{field} {detail}");
    assert_eq!(
        body_of("x = { sum = \"lines[*].quantity.amount\" }", &odd),
        json!({ "x": "6" }),
        "a hash total asks for no unit"
    );
}

#[test]
fn what_hangs_on_a_guard_is_there_or_something_else_is() {
    let written = body(
        "a = { when = { path = \"mode\", present = true }, item = { field = \"mode\" } }\n\
         b = { when = { path = \"mode\", present = true }, item = \"yes\", else = \"no\" }\n\
         c = [{ when = { path = \"from\", equals = \"EAST\" }, item = 1 }, { when = { path = \"from\", equals = \"WEST\" }, item = 2 }]",
    );
    assert_eq!(written, json!({ "b": "no", "c": [1] }));
}

#[test]
fn an_object_may_have_keys_that_are_words_of_templates() {
    let written = body(
        "count = \"5\"\nnth = { field = \"order\" }\nwhen = \"now\"\n[out.book.body.in]\ncount = { count = \"lines[*]\" }\nsum = true",
    );
    assert_eq!(written, json!({ "count": "5", "nth": "SO-1", "when": "now", "in": { "count": 2, "sum": true } }));
}

#[test]
fn a_message_that_grows_without_end_is_refused() {
    let mut large = booking(place());
    if let Request::Book { lines, .. } = &mut large.request {
        let first = lines[0].clone();
        lines.extend(std::iter::repeat_n(first, 1_000));
    }
    let square = "x = { each = \"lines[*]\", item = { each = \"$.lines[*]\", item = { field = \"sku\" } } }";
    let profile = profile(&format!("[out.book.body]\n{square}\n"), "format = \"json\"").unwrap();
    assert_eq!(written(&profile, &booking(place())), r#"{"x":[["BOLT-8","NUT-8"],["BOLT-8","NUT-8"]]}"#);
    let (_, detail) = refused(&profile, &large);
    assert!(detail.contains("more than 500000 values"), "{detail}");
}
