//! Paths into a message.
//!
//! | written | means |
//! |---|---|
//! | `a.b` | the field `b` of the field `a` |
//! | `a["odd key"]` | a field whose name holds dots, brackets or spaces |
//! | `a[0]` | the first element of a list |
//! | `a[b="x"]`, `a[b.c="x"]` | the first element of a list whose field `b`, or `b.c`, holds this text |
//! | `a[*]` | every element of a list; only where a profile says `each` |
//! | `a[*].b[*]` | every `b` of every `a`: an `each` within an `each` |
//! | `.` | the element itself |
//! | `$`, `$.a` | the whole message, and a field of it |
//! | `^`, `^.a` | the element one `each` further out, and a field of it; `^^` two further out |
//!
//! A path starts at the element of the innermost `each` around it, and at the whole message where there is none.
//!
//! JSON says of everything whether it is a list, and a path must say the same. In [formats](mod@crate::format) where anything
//! may come once or several times, lists are walked through: `BEG.03` is `BEG[0].03`, one element is a list of one, the first
//! component of a plain text is the text itself (`NAD.2.1` where `NAD.2` has no other), and an object's `#text` is its value.

use std::fmt::Write as _;

use serde_json::Value;

use crate::field::text_of;
use crate::scope::Scope;

/// The longest path a profile may have, in bytes.
pub const MAX_PATH: usize = 256;

/// The longest list in which a field picks an element: each use of the path searches it.
pub const MAX_SEARCHED: usize = 1000;

/// What may stand in brackets.
const BRACKETS: &str = "`[n]`, `[\"field\"]`, `[field=\"text\"]` or `[*]`";

/// A compiled path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    start: Start,
    steps: Box<[Step]>,
    /// Whether it ends in `[*]`.
    pub(crate) fans_out: bool,
    /// Where it goes on from each of the elements.
    pub(crate) inner: Option<Box<Path>>,
    /// What it takes for a list.
    pub(crate) lists: Lists,
}

/// What a path takes for a list; a matter of the message's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    /// What is written as one, and nothing else.
    Kept,
    /// One element is a list of one, and a list stands for its first element.
    WalkedThrough,
}

/// The field whose value an object stands for where lists are walked through.
pub(crate) const TEXT: &str = "#text";

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
    /// The first element whose field holds the text.
    Matching(Box<[Box<str>]>, Box<str>),
}

impl Step {
    /// What it needs to lead on.
    const fn expects(&self) -> &'static str {
        match self {
            Self::Field(_) => "an object",
            Self::Element(_) => "a list",
            Self::Matching(..) => "a list of at most 1000 elements",
        }
    }
}

impl Lists {
    fn step<'a>(self, node: &'a Value, step: &Step) -> Option<&'a Value> {
        match step {
            Step::Field(name) => self.field(node, name),
            Step::Element(nth) => self.elements(node)?.get(*nth),
            Step::Matching(fields, text) => {
                let searched = self.elements(node).filter(|list| list.len() <= MAX_SEARCHED)?;
                searched.iter().find(|element| self.matches(element, fields, text))
            }
        }
    }

    fn field<'a>(self, node: &'a Value, name: &str) -> Option<&'a Value> {
        let node = self.one(node);
        match node.as_object() {
            Some(fields) => fields.get(name),
            None => (self == Self::WalkedThrough && name == "1" && node.is_string()).then_some(node),
        }
    }

    fn matches(self, element: &Value, fields: &[Box<str>], wanted: &str) -> bool {
        let found = fields.iter().try_fold(element, |node, name| self.field(node, name));
        found.and_then(|value| text_of(self.plain(value))).is_some_and(|text| text.trim() == wanted)
    }

    /// The elements of a list, and of what counts as one.
    pub(crate) fn elements(self, node: &Value) -> Option<&[Value]> {
        match node.as_array() {
            Some(list) => Some(list),
            None => (self == Self::WalkedThrough).then(|| std::slice::from_ref(node)),
        }
    }

    fn one(self, node: &Value) -> &Value {
        match self {
            Self::Kept => node,
            Self::WalkedThrough => node.as_array().and_then(|list| list.first()).unwrap_or(node),
        }
    }

    /// What a node is as a value.
    pub(crate) fn plain(self, node: &Value) -> &Value {
        let node = self.one(node);
        match self {
            Self::Kept => node,
            Self::WalkedThrough => node.as_object().and_then(|fields| fields.get(TEXT)).unwrap_or(node),
        }
    }

    /// Whether a step that leads nowhere from here is one to something absent, not one through a value without fields.
    fn is_open(self, node: &Value, step: &Step) -> bool {
        if let (Step::Matching(..), Value::Array(list)) = (step, node) {
            return list.len() <= MAX_SEARCHED;
        }
        match (self.one(node), step) {
            (Value::Null | Value::Object(_), _) => true,
            (Value::Array(list), Step::Field(_)) => list.is_empty(),
            (Value::Array(_), Step::Element(_) | Step::Matching(..)) => true,
            (Value::Bool(_) | Value::Number(_) | Value::String(_), Step::Field(name)) => {
                // A component behind the last that was sent.
                self == Self::WalkedThrough && name.bytes().all(|byte| byte.is_ascii_digit())
            }
            (Value::Bool(_) | Value::Number(_) | Value::String(_), Step::Element(_) | Step::Matching(..)) => {
                self == Self::WalkedThrough
            }
        }
    }
}

impl Path {
    /// Compiles a path, or says what was expected.
    pub(crate) fn parse(text: &str, lists: Lists) -> Result<Self, String> {
        if text.is_empty() || text.len() > MAX_PATH {
            return Err(format!("expected a path of 1 to {MAX_PATH} bytes"));
        }
        let (start, mut rest) = Self::start(text);
        let mut path = Self { start, steps: Box::default(), fans_out: false, inner: None, lists };
        let mut steps = Vec::new();
        let mut first = start == Start::Out(0);
        if rest == "." && first {
            return Ok(path);
        }
        while !rest.is_empty() {
            if path.fans_out {
                let inner = rest.strip_prefix('.').unwrap_or(rest);
                if (inner.len() == rest.len() && !rest.starts_with('[')) || inner.starts_with(['.', '$', '^']) {
                    return Err(format!("expected `.field` or {BRACKETS} at `{rest}`"));
                }
                path.inner = Some(Box::new(Self::parse(inner, lists)?));
                break;
            }
            if let Some(inside) = rest.strip_prefix('[') {
                rest = Self::bracket(inside, &mut steps, &mut path.fans_out)?;
            } else {
                let named = if first { rest } else { rest.strip_prefix('.').unwrap_or("") };
                let end = named.find(['.', '[', ']', '"']).unwrap_or(named.len());
                if end == 0 {
                    return Err(format!("expected `.field` or {BRACKETS} at `{rest}`"));
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
        let unclosed = || format!("expected {BRACKETS} at `[{inside}`");
        if let Some(quoted) = inside.strip_prefix('"') {
            let (name, rest) = quoted.split_once("\"]").ok_or_else(unclosed)?;
            steps.push(Step::Field(name.into()));
            return Ok(rest);
        }
        if let Some((fields, quoted)) = inside.split_once("=\"").filter(|(fields, _)| !fields.contains(['[', ']', '"']))
        {
            let (text, rest) = quoted.split_once("\"]").ok_or_else(unclosed)?;
            let fields: Box<[Box<str>]> = fields.split('.').map(Box::from).collect();
            if fields.iter().any(|name| name.is_empty()) || text.trim().is_empty() {
                return Err(unclosed());
            }
            steps.push(Step::Matching(fields, text.trim().into()));
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
            node = self.lists.step(node, step)?;
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
            let Some(next) = self.lists.step(node, step) else {
                let through = Self {
                    start: self.start,
                    steps: self.steps[..nth].into(),
                    fans_out: false,
                    inner: None,
                    lists: self.lists,
                };
                let place = || Some(through.locate(scope)).filter(|place| !place.is_empty());
                let is_blocked = !self.lists.is_open(node, step);
                return is_blocked.then(|| (place().unwrap_or_else(|| "$".to_owned()), step.expects()));
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
                Step::Matching(fields, text) => {
                    let _ = write!(place, "[{}=\"{text}\"]", fields.join("."));
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
        Path::parse(path, Lists::Kept).unwrap().follow(&Scope::of_message(tree)).cloned()
    }

    fn walk(path: &str, tree: &Value) -> Option<Value> {
        let path = Path::parse(path, Lists::WalkedThrough).unwrap();
        assert_eq!(path.blocked(&Scope::of_message(tree)), None);
        path.follow(&Scope::of_message(tree)).map(|value| path.lists.plain(value).clone())
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
        for text in [
            "",
            "a..b",
            "a[",
            "a[x]",
            "a[*]b",
            "a[*].",
            "a[*].^b",
            "a[\"b]",
            ".a",
            "a.",
            "a]",
            "$a",
            "a[=\"x\"]",
            "a[b=x]",
            "a[b..c=\"x\"]",
            "a[b=\"x]",
            "a[b=\" \"]",
        ] {
            assert!(Path::parse(text, Lists::Kept).is_err(), "{text}");
        }
    }

    #[test]
    fn what_follows_every_element_begins_at_each() {
        let path = Path::parse("a[*].b[0].c[*]", Lists::Kept).unwrap();
        let inner = path.inner.as_ref().unwrap();
        assert_eq!(*inner, Box::new(Path::parse("b[0].c[*]", Lists::Kept).unwrap()));
        assert!(path.fans_out && Path::parse("a[*][*]", Lists::Kept).unwrap().inner.is_some());
    }

    #[test]
    fn a_field_picks_an_element_of_a_list() {
        let tree =
            json!({ "to": [{ "t": "BT", "no": 1 }, { "t": "ST", "no": 2, "x": { "y": 5 } }, { "t": "ST", "no": 3 }] });
        assert_eq!(follow("to[t=\"ST\"].no", &tree), Some(json!(2)));
        assert_eq!(follow("to[x.y=\"5\"].no", &tree), Some(json!(2)), "a number is compared as text");
        for nowhere in ["to[t=\"SU\"].no", "to[u=\"ST\"]", "to[t=\"ST\"].no.x"] {
            assert_eq!(follow(nowhere, &tree), None, "{nowhere}");
        }
        let path = Path::parse("to[0].x[a.b=\"c]d\"].e", Lists::Kept).unwrap();
        assert_eq!(path.locate(&Scope::of_message(&tree)), "to[0].x[a.b=\"c]d\"].e");
        assert_eq!(
            path.blocked(&Scope::of_message(&json!({ "to": [{ "x": 1 }] }))),
            Some(("to[0].x".into(), "a list of at most 1000 elements"))
        );
        assert_eq!(path.blocked(&Scope::of_message(&json!({ "to": [{ "x": [] }] }))), None);
        let path = Path::parse("to[t=\"ST\"].no", Lists::Kept).unwrap();
        let long = json!({ "to": vec![json!({ "t": "ST", "no": 1 }); MAX_SEARCHED + 1] });
        assert_eq!(path.follow(&Scope::of_message(&long)), None);
        assert!(path.blocked(&Scope::of_message(&long)).unwrap().1.contains(&MAX_SEARCHED.to_string()));
    }

    #[test]
    fn where_lists_are_walked_through_one_is_as_good_as_many() {
        let tree = json!({ "BEG": [{ "03": "PO1" }, { "03": "PO2" }], "NAD": [{ "1": "BY", "2": "541" }],
            "to": { "t": "ST", "name": { "#text": "Ada", "lang": "en" } }, "none": [] });
        assert_eq!(walk("BEG.03", &tree), Some(json!("PO1")));
        assert_eq!(walk("BEG[1].03", &tree), Some(json!("PO2")));
        assert_eq!(walk("NAD[1=\"BY\"].2.1", &tree), Some(json!("541")));
        assert_eq!(walk("to[t=\"ST\"].name", &tree), Some(json!("Ada")));
        assert_eq!(walk("to[name=\"Ada\"].t[0]", &tree), Some(json!("ST")));
        for nowhere in ["NAD.2.2", "BEG.04", "none.x", "none[0]", "to[1]", "N1[01=\"ST\"].02"] {
            assert_eq!(walk(nowhere, &tree), None, "{nowhere}");
        }
        let path = Path::parse("to.t.x", Lists::WalkedThrough).unwrap();
        assert_eq!(path.blocked(&Scope::of_message(&tree)), Some(("to.t".into(), "an object")));
        assert_eq!(follow("BEG.03", &tree), None, "JSON is strict");
        assert_eq!(follow("NAD[0].2.1", &tree), None);
    }
}
