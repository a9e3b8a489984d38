//! In what two readings of one message differ. Pure.

mod lists;

use std::collections::BTreeMap;

use adapter::Reading;
use model::Fact;
use partners::{FactKey, OrderRef};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::quarantine::Reason;

use crate::quarantine::cause::{in_any_list, words as cause_of};

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// The profile in force tells it, the changed one does not.
    OnlyNow,
    /// The changed profile tells it, the one in force does not.
    OnlyChanged,
    /// Both tell it, with other words.
    Changed,
    /// The changed profile reads what the one in force does not.
    Readable,
    /// The changed profile does not read what the one in force does.
    Unreadable,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub what: What,
    /// The kind of what is told, with the word that makes it what it is; nothing of what cannot be read.
    pub about: String,
    /// Why, without what differs from message to message: the fields that changed, or why it cannot be read.
    pub cause: String,
    /// The order, or the reference that stands for one.
    pub order: Option<String>,
    /// What the profile in force makes of it.
    pub now: Option<Value>,
    /// What the changed profile makes of it.
    pub changed: Option<Value>,
}

/// Something that is told, and of what.
struct Item {
    /// The order, stock or master data it is about.
    of: String,
    order: Option<String>,
    id: Option<FactKey>,
    about: String,
    kind: String,
    value: Value,
}

/// All that differs between what the profile in force makes of a message and what the changed one does. Of two facts of one
/// order those belong together that have the same id; then, in their order, those of one kind.
pub(super) fn differences(now: Reading, changed: Reading) -> Vec<Difference> {
    let (wrong_now, wrong_changed) = (now.wrong.clone(), changed.wrong.clone());
    let lists = lists::differences(&now.snapshots, &changed.snapshots);
    let (mut now, mut changed) = (items(now), items(changed));
    let mut found = Vec::new();
    pair(&mut now, &mut changed, &mut found, |one, other| one.id.is_some() && one.id == other.id && one.of == other.of);
    pair(&mut now, &mut changed, &mut found, |one, other| one.of == other.of && one.value == other.value);
    pair(&mut now, &mut changed, &mut found, |one, other| one.of == other.of && one.kind == other.kind);
    found.extend(now.into_iter().map(|item| only(What::OnlyNow, item)));
    found.extend(changed.into_iter().map(|item| only(What::OnlyChanged, item)));
    found.extend(lists);
    found.extend(reasons(What::Readable, &wrong_now, &wrong_changed));
    found.extend(reasons(What::Unreadable, &wrong_changed, &wrong_now));
    found
}

/// Takes out what belongs together, and notes what of it differs.
fn pair(
    now: &mut Vec<Item>,
    changed: &mut Vec<Item>,
    found: &mut Vec<Difference>,
    belong: impl Fn(&Item, &Item) -> bool,
) {
    let mut alone = Vec::new();
    for item in now.drain(..) {
        let Some(place) = changed.iter().position(|other| belong(&item, other)) else {
            alone.push(item);
            continue;
        };
        let other = changed.remove(place);
        let mut fields = fields(&item.value, &other.value);
        if item.id != other.id && fields.is_empty() {
            fields.push("event_id".to_owned());
        }
        if !fields.is_empty() {
            let about =
                if item.about == other.about { item.about } else { format!("{} -> {}", item.about, other.about) };
            found.push(Difference {
                what: What::Changed,
                about,
                cause: fields.join(", "),
                order: item.order,
                now: Some(item.value),
                changed: Some(other.value),
            });
        }
    }
    *now = alone;
}

fn only(what: What, item: Item) -> Difference {
    let (now, changed) = match what {
        What::OnlyNow => (Some(item.value), None),
        What::OnlyChanged | What::Changed | What::Readable | What::Unreadable => (None, Some(item.value)),
    };
    Difference { what, about: item.about, cause: String::new(), order: item.order, now, changed }
}

/// The reasons that one reading has and the other has not.
fn reasons<'a>(what: What, has: &'a [Reason], other: &'a [Reason]) -> impl Iterator<Item = Difference> + 'a {
    has.iter().filter(|reason| !other.contains(reason)).map(move |reason| {
        let words = Some(Value::from(reason.text.clone()));
        let (now, changed) = match what {
            What::Readable => (words, None),
            What::OnlyNow | What::OnlyChanged | What::Changed | What::Unreadable => (None, words),
        };
        let field =
            reason.field.as_deref().filter(|field| *field != "$").map(|field| format!("`{}` ", in_any_list(field)));
        let cause = field.unwrap_or_default() + &cause_of(reason);
        Difference { what, about: String::new(), cause, order: None, now, changed }
    })
}

fn items(reading: Reading) -> Vec<Item> {
    let Reading { orders, stock, master, snapshots: _, wrong: _, interchanges: _, unmapped: _ } = reading;
    let mut items = Vec::new();
    for part in orders {
        let named = match &part.order {
            OrderRef::Order(order) => order.to_string(),
            OrderRef::Reference(reference) => format!("known by {reference}"),
        };
        let of = format!("{} {named}", part.workflow);
        for told in part.facts {
            let (of, order) = (of.clone(), Some(named.clone()));
            let (about, kind, value) = (about(&told.fact), told.fact.kind().to_owned(), json(&told.fact));
            items.push(Item { of, order, id: Some(told.id), about, kind, value });
        }
        for xref in part.xrefs {
            let value = serde_json::json!({
                "reference": xref.reference, "shipment": xref.shipment.map(|shipment| shipment.to_string())
            });
            let (of, order) = (of.clone(), Some(named.clone()));
            items.push(Item {
                of,
                order,
                id: None,
                about: "reference".to_owned(),
                kind: "reference".to_owned(),
                value,
            });
        }
    }
    items.extend(stock.into_iter().map(|(id, movement)| Item {
        of: "stock".to_owned(),
        order: None,
        id: Some(id),
        about: "stock".to_owned(),
        kind: "stock".to_owned(),
        value: json(&movement),
    }));
    items.extend(master.into_iter().map(|record| {
        let (about, kind) = ("master data".to_owned(), "master data".to_owned());
        Item { of: "master data".to_owned(), order: None, id: None, about, kind, value: json(&record) }
    }));
    items
}

/// A fact's kind, and the word that makes it what it is.
fn about(fact: &Fact) -> String {
    let kind = fact.kind();
    match fact {
        Fact::Milestone(reached) => format!("{kind} {}", reached.milestone.as_str()),
        Fact::Condition(condition) => format!("{kind} {}", condition.kind.as_str()),
        Fact::Released(_)
        | Fact::Validated(_)
        | Fact::Answered(_)
        | Fact::Booked(_)
        | Fact::Billed(_)
        | Fact::FreightInvoiced(_)
        | Fact::Archived(_)
        | Fact::CancelRequested(_)
        | Fact::HandedOver(_)
        | Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_)
        | Fact::ReturnAuthorised(_)
        | Fact::Inspected(_)
        | Fact::Credited(_) => kind.to_owned(),
    }
}

/// What the model holds always has a JSON form.
fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The fields in which two values differ, in any element of their lists, each once.
fn fields(now: &Value, changed: &Value) -> Vec<String> {
    let (now, changed) = (leaves(now), leaves(changed));
    let paths = now.keys().chain(changed.keys()).filter(|path| now.get(*path) != changed.get(*path));
    let mut paths: Vec<String> = paths.map(|path| in_any_list(path)).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Every value that is no list and no table, by the path to it. The kind of a fact is no part of it.
fn leaves(value: &Value) -> BTreeMap<String, &Value> {
    let mut found = BTreeMap::new();
    let value = match value.as_object() {
        Some(kind) if kind.len() == 1 => kind.values().next().unwrap_or(value),
        Some(_) | None => value,
    };
    walk(value, String::new(), &mut found);
    found
}

fn walk<'a>(value: &'a Value, path: String, found: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            walk(value, if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, found);
        }),
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(nth, value)| walk(value, format!("{path}[{nth}]"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.insert(path, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::System;
    use partners::Profile;

    fn profile(table: &str, event_id: &str) -> Profile {
        let text = format!(
            r#"
            partner = "p"
            system = "tms"
            version = 1
            [table.status]
            {table}
            else = {{ reject = true }}
            [in.event]
            format = "json"
            each = "events[*]"
            order = "order"
            event_id = "{event_id}"
            [[in.event.facts]]
            kind = "milestone"
            milestone = {{ path = "code", table = "status" }}
            occurred = "at"
            code = "code"
            "#
        );
        Profile::load("p.toml", &text).unwrap()
    }

    fn between(now: &Profile, changed: &Profile) -> Vec<(What, String, String, Option<String>)> {
        let raw = br#"{"events": [
            {"id": "1", "no": "a", "order": "SO-1", "code": "DLV", "at": "2026-03-01T10:00:00Z"},
            {"id": "2", "no": "b", "order": "SO-2", "code": "Q9", "at": "2026-03-01T11:00:00Z"}]}"#;
        let received = "2026-03-01T13:06:00Z".parse().unwrap();
        let read = |profile| adapter::read(System::Tms, profile, "event", raw, received);
        let found = differences(read(now), read(changed));
        found.into_iter().map(|own| (own.what, own.about, own.cause, own.order)).collect()
    }

    #[test]
    fn the_same_facts_are_no_difference() {
        let now = profile("DLV = \"transport.delivered\"", "id");
        assert_eq!(between(&now, &profile("DLV = \"transport.delivered\"\nX = \"transport.in_transit\"", "id")), []);
    }

    #[test]
    fn a_code_that_is_mapped_is_a_fact_and_one_that_is_not_a_reason() {
        let now = profile("DLV = \"transport.delivered\"", "id");
        let more = profile("DLV = \"transport.delivered\"\nQ9 = \"transport.in_transit\"", "id");
        let q9 = || "`events[*].code` holds `Q9`, which is not in the table `status`".to_owned();
        let order = || Some("SO-2".to_owned());
        let moved = || "milestone transport.in_transit".to_owned();
        assert_eq!(
            between(&now, &more),
            [(What::OnlyChanged, moved(), String::new(), order()), (What::Readable, String::new(), q9(), None)]
        );
        assert_eq!(
            between(&more, &now),
            [(What::OnlyNow, moved(), String::new(), order()), (What::Unreadable, String::new(), q9(), None)]
        );
    }

    #[test]
    fn a_fact_with_other_words_is_one_that_changed() {
        let now = profile("DLV = \"transport.delivered\"\nQ9 = \"transport.in_transit\"", "id");
        let other = profile("DLV = \"transport.picked_up\"\nQ9 = \"transport.in_transit\"", "id");
        let about = "milestone transport.delivered -> milestone transport.picked_up".to_owned();
        let order = Some("SO-1".to_owned());
        assert_eq!(between(&now, &other), [(What::Changed, about, "milestone".to_owned(), order)]);
        let renamed = profile("DLV = \"transport.delivered\"\nQ9 = \"transport.in_transit\"", "no");
        let causes: Vec<String> = between(&now, &renamed).into_iter().map(|(_, _, cause, _)| cause).collect();
        assert_eq!(causes, ["event_id", "event_id"], "a replay would tell them again");
    }
}
