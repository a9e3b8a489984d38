//! What one raw message says, sorted by where it goes. Pure: no I/O, no clock.

use model::master::MasterRecord;
use model::{Movement, Snapshot, System, Timestamp};
use partners::unmapped::unmapped;
use partners::{FactKey, Identified, Interchange, OrderRef, Profile, Read, Told, Unreadable, UnreadableKind, Xref};
use service::quarantine::{Kind, Reason};

use crate::ownership::{self, NotOwned};
use crate::xref::MAX_REFERENCE;

/// How many reasons are spelled out when many parts of a message are wrong.
const REASONS_TOLD: usize = 20;

/// What one raw message says.
#[derive(Debug, Default)]
pub struct Reading {
    /// What it says of orders.
    pub orders: Vec<Part>,
    /// What it says of stock.
    pub stock: Vec<(FactKey, Movement)>,
    /// What it says of master data.
    pub master: Vec<MasterRecord>,
    /// What its partner's own books hold, as it lists it.
    pub snapshots: Vec<Snapshot>,
    /// What of it cannot be used, and why.
    pub wrong: Vec<Reason>,
    /// Its interchanges as their sender numbered them.
    pub interchanges: Vec<Interchange>,
    /// How many codes it holds that nobody has mapped.
    pub unmapped: usize,
}

/// What a message says of one order.
#[derive(Debug)]
pub struct Part {
    /// Of which workflow, where it is named by its number.
    pub workflow: Box<str>,
    /// Which order.
    pub order: OrderRef,
    /// What happened to it.
    pub facts: Vec<Identified>,
    /// References that mean it from now on.
    pub xrefs: Vec<Xref>,
}

/// Reads a message through its partner's profile, and turns away what its partner may not tell.
pub fn read(system: System, profile: &Profile, message: &str, raw: &[u8], received: Timestamp) -> Reading {
    let Read { told, interchanges } = profile.read(message, raw, received);
    let mut reading = Reading { interchanges, unmapped: unmapped(&told).len(), ..Reading::default() };
    match told {
        Ok(told) => told.into_iter().for_each(|told| reading.sort(system, profile, told)),
        Err(why) => reading.wrong.push(reason_of(&why)),
    }
    reading
}

impl Reading {
    fn sort(&mut self, system: System, profile: &Profile, told: Told) {
        match told {
            Told::Order { workflow, order, mut facts, mut xrefs } => {
                facts.retain(|told| self.owned(ownership::fact(system, &profile.partner, &told.fact)));
                if let OrderRef::Reference(reference) = &order
                    && !self.sound(reference)
                {
                    return;
                }
                xrefs.retain(|xref| self.sound(&xref.reference));
                if !(facts.is_empty() && xrefs.is_empty()) {
                    self.orders.push(Part { workflow, order, facts, xrefs });
                }
            }
            Told::Stock { id, movement } => {
                if self.owned(ownership::stock(system)) {
                    self.stock.push((id, movement));
                }
            }
            Told::Master(record) => {
                if self.owned(ownership::master(system)) {
                    self.master.push(record);
                }
            }
            // Which lists a system may tell is looked at when its profile is loaded.
            Told::Snapshot(snapshot) => self.snapshots.push(snapshot),
            Told::Rejected(rejected) => self.wrong.push(reason_of(&rejected.why)),
        }
    }

    /// Whether it may be told; if not, why not is kept.
    fn owned(&mut self, verdict: Result<(), NotOwned>) -> bool {
        match verdict {
            Ok(()) => true,
            Err(why) => {
                self.wrong.push(Reason::new(Kind::NotOwner, why.to_string()));
                false
            }
        }
    }

    /// Whether a reference can be a key; if not, why not is kept.
    fn sound(&mut self, reference: &str) -> bool {
        let sound = !reference.is_empty() && reference.len() <= MAX_REFERENCE;
        if !sound {
            let words = format!("a reference has {} bytes; expected 1 to {MAX_REFERENCE}", reference.len());
            self.wrong.push(Reason::new(Kind::Invalid, words));
        }
        sound
    }
}

/// All reasons as one: the kind and field of the first, the words of the first [`REASONS_TOLD`]. `None` when there are
/// none.
pub fn all_reasons(reasons: &[Reason]) -> Option<Reason> {
    let first = reasons.first()?;
    let mut words: Vec<&str> = reasons.iter().take(REASONS_TOLD).map(|reason| reason.text.as_str()).collect();
    let more = format!("and {} more", reasons.len().saturating_sub(REASONS_TOLD));
    if reasons.len() > REASONS_TOLD {
        words.push(&more);
    }
    let all = Reason::new(first.kind, words.join("; "));
    Some(match &first.field {
        Some(field) => all.at(field.as_str()),
        None => all,
    })
}

/// The reason in words. They name the field, and that says which part of the message it is in; the kind stands beside
/// them.
fn reason_of(why: &Unreadable) -> Reason {
    let kind = match why.kind {
        UnreadableKind::UnknownMessage => Kind::UnknownMessage,
        UnreadableKind::TooLarge => Kind::Oversized,
        UnreadableKind::Malformed => Kind::Malformed,
        UnreadableKind::Contradictory => Kind::Contradictory,
        UnreadableKind::Missing
        | UnreadableKind::WrongValue
        | UnreadableKind::UnknownCode
        | UnreadableKind::Empty
        | UnreadableKind::NoAnswer
        | UnreadableKind::Unmapped => Kind::Invalid,
    };
    let words = match why.field.as_str() {
        "$" => format!("the message {}", why.detail),
        field => format!("`{field}` {}", why.detail),
    };
    Reason::new(kind, words).at(why.field.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_reasons_are_told_as_one() {
        assert_eq!(all_reasons(&[]), None);
        let reasons: Vec<Reason> =
            (0..23).map(|n| Reason::new(Kind::Invalid, format!("part {n}")).at(format!("a[{n}]"))).collect();
        let all = all_reasons(&reasons).unwrap();
        assert_eq!((all.kind, all.field.as_deref()), (Kind::Invalid, Some("a[0]")));
        assert!(all.text.starts_with("part 0; part 1; ") && all.text.ends_with("part 19; and 3 more"), "{}", all.text);
    }

    #[test]
    fn a_reason_names_the_field_and_leaves_the_kind_to_the_kind() {
        let missing = Unreadable {
            kind: UnreadableKind::Missing,
            field: "items[3].qty".to_owned(),
            detail: "is absent; expected a number".to_owned(),
            code: None,
        };
        let reason = reason_of(&missing);
        assert_eq!((reason.kind, reason.field.as_deref()), (Kind::Invalid, Some("items[3].qty")));
        assert_eq!(reason.text, "`items[3].qty` is absent; expected a number");
        let unknown = Unreadable { kind: UnreadableKind::UnknownMessage, field: "$".to_owned(), ..missing };
        assert_eq!(reason_of(&unknown).text, "the message is absent; expected a number");
    }
}
