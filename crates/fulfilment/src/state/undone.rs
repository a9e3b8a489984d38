//! What was asked and still stands, and what was undone.

use model::{Ask, ShipmentId};

use super::{AskState, Known};

/// The asks that undo another, and what they undo, newest first.
pub(crate) const UNDO: [(&str, &str); 2] = [("cancel_booking", "book"), ("cancel_allocation", "allocate")];

impl Known<'_> {
    /// The ask of a kind for a shipment that binds a partner: it may still be accepted, or was, and nobody undid it.
    pub fn standing<'b>(
        &self,
        kind: &str,
        shipment: &ShipmentId,
        asks: impl DoubleEndedIterator<Item = &'b Ask> + Clone,
    ) -> Option<&'b Ask> {
        let ask = newest(asks.clone(), kind, Some(shipment))?;
        let binds = match self.answers.to(ask) {
            AskState::Waiting | AskState::Accepted => true,
            AskState::NotAsked | AskState::Refused(_) => false,
        };
        (binds && !self.is_undone(ask, asks)).then_some(ask)
    }

    /// Whether the partner that was asked has undone an ask.
    pub fn is_undone<'b>(&self, ask: &Ask, mut asks: impl Iterator<Item = &'b Ask>) -> bool {
        asks.any(|undo| undo.request.undoes() == Some(&ask.id) && self.answers.to(undo) == AskState::Accepted)
    }
}

/// The newest ask of a kind, for a shipment or for the order.
pub(crate) fn newest<'b>(
    mut asks: impl DoubleEndedIterator<Item = &'b Ask>,
    kind: &str,
    shipment: Option<&ShipmentId>,
) -> Option<&'b Ask> {
    asks.rfind(|ask| ask.request.kind() == kind && ask.request.shipment() == shipment)
}
