//! What the texts of a message can become.
//!
//! | kind | expects | `as` |
//! |---|---|---|
//! | text, ids | any text; ids have 1 to 120 bytes | |
//! | milestone, classifier, reason, condition, movement, grade, outcome | our word, usually by way of a `table` | |
//! | country | two capitals (ISO 3166-1) | `"alpha2"`, `"alpha3"`, `"name"` (English, any case) |
//! | currency, unit | three capitals (ISO 4217); 1 to 8 letters and digits | |
//! | number | digits with a decimal point, and an exponent | `"integer"`, `"decimal_comma"` (`1.234,50`), `"hundredths"` (cents) |
//! | time, date | ISO 8601 | `"iso"`, `"epoch_seconds"`, `"epoch_millis"`, `"digits"`, or a pattern such as `"%d.%m.%Y %H:%M"` |
//!
//! A number may have `times = "0.001"`, by which it is multiplied: grams told as kilograms, or boxes as the pieces in them.
//!
//! `"digits"` are the times of EDI: `20260301` or `260301`, followed at once or after a blank by `1530`, `153045` or
//! `15304550`, and then perhaps by an offset, `+0100`. A date and a time in two fields are joined:
//! `{ join = ["AT7.05", "AT7.06"], as = "digits" }`.
//!
//! A pattern may end in `" %Z"`, for times that may end in one of North America's abbreviations, such as `EST`.
//!
//! A time may have a `zone` for when it states none: an offset such as `"+01:00"` or a name such as `"Europe/Berlin"`. The
//! profile's own `zone` holds for every field that has none. Without either the zone stays unknown. A time before 1970 or
//! after 2199 is refused: it is a slip, or stands for "none" and belongs into the field's `absent`.

mod country;
mod ids;
mod number;
mod time;

use std::fmt;

use model::{Classifier, ConditionKind, Currency, Grade, Milestone, MovementKind, Reason, Unit};

use crate::compiler::Compiler;
use crate::source::{ProfileError, Section};

pub(crate) use time::zone;
pub use time::{FIRST_YEAR, LAST_YEAR};

/// What a text of a message can become.
pub(crate) trait Readable: Clone + fmt::Debug {
    /// What a profile can choose about how it is written.
    type How: fmt::Debug;
    /// What is expected, to be read after "expected".
    const WHAT: &'static str;
    /// How it is written when the profile says nothing.
    fn how_by_default(compiler: &Compiler<'_>) -> Self::How;
    /// How it is written as the profile says.
    fn how(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self::How, ProfileError>;
    /// The text's meaning, if it has one.
    fn read(text: &str, how: &Self::How) -> Option<Self>;
    /// What was expected of a text that has none, to be read after "expected".
    fn expected(_text: &str, _how: &Self::How) -> &'static str {
        Self::WHAT
    }
}

/// What is written in one way only.
pub(crate) trait Word: Clone + fmt::Debug {
    const EXPECTED: &'static str;
    fn word(text: &str) -> Option<Self>;
}

impl<T: Word> Readable for T {
    type How = ();
    const WHAT: &'static str = T::EXPECTED;

    fn how_by_default(_: &Compiler<'_>) -> Self::How {}

    fn how(_: &mut Section<'_>, _: &Compiler<'_>) -> Result<Self::How, ProfileError> {
        Ok(())
    }

    fn read(text: &str, (): &Self::How) -> Option<Self> {
        T::word(text)
    }
}

/// How an answer settles an ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    Accepted,
    Refused,
    Failed,
}

impl Word for Settled {
    const EXPECTED: &'static str = "an outcome: `accepted`, `refused` or `failed`";

    fn word(text: &str) -> Option<Self> {
        match text.trim() {
            "accepted" => Some(Self::Accepted),
            "refused" => Some(Self::Refused),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }
}

/// The longest text taken from a message, in bytes.
pub const MAX_TEXT: usize = 4096;

impl Word for String {
    const EXPECTED: &'static str = "a text of at most 4096 bytes";

    fn word(text: &str) -> Option<Self> {
        (text.len() <= MAX_TEXT).then(|| text.to_owned())
    }
}

/// A reference of the partner's, short enough for a key of the cross-references.
#[derive(Debug, Clone)]
pub(crate) struct Reference(pub(crate) String);

impl Word for Reference {
    const EXPECTED: &'static str = "a reference of 1 to 120 bytes";

    fn word(text: &str) -> Option<Self> {
        model::token::check(text).ok()?;
        Some(Self(text.to_owned()))
    }
}

impl Word for Milestone {
    const EXPECTED: &'static str = "a milestone such as `fulfilment.picked`";

    fn word(text: &str) -> Option<Self> {
        Self::from_name(text.trim())
    }
}

impl Word for Reason {
    const EXPECTED: &'static str = "a reason such as `recipient.refused`";

    fn word(text: &str) -> Option<Self> {
        Self::from_name(text.trim())
    }
}

impl Word for Classifier {
    const EXPECTED: &'static str = "a classifier: `actual`, `estimated`, `planned` or `requested`";

    fn word(text: &str) -> Option<Self> {
        [Self::Actual, Self::Estimated, Self::Planned, Self::Requested]
            .into_iter()
            .find(|classifier| classifier.as_str() == text.trim())
    }
}

impl Word for ConditionKind {
    const EXPECTED: &'static str = "a condition: `delayed`, `on_hold`, `rerouted` or `exception`";

    fn word(text: &str) -> Option<Self> {
        [Self::Delayed, Self::OnHold, Self::Rerouted, Self::Exception]
            .into_iter()
            .find(|kind| kind.as_str() == text.trim())
    }
}

impl Word for Grade {
    const EXPECTED: &'static str = "a grade: `sound`, `damaged` or `refused`";

    fn word(text: &str) -> Option<Self> {
        Self::from_name(text.trim())
    }
}

impl Word for MovementKind {
    const EXPECTED: &'static str = "a movement: `received`, `adjusted`, `announced` or `counted`";

    fn word(text: &str) -> Option<Self> {
        match text.trim() {
            "received" => Some(Self::Received),
            "adjusted" => Some(Self::Adjusted),
            "announced" => Some(Self::Announced),
            "counted" => Some(Self::Counted),
            _ => None,
        }
    }
}

impl Word for Currency {
    const EXPECTED: &'static str = "a currency: three capital letters (ISO 4217)";

    fn word(text: &str) -> Option<Self> {
        Self::new(text.trim()).ok()
    }
}

impl Word for Unit {
    const EXPECTED: &'static str = "a unit of measure: 1 to 8 letters or digits";

    fn word(text: &str) -> Option<Self> {
        Self::new(text.trim()).ok()
    }
}
