//! Decisions in words.

use std::time::Duration;

use model::{Decision, Quantity, Request, Timestamp};

/// Each decision as one line of words.
pub fn in_words(decisions: &[Decision], now: Timestamp) -> Vec<String> {
    decisions.iter().map(|decision| words(decision, now)).collect()
}

/// Each decision as one line of words, without the quantities asked for.
pub fn short(decisions: &[Decision], now: Timestamp) -> Vec<String> {
    let without = |decision: &Decision| {
        let words = words(decision, now);
        let is_ask = matches!(decision, Decision::Ask(_));
        words.split_once(": ").filter(|_| is_ask).map_or(words.clone(), |(ask, _)| ask.to_owned())
    };
    decisions.iter().map(without).collect()
}

fn words(decision: &Decision, now: Timestamp) -> String {
    match decision {
        Decision::Commit(_) => "commit to the release".to_owned(),
        Decision::Split(split) => {
            let lines = list(split.lines.iter().map(|part| (part.line.as_str(), &part.quantity)));
            format!("split {} off {}, not {}: {lines}", split.shipment, split.of, split.lacking.as_str())
        }
        Decision::Ask(ask) => format!("ask {} {}", ask.partner, request(&ask.request)),
        Decision::Deadline(deadline) => {
            let millis = u64::try_from(deadline.at.as_millis() - now.as_millis()).expect("a deadline lies ahead");
            format!("wait {} for {}", humantime::format_duration(Duration::from_millis(millis)), deadline.name)
        }
        Decision::Raise(problem) => format!("raise {}: {}", problem.kind, problem.detail),
        Decision::Resolve(kind) => format!("resolve {kind}"),
        Decision::End(end) => format!("end {end:?}").to_lowercase(),
    }
}

fn request(request: &Request) -> String {
    match request {
        Request::Allocate { shipment, location, lines, .. } => {
            let lines = lines.iter().map(|line| (line.line.as_str(), &line.quantity));
            format!("to allocate {shipment} at {location}: {}", list(lines))
        }
        Request::Book { shipment, from, lines, .. } => {
            let lines = lines.iter().map(|line| (line.line.as_str(), &line.quantity));
            format!("to book {shipment} from {from}: {}", list(lines))
        }
        Request::ConfirmShipment { lines, .. } => {
            format!("to confirm the shipment: {}", list(lines.iter().map(|part| (part.line.as_str(), &part.quantity))))
        }
        Request::Bill { lines, .. } => {
            format!("to bill: {}", list(lines.iter().map(|part| (part.line.as_str(), &part.quantity))))
        }
        Request::CancelAllocation { shipment, undoes, .. } => format!("to give back {shipment}: {undoes}"),
        Request::CancelBooking { shipment, undoes, .. } => format!("to take back {shipment}: {undoes}"),
        Request::ConfirmCancellation { reason } => format!("to confirm the cancellation: {reason}"),
        Request::UpdateCustomer { customer, milestone } => format!("to tell {customer} {milestone}"),
        Request::ExpectReturn { .. }
        | Request::Collect { .. }
        | Request::CancelReturn { .. }
        | Request::CancelCollection { .. }
        | Request::Credit { .. }
        | Request::UpdateReturn { .. } => panic!("an order asks nothing of a return"),
    }
}

fn list<'a>(lines: impl Iterator<Item = (&'a str, &'a Quantity)>) -> String {
    lines.map(|(line, quantity)| format!("{quantity} of line {line}")).collect::<Vec<_>>().join(", ")
}
