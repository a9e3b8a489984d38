//! Raw bytes for people to read.

use crate::text::is_obeyed;

/// Bytes in one row of a hex dump.
const ROW: usize = 16;

/// The text the bytes are, if all of it can be shown as it is.
pub(super) fn as_text(raw: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(raw).ok()?;
    let shown = |character: char| !is_obeyed(character) || matches!(character, '\n' | '\t' | '\r');
    text.chars().all(shown).then_some(text)
}

/// Offset, bytes in hex and as letters, sixteen a line.
pub(super) fn hex(raw: &[u8]) -> String {
    let row = |(number, row): (usize, &[u8])| {
        let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let letter = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
        let letters: String = row.iter().map(letter).collect();
        format!("{:08x}  {:<47}  {letters}\n", number * ROW, hex.join(" "))
    };
    raw.chunks(ROW).enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_unless_a_terminal_would_obey_it() {
        assert_eq!(as_text("{\n\t\"a\": \"ü\"}\r\n".as_bytes()), Some("{\n\t\"a\": \"ü\"}\r\n"));
        assert_eq!(as_text(b"\xff"), None);
        assert_eq!(as_text(b"\x1b[2J"), None);
    }

    #[test]
    fn a_dump_has_offsets_bytes_and_letters() {
        let raw: Vec<u8> = (b'A'..=b'R').chain([0, 255]).collect();
        let expected = "\
00000000  41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP
00000010  51 52 00 ff                                      QR..
";
        assert_eq!(hex(&raw), expected);
    }
}
