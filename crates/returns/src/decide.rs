//! The rules, on one page: given all that is known of a return, what has not been asked, concluded or flagged yet?
//!
//! A rule is a function, and the sentence above it says when it applies. No rule looks at what just happened, only at
//! what is known; so it does not matter in which order things became known, and deciding twice adds nothing.

mod authorise;
mod case;
mod problems;
mod waits;

use model::{
    Ask, AskedLine, Deadline, Decision, End, Exception, ExceptionKind, Outcome, Progress, Quantity, Reason, Request,
    ReturnLine, ReturnOutcome, Timestamp,
};
use rust_decimal::Decimal;

use crate::known::Amounts;
use crate::policy::{Damaged, Policy};
use crate::state::{AskState, State};
use case::{Case, Kind};
pub use problems::is_waivable;
pub use waits::awaits;

/// How often a rule may ask in one decision.
const MOST_TURNS: usize = 64;

/// What has not been asked, concluded or flagged yet.
#[must_use]
pub fn decide(state: &State, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    let Some(mut case) = Case::of(state, policy) else { return authorise::before(state, policy, now) };
    if state.ended().is_some() {
        return changes(state, problems::after_the_end(&case));
    }
    // In the order of the lifecycle: a later ask sees what an earlier one is about to become.
    for rule in [expect_return, collect, cancel_collection, cancel_return, credit, update_return] {
        // The answer may be known before the ask: then what follows from it is decided with it.
        for _ in 0..MOST_TURNS {
            let Some(ask) = rule(&case) else { break };
            case.asks.push(ask);
        }
    }
    case.waits = waits::open(&case);
    let problems = problems::open(&case);
    let end = if problems.is_empty() { close(&case) } else { None };

    let mut decisions: Vec<Decision> = case.asks.iter().cloned().map(Decision::Ask).collect();
    decisions.extend(ask_again(&case).into_iter().map(Decision::Ask));
    decisions.extend(deadlines(&case, now).into_iter().map(Decision::Deadline));
    decisions.extend(changes(state, problems));
    decisions.extend(end.map(Decision::End));
    decisions
}

// ---- asks ----

/// Goods may come back: their warehouse is asked to take them in. So it is again when it was told otherwise and they are on
/// their way all the same.
fn expect_return(case: &Case<'_>) -> Option<Ask> {
    let own = case.known.authorised;
    let wanted = case.is_sound() && !case.known.is_called_off();
    wanted.then_some(())?;
    case.new_ask(Kind::ExpectReturn, || Request::ExpectReturn {
        original_order: own.order.clone(),
        location: own.location.clone(),
        lines: own.lines.clone(),
    })
}

/// The warehouse expects them, and a carrier is to fetch them: its TMS is asked to.
fn collect(case: &Case<'_>) -> Option<Ask> {
    let own = case.known.authorised;
    let wanted = own.tms.is_some() && case.answer(Kind::ExpectReturn) == AskState::Accepted && !case.known.has_left();
    (wanted && !case.known.is_called_off()).then_some(())?;
    let line = |line: &ReturnLine| AskedLine {
        line: line.line.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity.clone(),
    };
    case.new_ask(Kind::Collect, || Request::Collect {
        shipment: case.shipment.clone(),
        from: own.from.clone().unwrap_or_default(),
        to: own.location.clone(),
        lines: own.lines.iter().map(line).collect(),
    })
}

/// It is called off: the carrier that was asked is told to leave the goods where they are.
fn cancel_collection(case: &Case<'_>) -> Option<Ask> {
    let undoes = case.standing(Kind::Collect).filter(|_| case.known.is_called_off())?.id.clone();
    let tracking = case.known.tracking.map(str::to_owned);
    let shipment = case.shipment.clone();
    case.new_ask(Kind::CancelCollection, || Request::CancelCollection { shipment, undoes, tracking })
}

/// It is called off, and no carrier is to fetch anything: the warehouse is told to expect nothing.
fn cancel_return(case: &Case<'_>) -> Option<Ask> {
    let undoes = case.standing(Kind::ExpectReturn).filter(|_| case.known.is_called_off())?.id.clone();
    case.standing(Kind::Collect).is_none().then_some(())?;
    let location = case.known.authorised.location.clone();
    case.new_ask(Kind::CancelReturn, || Request::CancelReturn { undoes, location })
}

/// Everything was inspected and nothing differs: the ERP is asked to credit what was accepted. A return of the ERP's own it
/// is asked to close, even where nothing was accepted or all was called off.
fn credit(case: &Case<'_>) -> Option<Ask> {
    let own = case.known.authorised;
    case.is_settled().then_some(())?;
    let lines = accepted_lines(case);
    (!lines.is_empty() || case.known.is_of_erp).then_some(())?;
    case.new_ask(Kind::Credit, || Request::Credit { original_order: own.order.clone(), lines })
}

/// It is credited, refused or called off, and the ERP has done its part: the customer is told which.
fn update_return(case: &Case<'_>) -> Option<Ask> {
    let own = case.known.authorised;
    let done = match case.answer(Kind::Credit) {
        AskState::Accepted => true,
        AskState::NotAsked => case.is_settled(),
        AskState::Waiting | AskState::Refused(_) => false,
    };
    done.then_some(())?;
    case.new_ask(Kind::UpdateReturn, || Request::UpdateReturn {
        customer: own.customer.clone(),
        original_order: own.order.clone(),
        outcome: outcome(case),
    })
}

/// How it ends: credited when anything is, called off when it was, else refused.
fn outcome(case: &Case<'_>) -> ReturnOutcome {
    match case.credited_lines() {
        Some(lines) if !lines.is_empty() => ReturnOutcome::Credited,
        Some(_) | None if case.known.is_called_off() => ReturnOutcome::Cancelled,
        Some(_) | None => ReturnOutcome::Refused,
    }
}

/// What is credited of each line: sound goods, and damaged ones where we pay; never more than came back or was to.
fn accepted_lines(case: &Case<'_>) -> Vec<Progress> {
    if case.known.is_called_off() {
        return Vec::new();
    }
    let accepted = |(line, amounts): (&ReturnLine, Amounts)| {
        let amount = to_credit(case.policy, line, &amounts);
        let quantity = Quantity::new(amount, line.quantity.unit.clone());
        (!amount.is_zero()).then(|| Progress { line: line.line.clone(), quantity, location: None })
    };
    case.known.lines().filter_map(accepted).collect()
}

/// What of a line is to be credited.
fn to_credit(policy: &Policy, line: &ReturnLine, amounts: &Amounts) -> Decimal {
    let damaged = if we_pay(policy, line) { amounts.damaged } else { Decimal::ZERO };
    amounts.creditable(amounts.sound.saturating_add(damaged))
}

/// Whether goods of a line that came back damaged are credited.
fn we_pay(policy: &Policy, line: &ReturnLine) -> bool {
    match policy.credit.damaged {
        Damaged::AsStated => line.reason == Reason::GoodsDamaged,
        Damaged::Credit => true,
        Damaged::Refuse => false,
    }
}

/// An operator wants something asked again that has no answer: it is, under its own id, as often as it is wanted.
fn ask_again(case: &Case<'_>) -> Vec<Ask> {
    let missing = |ask: &Ask| {
        let (wanted, again) = (case.state.times_wanted_again(&ask.id), case.state.times_again(&ask.id));
        let is_waiting = case.state.answer_to(ask) == AskState::Waiting;
        if is_waiting { wanted.saturating_sub(again) } else { 0 }
    };
    let asks = case.state.asks().chain(&case.asks);
    asks.flat_map(|ask| std::iter::repeat_n(ask.clone(), missing(ask))).collect()
}

// ---- waits and the end ----

/// Each wait that has begun has a deadline from the policy.
fn deadlines(case: &Case<'_>, now: Timestamp) -> Vec<Deadline> {
    let unset = case.waits.iter().filter(|wait| !case.state.deadlines().contains_key(&wait.name()));
    unset.map(|wait| Deadline { name: wait.name(), at: now.plus_millis(wait.limit(case.policy).millis()) }).collect()
}

/// The customer knows how it ended, and nothing is wrong: the return is over.
fn close(case: &Case<'_>) -> Option<End> {
    let told = case.answer(Kind::UpdateReturn) == AskState::Accepted && case.is_settled();
    told.then(|| if case.known.is_called_off() { End::Cancelled } else { End::Closed })
}

/// A problem that is not open yet, or is no longer the same, is raised; an open one that is no longer there is resolved.
fn changes(state: &State, problems: Vec<Exception>) -> Vec<Decision> {
    let over = state.exceptions().filter(|open| problems.iter().all(|problem| problem.kind != open.kind));
    let resolved: Vec<Decision> = over.map(|open| Decision::Resolve(open.kind.clone())).collect();
    let is_late = |kind: &ExceptionKind| matches!(kind, ExceptionKind::Overdue(_));
    // What was missing when a deadline passed is not told again with everything that comes.
    let is_known = |problem: &Exception, open: &Exception| {
        open == problem || (is_late(&problem.kind) && open.kind == problem.kind)
    };
    let new = problems.into_iter().filter(|problem| !state.exceptions().any(|open| is_known(problem, open)));
    new.map(Decision::Raise).chain(resolved).collect()
}

/// Whether a partner could not do something, rather than would not.
const fn has_failed(answer: AskState<'_>) -> bool {
    matches!(answer, AskState::Refused(Outcome::Failed { .. }))
}
