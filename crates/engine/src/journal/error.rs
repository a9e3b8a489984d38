//! What can go wrong with the journal, in kinds a caller can act on.

use crate::codec;

/// Why an entry was not appended.
#[derive(Debug, thiserror::Error)]
#[error("cannot append to {subject}: {kind}")]
pub struct AppendError {
    subject: String,
    kind: AppendErrorKind,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What a caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendErrorKind {
    /// Another entry came first: read the instance and decide again.
    Conflict,
    /// The broker did not answer. The entry may be there or arrive yet: append it again under the same id.
    Unanswered,
    /// The broker said no: the stream is missing, full, or the entry is too large. Trying again will not help.
    Refused,
    /// The entry cannot be written.
    Encode,
}

impl std::fmt::Display for AppendErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Conflict => "another entry came first",
            Self::Unanswered => "the broker did not answer; is it up, and may this user publish there?",
            Self::Refused => "the broker refused it; check the stream's state and limits",
            Self::Encode => "the entry cannot be written",
        })
    }
}

impl AppendError {
    pub(crate) fn new(
        subject: &str,
        kind: AppendErrorKind,
        source: impl Into<Option<Box<dyn std::error::Error + Send + Sync>>>,
    ) -> Self {
        Self { subject: subject.to_owned(), kind, source: source.into() }
    }

    /// What a caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> AppendErrorKind {
        self.kind
    }
}

/// Why entries could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {what}: {kind}")]
pub struct ReadError {
    what: String,
    kind: ReadErrorKind,
    place: Option<(String, u64)>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What a caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// The broker did not answer: try again.
    Unanswered,
    /// The subject is none of this layout's.
    Subject,
    /// The entry is of a version this build does not know: upgrade, it must not be skipped.
    Entry,
    /// The broker answered with something that is no message.
    Answer,
}

impl std::fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unanswered => "the broker did not answer in time",
            Self::Subject => "the subject does not belong to this workflow",
            Self::Entry => "the entry is of a version this build does not know; upgrade this service",
            Self::Answer => "the broker's answer is no message",
        })
    }
}

impl ReadError {
    pub(crate) fn new(
        what: impl Into<String>,
        kind: ReadErrorKind,
        source: impl Into<Option<Box<dyn std::error::Error + Send + Sync>>>,
    ) -> Self {
        Self { what: what.into(), kind, place: None, source: source.into() }
    }

    pub(crate) fn subject(subject: &str, sequence: u64) -> Self {
        let error = Self::new(format!("{subject} at {sequence}"), ReadErrorKind::Subject, None);
        Self { place: Some((subject.to_owned(), sequence)), ..error }
    }

    pub(crate) fn entry(subject: &str, sequence: u64, source: codec::DecodeError) -> Self {
        let source: Box<dyn std::error::Error + Send + Sync> = Box::new(source);
        let error = Self::new(format!("{subject} at {sequence}"), ReadErrorKind::Entry, source);
        Self { place: Some((subject.to_owned(), sequence)), ..error }
    }

    /// The subject and sequence of the message that cannot be read, when it is about one.
    #[must_use]
    pub fn place(&self) -> Option<(&str, u64)> {
        self.place.as_ref().map(|(subject, sequence)| (subject.as_str(), *sequence))
    }

    /// What a caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ReadErrorKind {
        self.kind
    }
}
