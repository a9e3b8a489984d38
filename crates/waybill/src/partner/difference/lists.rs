//! In what the lists of two readings of one message differ.

use model::{Listed, Snapshot};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Difference, What, fields, json as value_of};

/// What differs: a list as a whole, since a row that is read otherwise is no other list.
pub(super) fn differences(now: &[Snapshot], changed: &[Snapshot]) -> Vec<Difference> {
    let of_kind = |lists: &[Snapshot], own: &Snapshot| lists.iter().position(|list| kind(list) == kind(own));
    let mut found = Vec::new();
    for list in now {
        match of_kind(changed, list).map(|place| &changed[place]) {
            Some(other) if other == list => {}
            Some(other) => found.push(between(list, other)),
            None => found.push(only(What::OnlyNow, list)),
        }
    }
    let new = changed.iter().filter(|list| of_kind(now, list).is_none());
    found.extend(new.map(|list| only(What::OnlyChanged, list)));
    found
}

fn kind(list: &Snapshot) -> &'static str {
    list.listed.kind()
}

fn about(list: &Snapshot) -> String {
    format!("list of {}", kind(list))
}

fn only(what: What, list: &Snapshot) -> Difference {
    let own = Some(summary(list, None));
    let (now, changed) = if what == What::OnlyNow { (own, None) } else { (None, own) };
    Difference { what, about: about(list), cause: String::new(), order: None, now, changed }
}

fn between(now: &Snapshot, changed: &Snapshot) -> Difference {
    let (own, other) = (rows(&now.listed), rows(&changed.listed));
    let nth = own.iter().zip(&other).position(|(own, other)| own != other).unwrap_or(own.len().min(other.len()));
    let whole =
        |list: &Snapshot, rows: &[Value]| json!({ "taken": list.taken, "complete": list.complete, "rows": rows });
    Difference {
        what: What::Changed,
        about: about(now),
        cause: fields(&whole(now, &own), &whole(changed, &other)).join(", "),
        order: None,
        now: Some(summary(now, own.get(nth))),
        changed: Some(summary(changed, other.get(nth))),
    }
}

/// A list in short, with the first row that differs: an example need not repeat thousands of rows.
fn summary(list: &Snapshot, row: Option<&Value>) -> Value {
    let mut short = json!({ "taken": list.taken.to_string(), "complete": list.complete, "rows": list.listed.rows() });
    if let Some(row) = row {
        short["row"] = row.clone();
    }
    short
}

fn rows(listed: &Listed) -> Vec<Value> {
    fn values(rows: &[impl Serialize]) -> Vec<Value> {
        rows.iter().map(value_of).collect()
    }
    match listed {
        Listed::Orders(rows) => values(rows),
        Listed::Stock(rows) => values(rows),
        Listed::Shipments(rows) => values(rows),
    }
}

#[cfg(test)]
mod tests {
    use model::System;
    use partners::Profile;

    use super::super::{What, differences};

    fn profile(quantity: &str, complete: bool) -> Profile {
        let text = format!(
            r#"
            partner = "p"
            system = "wms"
            version = 1
            [in.stock]
            format = "json"
            complete = {complete}
            [[in.stock.facts]]
            kind = "listed_stock"
            each = "stock[*]"
            location = "at"
            sku = "sku"
            quantity = "{quantity}"
            "#
        );
        Profile::load("p.toml", &text).unwrap()
    }

    #[test]
    fn a_list_that_is_read_otherwise_differs_as_a_whole() {
        let raw = br#"{"stock": [{"at": "A", "sku": "X", "qty": 1, "free": 1}, {"at": "A", "sku": "Y", "qty": 5, "free": 3}]}"#;
        let received = "2026-03-01T13:06:00Z".parse().unwrap();
        let read = |profile: &Profile| adapter::read(System::Wms, profile, "stock", raw, received);
        let between = |now: &Profile, changed: &Profile| differences(read(now), read(changed));
        let now = profile("qty", true);
        assert_eq!(between(&now, &profile("qty", true)), []);
        let found = between(&now, &profile("free", false));
        assert_eq!(found.len(), 1);
        let told = (found[0].what, found[0].about.as_str(), found[0].cause.as_str());
        assert_eq!(told, (What::Changed, "list of stock", "complete, rows[*].on_hand.amount"));
        let then = found[0].changed.as_ref().unwrap();
        assert_eq!((&then["rows"], &then["row"]["sku"], &then["complete"]), (&2.into(), &"Y".into(), &false.into()));
        let gone = differences(read(&now), adapter::Reading::default());
        assert_eq!((gone[0].what, gone[0].about.as_str(), gone.len()), (What::OnlyNow, "list of stock", 1));
    }
}
