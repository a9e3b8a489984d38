//! `waybill exception resolve`: one exception, or all that have something in common. Without `--yes` it says what it would enter
//! in which orders, and enters nothing.

mod act;
mod report;

#[cfg(test)]
pub(super) use {act::intended, report::Resolved, report::render};

use std::collections::BTreeMap;

use engine::Operator;
use model::OrderId;
use service::Connection;

use super::filter::{Filter, gather};
use super::remedy::RemedyArgs;
use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::order::enter::words_of_a_person;
use crate::order::order_id;
use crate::output::Output;
pub(super) use report::Report;

/// The most orders that something is entered in by one command.
pub(super) const MOST_ORDERS: usize = 1_000;
/// The most exceptions that are looked at for that.
const MOST_READ: usize = 10_000;

pub(super) const HELP: &str = "\
What is entered is an entry of each order, with who and why; the rules decide what follows from it. What does not apply to an \
exception is told and left out. Some things make no sense for some exceptions: `waybill exception show` says which do. By what \
they have in common, the exceptions of 1,000 orders are resolved at once; do it again for the rest.

Only a carrier has a substitute: goods lie where they lie. A carrier that has or had a shipment does not get it again this way.

Ends with 0 when all is done, and after a dry run; with 1 when some of it could not be done.";

/// Which exceptions, what to do, and who does it.
#[derive(Debug, Clone, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true)
    .args(["order", "all", "kind", "customer", "partner", "older_than", "assigned", "unassigned", "snoozed", "min_value"]))]
pub struct Args {
    /// The order's number as its ERP writes it; quote spaces and `*` for the shell
    #[arg(value_name = "ORDER", conflicts_with_all = ["Filter", "all"], value_parser = order_id)]
    pub(super) order: Option<OrderId>,
    /// The open exception as it is listed, such as `no_stock s1`; all of the order's when absent
    #[arg(value_name = "EXCEPTION")]
    pub(super) exception: Option<String>,
    // Or what they have in common.
    #[command(flatten)]
    pub(super) filter: Filter,
    /// All that are open and not put off
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) remedy: RemedyArgs,
    #[command(flatten)]
    pub(super) by: ByArgs,
}

/// Who does it, why, and whether to do it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ByArgs {
    /// Do it; without this it says what it would enter, and enters nothing
    #[arg(long, requires = "why", requires = "who")]
    pub(super) yes: bool,
    /// Why; it stays in the order's trail
    #[arg(long, value_name = "TEXT", value_parser = words_of_a_person)]
    pub(super) why: Option<String>,
    /// Who enters it
    #[arg(long = "as", env = "USER", id = "who", value_name = "NAME", value_parser = words_of_a_person)]
    pub(super) who: Option<String>,
}

impl ByArgs {
    fn operator(&self) -> Result<Operator, Failure> {
        let (Some(who), Some(why)) = (self.who.clone(), self.why.clone()) else {
            return Err(Failure::Usage("`--yes` needs who does it (`--as`) and why (`--why`)".to_owned()));
        };
        Ok(Operator { who, why })
    }
}

/// An order, and which of its exceptions by name; all that are open when none is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub order: OrderId,
    pub exceptions: Vec<String>,
}

pub(super) async fn run(args: &Args, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let (report, stopped) = resolve(args, connection).await?;
    output.show(&report, report::render)?;
    match stopped {
        Some(failure) => Err(failure),
        None if report.done && report.cannot().next().is_some() => Ok(Verdict::Wrong),
        None => Ok(Verdict::Fine),
    }
}

/// What was done, or would be; and what kept it from going on to the end.
pub(super) async fn resolve(args: &Args, connection: &Connection) -> Result<(Report, Option<Failure>), Failure> {
    let remedy = args.remedy.chosen()?;
    let operator = if args.by.yes { Some(args.by.operator()?) } else { None };
    let (targets, more) = targets(args, connection).await?;
    let acted = act::act(&targets, &remedy, args.by.why.as_deref(), operator.as_ref(), connection).await;
    let report = Report { done: operator.is_some(), orders: acted.orders, more };
    if let (Some(_), None) = (&args.order, &acted.stopped) {
        report.of_one()?;
    }
    Ok((report, acted.stopped))
}

/// The exceptions that were chosen, order by order, and whether there are more.
async fn targets(args: &Args, connection: &Connection) -> Result<(Vec<Target>, bool), Failure> {
    if let Some(order) = &args.order {
        let exceptions = args.exception.clone().into_iter().collect();
        return Ok((vec![Target { order: order.clone(), exceptions }], false));
    }
    let found = gather(connection, &args.filter, now(), MOST_READ).await?;
    let mut orders: BTreeMap<OrderId, Vec<String>> = BTreeMap::new();
    for listed in found.exceptions {
        // What has no name that an order may have, no service writes.
        let Ok(order) = OrderId::new(&listed.order) else { continue };
        orders.entry(order).or_default().push(listed.open.kind.to_string());
    }
    let more = found.more || orders.len() > MOST_ORDERS;
    let targets = orders.into_iter().take(MOST_ORDERS).map(|(order, exceptions)| Target { order, exceptions });
    Ok((targets.collect(), more))
}
