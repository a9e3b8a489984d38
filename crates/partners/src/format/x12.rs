//! X12: interchanges of segments such as `PO1*1*4*EA*17.06*PE*UP*0123~`.
//!
//! The separators are read from each `ISA`: the element separator from its fourth letter, the repetition separator from ISA11
//! (from version 00402 on), the component separator from ISA16, and the letter after it ends a segment, which may be a line
//! end. Line ends and blanks between segments are no part of them. A message may hold several interchanges.
//!
//! The tree is `{"transactions": [..]}`, one for each `ST`..`SE`, whatever its set:
//!
//! ```json
//! {"ISA": {"06": "SENDER"}, "GS": {"01": "PO"}, "ST": [{"01": "850", "02": "0001"}],
//!  "BEG": [{"01": "00", "02": "NE", "03": "4711"}], "N1": [{"01": "ST", "02": "ADA"}, {"01": "BT"}]}
//! ```
//!
//! Every segment is a list of its occurrences in order, but `ISA` and `GS`, of which each transaction has a copy without
//! padding. Elements are called by their two digits; empty and blank ones are left out, as are blanks at the end of one. A composite is an object with the keys `1`,
//! `2`, ...; a repeated element is a list. [Loops](super::loops) hold their members. The hierarchy of an `HL` loop (HL01,
//! HL02) is left flat. `TA1` and what a `BIN` segment carries in binary are not read.
//!
//! A transaction is rejected when it is cut off, when SE01 counts other than its segments, when SE02 is not ST02, when a segment
//! in it is none, or when its control number, or that of its group or interchange, came before in the message. What is wrong
//! with `GE` and `IEA` is told beside the transactions, which count all the same. `counts = "forgiven"` forgives what SE, GE and
//! IEA say wrong, but not that one of them is absent.

use serde_json::{Map, Value};

use super::Tree;
use super::envelope::Envelopes;
use super::level::{Guide, Level, Names};
use super::segment::{CUT_OFF, Flaw, Place, Segment, Segmented, Separators, Size, Style, is_between};
use crate::unreadable::{Unreadable, UnreadableKind};

pub(crate) static NAMES: Names = Names {
    list: "transactions",
    interchange: Level { opens: "ISA", closes: "IEA", control: "13", with: &["05", "06", "07", "08"] },
    group: Level { opens: "GS", closes: "GE", control: "06", with: &["01", "02", "03"] },
    is_group_needed: true,
    transaction: Level { opens: "ST", closes: "SE", control: "02", with: &[] },
    between: &["TA1"],
    count: "01",
    control: "02",
};

/// How many elements an `ISA` has.
const ISA_ELEMENTS: usize = 16;

/// Where an `ISA` must end, in bytes; by the standard it has 106.
const MAX_ISA: usize = 512;

/// The first version in which ISA11 is the repetition separator.
pub(crate) const REPEATS_SINCE: &str = "00402";

/// The message as a tree.
///
/// # Errors
/// When it does not begin with an `ISA`, or is larger than the limits.
pub(crate) fn read(text: &str, guide: &Guide) -> Result<Tree, Unreadable> {
    let mut envelopes = Envelopes::new(&NAMES, guide);
    let mut segments = Segments { text, at: 0, size: Size::default(), separators: None };
    while let Some(segmented) = segments.next()? {
        envelopes.take(segmented)?;
    }
    Ok(envelopes.end())
}

struct Segments<'t> {
    text: &'t str,
    at: usize,
    size: Size,
    separators: Option<Separators>,
}

impl<'t> Segments<'t> {
    fn next(&mut self) -> Result<Option<Segmented<'t>>, Unreadable> {
        let terminator = self.separators.map(|separators| separators.terminator);
        let rest = &self.text[self.at..];
        let rest = rest.trim_start_matches(|letter| is_between(letter) || Some(letter) == terminator);
        self.at = self.text.len() - rest.len();
        if rest.is_empty() && self.separators.is_some() {
            return Ok(None);
        }
        self.size.segment()?;
        let at = Place { nth: self.size.segments, byte: self.at };
        if let Some((separators, elements, length)) = header(rest) {
            self.at += length;
            self.separators = Some(separators);
            return Ok(Some(Ok(Segment { id: NAMES.interchange.opens, at, length, elements })));
        }
        let Some(separators) = self.separators else {
            let detail = format!(
                "is no X12 ({at}): expected `ISA` with its {ISA_ELEMENTS} elements and a separator after each, of at most {MAX_ISA} bytes"
            );
            return Err(Unreadable::new(UnreadableKind::Malformed, "$", detail));
        };
        let (text, is_ended) = separators.first_segment(rest);
        self.at += text.len();
        let segmented = Style::X12.read(text.trim_end_matches('\r'), at, separators, &mut self.size)?;
        let wrong = match &segmented {
            // Where line ends end segments, the last one often has none.
            Ok(segment) if !is_ended && segment.id != NAMES.interchange.closes => Some(CUT_OFF),
            Ok(segment) if segment.id == NAMES.interchange.opens => Some("holds an `ISA` that is none"),
            Ok(_) | Err(_) => None,
        };
        Ok(Some(match wrong {
            Some(detail) => Err(Flaw { at, detail: detail.to_owned() }),
            None => segmented,
        }))
    }
}

/// What an `ISA` at the start of a text says: the separators, its elements, and its length in bytes with the terminator.
fn header(text: &str) -> Option<(Separators, Map<String, Value>, usize)> {
    let text = &text[..text.floor_char_boundary(MAX_ISA)];
    let element = text.strip_prefix(NAMES.interchange.opens)?.chars().next()?;
    let parts: Vec<&str> = text.splitn(ISA_ELEMENTS + 1, element).collect();
    let mut last = parts.get(ISA_ELEMENTS)?.chars();
    let (component, terminator) = (last.next()?, last.next()?);
    let length = text.len() - last.as_str().len();
    if !Separators::are_sound(element, component, terminator) {
        return None;
    }
    let is_stated = parts[12].trim() >= REPEATS_SINCE;
    let repetition = parts[11].chars().next().filter(|letter| {
        is_stated
            && !letter.is_alphanumeric()
            && !is_between(*letter)
            && ![element, component, terminator].contains(letter)
    });
    let sent = (1..).zip(&parts[1..ISA_ELEMENTS]).filter(|(_, text)| !text.trim().is_empty());
    let mut elements: Map<_, _> = sent.map(|(nth, text)| (Style::X12.key(nth), Value::from(*text))).collect();
    elements.insert(ISA_ELEMENTS.to_string(), Value::from(component.to_string()));
    Some((Separators { element, component, repetition, release: None, terminator }, elements, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::heard::Wrong;
    use crate::format::level::Counts;
    use serde_json::json;

    /// An interchange of one group of these transactions, each given without its `ST` and `SE`.
    fn interchange(control: usize, transactions: &[&str]) -> String {
        let mut text = format!(
            "ISA*00*          *00*          *ZZ*ACME           *ZZ*DOCK           *260301*1405*^*00501*{control:09}*0*P*:~\n\
             GS*PO*ACME*DOCK*20260301*1405*{control}*X*005010~\n"
        );
        for (nth, inside) in transactions.iter().enumerate() {
            let count = inside.matches('~').count() + 2;
            text += &format!("ST*850*{nth:04}~\n{inside}SE*{count}*{nth:04}~\n");
        }
        text + &format!("GE*{}*{control}~\nIEA*1*{control:09}~\n", transactions.len())
    }

    fn tree(text: &str) -> Tree {
        read(text, &Guide::default()).unwrap()
    }

    /// The one fault of a text, and how many transactions count.
    fn fault(text: &str) -> (String, usize) {
        let Tree { root: tree, faults, .. } = tree(text);
        let [fault] = &faults[..] else { panic!("{faults:?}") };
        let sound = tree["transactions"].as_array().unwrap().iter().filter(|transaction| !transaction.is_null());
        (fault.why.to_string(), sound.count())
    }

    #[test]
    fn a_transaction_holds_its_segments_and_its_envelopes() {
        let tree = tree(&interchange(7, &["BEG*00*NE*4711  *  *20260301~\nREF*CR*A:B::D*^X^Y~\nREF*VN~\n"]));
        assert!(tree.faults.is_empty(), "{tree:?}");
        let transaction = &tree.root["transactions"][0];
        assert_eq!(transaction["ISA"]["06"], "ACME");
        assert_eq!((transaction["ISA"].get("02"), &transaction["ISA"]["16"]), (None, &json!(":")));
        assert_eq!(transaction["GS"]["06"], "7");
        assert_eq!(transaction["ST"], json!([{ "01": "850", "02": "0000" }]));
        assert_eq!(transaction["BEG"], json!([{ "01": "00", "02": "NE", "03": "4711", "05": "20260301" }]));
        let composite = json!({ "1": "A", "2": "B", "4": "D" });
        assert_eq!(transaction["REF"], json!([{ "01": "CR", "02": composite, "03": ["X", "Y"] }, { "01": "VN" }]));
        assert_eq!(transaction.get("SE"), None);
    }

    #[test]
    fn separators_are_what_each_interchange_says() {
        let first = interchange(1, &["BEG*A>B*C^D~\n"]).replace("*:~", "*>~").replace("*00501*", "*00401*");
        let second = interchange(2, &["BEG*A:B~\n"]).replace("~\n", "\n").replace('*', "|").replace('\n', "\r\n");
        let text = format!("\u{feff}  {first}\n\n{}", second.trim_end());
        let tree = tree(&text);
        assert!(tree.faults.is_empty(), "{tree:?}");
        assert_eq!(tree.root["transactions"][0]["BEG"], json!([{ "01": { "1": "A", "2": "B" }, "02": "C^D" }]));
        assert_eq!(tree.root["transactions"][1]["BEG"], json!([{ "01": { "1": "A", "2": "B" } }]));
    }

    #[test]
    fn a_broken_transaction_leaves_the_others_sound() {
        let sound = interchange(1, &["BEG*1~\n", "BEG*2~\n", "BEG*3~\n"]);
        for (from, to, said) in [
            ("SE*3*0001", "SE*4*0001", "`transactions[1]` has 3 segments, and `SE.01` says `4` (segment 8, at byte 2"),
            (
                "SE*3*0001",
                "SE*3*0009",
                "`transactions[1]` opens with the control number `ST.02` `0001` and closes with `SE.02` `0009`",
            ),
            ("SE*3*0001~\n", "", "`transactions[1]` is not closed by `SE`: `ST` follows in segment 8"),
            ("BEG*2", "BEG*2~beg*2", "`transactions[1]` holds `beg`, which is no segment (segment 8"),
            (
                "ST*850*0001~\nBEG*2~\nSE*3*0001",
                "ST*850*0000~\nBEG*2~\nSE*3*0000",
                "`transactions[1]` has a duplicate control number, `0000`",
            ),
        ] {
            let text = sound.replace(from, to);
            assert_ne!(text, sound);
            let (fault, count) = fault(&text);
            assert_eq!(count, 2, "{fault}");
            assert!(fault.contains(said) && fault.ends_with("; have the partner send it again"), "{fault}");
        }
    }

    #[test]
    fn what_is_wrong_around_transactions_is_told_beside_them() {
        let sound = interchange(1, &["BEG*1~\n", "BEG*2~\n"]);
        for (from, to, said) in [
            ("GE*2*1", "GE*3*1", "`interchanges[0].groups[0]` has 2 transactions, and `GE.01` says `3`"),
            ("GE*2*1", "GE*2*2", "`interchanges[0].groups[0]` opens with the control number `GS.06` `1`"),
            ("GE*2*1~\n", "", "`interchanges[0].groups[0]` is not closed by `GE`: `IEA` follows"),
            ("IEA*1*000000001", "IEA*2*000000001", "`interchanges[0]` has 1 group, and `IEA.01` says `2`"),
            (
                "IEA*1*000000001",
                "IEA*1*000000002",
                "`interchanges[0]` opens with the control number `ISA.13` `000000001`",
            ),
            ("IEA*1*000000001~\n", "", "`interchanges[0]` is not closed by `IEA`: the message ends"),
            (
                "IEA*1*000000001~\n",
                "IEA*1*000000001~\nBEG*1~\nBEG*2~\n",
                "`$` holds `BEG` outside every `ST` (segment 11",
            ),
        ] {
            let text = sound.replace(from, to);
            assert_ne!(text, sound);
            let (fault, count) = fault(&text);
            assert!(count == 2 && fault.contains(said), "{fault}");
        }
        assert!(fault(&sound.replace("GE*2*1~\nIEA*1*000000001~\n", "GE*2*1~\nIEA*1*00000")).0.contains("closes with"));
    }

    #[test]
    fn wrong_counts_and_control_numbers_are_forgiven_where_the_profile_says_so() {
        let sound = interchange(1, &["BEG*1~\n", "BEG*2~\n"]);
        let wrong = sound.replace("SE*3*0001", "SE*9*0007").replace("GE*2*1", "GE*3*2").replace("IEA*1", "IEA*2");
        let guide = Guide { counts: Counts::Forgiven, ..Guide::default() };
        let Tree { root: tree, faults, forgiven, heard, .. } = read(&wrong, &guide).unwrap();
        assert!(faults.is_empty() && tree["transactions"][1]["BEG"][0]["01"] == "2", "{faults:?}");
        let places: Vec<&str> = forgiven.iter().map(|why| why.field.as_str()).collect();
        let group = "interchanges[0].groups[0]";
        assert_eq!(places, ["transactions[1]", "transactions[1]", group, group, "interchanges[0]"]);
        assert!(forgiven[0].detail.contains("has 3 segments, and `SE.01` says `9` (segment"), "{}", forgiven[0]);
        let group = &heard[0].inside[0];
        assert_eq!(
            (group.transactions(), group.stated, &group.wrong[..]),
            ((2, 2), Some(3), &[Wrong::Count, Wrong::Control][..])
        );
        assert_eq!(group.inside[1].wrong, [Wrong::Count, Wrong::Control]);

        // That nothing is there to be wrong is another matter.
        let unclosed = read(&sound.replace("SE*3*0001~\n", ""), &guide).unwrap();
        assert_eq!((unclosed.faults.len(), unclosed.forgiven.len()), (1, 0));
        assert_eq!(unclosed.heard[0].inside[0].inside[1].wrong, [Wrong::NotClosed]);
    }

    #[test]
    fn an_interchange_that_comes_twice_counts_once() {
        let Tree { root: tree, faults, .. } =
            tree(&(interchange(1, &["BEG*1~\n"]) + &interchange(1, &["BEG*1~\n"]) + &interchange(2, &["BEG*1~\n"])));
        let [fault] = &faults[..] else { panic!("{faults:?}") };
        assert_eq!((fault.part, fault.why.field.as_str()), (Some(1), "transactions[1]"));
        assert_eq!(tree["transactions"].as_array().unwrap().iter().filter(|it| it.is_null()).count(), 1);
    }

    #[test]
    fn loops_hold_their_members_and_nothing_is_lost() {
        let text = r#"l = { N1 = ["N3", "N4"], PO1 = ["PID", "N1"] }"#;
        let table = toml::de::DeTable::parse(text).unwrap();
        let mut section = crate::source::Section::of_file(crate::source::Source { file: "x", text }, &table);
        let loops = super::super::loops::Loops::compile(section.optional("l")).unwrap();
        let guide = Guide { loops, ..Guide::default() };
        let inside = "N3*0~N1*ST~N3*1~N4*2~PO1*1~PID*3~N1*SF~N3*4~PID*5~PO1*2~CTT*2~N4*6~";
        let Tree { root: tree, faults, .. } = read(&interchange(1, &[inside]), &guide).unwrap();
        assert!(faults.is_empty());
        let mut transaction = tree["transactions"][0].clone();
        transaction.as_object_mut().unwrap().retain(|id, _| !["ISA", "GS", "ST"].contains(&id.as_str()));
        let expected = json!({
            "N3": [{ "01": "0" }],
            "N1": [{ "01": "ST", "N3": [{ "01": "1" }], "N4": [{ "01": "2" }] }],
            "PO1": [
                { "01": "1", "PID": [{ "01": "3" }, { "01": "5" }], "N1": [{ "01": "SF", "N3": [{ "01": "4" }] }] },
                { "01": "2" },
            ],
            "CTT": [{ "01": "2" }],
            "N4": [{ "01": "6" }],
        });
        assert_eq!(transaction, expected);
    }
}
