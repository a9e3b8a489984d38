//! What the order's ERP and operators want of the whole order: that it stops, or waits.

use engine::FactId;
use model::{CancelRequest, Classifier, ConditionKind, Fact, Lane, Milestone, Reason, Timestamp};

use super::{Came, Held, Known, State};

/// An order that is not wanted any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cancelled<'a> {
    /// When it was first told.
    pub came: Came,
    pub reason: Reason,
    pub detail: Option<&'a str>,
}

impl State {
    /// Who holds the order back; see [`Lane::Erp`] and [`Lane::Ops`].
    #[must_use]
    pub fn holders(&self) -> Vec<Lane> {
        self.known(|_| None).map(|known| known.holders()).unwrap_or_default()
    }
}

impl<'a> Known<'a> {
    /// Whether the order is not wanted any more, by the first word of its ERP or of an operator. It cannot be taken back: who
    /// wants the goods after all releases a new order.
    pub fn cancelled(&self) -> Option<Cancelled<'a>> {
        let told = self.state.facts().filter(|(id, held)| self.speaks_for_the_order(*id, held));
        let wanted = told.filter_map(|(id, held)| {
            let (reason, detail) = cancelled(&held.fact)?;
            Some(Cancelled { came: held.came(id), reason, detail })
        });
        wanted.min_by_key(|cancelled| cancelled.came)
    }

    /// Who holds the order back, if somebody does. A hold stands until who began it ends it.
    pub fn holders(&self) -> Vec<Lane> {
        let mut holders = Vec::new();
        for lane in [Lane::Erp, Lane::Ops] {
            let told =
                self.state.facts().filter(|(id, held)| held.lane == lane && self.speaks_for_the_order(*id, held));
            let told = told.filter_map(|(id, held)| Some(((occurred(held)?, held.came(id)), is_hold(&held.fact)?)));
            if told.max_by_key(|(place, _)| *place).is_some_and(|(_, holds)| holds) {
                holders.push(lane);
            }
        }
        holders
    }

    /// How often somebody held the order back.
    pub fn times_held(&self) -> usize {
        let told = self.state.facts().filter(|(id, held)| self.speaks_for_the_order(*id, held));
        told.filter(|(_, held)| is_hold(&held.fact) == Some(true)).count()
    }

    fn speaks_for_the_order(&self, id: FactId, held: &Held) -> bool {
        match held.lane {
            Lane::Erp => self.is_from_erp(id, held),
            Lane::Ops => true,
            Lane::Wms | Lane::Tms | Lane::View | Lane::Clock | Lane::Flow => false,
        }
    }
}

/// Whether something told holds the whole order back, or lets it go; nothing when it is about something else.
fn is_hold(fact: &Fact) -> Option<bool> {
    let Fact::Condition(condition) = fact else { return None };
    let of_order = condition.kind == ConditionKind::OnHold && condition.shipment.is_none();
    of_order.then_some(!condition.resolved)
}

fn occurred(held: &Held) -> Option<Timestamp> {
    let Fact::Condition(condition) = &held.fact else { return None };
    Some(condition.occurred.at)
}

/// Why a fact says that the order is not wanted any more; nothing when it says something else.
fn cancelled(fact: &Fact) -> Option<(Reason, Option<&str>)> {
    if let Fact::CancelRequested(CancelRequest { reason, detail }) = fact {
        return Some((*reason, detail.as_deref()));
    }
    let Fact::Milestone(reached) = fact else { return None };
    let is_cancelled = reached.milestone == Milestone::OrderCancelled && reached.classifier == Classifier::Actual;
    is_cancelled.then_some((Reason::ShipperCancelled, None))
}
