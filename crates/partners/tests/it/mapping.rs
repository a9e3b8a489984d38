//! What the profile format can say that the shipped profiles do not all use.

use model::{Country, Fact, Zone};
use partners::{FactKey, OrderRef, Profile, Told, UnreadableKind};

use crate::{one_order, received};

fn profile(rest: &str) -> Profile {
    let text = format!("partner = \"p\"\nsystem = \"wms\"\nversion = 3\n{rest}");
    Profile::load("p.toml", &text).unwrap()
}

fn told(rest: &str, raw: &str) -> Vec<Told> {
    profile(rest).decode("m", raw.as_bytes(), received()).unwrap()
}

fn milestones(told: Vec<Told>) -> Vec<model::MilestoneReached> {
    let (_, facts, _) = one_order(told);
    facts
        .into_iter()
        .map(|identified| match identified.fact {
            Fact::Milestone(milestone) => milestone,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_prefix_a_default_and_an_odd_key() {
    let rest = r#"
        [in.m]
        format = "json"
        order = { path = "[\"order no.\"]", prefix = "DE-" }
        [[in.m.facts]]
        kind = "milestone"
        milestone = { path = "what", default = "fulfilment.picked" }
        occurred = "at"
        shipment = { join = ["a", "b"], prefix = "S " }
        place = { country = { path = "land", as = "name" } }"#;
    let raw = r#"{"order no.": 4711, "at": "2026-03-01", "a": "x", "b": "y", "land": "Germany"}"#;
    let told = told(rest, raw);
    let (order, ..) = one_order(told.clone());
    assert_eq!(order, OrderRef::Order(model::OrderId::new("DE-4711").unwrap()));
    let [picked] = &milestones(told)[..] else { panic!() };
    assert_eq!(picked.milestone, model::Milestone::FulfilmentPicked);
    assert_eq!(picked.shipment.as_ref().unwrap().as_str(), "S x y");
    assert_eq!(picked.place.as_ref().unwrap().country, Country::new("DE").ok());
}

#[test]
fn paths_reach_outwards_and_to_the_top() {
    let rest = r#"
        [in.m]
        format = "json"
        each = "loads[*]"
        order = "no"
        [[in.m.facts]]
        kind = "milestone"
        each = "stops[*]"
        milestone = { value = "transport.in_transit" }
        occurred = { path = "$.day", as = "%d.%m.%Y" }
        shipment = "^.no"
        code = "^^.sender"
        place = { name = "." }"#;
    let told = told(rest, r#"{"sender": "X", "day": "01.03.2026", "loads": [{"no": "1", "stops": ["A", "B"]}]}"#);
    let seen: Vec<_> = milestones(told)
        .into_iter()
        .map(|told| {
            (told.shipment.unwrap().to_string(), told.code.unwrap(), told.place.unwrap().name.unwrap().to_string())
        })
        .collect();
    let expected = |stop: &str| ("1".to_owned(), "X".to_owned(), stop.to_owned());
    assert_eq!(seen, [expected("A"), expected("B")]);
}

#[test]
fn a_message_without_a_time_happened_when_it_was_received_and_repeats_are_known_all_the_same() {
    let rest = r#"
        [in.m]
        format = "json"
        order = "no"
        [[in.m.facts]]
        kind = "milestone"
        milestone = { value = "fulfilment.staged" }"#;
    let profile = profile(rest);
    let told = |received| one_order(profile.decode("m", br#"{"no": 1}"#, received).unwrap()).1.remove(0);
    let (first, second) = (told(received()), told(received().plus_millis(60_000)));
    assert_eq!(first.id, second.id);
    assert_ne!(first.fact, second.fact);
}

#[test]
fn local_times_get_the_zone_of_the_profile() {
    let rest = r#"
        zone = "America/Chicago"
        [in.m]
        format = "json"
        order = "no"
        [[in.m.facts]]
        kind = "milestone"
        milestone = { value = "fulfilment.staged" }
        occurred = "at""#;
    let [staged] = &milestones(told(rest, r#"{"no": "1", "at": "2026-07-01T08:00"}"#))[..] else { panic!() };
    assert_eq!(
        (staged.occurred.zone, staged.occurred.to_string().as_str()),
        (Zone::Offset(-300), "2026-07-01T08:00-05:00")
    );
}

const BY_CONTENT: &str = r#"
    [table.status]
    OK = "fulfilment.picked"
    else = { reject = true }
    [in.m]
    format = "json"
    order = "no"
    [[in.m.facts]]
    kind = "milestone"
    milestone = { path = "code", table = "status" }
    occurred = "at"
    code = "code"
    lines = { each = "lines[*]", line = "line", quantity = "qty" }"#;

fn id(rest: &str, raw: &str) -> FactKey {
    one_order(told(rest, raw)).1[0].id
}

#[test]
fn without_an_event_id_a_fact_is_what_its_source_said() {
    let raw = r#"{"no": "1", "code": "OK", "at": "2026-03-01T08:00Z", "lines": [{"line": 1, "qty": 1}]}"#;
    let first = id(BY_CONTENT, raw);
    assert_eq!(
        first,
        id(BY_CONTENT, &raw.replace("\"no\"", "\"noise\": 1, \"no\"").replace("\"qty\": 1", "\"qty\": 1.0"))
    );
    assert_eq!(first, id(&BY_CONTENT.replace("fulfilment.picked", "fulfilment.packed"), raw), "a mended table");
    for (from, to) in
        [("\"1\"", "\"2\""), ("08:00", "08:01"), ("\"qty\": 1", "\"qty\": 2"), ("\"line\": 1", "\"line\": 2")]
    {
        assert_ne!(first, id(BY_CONTENT, &raw.replace(from, to)), "{from} to {to}");
    }
}

#[test]
fn fact_ids_are_the_same_in_every_version() {
    let raw = r#"{"no": "1", "code": "OK", "at": "2026-03-01T08:00Z", "lines": [{"line": 1, "qty": 1}]}"#;
    assert_eq!(id(BY_CONTENT, raw).to_string(), "481dbafb615e32424a6fdfa5b3e6fd99");
    let by_event = BY_CONTENT.replace("order = \"no\"", "order = \"no\"\n    event_id = \"at\"");
    assert_eq!(id(&by_event, raw).to_string(), "c8eaade68e0380ca109b67b13996f1a4");
}

#[test]
fn a_text_where_fields_are_expected_is_named() {
    let rest = r#"
        [in.m]
        format = "json"
        order = "no"
        [[in.m.facts]]
        kind = "milestone"
        milestone = { value = "fulfilment.picked" }
        occurred = "at"
        place = { city = "to.city", country = "to.country" }"#;
    let profile = profile(rest);
    for fine in [r#"{"city": "Lyon"}"#, "{}", "null", "[]"] {
        let raw = format!(r#"{{"no": "1", "at": "2026-03-03T10:00Z", "to": {fine}}}"#);
        assert!(profile.decode("m", raw.as_bytes(), received()).is_ok(), "{fine}");
    }
    for wrong in ["\"Lyon\"", "5", "false", "[\"Lyon\"]"] {
        let raw = format!(r#"{{"no": "1", "at": "2026-03-03T10:00Z", "to": {wrong}}}"#);
        let why = profile.decode("m", raw.as_bytes(), received()).unwrap_err();
        assert_eq!(why.to_string(), "wrong value: `to` is not an object; expected one");
    }
}

#[test]
fn a_part_that_says_nothing_is_skipped_only_when_the_profile_says_so() {
    let rest = r#"
        [in.m]
        format = "json"
        each = "[*]"
        skip = { path = "code", equals = "PING" }
        order = "no"
        [[in.m.facts]]
        kind = "milestone"
        when = { path = "code", equals = "OK" }
        milestone = { value = "fulfilment.picked" }
        occurred = "at""#;
    let profile = profile(rest);
    assert_eq!(profile.decode("m", br#"[{"code": "PING"}]"#, received()).unwrap(), []);
    let why = profile.decode("m", b"[]", received()).unwrap_err();
    assert_eq!(why.to_string(), "empty: `$` is empty; expected the parts of the message");
    let why = profile.decode("m", br#"[{"no": "1", "code": "PONG"}]"#, received()).unwrap_err();
    assert_eq!(why.kind, UnreadableKind::Unmapped);
    assert_eq!(why.to_string(), "unmapped: `[0].code` holds `PONG`, and no rule of the profile says what that means");
}

#[test]
fn a_partners_own_codes_go_before_those_that_come_with_waybill() {
    let profile = r#"
partner = "acme"
system = "tms"
version = 1

[table.status]
D1 = "transport.pod_received"
ZZ = "transport.out_for_delivery"
else = { reject = true }

[in.event]
format = "json"
each = "events[*]"
order = "no"

[[in.event.facts]]
kind = "milestone"
when = { path = "code", in_table = ["status", "x12-214.milestone"] }
milestone = { path = "code", table = ["status", "x12-214.milestone"] }
occurred = "at"

[[in.event.facts]]
kind = "milestone"
when = { path = "code", in_table = "x12-214.estimate" }
milestone = { path = "code", table = "x12-214.estimate" }
classifier = { value = "estimated" }
occurred = "at"

[[in.event.facts]]
kind = "condition"
when = { path = "code", in_table = "x12-214.condition" }
condition = { path = "code", table = "x12-214.condition" }
reason = { path = "code", table = "x12-214.why" }
occurred = "at"
"#;
    let event = |code: &str| format!(r#"{{"no": "SO-1", "code": "{code}", "at": "2026-03-01T10:00:00Z"}}"#);
    let events = ["D1", "ZZ", "AF", "AG", "A9", "QQ"].map(event).join(",");
    let raw = format!(r#"{{"events": [{events}]}}"#);
    let told = Profile::load("acme.toml", profile).unwrap().decode("event", raw.as_bytes(), received()).unwrap();
    let says = |told: &Told| match told {
        Told::Order { facts, .. } => match &facts[0].fact {
            Fact::Milestone(reached) => format!("{} {}", reached.classifier.as_str(), reached.milestone.as_str()),
            Fact::Condition(condition) => format!("{}, {}", condition.kind.as_str(), condition.reason),
            other => panic!("{other:?}"),
        },
        Told::Rejected(rejected) => rejected.why.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        told.iter().map(says).collect::<Vec<_>>(),
        [
            "actual transport.pod_received",
            "actual transport.out_for_delivery",
            "actual transport.picked_up",
            "estimated transport.delivered",
            "exception, goods.damaged",
            "unmapped: `events[5].code` holds `QQ`, and no rule of the profile says what that means",
        ]
    );
    let error = Profile::load("acme.toml", &profile.replace("x12-214.why", "x12-214.whys")).unwrap_err();
    assert!(error.problem.contains("no table `x12-214.whys`; expected one of `status`"), "{error}");
    assert!(error.problem.contains("`x12-214.why`"), "{error}");
}

#[test]
fn a_code_that_is_in_no_table_is_unknown_and_another_fact_once_it_is_mapped() {
    let with = |table: &str, event_id: &str| {
        let rest = format!(
            r#"
[table.status]
{table}
[in.m]
format = "json"
each = "events[*]"
order = "no"
{event_id}
[[in.m.facts]]
kind = "milestone"
when = {{ path = "what", in_table = "status" }}
milestone = {{ path = "what", table = "status" }}
occurred = "at"
code = "what"
[[in.m.facts]]
kind = "milestone"
otherwise = true
milestone = {{ value = "unknown" }}
occurred = "at"
code = "what""#
        );
        let raw = r#"{"events": [{"id": 1, "no": "1", "what": "P", "at": "2026-03-01"}, {"id": 2, "no": "1", "what": "Q", "at": "2026-03-01"}]}"#;
        let told = told(&rest, raw).into_iter().flat_map(|told| match told {
            Told::Order { facts, .. } => facts,
            other => panic!("{other:?}"),
        });
        let told = told.map(|told| match told.fact {
            Fact::Milestone(reached) => (told.id, reached.milestone.as_str(), reached.code.unwrap()),
            other => panic!("{other:?}"),
        });
        told.collect::<Vec<_>>()
    };
    for event_id in ["", "event_id = \"id\""] {
        let (before, after) = (
            with("P = \"fulfilment.picked\"", event_id),
            with("P = \"fulfilment.picked\"\nQ = \"fulfilment.packed\"", event_id),
        );
        let [picked, unknown] = &before[..] else { panic!("{before:?}") };
        let [still, packed] = &after[..] else { panic!("{after:?}") };
        assert_eq!(picked, still);
        assert_eq!(
            (unknown.1, packed.1, &unknown.2, &packed.2),
            ("unknown", "fulfilment.packed", &"Q".to_owned(), &"Q".to_owned())
        );
        assert_ne!(unknown.0, packed.0);
    }
}

#[test]
fn two_movements_of_one_event_id_are_not_taken_for_one() {
    let rest = r#"
[in.m]
format = "json"
[[in.m.facts]]
kind = "movement"
each = "rows[*]"
event_id = "id"
location = { value = "W1" }
sku = { path = "sku", unpad = "0" }
movement = { value = "received" }
quantity = "qty""#;
    let raw = r#"{"rows": [{"id": 1, "sku": "007", "qty": 5}, {"id": 1, "sku": "007", "qty": 5}, {"id": 1, "sku": "000", "qty": 5}]}"#;
    let told = told(rest, raw);
    let [Told::Stock { id, movement }, Told::Stock { id: again, .. }, Told::Rejected(other)] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((id, movement.sku.as_str()), (again, "7"));
    assert_eq!((other.why.kind, other.why.field.as_str()), (UnreadableKind::Contradictory, "rows[2]"));
}
