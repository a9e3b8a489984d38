//! Another carrier: an operator wants a shipment offered to another TMS than the one that was asked. A reservation has no such
//! choice: the goods lie where they lie, and one warehouse runs the place.

use model::{Ask, PartnerId};

use super::case::Case;
use crate::policy::Policy;
use crate::state::{AskState, Shipment, State};

impl<'a> Case<'a> {
    /// The partner that an operator wants asked to carry a shipment, in the place of the one that was asked last. Once it was
    /// asked, it is the last, and nobody is wanted in its place.
    pub fn substitute(&self, shipment: &Shipment<'a>) -> Option<&'a PartnerId> {
        let ask = self.ask("book", Some(&shipment.id))?;
        let wanted = self.state.substitute(&ask.id)?;
        (!self.is_moot(ask) && !self.has_or_had(wanted, shipment)).then_some(wanted)
    }

    /// Whether a partner may still take a shipment, or took it before: what it tells of another booking could not be told from
    /// what it told of that one.
    fn has_or_had(&self, partner: &PartnerId, shipment: &Shipment<'a>) -> bool {
        let bound = |ask: &Ask| match self.known.answers.to(ask) {
            AskState::Waiting | AskState::Accepted => true,
            AskState::NotAsked | AskState::Refused(_) => false,
        };
        self.same("book", Some(&shipment.id)).any(|ask| ask.partner == *partner && bound(ask))
    }

    /// Whether what a carrier has of a shipment is to be taken back, to let another have it.
    pub fn is_to_be_replaced(&self, shipment: &Shipment<'a>) -> bool {
        self.substitute(shipment).is_some() && !self.is_to_be_undone(shipment)
    }
}

/// Whether another partner can be asked in the place of the one that an ask was put to.
///
/// # Errors
/// Why not, in words.
pub fn may_substitute(state: &State, policy: &Policy, ask: &Ask, partner: &PartnerId) -> Result<(), String> {
    if ask.request.kind() != "book" {
        return Err(format!("{} is no booking: only a carrier has a substitute", ask.id));
    }
    let Some(case) = Case::of(state, policy) else { return Err("no ERP has released the order".to_owned()) };
    let shipment = case.shipments().find(|shipment| ask.request.shipment() == Some(&shipment.id));
    let Some(shipment) = shipment else { return Err(format!("the order has no shipment of {} any more", ask.id)) };
    if case.ask("book", Some(&shipment.id)).is_some_and(|newest| newest.id != ask.id) {
        return Err(format!("another was asked after {} already", ask.id));
    }
    if case.is_moot(ask) {
        return Err(format!("{} has left: no other carrier can have it", shipment.id));
    }
    if case.is_to_be_undone(shipment) {
        return Err(format!("{} is not wanted any more, or the order goes on without it", shipment.id));
    }
    if case.has_or_had(partner, shipment) {
        return Err(format!("{partner} was asked for {} already, and has not refused", shipment.id));
    }
    Ok(())
}
