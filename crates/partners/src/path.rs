//! Paths into a message.
//!
//! | written | means |
//! |---|---|
//! | `a.b` | the field `b` of the field `a` |
//! | `a["odd key"]` | a field whose name holds dots, brackets or spaces |
//! | `a[0]` | the first element of a list |
//! | `a[*]` | every element of a list; only at the end, and only where a profile says `each` |
//! | `.` | the element itself |
//! | `$`, `$.a` | the whole message, and a field of it |
//! | `^`, `^.a` | the element one `each` further out, and a field of it; `^^` two further out |
//!
//! A path starts at the element of the innermost `each` around it, and at the whole message where there is none.

use std::fmt::Write as _;

use serde_json::Value;

use crate::scope::Scope;

/// The longest path a profile may have, in bytes.
pub const MAX_PATH: usize = 256;

/// A compiled path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    start: Start,
    steps: Box<[Step]>,
    /// Whether it ends in `[*]`.
    pub(crate) fans_out: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// This many elements further out.
    Out(usize),
    Message,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(Box<str>),
    Element(usize),
}

impl Path {
    /// Compiles a path, or says what was expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > MAX_PATH {
            return Err(format!("expected a path of 1 to {MAX_PATH} bytes"));
        }
        let (start, mut rest) = Self::start(text);
        let mut path = Self { start, steps: Box::default(), fans_out: false };
        let mut steps = Vec::new();
        let mut first = start == Start::Out(0);
        if rest == "." && first {
            return Ok(path);
        }
        while !rest.is_empty() {
            if path.fans_out {
                return Err(format!("`[*]` must end the path, but `{rest}` follows"));
            }
            if let Some(inside) = rest.strip_prefix('[') {
                rest = Self::bracket(inside, &mut steps, &mut path.fans_out)?;
            } else {
                let named = if first { rest } else { rest.strip_prefix('.').unwrap_or("") };
                let end = named.find(['.', '[', ']', '"']).unwrap_or(named.len());
                if end == 0 {
                    return Err(format!("expected `.field`, `[n]`, `[\"field\"]` or `[*]` at `{rest}`"));
                }
                steps.push(Step::Field(named[..end].into()));
                rest = &named[end..];
            }
            first = false;
        }
        path.steps = steps.into_boxed_slice();
        Ok(path)
    }

    fn start(text: &str) -> (Start, &str) {
        if let Some(rest) = text.strip_prefix('$') {
            return (Start::Message, rest);
        }
        let rest = text.trim_start_matches('^');
        (Start::Out(text.len() - rest.len()), rest)
    }

    /// Reads what follows a `[`; returns what follows its `]`.
    fn bracket<'t>(inside: &'t str, steps: &mut Vec<Step>, fans_out: &mut bool) -> Result<&'t str, String> {
        let unclosed = || format!("expected `[n]`, `[\"field\"]` or `[*]` at `[{inside}`");
        if let Some(quoted) = inside.strip_prefix('"') {
            let (name, rest) = quoted.split_once("\"]").ok_or_else(unclosed)?;
            steps.push(Step::Field(name.into()));
            return Ok(rest);
        }
        let (inner, rest) = inside.split_once(']').ok_or_else(unclosed)?;
        if inner == "*" {
            *fans_out = true;
        } else {
            steps.push(Step::Element(inner.parse().map_err(|_| unclosed())?));
        }
        Ok(rest)
    }

    /// What it leads to; nothing when a step leads nowhere or to `null`.
    pub(crate) fn follow<'a>(&self, scope: &Scope<'a>) -> Option<&'a Value> {
        let mut node = match self.start {
            Start::Message => scope.message().node,
            Start::Out(levels) => scope.outward(levels)?.node,
        };
        for step in &self.steps {
            node = match step {
                Step::Field(name) => node.as_object()?.get(&**name)?,
                Step::Element(nth) => node.as_array()?.get(*nth)?,
            };
        }
        (!node.is_null()).then_some(node)
    }

    /// The value it would have to lead through that holds nothing further, such as a text where an object is expected: where
    /// it is, and what it is. An empty list is no such value: some languages write one for an object without fields.
    pub(crate) fn blocked(&self, scope: &Scope<'_>) -> Option<(String, &'static str)> {
        let mut node = match self.start {
            Start::Message => scope.message().node,
            Start::Out(levels) => scope.outward(levels)?.node,
        };
        for (nth, step) in self.steps.iter().enumerate() {
            let (next, expected) = match step {
                Step::Field(name) => (node.as_object().and_then(|fields| fields.get(&**name)), "an object"),
                Step::Element(place) => (node.as_array().and_then(|list| list.get(*place)), "a list"),
            };
            let Some(next) = next else {
                let is_open = match node {
                    Value::Null | Value::Object(_) => true,
                    Value::Array(list) => list.is_empty() || expected == "a list",
                    Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
                };
                let through = Self { start: self.start, steps: self.steps[..nth].into(), fans_out: false };
                let place = || Some(through.locate(scope)).filter(|place| !place.is_empty());
                return (!is_open).then(|| (place().unwrap_or_else(|| "$".to_owned()), expected));
            };
            node = next;
        }
        None
    }

    /// Where it leads, as a path from the message's top.
    pub(crate) fn locate(&self, scope: &Scope<'_>) -> String {
        let mut place = match self.start {
            Start::Message => String::new(),
            Start::Out(levels) => scope.outward(levels).map(Scope::locate).unwrap_or_default(),
        };
        for step in &self.steps {
            match step {
                Step::Field(name) if name.contains(['.', '[', ']', '"', ' ']) => {
                    let _ = write!(place, "[\"{name}\"]");
                }
                Step::Field(name) if place.is_empty() => place.push_str(name),
                Step::Field(name) => {
                    place.push('.');
                    place.push_str(name);
                }
                Step::Element(nth) => {
                    let _ = write!(place, "[{nth}]");
                }
            }
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn follow(path: &str, tree: &Value) -> Option<Value> {
        Path::parse(path).unwrap().follow(&Scope::of_message(tree)).cloned()
    }

    #[test]
    fn each_way_of_writing_leads_somewhere() {
        let tree = json!({ "a": { "b": [10, { "odd.key": "x" }], "n": null } });
        assert_eq!(follow("a.b[0]", &tree), Some(json!(10)));
        assert_eq!(follow("a.b[1][\"odd.key\"]", &tree), Some(json!("x")));
        assert_eq!(follow("$.a.b[0]", &tree), Some(json!(10)));
        assert_eq!(follow(".", &tree), Some(tree.clone()));
        assert_eq!(follow("$", &tree), Some(tree.clone()));
        for nowhere in ["a.c", "a.b[2]", "a.b.c", "a.n", "^.a", "a[0]"] {
            assert_eq!(follow(nowhere, &tree), None, "{nowhere}");
        }
    }

    #[test]
    fn nonsense_is_no_path() {
        for text in ["", "a..b", "a[", "a[x]", "a[*].b", "a[\"b]", ".a", "a.", "a]", "$a"] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }
}
