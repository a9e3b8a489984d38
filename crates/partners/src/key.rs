//! Fact ids that are the same however often a fact is told.

use std::fmt;

use sha2::{Digest, Sha256};

/// The id of a fact: 16 bytes made from the source's own event id, or from what the source said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactKey(pub [u8; 16]);

impl FactKey {
    /// The id of this fact as it is told of the `nth` shipment on a load. The first one's is the fact's own: it does not matter
    /// whether others join the load later.
    pub(crate) fn of_the(self, nth: usize) -> Self {
        if nth == 0 { self } else { self.and(&[nth as u64]) }
    }

    /// The id of the `nth` share, of so many, in what this message told.
    pub(crate) fn share(self, nth: usize, of: usize, message: u64) -> Self {
        if of == 1 { self } else { self.and(&[nth as u64, of as u64, message]) }
    }

    fn and(self, numbers: &[u64]) -> Self {
        let mut identity = Identity::new("load", "shipment");
        identity.bytes(&self.0);
        numbers.iter().for_each(|number| identity.bytes(&number.to_be_bytes()));
        identity.key()
    }
}

impl fmt::Display for FactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Makes a [`FactKey`] out of what identifies a fact. Every piece carries its length, so no two lists of pieces collide.
pub(crate) struct Identity(Sha256);

impl Identity {
    pub(crate) fn new(source: &str, sort: &str) -> Self {
        let mut identity = Self(Sha256::new());
        identity.text(source);
        identity.text(sort);
        identity
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// An optional piece; absent differs from empty.
    pub(crate) fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => {
                self.count(1);
                self.text(text);
            }
            None => self.count(0),
        }
    }

    pub(crate) fn number(&mut self, number: i64) {
        self.0.update(number.to_be_bytes());
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_be_bytes());
    }

    pub(crate) fn key(self) -> FactKey {
        let digest = self.0.finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        FactKey(key)
    }
}
