//! Times as different systems state them.

use model::{Date, Precision, Timestamp, When, Zone};

/// Milliseconds of a minute.
pub const MINUTE: i64 = 60_000;
/// Milliseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// How a system writes its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// In UTC to the second, `2026-03-01T14:05:09Z`.
    Utc,
    /// In Central European winter time to the minute, `2026-03-01T15:05+01:00`.
    Local,
    /// The day alone, `2026-03-01`.
    Day,
}

impl Style {
    /// The instant as a system of this style writes it; what the style cannot say is cut off.
    #[must_use]
    pub fn state(self, at: Timestamp) -> When {
        let cut = |unit: i64| at.plus_millis(-at.as_millis().rem_euclid(unit));
        match self {
            Self::Utc => When { at: cut(1_000), precision: Precision::Second, zone: Zone::Offset(0) },
            Self::Local => When { at: cut(MINUTE), precision: Precision::Minute, zone: Zone::Offset(60) },
            Self::Day => When::day(at.date()),
        }
    }
}

/// The day so many days later.
#[must_use]
pub fn days_after(date: Date, days: u32) -> Date {
    date.start().plus_millis(i64::from(days) * DAY).date()
}

/// The instant so many minutes after midnight UTC.
#[must_use]
pub fn minutes_into(date: Date, minutes: u32) -> Timestamp {
    date.start().plus_millis(i64::from(minutes) * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_style_says_what_it_can() {
        let at: Timestamp = "2026-03-01T14:05:09.120Z".parse().unwrap();
        let stated = [Style::Utc, Style::Local, Style::Day].map(|style| style.state(at));
        assert_eq!(
            stated.map(|when| when.to_string()),
            ["2026-03-01T14:05:09Z", "2026-03-01T15:05+01:00", "2026-03-01"]
        );
        for when in stated {
            assert_eq!(When::parse(&when.to_string()).unwrap(), when);
        }
    }
}
