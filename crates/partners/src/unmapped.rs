//! Codes that nobody has mapped: what a partner says with a code of which the profile does not say what it means.
//!
//! This is the one place that says what counts as such: a part that is turned away for its code, and a fact that is known by
//! its code only.

use model::{Fact, Milestone, MilestoneReached};

use crate::told::Told;
use crate::unreadable::{Unreadable, UnreadableKind};

/// A code that nobody has mapped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unmapped {
    /// Where it stands in the message; for a fact that is known by its code only, the kind of fact.
    pub field: String,
    /// The code as the partner writes it; empty where the profile reads none.
    pub code: String,
}

/// The codes of a message that nobody has mapped, in the order in which it tells them.
#[must_use]
pub fn unmapped(read: &Result<Vec<Told>, Unreadable>) -> Vec<Unmapped> {
    match read {
        Ok(told) => told.iter().flat_map(of_part).collect(),
        Err(why) => of_rejected(why).into_iter().collect(),
    }
}

fn of_part(told: &Told) -> Vec<Unmapped> {
    match told {
        Told::Order { facts, .. } => facts.iter().filter_map(|told| of_fact(&told.fact)).collect(),
        Told::Rejected(rejected) => of_rejected(&rejected.why).into_iter().collect(),
        Told::Stock { .. } | Told::Master(_) | Told::Snapshot(_) => Vec::new(),
    }
}

/// The code for which something was turned away.
#[must_use]
pub fn of_rejected(why: &Unreadable) -> Option<Unmapped> {
    match why.kind {
        UnreadableKind::UnknownCode | UnreadableKind::Unmapped => {}
        UnreadableKind::UnknownMessage
        | UnreadableKind::TooLarge
        | UnreadableKind::Malformed
        | UnreadableKind::Missing
        | UnreadableKind::WrongValue
        | UnreadableKind::Empty
        | UnreadableKind::Contradictory
        | UnreadableKind::NoAnswer => return None,
    }
    Some(Unmapped { field: why.field.clone(), code: why.code.clone().unwrap_or_default() })
}

/// The code by which alone a fact is known.
#[must_use]
pub fn of_fact(fact: &Fact) -> Option<Unmapped> {
    let Fact::Milestone(MilestoneReached { milestone: Milestone::Unknown, code, .. }) = fact else { return None };
    Some(Unmapped { field: fact.kind().to_owned(), code: code.clone().unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;

    const PROFILE: &str = r#"
partner = "p"
system = "tms"
version = 1
[table.status]
DLV = "transport.delivered"
else = { reject = true }
[in.event]
format = "json"
each = "events[*]"
order = { reference = "pro" }
[[in.event.facts]]
kind = "milestone"
milestone = { path = "code", table = "status" }
occurred = "at"
[in.kept]
format = "json"
order = { reference = "pro" }
[[in.kept.facts]]
kind = "milestone"
milestone = { value = "unknown" }
code = "code"
[in.mapped]
format = "json"
order = "order"
[[in.mapped.facts]]
kind = "cancel_requested"
when = { path = "code", one_of = ["X"] }
reason = { value = "unknown" }
"#;

    #[test]
    fn a_code_in_no_table_is_unmapped_and_a_missing_field_is_not() {
        let profile = Profile::load("p.toml", PROFILE).unwrap();
        let events = br#"{"events": [{"pro": "1", "code": "DLV", "at": "2026-03-01T10:00Z"},
            {"pro": "1", "code": "Q`9", "at": "2026-03-01T10:00Z"}, {"pro": "1", "at": "2026-03-01T10:00Z"}]}"#;
        let received = "2026-03-01T13:06:00Z".parse().unwrap();
        let expected = |field: &str, code: &str| vec![Unmapped { field: field.to_owned(), code: code.to_owned() }];
        assert_eq!(unmapped(&profile.decode("event", events, received)), expected("events[1].code", "Q`9"));
        let no_rule = profile.decode("mapped", br#"{"order": "1", "code": "Y"}"#, received);
        assert_eq!(unmapped(&no_rule), expected("code", "Y"), "{no_rule:?}");
        let kept = profile.decode("kept", br#"{"pro": "1", "code": "Z"}"#, received);
        assert_eq!(unmapped(&kept), expected("milestone", "Z"));
        assert_eq!(unmapped(&profile.decode("nothing", b"{}", received)), []);
    }
}
