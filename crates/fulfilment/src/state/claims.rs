//! Claims: what is told by somebody whose word does not count for it. It is kept and shown, and moves nothing.

use engine::FactId;
use model::{Ask, ConditionKind, Fact, Lane, Milestone, Request, System, Timestamp};

use super::answers::is_from_asked;
use super::{Held, Known, State};

/// A fact told by a system that is not the system of record for it: shown beside the truth, never part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// Who claims it.
    pub lane: Lane,
    /// The partner that claims it, if one does.
    pub partner: Option<&'a str>,
    /// When it first came in.
    pub received: Timestamp,
    /// What is claimed.
    pub fact: &'a Fact,
}

impl State {
    /// What was told by systems and partners whose word does not count for it.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim<'_>> {
        let known = self.known(|_| None);
        self.claims_beside(known.as_ref())
    }

    pub(crate) fn claims_beside<'a>(&'a self, known: Option<&Known<'_>>) -> Vec<Claim<'a>> {
        let claims = self.facts.iter().filter(|(id, held)| match known {
            Some(known) => known.is_claim(**id, held),
            // Nobody is known to speak for an order that nobody released.
            None => true,
        });
        let shown = claims.map(|(_, held)| Claim {
            lane: held.lane,
            partner: held.partner.as_deref(),
            received: held.received,
            fact: &held.fact,
        });
        shown.collect()
    }
}

impl Known<'_> {
    /// Whether a fact is told by somebody whose word does not count for it.
    pub fn is_claim(&self, id: FactId, held: &Held) -> bool {
        if !may_tell(held.lane, &held.fact) {
            return true;
        }
        let nobodys = |about| self.concerned(held, about).next().is_none();
        match &held.fact {
            Fact::Released(order) => self.erps.at(held.came(id)) != Some(&order.erp),
            Fact::Validated(_) | Fact::Billed(_) | Fact::CancelRequested(_) => !self.is_from_erp(id, held),
            Fact::HandedOver(_) => !self.erps.was_handed(held.came(id)),
            Fact::RetryRequested(_)
            | Fact::Waived(_)
            | Fact::Noted(_)
            | Fact::Assigned(_)
            | Fact::Snoozed(_)
            | Fact::Substituted(_) => false,
            Fact::Answered(_) if held.lane == Lane::Ops => false,
            Fact::Answered(answer) => {
                let Some(ask) = self.state.ask(&answer.ask) else { return true };
                let first = self.answers.outcomes(ask).next();
                let agrees = first.is_none_or(|first| first.is_accepted() == answer.outcome.is_accepted());
                !(is_from_asked(held, ask) && agrees)
            }
            Fact::Booked(booking) => {
                self.booking(&booking.shipment) != Some(booking) || nobodys(Some(&booking.shipment))
            }
            Fact::FreightInvoiced(bill) => nobodys(bill.shipment.as_ref()),
            Fact::Condition(_) if held.lane == Lane::Erp => !self.is_from_erp(id, held),
            Fact::Condition(condition) => nobodys(condition.shipment.as_ref()),
            Fact::Milestone(reached) => {
                let differs = |again: &super::RepeatedQuantity<'_>| again.event.fact == id && again.differs.is_some();
                match reached.milestone.authority() {
                    None => false,
                    Some(System::Erp) => !self.is_from_erp(id, held),
                    Some(System::Wms | System::Tms | System::View) => {
                        nobodys(reached.shipment.as_ref()) || self.repeated.iter().any(differs)
                    }
                }
            }
            Fact::Archived(_) => false,
            // What is told of a return belongs in the return's own stream.
            Fact::ReturnAuthorised(_) | Fact::Inspected(_) | Fact::Credited(_) => true,
        }
    }

    /// Whether what is told in the ERP's lane is told by the ERP that had the order then, or by the one that was asked
    /// for it.
    pub fn is_from_erp(&self, id: FactId, held: &Held) -> bool {
        if held.lane != Lane::Erp {
            return true;
        }
        if let Fact::Answered(answer) = &held.fact
            && let Some(ask) = self.state.ask(&answer.ask)
        {
            return is_from_asked(held, ask);
        }
        // Who was asked to bill before the order was handed over bills it.
        let is_asked_to = |ask: &Ask| matches!(ask.request, Request::Bill { .. }) && is_from_asked(held, ask);
        let bills = matches!(held.fact, Fact::Billed(_)) && self.state.asks().any(is_asked_to);
        bills || self.erps.at(held.came(id)).is_some_and(|erp| held.is_from(erp))
    }
}

/// Whether the system that writes a lane is the system of record for a fact. Which partner of that kind it must be, only
/// the order can tell: see [`State::claims`].
///
/// A return may be told by the carrier that brings it or the warehouse that takes it in; only the warehouse issues goods.
#[must_use]
pub fn may_tell(lane: Lane, fact: &Fact) -> bool {
    if lane == Lane::Ops {
        return true;
    }
    match fact {
        Fact::Released(_) | Fact::Validated(_) | Fact::Billed(_) | Fact::CancelRequested(_) | Fact::HandedOver(_) => {
            lane == Lane::Erp
        }
        // Only an operator's word counts for these, see above.
        Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_) => false,
        // Of an order, nobody's does.
        Fact::ReturnAuthorised(_) | Fact::Inspected(_) | Fact::Credited(_) => false,
        Fact::Booked(_) | Fact::FreightInvoiced(_) => lane == Lane::Tms,
        Fact::Archived(_) => lane == Lane::View,
        // An answer is matched to the partner that was asked, see `AskState`.
        Fact::Answered(_) => true,
        Fact::Condition(condition) => match condition.shipment {
            // Whether an order may go on at all, its ERP knows best: its credit, its customer.
            None if condition.kind == ConditionKind::OnHold => matches!(lane, Lane::Erp | Lane::Tms | Lane::Wms),
            None | Some(_) => matches!(lane, Lane::Tms | Lane::Wms),
        },
        Fact::Milestone(reached) => {
            let returned = reached.milestone == Milestone::TransportReturned;
            // What is unknown moves nothing, whoever tells it.
            let Some(authority) = reached.milestone.authority() else { return true };
            lane == authority.lane() || (returned && lane == System::Tms.lane())
        }
    }
}
