//! EDIFACT, written: an interchange of one message.
//!
//! | key of `envelope` | means |
//! |---|---|
//! | `sender`, `receiver` | id, qualifier and internal id as `UNB` has them, such as `"4012345000009:14"`; a text, or a field of the ask |
//! | `syntax` | identifier and version, such as `"UNOC:3"`: the first says which letters there are |
//! | `message` | type, version, release, agency and association code as `UNH` has them, such as `"ORDERS:D:96A:UN:EAN008"` |
//! | `application` | the application reference (0026), optional |
//! | `test` | whether it is a test (0035); `false` when not given |
//! | `wants_ack` | whether it asks for an acknowledgement (0031); `false` when not given |
//! | `una` | whether it begins with `UNA`; `true` when not given |
//! | `decimal` | the decimal mark that `UNA` states, `"."` or `","`; the first when not given. How an amount is written is its own `as` |
//! | `lines` | whether each segment has a line of its own; `false` when not given |
//! | `zone` | the zone of the envelope's times; the profile's, or UTC, when not given |
//!
//! `UNA`, `UNB`, `UNH`, `UNT` and `UNZ` are written with their counts. The reference of the interchange is the [control
//! number](crate::control) of the sending, that of the message is `1`. The separators are `:+.?'`, and `*` for repetitions from
//! syntax version 4 on; the release character stands before each of them within a value. A letter that is not in the character
//! set of `syntax` is an error, or has the text of `replace` in its place.

use encoding_rs::Encoding;
use jiff::tz::TimeZone;
use model::Timestamp;
use serde_json::Value;

use super::charset::Charset;
use super::letters::Letters;
use super::segments::{Refusal, Sheet, check};
use super::x12::party;
use crate::compiler::Compiler;
use crate::control::ControlNumber;
use crate::format::edifact::{DEFAULT, NAMES, REPEATS_SINCE, REPETITION};
use crate::format::segment::{Separators, Style};
use crate::out::{Sending, Template, Written, stamp};
use crate::scope::Scope;
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};

/// The most components that a party or a message's type has.
const MOST_PARTS: usize = 7;

/// The longest of them, in bytes.
const LONGEST_PART: usize = 35;

/// How an EDIFACT message is written.
#[derive(Debug)]
pub(crate) struct Edifact {
    sender: Template,
    receiver: Template,
    syntax: Syntax,
    message: Box<str>,
    application: Box<str>,
    test: bool,
    wants_ack: bool,
    una: Option<Decimal>,
    lines: bool,
    zone: TimeZone,
}

/// The decimal mark that a `UNA` states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decimal {
    Point,
    Comma,
}

/// Which letters there are, and which version's rules hold.
#[derive(Debug, Clone)]
pub(crate) struct Syntax {
    identifier: Box<str>,
    version: u32,
    charset: Charset,
}

/// What a `UNB` says.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    /// Ids, qualifiers and internal ids.
    pub(crate) sender: &'a [&'a str],
    pub(crate) receiver: &'a [&'a str],
    pub(crate) number: ControlNumber,
    pub(crate) application: &'a str,
    pub(crate) wants_ack: bool,
    pub(crate) test: bool,
    pub(crate) at: Timestamp,
    pub(crate) zone: &'a TimeZone,
}

impl Edifact {
    pub(super) fn compile(
        section: &mut Section<'_>,
        body: Node<'_>,
        compiler: &Compiler<'_>,
    ) -> Result<Self, ProfileError> {
        check(body, &NAMES, Style::Edifact)?;
        let mut envelope = section.required("envelope")?.section()?;
        let at = envelope.required("syntax")?;
        let syntax = Syntax::parse(at.text()?).ok_or_else(|| {
            at.error(format!("expected an identifier and a version, such as `UNOC:3`; of {}", Charset::NAMES))
        })?;
        let message = message(envelope.required("message")?)?;
        let mut flag = |key: &'static str, otherwise| envelope.optional(key).map_or(Ok(otherwise), |node| node.flag());
        let [test, wants_ack, una, lines] =
            [flag("test", false)?, flag("wants_ack", false)?, flag("una", true)?, flag("lines", false)?];
        let decimal = match envelope.optional("decimal").map(|node| (node, node.as_text())) {
            None | Some((_, Some("."))) => Decimal::Point,
            Some((_, Some(","))) => Decimal::Comma,
            Some((node, _)) => return Err(node.error("expected `.` or `,`")),
        };
        let edifact = Self {
            sender: party(envelope.required("sender")?, compiler)?,
            receiver: party(envelope.required("receiver")?, compiler)?,
            application: envelope.optional("application").map_or(Ok(""), |node| node.text())?.into(),
            zone: stamp::zone_of(&mut envelope, compiler)?,
            una: una.then_some(decimal),
            syntax,
            message,
            test,
            wants_ack,
            lines,
        };
        envelope.finish()?;
        Ok(edifact)
    }

    /// The encoding that goes with its letters.
    pub(super) const fn encoding(&self) -> &'static Encoding {
        self.syntax.charset.encoding()
    }

    /// Which letters cannot stand in a value.
    pub(super) const fn refusal(&self) -> Refusal {
        Refusal::Charset(self.syntax.charset)
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
        let (sender, receiver) = (named(&self.sender, "UNB.2")?, named(&self.receiver, "UNB.3")?);
        let [sender, receiver] = [&sender, &receiver].map(|party| party.split(':').collect::<Vec<_>>());
        let opening = Opening {
            sender: &sender,
            receiver: &receiver,
            number: sending.number,
            application: &self.application,
            wants_ack: self.wants_ack,
            test: self.test,
            at: sending.asked,
            zone: &self.zone,
        };
        let mut sheet = self.syntax.sheet(self.lines, letters, self.refusal());
        self.syntax.open(&mut sheet, &opening, self.una)?;
        let kind: Vec<&str> = self.message.split(':').collect();
        sheet.begin();
        sheet.plain("UNH", &[&["1"], &kind])?;
        sheet.body(body)?;
        close_message(&mut sheet, "1")?;
        close(&mut sheet, sending.number)?;
        Ok(sheet.into_text())
    }
}

impl Syntax {
    /// Reads an identifier such as `UNOC:3`; nothing for one that cannot be written.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (identifier, version) = text.split_once(':')?;
        let version = version.parse().ok().filter(|version| (1..=4).contains(version))?;
        Some(Self { identifier: identifier.into(), version, charset: Charset::parse(identifier)? })
    }

    /// The one of an interchange that came in; where it is none that can be written, the one that all know.
    pub(crate) fn of(identifier: &[String]) -> Self {
        let common = || Self { identifier: "UNOB".into(), version: 3, charset: Charset::B };
        Self::parse(&identifier.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(":")).unwrap_or_else(common)
    }

    pub(crate) fn sheet<'a>(&self, lines: bool, letters: &'a Letters, refusal: Refusal) -> Sheet<'a> {
        Sheet::new(Style::Edifact, self.separators(), lines, letters, refusal)
    }

    fn separators(&self) -> Separators {
        Separators { repetition: (self.version >= REPEATS_SINCE).then_some(REPETITION), ..DEFAULT }
    }

    /// Writes the `UNA` and the `UNB`.
    ///
    /// # Errors
    /// When a party cannot be written.
    pub(crate) fn open(
        &self,
        sheet: &mut Sheet<'_>,
        opening: &Opening<'_>,
        una: Option<Decimal>,
    ) -> Result<(), Unreadable> {
        for (parts, place) in [(opening.sender, "UNB.2"), (opening.receiver, "UNB.3")] {
            let is_sound = (1..=4).contains(&parts.len()) && parts.iter().all(|part| part.len() <= LONGEST_PART);
            if !is_sound || parts[0].trim().is_empty() {
                let detail = format!("would hold `{}`; expected an id such as `4012345000009:14`", parts.join(":"));
                return Err(Unreadable::new(UnreadableKind::WrongValue, place, detail));
            }
        }
        if let Some(decimal) = una {
            let decimal = if decimal == Decimal::Point { '.' } else { ',' };
            let repetition = if self.version >= REPEATS_SINCE { REPETITION } else { ' ' };
            sheet.raw(&format!("UNA:+{decimal}?{repetition}"));
        }
        let beyond = || Unreadable::new(UnreadableKind::WrongValue, "asked_at", "is no time that can be written");
        let day = if self.version >= REPEATS_SINCE { "%Y%m%d" } else { "%y%m%d" };
        let date = stamp::format(day, opening.at, opening.zone).ok_or_else(beyond)?;
        let time = stamp::format("%H%M", opening.at, opening.zone).ok_or_else(beyond)?;
        let set = |flag: bool| if flag { "1" } else { "" };
        let elements: [&[&str]; 11] = [
            &[&self.identifier, &self.version.to_string()],
            opening.sender,
            opening.receiver,
            &[&date, &time],
            &[&opening.number.to_string()],
            &[],
            &[opening.application],
            &[],
            &[set(opening.wants_ack)],
            &[],
            &[set(opening.test)],
        ];
        sheet.plain("UNB", &elements)
    }
}

/// Writes the `UNT` of the message with this reference.
///
/// # Errors
/// When the message is too long.
pub(crate) fn close_message(sheet: &mut Sheet<'_>, reference: &str) -> Result<(), Unreadable> {
    let count = (sheet.inside() + 1).to_string();
    sheet.plain("UNT", &[&[&count], &[reference]])
}

/// Writes the `UNZ` of an interchange of one message.
///
/// # Errors
/// When the message is too long.
pub(crate) fn close(sheet: &mut Sheet<'_>, number: ControlNumber) -> Result<(), Unreadable> {
    sheet.plain("UNZ", &[&["1"], &[&number.to_string()]])
}

/// The type of a message, with its version, release and agency.
pub(crate) fn message(node: Node<'_>) -> Result<Box<str>, ProfileError> {
    let text = node.text()?;
    let parts: Vec<&str> = text.split(':').collect();
    let is_sound =
        |part: &&str| part.len() <= LONGEST_PART && part.bytes().all(|letter| letter.is_ascii_alphanumeric());
    if (4..=MOST_PARTS).contains(&parts.len())
        && parts.iter().all(is_sound)
        && parts[..4].iter().all(|it| !it.is_empty())
    {
        return Ok(text.into());
    }
    Err(node.error("expected type, version, release and agency, such as `ORDERS:D:96A:UN`"))
}
