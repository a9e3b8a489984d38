//! X12, written: an interchange of one group of one transaction.
//!
//! | key of `envelope` | means |
//! |---|---|
//! | `sender`, `receiver` | qualifier and id, such as `"02:SPDY"` (ISA05 to ISA08); the qualifier is `ZZ` when not given. A text, or a field of the ask: `{ field = "partner", table = "edi" }` |
//! | `group_sender`, `group_receiver` | GS02 and GS03; the ids of the interchange when not given |
//! | `functional` | the functional id, such as `"SM"` (GS01) |
//! | `version` | such as `"005010"` (GS08); ISA12 is its first five digits |
//! | `set` | the transaction set, such as `"204"` (ST01) |
//! | `implementation` | the guide it is written by (ST03), optional |
//! | `usage` | `"P"` for production, which needs not be said, or `"T"` for a test (ISA15) |
//! | `wants_ack` | whether ISA14 asks for a `TA1`; `false` when not given |
//! | `separators` | `{ element = "*", component = ">", repetition = "^", terminator = "~" }`, each of which needs not be said |
//! | `lines` | whether each segment has a line of its own; `false` when not given |
//! | `zone` | the zone of the envelope's times; the profile's, or UTC, when not given |
//!
//! `ISA`, `GS`, `ST`, `SE`, `GE` and `IEA` are written with their counts. ISA13 and GS06 are the [control
//! number](crate::control) of the sending, ST02 is `0001`. Their times are when the ask was recorded.
//!
//! X12 has no way to write a separator within a value: a value that holds one is an error, or has the text of `replace` in its
//! place. Before version 00402 nothing is repeated, and ISA11 is `U`.

use jiff::tz::TimeZone;
use model::Timestamp;
use serde_json::Value;

use super::letters::Letters;
use super::segments::{Refusal, Sheet, check};
use crate::compiler::Compiler;
use crate::control::ControlNumber;
use crate::format::segment::{Separators, Style};
use crate::format::x12::{NAMES, REPEATS_SINCE};
use crate::out::{Sending, Template, Written, stamp};
use crate::scope::Scope;
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};

/// How an X12 message is written.
#[derive(Debug)]
pub(crate) struct X12 {
    sender: Template,
    receiver: Template,
    group_sender: Option<Template>,
    group_receiver: Option<Template>,
    functional: Box<str>,
    version: Box<str>,
    set: Box<str>,
    implementation: Box<str>,
    usage: Box<str>,
    wants_ack: bool,
    zone: TimeZone,
    marks: Marks,
}

/// The separators of a partner, and whether segments have lines of their own.
#[derive(Debug, Clone)]
pub(crate) struct Marks {
    separators: Separators,
    lines: bool,
}

/// What an `ISA` says.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    /// Qualifier and id.
    pub(crate) sender: (&'a str, &'a str),
    pub(crate) receiver: (&'a str, &'a str),
    /// ISA12, five digits.
    pub(crate) release: &'a str,
    pub(crate) number: ControlNumber,
    pub(crate) wants_ack: bool,
    pub(crate) usage: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) zone: &'a TimeZone,
}

impl X12 {
    pub(super) fn compile(
        section: &mut Section<'_>,
        body: Node<'_>,
        compiler: &Compiler<'_>,
    ) -> Result<Self, ProfileError> {
        check(body, &NAMES, Style::X12)?;
        let mut envelope = section.required("envelope")?.section()?;
        let at = envelope.required("version")?;
        let version = text(at, 12)?;
        if version.len() < 5 || !version.bytes().take(5).all(|digit| digit.is_ascii_digit()) {
            return Err(at.error("expected a version of five digits or more, such as `005010`"));
        }
        let marks = Marks::compile(&mut envelope, &version)?;
        let x12 = Self {
            sender: party(envelope.required("sender")?, compiler)?,
            receiver: party(envelope.required("receiver")?, compiler)?,
            group_sender: envelope.optional("group_sender").map(|node| party(node, compiler)).transpose()?,
            group_receiver: envelope.optional("group_receiver").map(|node| party(node, compiler)).transpose()?,
            functional: text(envelope.required("functional")?, 2)?,
            set: text(envelope.required("set")?, 3)?,
            implementation: envelope.optional("implementation").map_or(Ok(Box::default()), |node| text(node, 35))?,
            usage: usage(&mut envelope)?,
            wants_ack: envelope.optional("wants_ack").map_or(Ok(false), |node| node.flag())?,
            zone: stamp::zone_of(&mut envelope, compiler)?,
            version,
            marks,
        };
        envelope.finish()?;
        Ok(x12)
    }

    /// Which letters cannot stand in a value.
    pub(super) const fn refusal(&self) -> Refusal {
        self.marks.refusal()
    }

    /// The interchange.
    ///
    /// # Errors
    /// When a value cannot be written.
    pub(super) fn write(
        &self,
        body: &Written<'_>,
        ask: &Value,
        sending: Sending,
        letters: &Letters,
    ) -> Result<String, Unreadable> {
        let named = |template: &Template, place: &str| -> Result<String, Unreadable> {
            Ok(template.write(&Scope::of_message(ask))?.text(place)?.into_owned())
        };
        let (sender, receiver) = (named(&self.sender, "ISA.06")?, named(&self.receiver, "ISA.08")?);
        let (sender, receiver) = (qualified(&sender), qualified(&receiver));
        let group_sender = self.group_sender.as_ref().map(|own| named(own, "GS.02")).transpose()?;
        let group_receiver = self.group_receiver.as_ref().map(|own| named(own, "GS.03")).transpose()?;
        let mut sheet = self.marks.sheet(letters);
        let Sending { asked, number } = sending;
        let (release, wants_ack, usage) = (&self.version[..5], self.wants_ack, &*self.usage);
        let opening = Opening { sender, receiver, release, number, wants_ack, usage, at: asked, zone: &self.zone };
        self.marks.open(&mut sheet, &opening)?;
        let parties = (group_sender.as_deref().unwrap_or(sender.1), group_receiver.as_deref().unwrap_or(receiver.1));
        open_group(&mut sheet, &self.functional, parties, number, &self.version, &opening)?;
        sheet.begin();
        sheet.plain("ST", &[&[&self.set], &["0001"], &[&self.implementation]])?;
        sheet.body(body)?;
        let count = (sheet.inside() + 1).to_string();
        sheet.plain("SE", &[&[&count], &["0001"]])?;
        sheet.plain("GE", &[&["1"], &[&number.to_string()]])?;
        close(&mut sheet, 1, number)?;
        Ok(sheet.into_text())
    }
}

impl Marks {
    /// Reads the keys `separators` and `lines`.
    pub(crate) fn compile(section: &mut Section<'_>, version: &str) -> Result<Self, ProfileError> {
        let is_repeating = version.get(..5).is_some_and(|release| release >= REPEATS_SINCE);
        let [mut element, mut component, mut repetition, mut terminator] = ['*', '>', '^', '~'];
        if let Some(node) = section.optional("separators") {
            let mut own = node.section()?;
            for (key, letter) in [
                ("element", &mut element),
                ("component", &mut component),
                ("repetition", &mut repetition),
                ("terminator", &mut terminator),
            ] {
                if let Some(node) = own.optional(key) {
                    *letter = only_letter(node)?;
                }
            }
            own.finish()?;
            let is_sound = Separators::are_sound(element, component, terminator)
                && ![element, component, terminator].contains(&repetition)
                && repetition.is_ascii_punctuation();
            if !is_sound {
                return Err(node.error("expected separators that differ, none of them a letter, a digit or a blank"));
            }
        }
        let repetition = is_repeating.then_some(repetition);
        let lines = section.optional("lines").map_or(Ok(false), |node| node.flag())?;
        Ok(Self { separators: Separators { element, component, repetition, release: None, terminator }, lines })
    }

    /// The same for another version, which may not know repetitions.
    pub(crate) fn of_release(&self, release: &str) -> Self {
        let repetition = self.separators.repetition.filter(|_| release >= REPEATS_SINCE);
        Self { separators: Separators { repetition, ..self.separators }, ..self.clone() }
    }

    const fn refusal(&self) -> Refusal {
        Refusal::Separators(self.separators)
    }

    pub(crate) fn sheet<'a>(&self, letters: &'a Letters) -> Sheet<'a> {
        Sheet::new(Style::X12, self.separators, self.lines, letters, self.refusal())
    }

    /// Writes the `ISA`.
    ///
    /// # Errors
    /// When a party's id does not fit.
    pub(crate) fn open(&self, sheet: &mut Sheet<'_>, opening: &Opening<'_>) -> Result<(), Unreadable> {
        for ((qualifier, id), place) in [(opening.sender, "ISA.06"), (opening.receiver, "ISA.08")] {
            let is_sound = qualifier.len() == 2
                && qualifier.bytes().all(|letter| letter.is_ascii_alphanumeric())
                && (1..=15).contains(&id.trim_end().len())
                && id
                    .chars()
                    .all(|letter| (letter == ' ' || letter.is_ascii_graphic()) && self.refusal().of(letter).is_none());
            if !is_sound {
                let detail = format!(
                    "would hold `{qualifier}:{id}`; expected a qualifier of two letters and an id of 1 to 15, such as `ZZ:ACME`"
                );
                return Err(Unreadable::new(UnreadableKind::WrongValue, place, detail));
            }
        }
        let (date, time) = (opening.time("%y%m%d")?, opening.time("%H%M")?);
        let repetition = self.separators.repetition.map_or_else(|| "U".to_owned(), String::from);
        let Opening { sender, receiver, release, number, wants_ack, usage, .. } = opening;
        let elements = [
            "ISA",
            "00",
            "          ",
            "00",
            "          ",
            sender.0,
            &format!("{:<15}", sender.1),
            receiver.0,
            &format!("{:<15}", receiver.1),
            &date,
            &time,
            &repetition,
            release,
            &format!("{:09}", number.get()),
            if *wants_ack { "1" } else { "0" },
            usage,
            &self.separators.component.to_string(),
        ];
        sheet.raw(&elements.join(self.separators.element.encode_utf8(&mut [0; 4])));
        Ok(())
    }
}

impl Opening<'_> {
    fn time(&self, pattern: &str) -> Result<String, Unreadable> {
        let beyond = || Unreadable::new(UnreadableKind::WrongValue, "asked_at", "is no time that can be written");
        stamp::format(pattern, self.at, self.zone).ok_or_else(beyond)
    }
}

/// Writes a `GS`.
///
/// # Errors
/// When one of the parties cannot be written.
pub(crate) fn open_group(
    sheet: &mut Sheet<'_>,
    functional: &str,
    (sender, receiver): (&str, &str),
    number: ControlNumber,
    version: &str,
    opening: &Opening<'_>,
) -> Result<(), Unreadable> {
    let (date, time) = (opening.time("%Y%m%d")?, opening.time("%H%M")?);
    let number = number.to_string();
    let elements = [functional, sender, receiver, &date, &time, &number, "X", version];
    sheet.plain("GS", &elements.each_ref().map(std::slice::from_ref))
}

/// Writes the `IEA` of so many groups.
///
/// # Errors
/// When the message is too long.
pub(crate) fn close(sheet: &mut Sheet<'_>, groups: usize, number: ControlNumber) -> Result<(), Unreadable> {
    sheet.plain("IEA", &[&[&groups.to_string()], &[&format!("{:09}", number.get())]])
}

/// The qualifier and the id of a party.
fn qualified(party: &str) -> (&str, &str) {
    party.split_once(':').unwrap_or(("ZZ", party))
}

/// Who sends or receives: a text, or a field of the ask.
pub(super) fn party(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Template, ProfileError> {
    if !Template::is_single(node) {
        return Err(
            node.error("expected a text, or a field of the ask such as `{ field = \"partner\", table = \"edi\" }`")
        );
    }
    Template::compile(node, compiler)
}

/// ISA15.
fn usage(section: &mut Section<'_>) -> Result<Box<str>, ProfileError> {
    let Some(node) = section.optional("usage") else { return Ok("P".into()) };
    match node.text()? {
        text @ ("P" | "T") => Ok(text.into()),
        _ => Err(node.error("expected `P` for production or `T` for a test")),
    }
}

/// A text of 1 to `most` letters and digits.
fn text(node: Node<'_>, most: usize) -> Result<Box<str>, ProfileError> {
    let text = node.text()?;
    if (1..=most).contains(&text.len()) && text.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
        return Ok(text.into());
    }
    Err(node.error(format!("expected 1 to {most} letters and digits")))
}

fn only_letter(node: Node<'_>) -> Result<char, ProfileError> {
    let mut letters = node.text()?.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii() => Ok(letter),
        _ => Err(node.error("expected one ASCII character")),
    }
}
