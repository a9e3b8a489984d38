//! `waybill order cancel|retry|hold|release|override|note`: what an operator enters into an order's stream, with who and why.
//!
//! Nothing is changed but by an entry in lane `ops`; the orchestrator decides what follows from it.

use std::hash::{BuildHasher, RandomState};

use engine::{Content, Entry, EntryId, FactId, Folded, Journal, Key, Operator, Source, Told, WorkflowEntry};
use fulfilment::decide::is_waivable;
use fulfilment::state::AskState;
use fulfilment::{Fulfilment, LAYOUT, State};
use model::{
    Answer, Ask, AskId, CancelRequest, Classifier, Condition, ConditionKind, End, Fact, HandOver, Lane, Milestone,
    MilestoneReached, Note, Outcome, PartnerId, Reason, RetryRequest, ShipmentId, When,
};
use serde::Serialize;
use service::Connection;
use service::settings::NatsSettings;

use super::OrderArgs;
use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach::{self, broker};
use crate::text::line;
use crate::words::{self, Subject};

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

fn partner_id(text: &str) -> Result<PartnerId, model::token::TokenError> {
    PartnerId::new(text)
}

fn milestone(text: &str) -> Result<Milestone, String> {
    let known = Milestone::from_name(text).filter(|milestone| *milestone != Milestone::Unknown);
    known.ok_or_else(|| "no such milestone; they are named like `transport.delivered`".to_owned())
}

/// What was entered.
#[derive(Debug, Serialize)]
struct Entered {
    order: String,
    sequence: u64,
    says: Vec<String>,
}

pub(super) async fn cancel(by: &ByArgs, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let wanted = CancelRequest { reason: Reason::ShipperCancelled, detail: Some(by.why.clone()) };
    enter(by, nats, output, |state| {
        is_open(state)?;
        Ok(vec![Fact::CancelRequested(wanted)])
    })
    .await
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

fn retries(ask: Option<&AskId>, state: &State) -> Result<Vec<Fact>, Failure> {
    is_open(state)?;
    let again: Vec<AskId> = match ask {
        Some(ask) => vec![open_ask(state, ask)?.clone()],
        None => newest(state)
            .filter(|ask| may_be_made_again(state, &ask.id) && state.waiver_of(ask).is_none())
            .map(|ask| ask.id.clone())
            .collect(),
    };
    if again.is_empty() {
        let words = "there is nothing to ask again: every ask was accepted, or the order goes on without it";
        return Err(Failure::Refused(words.to_owned()));
    }
    Ok(again.into_iter().map(|ask| Fact::RetryRequested(RetryRequest { ask })).collect())
}

pub(super) async fn settle(args: &OverrideArgs, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    enter(&args.by, nats, output, |state| Ok(vec![settled(args, state)?])).await
}

/// Of the asks that were made more than once, the last.
fn newest(state: &State) -> impl Iterator<Item = &Ask> {
    let same = |one: &Ask, other: &Ask| {
        one.request.kind() == other.request.kind() && one.request.shipment() == other.request.shipment()
    };
    let is_newest =
        move |ask: &&Ask| state.asks().rfind(|other| same(ask, other)).is_some_and(|last| last.id == ask.id);
    state.asks().filter(is_newest)
}

fn settled(args: &OverrideArgs, state: &State) -> Result<Fact, Failure> {
    // What is still wrong after the end can be taken as it is; nothing else makes a difference any more.
    if let Some(named) = &args.exception {
        return waived(state, named);
    }
    is_open(state)?;
    if let Some(ask) = &args.accepted {
        let ask = known_ask(state, ask)?.id.clone();
        return Ok(Fact::Answered(Answer { ask, outcome: Outcome::Accepted }));
    }
    if let Some(ask) = &args.refused {
        let (ask, detail) = (known_ask(state, ask)?.id.clone(), Some(args.by.why.clone()));
        return Ok(Fact::Answered(Answer { ask, outcome: Outcome::Refused { reason: Reason::Unknown, detail } }));
    }
    let Some(milestone) = args.milestone else {
        return Err(Failure::Usage("nothing to override; see `--help`".to_owned()));
    };
    if milestone == Milestone::OrderCancelled {
        let words = "nobody reaches that: an order is cancelled by `order cancel`, which undoes what was asked for it";
        return Err(Failure::Usage(words.to_owned()));
    }
    let shipments: Vec<ShipmentId> = state.shipments().into_iter().map(|shipment| shipment.id).collect();
    if let Some(shipment) = args.shipment.as_ref().filter(|shipment| !shipments.contains(shipment)) {
        let known: Vec<&str> = shipments.iter().map(ShipmentId::as_str).collect();
        return Err(Failure::NotFound(format!("no shipment {shipment}; the order has: {}", or_none(&known))));
    }
    Ok(Fact::Milestone(MilestoneReached {
        milestone,
        classifier: Classifier::Actual,
        occurred: When::exact(now()),
        shipment: args.shipment.clone(),
        parcel: None,
        place: None,
        lines: Vec::new(),
        code: None,
    }))
}

fn waived(state: &State, named: &str) -> Result<Fact, Failure> {
    let open: Vec<String> = state.exceptions().map(|open| open.kind.to_string()).collect();
    let Some(exception) = state.exceptions().find(|open| open.kind.to_string() == named) else {
        let open: Vec<&str> = open.iter().map(String::as_str).collect();
        return Err(Failure::NotFound(format!("no exception `{named}` is open; open are: {}", or_none(&open))));
    };
    if !is_waivable(&exception.kind) {
        return Err(Failure::Refused(format!(
            "the order cannot go on with `{named}` as it is; have it asked again (`order retry`), or say what happened \
             (`order override --accepted` or `--milestone`)"
        )));
    }
    Ok(Fact::Waived(exception.clone()))
}

pub(crate) fn or_none(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { format!("`{}`", names.join("`, `")) }
}

fn may_be_made_again(state: &State, ask: &AskId) -> bool {
    match state.ask_state(ask) {
        AskState::Waiting | AskState::Refused(_) => true,
        AskState::NotAsked | AskState::Accepted => false,
    }
}

fn known_ask<'s>(state: &'s State, ask: &AskId) -> Result<&'s Ask, Failure> {
    state.ask(ask).ok_or_else(|| {
        let asks: Vec<&str> = state.asks().map(|ask| ask.id.as_str()).collect();
        Failure::NotFound(format!("no ask {ask}; the order's asks are: {}", or_none(&asks)))
    })
}

fn open_ask<'s>(state: &'s State, ask: &AskId) -> Result<&'s AskId, Failure> {
    let known = known_ask(state, ask)?;
    if let Some(waived) = state.waiver_of(known) {
        let words = format!("`{waived}` was overridden: the order goes on without {ask}, and does not ask it again");
        return Err(Failure::Refused(words));
    }
    if may_be_made_again(state, ask) {
        return Ok(&known.id);
    }
    Err(Failure::Refused(format!("{ask} was accepted; there is nothing to ask again")))
}

fn is_open(state: &State) -> Result<(), Failure> {
    let ended = |end| match end {
        End::Closed => "closed",
        End::Cancelled => "cancelled",
    };
    match state.ended() {
        None => Ok(()),
        Some(end) => Err(Failure::Refused(format!("the order is {} already", ended(end)))),
    }
}

fn on_hold(resolved: bool) -> Fact {
    Fact::Condition(Condition {
        kind: ConditionKind::OnHold,
        reason: Reason::AccountHold,
        resolved,
        occurred: When::exact(now()),
        shipment: None,
        place: None,
        code: None,
    })
}

/// Enters facts of an order that is there, and says what was entered.
async fn enter(
    by: &ByArgs,
    nats: &NatsSettings,
    output: Output,
    facts: impl FnOnce(&State) -> Result<Vec<Fact>, Failure>,
) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let entered = append(by, &connection, facts).await?;
    output.show(&entered, |entered| {
        let mut text = String::new();
        for says in &entered.says {
            line(&mut text, format!("{}: {says}", entered.order));
        }
        line(&mut text, format!("entry {}; what follows is in `waybill order trail`", entered.sequence));
        text
    })?;
    Ok(Verdict::Fine)
}

async fn append(
    by: &ByArgs,
    connection: &Connection,
    facts: impl FnOnce(&State) -> Result<Vec<Fact>, Failure>,
) -> Result<Entered, Failure> {
    let order = &by.order.order;
    let key = Key::of(order.as_str());
    let entries = super::trail::entries(connection, order).await?;
    let facts = facts(Folded::<Fulfilment>::replay(&key, &entries).state())?;
    let says = facts.iter().map(|fact| words::fact(Subject::Order, fact)).collect();
    let entry = entry(by, order.as_str(), facts);
    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    let sequence = journal.append(&key, Lane::Ops.as_str(), &entry).await;
    let sequence = sequence.map_err(|error| broker("append to stream ORDERS", error))?;
    Ok(Entered { order: order.to_string(), sequence, says })
}

fn entry(by: &ByArgs, order: &str, facts: Vec<Fact>) -> WorkflowEntry<Fulfilment> {
    entry_of(&Operator { who: by.who.clone(), why: by.why.clone() }, order, facts)
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
    let source = Source {
        service: "waybill".to_owned(),
        partner: None,
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received,
        operator: Some(operator.clone()),
    };
    Entry { id: EntryId::of(&[&id(facts.len())]), content: Content::Facts { source, facts } }
}

#[cfg(test)]
mod tests;
