//! Timestamps that know their zone and precision.
//!
//! A carrier's "2026-03-01" and "2026-03-01 14:05" without a zone are different statements; neither is an instant. [`When`]
//! keeps what was said, and orders by the earliest instant it can mean.

use std::fmt;

use jiff::civil;
use jiff::tz::Offset;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: milliseconds since 1970-01-01T00:00:00Z. RFC 3339 in JSON, an integer in MessagePack.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The start of the year 0, and a day before the end of 9999 so that every offset still gives four-digit years (RFC 3339).
    const RANGE: (i64, i64) = (-62_167_219_200_000, 253_402_207_200_000);

    /// The instant this many milliseconds after the epoch; beyond the years 0 to 9999 it is held at their ends.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(Self::RANGE.0, Self::RANGE.1))
    }

    /// The millisecond that this many nanoseconds after the epoch lie in, as a broker's client states times.
    #[must_use]
    pub fn from_nanos(nanos: i128) -> Self {
        Self::from_millis(i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This instant and `millis` milliseconds more, or less when negative.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// The day this instant falls on in UTC.
    #[must_use]
    pub fn date(self) -> Date {
        Date(Offset::UTC.to_datetime(self.jiff()).date())
    }

    fn jiff(self) -> jiff::Timestamp {
        // RANGE lies within jiff's, so this always succeeds; the epoch keeps it total.
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.jiff())
    }
}

impl std::str::FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(|at| Self::from_millis(at.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self::from_millis)
        }
    }
}

/// A calendar day without a zone, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Date(civil::Date);

impl Date {
    /// Midnight UTC at the start of this day.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let midnight = self.0.to_datetime(civil::Time::midnight());
        Offset::UTC
            .to_timestamp(midnight)
            .map_or(Timestamp::default(), |start| Timestamp::from_millis(start.as_millisecond()))
    }
}

impl std::str::FromStr for Date {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How exactly a time was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// A date without a time: an interval of one day.
    Day,
    /// To the minute.
    Minute,
    /// To the second.
    Second,
    /// To the millisecond or finer.
    Milli,
}

/// What was said of the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Zone {
    /// Nothing: the time was read as UTC and may be a day off.
    Unknown,
    /// Minutes east of UTC.
    Offset(i16),
}

/// A time as somebody stated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct When {
    /// The earliest instant the statement can mean, reading an unknown zone as UTC.
    pub at: Timestamp,
    /// How exactly it was stated.
    pub precision: Precision,
    /// The zone it was stated in.
    pub zone: Zone,
}

/// Why a text is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time; expected ISO 8601 such as 2026-03-01, 2026-03-01T14:05 or 2026-03-01T14:05:00+01:00")]
pub struct WhenError(pub String);

impl When {
    /// An exact instant in UTC.
    #[must_use]
    pub const fn exact(at: Timestamp) -> Self {
        Self { at, precision: Precision::Milli, zone: Zone::Offset(0) }
    }

    /// A whole day, zone unknown.
    #[must_use]
    pub fn day(date: Date) -> Self {
        Self { at: date.start(), precision: Precision::Day, zone: Zone::Unknown }
    }

    /// Reads ISO 8601: a date, a local date-time, or a date-time with an offset or `Z`.
    ///
    /// # Errors
    /// [`WhenError`] for anything else, such as the literal `CCYYMMDD`.
    pub fn parse(text: &str) -> Result<Self, WhenError> {
        let wrong = || WhenError(text.chars().take(40).collect());
        if text.len() == 10 {
            return text.parse().map(Self::day).map_err(|_| wrong());
        }
        let pieces = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(text).map_err(|_| wrong())?;
        let local = pieces.date().to_datetime(pieces.time().unwrap_or(civil::Time::midnight()));
        let offset = pieces.to_numeric_offset();
        let zoned = offset.unwrap_or(Offset::UTC).to_timestamp(local).map_err(|_| wrong())?;
        let zone = offset.map_or(Zone::Unknown, |o| Zone::Offset((o.seconds() / 60) as i16));
        Ok(Self { at: Timestamp::from_millis(zoned.as_millisecond()), precision: stated_precision(text), zone })
    }

    /// The first instant after the interval the statement covers.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        let length = match self.precision {
            Precision::Day => 86_400_000,
            Precision::Minute => 60_000,
            Precision::Second => 1_000,
            Precision::Milli => 1,
        };
        self.at.plus_millis(length)
    }

    /// The day stated, in the zone it was stated in.
    #[must_use]
    pub fn local_date(&self) -> Date {
        match self.zone {
            Zone::Unknown => self.at.date(),
            Zone::Offset(minutes) => self.at.plus_millis(i64::from(minutes) * 60_000).date(),
        }
    }
}

fn stated_precision(text: &str) -> Precision {
    let Some((_, time)) = text.split_once(['T', 't', ' ']) else { return Precision::Day };
    let time = time.split(['Z', 'z', '+', '-', '[']).next().unwrap_or(time);
    if time.contains(['.', ',']) {
        return Precision::Milli;
    }
    let digits = time.bytes().filter(u8::is_ascii_digit).count();
    if digits > 4 { Precision::Second } else { Precision::Minute }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = match self.zone {
            Zone::Unknown => 0,
            Zone::Offset(minutes) => minutes,
        };
        let offset = Offset::from_seconds(i32::from(minutes) * 60).unwrap_or(Offset::UTC);
        let local = offset.to_datetime(self.at.jiff());
        match self.precision {
            Precision::Day => write!(f, "{}", local.date())?,
            Precision::Minute => write!(f, "{}", local.strftime("%Y-%m-%dT%H:%M"))?,
            Precision::Second => write!(f, "{}", local.strftime("%Y-%m-%dT%H:%M:%S"))?,
            Precision::Milli => write!(f, "{}", local.strftime("%Y-%m-%dT%H:%M:%S%.3f"))?,
        }
        match self.zone {
            Zone::Unknown => Ok(()),
            Zone::Offset(0) => f.write_str("Z"),
            Zone::Offset(_) if self.precision == Precision::Day => Ok(()),
            Zone::Offset(m) => write!(f, "{}{:02}:{:02}", if m < 0 { '-' } else { '+' }, m.abs() / 60, m.abs() % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_kept() {
        for (text, precision, zone) in [
            ("2026-03-01", Precision::Day, Zone::Unknown),
            ("2026-03-01T14:05", Precision::Minute, Zone::Unknown),
            ("2026-03-01T14:05:09", Precision::Second, Zone::Unknown),
            ("2026-03-01T14:05:09Z", Precision::Second, Zone::Offset(0)),
            ("2026-03-01T14:05:09.120-05:00", Precision::Milli, Zone::Offset(-300)),
        ] {
            let when = When::parse(text).unwrap();
            assert_eq!((when.precision, when.zone, when.to_string().as_str()), (precision, zone, text));
        }
    }

    #[test]
    fn an_offset_moves_the_instant_and_not_the_local_day() {
        let when = When::parse("2026-03-01T23:30:00-05:00").unwrap();
        assert_eq!(when.at.to_string(), "2026-03-02T04:30:00.000Z");
        assert_eq!(when.local_date().to_string(), "2026-03-01");
    }

    #[test]
    fn nonsense_is_no_time() {
        for text in ["CCYYMMDD", "", "2026-02-30", "yesterday", "2026-03-01T25:00"] {
            assert!(When::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_timestamp_is_text_in_json() {
        let at: Timestamp = "2026-03-01T14:05:09.120Z".parse().unwrap();
        let json = serde_json::to_string(&at).unwrap();
        assert_eq!(json, "\"2026-03-01T14:05:09.120Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), at);
    }

    #[test]
    fn instants_beyond_the_calendar_are_held_at_its_ends() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-30T22:00:00.000Z");
        assert!(Timestamp::from_millis(i64::MIN).plus_millis(-1).to_string().starts_with("0000-01-01"));
    }
}
