//! The character sets of EDIFACT, by the name of the syntax identifier.

use encoding_rs::{
    Encoding, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8, UTF_8, WINDOWS_1252,
    WINDOWS_1254,
};

/// What level A has besides capitals and digits; B has small letters too.
const LEVEL_A: &str = " .,-()/='+:?!\"%&*;<>";

/// The letters a syntax identifier allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charset(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    A,
    B,
    /// What a part of ISO 8859 has.
    Latin(&'static Encoding),
    Unicode,
}

impl Charset {
    /// The one that every partner knows.
    pub(crate) const B: Self = Self(Set::B);

    /// The names of those that can be written.
    pub(crate) const NAMES: &'static str = "`UNOA` to `UNOK`, `UNOW` or `UNOY`";

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let latin = |encoding| Some(Set::Latin(encoding));
        let set = match name {
            "UNOA" => Some(Set::A),
            "UNOB" => Some(Set::B),
            // Windows' own letters are in places where ISO 8859 has none that can be printed.
            "UNOC" => latin(WINDOWS_1252),
            "UNOD" => latin(ISO_8859_2),
            "UNOE" => latin(ISO_8859_5),
            "UNOF" => latin(ISO_8859_7),
            "UNOG" => latin(ISO_8859_3),
            "UNOH" => latin(ISO_8859_4),
            "UNOI" => latin(ISO_8859_6),
            "UNOJ" => latin(ISO_8859_8),
            "UNOK" => latin(WINDOWS_1254),
            "UNOW" | "UNOY" => Some(Set::Unicode),
            _ => None,
        };
        set.map(Self)
    }

    /// The encoding that goes with it.
    pub(crate) const fn encoding(self) -> &'static Encoding {
        match self.0 {
            Set::Latin(encoding) => encoding,
            Set::A | Set::B | Set::Unicode => UTF_8,
        }
    }

    /// Whether a letter is in it.
    pub(crate) fn holds(self, letter: char) -> bool {
        let is_level_a =
            |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || LEVEL_A.contains(letter);
        match self.0 {
            Set::A => is_level_a(letter),
            Set::B => is_level_a(letter) || letter.is_ascii_lowercase(),
            Set::Latin(encoding) => {
                let mut place = [0; 4];
                let (bytes, _, is_short) = encoding.encode(letter.encode_utf8(&mut place));
                !is_short && bytes.iter().all(|byte| !(0x80..0xa0).contains(byte))
            }
            Set::Unicode => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_holds_its_letters_and_no_others() {
        for (name, held, not) in [
            ("UNOA", "AZ09 .,-()/='+:?*", "aé@_€"),
            ("UNOB", "az'?", "é@_"),
            ("UNOC", "äÉß@_", "€ł\u{85}"),
            ("UNOD", "łŻ", "ñ€"),
            ("UNOE", "Жд", "ä"),
            ("UNOK", "ğİ", "€"),
            ("UNOY", "€ł漢", ""),
        ] {
            let charset = Charset::parse(name).unwrap();
            assert!(held.chars().all(|letter| charset.holds(letter)), "{name}");
            assert!(not.chars().all(|letter| !charset.holds(letter)), "{name}");
        }
        assert_eq!(Charset::parse("UNOZ"), None);
    }
}
