//! `waybill partner check`

use std::path::{Path, PathBuf};

use adapter::Reading;
use model::master::MasterRecord;
use model::{Fact, Listed, ListedOrder, ListedShipment, Movement, MovementKind, Snapshot, System, Timestamp};
use partners::format::MAX_MESSAGE;
use partners::{OrderRef, Profile};
use serde::Serialize;
use service::quarantine::Reason;

use super::known::Text;
use super::sample::{bytes, message};
use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::text::{bad, count, harmless, heading, line};
use crate::words::{self, Subject};

/// The most rows of one list that are shown; `--json` has all of them.
const ROWS_SHOWN: usize = 20;

/// Which profile, and what to read through it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile: a TOML file, or the name of one that comes with Waybill
    #[arg(value_name = "FILE|TEMPLATE")]
    profile: String,
    /// Messages as the partner sends them
    #[arg(value_name = "SAMPLE")]
    samples: Vec<PathBuf>,
    /// The message that the samples are, as the last token of its subject; else the one whose name a sample's file name begins
    /// with, or the only one there is
    #[arg(long, value_name = "MESSAGE")]
    message: Option<String>,
}

/// A profile, and what samples become through it.
#[derive(Debug, Serialize)]
struct Checked {
    profile: String,
    partner: String,
    system: System,
    version: u32,
    /// The messages that it reads, and the requests that it writes.
    reads: Vec<String>,
    writes: Vec<String>,
    samples: Vec<Sample>,
}

/// What one sample becomes.
#[derive(Debug, Serialize)]
struct Sample {
    file: PathBuf,
    message: String,
    orders: Vec<About>,
    stock: Vec<Movement>,
    master: Vec<MasterRecord>,
    /// What the partner's books hold, as it lists it.
    lists: Vec<Snapshot>,
    /// What of it cannot be used, and why.
    wrong: Vec<Reason>,
    /// What is wrong too, and breaks nothing: the profile forgives it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forgiven: Vec<String>,
}

/// What a sample says of one order, or of another workflow's instance.
#[derive(Debug, Serialize)]
struct About {
    workflow: String,
    /// Its number; absent where the sample names it by a reference that the cross-references translate.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    facts: Vec<Fact>,
    /// References that mean it from then on.
    references: Vec<String>,
}

pub(super) fn run(args: &Args, output: Output) -> Result<Verdict, Failure> {
    let checked = check(args, now())?;
    let is_wrong = checked.samples.iter().any(|sample| !sample.wrong.is_empty());
    output.show(&checked, render)?;
    Ok(if is_wrong { Verdict::Wrong } else { Verdict::Fine })
}

fn check(args: &Args, received: Timestamp) -> Result<Checked, Failure> {
    let profile = Text::find(&args.profile)?.compile(None)?;
    let samples = args.samples.iter().map(|file| sample(&profile, args.message.as_deref(), file, received));
    let samples = samples.collect::<Result<_, _>>()?;
    let sorted = |names: &mut dyn Iterator<Item = &str>| {
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        names
    };
    Ok(Checked {
        profile: args.profile.clone(),
        partner: profile.partner.to_string(),
        system: profile.system,
        version: profile.version,
        reads: sorted(&mut profile.messages()),
        writes: sorted(&mut profile.requests()),
        samples,
    })
}

fn sample(profile: &Profile, named: Option<&str>, file: &Path, received: Timestamp) -> Result<Sample, Failure> {
    let message = message(profile, named, file)?;
    let raw = bytes(file, MAX_MESSAGE)?;
    let Reading { orders, stock, master, snapshots, wrong, .. } =
        adapter::read(profile.system, profile, &message, &raw, received);
    let forgiven = profile.plain(&message, &raw).map_or_else(|_| Vec::new(), |plain| plain.forgiven);
    let about = |part: adapter::Part| {
        let (order, reference) = match part.order {
            OrderRef::Order(order) => (Some(order.to_string()), None),
            OrderRef::Reference(reference) => (None, Some(reference)),
        };
        let facts = part.facts.into_iter().map(|told| told.fact).collect();
        let references = part.xrefs.into_iter().map(|xref| xref.reference).collect();
        About { workflow: part.workflow.into(), order, reference, facts, references }
    };
    Ok(Sample {
        file: file.to_path_buf(),
        message,
        orders: orders.into_iter().map(about).collect(),
        stock: stock.into_iter().map(|(_, movement)| movement).collect(),
        master,
        lists: snapshots,
        wrong,
        forgiven: forgiven.iter().map(ToString::to_string).collect(),
    })
}

fn render(checked: &Checked) -> String {
    let Checked { partner, system, version, reads, writes, .. } = checked;
    let mut text = String::new();
    let names = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    line(&mut text, format!("{}: {system} {}, version {version}", harmless(&checked.profile), harmless(partner)));
    line(&mut text, format!("  reads {}; writes {}", names(reads), names(writes)));
    for sample in &checked.samples {
        line(&mut text, "");
        line(&mut text, heading(&format!("{} as {}", sample.file.display(), sample.message)));
        show(sample, &mut text);
    }
    text
}

fn show(sample: &Sample, text: &mut String) {
    for about in &sample.orders {
        let named = match (&about.order, &about.reference) {
            (Some(order), _) => order.clone(),
            (None, reference) => format!("known by {}", reference.as_deref().unwrap_or_default()),
        };
        line(text, format!("  {} {}", about.workflow, harmless(&named)));
        let subject = if about.workflow == partners::ORDER { Subject::Order } else { Subject::Return };
        about.facts.iter().for_each(|fact| line(text, format!("    {}", harmless(&words::fact(subject, fact)))));
        about.references.iter().for_each(|own| line(text, format!("    {} means it from then on", harmless(own))));
    }
    for Movement { location, sku, kind, quantity, .. } in &sample.stock {
        line(text, format!("  stock of {sku} at {location}: {} {quantity}", moved(*kind)));
    }
    for record in &sample.master {
        line(text, format!("  master data: {}", harmless(&described(record))));
    }
    sample.lists.iter().for_each(|list| show_list(list, text));
    for reason in &sample.wrong {
        line(text, format!("  {} {}", bad("wrong"), harmless(&reason.text)));
    }
    sample.forgiven.iter().for_each(|told| line(text, format!("  forgiven {}", harmless(told))));
    let facts: u64 = sample.orders.iter().map(|about| about.facts.len() as u64).sum();
    let (orders, wrong) = (sample.orders.len() as u64, sample.wrong.len() as u64);
    line(text, format!("  {}, {}, {wrong} wrong", count(orders, "order"), count(facts, "fact")));
}

fn show_list(list: &Snapshot, text: &mut String) {
    let Snapshot { taken, complete, listed, .. } = list;
    let (rows, whole) = (listed.rows() as u64, if *complete { "complete" } else { "not complete" });
    line(text, format!("  list of {}, {}, as of {taken}, {whole}", listed.kind(), count(rows, "row")));
    let rows: Vec<String> = match listed {
        Listed::Orders(rows) => rows.iter().take(ROWS_SHOWN).map(listed_order).collect(),
        Listed::Stock(rows) => rows
            .iter()
            .take(ROWS_SHOWN)
            .map(|row| format!("{} of {} at {}", row.on_hand, row.sku, row.location))
            .collect(),
        Listed::Shipments(rows) => rows.iter().take(ROWS_SHOWN).map(listed_shipment).collect(),
    };
    rows.iter().for_each(|row| line(text, format!("    {}", harmless(row))));
    let more = listed.rows().saturating_sub(rows.len());
    if more > 0 {
        line(text, format!("    and {more} more"));
    }
}

fn listed_order(row: &ListedOrder) -> String {
    let lines: Vec<String> = row.lines.iter().map(|part| format!("line {} {}", part.line, part.quantity)).collect();
    if lines.is_empty() { format!("order {}", row.order) } else { format!("order {}: {}", row.order, lines.join(", ")) }
}

fn listed_shipment(row: &ListedShipment) -> String {
    let stage = row.milestone.map(|milestone| format!(": {milestone}")).unwrap_or_default();
    let of = row.order.as_ref().map(|order| format!(" of order {order}")).unwrap_or_default();
    format!("shipment {}{of}{stage}", row.reference)
}

const fn moved(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Received => "received",
        MovementKind::Adjusted => "adjusted by",
        MovementKind::Announced => "announced",
        MovementKind::Counted => "counted",
    }
}

fn described(record: &MasterRecord) -> String {
    match record {
        MasterRecord::Item(sku, item) => format!("item {sku}: {}", item.description),
        MasterRecord::Customer(customer, known) => format!("customer {customer}: {}", known.name),
        MasterRecord::Location(location, known) => {
            format!("location {location}: {} in {}, run by {}", known.name, known.country, known.wms)
        }
        MasterRecord::Route(from, to, route) => {
            let restricted = route.restricted.as_deref().map_or("open".to_owned(), |why| format!("restricted, {why}"));
            format!("route from {from} to {to}: {restricted}")
        }
    }
}

#[cfg(test)]
mod tests;
