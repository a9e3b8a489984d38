//! `waybill exception show`: the open exceptions of one order, straight from its stream.

use engine::{Content, Folded, Key, Operator, Source, WorkflowRecord};
use fulfilment::decide::{ask_behind, next_deadline};
use fulfilment::exceptions::{self, OpenException};
use fulfilment::{Fulfilment, Policy, State};
use model::{AskId, Deadline, Decision, ExceptionKind, Fact, Milestone, OrderId, PartnerId, Timestamp};
use serde::Serialize;
use service::Connection;

use super::command;
use super::remedy::Remedy;
use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::order::enter::facts::open_exception;
use crate::order::{order_id, trail};
use crate::output::Output;
use crate::table::Table;
use crate::text::{heading, line, or_dash, span};
use crate::words::{self, Subject};

/// The most entries that are shown of what was tried, the latest.
const MOST_TRIED: usize = 50;

/// Which order, and which of its exceptions.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The order's number as its ERP writes it; quote spaces and `*` for the shell
    #[arg(value_name = "ORDER", value_parser = order_id)]
    order: OrderId,
    /// The open exception as it is listed, such as `no_stock s1`; all of the order's when absent
    #[arg(value_name = "EXCEPTION")]
    exception: Option<String>,
}

/// The open exceptions of an order.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    order: OrderId,
    /// The next deadline of the order that passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Deadline>,
    pub exceptions: Vec<One>,
    #[serde(skip)]
    now: Timestamp,
}

/// One of them.
#[derive(Debug, Serialize)]
pub(super) struct One {
    #[serde(flatten)]
    open: OpenException,
    /// What was asked and answered about it, and entered by operators, oldest first.
    pub tried: Vec<Tried>,
    /// The commands that can be tried.
    pub commands: Vec<String>,
}

/// One thing that was tried.
#[derive(Debug, Serialize)]
pub(super) struct Tried {
    sequence: u64,
    recorded: Timestamp,
    /// Who, and why if it is a person.
    who: String,
    pub what: String,
}

pub(super) async fn run(args: &Args, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let entries = trail::entries(connection, &args.order).await?;
    let shown = shown(&args.order, args.exception.as_deref(), &entries, now())?;
    output.show(&shown, render)?;
    Ok(Verdict::Fine)
}

/// What is shown of an order that has these entries.
pub(super) fn shown(
    order: &OrderId,
    exception: Option<&str>,
    entries: &[WorkflowRecord<Fulfilment>],
    now: Timestamp,
) -> Result<Shown, Failure> {
    let folded = Folded::<Fulfilment>::replay(&Key::of(order.as_str()), entries);
    let state = folded.state();
    if let Some(named) = exception {
        open_exception(state, named)?;
    }
    let wanted = |open: &OpenException| exception.is_none_or(|named| open.kind.to_string() == named);
    let one = |open: OpenException| One {
        tried: tried(state, &open.kind, entries),
        commands: commands(order, state, &open.kind, now),
        open,
    };
    let exceptions = exceptions::open(state).into_iter().filter(wanted).map(one).collect();
    let deadline = next_deadline(state, &Policy::default()).map(|(name, at)| Deadline { name, at });
    Ok(Shown { order: order.clone(), deadline, exceptions, now })
}

/// What can be tried, as a shell takes it: all that can be entered now.
fn commands(order: &OrderId, state: &State, kind: &ExceptionKind, now: Timestamp) -> Vec<String> {
    let told = match kind {
        ExceptionKind::GoodsIssueMissing(_) => Some(Milestone::FulfilmentGoodsIssued),
        ExceptionKind::Overdue(wait) if wait.starts_with("ship-") => Some(Milestone::FulfilmentGoodsIssued),
        ExceptionKind::Overdue(wait) if wait.starts_with("deliver-") => Some(Milestone::TransportDelivered),
        ExceptionKind::Late(_) | ExceptionKind::DeliveryFailing(_) => Some(Milestone::TransportDelivered),
        ExceptionKind::Invalid
        | ExceptionKind::NoStock(_)
        | ExceptionKind::BookingRefused(_)
        | ExceptionKind::AskRefused(_)
        | ExceptionKind::Overdue(_)
        | ExceptionKind::QuantityMismatch(_)
        | ExceptionKind::FreightMismatch(_)
        | ExceptionKind::Changed
        | ExceptionKind::Contradicted(_)
        | ExceptionKind::Unmatched
        | ExceptionKind::Flooded
        | ExceptionKind::CancelTooLate(_)
        | ExceptionKind::Undeliverable(_)
        | ExceptionKind::ShippedShort(_)
        | ExceptionKind::Disagreement(_) => None,
    };
    let remedies = [
        Some(Remedy::Retry(None)),
        Some(Remedy::AsIs),
        Some(Remedy::Accepted(None)),
        Some(Remedy::Refused(None)),
        told.map(|milestone| Remedy::Reached(milestone, None)),
        PartnerId::new("PARTNER").ok().map(|partner| Remedy::Substitute(partner, None)),
        Some(Remedy::Cancel),
    ];
    let (order, kind) = (order.as_str(), kind.to_string());
    let may = |remedy: &Remedy| remedy.facts(state, &kind, "", now).is_ok();
    let resolve = |remedy: Remedy| format!("{} {} --yes --why TEXT", command("resolve", order, &kind), remedy.flag());
    let mut commands: Vec<String> = remedies.into_iter().flatten().filter(may).map(resolve).collect();
    commands.push(format!("{} --to WHO --why TEXT", command("assign", order, &kind)));
    commands.push(format!("{} --for 1day --why TEXT", command("snooze", order, &kind)));
    commands
}

/// What was asked and answered about a problem, and entered by operators.
fn tried(state: &State, kind: &ExceptionKind, entries: &[WorkflowRecord<Fulfilment>]) -> Vec<Tried> {
    let behind = ask_behind(state, kind);
    let same = |ask: &&model::Ask| {
        behind.is_some_and(|own| {
            own.request.kind() == ask.request.kind() && own.request.shipment() == ask.request.shipment()
        })
    };
    let asks: Vec<&AskId> = state.asks().filter(same).map(|ask| &ask.id).collect();
    let mut tried: Vec<Tried> = entries.iter().flat_map(|record| tried_in(record, kind, &asks)).collect();
    tried.drain(..tried.len().saturating_sub(MOST_TRIED));
    tried
}

fn tried_in(record: &WorkflowRecord<Fulfilment>, kind: &ExceptionKind, asks: &[&AskId]) -> Vec<Tried> {
    let (who, what): (String, Vec<String>) = match &record.entry.content {
        Content::Facts { source, facts } => {
            let own = facts.iter().map(|told| &told.fact).filter(|fact| concerns(fact, kind, asks));
            (teller(source), own.map(|fact| words::fact(Subject::Order, fact)).collect())
        }
        Content::Decisions { decisions, .. } => {
            let own = decisions.iter().filter(|decision| is_about(decision, kind, asks));
            ("waybill".to_owned(), own.map(|decision| words::decision(Subject::Order, decision)).collect())
        }
        Content::Due { .. } => return Vec::new(),
    };
    let (sequence, recorded) = (record.sequence, record.recorded);
    what.into_iter().map(|what| Tried { sequence, recorded, who: who.clone(), what }).collect()
}

fn teller(source: &Source) -> String {
    match &source.operator {
        Some(Operator { who, why }) => format!("{who} ({why})"),
        None => source.partner.clone().unwrap_or_else(|| source.service.clone()),
    }
}

/// Whether a fact has to do with a problem, or with one of these asks.
fn concerns(fact: &Fact, kind: &ExceptionKind, asks: &[&AskId]) -> bool {
    match fact {
        Fact::Answered(answer) => asks.contains(&&answer.ask),
        Fact::RetryRequested(retry) => asks.contains(&&retry.ask),
        Fact::Substituted(wanted) => asks.contains(&&wanted.ask),
        Fact::Waived(exception) => exception.kind == *kind,
        Fact::Assigned(given) => given.kind == *kind,
        Fact::Snoozed(snooze) => snooze.kind == *kind,
        Fact::Noted(_) | Fact::CancelRequested(_) => true,
        Fact::Released(_)
        | Fact::Validated(_)
        | Fact::Milestone(_)
        | Fact::Condition(_)
        | Fact::Booked(_)
        | Fact::Billed(_)
        | Fact::FreightInvoiced(_)
        | Fact::Archived(_)
        | Fact::HandedOver(_)
        | Fact::ReturnAuthorised(_)
        | Fact::Inspected(_)
        | Fact::Credited(_) => false,
    }
}

fn is_about(decision: &Decision, kind: &ExceptionKind, asks: &[&AskId]) -> bool {
    match decision {
        Decision::Ask(ask) => asks.contains(&&ask.id),
        Decision::Raise(exception) => exception.kind == *kind,
        Decision::Resolve(resolved) => resolved == kind,
        Decision::Commit(_) | Decision::Split(_) | Decision::Deadline(_) | Decision::End(_) => false,
    }
}

/// What is shown as a text.
pub(super) fn render(shown: &Shown) -> String {
    let mut text = String::new();
    if shown.exceptions.is_empty() {
        line(&mut text, heading(&format!("Order {}: no exception is open", shown.order)));
    }
    for one in &shown.exceptions {
        let open = &one.open;
        line(&mut text, heading(&format!("Order {}: {}", shown.order, open.kind)));
        let open_for = span(shown.now.as_millis().saturating_sub(open.since.as_millis()));
        let partners: Vec<&str> = open.partners.iter().map(PartnerId::as_str).collect();
        let deadline = shown.deadline.as_ref().map(|deadline| format!("{} {}", deadline.name, deadline.at));
        let about = [
            ("what is wrong", open.detail.clone()),
            ("since", format!("{}, for {open_for}", open.since)),
            ("at stake", or_dash(open.at_stake.as_ref())),
            ("with", or_dash((!partners.is_empty()).then(|| partners.join(", ")))),
            ("next deadline", or_dash(deadline)),
            ("assigned to", or_dash(open.assigned.as_ref())),
            ("put off until", or_dash(open.snoozed.filter(|until| *until > shown.now))),
        ];
        line(&mut text, Table::of_pairs(&about));
        if !one.tried.is_empty() {
            line(&mut text, heading("What was tried"));
            let mut table = Table::new(&[">ENTRY", "RECORDED", "WHO", "WHAT"]);
            for tried in &one.tried {
                let (sequence, recorded) = (tried.sequence.to_string(), tried.recorded.to_string());
                table.row([sequence, recorded, tried.who.clone(), tried.what.clone()]);
            }
            line(&mut text, table);
        }
        line(&mut text, heading("What can be done"));
        one.commands.iter().for_each(|command| line(&mut text, command));
        line(&mut text, "");
    }
    text
}
