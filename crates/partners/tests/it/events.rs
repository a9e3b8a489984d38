//! Events of a part, each read for itself, and errors that stand where an answer should.

use partners::{Profile, Told, UnreadableKind};

use crate::received;

const PROFILE: &str = r#"
partner = "road"
system = "tms"
version = 1
[table.status]
PU = "transport.picked_up"
DL = "transport.delivered"
[in.history]
format = "json"
each = ["loads[*].parts[*]", "problems[*]"]
order = "order"
error = { join = ["problem.code", "problem.text", "code", "text"] }
[[in.history.facts]]
kind = "milestone"
when = { path = "eta", present = true }
milestone = { value = "transport.delivered" }
classifier = { value = "estimated" }
occurred = "eta"
[in.history.events]
each = "stops[*].scans[*]"
skip = { path = "code", equals = "PING" }
[[in.history.events.facts]]
kind = "milestone"
event_id = "id"
when = { path = "code", in_table = "status" }
milestone = { path = "code", table = "status" }
occurred = "at"
code = "code"
"#;

/// How many facts each order is told, and the reasons of what is rejected, in their order.
fn read(raw: &str) -> Result<(Vec<usize>, Vec<String>), String> {
    let told = Profile::load("road.toml", PROFILE).unwrap().decode("history", raw.as_bytes(), received());
    let (mut facts, mut reasons) = (vec![], vec![]);
    for told in told.map_err(|why| why.to_string())? {
        match told {
            Told::Order { facts: of_one, .. } => facts.push(of_one.len()),
            Told::Rejected(rejected) => reasons.push(format!("{:?} {}", rejected.order.is_some(), rejected.why)),
            other => panic!("{other:?}"),
        }
    }
    Ok((facts, reasons))
}

fn part(fields: &str) -> String {
    format!(r#"{{"loads": [{{"parts": [{{"order": "SO-1", {fields}}}]}}]}}"#)
}

const SCAN: &str = r#"{"code": "PU", "at": "2026-02-27T10:00"}"#;

#[test]
fn what_is_sound_counts_beside_what_is_not() {
    let scans = format!(r#"{SCAN}, {{"code": "PING"}}, {{"code": "XX"}}, {{"code": "DL", "at": "soon"}}"#);
    let (facts, reasons) =
        read(&part(&format!(r#""eta": "2026-02-28", "stops": [{{"scans": [{scans}]}}, {{}}]"#))).unwrap();
    assert_eq!(facts, [2], "the estimate and one scan, as one entry");
    assert_eq!(
        reasons,
        [
            "true unmapped: `loads[0].parts[0].stops[0].scans[2].code` holds `XX`, and no rule of the profile says what that means",
            "true wrong value: `loads[0].parts[0].stops[0].scans[3].at` holds `soon`; expected a time",
            "true missing: `loads[0].parts[0].stops[1].scans` is absent; expected events",
        ]
    );
    let (facts, reasons) = read(&part(&format!(r#""eta": "soon", "stops": [{{"scans": [{SCAN}]}}]"#))).unwrap();
    assert_eq!(facts, [1]);
    assert_eq!(reasons, ["true wrong value: `loads[0].parts[0].eta` holds `soon`; expected a time"]);
}

#[test]
fn events_that_are_all_skipped_say_that_there_is_nothing_to_say() {
    assert_eq!(read(&part(r#""stops": [{"scans": [{"code": "PING"}]}]"#)).unwrap(), (vec![], vec![]));
    let why = read(&part(r#""stops": []"#)).unwrap_err();
    assert_eq!(why, "unmapped: `loads[0].parts[0]` holds nothing that a rule of the profile reads");
    let why = read(&part(r#""stops": [{"scans": [{"code": "XX"}]}]"#)).unwrap_err();
    assert!(why.contains("holds `XX`"), "{why}");
}

#[test]
fn an_events_own_id_tells_it_from_others() {
    let ids = |scan: &str| {
        let profile = Profile::load("road.toml", PROFILE).unwrap();
        let raw = part(&format!(r#""stops": [{{"scans": [{scan}]}}]"#));
        let told = profile.decode("history", raw.as_bytes(), received()).unwrap();
        let [Told::Order { facts, .. }] = &told[..] else { panic!("{told:?}") };
        facts[0].id
    };
    let scan = |id: u8, at: &str| ids(&format!(r#"{{"id": {id}, "code": "PU", "at": "{at}"}}"#));
    assert_eq!(scan(1, "2026-02-27"), scan(1, "2026-02-28"));
    assert_ne!(scan(1, "2026-02-27"), scan(2, "2026-02-27"));
}

#[test]
fn an_error_is_told_in_the_partners_words_wherever_it_stands() {
    let beside = read(&part(&format!(r#""problem": {{"code": 7}}, "stops": [{{"scans": [{SCAN}]}}]"#))).unwrap();
    assert_eq!(beside, (vec![1], vec!["false no answer: `loads[0].parts[0].problem.code` says `7`".into()]));
    for (raw, reason) in [
        (
            part(r#""problem": {"code": "E1", "text": "gone\n  astray"}"#),
            "no answer: `loads[0].parts[0].problem.code` says `E1 gone astray`",
        ),
        (r#"{"loads": [{"code": "E2"}]}"#.to_owned(), "no answer: `loads[0].code` says `E2`"),
        (r#"{"problems": [{"text": "closed"}]}"#.to_owned(), "no answer: `problems[0].text` says `closed`"),
        (part(r#""problem": 7"#), "wrong value: `loads[0].parts[0].problem` is not an object; expected one"),
    ] {
        assert_eq!(read(&raw).unwrap_err(), reason);
    }
    let long = read(&format!(r#"{{"problems": [{{"text": "{}"}}]}}"#, "é".repeat(500))).unwrap_err();
    assert!(long.len() < 300, "{long}");
}

#[test]
fn an_error_at_the_top_is_the_reason_where_there_is_no_place_for_parts() {
    let read = |raw: &str| read(raw).unwrap_err();
    assert_eq!(
        read(r#"{"problem": {"code": "E404", "text": "no such load"}}"#),
        "no answer: `problem.code` says `E404 no such load`"
    );
    assert_eq!(read(r#"{"text": "closed"}"#), "no answer: `text` says `closed`");
    assert_eq!(read("{}"), "missing: `loads` is absent; expected the parts of the message");
    assert_eq!(
        read(r#"{"loads": [], "text": "closed"}"#),
        "empty: `loads` is empty; expected the parts of the message"
    );
}

#[test]
fn an_error_hides_nothing_else_that_is_wrong() {
    let (facts, reasons) =
        read(&part(&format!(r#""problem": {{"code": 7}}, "eta": "soon", "stops": [{{"scans": [{SCAN}]}}]"#))).unwrap();
    assert_eq!(facts, [1]);
    let [said, eta] = &reasons[..] else { panic!("{reasons:?}") };
    assert!(said.contains("says `7`") && eta.contains("holds `soon`"), "{reasons:?}");
}

#[test]
fn events_without_an_order_or_with_records_are_refused() {
    let error = |sound: &str, wrong: &str| {
        assert!(PROFILE.contains(sound));
        Profile::load("road.toml", &PROFILE.replace(sound, wrong)).unwrap_err().to_string()
    };
    assert!(error("order = \"order\"\n", "").contains("expected the key `order`"));
    assert!(error("each = \"stops[*].scans[*]\"\n", "").contains("expected the key `each`"));
    let record = "kind = \"item\"\nsku = \"id\"\ndescription = \"code\"\n";
    let events = &PROFILE[PROFILE.rfind("kind").unwrap()..];
    assert!(error(events, record).contains("rules for facts only"));
    assert!(UnreadableKind::NoAnswer.to_string() == "no answer");
}
