//! The partners' messages, as each partner writes and reads them.

pub mod erp;
pub mod tms;
pub mod wms;

use model::{Date, System, When};
use serde::{Serialize, Serializer};

/// A message a partner publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The kind of system that sends it.
    pub system: System,
    /// The partner that sends it.
    pub partner: &'static str,
    /// The message's name: the last token of its subject.
    pub name: &'static str,
    /// The same whenever the same message is sent again.
    pub id: String,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Why an ask cannot be read. Waybill wrote it, so this is a fault that the books hold against it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The partner takes no message of this name.
    #[error("{partner} knows no message `{message}`")]
    UnknownMessage {
        /// Who got it.
        partner: &'static str,
        /// Its name.
        message: String,
    },
    /// The body is not what the partner expects.
    #[error("{partner} cannot read the message `{message}`: {source}")]
    Unreadable {
        /// Who got it.
        partner: &'static str,
        /// Its name.
        message: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A field holds no id.
    #[error("{partner} cannot read the message `{message}`: a field {source}")]
    NoId {
        /// Who got it.
        partner: &'static str,
        /// Its name.
        message: String,
        /// What is wrong.
        source: model::token::TokenError,
    },
}

/// The bytes of a message. Every message type has text keys and no map that could fail.
#[expect(clippy::expect_used, reason = "structs of texts, numbers and lists always serialise to memory")]
fn bytes(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).expect("a struct of texts and numbers")
}

/// A date as `YYYYMMDD`.
struct Compact(Date);

impl Serialize for Compact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = self.0.to_string();
        text.retain(|letter| letter != '-');
        serializer.serialize_str(&text)
    }
}

/// A time as ISO 8601, as exact as it was stated.
struct Stated(When);

impl Serialize for Stated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
