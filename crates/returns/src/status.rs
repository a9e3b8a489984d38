//! What is shown of a return.

use model::{CustomerId, End, Exception, LineId, OrderId, Reason, RmaId, Sku, Unit};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::known::Known;
use crate::state::{AskState, State};

/// Where a return stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Goods may come back.
    Authorised,
    /// The warehouse expects them.
    Expected,
    /// A carrier has them.
    InTransit,
    /// The warehouse has them.
    Received,
    /// The warehouse has looked at them.
    Inspected,
    /// It is over: what was accepted is credited.
    Credited,
    /// It is over: nothing was accepted.
    Refused,
    /// It is over, or about to be: it was called off.
    Cancelled,
}

impl Stage {
    /// The word shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorised => "authorised",
            Self::Expected => "expected",
            Self::InTransit => "in transit",
            Self::Received => "received",
            Self::Inspected => "inspected",
            Self::Credited => "credited",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A return as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The return.
    pub rma: RmaId,
    /// The order the goods were sold in.
    pub order: OrderId,
    /// Who sends them back.
    pub customer: CustomerId,
    /// Where it stands.
    pub stage: Stage,
    /// Whether it is over.
    pub ended: bool,
    /// What comes back.
    pub lines: Vec<LineStatus>,
    /// What is wrong.
    pub exceptions: Vec<Exception>,
}

/// How much of one line has come how far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineStatus {
    /// The order's line.
    pub line: LineId,
    /// What.
    pub sku: Sku,
    /// The unit of all its quantities.
    pub unit: Unit,
    /// Why it comes back.
    pub reason: Reason,
    /// How much may come back.
    pub authorised: Decimal,
    /// How much the warehouse has.
    pub received: Decimal,
    /// How much of it is as it was sold.
    pub sound: Decimal,
    /// How much of it is taken, but not to be sold again.
    pub damaged: Decimal,
    /// How much of it is not taken.
    pub refused: Decimal,
    /// How much the ERP confirmed that it credited.
    pub credited: Decimal,
}

/// What is shown of a return; nothing before it is authorised.
#[must_use]
pub fn status(state: &State) -> Option<Status> {
    let known = Known::of(state)?;
    let line = |(line, amounts): (&model::ReturnLine, crate::known::Amounts)| LineStatus {
        line: line.line.clone(),
        sku: line.sku.clone(),
        unit: line.quantity.unit.clone(),
        reason: line.reason,
        authorised: amounts.authorised,
        received: amounts.received,
        sound: amounts.sound,
        damaged: amounts.damaged,
        refused: amounts.refused,
        credited: amounts.confirmed,
    };
    Some(Status {
        rma: state.id()?.clone(),
        order: known.authorised.order.clone(),
        customer: known.authorised.customer.clone(),
        stage: stage(state, &known),
        ended: state.ended().is_some(),
        lines: known.lines().map(line).collect(),
        exceptions: state.exceptions().cloned().collect(),
    })
}

fn stage(state: &State, known: &Known<'_>) -> Stage {
    let accepted = |kind: &str| {
        let asked = state.asks().rfind(|ask| ask.request.kind() == kind);
        asked.is_some_and(|ask| state.answer_to(ask) == AskState::Accepted)
    };
    let is_credited = known.asked_to_credit().is_some_and(|lines| !lines.is_empty()) && accepted("credit");
    // What comes back after it was called off does not bring it to life again.
    if known.is_called_off() || state.ended() == Some(End::Cancelled) {
        Stage::Cancelled
    } else if is_credited {
        Stage::Credited
    } else if state.ended().is_some() {
        Stage::Refused
    } else if known.is_inspected() {
        Stage::Inspected
    } else if !known.received.is_empty() {
        Stage::Received
    } else if known.has_left() {
        Stage::InTransit
    } else if accepted("expect_return") {
        Stage::Expected
    } else {
        Stage::Authorised
    }
}
