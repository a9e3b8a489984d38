//! Envelopes: interchanges that hold groups that hold transactions, each closed with a count and its control number.
//!
//! A transaction is sound when its own closing segment says of it what is there. What is wrong around it, such as a group that
//! should hold one more, is told beside it: the sound transactions count, and someone learns that another is lost.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::heard::{Heard, HeardKind, Wrong};
use super::level::{Counts, Guide, Level, Names, text_of, trimmed};
use super::loops::Grouping;
use super::segment::{Flaw, Place, Segment, Segmented};
use super::{Fault, Tree};
use crate::message::MAX_PARTS;
use crate::unreadable::{Unreadable, UnreadableKind};

/// The longest segment that may open an interchange or group, in bytes: each transaction in it holds a copy.
pub const MAX_OPENING: usize = 1024;

/// What to do about a message that was damaged on its way.
const RESEND: &str = "have the partner send it again";

/// An envelope that is open.
#[derive(Debug)]
struct Open {
    heard: Heard,
    place: String,
    at: Place,
    control: String,
    is_repeat: bool,
    /// How many groups and transactions it holds so far.
    groups: usize,
    transactions: usize,
}

#[derive(Debug)]
struct Transaction<'p> {
    heard: Heard,
    grouping: Grouping<'p>,
    at: Place,
    control: String,
    is_repeat: bool,
    segments: usize,
    flaw: Option<Flaw>,
}

/// A message's envelopes on their way into a tree.
#[derive(Debug)]
pub(crate) struct Envelopes<'p> {
    names: &'static Names,
    guide: &'p Guide,
    interchange: Option<Open>,
    group: Option<Open>,
    transaction: Option<Transaction<'p>>,
    interchanges: usize,
    /// What identifies each envelope within the one around it.
    seen_interchanges: HashSet<String>,
    seen_groups: HashSet<String>,
    seen_transactions: HashSet<String>,
    parts: Vec<Value>,
    faults: Vec<Fault>,
    forgiven: Vec<Unreadable>,
    heard: Vec<Heard>,
    /// Whether the segment before stood where none may stand: one fault for all such in a row.
    is_astray: bool,
}

impl<'p> Envelopes<'p> {
    pub(crate) fn new(names: &'static Names, guide: &'p Guide) -> Self {
        Self {
            names,
            guide,
            interchange: None,
            group: None,
            transaction: None,
            interchanges: 0,
            seen_interchanges: HashSet::new(),
            seen_groups: HashSet::new(),
            seen_transactions: HashSet::new(),
            parts: Vec::new(),
            faults: Vec::new(),
            forgiven: Vec::new(),
            heard: Vec::new(),
            is_astray: false,
        }
    }

    /// # Errors
    /// When there are more transactions or faults than a message may have.
    pub(crate) fn take(&mut self, segmented: Segmented<'_>) -> Result<(), Unreadable> {
        if [self.parts.len(), self.faults.len(), self.forgiven.len()].into_iter().any(|many| many > MAX_PARTS) {
            let detail = format!("has more than {MAX_PARTS} transactions or faults; send it in parts");
            return Err(Unreadable::new(UnreadableKind::TooLarge, "$", detail));
        }
        let segment = match segmented {
            Ok(segment) => segment,
            Err(flaw) => {
                self.flawed(flaw);
                return Ok(());
            }
        };
        let names = self.names;
        let id = segment.id;
        if id == names.transaction.opens {
            self.open_transaction(segment);
        } else if id == names.transaction.closes {
            self.close_transaction(&segment);
        } else if id == names.group.opens {
            self.open_group(segment);
        } else if id == names.group.closes {
            self.abandon_transaction(&segment.at.before(id));
            let group = self.group.take();
            self.close(&names.group, group, &segment, |group| (group.transactions, names.list));
        } else if id == names.interchange.opens {
            self.open_interchange(segment);
        } else if id == names.interchange.closes {
            self.abandon_group(&segment.at.before(id));
            let interchange = self.interchange.take();
            self.close(&names.interchange, interchange, &segment, |interchange| match interchange.groups {
                0 => (interchange.transactions, names.list),
                groups => (groups, "groups"),
            });
        } else if let Some(transaction) = &mut self.transaction {
            transaction.segments += 1;
            transaction.grouping.take(id, segment.elements);
        } else if !names.between.contains(&id) {
            let opens = names.transaction.opens;
            let detail = format!("holds `{id}` outside every `{opens}`");
            self.flawed(Flaw { at: segment.at, detail });
        }
        Ok(())
    }

    /// The tree, once all segments are taken.
    pub(crate) fn end(mut self) -> Tree {
        self.abandon_interchange("the message ends");
        Tree {
            root: Value::Object(Map::from_iter([(self.names.list.to_owned(), Value::Array(self.parts))])),
            faults: self.faults,
            forgiven: self.forgiven,
            heard: self.heard,
            interchanges: Vec::new(),
        }
    }

    /// Notes what is wrong with a segment, once for all in a row.
    fn flawed(&mut self, flaw: Flaw) {
        match &mut self.transaction {
            Some(transaction) => {
                transaction.segments += 1;
                transaction.flaw.get_or_insert(flaw);
            }
            None if self.is_astray => {}
            None => {
                self.is_astray = true;
                self.tell(UnreadableKind::Malformed, self.here(), flaw.at, &flaw.detail);
            }
        }
    }

    /// The innermost open envelope, as a place of the message.
    fn here(&self) -> String {
        self.group.as_ref().or(self.interchange.as_ref()).map_or_else(|| "$".to_owned(), |open| open.place.clone())
    }

    /// Tells of a fault that is no transaction's own.
    fn tell(&mut self, kind: UnreadableKind, place: String, at: Place, detail: &str) {
        let why = Unreadable::new(kind, place, format!("{detail} ({at}); {RESEND}"));
        self.faults.push(Fault { part: None, why });
    }

    /// Notes a fault that the profile forgives.
    fn forgive(&mut self, place: String, at: Place, detail: &str) {
        let why = Unreadable::new(UnreadableKind::Contradictory, place, format!("{detail} ({at})"));
        self.forgiven.push(why);
    }

    /// Keeps what was heard of something within the envelope around it.
    fn hear(&mut self, heard: Heard) {
        let around = self.group.as_mut().or(self.interchange.as_mut());
        around.map_or(&mut self.heard, |open| &mut open.heard.inside).push(heard);
    }

    fn open_interchange(&mut self, segment: Segment<'_>) {
        self.abandon_interchange(&segment.at.before(segment.id));
        self.seen_groups.clear();
        self.seen_transactions.clear();
        let place = format!("interchanges[{}]", self.interchanges);
        self.interchanges += 1;
        let level = &self.names.interchange;
        let is_new = self.seen_interchanges.insert(level.identity(&segment.elements));
        self.interchange = Some(self.open(HeardKind::Interchange, level, segment, place, !is_new));
    }

    fn open_group(&mut self, segment: Segment<'_>) {
        self.abandon_group(&segment.at.before(segment.id));
        self.seen_transactions.clear();
        let level = &self.names.group;
        let is_new = self.seen_groups.insert(level.identity(&segment.elements));
        let (place, around) = match &mut self.interchange {
            Some(interchange) => {
                let place = format!("{}.groups[{}]", interchange.place, interchange.groups);
                interchange.groups += 1;
                (place, interchange.is_repeat)
            }
            None => {
                let detail = format!("holds `{}` without `{}` before it", level.opens, self.names.interchange.opens);
                self.tell(UnreadableKind::Malformed, "$".to_owned(), segment.at, &detail);
                ("groups".to_owned(), false)
            }
        };
        self.group = Some(self.open(HeardKind::Group, level, segment, place, !is_new || around));
    }

    fn open(&mut self, kind: HeardKind, level: &Level, segment: Segment<'_>, place: String, is_repeat: bool) -> Open {
        self.is_astray = false;
        let control = text_of(&segment.elements, level.control);
        let opening = if segment.length > MAX_OPENING {
            let detail = format!("has a `{}` of more than {MAX_OPENING} bytes", level.opens);
            self.tell(UnreadableKind::TooLarge, place.clone(), segment.at, &detail);
            Map::new()
        } else {
            segment.elements.into_iter().map(|(nth, value)| (nth, trimmed(value))).collect()
        };
        let mut heard = Heard::new(kind, segment.at.byte, opening);
        if is_repeat {
            heard.wrong.push(Wrong::Repeat);
        }
        Open { heard, place, at: segment.at, control, is_repeat, groups: 0, transactions: 0 }
    }

    fn open_transaction(&mut self, segment: Segment<'_>) {
        self.abandon_transaction(&segment.at.before(segment.id));
        let names = self.names;
        let is_missing = self.group.is_none() && (names.is_group_needed || self.interchange.is_none());
        if is_missing && !self.is_astray {
            let opens = if names.is_group_needed { names.group.opens } else { names.interchange.opens };
            let detail = format!("holds `{}` without `{opens}` before it", segment.id);
            self.tell(UnreadableKind::Malformed, self.here(), segment.at, &detail);
        }
        self.is_astray = is_missing;
        let around = self.group.as_ref().or(self.interchange.as_ref()).is_some_and(|open| open.is_repeat);
        let is_new = self.seen_transactions.insert(names.transaction.identity(&segment.elements));
        for open in [&mut self.interchange, &mut self.group].into_iter().flatten() {
            open.transactions += 1;
        }
        let opening = if segment.length > MAX_OPENING { Map::new() } else { segment.elements.clone() };
        let mut transaction = Transaction {
            heard: Heard::new(HeardKind::Transaction, segment.at.byte, opening),
            grouping: Grouping::new(&self.guide.loops),
            at: segment.at,
            control: text_of(&segment.elements, names.transaction.control),
            is_repeat: around || !is_new,
            segments: 1,
            flaw: None,
        };
        transaction.grouping.take(segment.id, segment.elements);
        self.transaction = Some(transaction);
    }

    fn close_transaction(&mut self, closing: &Segment<'_>) {
        let Some(mut transaction) = self.transaction.take() else {
            let detail = format!("holds `{}` without `{}` before it", closing.id, self.names.transaction.opens);
            return self.flawed(Flaw { at: closing.at, detail });
        };
        transaction.segments += 1;
        let held = (transaction.segments, "segments");
        let names = self.names;
        let mismatches = names.mismatches(&names.transaction, &closing.elements, &transaction.control, held);
        let wrong = &mut transaction.heard.wrong;
        wrong.extend(transaction.flaw.is_some().then_some(Wrong::Unreadable));
        wrong.extend(mismatches.iter().map(|(wrong, _)| *wrong));
        wrong.extend(transaction.is_repeat.then_some(Wrong::Repeat));
        let broken = match transaction.flaw.take() {
            Some(flaw) => Some((UnreadableKind::Malformed, flaw.detail, flaw.at)),
            None if self.guide.counts == Counts::Forgiven => None,
            None => mismatches.first().map(|(_, detail)| (UnreadableKind::Contradictory, detail.clone(), closing.at)),
        };
        let broken = broken.or_else(|| {
            let detail =
                format!("has a duplicate control number, `{}`: it came before in this message", transaction.control);
            transaction.is_repeat.then_some((UnreadableKind::Contradictory, detail, transaction.at))
        });
        match broken {
            Some((kind, detail, at)) => self.broken(transaction.heard, kind, &detail, at),
            None => {
                let place = format!("{}[{}]", self.names.list, self.parts.len());
                mismatches.iter().for_each(|(_, detail)| self.forgive(place.clone(), closing.at, detail));
                self.sound(transaction);
            }
        }
    }

    /// Puts a sound transaction into the tree, with its envelopes' openings.
    fn sound(&mut self, transaction: Transaction<'_>) {
        let mut tree = transaction.grouping.end();
        let envelopes = [(&self.interchange, &self.names.interchange), (&self.group, &self.names.group)];
        for (open, level) in envelopes {
            if let Some(open) = open {
                tree.insert(level.opens.to_owned(), Value::Object(open.heard.opening.clone()));
            }
        }
        self.parts.push(Value::Object(tree));
        self.hear(transaction.heard);
    }

    /// Leaves a gap in the tree, and says why.
    fn broken(&mut self, heard: Heard, kind: UnreadableKind, detail: &str, at: Place) {
        let part = self.parts.len();
        let place = format!("{}[{part}]", self.names.list);
        self.faults
            .push(Fault { part: Some(part), why: Unreadable::new(kind, place, format!("{detail} ({at}); {RESEND}")) });
        self.parts.push(Value::Null);
        self.hear(Heard { is_taken: false, ..heard });
    }

    /// Closes a group or interchange.
    fn close(
        &mut self,
        level: &Level,
        open: Option<Open>,
        closing: &Segment<'_>,
        held: impl Fn(&Open) -> (usize, &'static str),
    ) {
        let Some(mut open) = open else {
            let detail = format!("holds `{}` without `{}` before it", level.closes, level.opens);
            return self.flawed(Flaw { at: closing.at, detail });
        };
        self.is_astray = false;
        let mismatches = self.names.mismatches(level, &closing.elements, &open.control, held(&open));
        open.heard.ends = Some(closing.at.byte + closing.length);
        open.heard.stated = text_of(&closing.elements, self.names.count).parse().ok();
        open.heard.wrong.extend(mismatches.iter().map(|(wrong, _)| *wrong));
        match self.guide.counts {
            Counts::Strict => {
                if let Some((_, detail)) = mismatches.first() {
                    self.tell(UnreadableKind::Contradictory, open.place, closing.at, detail);
                }
            }
            Counts::Forgiven => {
                mismatches.iter().for_each(|(_, detail)| self.forgive(open.place.clone(), closing.at, detail));
            }
        }
        self.hear(open.heard);
    }

    fn abandon_transaction(&mut self, where_it_ends: &str) {
        let Some(mut transaction) = self.transaction.take() else { return };
        let detail = match &transaction.flaw {
            Some(flaw) => format!("{} ({}), and is not closed: {where_it_ends}", flaw.detail, flaw.at),
            None => format!("is not closed by `{}`: {where_it_ends}", self.names.transaction.closes),
        };
        transaction.heard.wrong.push(Wrong::NotClosed);
        transaction.heard.wrong.extend(transaction.flaw.is_some().then_some(Wrong::Unreadable));
        self.broken(transaction.heard, UnreadableKind::Malformed, &detail, transaction.at);
    }

    fn abandon_group(&mut self, where_it_ends: &str) {
        self.abandon_transaction(where_it_ends);
        let group = self.group.take();
        self.abandon(self.names.group.closes, group, where_it_ends);
    }

    fn abandon_interchange(&mut self, where_it_ends: &str) {
        self.abandon_group(where_it_ends);
        let interchange = self.interchange.take();
        self.abandon(self.names.interchange.closes, interchange, where_it_ends);
    }

    fn abandon(&mut self, closes: &str, open: Option<Open>, where_it_ends: &str) {
        if let Some(mut open) = open {
            let detail = format!("is not closed by `{closes}`: {where_it_ends}");
            self.tell(UnreadableKind::Malformed, open.place, open.at, &detail);
            open.heard.wrong.push(Wrong::NotClosed);
            self.hear(open.heard);
        }
    }
}
