//! Times as a partner writes them.

use jiff::civil;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};
use model::{Precision, Timestamp, When, Zone};

use crate::compiler::Compiler;
use crate::source::{Node, ProfileError, Section};
use crate::words::zone;

/// A pattern for times and dates, and the zone they are told in.
#[derive(Debug)]
pub(crate) struct Stamp {
    pattern: Box<str>,
    zone: TimeZone,
}

impl Stamp {
    /// The zone is the key `zone`, or the profile's, or UTC.
    pub(super) fn compile(
        pattern: &str,
        at: Node<'_>,
        section: &mut Section<'_>,
        compiler: &Compiler<'_>,
    ) -> Result<Self, ProfileError> {
        let stamp = Self { pattern: pattern.into(), zone: zone_of(section, compiler)? };
        let sample = format(pattern, Timestamp::from_millis(0), &stamp.zone);
        if sample.is_none() {
            return Err(at.error("expected a strftime pattern, such as `%Y%m%d` or `%H%M`"));
        }
        Ok(stamp)
    }

    /// A date or time as ISO 8601 has it, in the pattern; else what was expected.
    pub(super) fn write(&self, text: &str) -> Result<String, String> {
        let when = When::parse(text).map_err(|_| "expected a date or a time".to_owned())?;
        let time = match (when.precision, when.zone) {
            (Precision::Day, _) => civil_of(when.at).map(|at| BrokenDownTime::from(at.date())),
            (_, Zone::Unknown) => civil_of(when.at).map(BrokenDownTime::from),
            (_, Zone::Offset(_)) => broken_down(when.at, &self.zone),
        };
        let written = time.and_then(|time| strtime::format(&*self.pattern, time).ok());
        written.ok_or_else(|| format!("expected a time that has all that `{}` asks for", self.pattern))
    }
}

/// The key `zone`, or the profile's zone, or UTC.
pub(crate) fn zone_of(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<TimeZone, ProfileError> {
    let own = section.optional("zone").map(zone).transpose()?;
    Ok(own.or_else(|| compiler.zone.clone()).unwrap_or(TimeZone::UTC))
}

/// A time in a zone and a pattern; nothing for a pattern that is none.
pub(crate) fn format(pattern: &str, at: Timestamp, zone: &TimeZone) -> Option<String> {
    strtime::format(pattern, broken_down(at, zone)?).ok()
}

fn broken_down(at: Timestamp, zone: &TimeZone) -> Option<BrokenDownTime> {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
    Some(BrokenDownTime::from(&at.to_zoned_datetime(zone.clone())))
}

/// A time without a zone, which stands as if it were UTC.
fn civil_of(at: Timestamp) -> Option<civil::DateTime> {
    Some(Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(at.as_millis()).ok()?))
}
