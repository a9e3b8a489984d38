//! Acknowledgements: what a partner is told of the syntax of its interchange. The key `acknowledge` of `[in.<message>]`, for X12
//! and EDIFACT.
//!
//! | key | means |
//! |---|---|
//! | `message` | the acknowledgement's name, one subject token, such as `"997"` or `"contrl"` |
//! | `separators` | for X12: as in the [envelope of what is written](crate::write::x12) |
//! | `type` | for EDIFACT: type, version, release and agency of the `CONTRL`; `"CONTRL:D:3:UN"` when not given |
//! | `una` | for EDIFACT: whether it begins with `UNA`; `true` when not given |
//! | `lines` | whether each segment has a line of its own; `false` when not given |
//! | `zone` | the zone of the envelope's times; the profile's, or UTC, when not given |
//!
//! The syntax decides, and nothing else: whether a fact was found in a transaction is another matter, which quarantine and answers
//! tell of. Each interchange is acknowledged by one back to its sender, with the parties, the version and the test mark that came
//! in. Nothing is said of a message that holds no interchange whose opening can be read, and an acknowledgement is never
//! acknowledged.
//!
//! # X12: a 997 for each group
//! | of a transaction (AK5) | |
//! |---|---|
//! | `A` | it was read |
//! | `E` | it was read, though its count (code `4`) or control number (`3`) is wrong: the profile forgives that |
//! | `R` | it was not: it is not closed (`2`), its control number differs (`3`) or is absent (`7`), its count is wrong (`4`), a segment in it is none (`5`), or its number came before (`23`) |
//!
//! A group (AK9) is accepted (`A`), accepted with errors (`E`), accepted in part (`P`) or rejected (`R`), as its transactions are;
//! what is wrong with its own end makes it `E`: not closed (`3`), another control number (`4`), a wrong count (`5`); that it came
//! before is `19`. What is wrong with `IEA` has no place in a 997.
//!
//! # EDIFACT: a CONTRL for each interchange
//! The interchange (UCI) is acknowledged (`7`), or only received (`8`) where something is wrong with its own end. Each message
//! (UCM) is acknowledged (`7`), also where a fault is forgiven, or rejected (`4`): not closed (`13`), another reference (`28`), a
//! wrong count (`29`), a segment that is none (`12`), or a reference that came before (`26`). So is each group (UCF).

mod edifact;
mod x12;

use jiff::tz::TimeZone;
use model::Timestamp;
use serde_json::{Map, Value};

use crate::compiler::Compiler;
use crate::control::ControlNumbers;
use crate::format::Segments;
use crate::format::heard::{Heard, HeardKind};
use crate::out::{EncodeError, stamp};
use crate::profile::is_token;
use crate::source::{Node, ProfileError};
use crate::told::Outgoing;
use crate::unreadable::Unreadable;
use crate::write::edifact::message;
use crate::write::letters::Letters;
use crate::write::x12::Marks;

/// How a partner's interchanges are acknowledged.
#[derive(Debug)]
pub(crate) struct Acknowledge {
    message: String,
    zone: TimeZone,
    form: Form,
}

#[derive(Debug)]
enum Form {
    X12(Marks),
    Edifact { kind: Box<str>, una: bool, lines: bool },
}

impl Acknowledge {
    /// Reads the key `acknowledge`, of a message that is made of these segments.
    pub(crate) fn compile(
        node: Node<'_>,
        segments: Option<Segments>,
        compiler: &Compiler<'_>,
    ) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let named = section.required("message")?;
        let own = named.text()?;
        if !is_token(own) {
            return Err(named.error("expected a message name of letters, digits, `_` and `-`"));
        }
        let zone = stamp::zone_of(&mut section, compiler)?;
        let form = match segments {
            // Whether repetitions are known is what the interchange that came in says.
            Some(Segments::X12) => Form::X12(Marks::compile(&mut section, "99999")?),
            Some(Segments::Edifact) => {
                let kind = section.optional("type").map_or(Ok("CONTRL:D:3:UN".into()), message)?;
                let mut flag =
                    |key: &'static str, otherwise| section.optional(key).map_or(Ok(otherwise), |it| it.flag());
                Form::Edifact { kind, una: flag("una", true)?, lines: flag("lines", false)? }
            }
            None => {
                return Err(node.error("expected no `acknowledge` here: only X12 and EDIFACT know acknowledgements"));
            }
        };
        section.finish()?;
        Ok(Self { message: own.to_owned(), zone, form })
    }

    /// The acknowledgement's name.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What the sender is told of these interchanges; nothing where there is nothing to tell.
    ///
    /// # Errors
    /// When what came in is such that its sender cannot be addressed.
    pub(crate) fn write(
        &self,
        heard: &[Heard],
        letters: &Letters,
        received: Timestamp,
        numbers: ControlNumbers,
    ) -> Result<Option<Outgoing>, EncodeError> {
        let mut reply = Reply { received, zone: &self.zone, letters, numbers, used: 0, text: String::new() };
        let interchanges = heard.iter().filter(|heard| heard.kind == HeardKind::Interchange);
        let mut written = interchanges.map(|interchange| match &self.form {
            Form::X12(marks) => x12::reply(interchange, marks, &mut reply),
            Form::Edifact { kind, una, lines } => edifact::reply(interchange, kind, (*una, *lines), &mut reply),
        });
        written
            .try_for_each(|written| written)
            .and_then(|()| if reply.text.is_empty() { Ok(None) } else { letters.encode(reply.text).map(Some) })
            .map(|body| {
                body.map(|body| Outgoing { message: self.message.clone(), body, reference: None, assumed: false })
            })
            .map_err(|why| EncodeError::Unwritable { message: self.message.clone(), why })
    }
}

/// A reply on its way.
struct Reply<'a> {
    received: Timestamp,
    zone: &'a TimeZone,
    letters: &'a Letters,
    numbers: ControlNumbers,
    /// How many of the numbers have been given.
    used: usize,
    text: String,
}

/// What the parts of a reply may be: written, or why not.
type Written = Result<(), Unreadable>;

/// An element of an opening segment as text, at most so many letters of it.
fn said(opening: &Map<String, Value>, nth: &str, most: usize) -> String {
    components(opening, nth, most).into_iter().next().unwrap_or_default()
}

/// The components of an element of an opening segment, each at most so many letters.
pub(crate) fn components(opening: &Map<String, Value>, nth: &str, most: usize) -> Vec<String> {
    let first = opening.get(nth).map(|value| value.as_array().and_then(|list| list.first()).unwrap_or(value));
    let cut = |value: Option<&Value>| -> String {
        value.and_then(Value::as_str).unwrap_or_default().chars().take(most).collect()
    };
    match first.and_then(Value::as_object) {
        Some(components) => {
            let last = components.keys().filter_map(|nth| nth.parse::<usize>().ok()).max().unwrap_or(0);
            (1..=last).map(|nth| cut(components.get(&nth.to_string()))).collect()
        }
        None => vec![cut(first)],
    }
}
