//! Messages and profiles that nobody should send.

use model::PartnerId;
use partners::{Profile, UnreadableKind, format, profile, shipped, templates};
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::{received, shipped_profile};

/// Every shipped profile with the messages it reads.
fn every_message() -> Vec<(Profile, Vec<String>)> {
    let load = |(name, text): &(&str, &str)| {
        let profile = Profile::load(name, text).unwrap();
        let messages = profile.messages().map(str::to_owned).collect();
        (profile, messages)
    };
    shipped().iter().chain(templates()).map(load).collect()
}

fn decode_with_every_profile(profiles: &[(Profile, Vec<String>)], raw: &[u8]) {
    for (profile, messages) in profiles {
        for message in messages {
            if let Err(why) = profile.decode(message, raw, received()) {
                assert!(!why.field.is_empty(), "{why}");
            }
        }
    }
}

#[test]
fn what_is_no_message_says_where() {
    let profile = shipped_profile("sim-erp");
    let why = |raw: &[u8]| profile.decode("order", raw, received()).unwrap_err();
    let malformed = why(b"{\n  \"documents\": [,]}");
    assert_eq!(malformed.kind, UnreadableKind::Malformed);
    assert!(malformed.detail.contains("line 2 column 17"), "{malformed}");
    assert!(why(b"{\"documents\": [").detail.contains("ends too early"));
    assert!(why(b"{} {}").detail.contains("trailing characters"));
    assert!(why(b"\xff\xfe{}").detail.contains("not UTF-8 at byte 0"));
    assert_eq!(why(b"").kind, UnreadableKind::Malformed);
    assert_eq!(why(&vec![b' '; format::MAX_MESSAGE + 1]).kind, UnreadableKind::TooLarge);
    assert!(why("[".repeat(100_000).as_bytes()).detail.contains("recursion limit"));
    assert_eq!(why(b"null").kind, UnreadableKind::Missing);
    assert_eq!(why(b"\xef\xbb\xbf{\"documents\": 1}").kind, UnreadableKind::WrongValue, "with a byte order mark");
    let many = format!(r#"{{"documents": [{}0]}}"#, "0,".repeat(partners::message::MAX_PARTS));
    assert_eq!(why(many.as_bytes()).kind, UnreadableKind::TooLarge);
}

#[test]
fn a_profile_as_deep_as_the_sea_is_refused() {
    for deep in [
        format!("a = {}", "[".repeat(200_000)),
        format!("a = {}1{}", "[".repeat(200_000), "]".repeat(200_000)),
        format!("a = {}", "{ b = ".repeat(100_000)),
        format!("a{} = 1", ".a".repeat(200_000)),
        format!("[a{}]", ".a".repeat(200_000)),
        "#".repeat(profile::MAX_PROFILE + 1),
    ] {
        assert!(Profile::load("deep.toml", &deep).is_err());
    }
}

#[test]
fn an_order_number_that_json_cannot_keep_is_refused() {
    let profile = shipped_profile("sim-erp");
    let raw = br#"{"docnum": 1, "vbeln": 123456789012345678901234, "reference": "x", "status": "53"}"#;
    let why = profile.decode("confirmation", raw, received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::WrongValue, "vbeln"));
}

/// Field names and texts of the simulated partners, so that random trees get past the first field.
const WORDS: [&str; 40] = [
    "documents",
    "vbeln",
    "items",
    "posnr",
    "matnr",
    "menge",
    "meins",
    "kunnr",
    "waerk",
    "EUR",
    "ST",
    "partner_we",
    "docnum",
    "reference",
    "status",
    "53",
    "event",
    "order_no",
    "code",
    "PACKED",
    "at",
    "cartons",
    "sscc",
    "line",
    "qty",
    "uom",
    "PC",
    "movements",
    "id",
    "site",
    "article",
    "type",
    "pro",
    "DLV",
    "events",
    "orders",
    "order",
    "line_items",
    "processing",
    "20260301",
];

fn json_tree() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(&WORDS[..]).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A sound text with some bytes cut out and others put in.
fn mangled(text: &'static str) -> impl Strategy<Value = String> {
    (0..text.len(), 0..40usize, "[\\[\\]{}\"'=.,#a-z0-9\n*^$%é]{0,12}").prop_map(|(at, cut, put)| {
        let start = text.floor_char_boundary(at);
        let end = text.floor_char_boundary((start + cut).min(text.len()));
        format!("{}{put}{}", &text[..start], &text[end.max(start)..])
    })
}

const SOUND: &str = r#"{"id": "e1", "pro": "JD", "code": "DLV", "at": "2026-03-04T10:15:00+01:00", "eta": "2026-03-04",
    "event": 1, "order_no": "SO", "shipment_no": "S", "site": "EAST", "items": [{"line": 1, "qty": 2, "uom": "PC"}]}"#;

proptest! {
    #[test]
    fn bytes_never_panic(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        decode_with_every_profile(&every_message(), &raw);
    }

    #[test]
    fn json_never_panics(trees in prop::collection::vec(json_tree(), 8)) {
        let profiles = every_message();
        for tree in trees {
            decode_with_every_profile(&profiles, tree.to_string().as_bytes());
        }
    }

    #[test]
    fn mangled_messages_never_panic(raws in prop::collection::vec(mangled(SOUND), 16)) {
        let profiles = every_message();
        for raw in raws {
            decode_with_every_profile(&profiles, raw.as_bytes());
        }
    }

    #[test]
    fn mangled_profiles_never_panic((nth, text) in (0..5usize).prop_flat_map(|nth| (Just(nth), mangled(shipped()[nth].1)))) {
        let (name, sound) = shipped()[nth];
        match Profile::load_for(name, &text, PartnerId::new("p").unwrap()) {
            Ok(profile) => drop(profile.decode("order", SOUND.as_bytes(), received())),
            Err(error) => {
                prop_assert!(error.line >= 1 && error.column >= 1);
                prop_assert!(error.line <= text.lines().count() + 1, "{error} in a text of {} bytes", sound.len());
            }
        }
    }

    #[test]
    fn arbitrary_text_is_no_profile(text in ".{0,200}") {
        prop_assert!(Profile::load("x", &text).is_err());
    }
}
