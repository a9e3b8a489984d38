//! Where two JSON trees differ.

use serde::Serialize;
use serde_json::Value;

/// A place where two trees differ, and what each holds there; nothing where it holds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// Where: names with points between, and places in lists.
    pub path: String,
    /// What the projection holds.
    pub holds: Option<Value>,
    /// What the log says.
    pub should: Option<Value>,
}

/// Every place where they differ, in the order of the trees: as deep as both have something.
pub(crate) fn differences(holds: &Value, should: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), Some(holds), Some(should), &mut found);
    found
}

fn compare(path: String, holds: Option<&Value>, should: Option<&Value>, found: &mut Vec<Difference>) {
    match (holds, should) {
        (Some(one), Some(other)) if one == other => {}
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(path, one.get(name), other.get(name), found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for at in 0..one.len().max(other.len()) {
                compare(format!("{path}[{at}]"), one.get(at), other.get(at), found);
            }
        }
        (holds, should) => found.push(Difference { path, holds: holds.cloned(), should: should.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_place_is_named_with_what_both_hold() {
        let one = json!({ "order": "SO 1", "lines": [{ "sku": "A", "shipped": "1" }], "stage": "new" });
        let other =
            json!({ "order": "SO 1", "lines": [{ "sku": "A", "shipped": "2" }, 7], "eta": null, "stage": "new" });
        let said: Vec<String> = differences(&one, &other)
            .into_iter()
            .map(|Difference { path, holds, should }| format!("{path} {holds:?} {should:?}"))
            .collect();
        assert_eq!(
            said,
            [
                r#"lines[0].shipped Some(String("1")) Some(String("2"))"#,
                "lines[1] None Some(Number(7))",
                "eta None Some(Null)",
            ]
        );
        assert!(differences(&one, &one).is_empty());
    }
}
