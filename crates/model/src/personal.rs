//! Text about a person: readable, or sealed under a key that can be destroyed.
//!
//! Everywhere it is one text, so that what was written before texts were sealed is read as it is. A sealed one is
//! `waybill-sealed:1:<owner>:<generation>:<ciphertext>`: whose key, the how-manieth of that owner, and what only the key opens.
//! Who reads a partner's message always makes a readable text of it, whatever it looks like, and seals it: a partner cannot pass
//! anything off as sealed.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a sealed text begins with; the number says how it is sealed.
const PREFIX: &str = "waybill-sealed:1:";

/// Text about a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Written", into = "String")]
#[schemars(with = "String")]
pub enum Personal {
    /// As it was told.
    Clear(Box<str>),
    /// Readable only with its owner's key.
    Sealed(Box<Sealed>),
}

/// A sealed text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sealed {
    owner: Box<str>,
    generation: u32,
    ciphertext: Box<str>,
}

impl Personal {
    /// A readable text, whatever it looks like.
    #[must_use]
    pub fn clear(text: impl Into<Box<str>>) -> Self {
        Self::Clear(text.into())
    }

    /// The text where it is readable.
    #[must_use]
    pub fn as_clear(&self) -> Option<&str> {
        match self {
            Self::Clear(text) => Some(text),
            Self::Sealed(_) => None,
        }
    }

    /// What seals it, where it is sealed.
    #[must_use]
    pub fn as_sealed(&self) -> Option<&Sealed> {
        match self {
            Self::Clear(_) => None,
            Self::Sealed(sealed) => Some(sealed),
        }
    }
}

impl Sealed {
    /// A text sealed under the key of `owner`, a key of bucket `KEYS` such as `customer.C1`, that was its `generation`th.
    /// `ciphertext` is letters, digits, `-` and `_`.
    #[must_use]
    pub fn new(owner: &str, generation: u32, ciphertext: &str) -> Self {
        Self { owner: owner.into(), generation, ciphertext: ciphertext.into() }
    }

    /// Whose key opens it.
    #[must_use]
    pub const fn owner(&self) -> &str {
        &self.owner
    }

    /// Which of the owner's keys, from 1.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// What only the key opens.
    #[must_use]
    pub const fn ciphertext(&self) -> &str {
        &self.ciphertext
    }

    /// The sealed text that this is the written form of, if it is one.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split(':');
        let (owner, generation, ciphertext) = (parts.next()?, parts.next()?, parts.next()?);
        let is_plain = |text: &str, also: &[u8]| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
        };
        let is_written = is_plain(owner, b"-_=.") && is_plain(ciphertext, b"-_") && parts.next().is_none();
        let number: u32 = generation.parse().ok()?;
        // What is not written so again is somebody else's text.
        (is_written && number.to_string() == generation).then(|| Self::new(owner, number, ciphertext))
    }
}

impl From<Sealed> for Personal {
    fn from(sealed: Sealed) -> Self {
        Self::Sealed(Box::new(sealed))
    }
}

impl From<&str> for Personal {
    fn from(text: &str) -> Self {
        Self::clear(text)
    }
}

/// A text as it stands in an entry: the only one that may be sealed already.
#[derive(Deserialize)]
struct Written(String);

impl From<Written> for Personal {
    fn from(Written(text): Written) -> Self {
        Sealed::parse(&text).map_or_else(|| Self::Clear(text.into()), Self::from)
    }
}

impl From<Personal> for String {
    fn from(personal: Personal) -> Self {
        match personal {
            Personal::Clear(text) => text.into(),
            Personal::Sealed(sealed) => {
                let Sealed { owner, generation, ciphertext } = *sealed;
                format!("{PREFIX}{owner}:{generation}:{ciphertext}")
            }
        }
    }
}

/// For people: what is sealed is no more than that.
impl fmt::Display for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_clear().unwrap_or("(sealed)"))
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear(text) => fmt::Debug::fmt(text, f),
            Self::Sealed(sealed) => fmt::Debug::fmt(sealed, f),
        }
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(sealed: {} {})", self.owner, self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Personal {
        Sealed::new("customer.C=201", 2, "aGVs-_bG8").into()
    }

    #[test]
    fn a_text_of_before_is_read_as_it_is() {
        let read: Personal = serde_json::from_str("\"Old Mill\"").unwrap();
        assert_eq!(read.as_clear(), Some("Old Mill"));
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"Old Mill\"");
    }

    #[test]
    fn a_sealed_text_comes_back_as_it_was() {
        let written = serde_json::to_string(&sealed()).unwrap();
        assert_eq!(written, "\"waybill-sealed:1:customer.C=201:2:aGVs-_bG8\"");
        assert_eq!(serde_json::from_str::<Personal>(&written).unwrap(), sealed());
    }

    #[test]
    fn people_see_that_it_is_sealed_and_no_more() {
        assert_eq!(sealed().to_string(), "(sealed)");
        assert_eq!(format!("{:?}", sealed()), "(sealed: customer.C=201 2)");
        assert_eq!(Personal::clear("Old Mill").to_string(), "Old Mill");
    }

    #[test]
    fn what_only_looks_sealed_is_text() {
        for odd in [
            "waybill-sealed:1:",
            "waybill-sealed:1:customer.C1:1",
            "waybill-sealed:1:customer.C1:01:abc",
            "waybill-sealed:1:customer.C1:-1:abc",
            "waybill-sealed:1:customer.C1:1:a b",
            "waybill-sealed:1:customer.C1:1:abc:more",
            "waybill-sealed:2:customer.C1:1:abc",
            " waybill-sealed:1:customer.C1:1:abc",
        ] {
            let read = Personal::from(Written(odd.to_owned()));
            assert_eq!((read.as_clear(), String::from(read.clone()).as_str()), (Some(odd), odd));
        }
        let spoof = String::from(sealed());
        assert_eq!(Personal::clear(spoof.as_str()).as_clear(), Some(spoof.as_str()), "a partner's text stays text");
    }
}
