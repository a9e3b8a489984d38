//! Conditions in CEL.

use partners::{Profile, Told, UnreadableKind};

use crate::{facts, received};

/// A profile whose one rule applies under a condition.
fn profile(condition: &str) -> String {
    format!(
        r#"
partner = "acme"
system = "erp"
version = 1

[in.order]
format = "json"
each = "orders[*]"
order = "no"

[[in.order.facts]]
kind = "cancel_requested"
when = {condition}
reason = {{ value = "shipper.cancelled" }}
"#
    )
}

const NOTHING_WANTED: &str = r#"{ cel = "lines.all(line, double(line.qty) == 0.0)", with = { lines = "lines[*]" } }"#;

#[test]
fn a_condition_may_be_about_all_lines_at_once() {
    let profile = Profile::load("acme.toml", &profile(NOTHING_WANTED)).unwrap();
    let raw = r#"{"orders": [{"no": "A", "lines": [{"qty": "0"}, {"qty": "0.00"}]}]}"#;
    let told = profile.decode("order", raw.as_bytes(), received()).unwrap();
    assert_eq!(facts(told).len(), 1);
    let raw = raw.replace("0.00", "2");
    let why = profile.decode("order", raw.as_bytes(), received()).unwrap_err();
    assert_eq!(why.kind, UnreadableKind::Unmapped, "no rule applies: {why}");
}

#[test]
fn a_condition_that_has_no_answer_leaves_its_part_unread_and_no_other() {
    let profile = Profile::load("acme.toml", &profile(NOTHING_WANTED)).unwrap();
    let raw = r#"{"orders": [{"no": "A", "lines": [{"qty": "none"}]}, {"no": "B", "lines": [{"qty": "0"}]}]}"#;
    let told = profile.decode("order", raw.as_bytes(), received()).unwrap();
    assert!(matches!(&told[..], [Told::Rejected(_), Told::Order { .. }]), "{told:?}");
    let Told::Rejected(rejected) = &told[0] else { panic!() };
    assert_eq!((rejected.why.kind, rejected.why.field.as_str()), (UnreadableKind::WrongValue, "orders[0].lines"));
    assert!(rejected.why.detail.starts_with("leaves `lines.all("), "{}", rejected.why);
}

#[test]
fn every_function_that_may_be_called_is_there() {
    let of = r#"{ cel = "bool('true') && size(bytes('ab')) == 2 && a.contains('b') && double('1.5') > 1.0 && dyn(a) == a && \
        a.endsWith('c') && int('3') == 3 && a.matches('^a.c$') && \
        a.startsWith('a') && string(1) == '1'", with = { a = "a" } }"#;
    let profile = Profile::load("acme.toml", &profile(&of.replace("\\\n", ""))).unwrap();
    let told = profile.decode("order", br#"{"orders": [{"no": "A", "a": "abc"}]}"#, received()).unwrap();
    assert!(matches!(&told[..], [Told::Order { .. }]), "{told:?}");
}

#[test]
fn what_is_absent_is_null() {
    let of = r#"{ cel = "state == null || int(n) > 3", with = { state = "state", n = "n" } }"#;
    let profile = Profile::load("acme.toml", &profile(of)).unwrap();
    let orders = r#"{"orders": [{"no": "A"}, {"no": "B", "state": "x", "n": 4}, {"no": "C", "state": "x", "n": 3}]}"#;
    let told = profile.decode("order", orders.as_bytes(), received()).unwrap();
    assert!(matches!(&told[..], [Told::Order { .. }, Told::Order { .. }, Told::Rejected(_)]), "{told:?}");
}

#[test]
fn a_list_is_no_means_to_keep_an_adapter_busy() {
    let profile = Profile::load("acme.toml", &profile(NOTHING_WANTED)).unwrap();
    let lines = vec![r#"{"qty": "0"}"#; 1_000].join(",");
    let raw = format!(r#"{{"orders": [{{"no": "A", "lines": [{lines}]}}]}}"#);
    let why = profile.decode("order", raw.as_bytes(), received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::TooLarge, "orders[0].lines"));
}

#[test]
fn a_list_of_an_element_may_be_gone_through_too() {
    let condition =
        r#"{ cel = "lines.all(line, line.parts.exists(part, part.qty == '0'))", with = { lines = "lines[*]" } }"#;
    let profile = Profile::load("acme.toml", &profile(condition)).unwrap();
    let raw = r#"{"orders": [{"no": "A", "lines": [{"parts": [{"qty": "1"}, {"qty": "0"}]}]}]}"#;
    assert_eq!(facts(profile.decode("order", raw.as_bytes(), received()).unwrap()).len(), 1);
}

#[test]
fn a_mistake_in_a_condition_is_found_when_the_profile_is_loaded() {
    for (condition, expected) in [
        (r#"{ cel = "a ==", with = { a = "a" } }"#, "expected an expression in CEL"),
        (r#"{ cel = "a == b", with = { a = "a" } }"#, "`b` is no variable here; expected its path in `with`"),
        (r#"{ cel = "a == 1", with = { a = "a", b = "b" } }"#, "`b` stands in `with` and not in the expression"),
        (r#"{ cel = "a == 1", with = { a = "a[*].b[*]" } }"#, "`[*]` may only end this path"),
        (r#"{ cel = "a == 1", path = "a", with = { a = "a" } }"#, "path"),
        (r#"{ cel = "a.all(x, a.all(y, x == y))", with = { a = "a" } }"#, "`a` is gone through for every element"),
        (
            r#"{ cel = "a.all(x, b.exists(y, x == y))", with = { a = "a", b = "b" } }"#,
            "`b` is gone through for every element",
        ),
        (r#"{ cel = "a.map(x, a).all(y, y.all(z, z == 1))", with = { a = "a" } }"#, "a macro goes through a variable"),
        (r#"{ cel = "[1, 2].all(x, x in a)", with = { a = "a" } }"#, "a macro goes through a variable"),
        (r#"{ cel = "nosuch(a)", with = { a = "a" } }"#, "`nosuch` is no function here"),
    ] {
        let error = Profile::load("acme.toml", &profile(condition)).unwrap_err();
        assert!(error.problem.contains(expected), "{condition}: {error}");
        assert_eq!(error.line, 13, "{error}");
    }
}
