//! In which fields something that exists differs from what it should be.

use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// One field of an existing stream or consumer that is not as it should be. It is reported and never changed.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Drift {
    /// The stream, or `stream > consumer`.
    pub stream: String,
    /// The field, by its name in the JetStream API.
    pub field: String,
    /// What it is; null when not set.
    pub is: Value,
    /// What it should be; null when it should not be set.
    pub should_be: Value,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} is {} and should be {}", self.stream, self.field, self.is, self.should_be)
    }
}

/// Fields that the server or an operator may set without changing what is kept or delivered.
const OF_NO_ACCOUNT: [&str; 5] = ["metadata", "description", "placement", "pause_until", "first_seq"];

/// Compares two configurations field by field as the API spells them.
pub(crate) fn differences(name: &str, is: &impl serde::Serialize, should_be: &impl serde::Serialize) -> Vec<Drift> {
    let (is, should_be) = (fields(is), fields(should_be));
    let names: BTreeSet<&String> = is.keys().chain(should_be.keys()).collect();
    let of = |map: &Map<String, Value>, field: &str| map.get(field).cloned().unwrap_or(Value::Null);
    names
        .into_iter()
        .filter(|field| !OF_NO_ACCOUNT.contains(&field.as_str()))
        .map(|field| (field, of(&is, field), of(&should_be, field)))
        .filter(|(_, is, should_be)| is != should_be && !(unset(is) && unset(should_be)))
        .map(|(field, is, should_be)| Drift { stream: name.to_owned(), field: field.clone(), is, should_be })
        .collect()
}

fn fields(config: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(config) {
        Ok(Value::Object(map)) => map,
        Ok(other) => Map::from_iter([("config".to_owned(), other)]),
        Err(error) => Map::from_iter([("config".to_owned(), Value::String(error.to_string()))]),
    }
}

/// The API leaves a default out, or writes it as 0, -1 or nothing: all of these mean "not set".
fn unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(set) => !set,
        Value::Number(number) => number.as_i64().is_some_and(|number| number == 0 || number == -1),
        Value::String(text) => text.is_empty() || text == "none",
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(unset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_reported() {
        let is =
            json!({ "max_age": 5, "deny_delete": true, "max_msgs": -1, "compression": "none", "metadata": {"a": "b"} });
        let should_be = json!({ "max_age": 7, "max_msgs": 0, "allow_direct": true });
        let found: Vec<String> = differences("ORDERS", &is, &should_be).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "ORDERS: allow_direct is null and should be true",
                "ORDERS: deny_delete is true and should be null",
                "ORDERS: max_age is 5 and should be 7"
            ]
        );
    }
}
