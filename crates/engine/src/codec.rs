//! The one place that knows the wire format: MessagePack with named fields.
//!
//! The positional form would silently swap values when fields move.

use serde::{Serialize, de::DeserializeOwned};

/// Why bytes are no entry.
#[derive(Debug, thiserror::Error)]
#[error("the entry cannot be read: {0}")]
pub struct DecodeError(#[from] rmp_serde::decode::Error);

/// Why a value could not be written; an entry of plain data always can.
#[derive(Debug, thiserror::Error)]
#[error("the entry cannot be written: {0}")]
pub struct EncodeError(#[from] rmp_serde::encode::Error);

/// The bytes of a value.
///
/// # Errors
/// [`EncodeError`] when the value holds something MessagePack cannot say.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, EncodeError> {
    Ok(rmp_serde::to_vec_named(value)?)
}

/// The value these bytes hold.
///
/// # Errors
/// [`DecodeError`] when they hold another kind of value, or one of a version this build does not know.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    Ok(rmp_serde::from_slice(bytes)?)
}
