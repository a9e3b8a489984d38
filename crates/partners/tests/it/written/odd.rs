//! Odd values: each is written and read back as it was, or refused by the name of its field.

use model::{Ask, Personal, Place, Request};
use partners::{EncodeError, Profile};
use proptest::prelude::*;
use serde_json::Value;

use super::edi::{INSTRUCTION, TENDER};
use super::rows::{LINES, SHEET, reads_lines};
use super::{booking, profile, read_back, try_written};

const XML: &str = r##"
format = "xml"
[out.book.body.A]
"@n" = { field = "ship_to.name", optional = true }
S = { field = "ship_to.street", optional = true }
C = { "@a" = "1", "#text" = { field = "ship_to.city", optional = true } }
"##;

/// Texts of separators, quotes, line ends, controls and letters of many scripts.
fn odd() -> impl Strategy<Value = Option<String>> {
    let text = prop_oneof![
        "[-*>:^~+'?.,;\"|<&!= aZ9]{0,12}",
        "[\u{0}-\u{ff}\r\n\t ]{0,10}",
        "\\PC{0,10}",
        any::<String>().prop_map(|text| text.chars().take(12).collect()),
    ];
    proptest::option::of(text)
}

fn asks() -> impl Strategy<Value = Ask> {
    (odd(), odd(), odd(), 0_usize..4).prop_map(|(name, street, city, lines)| {
        let mut ask = booking(Place {
            name: name.map(Personal::clear),
            street: street.map(Personal::clear),
            city,
            ..Place::default()
        });
        if let Request::Book { lines: own, .. } = &mut ask.request {
            let first = own[0].clone();
            own.extend(std::iter::repeat_n(first, lines));
        }
        ask
    })
}

/// The texts of the place of an ask, by their fields, but for those that are blank: they count as absent.
fn texts(ask: &Ask) -> [(&'static str, Option<String>); 3] {
    let Request::Book { ship_to, .. } = &ask.request else { panic!() };
    let clear = |personal: &Option<Personal>| personal.as_ref().and_then(Personal::as_clear).map(str::to_owned);
    [
        ("ship_to.name", clear(&ship_to.name)),
        ("ship_to.street", clear(&ship_to.street)),
        ("ship_to.city", ship_to.city.clone()),
    ]
    .map(|(field, text)| (field, text.filter(|text| !text.trim().is_empty())))
}

/// Writes an ask, and reads back each of its texts at these places, or sees to it that one of them is named as the reason.
fn holds(profile: &Profile, ask: &Ask, places: [&str; 3], as_read: impl Fn(&str) -> String) {
    let raw = match try_written(profile, ask) {
        Ok(raw) => raw,
        Err(EncodeError::Unwritable { why, .. }) => {
            let named = texts(ask).into_iter().any(|(field, text)| field == why.field && text.is_some());
            assert!(named, "{why}");
            return;
        }
        Err(error @ (EncodeError::NoSection { .. } | EncodeError::Sealed { .. })) => panic!("{error}"),
    };
    let tree = read_back(profile, &raw);
    for ((field, text), place) in texts(ask).into_iter().zip(places) {
        let read = tree.pointer(place).and_then(Value::as_str).unwrap_or_default();
        assert_eq!(read, as_read(&text.unwrap_or_default()), "{field} of {ask:?} in {}", String::from_utf8_lossy(&raw));
    }
}

/// How segments keep a text: without blanks at its end.
fn of_segments(text: &str) -> String {
    text.trim_end_matches(' ').to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn x12_holds_what_it_can_say(ask in asks()) {
        let strict = TENDER.replace("replace = \" \"", "").replace(", cut = 60", "");
        let profile = profile(&strict, "format = \"x12\"").unwrap();
        let places = ["/transactions/0/N1/0/02", "/transactions/0/N3/0/01", "/transactions/0/N4/0/01"];
        holds(&profile, &ask, places, of_segments);
        let replacing = super::profile(TENDER, "format = \"x12\"").unwrap();
        read_back(&replacing, &try_written(&replacing, &ask).unwrap());
    }

    #[test]
    fn edifact_holds_what_it_can_say(ask in asks(), syntax in prop_oneof!["UNO[ABCY]:3", Just("UNOY:4".to_owned())]) {
        let out = INSTRUCTION.replace("UNOC:3", &syntax).replace("\"4012345000009:14\"", "\"A\"").replace("{ field = \"ask\" }", "\"A\"");
        let encoding = if syntax.starts_with("UNOC") { "windows-1252" } else { "utf-8" };
        let reads = format!("format = \"edifact\"\nencoding = \"{encoding}\"");
        let places = ["/messages/0/NAD/0/4", "/messages/0/NAD/0/5", "/messages/0/NAD/0/6"];
        holds(&profile(&out, &reads).unwrap(), &ask, places, of_segments);
        let replacing = profile(&out.replace("format = \"edifact\"", "format = \"edifact\"\nreplace = \"?\""), &reads).unwrap();
        read_back(&replacing, &try_written(&replacing, &ask).unwrap());
    }

    #[test]
    fn xml_holds_what_it_can_say(ask in asks(), encoding in prop_oneof![Just("utf-8"), Just("windows-1252"), Just("shift_jis")]) {
        let coded = |text: &str| text.replacen("format = \"xml\"", &format!("format = \"xml\"\nencoding = \"{encoding}\""), 1);
        let profile = profile(&coded(XML), &coded("format = \"xml\"")).unwrap();
        let Request::Book { ship_to, .. } = &ask.request else { panic!() };
        // An attribute keeps the blanks around it; the text of an element loses them.
        let name = ship_to.name.as_ref().map(ToString::to_string).filter(|name| !name.trim().is_empty());
        let places = ["/A/@n", "/A/S/0", "/A/C/0/#text"];
        let as_read = |text: &str| if Some(text) == name.as_deref() { text.to_owned() } else { text.trim().to_owned() };
        let trims = |text: &str| text.trim() == as_read(text);
        prop_assume!(name.as_deref().is_none_or(trims));
        holds(&profile, &ask, places, as_read);
    }

    #[test]
    fn csv_holds_what_it_can_say(ask in asks(), quoted in any::<bool>()) {
        let item = "{ to = { field = \"$.ship_to.city\", optional = true }, sku = { field = \"sku\" }, name = { field = \"$.ship_to.name\", optional = true }, street = { field = \"$.ship_to.street\", optional = true } }";
        let start = SHEET.find("item = ").unwrap();
        let out = format!("{}item = {item}\n", &SHEET[..start]);
        let options = if quoted { "\"csv\"" } else { "{ csv = { quote = \"\", separator = \";\" } }" };
        let profile = profile(&out.replace("\"csv\"", options), &format!("format = {options}")).unwrap();
        holds(&profile, &ask, ["/rows/0/name", "/rows/0/street", "/rows/0/to"], |text| text.trim().to_owned());
    }

    #[test]
    fn fixed_width_holds_what_it_can_say(ask in asks()) {
        let wide = LINES.replace("length = 6 }", "length = 40 }").replace(
            "city = { field = \"ship_to.city\", optional = true }",
            "city = { field = \"ship_to.city\", optional = true }, name = { field = \"ship_to.name\", optional = true }, street = { field = \"ship_to.street\", optional = true }",
        );
        let columns = |text: &str| text.replace(
            "{ name = \"city\", from = 12, length = 40 }",
            "{ name = \"city\", from = 12, length = 40 }, { name = \"name\", from = 60, length = 40, align = \"right\" }, { name = \"street\", from = 100, length = 9 }",
        );
        let reads = columns(&reads_lines().replace("length = 6 }", "length = 40 }")).replace(", align = \"right\"", "");
        let profile = profile(&columns(&wide), &reads).unwrap();
        holds(&profile, &ask, ["/H/0/name", "/H/0/street", "/H/0/city"], |text| text.trim().to_owned());
    }
}
