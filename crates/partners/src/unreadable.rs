//! Why a raw message, or a part of one, says nothing we can use.

/// Why a raw message, or a part of one, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: `{field}` {detail}")]
pub struct Unreadable {
    /// What sort of problem it is.
    pub kind: UnreadableKind,
    /// Where: a path into the message such as `orders[3].lines[0].qty`, or `$` for all of it.
    pub field: String,
    /// What is wrong there, to be read after the field.
    pub detail: String,
    /// The code for which it is, where that is all that is wrong, as far as a reason repeats it.
    pub code: Option<String>,
}

/// What sort of problem makes a message unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum UnreadableKind {
    /// The profile has no section for this message.
    #[error("unknown message")]
    UnknownMessage,
    /// It is longer than the limit, or has more parts or lines than the limit.
    #[error("too large")]
    TooLarge,
    /// It is not in the format the profile states.
    #[error("malformed")]
    Malformed,
    /// A field that is needed is absent.
    #[error("missing")]
    Missing,
    /// A field holds something else than a value of its kind.
    #[error("wrong value")]
    WrongValue,
    /// A code is not in its table.
    #[error("unknown code")]
    UnknownCode,
    /// A list that needs at least one element has none.
    #[error("empty")]
    Empty,
    /// Two fields cannot both be true.
    #[error("contradictory")]
    Contradictory,
    /// The partner says that it has no answer, or that something is wrong.
    #[error("no answer")]
    NoAnswer,
    /// It is sound, but no rule of the profile says what it means.
    #[error("unmapped")]
    Unmapped,
}

impl Unreadable {
    pub(crate) fn new(kind: UnreadableKind, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, field: field.into(), detail: detail.into(), code: None }
    }

    /// It is for this code, of which nobody has said what it means.
    pub(crate) fn for_code(self, code: String) -> Self {
        Self { code: Some(code), ..self }
    }
}
