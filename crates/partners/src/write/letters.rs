//! The letters of a message: which can be written, and as which bytes.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use crate::field::shown;
use crate::format::encoding;
use crate::source::{ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};

/// How letters are written, and what stands for those that cannot be.
#[derive(Debug, Clone)]
pub(crate) struct Letters {
    encoding: &'static Encoding,
    replace: Option<Box<str>>,
}

impl Letters {
    /// Letters in an encoding; where there is a replacement, one that can be written.
    pub(crate) fn new(encoding: &'static Encoding, replace: Option<&str>) -> Self {
        Self { encoding, replace: replace.map(Box::from) }
    }

    /// Reads the key `encoding`.
    pub(crate) fn compile(
        section: &mut Section<'_>,
        own: &'static Encoding,
        replace: Option<&str>,
    ) -> Result<Self, ProfileError> {
        let encoding = match section.optional("encoding") {
            None => own,
            Some(node) => {
                let named = encoding(node)?;
                if named.output_encoding() != named {
                    return Err(node.error("expected another encoding: messages are not written in UTF-16"));
                }
                named
            }
        };
        Ok(Self::new(encoding, replace))
    }

    /// The same, with nothing to stand for what cannot be written.
    pub(crate) fn without_replacement(&self) -> Self {
        Self { replace: None, ..*self }
    }

    /// The name of the encoding.
    pub(crate) fn name(&self) -> &'static str {
        self.encoding.name()
    }

    /// A text without the letters that cannot be written; `refused` says why one of them cannot, besides by the encoding.
    ///
    /// # Errors
    /// Names `origin` and the letter, where nothing stands for it.
    pub(crate) fn fit<'t>(
        &self,
        text: &'t str,
        origin: &str,
        refused: impl Fn(char) -> Option<&'static str>,
    ) -> Result<Cow<'t, str>, Unreadable> {
        if text.chars().all(|letter| refused(letter).is_none()) && self.hold(text) {
            return Ok(Cow::Borrowed(text));
        }
        let mut fitted = String::with_capacity(text.len());
        for letter in text.chars() {
            let unencodable = || (!self.hold(letter.encode_utf8(&mut [0; 4]))).then_some("is not in its encoding");
            match (refused(letter).or_else(unencodable), &self.replace) {
                (None, _) => fitted.push(letter),
                (Some(_), Some(replacement)) => fitted.push_str(replacement),
                (Some(why), None) => {
                    let letter = letter.escape_debug();
                    let detail = format!(
                        "holds `{}`, and `{letter}` {why}; change it, or say with `replace` what is to stand for it",
                        shown(text).escape_debug()
                    );
                    return Err(Unreadable::new(UnreadableKind::WrongValue, origin, detail));
                }
            }
        }
        Ok(Cow::Owned(fitted))
    }

    /// The bytes of a message.
    ///
    /// # Errors
    /// When what the profile itself puts around the values is not in the encoding.
    pub(crate) fn encode(&self, text: String) -> Result<Vec<u8>, Unreadable> {
        if self.encoding == UTF_8 {
            return Ok(text.into_bytes());
        }
        let (bytes, _, is_short) = self.encoding.encode(&text);
        if is_short {
            let detail = format!("has names that cannot be written in {}; rename them", self.name());
            return Err(Unreadable::new(UnreadableKind::WrongValue, "$", detail));
        }
        Ok(bytes.into_owned())
    }

    /// Whether a text can be written, and is read as it was: some encodings have one byte for two letters, such as `¥` and a backslash.
    fn hold(&self, text: &str) -> bool {
        if self.encoding == UTF_8 {
            return true;
        }
        let (bytes, _, is_short) = self.encoding.encode(text);
        !is_short && self.encoding.decode_without_bom_handling(&bytes).0 == text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{SHIFT_JIS, WINDOWS_1252};

    fn fit(letters: &Letters, text: &str) -> Result<String, Unreadable> {
        letters.fit(text, "ship_to.city", |letter| (letter == '*').then_some("divides")).map(Cow::into_owned)
    }

    #[test]
    fn a_letter_that_cannot_be_written_is_named_or_replaced() {
        let strict = Letters::new(WINDOWS_1252, None);
        assert_eq!(fit(&strict, "Köln €").unwrap(), "Köln €");
        for (text, said) in [("Łódź", "`Ł` is not in its encoding"), ("a*b", "`*` divides")] {
            let why = fit(&strict, text).unwrap_err();
            assert!(why.field == "ship_to.city" && why.detail.contains(said), "{why}");
        }
        assert_eq!(fit(&Letters::new(WINDOWS_1252, Some("--")), "Łó*").unwrap(), "--ó--");
    }

    #[test]
    fn a_letter_that_would_be_read_as_another_is_not_written() {
        let letters = Letters::new(SHIFT_JIS, None);
        assert_eq!(fit(&letters, "東京").unwrap(), "東京");
        assert!(fit(&letters, "5¥").unwrap_err().detail.contains("`¥`"), "its byte is that of a backslash");
    }
}
