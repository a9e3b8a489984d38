//! Messages a partner receives: the sections `[out.<request>]`, one for each kind of request.
//!
//! | key | means |
//! |---|---|
//! | `message` | the message's name, one subject token |
//! | `body` | a template, or `"canonical"` for the ask as it is, in JSON |
//! | `reference` | a path into the ask, such as `"ask_key"`: by this the partner's answer names the ask, and the cross-references know from its sending on which order and shipment it means |
//! | `assume` | `"accepted"`: the partner answers no such request, and what is sent to it counts as accepted; a warehouse is then taken to have reserved all |
//! | `format`, `encoding`, `replace`, `envelope` | how the message is written; see [formats, written](mod@crate::write) |
//!
//! The ask as it is, is an object with `order` (the order's number; of a return the return's), `ask`, `partner`, `kind` and the fields of the request under their own names:
//! `shipment`, `location`, `from`, `ship_on`, `ship_to` (`name`, `street`, `city`, `region`, `postal_code`, `country`), `mode`,
//! `undoes` (the ask that is undone), `tracking`, `reason`, of a return `original_order` (the order the goods were sold in),
//! and `lines` with `line`, `sku`, `location` and `quantity`
//! (`amount`, `unit`); of a confirmation or a bill also `customer`, `currency`, `ship_to`, `total` and in its lines `sku`, `unit_price` and `value`, as
//! far as the ERP stated prices. Amounts and dates are texts. Templates find three fields more in it: `asked_at`, when the ask was recorded;
//! `number`, the [control number](crate::control) of this sending; and `ask_key`, the ask in ten capitals and digits, the same
//! however often it is sent, for systems whose numbers are short. `undoes_key` is that of the ask that is undone.
//!
//! A template is a table that becomes an object of the same keys, in the order of the file where the format has one. Its values
//! are
//! - texts, numbers and truth values, which are written as they are;
//! - `{ field = "<path into the ask>" }`, optionally with the keys below;
//! - `{ each = "lines[*]", item = <template> }`, a list with one value for each element, optionally of those for which the
//!   [guards](crate::guard) `when` hold; paths in `item` start there;
//! - `{ when = <guards>, item = <template> }`, which is there when the guards hold, and otherwise what `else` says;
//! - `{ nth = true }`, which element of the innermost `each` it is, from 1; with `plus = 2` from 3;
//! - `{ count = "lines[*]" }`, how many elements there are;
//! - `{ sum = "lines[*].quantity" }`, what quantities of one unit add up to, or numbers, as in `lines[*].quantity.amount`;
//! - `{ segments = true }`, how many segments of the transaction stand before this one, for formats of segments;
//! - lists and further tables of such values; a table with a key `field` or `each` is always one of the above.
//!
//! | key of a field | means |
//! |---|---|
//! | `table` | a code table with our words as keys |
//! | `as` | `"text"`, `"number"` (in JSON), `"hundredths"` (cents), `"decimal_comma"`, or a pattern for a date or a time, such as `"%Y%m%d"` |
//! | `zone` | the zone that a time is told in; the profile's, or UTC, when not given |
//! | `digits` | fills a whole number with zeros up to this many digits |
//! | `capitals` | `true` writes it in capitals, for a partner that knows no others |
//! | `cut` | the most characters of it; the rest is lost |
//! | `default` | what is written where the ask has no such value |
//! | `optional` | `true` leaves the key out where the ask has no such value; in a list it leaves the place empty, where the format has one |
//!
//! `nth`, `count` and `sum` may have `as` and `digits` too. In JSON `nth` and `count` are numbers, and a sum is a text as amounts
//! are, unless `as` says otherwise.

mod ask;
mod leaf;
pub(crate) mod stamp;
mod template;
mod written;

use model::{Ask, OrderId, Place, Timestamp};
use serde_json::Value;

use crate::compiler::Compiler;
use crate::control::ControlNumber;
use crate::field::{scalar, shown};
use crate::path::Path;
use crate::profile::is_token;
use crate::scope::Scope;
use crate::source::{Node, ProfileError};
use crate::told::Outgoing;
use crate::unreadable::{Unreadable, UnreadableKind};
use crate::words::{Reference, Word as _};
use crate::write::Format;

pub use template::MAX_WRITTEN;
pub(crate) use template::{Template, Word, in_order};
pub(crate) use written::Written;

/// The requests a profile may have a section for.
const REQUESTS: [&str; 12] = [
    "allocate",
    "book",
    "confirm_shipment",
    "bill",
    "cancel_allocation",
    "cancel_booking",
    "confirm_cancellation",
    "expect_return",
    "collect",
    "cancel_return",
    "cancel_collection",
    "credit",
];

/// Why an ask cannot be written as the partner's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The profile has no section for the request.
    #[error("the profile has no section `[out.{kind}]`; add one")]
    NoSection {
        /// The kind of request.
        kind: &'static str,
    },
    /// A text about a person is still sealed; a partner is to be sent it readable or not at all.
    #[error("its `{field}` is sealed")]
    Sealed {
        /// Which field of its place.
        field: &'static str,
    },
    /// The ask lacks what the message needs, or holds what it cannot say.
    #[error("the message `{message}` cannot be written: {why}")]
    Unwritable {
        /// The message.
        message: String,
        /// Which field of the ask, and why.
        why: Unreadable,
    },
}

impl EncodeError {
    /// The words for what is kept for ever: of a field about a person they do not repeat what it holds.
    #[must_use]
    pub fn discreet(&self) -> String {
        match self {
            Self::Unwritable { message, why } if is_personal(&why.field) => format!(
                "the message `{message}` cannot be written: {}: `{}`, whose text is personal and not repeated here",
                why.kind, why.field
            ),
            Self::NoSection { .. } | Self::Sealed { .. } | Self::Unwritable { .. } => self.to_string(),
        }
    }
}

/// Whether a path into an ask leads to a text about a person.
fn is_personal(field: &str) -> bool {
    field.rsplit('.').next().is_some_and(|last| Place::PERSONAL.contains(&last))
}

/// What tells one sending of an ask from all others to the partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    /// When the ask was recorded.
    pub asked: Timestamp,
    /// Its control number.
    pub number: ControlNumber,
}

/// How one kind of request is written.
#[derive(Debug)]
pub(crate) struct Outbound {
    message: String,
    reference: Option<Path>,
    assumes: bool,
    format: Format,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Canonical,
    Template(Template),
}

impl Outbound {
    pub(crate) fn compile(request: &str, node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        if !REQUESTS.contains(&request) {
            return Err(node.error(format!("unknown request `{request}`; expected one of `{}`", REQUESTS.join("`, `"))));
        }
        let mut section = node.section()?;
        let named = section.required("message")?;
        let message = named.text()?;
        if !is_token(message) {
            return Err(named.error("expected a message name of letters, digits, `_` and `-`"));
        }
        let reference = section.optional("reference").map(|node| compiler.path(node)).transpose()?;
        let assumes = match section.optional("assume") {
            None => false,
            Some(node) if node.text()? == "accepted" => true,
            Some(node) => return Err(node.error("expected `accepted`")),
        };
        let node = section.required("body")?;
        let is_canonical = node.as_text() == Some("canonical");
        let format = Format::compile(&mut section, node, compiler)?;
        let body = if is_canonical && format.is_json() {
            Body::Canonical
        } else if format.is_json() && !node.is_table() {
            return Err(node.error("expected a template (a table) or `canonical`"));
        } else {
            Body::Template(Template::compile(node, compiler)?)
        };
        if let Body::Template(template) = &body
            && template.counts_segments()
            && !format.has_segments()
        {
            return Err(node.error("expected no `segments` in this format, which has none"));
        }
        section.finish()?;
        Ok(Self { message: message.to_owned(), reference, assumes, format, body })
    }

    pub(crate) fn write(&self, order: &OrderId, ask: &Ask, sending: Sending) -> Result<Outgoing, EncodeError> {
        if let Some((field, _)) =
            ask.request.place().and_then(|place| place.personal().find(|(_, text)| text.as_clear().is_none()))
        {
            return Err(EncodeError::Sealed { field });
        }
        let unwritable = |why| EncodeError::Unwritable { message: self.message.clone(), why };
        let tree = ask::with_sending(order, ask, sending);
        let scope = Scope::of_message(&tree);
        let body = match &self.body {
            Body::Canonical => Value::Object(ask::canonical(order, ask)).to_string().into_bytes(),
            Body::Template(template) => {
                let written = template.write(&scope);
                written.and_then(|written| self.format.write(written, &tree, sending)).map_err(unwritable)?
            }
        };
        let reference = self.reference.as_ref().map(|path| reference(path, &scope)).transpose().map_err(unwritable)?;
        Ok(Outgoing { message: self.message.clone(), body, reference, assumed: self.assumes })
    }
}

/// What the partner names the ask by.
fn reference(path: &Path, scope: &Scope<'_>) -> Result<String, Unreadable> {
    let text = scalar(path, scope, Reference::EXPECTED)?;
    let absent =
        || scope.unreadable(UnreadableKind::Missing, path, "is absent from the ask; it is to be its reference");
    let text = text.ok_or_else(absent)?;
    let wrong = || {
        let detail = format!("holds `{}`; expected {}", shown(&text), Reference::EXPECTED);
        scope.unreadable(UnreadableKind::WrongValue, path, detail)
    };
    Reference::word(&text).map(|reference| reference.0).ok_or_else(wrong)
}
