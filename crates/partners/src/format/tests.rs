//! What the tests of the formats share.

use proptest::prelude::*;

use super::{Format, Syntax};
use crate::source::{ProfileError, Section, Source};

/// The format that a profile states so.
pub(super) fn format(toml: &str) -> Result<Format, ProfileError> {
    let source = Source { file: "p.toml", text: toml };
    let file = toml::de::DeTable::parse(toml).unwrap();
    Format::compile(&mut Section::of_file(source, &file))
}

/// A mistake that says this, where the profile has the last of these texts.
pub(super) fn assert_mistake(toml: &str, at: &str, said: &str) {
    let error = format(toml).unwrap_err();
    let before = &toml[..toml.rfind(at).unwrap()];
    let (line, column) =
        (before.matches('\n').count() + 1, before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1);
    assert_eq!((error.line, error.column), (line, column), "{toml}: {error}");
    assert!(error.problem.contains(said), "{toml}: {error}");
}

/// Sees to it that something of millions of bytes is read in a time that only what grows with its length keeps.
#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
pub(super) fn in_good_time<T>(read: impl FnOnce() -> T) -> T {
    let begin = std::time::Instant::now();
    let result = read();
    assert!(begin.elapsed().as_secs() < 30, "took {:?}", begin.elapsed());
    result
}

/// A text with some of it cut out and something else put in.
pub(super) fn mangled(text: &'static str) -> impl Strategy<Value = String> {
    (0..text.len(), 0..20usize, "[<>/&;\"'=!?\\[\\]\\-a#x:,\r\n\tHDé ]{0,8}").prop_map(|(at, cut, put)| {
        let start = text.floor_char_boundary(at);
        let end = text.floor_char_boundary((start + cut).min(text.len()));
        format!("{}{put}{}", &text[..start], &text[end.max(start)..])
    })
}

#[test]
fn a_format_is_named_or_a_table_with_one() {
    for wrong in ["\"yaml\"", "1", "{}", "{ csv = {}, fixed = {} }", "[\"csv\"]"] {
        let error = format(&format!("format = {wrong}")).unwrap_err();
        assert_eq!((error.line, error.column), (1, 10), "{wrong}");
        assert!(
            error.problem.starts_with("expected the format `json`, `x12`, `edifact`, `xml` or `csv`, or a table"),
            "{wrong}: {error}"
        );
    }
    assert!(format("format = \"fixed\"").unwrap_err().problem.contains("it needs its columns"));
    assert!(format("format = { xml = {} }").is_err());
    assert!(format("format = { csv = {}, colour = 1 }").unwrap_err().problem.contains("unknown key `colour`"));
    assert!(matches!(format("format = \"csv\""), Ok(Format { syntax: Syntax::Csv(_), .. })));
    assert!(matches!(format("format = \"xml\""), Ok(Format { syntax: Syntax::Xml, .. })));
}

#[test]
fn a_byte_order_mark_is_part_of_no_format() {
    for (toml, raw) in [
        ("format = \"json\"", "\u{feff}{\"a\": 1}"),
        ("format = \"xml\"", "\u{feff}<?xml version=\"1.0\"?><a/>"),
        ("format = \"csv\"", "\u{feff}a\n1\n"),
        ("format = { fixed = { columns = [{ name = \"a\", from = 1, length = 1 }] } }", "\u{feff}1\n"),
    ] {
        let tree = format(toml).unwrap().read(raw.as_bytes()).unwrap();
        assert!(tree.faults.is_empty());
        assert!(tree.root.to_string().contains("\"a\":"), "{}", tree.root);
    }
}
