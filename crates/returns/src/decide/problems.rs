//! What is wrong with a return: an exception is open as long as its rule says so, or until an operator takes it as it is.

use model::{Ask, Exception, ExceptionKind, LineId, Outcome, ReturnLine};
use rust_decimal::Decimal;

use super::authorise::AUTHORISE;
use super::case::{Case, Kind};
use super::to_credit;
use crate::known::{Amounts, Known, outcomes};
use crate::state::{AskState, MAX_FACTS, State};

/// How many things that are wrong are named in one exception before the rest is only counted.
pub(super) const NAMED: usize = 10;

/// Everything that is wrong with a return that is being worked on.
pub(super) fn open(case: &Case<'_>) -> Vec<Exception> {
    let mut problems: Vec<Exception> = [invalid, ask_refused, overdue].iter().flat_map(|rule| rule(case)).collect();
    problems.extend(after_the_end(case));
    problems
}

/// What is told that contradicts what is known, whenever it is; after its end too, for a person must see it.
pub(super) fn after_the_end(case: &Case<'_>) -> Vec<Exception> {
    let rules = [changed, contradicted, quantity_mismatch, cancel_too_late];
    let problems = flooded(case.state).into_iter().chain(rules.iter().flat_map(|rule| rule(case)));
    problems.filter(|problem| !(is_waivable(&problem.kind) && case.state.is_waived(problem))).collect()
}

/// Whether an operator can take a problem of this kind as it is. Where the return cannot go on without what is lacking, it has
/// to be asked again, or told by the operator. Kinds that only orders have are not there to be taken.
#[must_use]
pub fn is_waivable(kind: &ExceptionKind) -> bool {
    match kind {
        ExceptionKind::QuantityMismatch(_)
        | ExceptionKind::Changed
        | ExceptionKind::Contradicted(_)
        | ExceptionKind::Flooded
        | ExceptionKind::CancelTooLate(_) => true,
        // Who tells of a return that is not there may have mistaken its number.
        ExceptionKind::Overdue(wait) => wait == AUTHORISE,
        ExceptionKind::Invalid
        | ExceptionKind::NoStock(_)
        | ExceptionKind::BookingRefused(_)
        | ExceptionKind::AskRefused(_)
        | ExceptionKind::GoodsIssueMissing(_)
        | ExceptionKind::FreightMismatch(_)
        | ExceptionKind::Unmatched
        | ExceptionKind::Undeliverable(_)
        | ExceptionKind::ShippedShort(_)
        | ExceptionKind::DeliveryFailing(_)
        | ExceptionKind::Late(_)
        | ExceptionKind::Disagreement(_) => false,
    }
}

/// Its lines are none that a warehouse could take in: it has to be called off.
fn invalid(case: &Case<'_>) -> Vec<Exception> {
    if case.known.is_called_off() {
        return Vec::new();
    }
    exception(ExceptionKind::Invalid, objections(&case.known))
}

/// What stands against the authorised lines, in words.
pub(super) fn objections(known: &Known<'_>) -> Vec<String> {
    let lines = &known.authorised.lines;
    if lines.is_empty() {
        return vec!["it has no lines".to_owned()];
    }
    let mut numbers: Vec<&LineId> = lines.iter().map(|line| &line.line).collect();
    numbers.sort_unstable();
    let twice = numbers.windows(2).filter(|pair| pair[0] == pair[1]);
    let twice = twice.map(|pair| format!("line {} is there more than once", pair[0]));
    let odd = lines.iter().filter(|line| !line.quantity.is_plausible() || line.quantity.amount.is_zero());
    let odd = odd.map(|line| format!("{} of line {} is no quantity to return", line.quantity, line.line));
    twice.chain(odd).collect()
}

/// A partner will not, or could not as often as the policy says, do what the return still needs.
fn ask_refused(case: &Case<'_>) -> Vec<Exception> {
    let (left, called_off) = (case.known.has_left(), case.known.is_called_off());
    let is_needed = |kind: &Kind| match kind {
        Kind::ExpectReturn => !called_off && case.known.received.is_empty(),
        Kind::Collect => !called_off && !left,
        Kind::CancelCollection => called_off && case.standing(Kind::Collect).is_some(),
        Kind::CancelReturn => called_off && case.standing(Kind::ExpectReturn).is_some(),
        Kind::Credit | Kind::UpdateReturn => true,
    };
    let problem = |kind: Kind| match (case.ask(kind), case.answer(kind)) {
        (Some(ask), AskState::Refused(outcome)) if !case.may_be_retried(kind) => {
            let detail = format!("{}: {outcome}", ask.partner);
            Some(Exception { kind: ExceptionKind::AskRefused(ask.id.clone()), detail })
        }
        (None | Some(_), AskState::NotAsked | AskState::Waiting | AskState::Accepted | AskState::Refused(_)) => None,
    };
    Kind::ALL.into_iter().filter(is_needed).filter_map(problem).collect()
}

/// A wait took longer than the policy allows.
fn overdue(case: &Case<'_>) -> Vec<Exception> {
    let late = case.waits.iter().filter(|wait| case.state.is_due(&wait.name()));
    let problem = |detail, name| Exception { kind: ExceptionKind::Overdue(name), detail };
    late.filter_map(|wait| Some(problem(wait.words(case)?, wait.name()))).collect()
}

/// What came back is not what was to, what was inspected is not what came back, or what is credited is not what was accepted.
fn quantity_mismatch(case: &Case<'_>) -> Vec<Exception> {
    let mut words = case.known.astray();
    words.extend(case.known.lines().filter_map(|(line, amounts)| {
        let words = not_as_authorised(case, &amounts)
            .or_else(|| not_as_credited(case, line, &amounts))
            .or_else(|| not_inspected(case, &amounts))?;
        Some(format!("line {}: {words}", line.line))
    }));
    exception(ExceptionKind::QuantityMismatch(case.shipment.clone()), words)
}

fn not_as_authorised(case: &Case<'_>, amounts: &Amounts) -> Option<String> {
    let Amounts { authorised, received, .. } = *amounts;
    let too_little = received < authorised && case.known.is_inspected();
    if received > authorised || too_little {
        return Some(format!("{} received, {} authorised", received.normalize(), authorised.normalize()));
    }
    let inspected = amounts.inspected();
    (inspected > received).then(|| format!("{} inspected, {} received", inspected.normalize(), received.normalize()))
}

fn not_as_credited(case: &Case<'_>, line: &ReturnLine, amounts: &Amounts) -> Option<String> {
    let taken_in = amounts.sound.saturating_add(amounts.damaged);
    if amounts.credited > taken_in {
        return Some(format!("{} credited, {} taken in", amounts.credited.normalize(), taken_in.normalize()));
    }
    let is_over = case.state.ended().is_some();
    let asked = amounts.asked.or(is_over.then_some(Decimal::ZERO))?;
    // A policy that pays for more than when it was asked holds up no return.
    let due = if is_over { to_credit(case.policy, line, amounts) } else { amounts.creditable(amounts.sound) };
    (asked < due).then(|| format!("{} to be credited, {} asked to credit", due.normalize(), asked.normalize()))
}

/// Nothing that came in before the end was left unseen: the warehouse took this in after it.
fn not_inspected(case: &Case<'_>, amounts: &Amounts) -> Option<String> {
    let (received, inspected) = (amounts.received, amounts.inspected());
    let is_late = case.state.ended().is_some() && received > inspected;
    is_late.then(|| format!("{} received, {} inspected", received.normalize(), inspected.normalize()))
}

/// Whether quantities differ, and nobody took that as it is.
pub(super) fn differs(case: &Case<'_>) -> bool {
    quantity_mismatch(case).iter().any(|problem| !case.state.is_waived(problem))
}

/// It was authorised again, as something else: the first word counts.
fn changed(case: &Case<'_>) -> Vec<Exception> {
    let words = || "it was authorised again as something else; the first authorisation counts".to_owned();
    exception(ExceptionKind::Changed, case.known.is_changed.then(words).into_iter().collect())
}

/// A partner gave one answer and later another: the first one counts.
fn contradicted(case: &Case<'_>) -> Vec<Exception> {
    let problem = |ask: &Ask| {
        let told = outcomes(case.state, ask);
        let first = *told.first()?;
        let other = told.iter().find(|other| other.is_accepted() != first.is_accepted())?;
        let words = |outcome: &Outcome| outcome.to_string();
        let detail = format!("{}; later {}", words(first), words(other));
        Some(Exception { kind: ExceptionKind::Contradicted(ask.id.clone()), detail })
    };
    case.state.asks().chain(&case.asks).filter_map(problem).collect()
}

/// It is not wanted any more, and some of it was on its way already: it goes on as if it were wanted.
fn cancel_too_late(case: &Case<'_>) -> Vec<Exception> {
    let too_late = case.known.is_cancelled && case.known.has_left();
    let words = || "it was to be called off, and the goods were on their way".to_owned();
    exception(ExceptionKind::CancelTooLate(case.shipment.clone()), too_late.then(words).into_iter().collect())
}

/// More was told of the return than it keeps: what came beyond is in its stream for a person to read.
pub(super) fn flooded(state: &State) -> Vec<Exception> {
    let words =
        || format!("one lane told more than {MAX_FACTS} facts; those beyond are in the trail and count for nothing");
    exception(ExceptionKind::Flooded, state.is_flooded().then(words).into_iter().collect())
}

/// The exception that all of this is wrong; none when nothing is.
fn exception(kind: ExceptionKind, mut wrong: Vec<String>) -> Vec<Exception> {
    if wrong.is_empty() {
        return Vec::new();
    }
    let unnamed = wrong.len().saturating_sub(NAMED);
    if unnamed > 0 {
        wrong.truncate(NAMED);
        wrong.push(format!("and {unnamed} more"));
    }
    vec![Exception { kind, detail: wrong.join("; ") }]
}
