//! How any text becomes one NATS subject token, and back.
//!
//! Order numbers come with dots, spaces, `*`, `>`, `/` and letters of every alphabet. Bytes outside `[A-Za-z0-9_-]` are
//! written `=XX` in upper-case hex, so two texts never share a token, and a token is also a valid key-value key.

use std::borrow::Cow;

/// The longest text an id may have, in bytes. Escaped it takes at most three times as much of a subject.
pub const MAX_TEXT: usize = 120;

/// The longest text an id made of other ids may have, in bytes.
pub const MAX_COMPOSED: usize = 200;

/// Why a text cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The text has no characters.
    #[error("is empty; an id needs at least one character")]
    Empty,
    /// The text is longer than [`MAX_TEXT`], or [`MAX_COMPOSED`] for an id made of others.
    #[error("has {has} bytes; an id of this kind has at most {most}")]
    TooLong {
        /// Its bytes.
        has: usize,
        /// The most bytes such an id may have.
        most: usize,
    },
    /// A token holds a byte or an escape that [`escape`] never writes.
    #[error("`{0}` is not an escaped id; expected letters, digits, `_`, `-` and `=XX`")]
    NotEscaped(String),
}

/// Checks that `text` can be an id.
///
/// # Errors
/// [`TokenError`] when it is empty or too long.
pub fn check(text: &str) -> Result<(), TokenError> {
    check_up_to(text, MAX_TEXT)
}

/// Checks that `text` can be an id made of other ids.
///
/// # Errors
/// [`TokenError`] when it is empty or too long.
pub fn check_composed(text: &str) -> Result<(), TokenError> {
    check_up_to(text, MAX_COMPOSED)
}

fn check_up_to(text: &str, most: usize) -> Result<(), TokenError> {
    match text.len() {
        0 => Err(TokenError::Empty),
        has if has > most => Err(TokenError::TooLong { has, most }),
        _ => Ok(()),
    }
}

/// The token of `text`; borrowed when nothing needs escaping.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut token = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if is_plain(byte) {
            token.push(char::from(byte));
        } else {
            token.push('=');
            token.push(char::from(HEX[usize::from(byte >> 4)]));
            token.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    Cow::Owned(token)
}

/// The text a token was made from.
///
/// # Errors
/// [`TokenError::NotEscaped`] when [`escape`] could not have written `token`.
pub fn unescape(token: &str) -> Result<String, TokenError> {
    let wrong = || TokenError::NotEscaped(token.to_owned());
    let mut bytes = Vec::with_capacity(token.len());
    let mut rest = token.bytes();
    while let Some(byte) = rest.next() {
        let plain = if byte == b'=' {
            let high = rest.next().and_then(hex_digit).ok_or_else(wrong)?;
            let low = rest.next().and_then(hex_digit).ok_or_else(wrong)?;
            let plain = high << 4 | low;
            if is_plain(plain) {
                return Err(wrong());
            }
            plain
        } else if is_plain(byte) {
            byte
        } else {
            return Err(wrong());
        };
        bytes.push(plain);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_order_numbers_stay_distinct_and_subject_safe() {
        let odd = ["SO 1", "SO.1", "SO*1", "SO>1", "SO/1", "SO=1", "SO=201", "SÖ1", "so1", "SO1"];
        let tokens: std::collections::BTreeSet<_> = odd.iter().map(|text| escape(text).into_owned()).collect();
        assert_eq!(tokens.len(), odd.len());
        assert_eq!(escape("SO 1/7.*>"), "SO=201=2F7=2E=2A=3E");
    }

    #[test]
    fn a_token_nobody_wrote_is_refused() {
        for token in ["a b", "=4", "=zz", "=41", "=c3", "=FF"] {
            assert!(unescape(token).is_err(), "{token}");
        }
    }

    proptest! {
        #[test]
        fn escaping_is_reversible(text in ".{1,40}") {
            let token = escape(&text);
            prop_assert!(token.bytes().all(|b| is_plain(b) || b == b'='));
            prop_assert_eq!(unescape(&token).unwrap(), text);
        }
    }
}
