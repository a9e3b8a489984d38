//! `waybill order trail`: everything that was appended to an order, straight from its stream.

use engine::{Folded, Journal, Key, ReadError, ReadErrorKind, WorkflowRecord};
use fulfilment::{Composite, Fulfilment, LAYOUT};
use model::{OrderId, Timestamp};
use serde::Serialize;
use service::Connection;
use service::settings::NatsSettings;

use super::step::{Cause, Changed, Step, steps};
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::table::Table;
use crate::text::{NOTHING, count, heading, line, or_dash, span};
use crate::{personal, reach};

/// What the columns mean.
pub(super) const HELP: &str = "\
AFTER is the time since the entry before. LATENCY is the time from an entry's cause to its place in the stream: since
the message came in, since the newest entry a decision had seen, or since the deadline.";

/// The trail of one order.
#[derive(Debug, Serialize)]
pub struct Trail {
    /// The order.
    pub order: OrderId,
    /// Its status after the last entry.
    pub composite: Composite,
    /// Its entries, oldest first.
    pub entries: Vec<Step>,
}

pub(super) async fn run(order: &OrderId, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let trail = read(&connection, order).await?;
    output.show(&trail, render)?;
    Ok(Verdict::Fine)
}

/// Reads an order's entries and folds them one by one.
///
/// # Errors
/// [`Failure::NotFound`] when the order has none, [`Failure::Unreachable`] when the broker does not answer.
pub async fn read(connection: &Connection, order: &OrderId) -> Result<Trail, Failure> {
    let mut entries = entries(connection, order).await?;
    personal::reveal(connection, personal::places(&mut entries)).await;
    let (entries, composite) = steps(&entries, &mut Folded::new(&Key::of(order.as_str())));
    Ok(Trail { order: order.clone(), composite, entries })
}

/// An order's entries, at least one.
pub(crate) async fn entries(
    connection: &Connection,
    order: &OrderId,
) -> Result<Vec<WorkflowRecord<Fulfilment>>, Failure> {
    let key = Key::of(order.as_str());
    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    let entries = match journal.read(&key).await {
        Ok(entries) => entries,
        Err(error) => return Err(unreadable(connection, error).await),
    };
    if entries.is_empty() {
        let message = format!(
            "no entries of order {:?} in stream {}; is this its number, as its ERP writes it? (`waybill order list`)",
            order.as_str(),
            LAYOUT.stream
        );
        return Err(Failure::NotFound(message));
    }
    Ok(entries)
}

/// What it means that the entries cannot be read; most often the stream is not there.
async fn unreadable(connection: &Connection, error: ReadError) -> Failure {
    match error.kind() {
        ReadErrorKind::Unanswered | ReadErrorKind::Answer => match reach::stream(&connection.js, LAYOUT.stream).await {
            Ok(_) => Failure::Unreachable(error.to_string()),
            Err(missing) => missing,
        },
        ReadErrorKind::Subject | ReadErrorKind::Entry => anyhow::Error::new(error).into(),
    }
}

/// The trail as a text.
#[must_use]
pub fn render(trail: &Trail) -> String {
    let mut text = String::new();
    let took = match (trail.entries.first(), trail.entries.last()) {
        (Some(first), Some(last)) => took(first.recorded, last.recorded),
        (None, _) | (_, None) => NOTHING.to_owned(),
    };
    let number = u64::try_from(trail.entries.len()).unwrap_or(u64::MAX);
    let entries = if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") };
    line(&mut text, heading(&format!("Order {}", trail.order)));
    let (stage, milestone) = (trail.composite.stage.as_str(), or_dash(trail.composite.milestone));
    let open = count(u64::try_from(trail.composite.exceptions.len()).unwrap_or(u64::MAX), "open exception");
    line(&mut text, format!("{stage}, {milestone}, {open}; {entries} in {took}\n"));
    let mut table = Table::new(&[">SEQUENCE", "LANE", "RECORDED", ">AFTER", ">LATENCY", "WHAT"]);
    for step in &trail.entries {
        let cells = [
            step.sequence.to_string(),
            step.lane.to_owned(),
            step.recorded.to_string(),
            or_dash(step.since_previous_ms.map(span)),
            or_dash(step.latency_ms.map(span)),
        ];
        table.tall_row(cells, &what(step));
    }
    text + &table.to_string()
}

fn took(from: Timestamp, to: Timestamp) -> String {
    span(to.as_millis().saturating_sub(from.as_millis()))
}

fn what(step: &Step) -> Vec<String> {
    let mut lines = vec![why(&step.cause)];
    lines.extend(step.says.iter().map(|words| format!("  {words}")));
    lines.extend(effects(&step.changed).into_iter().map(|effect| format!("  => {effect}")));
    lines
}

fn why(cause: &Cause) -> String {
    match cause {
        Cause::Message { service, partner, message, profile, profile_name, inbox, .. } => {
            let from = [partner, message].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
            let from = if from.is_empty() { String::new() } else { format!("{from}, ") };
            let inbox = inbox.map(|sequence| format!(", INBOX {sequence}")).unwrap_or_default();
            let named = profile_name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
            let profile = profile.map(|version| format!(", profile{named} version {version}")).unwrap_or_default();
            format!("{from}by {service}{inbox}{profile}")
        }
        Cause::Operator { who, why } => format!("{who}: {why}"),
        Cause::Decision { seen, .. } => format!("decided, having seen {seen}"),
        Cause::Deadline { .. } => "a deadline passed".to_owned(),
    }
}

/// What changed, beyond what the entry itself says.
fn effects(changed: &Changed) -> Vec<String> {
    let mut effects = Vec::new();
    effects.extend(changed.stage.map(|stage| format!("stage {} -> {}", stage.from.as_str(), stage.to.as_str())));
    effects.extend(changed.milestone.map(|milestone| {
        let (from, to) = (or_dash(milestone.from), or_dash(milestone.to));
        format!("milestone {from} -> {to}")
    }));
    effects.extend(changed.settled.iter().map(|settled| format!("ask {} settled: {}", settled.ask, settled.outcome)));
    effects.extend(changed.raised.iter().map(|exception| format!("exception opens: {}", exception.kind)));
    effects.extend(changed.resolved.iter().map(|kind| format!("exception closes: {kind}")));
    effects
}

#[cfg(test)]
mod tests;
