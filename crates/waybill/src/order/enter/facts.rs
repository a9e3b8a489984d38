//! What an operator may enter of an order, given what is known of it: each function makes the fact, or says why it makes no sense.

use fulfilment::decide::{is_waivable, may_substitute};
use fulfilment::state::AskState;
use fulfilment::{Policy, State};
use model::{
    Answer, Ask, AskId, Assignment, CancelRequest, Classifier, Condition, ConditionKind, End, Exception, Fact,
    Milestone, MilestoneReached, Outcome, PartnerId, Reason, RetryRequest, ShipmentId, Snooze, Substitution, Timestamp,
    When,
};

use crate::clock::now;
use crate::exit::Failure;

/// What is said in a partner's place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Said<'w> {
    Yes,
    /// With the reason, in words.
    No(&'w str),
}

/// The order is not wanted any more.
pub(crate) fn cancelled(state: &State, why: &str) -> Result<Fact, Failure> {
    is_open(state)?;
    Ok(Fact::CancelRequested(CancelRequest { reason: Reason::ShipperCancelled, detail: Some(why.to_owned()) }))
}

/// An ask, or all that were refused or are not answered, are to be made again.
pub(crate) fn retries(ask: Option<&AskId>, state: &State) -> Result<Vec<Fact>, Failure> {
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

/// An ask is settled in its partner's place.
pub(crate) fn answered(state: &State, ask: &AskId, said: Said<'_>) -> Result<Fact, Failure> {
    is_open(state)?;
    let ask = known_ask(state, ask)?.id.clone();
    let outcome = match said {
        Said::Yes => Outcome::Accepted,
        Said::No(why) => Outcome::Refused { reason: Reason::Unknown, detail: Some(why.to_owned()) },
    };
    Ok(Fact::Answered(Answer { ask, outcome }))
}

/// A milestone was reached at a time: by a shipment, or by the whole order.
pub(crate) fn reached(
    state: &State,
    milestone: Milestone,
    shipment: Option<&ShipmentId>,
    at: Timestamp,
) -> Result<Fact, Failure> {
    is_open(state)?;
    if milestone == Milestone::OrderCancelled {
        let words = "nobody reaches that: an order is cancelled by `order cancel`, which undoes what was asked for it";
        return Err(Failure::Usage(words.to_owned()));
    }
    let shipments: Vec<ShipmentId> = state.shipments().into_iter().map(|shipment| shipment.id).collect();
    if let Some(shipment) = shipment.filter(|shipment| !shipments.contains(shipment)) {
        let known: Vec<&str> = shipments.iter().map(ShipmentId::as_str).collect();
        return Err(Failure::NotFound(format!("no shipment {shipment}; the order has: {}", or_none(&known))));
    }
    Ok(Fact::Milestone(MilestoneReached {
        milestone,
        classifier: Classifier::Actual,
        occurred: When::exact(at),
        shipment: shipment.cloned(),
        parcel: None,
        place: None,
        lines: Vec::new(),
        code: None,
    }))
}

/// An open exception is taken as it is. What is still wrong after the end can be, too; nothing else makes a difference then.
pub(crate) fn waived(state: &State, named: &str) -> Result<Fact, Failure> {
    let exception = open_exception(state, named)?;
    if !is_waivable(&exception.kind) {
        return Err(Failure::Refused(format!(
            "the order cannot go on with `{named}` as it is; have it asked again (`order retry`), or say what happened \
             (`order override --accepted` or `--milestone`)"
        )));
    }
    Ok(Fact::Waived(exception.clone()))
}

/// Somebody is to see to an open exception.
pub(crate) fn assigned(state: &State, named: &str, to: &str) -> Result<Fact, Failure> {
    let kind = open_exception(state, named)?.kind.clone();
    let raised = state.raised(&kind).unwrap_or_default();
    Ok(Fact::Assigned(Assignment { kind, raised, to: to.to_owned() }))
}

/// An open exception is put off.
pub(crate) fn snoozed(state: &State, named: &str, until: Timestamp) -> Result<Fact, Failure> {
    let kind = open_exception(state, named)?.kind.clone();
    let raised = state.raised(&kind).unwrap_or_default();
    Ok(Fact::Snoozed(Snooze { kind, raised, until }))
}

/// Another partner is to be asked in the place of the one that an ask was put to.
pub(crate) fn substituted(state: &State, ask: &AskId, partner: &PartnerId) -> Result<Fact, Failure> {
    is_open(state)?;
    let ask = known_ask(state, ask)?;
    // Which partner may have it, no policy says.
    may_substitute(state, &Policy::default(), ask, partner).map_err(Failure::Refused)?;
    Ok(Fact::Substituted(Substitution { ask: ask.id.clone(), partner: partner.clone() }))
}

/// The open exception of this name.
pub(crate) fn open_exception<'s>(state: &'s State, named: &str) -> Result<&'s Exception, Failure> {
    state.exceptions().find(|open| open.kind.to_string() == named).ok_or_else(|| {
        let open: Vec<String> = state.exceptions().map(|open| open.kind.to_string()).collect();
        let open: Vec<&str> = open.iter().map(String::as_str).collect();
        Failure::NotFound(format!("no exception `{named}` is open; open are: {}", or_none(&open)))
    })
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

pub(crate) fn is_open(state: &State) -> Result<(), Failure> {
    let ended = |end| match end {
        End::Closed => "closed",
        End::Cancelled => "cancelled",
    };
    match state.ended() {
        None => Ok(()),
        Some(end) => Err(Failure::Refused(format!("the order is {} already", ended(end)))),
    }
}

/// An operator holds the order back, or no longer.
pub(crate) fn on_hold(resolved: bool) -> Fact {
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
