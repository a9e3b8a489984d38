//! `waybill return show|list|trail`: straight from the stream; there is no projection of returns.

use engine::{Content, WorkflowRecord};
use model::{Exception, OrderId, RmaId};
use returns::{LAYOUT, Returns, State, Status};
use rust_decimal::Decimal;
use serde::Serialize;
use service::Connection;

use super::read;
use crate::exit::{Failure, Verdict};
use crate::order::order_id;
use crate::output::Output;
use crate::personal;
use crate::table::Table;
use crate::text::{heading, line};
use crate::words::{self, Subject};

/// The most returns that are listed.
const MOST_LISTED: u64 = 100_000;

/// Which returns.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only those of this order
    #[arg(long, value_name = "ORDER", value_parser = order_id)]
    pub(super) order: Option<OrderId>,
    /// Only those with an open exception
    #[arg(long)]
    pub(super) exceptions: bool,
    /// How many are looked at, by number
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=MOST_LISTED))]
    pub(super) limit: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Page {
    returns: Vec<Status>,
    /// Those that are told of, and nobody authorised: of which order they are nobody knows.
    unauthorised: Vec<Unauthorised>,
    /// There are more than were looked at.
    more: bool,
}

#[derive(Debug, Serialize)]
struct Unauthorised {
    rma: RmaId,
    exceptions: Vec<Exception>,
}

pub(super) async fn show(rma: &RmaId, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let state = read::state(connection, rma).await?;
    let status = returns::status(&state)
        .ok_or_else(|| Failure::NotFound(format!("return {rma} is not authorised; see `waybill return trail`")))?;
    output.show(&status, in_full)?;
    Ok(Verdict::Fine)
}

pub(super) async fn list(args: &ListArgs, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    output.show(&listed(args, connection).await?, page)?;
    Ok(Verdict::Fine)
}

pub(super) async fn listed(args: &ListArgs, connection: &Connection) -> Result<Page, Failure> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let (keys, more) = read::keys(connection, LAYOUT.lanes, limit).await?;
    let states = read::states(connection, keys).await?;
    let wanted = |order: Option<&OrderId>, exceptions: &[Exception]| {
        args.order.as_ref().is_none_or(|wanted| order == Some(wanted)) && !(args.exceptions && exceptions.is_empty())
    };
    let returns = states.iter().filter_map(returns::status);
    let returns = returns.filter(|status| wanted(Some(&status.order), &status.exceptions)).collect();
    let unauthorised = states.iter().filter_map(unauthorised);
    let unauthorised = unauthorised.filter(|told| wanted(None, &told.exceptions)).collect();
    Ok(Page { returns, unauthorised, more })
}

fn unauthorised(state: &State) -> Option<Unauthorised> {
    let rma = state.id().filter(|_| state.authorised().is_none())?.clone();
    Some(Unauthorised { rma, exceptions: state.exceptions().cloned().collect() })
}

pub(super) async fn trail(rma: &RmaId, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let mut entries = read::entries(connection, rma).await?;
    personal::reveal(connection, personal::places(&mut entries)).await;
    output.show(&entries, |entries| told(rma, entries))?;
    Ok(Verdict::Fine)
}

fn in_full(status: &Status) -> String {
    let mut text = String::new();
    line(&mut text, heading(&format!("Return {}", status.rma)));
    let summary = [
        ("stage", status.stage.as_str().to_owned()),
        ("order", status.order.to_string()),
        ("customer", status.customer.to_string()),
    ];
    line(&mut text, Table::of_pairs(&summary));
    let mut exceptions = Table::new(&["EXCEPTION", "WHAT IS WRONG"]);
    for exception in &status.exceptions {
        exceptions.row([exception.kind.to_string(), exception.detail.clone()]);
    }
    if !exceptions.is_empty() {
        line(&mut text, exceptions);
    }
    let headings =
        ["LINE", "SKU", "UNIT", "REASON", ">AUTHORISED", ">RECEIVED", ">SOUND", ">DAMAGED", ">REFUSED", ">CREDITED"];
    let mut lines = Table::new(&headings);
    for own in &status.lines {
        let amount = |amount: Decimal| amount.normalize().to_string();
        lines.row([
            own.line.to_string(),
            own.sku.to_string(),
            own.unit.to_string(),
            own.reason.to_string(),
            amount(own.authorised),
            amount(own.received),
            amount(own.sound),
            amount(own.damaged),
            amount(own.refused),
            amount(own.credited),
        ]);
    }
    line(&mut text, lines);
    text
}

fn page(page: &Page) -> String {
    let mut text = String::new();
    if page.returns.is_empty() && page.unauthorised.is_empty() {
        line(&mut text, "no returns");
    } else {
        let mut table = Table::new(&["RETURN", "STAGE", "ORDER", "CUSTOMER", ">EXCEPTIONS"]);
        for status in &page.returns {
            let (rma, order, customer) = (&status.rma, &status.order, &status.customer);
            let stage = status.stage.as_str().to_owned();
            let exceptions = status.exceptions.len().to_string();
            table.row([rma.to_string(), stage, order.to_string(), customer.to_string(), exceptions]);
        }
        for told in &page.unauthorised {
            let (stage, none, exceptions) = ("not authorised".to_owned(), || "-".to_owned(), told.exceptions.len());
            table.row([told.rma.to_string(), stage, none(), none(), exceptions.to_string()]);
        }
        line(&mut text, table.to_string().trim_end());
    }
    if page.more {
        line(&mut text, "there are more; see them with a larger --limit");
    }
    text
}

fn told(rma: &RmaId, entries: &[WorkflowRecord<Returns>]) -> String {
    let mut text = String::new();
    line(&mut text, heading(&format!("Return {rma}")));
    let mut table = Table::new(&[">SEQUENCE", "LANE", "RECORDED", "WHAT"]);
    for entry in entries {
        let cells = [entry.sequence.to_string(), entry.lane.to_owned(), entry.recorded.to_string()];
        table.tall_row(cells, &says(entry));
    }
    text + &table.to_string()
}

fn says(entry: &WorkflowRecord<Returns>) -> Vec<String> {
    let indented = |words: String| format!("  {words}");
    match &entry.entry.content {
        Content::Facts { source, facts } => {
            let person = source.operator.as_ref().map(|operator| format!("{}: {}", operator.who, operator.why));
            let partner = [source.partner.as_deref(), source.message.as_deref()];
            let by =
                || format!("{} by {}", partner.into_iter().flatten().collect::<Vec<_>>().join(" "), source.service);
            let first = person.unwrap_or_else(by).trim_start().to_owned();
            std::iter::once(first)
                .chain(facts.iter().map(|told| indented(words::fact(Subject::Return, &told.fact))))
                .collect()
        }
        Content::Decisions { seen, decisions, .. } => {
            let first = format!("decided, having seen {seen}");
            std::iter::once(first)
                .chain(decisions.iter().map(|decision| indented(words::decision(Subject::Return, decision))))
                .collect()
        }
        Content::Due { name, at } => vec![format!("{name} was due at {at}")],
    }
}
