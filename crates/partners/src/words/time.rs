//! Times and dates, as exactly as they were stated.

use jiff::civil;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use model::time::When;
use model::{Date, Precision, Timestamp, Zone};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::Readable;
use crate::compiler::Compiler;
use crate::source::{Node, ProfileError, Section};

/// The first and the last year that a time may fall in: nothing that is ordered or moved lies outside, and what systems
/// write for "none" or "for ever" (0001-01-01, 9999-12-31) does.
pub const FIRST_YEAR: i16 = 1970;
/// The last year that a time may fall in.
pub const LAST_YEAR: i16 = 2199;
/// The same as milliseconds since 1970: from the first to before the second.
const MILLIS: std::ops::Range<i64> = 0..7_258_118_400_000;

/// What ends a pattern for times that end in a zone's abbreviation.
const ABBREVIATED: &str = " %Z";

/// The abbreviations of North America, with their minutes east. The same letters mean other zones elsewhere.
const ABBREVIATIONS: [(&str, i32); 17] = [
    ("UTC", 0),
    ("GMT", 0),
    ("NST", -210),
    ("NDT", -150),
    ("AST", -240),
    ("ADT", -180),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
];

/// How a time is written.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    style: Style,
    zone: Option<TimeZone>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Style {
    Iso,
    EpochSeconds,
    EpochMillis,
    Digits,
    Pattern(Box<str>),
}

impl Readable for When {
    type How = Written;
    const WHAT: &'static str = "a time";

    fn how_by_default(compiler: &Compiler<'_>) -> Written {
        Written { style: Style::Iso, zone: compiler.zone.clone() }
    }

    fn how(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Written, ProfileError> {
        let style = section.optional("as").map_or(Ok(Style::Iso), style)?;
        let own = section.optional("zone").map(zone).transpose()?;
        Ok(Written { style, zone: own.or_else(|| compiler.zone.clone()) })
    }

    fn read(text: &str, how: &Written) -> Option<Self> {
        let text = text.trim();
        let when = match &how.style {
            Style::Iso => iso(text)?,
            Style::EpochSeconds => epoch(text, 1000)?,
            Style::EpochMillis => epoch(text, 1)?,
            Style::Digits => patterned(text, &digits(text)?)?,
            Style::Pattern(pattern) => patterned(text, pattern)?,
        };
        match (&how.zone, when.zone) {
            (Some(zone), Zone::Unknown) => in_zone(when, zone),
            (None, _) | (Some(_), Zone::Offset(_)) => Some(when),
        }
    }

    fn expected(text: &str, how: &Written) -> &'static str {
        if is_beyond(text.trim(), &how.style) {
            "a time in the years 1970 to 2199 (a text that stands for none belongs into `absent`)"
        } else {
            Self::WHAT
        }
    }
}

impl Readable for Date {
    type How = Written;
    const WHAT: &'static str = "a date";

    fn how_by_default(compiler: &Compiler<'_>) -> Written {
        When::how_by_default(compiler)
    }

    fn how(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Written, ProfileError> {
        When::how(section, compiler)
    }

    fn read(text: &str, how: &Written) -> Option<Self> {
        When::read(text, how).map(|when| when.local_date())
    }

    fn expected(text: &str, how: &Written) -> &'static str {
        if is_beyond(text.trim(), &how.style) { When::expected(text, how) } else { Self::WHAT }
    }
}

/// The zone a profile names: an offset such as `+01:00`, `UTC`, or a name of the IANA database that is built in.
pub(crate) fn zone(node: Node<'_>) -> Result<TimeZone, ProfileError> {
    let text = node.text()?;
    let offset = strtime::parse("%:z", text).ok().and_then(|parsed| parsed.offset());
    offset
        .map(TimeZone::fixed)
        .or_else(|| TimeZoneDatabase::bundled().get(text).ok())
        .ok_or_else(|| node.error("expected a zone: an offset such as `+01:00` or a name such as `Europe/Berlin`"))
}

fn style(node: Node<'_>) -> Result<Style, ProfileError> {
    match node.text()? {
        "iso" => Ok(Style::Iso),
        "epoch_seconds" => Ok(Style::EpochSeconds),
        "epoch_millis" => Ok(Style::EpochMillis),
        "digits" => Ok(Style::Digits),
        pattern if pattern.contains('%') && reads_back(pattern) => Ok(Style::Pattern(pattern.into())),
        _ => Err(node.error(
            "expected `iso`, `epoch_seconds`, `epoch_millis`, `digits` or a strptime pattern that holds a date, such as `%Y%m%d %H:%M`",
        )),
    }
}

/// Whether a pattern can read a date that it has written itself.
fn reads_back(pattern: &str) -> bool {
    let sample = civil::date(2026, 3, 1).at(14, 5, 9, 0).to_zoned_datetime(TimeZone::UTC);
    let written = sample.ok().and_then(|sample| strtime::format(pattern, &sample).ok());
    written.is_some_and(|text| patterned(&text, pattern).is_some())
}

/// Whether a text that is no time to us is one by its form, in a year that nobody means.
fn is_beyond(text: &str, style: &Style) -> bool {
    let by = |pattern: &str| strtime::parse(pattern, text).ok().and_then(|parsed| parsed.to_date().ok());
    let stated = match style {
        Style::EpochSeconds | Style::EpochMillis => return number(text).is_some(),
        Style::Iso => DateTimeParser::new().parse_pieces(text).ok().map(|pieces| pieces.date()),
        Style::Digits => digits(text).and_then(|pattern| by(&pattern)),
        Style::Pattern(pattern) => by(pattern),
    };
    stated.is_some_and(|date| !is_credible(date.year()))
}

fn is_credible(year: i16) -> bool {
    (FIRST_YEAR..=LAST_YEAR).contains(&year)
}

/// ISO 8601; its first four digits are the year, or it is one of more digits.
fn iso(text: &str) -> Option<When> {
    let year = text.get(..4)?.parse().ok()?;
    if is_credible(year) { When::parse(text).ok() } else { None }
}

/// The pattern of a time in digits alone, as EDI writes it: `20260301` or `260301`; then, at once or after a blank, `1530`,
/// `153045` or `15304550` with hundredths of a second; then an offset such as `+0100`. Without a blank, 10 digits begin with
/// a year of two and 12 or more with one of four.
fn digits(text: &str) -> Option<String> {
    let (digits, offset) = text.split_at(text.find(['+', '-']).unwrap_or(text.len()));
    let (date, blank, time) = match digits.split_once(' ') {
        Some((date, time)) => (date.len(), " ", time.len()),
        None if digits.len() == 10 => (6, "", 4),
        None if digits.len() > 8 => (8, "", digits.len() - 8),
        None => (digits.len(), "", 0),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ') {
        return None;
    }
    let date = match date {
        6 => "%y%m%d",
        8 => "%Y%m%d",
        _ => return None,
    };
    let time = match time {
        0 if blank.is_empty() && offset.is_empty() => "",
        4 => "%H%M",
        6 => "%H%M%S",
        8 => "%H%M%S%f",
        _ => return None,
    };
    let offset = if offset.is_empty() { "" } else { "%z" };
    Some(format!("{date}{blank}{time}{offset}"))
}

fn number(text: &str) -> Option<Decimal> {
    Decimal::read(text, &super::number::PLAIN)
}

fn epoch(text: &str, millis: i64) -> Option<When> {
    let stated = number(text)?;
    let at = stated.checked_mul(Decimal::from(millis))?.trunc().to_i64().filter(|at| MILLIS.contains(at))?;
    let precision = if millis == 1 || !stated.is_integer() { Precision::Milli } else { Precision::Second };
    Some(When { at: Timestamp::from_millis(at), precision, zone: Zone::Offset(0) })
}

fn patterned(text: &str, pattern: &str) -> Option<When> {
    if let Some(local) = pattern.strip_suffix(ABBREVIATED) {
        return abbreviated(text, local);
    }
    let parsed = strtime::parse(pattern, text).ok()?;
    if let Some(instant) = parsed.timestamp() {
        let at = Some(instant.as_millisecond()).filter(|at| MILLIS.contains(at)).map(Timestamp::from_millis)?;
        return Some(When { at, precision: Precision::Second, zone: Zone::Offset(0) });
    }
    let precision = precision_of(&parsed);
    let time = if precision == Precision::Day { civil::Time::midnight() } else { parsed.to_time().ok()? };
    let local = parsed.to_date().ok().filter(|date| is_credible(date.year()))?.to_datetime(time);
    let offset = parsed.offset();
    let instant = offset.unwrap_or(Offset::UTC).to_timestamp(local).ok()?;
    let zone = offset.map_or(Zone::Unknown, minutes_east);
    Some(When { at: Timestamp::from_millis(instant.as_millisecond()), precision, zone })
}

/// A time that may end in the abbreviation of its zone.
fn abbreviated(text: &str, pattern: &str) -> Option<When> {
    let Some((local, zone)) = text.rsplit_once(' ').filter(|(_, zone)| zone.bytes().all(|b| b.is_ascii_alphabetic()))
    else {
        return patterned(text, pattern);
    };
    let (_, minutes) = ABBREVIATIONS.iter().find(|(name, _)| *name == zone)?;
    let offset = Offset::from_seconds(minutes * 60).ok()?;
    in_zone(patterned(local, pattern)?, &TimeZone::fixed(offset))
}

fn precision_of(parsed: &BrokenDownTime) -> Precision {
    if parsed.subsec_nanosecond().is_some() {
        Precision::Milli
    } else if parsed.second().is_some() {
        Precision::Second
    } else if parsed.hour().is_some() {
        Precision::Minute
    } else {
        Precision::Day
    }
}

/// A time that stated no zone, read in `zone`. A local time that a clock change makes happen twice is the first of the two.
fn in_zone(when: When, zone: &TimeZone) -> Option<When> {
    let local = Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(when.at.as_millis()).ok()?);
    let instant = zone.to_timestamp(local).ok()?;
    let at = Timestamp::from_millis(instant.as_millisecond());
    Some(When { at, precision: when.precision, zone: minutes_east(zone.to_offset(instant)) })
}

fn minutes_east(offset: Offset) -> Zone {
    // An offset is at most 25:59:59, so its minutes fit; zero keeps the conversion total.
    Zone::Offset(i16::try_from(offset.seconds() / 60).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, style: Style, zone: Option<TimeZone>) -> Option<String> {
        When::read(text, &Written { style, zone }).map(|when| when.to_string())
    }

    #[test]
    fn each_way_of_writing_keeps_its_precision() {
        let pattern = |pattern: &str| Style::Pattern(pattern.into());
        for (text, style, expected) in [
            ("2026-03-01", Style::Iso, "2026-03-01"),
            ("2026-03-01T14:05:09-05:00", Style::Iso, "2026-03-01T14:05:09-05:00"),
            ("1772373909", Style::EpochSeconds, "2026-03-01T14:05:09Z"),
            ("1772373909120", Style::EpochMillis, "2026-03-01T14:05:09.120Z"),
            ("20260301", pattern("%Y%m%d"), "2026-03-01"),
            ("01.03.2026 14:05", pattern("%d.%m.%Y %H:%M"), "2026-03-01T14:05"),
            ("20260301", Style::Digits, "2026-03-01"),
            ("260301", Style::Digits, "2026-03-01"),
            ("2603011530", Style::Digits, "2026-03-01T15:30"),
            ("260301 1530", Style::Digits, "2026-03-01T15:30"),
            ("20260301 153045", Style::Digits, "2026-03-01T15:30:45"),
            ("202603011530", Style::Digits, "2026-03-01T15:30"),
            ("20260301153045", Style::Digits, "2026-03-01T15:30:45"),
            ("20260301 15304550", Style::Digits, "2026-03-01T15:30:45.500"),
            ("202603011530-0500", Style::Digits, "2026-03-01T15:30-05:00"),
            ("20260301140509+0100", pattern("%Y%m%d%H%M%S%z"), "2026-03-01T14:05:09+01:00"),
        ] {
            assert_eq!(read(text, style, None).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_zone_counts_only_where_the_time_has_none() {
        let berlin = TimeZoneDatabase::bundled().get("Europe/Berlin").unwrap();
        let at = |text| read(text, Style::Iso, Some(berlin.clone()));
        assert_eq!(at("2026-03-01T14:05").as_deref(), Some("2026-03-01T14:05+01:00"));
        assert_eq!(at("2026-07-01T14:05").as_deref(), Some("2026-07-01T14:05+02:00"));
        assert_eq!(at("2026-07-01T14:05Z").as_deref(), Some("2026-07-01T14:05Z"));
    }

    #[test]
    fn an_abbreviation_of_north_america_is_a_zone() {
        let written = "%Y-%m-%d %H:%M:%S %Z";
        assert!(reads_back(written) && !reads_back("%Z %Y-%m-%d"));
        let at = |text| read(text, Style::Pattern(written.into()), None);
        assert_eq!(at("2026-03-01 14:05:09 EST").as_deref(), Some("2026-03-01T14:05:09-05:00"));
        assert_eq!(at("2026-07-01 14:05:09 NDT").as_deref(), Some("2026-07-01T14:05:09-02:30"));
        assert_eq!(at("2026-03-01 14:05:09").as_deref(), Some("2026-03-01T14:05:09"), "it may be left out");
        assert_eq!(at("2026-03-01 14:05:09 XYZ"), None, "and none is guessed");
    }

    #[test]
    fn nonsense_is_no_time() {
        for text in ["CCYYMMDD", "", "2026-02-30", "99999999999999999999999999"] {
            assert_eq!(read(text, Style::Iso, None), None, "{text}");
            assert_eq!(read(text, Style::EpochMillis, None), None, "{text}");
            assert_eq!(read(text, Style::Pattern("%Y%m%d".into()), None), None, "{text}");
            assert_eq!(read(text, Style::Digits, None), None, "{text}");
        }
        for text in ["2026", "20260231", "202603012460", "20260301+0100", "2026-03-01", "20260301 15", "2026030115305"]
        {
            assert_eq!(read(text, Style::Digits, None), None, "{text}");
        }
        assert!(!reads_back("%H:%M"));
        assert!(!reads_back("%Q%Y"));
    }

    #[test]
    fn a_year_nobody_means_is_refused_in_words() {
        let pattern = |pattern: &str| Style::Pattern(pattern.into());
        let ends = civil::date(LAST_YEAR + 1, 1, 1).at(0, 0, 0, 0);
        assert_eq!(MILLIS.end, Offset::UTC.to_timestamp(ends).unwrap().as_millisecond());
        for (text, style) in [
            ("00010101", pattern("%Y%m%d")),
            ("99991231", pattern("%Y%m%d")),
            ("99991231", Style::Digits),
            ("9999-12-31", Style::Iso),
            ("1969-12-31T23:59:59Z", Style::Iso),
            ("2200-01-01T00:00:00+01:00", Style::Iso),
            ("-1", Style::EpochSeconds),
            ("7258118400", Style::EpochSeconds),
            ("1772373909120000", Style::EpochMillis),
            ("99999999999999999999999999", Style::EpochMillis),
        ] {
            let how = Written { style, zone: None };
            assert_eq!(When::read(text, &how), None, "{text}");
            assert!(When::expected(text, &how).contains("1970 to 2199"), "{text}: {}", When::expected(text, &how));
            assert!(Date::expected(text, &how).contains("1970 to 2199"), "{text}");
        }
        let how = Written { style: Style::Iso, zone: None };
        assert!(When::read("1970-01-01", &how).is_some() && When::read("2199-12-31T23:59:59Z", &how).is_some());
        assert_eq!(Date::expected("CCYYMMDD", &how), "a date");
        assert_eq!(When::expected("9999-99-99", &how), "a time");
    }
}
