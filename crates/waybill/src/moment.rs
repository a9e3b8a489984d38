//! Moments of the past as a person names them: a time, how long ago, or a place in stream ORDERS.

use std::fmt;
use std::str::FromStr;

use async_nats::jetstream::stream::DirectGetErrorKind;
use fulfilment::LAYOUT;
use model::{Timestamp, When};
use serde::Serialize;
use service::Connection;
use visibility::past::Past;

use crate::exit::Failure;
use crate::quarantine::filter;
use crate::reach::{self, broker};

/// What a moment may be.
pub(crate) const HELP: &str = "\
TIME is a date, or a time such as 2026-03-01T14:00Z, in UTC where it names no zone; or as long ago as `2h` or `3days`. All of the \
day, minute or second that it names counts. SEQ is a place in stream ORDERS, as `waybill order trail` shows them.";

/// A moment of the past: all before it, or up to it, counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// All before this time.
    Before(Timestamp),
    /// All up to and with this entry of ORDERS.
    UpTo(u64),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(sequence) => Ok(Self::UpTo(sequence)),
            Err(_) => before(text).map(Self::Before).map_err(|wrong| format!("{wrong}, or a place such as 1042")),
        }
    }
}

/// The end of the time that a text names.
pub(crate) fn before(text: &str) -> Result<Timestamp, String> {
    if let Ok(when) = When::parse(text) {
        return Ok(when.end());
    }
    let at = filter::since(text)?;
    Ok(When::exact(Timestamp::from_millis(at.as_millisecond())).end())
}

impl Moment {
    /// All of the past up to this moment that had occurred before a time.
    pub const fn past(self, occurred_before: Option<Timestamp>) -> Past {
        match self {
            Self::Before(time) => Past { recorded_before: Some(time), up_to: None, occurred_before },
            Self::UpTo(last) => Past { recorded_before: None, up_to: Some(last), occurred_before },
        }
    }
}

/// As of when.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PastArgs {
    /// As it was known then: by what had been recorded up to this time, or up to this place in stream ORDERS
    #[arg(long, value_name = "TIME|SEQ")]
    as_of: Option<Moment>,
    #[command(flatten)]
    occurred: OccurredArgs,
}

/// By when it had occurred.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct OccurredArgs {
    /// Only what had occurred by then, by the times that are stated; what states none counts by its receipt
    #[arg(long, value_name = "TIME", value_parser = before)]
    pub occurred: Option<Timestamp>,
}

impl PastArgs {
    /// How much of the past is asked for; nothing when all of it is.
    pub fn past(&self) -> Option<Past> {
        let occurred = self.occurred.occurred;
        let all = Past { occurred_before: occurred, ..Past::default() };
        self.as_of.map(|moment| moment.past(occurred)).or_else(|| occurred.map(|_| all))
    }
}

/// As of when something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct AsOf {
    /// All recorded up to and with this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<Timestamp>,
    /// All up to and with this place in stream ORDERS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Only what occurred up to and with this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_by: Option<Timestamp>,
}

impl From<Past> for AsOf {
    fn from(past: Past) -> Self {
        // Times are told to the millisecond: the last one before a time is the one that is still in.
        let last = |before: Timestamp| before.plus_millis(-1);
        Self {
            recorded_by: past.recorded_before.filter(|_| past.up_to.is_none()).map(last),
            sequence: past.up_to,
            occurred_by: past.occurred_before.map(last),
        }
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.recorded_by, self.sequence) {
            (Some(time), _) => write!(f, "as it was known at {time}")?,
            (None, Some(sequence)) => write!(f, "as it was known with entry {sequence} of stream {}", LAYOUT.stream)?,
            (None, None) => f.write_str("as it is known")?,
        }
        match self.occurred_by {
            Some(time) => write!(f, ", of what had occurred by {time}"),
            None => Ok(()),
        }
    }
}

/// The same past by time alone, for streams whose places are other ones: a place in ORDERS is the time it was recorded.
///
/// # Errors
/// [`Failure::NotFound`] when ORDERS does not hold the entry any more, or has not come so far.
pub(crate) async fn timed(connection: &Connection, past: Past) -> Result<Past, Failure> {
    let Some(sequence) = past.up_to else { return Ok(past) };
    let stream = reach::stream(&connection.js, LAYOUT.stream).await?;
    let nanos = match stream.direct_get(sequence).await {
        Ok(message) => message.time.unix_timestamp_nanos(),
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => {
            let state = &stream.cached_info().state;
            let (first, last) = (state.first_sequence, state.last_sequence);
            let words = format!("stream {} holds the entries {first} to {last}, and not {sequence}", LAYOUT.stream);
            return Err(Failure::NotFound(words));
        }
        Err(error) => return Err(broker(&format!("read stream {}", LAYOUT.stream), error)),
    };
    let recorded = Timestamp::from_nanos(nanos);
    Ok(Past { recorded_before: Some(recorded.plus_millis(1)), ..past })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_is_a_place_or_all_of_the_time_it_names() {
        assert_eq!(moment("1042"), Moment::UpTo(1042));
        for (text, end) in [
            ("2026-03-01", "2026-03-02T00:00:00Z"),
            ("2026-03-01T14:05", "2026-03-01T14:06:00Z"),
            ("2026-03-01T14:05Z", "2026-03-01T14:06:00Z"),
            ("2026-03-01T14:05+01:00", "2026-03-01T13:06:00Z"),
            ("2026-03-01T14:05:09.120Z", "2026-03-01T14:05:09.121Z"),
        ] {
            assert_eq!(moment(text), Moment::Before(end.parse().unwrap()), "{text}");
        }
        let Moment::Before(ago) = moment("2h") else { panic!() };
        let passed = crate::clock::now().as_millis() - ago.as_millis() - 2 * 3_600_000;
        assert!((-1..60_000).contains(&passed), "{passed}");
    }

    #[test]
    fn what_is_no_moment_is_said_to_be_none() {
        for wrong in ["", "Tuesday", "-5", "2026-02-30", "12x", "99999999999999999999"] {
            let words = Moment::from_str(wrong).unwrap_err();
            assert!(words.contains("a span such as `2h`") && words.contains("a place such as 1042"), "{words}");
        }
        assert!(before("1042").is_err(), "nothing occurs at a place in a stream");
    }

    #[test]
    fn it_is_said_as_of_when() {
        let shown = |past: Past| AsOf::from(past).to_string();
        let occurred = before("2026-03-02").ok();
        assert_eq!(
            shown(moment("2026-03-03").past(occurred)),
            "as it was known at 2026-03-03T23:59:59.999Z, of what had occurred by 2026-03-02T23:59:59.999Z"
        );
        assert_eq!(shown(moment("7").past(None)), "as it was known with entry 7 of stream ORDERS");
        let past = Past { occurred_before: occurred, ..Past::default() };
        assert_eq!(shown(past), "as it is known, of what had occurred by 2026-03-02T23:59:59.999Z");
    }
}
