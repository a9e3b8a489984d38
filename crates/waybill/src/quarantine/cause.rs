//! Why messages are in quarantine, with what differs from message to message taken out: what one change would mend is one
//! cause.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use service::quarantine::{Kind, Meta, Reason};

use super::filter::Item;
use super::{kind_name, plain};

/// What stands for what differs.
const VARYING: char = '…';
/// The most causes that are told apart; a partner that makes up values could make any number of them.
const MOST_CAUSES: usize = 1_000;
/// The most characters of a cause.
const MOST_WORDS: usize = 300;
/// What a clause begins with that is a further reason, and not more of the first; and so does a quoted field.
const FURTHER: [&str; 5] = ["the message ", "unknown reference ", "a reference has ", "what it tells of ", "and "];
/// What stands before something quoted that is a name of ours.
const BEFORE_NAMES: [&str; 5] = ["table ", "tell ", "workflow ", "key ", "called "];
/// What stands before something quoted that the partner sent.
const BEFORE_VALUES: [&str; 3] = ["holds ", "says ", "number, "];
/// What stands after a code that nobody knows: the code is the cause.
const AFTER_CODES: [&str; 4] =
    [", which is not in the table", ", and no rule of the profile", " without ", " outside "];
/// What stands before a place in the message.
const BEFORE_PLACES: [&str; 4] = ["byte", "line", "column", "segment"];

/// A cause, and which messages it holds back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Cause {
    pub reason: Kind,
    pub service: String,
    pub partner: String,
    /// The field it is about, in any element of its lists.
    pub field: Option<String>,
    /// What it says, without what differs.
    pub cause: String,
    pub count: u64,
    /// When the first of them came in.
    pub first: Timestamp,
    /// When the last of them came in.
    pub last: Timestamp,
    /// The newest of them.
    pub example: u64,
}

/// Counts messages by cause.
#[derive(Debug, Default)]
pub(super) struct Causes {
    found: BTreeMap<[String; 5], Cause>,
    /// How many messages had causes beyond those that are told apart.
    pub others: u64,
}

impl Causes {
    pub fn add(&mut self, item: &Item) {
        let Meta { service, partner, reason, received, .. } = &item.about;
        let (field, cause) = (reason.field.as_deref().map(in_any_list), words(reason));
        let key = [
            kind_name(reason.kind),
            service.clone(),
            partner.clone(),
            field.clone().unwrap_or_default(),
            cause.clone(),
        ];
        if self.found.len() >= MOST_CAUSES && !self.found.contains_key(&key) {
            self.others += 1;
            return;
        }
        let found = self.found.entry(key).or_insert_with(|| Cause {
            reason: reason.kind,
            service: service.clone(),
            partner: plain(partner),
            field,
            cause,
            count: 0,
            first: *received,
            last: *received,
            example: 0,
        });
        found.count += 1;
        found.first = found.first.min(*received);
        found.last = found.last.max(*received);
        found.example = found.example.max(item.sequence);
    }

    /// The causes, the most frequent first.
    pub fn into_most_frequent(self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = self.found.into_values().collect();
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
        causes
    }
}

/// A path without the numbers of list elements: `items[3].qty` is `items[*].qty`.
pub(crate) fn in_any_list(path: &str) -> String {
    let mut shown = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, inside)) = rest.split_once('[') {
        shown.push_str(before);
        shown.push('[');
        let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
        rest = if digits > 0 && inside[digits..].starts_with(']') {
            shown.push('*');
            &inside[digits..]
        } else {
            inside
        };
    }
    shown + rest
}

/// What the first of a message's reasons says, without what differs from message to message, and without its field where it
/// begins with that.
pub(crate) fn words(reason: &Reason) -> String {
    let text = first_reason(&reason.text);
    let field = reason.field.as_deref().map(|field| format!("`{field}` "));
    let text = field.and_then(|field| text.strip_prefix(&field)).unwrap_or(text);
    let words = if let Some(Some(_)) = text.strip_prefix("unknown reference ").map(|text| text.rfind(", tried ")) {
        format!("unknown reference {VARYING}")
    } else if text.starts_with("what it tells of ") && text.ends_with(" is more than one entry holds") {
        format!("what it tells of {VARYING} is more than one entry holds")
    } else {
        without_values(text)
    };
    words.chars().take(MOST_WORDS).collect()
}

/// Up to where the second reason begins. Each begins with what it is about; what follows a `; ` otherwise is advice.
fn first_reason(text: &str) -> &str {
    let is_further = |clause: &str| {
        clause.starts_with('`')
            || clause.split_once(';').map_or(clause, |(clause, _)| clause).contains(" may not tell ")
            || FURTHER.iter().any(|start| clause.starts_with(start))
    };
    let mut quoted = false;
    for (at, character) in text.char_indices() {
        quoted ^= character == '`';
        if !quoted && text[at..].strip_prefix("; ").is_some_and(is_further) {
            return &text[..at];
        }
    }
    text
}

/// The text without quoted values and without numbers.
fn without_values(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, quoted, after)) = next_quoted(rest) {
        without_numbers(&mut shown, before);
        let kept = is_of_the_cause(&shown, quoted, after);
        shown.push('`');
        if kept {
            shown.push_str(&in_any_list(quoted))
        } else {
            shown.push(VARYING)
        }
        shown.push('`');
        rest = after;
    }
    without_numbers(&mut shown, rest);
    shown
}

/// What stands before the next pair of backticks, in it, and after it.
fn next_quoted(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (quoted, after) = rest.split_once('`')?;
    Some((before, quoted, after))
}

/// Whether something quoted is the same for every message of the cause: names of ours, codes that nobody knows, paths.
fn is_of_the_cause(before: &str, quoted: &str, after: &str) -> bool {
    if AFTER_CODES.iter().any(|start| after.starts_with(start)) || BEFORE_NAMES.iter().any(|end| before.ends_with(end))
    {
        return true;
    }
    // What follows something quoted at once is what stands there.
    if before.ends_with("` ") || BEFORE_VALUES.iter().any(|end| before.ends_with(end)) {
        return false;
    }
    let is_punctuation = quoted.len() <= 3 && quoted.bytes().all(|byte| byte.is_ascii_punctuation());
    let is_path = quoted.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '$')
        && !quoted.contains(char::is_whitespace);
    is_punctuation || is_path
}

/// Adds words, each number of them left out. What is expected is the same for all, but for where it was.
fn without_numbers(shown: &mut String, text: &str) {
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches([' ', ';', ',', '.', ':', ')']);
        let is_number = bare.starts_with(|first: char| first.is_ascii_digit() || first == '-')
            && bare.bytes().all(|byte| byte.is_ascii_digit() || b"-.,:".contains(&byte))
            && bare.len() > usize::from(bare.starts_with('-'));
        let is_constant = is_expected(shown) && !BEFORE_PLACES.iter().any(|place| shown.trim_end().ends_with(place));
        if is_number && !is_constant {
            shown.push(VARYING);
            shown.push_str(&word[bare.len()..]);
        } else {
            shown.push_str(word);
        }
    }
}

/// Whether the words so far end in what is expected, or what the limit is.
fn is_expected(shown: &str) -> bool {
    let clause = shown.rsplit("; ").next().unwrap_or(shown);
    clause.contains("expected ") || clause.contains("limit is ") || clause.contains("at most ")
}

#[cfg(test)]
mod tests;
