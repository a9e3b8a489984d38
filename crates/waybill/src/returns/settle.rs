//! `waybill return cancel|retry|override`: what an operator enters into a return's stream, with who and why.

use engine::{Key, Operator};
use model::{Answer, AskId, CancelRequest, Exception, Fact, Lane, Outcome, Reason, RetryRequest, RmaId};
use returns::State;
use returns::decide::is_waivable;
use returns::state::AskState;
use service::Connection;

use super::{Entered, RmaArgs, read};
use crate::exit::Failure;
use crate::order::enter::{ask_id, entry_of, or_none, words_of_a_person};
use crate::reach::broker;
use crate::words::{self, Subject};

/// Who enters something, and why.
#[derive(Debug, Clone, clap::Args)]
pub struct ByArgs {
    /// Which return
    #[command(flatten)]
    pub rma: RmaArgs,
    /// Why; it stays in the return's trail
    #[arg(long, value_name = "TEXT", value_parser = words_of_a_person)]
    pub why: String,
    /// Who enters it
    #[arg(long = "as", env = "USER", value_name = "NAME", value_parser = words_of_a_person)]
    pub who: String,
}

/// Which ask is to be made again.
#[derive(Debug, Clone, clap::Args)]
pub struct AskArgs {
    /// Of which return, who and why
    #[command(flatten)]
    pub by: ByArgs,
    /// The ask, as `waybill return trail` shows it in brackets
    #[arg(long, value_name = "ASK", value_parser = ask_id)]
    pub ask: AskId,
}

/// What is to be taken as said.
#[derive(Debug, Clone, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["accepted", "refused", "exception"]))]
pub struct OverrideArgs {
    /// Of which return, who and why
    #[command(flatten)]
    pub by: ByArgs,
    /// Settle this ask with a yes in its partner's place
    #[arg(long, value_name = "ASK", value_parser = ask_id)]
    pub accepted: Option<AskId>,
    /// Settle this ask with a no in its partner's place
    #[arg(long, value_name = "ASK", value_parser = ask_id)]
    pub refused: Option<AskId>,
    /// Take this open exception as it is, such as `quantity_mismatch r1`
    #[arg(long, value_name = "EXCEPTION")]
    pub exception: Option<String>,
}

/// Calls a return off.
///
/// # Errors
/// [`Failure`] when nobody authorised it, it is over, or cannot be read or written.
pub async fn cancel(by: &ByArgs, connection: &Connection) -> Result<Entered, Failure> {
    let wanted = CancelRequest { reason: Reason::ShipperCancelled, detail: Some(by.why.clone()) };
    enter(by, connection, |state| {
        is_authorised(state, &by.rma.rma)?;
        is_open(state)?;
        Ok(Fact::CancelRequested(wanted))
    })
    .await
}

/// Has something asked again.
///
/// # Errors
/// [`Failure`] when it was not asked, or was accepted, or cannot be read or written.
pub async fn retry(args: &AskArgs, connection: &Connection) -> Result<Entered, Failure> {
    enter(&args.by, connection, |state| {
        is_open(state)?;
        match state.ask_state(&args.ask) {
            AskState::Waiting | AskState::Refused(_) => {
                Ok(Fact::RetryRequested(RetryRequest { ask: args.ask.clone() }))
            }
            AskState::Accepted => {
                Err(Failure::Refused(format!("{} was accepted; there is nothing to ask again", args.ask)))
            }
            AskState::NotAsked => Err(no_ask(state, &args.ask)),
        }
    })
    .await
}

/// Takes something as said.
///
/// # Errors
/// [`Failure`] when there is no such ask or exception, or it cannot be read or written.
pub async fn settle(args: &OverrideArgs, connection: &Connection) -> Result<Entered, Failure> {
    enter(&args.by, connection, |state| {
        if let Some(named) = &args.exception {
            return waived(state, named).map(Fact::Waived);
        }
        is_open(state)?;
        let refused = || Outcome::Refused { reason: Reason::Unknown, detail: Some(args.by.why.clone()) };
        let (ask, outcome) = match (&args.accepted, &args.refused) {
            (Some(ask), _) => (ask, Outcome::Accepted),
            (None, Some(ask)) => (ask, refused()),
            (None, None) => return Err(Failure::Usage("nothing to override; see `--help`".to_owned())),
        };
        state.ask(ask).ok_or_else(|| no_ask(state, ask))?;
        Ok(Fact::Answered(Answer { ask: ask.clone(), outcome }))
    })
    .await
}

fn waived(state: &State, named: &str) -> Result<Exception, Failure> {
    let Some(exception) = state.exceptions().find(|open| open.kind.to_string() == named) else {
        let open: Vec<String> = state.exceptions().map(|open| open.kind.to_string()).collect();
        let open: Vec<&str> = open.iter().map(String::as_str).collect();
        return Err(Failure::NotFound(format!("no exception `{named}` is open; open are: {}", or_none(&open))));
    };
    if !is_waivable(&exception.kind) {
        let words = "the return cannot go on with it as it is; have it asked again, answer for the partner, or cancel";
        return Err(Failure::Refused(format!("`{named}`: {words}")));
    }
    Ok(exception.clone())
}

fn no_ask(state: &State, ask: &AskId) -> Failure {
    let asks: Vec<&str> = state.asks().map(|ask| ask.id.as_str()).collect();
    Failure::NotFound(format!("no ask {ask}; the return's asks are: {}", or_none(&asks)))
}

/// What systems tell of, and nobody authorised, is no return yet: there is nothing to call off.
fn is_authorised(state: &State, rma: &RmaId) -> Result<(), Failure> {
    let words =
        "is told of, and nobody has authorised it; once that is overdue, `waybill return override` takes it as it is";
    state.authorised().map(drop).ok_or_else(|| Failure::NotFound(format!("return {rma} {words}")))
}

fn is_open(state: &State) -> Result<(), Failure> {
    if state.ended().is_some() { Err(Failure::Refused("the return is over already".to_owned())) } else { Ok(()) }
}

async fn enter(
    by: &ByArgs,
    connection: &Connection,
    fact: impl FnOnce(&State) -> Result<Fact, Failure>,
) -> Result<Entered, Failure> {
    let rma = &by.rma.rma;
    let fact = fact(&read::state(connection, rma).await?)?;
    let says = vec![words::fact(Subject::Return, &fact)];
    let operator = Operator { who: by.who.clone(), why: by.why.clone() };
    let entry = entry_of(&operator, rma.as_str(), vec![fact]);
    let appended = read::journal(connection).append(&Key::of(rma.as_str()), Lane::Ops.as_str(), &entry).await;
    let sequence = appended.map_err(|error| broker("append to stream RETURNS", error))?;
    Ok(Entered { rma: rma.clone(), sequence, says })
}
