//! What would be lost with the oldest end of an event store.

use visibility::{Cause, RetentionAlert};

/// A day, in seconds.
const DAY: u64 = 86_400;

/// What nears the age limit of its stream, in words.
pub(super) fn problems(alerts: &[RetentionAlert]) -> Vec<String> {
    alerts.iter().map(problem).collect()
}

fn problem(alert: &RetentionAlert) -> String {
    let RetentionAlert { stream, count, first, .. } = alert;
    let thing = if stream == service::streams::RETURNS { "return" } else { "order" };
    let (things, near, are, they) = match count {
        1 => (thing.to_owned(), "nears", "is", "it"),
        _ => (format!("{thing}s"), "near", "are", "they"),
    };
    let what = match alert.cause {
        Cause::Open => format!("{are} open"),
        Cause::Unarchived => format!("{are} not wholly in the archive"),
    };
    let and = if *count > first.len() as u64 { ", …" } else { "" };
    let until = match (alert.cause, thing) {
        (Cause::Open, thing) => format!("until {they} {are} over (`waybill {thing} show`)"),
        (Cause::Unarchived, _) => format!("until {they} {are} (the log of visibility says why)"),
    };
    let (declared, limit) = (age(alert.declared_seconds), age(alert.limit_seconds));
    let first = first.join(", ");
    format!(
        "{count} {things} {near} the age limit of stream {stream}, {declared}, and {what}: {first}{and}; it keeps its entries for \
         {limit} {until}"
    )
}

fn age(seconds: u64) -> String {
    if seconds >= DAY { format!("{} days", seconds / DAY) } else { format!("{seconds} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(cause: Cause, count: u64) -> RetentionAlert {
        RetentionAlert {
            at: "2027-04-01T00:00:00Z".parse().unwrap(),
            stream: "ORDERS".to_owned(),
            cause,
            count,
            first: (1..=count.min(2)).map(|number| format!("SO {number}")).collect(),
            oldest: "2026-03-01T00:00:00Z".parse().unwrap(),
            declared_seconds: 400 * DAY,
            limit_seconds: 426 * DAY,
        }
    }

    #[test]
    fn what_nears_a_limit_is_said_with_how_many_and_which() {
        assert_eq!(
            problems(&[alert(Cause::Open, 3), alert(Cause::Unarchived, 1)]),
            [
                "3 orders near the age limit of stream ORDERS, 400 days, and are open: SO 1, SO 2, …; it keeps its entries for \
                 426 days until they are over (`waybill order show`)",
                "1 order nears the age limit of stream ORDERS, 400 days, and is not wholly in the archive: SO 1; it keeps its \
                 entries for 426 days until it is (the log of visibility says why)"
            ]
        );
    }
}
