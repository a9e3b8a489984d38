//! What a wrong profile is told: the place, and what was expected there.

use partners::{Profile, shipped, templates};

const SOUND: &str = r#"partner = "wms-north"
system = "wms"
version = 1

[table.status]
DONE = "fulfilment.picked"

[in.status]
format = "json"
order = "no"

[[in.status.facts]]
kind = "milestone"
when = { path = "what", equals = "DONE" }
milestone = { path = "what", table = "status" }
occurred = { path = "at", as = "iso" }
lines = { each = "lines[*]", line = "line", quantity = "qty" }

[out.allocate]
message = "release"
body = { order = { field = "order" } }
"#;

#[test]
fn a_sound_profile_loads_and_so_do_those_shipped() {
    let profile = Profile::load("north.toml", SOUND).unwrap();
    assert_eq!((profile.partner.as_str(), profile.system, profile.version), ("wms-north", model::System::Wms, 1));
    for (name, text) in shipped().iter().chain(templates()) {
        Profile::load(name, text).unwrap();
    }
}

#[test]
fn a_profile_without_tables_is_told_so() {
    let table = SOUND.find("[table.status]").unwrap()..SOUND.find("[in.status]").unwrap();
    let mut none = SOUND.to_owned();
    none.replace_range(table, "");
    let error = Profile::load("north.toml", &none).unwrap_err();
    assert!(error.problem.starts_with("no table `status`; there is none here; expected a section"), "{error}");
}

#[test]
fn a_mistake_has_a_place_and_says_what_was_expected() {
    for (sound, wrong, place, expected) in [
        ("version = 1", "version = \"1\"", "3:11", "expected a whole number"),
        ("version = 1", "version = 0", "3:11", "expected a version from 1"),
        ("version = 1", "", "1:1", "expected the key `version`"),
        ("version = 1", "version = ", "3:", "no TOML"),
        ("version = 1", "version = 1\nzone = \"Mars/Olympus\"", "4:8", "expected a zone"),
        ("\"wms\"", "\"whs\"", "2:10", "expected the system `erp`, `wms` or `tms`"),
        ("partner =", "partnr =", "1:1", "expected the key `partner`"),
        ("version = 1", "version = 1\ncolour = 3", "4:1", "unknown key `colour`"),
        ("fulfilment.picked", "fulfilment.pickd", "6:8", "`fulfilment.pickd` means nothing here; expected a milestone"),
        ("table = \"status\"", "table = \"state\"", "15:38", "no table `state`; expected one of `status`"),
        ("\"json\"", "\"yaml\"", "9:10", "expected the format `json`"),
        ("order = \"no\"", "", "8:1", "expected the key `order`"),
        ("order = \"no\"", "order = \"no..x\"", "10:9", "expected `.field`"),
        ("order = \"no\"", "order = \"no[*]\"", "10:9", "`[*]` belongs into `each` only"),
        ("order = \"no\"", "order = { path = \"a\", value = \"b\" }", "10:9", "exactly one of the keys"),
        ("order = \"no\"", "order = { path = \"a\", tabel = \"b\" }", "10:23", "unknown key `tabel`; expected `"),
        ("order = \"no\"", "order = { value = \"b\", prefix = \"c\" }", "10:9", "expected nothing but `value`"),
        ("table = \"status\"", "table = \"status\", prefix = \"c\"", "15:13", "expected `prefix` or `table`"),
        ("equals = \"DONE\"", "present = true", "15:38", "the table does not say what becomes of a code"),
        (
            "equals = \"DONE\"",
            "one_of = [\"DONE\", \"OPEN\"]",
            "15:38",
            "the table does not say what becomes of a code",
        ),
        ("[in.status]", "else = { reject = false }\n[in.status]", "8:19", "expected `true`"),
        ("kind = \"milestone\"", "kind = \"milestone\"\notherwise = true\neach = \"x[*]\"", "12:1", "no `each` beside"),
        ("kind = \"milestone\"", "kind = \"mile\"", "13:8", "expected one of `released`"),
        ("kind = \"milestone\"", "kind = \"condition\"", "12:1", "expected the key `condition`"),
        ("equals = \"DONE\"", "is = \"DONE\"", "14:8", "expected exactly one of the keys `equals`"),
        ("as = \"iso\"", "as = \"stardate\"", "16:32", "expected `iso`, `epoch_seconds`"),
        ("as = \"iso\"", "as = \"%H:%M\"", "16:32", "holds a date"),
        ("line = \"line\", ", "", "17:9", "expected the key `line`"),
        ("quantity = \"qty\"", "quantity = { value = \"two\" }", "17:66", "expected a number"),
        ("message = \"release\"", "message = \"a.b\"", "20:11", "expected a message name"),
        ("{ field = \"order\" }", "{ field = \"order\", as = \"date\" }", "21:42", "expected `text`, `number`"),
        ("[out.allocate]", "[out.alocate]", "19:1", "unknown request `alocate`"),
        ("[in.status]", "[in.\"a b\"]\n[in.status]", "8:5", "expected a name of letters"),
    ] {
        assert_eq!(SOUND.matches(sound).count(), 1, "{sound}");
        let error = Profile::load("north.toml", &SOUND.replace(sound, wrong)).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with(&format!("north.toml:{place}")), "{wrong}: {said}");
        assert!(said.contains(expected), "{wrong}: {said}");
    }
}

#[test]
fn a_column_counts_characters() {
    let text = "partner = \"wms\"\nsystem = \"wms\"\nversion = 1\ntable = { t = { \"ö\" = 1 }, \"ä\" = {} }";
    let error = Profile::load("x.toml", text).unwrap_err();
    let line = text.lines().last().unwrap();
    let column = line.chars().position(|letter| letter == 'ä').unwrap();
    assert_eq!((error.line, error.column), (4, column));
}
