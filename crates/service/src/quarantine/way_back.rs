//! Which messages in quarantine can go back the way they came.

use super::Meta;
use crate::streams;

/// Why a message in quarantine cannot be published again, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoWayBack {
    /// It is an entry, and never left its stream.
    #[error(
        "it is an entry that still stands in {stream}, not a partner's message: upgrade {service}, which reads it there, \
         and then discard this notice of it"
    )]
    Entry {
        /// The stream it stands in.
        stream: String,
        /// Who cannot read it.
        service: String,
    },
    /// Nobody knows for which ask it was held.
    #[error(
        "no adapter put it into {stream}, and there it would be turned away again: if {partner} is to have it, publish it \
         as a message of stream OUTBOX, and then discard it"
    )]
    Held {
        /// The stream it came in.
        stream: String,
        /// For whom it was held.
        partner: String,
    },
}

impl Meta {
    /// Whether the message can be published again to the subject it came in by: only what partners sent can. Entries
    /// never left their stream, and what was held for a partner by nobody has no place to go back to.
    ///
    /// # Errors
    /// [`NoWayBack`] says what to do instead.
    pub fn way_back(&self) -> Result<(), NoWayBack> {
        match self.stream.as_str() {
            streams::INBOX => Ok(()),
            streams::HELD => Err(NoWayBack::Held { stream: self.stream.clone(), partner: self.partner.clone() }),
            entries => Err(NoWayBack::Entry { stream: entries.to_owned(), service: self.service.clone() }),
        }
    }
}
