//! What is about a person: sealed under a key of its customer, and unreadable for ever once that key is destroyed.
//!
//! Names, streets and postal codes stand sealed in every entry, from the first on. The same text of one field under one key is
//! the same ciphertext, so that folds compare what they cannot read. The keys are in bucket `KEYS` and nowhere else.

mod erasure;
mod key;
mod keys;
mod owner;
mod ring;

pub use erasure::{Erased, Erasure, Tombstone};
pub use key::{KEY_BYTES, Key};
pub use keys::{Keys, KeysError};
pub use owner::Owner;
pub use ring::{Ring, Unopened};
