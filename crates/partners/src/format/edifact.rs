//! EDIFACT: interchanges of segments such as `NAD+BY+5412345000013::9'`.
//!
//! The separators are `:+.?'`, or those of the `UNA` before an interchange. The release character (`?`) takes its meaning from
//! the letter that follows. Elements are repeated with `*` from syntax version 4 on. Line ends between segments are no part
//! of them. A message may hold several interchanges, with groups (`UNG`) or without.
//!
//! The tree is `{"messages": [..]}`, one for each `UNH`..`UNT`, whatever its type:
//!
//! ```json
//! {"UNB": {"1": {"1": "UNOC", "2": "3"}, "5": "77"}, "UNH": [{"1": "1", "2": {"1": "ORDERS"}}],
//!  "BGM": [{"1": "220", "2": "4711"}], "NAD": [{"1": "BY", "2": {"1": "5412345000013", "3": "9"}}]}
//! ```
//!
//! Every segment is a list of its occurrences in order, but `UNB` and `UNG`, of which each message has a copy without padding.
//! Elements and components are called by their number from 1; empty and blank ones are left out, and a composite of which only the first
//! was sent is a plain text, so that `NAD.2.1` leads to it either way. [Loops](super::loops) hold their members. The
//! decimal mark is the profile's business: `as = "decimal_comma"`. The syntax identifier (`UNOC`) is too, as `encoding`.
//!
//! A message is rejected when it is cut off, when the count in `UNT` is not that of its segments, when a control number differs
//! between `UNH` and `UNT`, when a segment in it is none, or when its control number, or that of its group or interchange, came
//! before. What is wrong with `UNE` and `UNZ`, and an absent `UNB`, is told beside the messages, which count all the same.
//! `counts = "forgiven"` forgives what UNT, UNE and UNZ say wrong, but not that one of them is absent.

use serde_json::Value;

use super::Tree;
use super::envelope::Envelopes;
use super::level::{Guide, Level, Names};
use super::segment::{CUT_OFF, Flaw, Place, Segment, Segmented, Separators, Size, Style, is_between};
use crate::unreadable::{Unreadable, UnreadableKind};

pub(crate) static NAMES: Names = Names {
    list: "messages",
    interchange: Level { opens: "UNB", closes: "UNZ", control: "5", with: &["2", "3"] },
    group: Level { opens: "UNG", closes: "UNE", control: "5", with: &["1", "2", "3"] },
    is_group_needed: false,
    transaction: Level { opens: "UNH", closes: "UNT", control: "1", with: &[] },
    between: &[],
    count: "1",
    control: "2",
};

/// The first syntax version with a repetition separator.
pub(crate) const REPEATS_SINCE: u32 = 4;

/// The message as a tree.
///
/// # Errors
/// When it does not begin with `UNA`, `UNB` or `UNH`, or is larger than the limits.
pub(crate) fn read(text: &str, guide: &Guide) -> Result<Tree, Unreadable> {
    let begin = text.trim_start_matches(is_between);
    if !["UNA", "UNB", "UNG", "UNH"].iter().any(|tag| begin.starts_with(tag)) {
        let byte = text.len() - begin.len();
        let detail = format!("is no EDIFACT: expected `UNA`, `UNB` or `UNH` at byte {byte}");
        return Err(Unreadable::new(UnreadableKind::Malformed, "$", detail));
    }
    let mut envelopes = Envelopes::new(&NAMES, guide);
    let mut segments = Segments { text, at: 0, size: Size::default(), separators: DEFAULT };
    while let Some(segmented) = segments.next()? {
        envelopes.take(segmented)?;
    }
    Ok(envelopes.end())
}

pub(crate) const DEFAULT: Separators =
    Separators { component: ':', element: '+', release: Some('?'), repetition: None, terminator: '\'' };

/// The repetition separator where no `UNA` states another.
pub(crate) const REPETITION: char = '*';

struct Segments<'t> {
    text: &'t str,
    at: usize,
    size: Size,
    separators: Separators,
}

impl<'t> Segments<'t> {
    fn next(&mut self) -> Result<Option<Segmented<'t>>, Unreadable> {
        let terminator = self.separators.terminator;
        let rest = self.text[self.at..].trim_start_matches(|letter| is_between(letter) || letter == terminator);
        let (rest, stated) = match rest.strip_prefix("UNA").and_then(advice) {
            Some((separators, repetition, rest)) => {
                self.separators = separators;
                (rest.trim_start_matches(is_between), Some(repetition))
            }
            None => (rest, None),
        };
        self.at = self.text.len() - rest.len();
        if rest.is_empty() {
            return Ok(None);
        }
        let is_opening = rest.starts_with(NAMES.interchange.opens);
        if is_opening && rest[NAMES.interchange.opens.len()..].starts_with(DEFAULT.element) && stated.is_none() {
            self.separators = DEFAULT;
        }
        if is_opening {
            self.separators.repetition = None;
        }
        self.size.segment()?;
        let at = Place { nth: self.size.segments, byte: self.at };
        let (text, is_ended) = self.separators.first_segment(rest);
        self.at += text.len();
        let segmented = Style::Edifact.read(text, at, self.separators, &mut self.size)?;
        let Ok(segment) = &segmented else { return Ok(Some(segmented)) };
        if !is_ended && segment.id != NAMES.interchange.closes {
            return Ok(Some(Err(Flaw { at, detail: CUT_OFF.to_owned() })));
        }
        if is_opening && syntax_version(segment) >= REPEATS_SINCE {
            self.separators.repetition = stated.unwrap_or(Some(REPETITION));
        }
        Ok(Some(segmented))
    }
}

/// The separators that follow a `UNA`, the repetition separator it states, and the text after it.
fn advice(text: &str) -> Option<(Separators, Option<char>, &str)> {
    let mut letters = text.chars();
    let [component, element, _decimal, release, repetition, terminator] = std::array::from_fn(|_| letters.next());
    let (component, element, terminator) = (component?, element?, terminator?);
    if !Separators::are_sound(element, component, terminator) {
        return None;
    }
    let other = |letter: Option<char>| letter.filter(|it| *it != ' ' && ![element, component, terminator].contains(it));
    let release = other(release);
    let repetition = other(repetition).filter(|letter| Some(*letter) != release);
    Some((Separators { element, component, repetition: None, release, terminator }, repetition, letters.as_str()))
}

/// The version in the syntax identifier, such as 3 in `UNOC:3`.
fn syntax_version(opening: &Segment<'_>) -> u32 {
    let version = opening.elements.get("1").and_then(|identifier| identifier.get("2"));
    version.and_then(Value::as_str).and_then(|version| version.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ORDERS: &str = "UNB+UNOC:3+541:14+400:14+260301:1405+77'\nUNH+1+ORDERS:D:96A:UN'\nBGM+220+47?'11??+9'\n\
        NAD+BY+541:::'\nNAD+SU+400::9'\nUNT+5+1'\nUNH+2+ORDERS:D:96A:UN'\nBGM+220+4712'\nUNT+3+2'\nUNZ+2+77'\n";

    fn tree(text: &str) -> Tree {
        read(text, &Guide::default()).unwrap()
    }

    /// The one fault of a text, and how many messages count.
    fn fault(text: &str) -> (String, usize) {
        let Tree { root: tree, faults, .. } = tree(text);
        let [fault] = &faults[..] else { panic!("{faults:?}") };
        let sound = tree["messages"].as_array().unwrap().iter().filter(|message| !message.is_null());
        (fault.why.to_string(), sound.count())
    }

    #[test]
    fn a_message_holds_its_segments_and_its_envelope() {
        let Tree { root: tree, faults, .. } = tree(ORDERS);
        assert!(faults.is_empty(), "{faults:?}");
        let message = &tree["messages"][0];
        assert_eq!(message["UNB"]["1"], json!({ "1": "UNOC", "2": "3" }));
        assert_eq!(message["UNH"][0]["2"]["1"], "ORDERS");
        assert_eq!(message["BGM"], json!([{ "1": "220", "2": "47'11?", "3": "9" }]));
        assert_eq!(message["NAD"], json!([{ "1": "BY", "2": "541" }, { "1": "SU", "2": { "1": "400", "3": "9" } }]));
        assert_eq!(tree["messages"][1]["BGM"], json!([{ "1": "220", "2": "4712" }]));
    }

    #[test]
    fn separators_are_what_each_interchange_says() {
        let other = ORDERS.replace("47?'11??", "47'11").replace('+', "|").replace(':', ";").replace("'\n", "~\n");
        let text = format!("UNA;|, *~\r\n{}{ORDERS}", other.replace("|77", "|78"));
        let Tree { root: tree, faults, .. } = tree(&text);
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(tree["messages"].as_array().unwrap().len(), 4);
        assert_eq!(tree["messages"][0]["BGM"][0]["2"], "47'11");
        assert_eq!(tree["messages"][2]["BGM"][0]["2"], "47'11?");
    }

    #[test]
    fn an_asterisk_repeats_an_element_from_version_4_on() {
        let text = ORDERS.replace("4712", "A*B");
        assert_eq!(tree(&text).root["messages"][1]["BGM"][0]["2"], "A*B");
        let text = text.replace("UNOC:3", "UNOC:4");
        assert_eq!(tree(&text).root["messages"][1]["BGM"][0]["2"], json!(["A", "B"]));
    }

    #[test]
    fn groups_are_optional() {
        let text = ORDERS.replace("UNH+1+", "UNG+ORDERS+A+B+260301:1405+5+UN+D:96A'\nUNH+1+");
        let text = text.replace("UNZ+2+77", "UNE+2+5'\nUNZ+1+77");
        let Tree { root: tree, faults, .. } = tree(&text);
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(tree["messages"][1]["UNG"]["5"], "5");
        assert!(fault(&text.replace("UNE+2+5", "UNE+2+6")).0.contains("`interchanges[0].groups[0]` opens with"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (from, to, count, said) in [
            ("UNT+3+2", "UNT+4+2", 1, "`messages[1]` has 3 segments, and `UNT.1` says `4` (segment 9, at byte 1"),
            (
                "UNT+3+2",
                "UNT+3+3",
                1,
                "`messages[1]` opens with the control number `UNH.1` `2` and closes with `UNT.2` `3`",
            ),
            ("UNT+3+2'\n", "", 1, "`messages[1]` is not closed by `UNT`: `UNZ` follows in segment 9"),
            ("NAD+SU", "N?D+SU", 1, "`messages[0]` holds `N?D`, which is no segment (segment 5"),
            ("UNH+2+", "UNH+1+", 1, "`messages[1]` opens with"),
            ("UNZ+2+77", "UNZ+3+77", 2, "`interchanges[0]` has 2 messages, and `UNZ.1` says `3`"),
            ("UNZ+2+77", "UNZ+2+78", 2, "`interchanges[0]` opens with the control number `UNB.5` `77`"),
            ("UNZ+2+77'\n", "", 2, "`interchanges[0]` is not closed by `UNZ`: the message ends"),
            ("UNB+UNOC:3+541:14+400:14+260301:1405+77'\n", "", 2, "`$` holds `UNH` without `UNB` before it (segment 1"),
        ] {
            let mut text = ORDERS.replace(from, to);
            assert_ne!(text, ORDERS);
            if to.is_empty() && from.starts_with("UNB") {
                text = text.replace("UNZ+2+77'\n", "");
            }
            let (fault, sound) = fault(&text);
            assert_eq!(sound, count, "{fault}");
            assert!(fault.contains(said), "{fault}");
        }
        let twice = ORDERS.replace("UNH+2+", "UNH+1+").replace("UNT+3+2", "UNT+3+1");
        assert!(fault(&twice).0.contains("`messages[1]` has a duplicate control number, `1`"));
    }
}
