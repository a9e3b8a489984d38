//! `waybill reconcile`: systems of record held against each other, up to a cut-off.

mod heal;
mod projection;
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fulfilment::Stage;
use jiff::Timestamp;
use model::{CustomerId, OrderId, PartnerId};
use reconcile::{Discrepancy, Kind, Policy};
use serde::Serialize;
use service::settings::NatsSettings;
use visibility::reconciling::{
    CutOff, Filter, History, MOST_BYTES, Plan, ReconcileError, Reconciled, is_of_all, reconcile,
};

use crate::bar::bar;
use crate::clock::now;
use crate::discrepancy;
use crate::discrepancy::kinds;
use crate::exit::{Failure, Verdict};
use crate::order::enter::{partner_id, words_of_a_person};
use crate::order::{customer_id, order_id, stages};
use crate::output::Output;
use crate::policy_file::PolicyFile;
use crate::quarantine::filter::since;
use crate::reach::{self, broker};

const HELP: &str = "\
It reads the streams themselves, up to the cut-off, in bounded memory: quantities along ordered, allocated, picked, packed, shipped, \
delivered and invoiced; what is delivered and not billed, and billed and not shipped; claims that stand; milestones that are missing or \
late; freight bills against bookings; counts and lists of stock against what moved; what partners list as open against what is known.
Stock, and what is listed of nothing known, is looked at only when all orders are.

Ends with 0 when everything agrees, with 1 when something does not.";

/// Which orders, up to where, and what to do about it.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    /// Only these orders
    #[arg(value_name = "ORDER", value_parser = order_id)]
    orders: Vec<OrderId>,
    /// Only orders with an entry since: a time such as 2026-03-01T14:00Z, or as long ago as `2h`
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// Only orders that this partner has to do with
    #[arg(long, value_name = "PARTNER", value_parser = partner_id)]
    partner: Option<PartnerId>,
    /// Only orders of this customer
    #[arg(long, value_name = "CUSTOMER", value_parser = customer_id)]
    customer: Option<CustomerId>,
    /// Only orders in this stage
    #[arg(long, value_parser = stages())]
    stage: Option<Stage>,
    /// Only discrepancies of this kind; may be repeated
    #[arg(long = "kind", value_name = "KIND", value_parser = kinds())]
    kinds: Vec<Kind>,
    /// The cut-off: what was recorded by this time, or an entry of ORDERS by its number; the end of the streams when absent
    #[arg(long, value_name = "TIME|SEQUENCE", value_parser = cut_off)]
    until: Option<CutOff>,
    /// How long and how far systems may disagree: a TOML file
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Those too that a person takes as they are
    #[arg(long)]
    accepted: bool,
    /// Record what is found, and what is gone, for `waybill discrepancy`, as the visibility service does by the clock
    #[arg(long, conflicts_with_all = ["orders", "since", "partner", "customer", "stage", "kinds", "until", "projection"])]
    record: bool,
    /// Also hold every projection against the orders' entries, as they stand now; not with --until or other filters
    #[arg(long, conflicts_with_all = ["until", "since", "partner", "customer", "stage"])]
    projection: bool,
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Say what would be asked again or entered to heal it; with --yes do it
    #[arg(long)]
    heal: bool,
    /// Do what --heal says
    #[arg(long, requires_all = ["heal", "why", "who"])]
    yes: bool,
    /// Why; it stays in the orders' trails
    #[arg(long, value_name = "TEXT", value_parser = words_of_a_person)]
    why: Option<String>,
    /// Who does it
    #[arg(long = "as", env = "USER", id = "who", value_name = "NAME", value_parser = words_of_a_person)]
    who: Option<String>,
}

/// What is shown.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    reconciled: Reconciled,
    /// How many were left out because a person takes them as they are.
    accepted: usize,
    /// What was healed, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    heal: Option<heal::Healed>,
}

fn cut_off(text: &str) -> Result<CutOff, String> {
    if let Ok(sequence) = text.parse() {
        return Ok(CutOff::Sequence(sequence));
    }
    let at = since(text).map_err(|error| format!("{error}, or the number of an entry"))?;
    Ok(CutOff::Time(moment(at)))
}

fn moment(at: Timestamp) -> model::Timestamp {
    model::Timestamp::from_millis(at.as_millisecond())
}

/// Runs the command.
pub(crate) async fn run(args: Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    if !args.orders.is_empty() && args.kinds.iter().any(|kind| is_of_all(*kind)) {
        let words = "stock, and what is in no order, is looked at only when all orders are; leave the orders out";
        return Err(Failure::Usage(words.to_owned()));
    }
    let (policy, filter, cut_off) = (policy(args.policy.as_deref())?, filter(&args), until(&args));
    let plan = Plan { policy, filter, cut_off, most_bytes: MOST_BYTES };
    let connection = reach::connect(nats).await?;
    reach::stream(&connection.js, service::streams::ORDERS).await?;
    let bar = bar(0);
    let mut reconciled = reconcile(&connection.js, &plan, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })
    .await
    .map_err(failed)?;
    bar.finish_and_clear();
    if args.projection {
        projection::add(&connection, &args.orders, &mut reconciled).await?;
    }
    reconciled.discrepancies.retain(|found| args.kinds.is_empty() || args.kinds.contains(&found.kind));
    let mut history = History::read(&connection.js).await.map_err(discrepancy::failed)?;
    if args.record {
        // Those beyond the most that are named may be among those that stand.
        let is_all = reconciled.beyond == 0;
        let changes = history.standing().changes(&reconciled.discrepancies, |_| is_all);
        history.record(changes, now()).await.map_err(discrepancy::failed)?;
    }
    let found = reconciled.discrepancies.len();
    if !args.accepted {
        reconciled.discrepancies.retain(|found| !history.standing().is_accepted(found));
    }
    let accepted = found - reconciled.discrepancies.len();
    let verdict = verdict(&reconciled);
    if args.csv {
        Output::bytes(&table::csv(&reconciled)?)?;
        return Ok(verdict);
    }
    let heal = match (args.heal, args.yes, args.who, args.why) {
        (false, ..) => None,
        (true, true, Some(who), Some(why)) => {
            let operator = engine::Operator { who, why };
            Some(heal::heal(&connection, &reconciled.discrepancies, &operator, &mut history).await?)
        }
        (true, ..) => Some(heal::plan(&reconciled.discrepancies)),
    };
    output.show(&Shown { reconciled, accepted, heal }, table::render)?;
    Ok(verdict)
}

fn filter(args: &Args) -> Filter {
    Filter {
        orders: args.orders.iter().cloned().collect::<BTreeSet<_>>(),
        since: args.since.map(moment),
        partner: args.partner.clone(),
        customer: args.customer.clone(),
        stage: args.stage,
    }
}

fn until(args: &Args) -> CutOff {
    args.until.unwrap_or_else(|| CutOff::End(now()))
}

fn policy(file: Option<&Path>) -> Result<Policy, Failure> {
    let read = file.map(|file| PolicyFile::read(file, Policy::load)).transpose()?;
    Ok(read.map(|read| read.policy).unwrap_or_default())
}

fn failed(error: ReconcileError) -> Failure {
    match error {
        ReconcileError::CutOff { .. } => Failure::Usage(error.to_string()),
        ReconcileError::Broker { stream, source } => broker(&format!("read stream {stream}"), source),
        ReconcileError::Tail(_) | ReconcileError::Read(_) | ReconcileError::Snapshots(_) => {
            anyhow::Error::new(error).into()
        }
    }
}

fn verdict(reconciled: &Reconciled) -> Verdict {
    let Reconciled { discrepancies, beyond, gaps, unreadable, .. } = reconciled;
    let is_sound = discrepancies.is_empty() && *beyond == 0 && gaps.is_empty() && unreadable.is_empty();
    if is_sound { Verdict::Fine } else { Verdict::Wrong }
}

/// How old a discrepancy is, in milliseconds.
fn age(found: &Discrepancy, as_of: model::Timestamp) -> i64 {
    as_of.as_millis().saturating_sub(found.since.as_millis())
}

#[cfg(test)]
mod tests;
