//! `waybill exception list`

use std::cmp::Reverse;

use model::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use service::Connection;
use visibility::queries::Listed;

use super::filter::{Filter, gather};
use crate::clock;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::table::Table;
use crate::text::{line, or_dash, span};

/// The most exceptions that are read to put them in order.
const MOST_READ: usize = 100_000;

pub(super) const HELP: &str = "\
AT STAKE is, at the prices of the order: what has not arrived of the shipment; for an ask that was refused or not answered, \
what it asks for; for freight, the difference to what was booked; and what is not billed yet, where all of the order is held \
up. What is put off is not listed until its time. Ends with 0, whether there are some or none.";

/// Which exceptions, and in which order.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    filter: Filter,
    /// What comes first: the oldest, those with most at stake, or those whose order has the next deadline
    #[arg(long, value_enum, default_value_t = Sort::Age)]
    sort: Sort,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=MOST_READ as u64))]
    limit: u64,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Sort {
    Age,
    Value,
    Deadline,
}

/// The work list.
#[derive(Debug, Serialize)]
pub(super) struct WorkList {
    pub exceptions: Vec<Listed>,
    /// There are more than are listed.
    pub more: bool,
    #[serde(skip)]
    pub now: Timestamp,
}

pub(super) async fn run(args: &Args, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let now = clock::now();
    let found = gather(connection, &args.filter, now, MOST_READ).await?;
    let mut exceptions = found.exceptions;
    sort(&mut exceptions, args.sort);
    let limit = usize::try_from(args.limit).unwrap_or(MOST_READ);
    let more = found.more || exceptions.len() > limit;
    exceptions.truncate(limit);
    output.show(&WorkList { exceptions, more, now }, render)?;
    Ok(Verdict::Fine)
}

/// Amounts of several currencies cannot be compared: one stands after the other.
pub(super) fn sort(exceptions: &mut [Listed], by: Sort) {
    let age = |listed: &Listed| listed.open.since;
    match by {
        Sort::Age => exceptions.sort_by_key(age),
        Sort::Value => exceptions.sort_by_key(|listed| {
            let stake = listed.open.at_stake.as_ref();
            let amount = stake.map_or(Decimal::ZERO, |stake| stake.amount);
            (stake.is_none(), stake.map(|stake| stake.currency), Reverse(amount), age(listed))
        }),
        Sort::Deadline => exceptions.sort_by_key(|listed| {
            let at = listed.deadline.as_ref().map(|deadline| deadline.at);
            (at.is_none(), at, age(listed))
        }),
    }
}

/// The work list as a text.
pub(super) fn render(list: &WorkList) -> String {
    let mut text = String::new();
    if list.exceptions.is_empty() {
        line(&mut text, "no exceptions");
        return text;
    }
    let headings = [
        "ORDER",
        "EXCEPTION",
        ">OPEN FOR",
        "CUSTOMER",
        ">AT STAKE",
        "NEXT DEADLINE",
        "ASSIGNED TO",
        "PUT OFF UNTIL",
        "WHAT IS WRONG",
    ];
    let mut table = Table::new(&headings);
    for listed in &list.exceptions {
        let open = &listed.open;
        table.row([
            listed.order.clone(),
            open.kind.to_string(),
            span(list.now.as_millis().saturating_sub(open.since.as_millis())),
            or_dash(listed.customer.as_ref()),
            or_dash(open.at_stake.as_ref()),
            or_dash(listed.deadline.as_ref().map(|deadline| format!("{} {}", deadline.name, deadline.at))),
            or_dash(open.assigned.as_ref()),
            or_dash(open.snoozed.filter(|until| *until > list.now)),
            open.detail.clone(),
        ]);
    }
    line(&mut text, table.to_string().trim_end());
    if list.more {
        line(&mut text, "there are more; see them with a larger --limit");
    }
    text
}
