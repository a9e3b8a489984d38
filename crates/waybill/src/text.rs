//! Small words that every text for people uses.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

/// What stands where there is nothing.
pub(crate) const NOTHING: &str = "-";

/// The value, or a dash.
pub(crate) fn or_dash<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| value.to_string())
}

/// Something that is wrong.
pub(crate) fn bad(text: &str) -> String {
    styled(Style::new().bold().fg_color(Some(AnsiColor::Red.into())), text)
}

/// The title of what follows.
pub(crate) fn heading(text: &str) -> String {
    styled(Style::new().bold(), text)
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{}{style:#}", harmless(text))
}

/// Text from elsewhere without what a terminal would obey: control characters and changes of writing direction are
/// written out, line breaks too.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_obeyed(character) { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    Cow::Owned(shown)
}

pub(crate) fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A span of time in the two largest units that say something, such as `12ms`, `3s 400ms` or `2h 5m`.
pub(crate) fn span(millis: i64) -> String {
    let length = millis.unsigned_abs();
    let grain = match length {
        0..60_000 => 1,
        60_000..3_600_000 => 1_000,
        3_600_000..86_400_000 => 60_000,
        _ => 3_600_000,
    };
    let words = humantime::format_duration(Duration::from_millis(length / grain * grain));
    let words = if length == 0 { "0ms".to_owned() } else { words.to_string() };
    if millis < 0 { format!("-{words}") } else { words }
}

/// A number of bytes in the largest unit that keeps it above one.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut size = count as f64;
    let mut unit = "B";
    for larger in UNITS {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = larger;
    }
    format!("{size:.1} {unit}")
}

/// `1 order`, `2 orders`.
pub(crate) fn count(number: impl Into<u64>, thing: &str) -> String {
    let number = number.into();
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// Appends one line. Writing to a `String` cannot fail.
pub(crate) fn line(text: &mut String, line: impl Display) {
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_say_what_matters() {
        let cases = [
            (0, "0ms"),
            (7, "7ms"),
            (-7, "-7ms"),
            (3_400, "3s 400ms"),
            (61_999, "1m 1s"),
            (7_500_999, "2h 5m"),
            (90_000_000, "1day 1h"),
        ];
        for (millis, words) in cases {
            assert_eq!(span(millis), words);
        }
    }

    #[test]
    fn sizes_and_counts() {
        assert_eq!([0, 1023, 1024, 1_600_000, 3 << 40].map(bytes), ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "3.0 TiB"]);
        assert_eq!([0_u32, 1, 2].map(|number| count(number, "order")), ["0 orders", "1 order", "2 orders"]);
    }

    #[test]
    fn a_partner_cannot_steer_the_operators_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc\u{202e}d"), "a\\u{1b}[2Jb\\nc\\u{202e}d");
        assert_eq!(harmless("Köln 注文 📦"), "Köln 注文 📦");
    }
}
