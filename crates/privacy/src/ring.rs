//! The keys that some sealed texts need, held to open them.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Personal, Sealed};

use crate::key::Key;

/// Why a sealed text stays sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// Its key is not there: it was destroyed.
    #[error("key {generation} of {owner} was destroyed; what it sealed is forgotten")]
    Gone {
        /// Whose key it was.
        owner: Box<str>,
        /// Which of the owner's.
        generation: u32,
    },
    /// Its key is there and does not open it.
    #[error("key {generation} of {owner} does not open it: it was changed since it was sealed")]
    Damaged {
        /// Whose key it is.
        owner: Box<str>,
        /// Which of the owner's.
        generation: u32,
    },
}

impl Unopened {
    pub(crate) fn gone(sealed: &Sealed) -> Self {
        Self::Gone { owner: sealed.owner().into(), generation: sealed.generation() }
    }

    pub(crate) fn damaged(sealed: &Sealed) -> Self {
        Self::Damaged { owner: sealed.owner().into(), generation: sealed.generation() }
    }
}

/// Keys by their owner's name.
#[derive(Debug, Default)]
pub struct Ring(HashMap<Box<str>, Arc<Key>>);

impl Ring {
    pub(crate) fn add(&mut self, owner: &str, key: Arc<Key>) {
        self.0.insert(owner.into(), key);
    }

    /// Opens one text of a field.
    ///
    /// # Errors
    /// [`Unopened`] when its key is not among these, or does not open it.
    pub fn open(&self, field: &str, sealed: &Sealed) -> Result<Personal, Unopened> {
        let key = self.0.get(sealed.owner()).ok_or_else(|| Unopened::gone(sealed))?;
        key.open_text(field, sealed)
    }
}
