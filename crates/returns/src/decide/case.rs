//! One return as the rules look at it.

use model::{Ask, AskId, PartnerId, Progress, Request, RmaId, ShipmentId, System};

use super::problems;
use super::waits::Wait;
use crate::known::Known;
use crate::policy::Policy;
use crate::state::{AskState, State};

/// Something a return asks somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ExpectReturn,
    Collect,
    CancelCollection,
    CancelReturn,
    Credit,
    UpdateReturn,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::ExpectReturn,
        Self::Collect,
        Self::CancelCollection,
        Self::CancelReturn,
        Self::Credit,
        Self::UpdateReturn,
    ];

    /// As [`Request::kind`]. No order asks anything of the same kind, so that no two asks share an id even where an order
    /// and a return share a number.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExpectReturn => "expect_return",
            Self::Collect => "collect",
            Self::CancelCollection => "cancel_collection",
            Self::CancelReturn => "cancel_return",
            Self::Credit => "credit",
            Self::UpdateReturn => "update_return",
        }
    }
}

/// One return as the rules look at it: what is known, and what is being asked in this decision.
pub(super) struct Case<'a> {
    pub state: &'a State,
    pub policy: &'a Policy,
    pub known: Known<'a>,
    /// What comes back travels as one shipment.
    pub shipment: ShipmentId,
    /// What this decision asks. The rules for waits and problems see it as asked already, so that deciding on the state this
    /// decision leads to adds nothing.
    pub asks: Vec<Ask>,
    /// What is being waited for, once this decision has asked.
    pub waits: Vec<Wait>,
    id: &'a RmaId,
    view: PartnerId,
}

impl<'a> Case<'a> {
    /// The case of an authorised return; of no other is anything asked.
    pub fn of(state: &'a State, policy: &'a Policy) -> Option<Self> {
        let (id, known) = (state.id()?, Known::of(state)?);
        let (view, shipment) = (PartnerId::new("visibility").ok()?, ShipmentId::new("r1").ok()?);
        Some(Self { state, policy, known, shipment, asks: Vec::new(), waits: Vec::new(), id, view })
    }

    /// Every ask of this kind, made before or now.
    pub fn same(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Ask> {
        self.state.asks().chain(&self.asks).filter(move |ask| ask.request.kind() == kind.as_str())
    }

    /// The newest ask of this kind, made before or now.
    pub fn ask(&self, kind: Kind) -> Option<&Ask> {
        self.same(kind).next_back()
    }

    /// How often this was asked, under whatever id.
    pub fn times(&self, kind: Kind) -> usize {
        self.same(kind).map(|ask| 1 + self.state.times_again(&ask.id).max(self.state.times_wanted_again(&ask.id))).sum()
    }

    /// What became of the newest ask of this kind.
    pub fn answer(&self, kind: Kind) -> AskState<'a> {
        self.ask(kind).map_or(AskState::NotAsked, |ask| self.state.answer_to(ask))
    }

    /// The newest ask of this kind, unless it was refused or is undone.
    pub fn standing(&self, kind: Kind) -> Option<&Ask> {
        let ask = self.ask(kind)?;
        let refused = matches!(self.state.answer_to(ask), AskState::Refused(_));
        (!refused && !self.is_undone(ask)).then_some(ask)
    }

    fn is_undone(&self, ask: &Ask) -> bool {
        let undo = |other: &&Ask| other.request.undoes() == Some(&ask.id);
        self.state.asks().chain(&self.asks).filter(undo).any(|undo| self.state.answer_to(undo) == AskState::Accepted)
    }

    /// The ask, unless it was made before and is not to be made anew.
    pub fn new_ask(&self, kind: Kind, request: impl FnOnce() -> Request) -> Option<Ask> {
        if self.ask(kind).is_some_and(|ask| !self.is_to_be_made_anew(kind, ask)) {
            return None;
        }
        let request = request();
        let own = self.known.authorised;
        let (system, partner) = match kind {
            Kind::ExpectReturn | Kind::CancelReturn => (System::Wms, &own.wms),
            Kind::Collect | Kind::CancelCollection => (System::Tms, own.tms.as_ref()?),
            Kind::Credit => (System::Erp, &own.erp),
            Kind::UpdateReturn => (System::View, &self.view),
        };
        let id = ask_id(self.id, kind, self.same(kind).count() + 1)?;
        Some(Ask { id, system, partner: partner.clone(), request })
    }

    /// What was undone and is wanted after all is asked anew; so is what was refused when an operator wants it, and what
    /// failed after a pause.
    fn is_to_be_made_anew(&self, kind: Kind, ask: &Ask) -> bool {
        match self.state.answer_to(ask) {
            AskState::Refused(_) => {
                let pause = Wait::Retry(kind, self.times(kind)).name();
                self.state.times_wanted_again(&ask.id) > 0 || (self.may_be_retried(kind) && self.state.is_due(&pause))
            }
            AskState::NotAsked => false,
            AskState::Waiting | AskState::Accepted => self.is_undone(ask),
        }
    }

    /// Whether the newest ask of this kind failed, and the policy has it made anew after a pause.
    pub fn may_be_retried(&self, kind: Kind) -> bool {
        super::has_failed(self.answer(kind)) && self.same(kind).count() <= self.policy.retries.failed
    }

    /// Whether it is such a return as a warehouse could take in.
    pub fn is_sound(&self) -> bool {
        problems::objections(&self.known).is_empty()
    }

    /// Whether it is clear what becomes of it: everything was inspected and nothing differs, or it is called off with all
    /// that was asked undone.
    pub fn is_settled(&self) -> bool {
        if self.known.is_called_off() {
            return self.standing(Kind::ExpectReturn).is_none() && self.standing(Kind::Collect).is_none();
        }
        self.known.is_inspected() && self.is_sound() && !problems::differs(self)
    }

    /// What the ERP was, or is being, asked to credit.
    pub fn credited_lines(&self) -> Option<&[Progress]> {
        match &self.ask(Kind::Credit)?.request {
            Request::Credit { lines, .. } => Some(lines),
            Request::Allocate { .. }
            | Request::Book { .. }
            | Request::ConfirmShipment { .. }
            | Request::Bill { .. }
            | Request::CancelAllocation { .. }
            | Request::CancelBooking { .. }
            | Request::ConfirmCancellation { .. }
            | Request::UpdateCustomer { .. }
            | Request::ExpectReturn { .. }
            | Request::Collect { .. }
            | Request::CancelReturn { .. }
            | Request::CancelCollection { .. }
            | Request::UpdateReturn { .. } => None,
        }
    }
}

/// The id of an ask: the same however often it is decided; one that is made anew has its number behind it. `None` when the
/// return's number leaves no room for it; the longest does, see `model::token::MAX_COMPOSED`.
fn ask_id(rma: &RmaId, kind: Kind, attempt: usize) -> Option<AskId> {
    let number = if attempt > 1 { format!("#{attempt}") } else { String::new() };
    AskId::new(&format!("{rma}/{}{number}", kind.as_str())).ok()
}
