//! `waybill order trail`: everything that was appended to an order, straight from its stream, and from the archive.

mod read;

use engine::{Folded, Key, WorkflowRecord};
use fulfilment::{Composite, Fulfilment};
use model::{OrderId, Timestamp};
use serde::Serialize;
use service::Connection;
use service::settings::NatsSettings;

pub use self::read::FromArchive;
pub(crate) use self::read::{CUT, Whole, whole};
use super::lineage::{self, Graph};
use super::step::{Cause, Changed, Step, steps};
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::personal;
use crate::reach;
use crate::table::Table;
use crate::text::{NOTHING, bad, count, heading, line, or_dash, span};

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
    /// Which entries came from the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<FromArchive>,
    /// The first entries are gone, and no archive has them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
    /// Its entries, oldest first.
    pub entries: Vec<Step>,
}

/// Which order, and in which form.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The order's number as its ERP writes it; quote spaces and `*` for the shell
    #[arg(value_name = "ORDER", value_parser = super::order_id)]
    pub order: OrderId,
    /// Cause and effect over all lanes, with the time each hop took
    #[arg(long)]
    graph: bool,
    /// The same for Graphviz: `waybill order trail ORDER --dot | dot -Tsvg`
    #[arg(long)]
    dot: bool,
}

/// Cause and effect, and where the entries are from.
#[derive(Debug, Serialize)]
struct Graphed<'a> {
    #[serde(flatten)]
    graph: Graph,
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<&'a FromArchive>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_cut: bool,
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    if args.dot && output.is_json() {
        return Err(Failure::Usage(
            "--dot is a form of its own; --graph --json gives nodes and edges as JSON".to_owned(),
        ));
    }
    let connection = reach::connect(nats).await?;
    let trail = read(&connection, &args.order).await?;
    let graph = || lineage::graph(&trail.order, &trail.entries);
    if args.dot {
        Output::bytes(lineage::dot(&graph()).as_bytes())?;
    } else if args.graph {
        let graphed = Graphed { graph: graph(), archive: trail.archive.as_ref(), is_cut: trail.is_cut };
        output.show(&graphed, |graphed| head(&trail) + "\n" + &lineage::render(&graphed.graph))?;
    } else {
        output.show(&trail, render)?;
    }
    Ok(Verdict::Fine)
}

/// Reads an order's entries and folds them one by one.
///
/// # Errors
/// [`Failure::NotFound`] when the order has none, [`Failure::Unreachable`] when the broker does not answer,
/// [`Failure::Broken`] when its archive cannot be trusted.
pub async fn read(connection: &Connection, order: &OrderId) -> Result<Trail, Failure> {
    let Whole { mut entries, archive, is_cut } = whole(connection, order).await?;
    personal::reveal(connection, personal::places(&mut entries)).await;
    let (entries, composite) = steps(&entries, &mut Folded::new(&Key::of(order.as_str())));
    Ok(Trail { order: order.clone(), composite, archive, is_cut, entries })
}

/// An order's entries, at least one, wherever they are kept.
pub(crate) async fn entries(
    connection: &Connection,
    order: &OrderId,
) -> Result<Vec<WorkflowRecord<Fulfilment>>, Failure> {
    Ok(whole(connection, order).await?.entries)
}

/// The trail as a text.
#[must_use]
pub fn render(trail: &Trail) -> String {
    head(trail) + "\n" + &table(&trail.entries).to_string()
}

/// Which order it is, how it stands, and where its entries are from.
fn head(trail: &Trail) -> String {
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
    line(&mut text, format!("{stage}, {milestone}, {open}; {entries} in {took}"));
    text + &kept(trail.archive.as_ref(), trail.is_cut)
}

/// Where the first entries are from, where that is not the stream: a line, or nothing.
pub(super) fn kept(archive: Option<&FromArchive>, is_cut: bool) -> String {
    let mut text = String::new();
    if let Some(archive) = archive {
        line(&mut text, archive.words());
    }
    if is_cut {
        line(&mut text, bad(CUT));
    }
    text
}

/// Entries as a table.
pub(super) fn table(entries: &[Step]) -> Table {
    let mut table = Table::new(&[">SEQUENCE", "LANE", "RECORDED", ">AFTER", ">LATENCY", "WHAT"]);
    for step in entries {
        let cells = [
            step.sequence.to_string(),
            step.lane.to_owned(),
            step.recorded.to_string(),
            or_dash(step.since_previous_ms.map(span)),
            or_dash(step.latency_ms.map(span)),
        ];
        table.tall_row(cells, &what(step));
    }
    table
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
