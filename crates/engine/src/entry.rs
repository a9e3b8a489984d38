//! Entries: what a stream is made of.

use std::fmt;

use model::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One message in an instance's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry<F, D> {
    /// The same however often the entry is sent, so that a repeat is known as one.
    pub id: EntryId,
    /// What it says.
    pub content: Content<F, D>,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Content<F, D> {
    /// What one source told.
    Facts {
        /// Who told it, and how it came here.
        source: Source,
        /// What was told.
        facts: Vec<Told<F>>,
    },
    /// What was concluded at one moment.
    Decisions {
        /// The last sequence folded when it was concluded.
        seen: u64,
        /// The time it was concluded for.
        now: Timestamp,
        /// What was concluded.
        decisions: Vec<D>,
    },
    /// A deadline passed.
    Due {
        /// Which.
        name: String,
        /// When it was set to pass.
        at: Timestamp,
    },
}

/// A fact and the id that tells it from every other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Told<F> {
    /// The fold drops a fact whose id it has seen.
    pub id: FactId,
    /// What was told.
    pub fact: F,
}

/// Who told something, and how it came here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The service that appended the entry.
    pub service: String,
    /// The partner whose message it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// The kind of message it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The version of the profile that read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<u32>,
    /// The name of that profile: its file's, without `.toml`, or the one it was added under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_name: Option<String>,
    /// The raw message's sequence in the inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<u64>,
    /// When the message came in.
    pub received: Timestamp,
    /// The person who entered it, when no system told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
}

impl Source {
    /// A service of Waybill by itself: no partner's message is behind it.
    #[must_use]
    pub fn service(name: &str, received: Timestamp) -> Self {
        Self {
            service: name.to_owned(),
            partner: None,
            message: None,
            profile: None,
            profile_name: None,
            inbox: None,
            received,
            operator: None,
        }
    }
}

/// A person who entered something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operator {
    /// Who.
    pub who: String,
    /// Why, in words.
    pub why: String,
}

/// An entry as the stream holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Recorded<F, D> {
    /// Its place in the stream.
    pub sequence: u64,
    /// When the broker took it in.
    pub recorded: Timestamp,
    /// The lane it was written in.
    pub lane: &'static str,
    /// What was written.
    pub entry: Entry<F, D>,
}

/// Tells one entry from every other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct EntryId(pub [u8; 16]);

/// Tells one fact from every other of its instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct FactId(pub [u8; 16]);

impl EntryId {
    /// The id of what these parts describe: half of a SHA-256 over them, each with its length.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        Self(digest16(parts))
    }
}

impl FactId {
    /// The id of what these parts describe: half of a SHA-256 over them, each with its length.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        Self(digest16(parts))
    }
}

fn digest16(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut half = [0; 16];
    half.copy_from_slice(&hash.finalize()[..16]);
    half
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Debug for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl Serialize for EntryId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.0, serializer)
    }
}

impl Serialize for FactId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for EntryId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for FactId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::deserialize(deserializer).map(Self)
    }
}

/// Sixteen bytes as themselves in MessagePack, and in hex where people read.
mod hex {
    use std::fmt;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn write(f: &mut fmt::Formatter<'_>, bytes: &[u8; 16]) -> fmt::Result {
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }

    struct Shown<'a>(&'a [u8; 16]);

    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(f, self.0)
        }
    }

    pub fn serialize<S: Serializer>(bytes: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&Shown(bytes))
        } else {
            serializer.serialize_bytes(bytes)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
        if !deserializer.is_human_readable() {
            return serde_bytes::ByteArray::<16>::deserialize(deserializer).map(serde_bytes::ByteArray::into_array);
        }
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom(format!("`{text}` is no id; expected 32 hex digits"));
        if text.len() != 32 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_part_ends_matters() {
        assert_ne!(FactId::of(&[b"ab", b"c"]), FactId::of(&[b"a", b"bc"]));
        assert_eq!(FactId::of(&[b"ab", b"c"]), FactId::of(&[b"ab", b"c"]));
    }

    #[test]
    fn an_id_is_hex_for_people_and_bytes_on_the_wire() {
        let id = EntryId([0xab; 16]);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{}\"", "ab".repeat(16)));
        assert_eq!(serde_json::from_str::<EntryId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<EntryId>("\"zz\"").is_err());
    }
}
