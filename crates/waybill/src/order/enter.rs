//! `waybill order cancel|retry|hold|release|override|note`: what an operator enters into an order's stream, with who and why.
//!
//! Nothing is changed but by an entry in lane `ops`; the orchestrator decides what follows from it.

pub(crate) mod facts;

use std::hash::{BuildHasher, RandomState};

use engine::{Content, Entry, EntryId, FactId, Folded, Journal, Key, Operator, Source, Told, WorkflowEntry};
use fulfilment::{Fulfilment, LAYOUT, State};
use model::{AskId, Fact, HandOver, Lane, Milestone, Note, OrderId, PartnerId, ShipmentId};
use serde::Serialize;
use service::Connection;
use service::settings::NatsSettings;

use super::OrderArgs;
use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach::{self, broker};
use crate::text::{harmless, line};
use crate::words::{self, Subject};
pub(crate) use facts::or_none;
use facts::{Said, answered, cancelled, is_open, on_hold, reached, retries, waived};

/// Who enters something, and why.
#[derive(Debug, Clone, clap::Args)]
pub struct ByArgs {
    #[command(flatten)]
    order: OrderArgs,
    /// Why; it stays in the order's trail
    #[arg(long, value_name = "TEXT", value_parser = words_of_a_person)]
    why: String,
    /// Who enters it
    #[arg(long = "as", env = "USER", value_name = "NAME", value_parser = words_of_a_person)]
    who: String,
}

impl ByArgs {
    fn operator(&self) -> Operator {
        Operator { who: self.who.clone(), why: self.why.clone() }
    }
}

/// To whom an order is handed over.
#[derive(Debug, Clone, clap::Args)]
pub struct MoveArgs {
    #[command(flatten)]
    by: ByArgs,
    /// The ERP that has the order from now on, by its partner id
    #[arg(long, value_name = "PARTNER", value_parser = partner_id)]
    to: PartnerId,
}

/// Which ask is to be made again.
#[derive(Debug, Clone, clap::Args)]
pub struct RetryArgs {
    #[command(flatten)]
    by: ByArgs,
    /// The ask, as `waybill order trail` shows it in brackets; all that was refused or is unanswered when absent
    #[arg(long, value_name = "ASK", value_parser = ask_id)]
    ask: Option<AskId>,
}

/// What is to be taken as said.
#[derive(Debug, Clone, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["accepted", "refused", "exception", "milestone"]))]
pub struct OverrideArgs {
    #[command(flatten)]
    by: ByArgs,
    /// Settle this ask with a yes in its partner's place
    #[arg(long, value_name = "ASK", value_parser = ask_id)]
    accepted: Option<AskId>,
    /// Settle this ask with a no in its partner's place
    #[arg(long, value_name = "ASK", value_parser = ask_id)]
    refused: Option<AskId>,
    /// Take this open exception as it is, such as `no_stock s1`; the order goes on without what is lacking
    #[arg(long, value_name = "EXCEPTION")]
    exception: Option<String>,
    /// Say that this milestone was reached, now
    #[arg(long, value_name = "MILESTONE", value_parser = milestone)]
    milestone: Option<Milestone>,
    /// The shipment of the milestone; the whole order when absent
    #[arg(long, value_name = "SHIPMENT", requires = "milestone", value_parser = ShipmentId::new)]
    shipment: Option<ShipmentId>,
}

/// The longest name or reason, in bytes.
const MOST_WORDS: usize = 1_000;

pub(crate) fn words_of_a_person(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > MOST_WORDS {
        return Err(format!("expected 1 to {MOST_WORDS} bytes of text"));
    }
    Ok(text.to_owned())
}

pub(crate) fn ask_id(text: &str) -> Result<AskId, model::token::TokenError> {
    AskId::new(text)
}

pub(crate) fn partner_id(text: &str) -> Result<PartnerId, model::token::TokenError> {
    PartnerId::new(text)
}

pub(crate) fn milestone(text: &str) -> Result<Milestone, String> {
    let known = Milestone::from_name(text).filter(|milestone| *milestone != Milestone::Unknown);
    known.ok_or_else(|| "no such milestone; they are named like `transport.delivered`".to_owned())
}

/// What was entered.
#[derive(Debug, Serialize)]
pub(crate) struct Entered {
    pub order: String,
    pub sequence: u64,
    pub says: Vec<String>,
}

pub(super) async fn cancel(by: &ByArgs, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    enter(by, nats, output, |state| Ok(vec![cancelled(state, &by.why)?])).await
}

pub(super) async fn hand_over(args: &MoveArgs, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    enter(&args.by, nats, output, |state| {
        is_open(state)?;
        if state.erp() == Some(&args.to) {
            return Err(Failure::Refused(format!("{} has the order already", args.to)));
        }
        Ok(vec![Fact::HandedOver(HandOver { to: args.to.clone() })])
    })
    .await
}

pub(super) async fn hold(by: &ByArgs, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    enter(by, nats, output, |state| {
        is_open(state)?;
        Ok(vec![on_hold(false)])
    })
    .await
}

pub(super) async fn release(by: &ByArgs, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    enter(by, nats, output, |state| {
        let holders = state.holders();
        if holders.contains(&Lane::Ops) {
            return Ok(vec![on_hold(true)]);
        }
        let who = if holders.contains(&Lane::Erp) { "its ERP does, and has to let it go" } else { "nobody does" };
        Err(Failure::Refused(format!("no operator holds the order back; {who}")))
    })
    .await
}

pub(super) async fn note(by: &ByArgs, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    enter(by, nats, output, |_| Ok(vec![Fact::Noted(Note { text: by.why.clone(), opens: None })])).await
}

pub(super) async fn retry(args: &RetryArgs, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    enter(&args.by, nats, output, |state| retries(args.ask.as_ref(), state)).await
}

pub(super) async fn settle(args: &OverrideArgs, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    enter(&args.by, nats, output, |state| Ok(vec![settled(args, state)?])).await
}

fn settled(args: &OverrideArgs, state: &State) -> Result<Fact, Failure> {
    match (&args.exception, &args.accepted, &args.refused, args.milestone) {
        (Some(named), ..) => waived(state, named),
        (None, Some(ask), ..) => answered(state, ask, Said::Yes),
        (None, None, Some(ask), _) => answered(state, ask, Said::No(&args.by.why)),
        (None, None, None, Some(milestone)) => reached(state, milestone, args.shipment.as_ref(), now()),
        (None, None, None, None) => Err(Failure::Usage("nothing to override; see `--help`".to_owned())),
    }
}

/// Enters facts of an order that is there, and says what was entered.
async fn enter(
    by: &ByArgs,
    nats: &NatsSettings,
    output: Output,
    facts: impl FnOnce(&State) -> Result<Vec<Fact>, Failure>,
) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let entered = append(&by.operator(), &by.order.order, &connection, facts).await?;
    output.show(&entered, render)?;
    Ok(Verdict::Fine)
}

/// What was entered as a text.
pub(crate) fn render(entered: &Entered) -> String {
    let mut text = String::new();
    for says in &entered.says {
        line(&mut text, harmless(&format!("{}: {says}", entered.order)));
    }
    line(&mut text, format!("entry {}; what follows is in `waybill order trail`", entered.sequence));
    text
}

/// Enters facts of an order that is there.
pub(crate) async fn append(
    operator: &Operator,
    order: &OrderId,
    connection: &Connection,
    facts: impl FnOnce(&State) -> Result<Vec<Fact>, Failure>,
) -> Result<Entered, Failure> {
    let facts = facts(&state(connection, order).await?)?;
    enter_of(operator, order, connection, facts).await
}

/// What is known of an order that is there, straight from its stream.
pub(crate) async fn state(connection: &Connection, order: &OrderId) -> Result<State, Failure> {
    let entries = super::trail::entries(connection, order).await?;
    Ok(Folded::<Fulfilment>::replay(&Key::of(order.as_str()), &entries).state().clone())
}

/// Enters these facts.
pub(crate) async fn enter_of(
    operator: &Operator,
    order: &OrderId,
    connection: &Connection,
    facts: Vec<Fact>,
) -> Result<Entered, Failure> {
    let says = facts.iter().map(|fact| words::fact(Subject::Order, fact)).collect();
    let entry = entry_of(operator, order.as_str(), facts);
    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    let sequence = journal.append(&Key::of(order.as_str()), Lane::Ops.as_str(), &entry).await;
    let sequence = sequence.map_err(|error| broker("append to stream ORDERS", error))?;
    Ok(Entered { order: order.to_string(), sequence, says })
}

/// What a person enters of an order, or of another workflow's instance. No two have the same ids: who enters the same again
/// means it again, and so do two who enter it in the same moment.
pub(crate) fn entry_of(operator: &Operator, instance: &str, facts: Vec<Fact>) -> WorkflowEntry<Fulfilment> {
    let received = now();
    let moment = received.as_millis().to_be_bytes();
    let chance = RandomState::new().hash_one(received.as_millis()).to_be_bytes();
    let id = |nth: usize| {
        [b"ops".as_slice(), instance.as_bytes(), operator.who.as_bytes(), &moment, &chance, &nth.to_be_bytes()].concat()
    };
    let told = |(nth, fact)| Told { id: FactId::of(&[&id(nth)]), fact };
    let facts: Vec<Told<Fact>> = facts.into_iter().enumerate().map(told).collect();
    let source = Source { operator: Some(operator.clone()), ..Source::service("waybill", received) };
    Entry { id: EntryId::of(&[&id(facts.len())]), content: Content::Facts { source, facts } }
}

#[cfg(test)]
mod tests;
