//! What is said to have happened in the future.

use model::{Timestamp, When, Zone};

/// How far ahead of its receipt an actual event may be said to have occurred, in milliseconds.
const AHEAD: i64 = 15 * 60_000;
/// The same, when the time was stated without a zone: a day.
const AHEAD_WITHOUT_ZONE: i64 = 86_400_000;

/// Whether something was told to have happened later than it was told.
#[must_use]
pub fn is_ahead(occurred: When, received: Timestamp) -> bool {
    let allowed = if occurred.zone == Zone::Unknown { AHEAD_WITHOUT_ZONE } else { AHEAD };
    occurred.at > received.plus_millis(allowed)
}
