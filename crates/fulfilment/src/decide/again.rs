//! Asking again: what failed is made anew by itself a few times, what a carrier refuses is offered to the next one, and what an
//! operator wants again is asked again.

use model::{Ask, Outcome, PartnerId, ShipmentId};

use super::case::Case;
use super::waits::{self, Wait};
use crate::state::{AskState, Shipment};

impl<'a> Case<'a> {
    /// How often this was asked, under whatever id, with what is being asked in this decision.
    pub fn times(&self, kind: &str, shipment: Option<&ShipmentId>) -> usize {
        let again: usize = self.same(kind, shipment).map(|ask| self.missing(ask)).sum();
        self.times_so_far(kind, shipment) + again
    }

    fn times_so_far(&self, kind: &str, shipment: Option<&ShipmentId>) -> usize {
        self.same(kind, shipment).map(|ask| 1 + self.state.times_again(&ask.id)).sum()
    }

    /// Every ask of this kind, under whatever id.
    pub fn same(&self, kind: &str, shipment: Option<&ShipmentId>) -> impl Iterator<Item = &Ask> {
        self.all_asks().filter(move |ask| ask.request.kind() == kind && ask.request.shipment() == shipment)
    }

    /// How often an ask that has no answer is still to be made again: because an operator wants it, or its time is over.
    fn missing(&self, ask: &Ask) -> usize {
        match self.known.answers.to(ask) {
            AskState::Waiting => {
                let (wanted, again) = (self.state.times_wanted_again(&ask.id), self.state.times_again(&ask.id));
                let by_itself = again.saturating_sub(wanted);
                let is_next = by_itself < self.policy.retries.unanswered
                    && self.is_overdue(ask)
                    && self.state.substitute(&ask.id).is_none();
                wanted.saturating_sub(again).max(usize::from(is_next))
            }
            AskState::NotAsked | AskState::Accepted | AskState::Refused(_) => 0,
        }
    }

    /// Whether the time for the answer to an ask is over, as often as it was made so far.
    fn is_overdue(&self, ask: &Ask) -> bool {
        let (kind, shipment) = (ask.request.kind(), ask.request.shipment());
        let is_newest = self.ask(kind, shipment).is_some_and(|newest| newest.id == ask.id);
        let wait = waits::for_answer(kind, shipment, self.times_so_far(kind, shipment));
        is_newest && wait.is_some_and(|wait| self.state.is_due(&wait.name()))
    }

    /// Whether a refused ask is to be made anew now, under a new id: an operator wants it, or its pause is over.
    pub fn is_to_be_made_anew(&self, ask: &Ask) -> bool {
        match self.known.answers.to(ask) {
            AskState::Refused(_) if self.is_moot(ask) => false,
            AskState::Refused(_) => {
                self.is_wanted_again(ask) || self.may_be_retried(ask) && self.state.is_due(&retry_of(self, ask).name())
            }
            AskState::NotAsked | AskState::Waiting | AskState::Accepted => false,
        }
    }

    /// Whether an ask failed, and the policy has it made anew after a pause.
    pub fn may_be_retried(&self, ask: &Ask) -> bool {
        let before = self.same(ask.request.kind(), ask.request.shipment()).filter(|other| other.partner == ask.partner);
        matches!(self.known.answers.to(ask), AskState::Refused(Outcome::Failed { .. }))
            && !self.is_moot(ask)
            && before.count() <= self.policy.retries.failed
    }

    /// Whether an ask makes no difference any more: goods that left need no carrier.
    pub fn is_moot(&self, ask: &Ask) -> bool {
        let of = |shipment: &&Shipment<'a>| ask.request.shipment() == Some(&shipment.id);
        ask.request.kind() == "book" && self.shipments().find(of).is_some_and(|shipment| self.has_left(shipment))
    }

    /// What the partner said to the newest ask of this kind, if it was no and nothing is going to be tried any more.
    pub fn refusal(&self, kind: &str, shipment: Option<&ShipmentId>) -> Option<(&Ask, &'a Outcome)> {
        let ask = self.ask(kind, shipment)?;
        match self.known.answers.to(ask) {
            AskState::Refused(outcome) if !self.may_be_retried(ask) => Some((ask, outcome)),
            AskState::Refused(_) | AskState::NotAsked | AskState::Waiting | AskState::Accepted => None,
        }
    }

    /// The next partner to offer a shipment to: the one that an operator wants in the place of the last, once nothing binds that
    /// one; or, when all that were asked before have refused, the next that the policy names.
    pub fn next_tender(&self, shipment: &Shipment<'a>) -> Option<&'a PartnerId> {
        if let Some(substitute) = self.substitute(shipment) {
            return self.standing("book", shipment).is_none().then_some(substitute);
        }
        let (ask, _) = self.refusal("book", Some(&shipment.id))?;
        if self.is_moot(ask) {
            return None;
        }
        let was_asked = |tms: &PartnerId| self.same("book", Some(&shipment.id)).any(|ask| ask.partner == *tms);
        self.policy.tenders(self.order().mode.as_deref()).find(|tms| !was_asked(tms))
    }

    /// Whether an operator wants an ask made again, and it was not yet.
    fn is_wanted_again(&self, ask: &Ask) -> bool {
        self.state.times_wanted_again(&ask.id) > self.state.times_again(&ask.id)
    }
}

fn retry_of(case: &Case<'_>, ask: &Ask) -> Wait {
    let (kind, shipment) = (ask.request.kind(), ask.request.shipment());
    Wait::Retry(kind, shipment.cloned(), case.times(kind, shipment))
}

/// An ask has no answer, and an operator wants it made again or its time is over: it is made under its own id, so that a partner that has it already
/// does nothing twice.
pub(super) fn ask_again(case: &Case<'_>) -> Vec<Ask> {
    case.all_asks().flat_map(|ask| std::iter::repeat_n(ask.clone(), case.missing(ask))).collect()
}
