//! Facts: what a system of record says has happened.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exception::{Exception, ExceptionKind};
use crate::ids::{AskId, CustomerId, LineId, LocationId, ParcelId, PartnerId, ShipmentId};
use crate::master::Validation;
use crate::milestone::{Classifier, Milestone};
use crate::money::Money;
use crate::order::{Order, Place};
use crate::quantity::Quantity;
use crate::reason::Reason;
use crate::returns::{Inspection, OpenedReturn, ReturnAuthorisation};
use crate::time::{Timestamp, When};

/// Something a system of record says has happened to an order, or to a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The ERP released the order for fulfilment.
    Released(Order),
    /// The order was held against master data.
    Validated(Validation),
    /// An ask was settled.
    Answered(Answer),
    /// A milestone was reached, or is expected, planned or requested.
    Milestone(MilestoneReached),
    /// Something is, or is no longer, as it should be.
    Condition(Condition),
    /// A carrier took a shipment on.
    Booked(Booking),
    /// The customer was billed.
    Billed(Invoice),
    /// The carrier sent its bill.
    FreightInvoiced(FreightInvoice),
    /// The trail of the ended order is in the archive.
    Archived(Archived),
    /// The order is not wanted any more.
    CancelRequested(CancelRequest),
    /// Another ERP has the order from now on.
    HandedOver(HandOver),
    /// An operator wants something asked again.
    RetryRequested(RetryRequest),
    /// An operator takes a problem as it is: the order goes on without what is lacking.
    Waived(Exception),
    /// An operator's remark; it moves nothing.
    Noted(Note),
    /// An operator gives a problem to somebody to see to; it moves nothing.
    Assigned(Assignment),
    /// An operator puts a problem off; it moves nothing.
    Snoozed(Snooze),
    /// An operator wants another partner asked in the place of one that was.
    Substituted(Substitution),
    /// Goods may come back: the first word of a return.
    ReturnAuthorised(ReturnAuthorisation),
    /// The warehouse looked at goods that came back.
    Inspected(Inspection),
    /// The customer was given credit for goods that came back.
    Credited(Invoice),
}

impl Fact {
    /// The fact's kind, as on the wire.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Released(_) => "released",
            Self::Validated(_) => "validated",
            Self::Answered(_) => "answered",
            Self::Milestone(_) => "milestone",
            Self::Condition(_) => "condition",
            Self::Booked(_) => "booked",
            Self::Billed(_) => "billed",
            Self::FreightInvoiced(_) => "freight_invoiced",
            Self::Archived(_) => "archived",
            Self::CancelRequested(_) => "cancel_requested",
            Self::HandedOver(_) => "handed_over",
            Self::RetryRequested(_) => "retry_requested",
            Self::Waived(_) => "waived",
            Self::Noted(_) => "noted",
            Self::Assigned(_) => "assigned",
            Self::Snoozed(_) => "snoozed",
            Self::Substituted(_) => "substituted",
            Self::ReturnAuthorised(_) => "return_authorised",
            Self::Inspected(_) => "inspected",
            Self::Credited(_) => "credited",
        }
    }
}

impl Fact {
    /// When what it tells occurred, where it states that. An estimate states what is to come: that is no time at which anything did.
    #[must_use]
    pub const fn occurred(&self) -> Option<When> {
        match self {
            Self::Milestone(reached) => match reached.classifier {
                Classifier::Actual => Some(reached.occurred),
                Classifier::Estimated | Classifier::Planned | Classifier::Requested => None,
            },
            Self::Condition(condition) => Some(condition.occurred),
            Self::Released(_)
            | Self::ReturnAuthorised(_)
            | Self::Validated(_)
            | Self::Answered(_)
            | Self::Booked(_)
            | Self::Billed(_)
            | Self::FreightInvoiced(_)
            | Self::Archived(_)
            | Self::CancelRequested(_)
            | Self::HandedOver(_)
            | Self::RetryRequested(_)
            | Self::Waived(_)
            | Self::Noted(_)
            | Self::Assigned(_)
            | Self::Snoozed(_)
            | Self::Substituted(_)
            | Self::Inspected(_)
            | Self::Credited(_) => None,
        }
    }

    /// Whose order or return it is, where it is the one to say so.
    #[must_use]
    pub const fn customer(&self) -> Option<&CustomerId> {
        match self {
            Self::Released(order) => Some(&order.customer),
            Self::ReturnAuthorised(authorised) => Some(&authorised.customer),
            Self::Milestone(_)
            | Self::Condition(_)
            | Self::Validated(_)
            | Self::Answered(_)
            | Self::Booked(_)
            | Self::Billed(_)
            | Self::FreightInvoiced(_)
            | Self::Archived(_)
            | Self::CancelRequested(_)
            | Self::HandedOver(_)
            | Self::RetryRequested(_)
            | Self::Waived(_)
            | Self::Noted(_)
            | Self::Assigned(_)
            | Self::Snoozed(_)
            | Self::Substituted(_)
            | Self::Inspected(_)
            | Self::Credited(_) => None,
        }
    }

    /// The place it names, to be changed. No fact names more than one.
    #[must_use]
    pub fn place_mut(&mut self) -> Option<&mut Place> {
        match self {
            Self::Released(order) => Some(&mut order.ship_to),
            Self::Milestone(reached) => reached.place.as_mut(),
            Self::Condition(condition) => condition.place.as_mut(),
            Self::ReturnAuthorised(authorised) => authorised.from.as_mut(),
            Self::Noted(note) => note.opens.as_mut().and_then(|opened| opened.authorised.from.as_mut()),
            Self::Validated(_)
            | Self::Answered(_)
            | Self::Booked(_)
            | Self::Billed(_)
            | Self::FreightInvoiced(_)
            | Self::Archived(_)
            | Self::CancelRequested(_)
            | Self::HandedOver(_)
            | Self::RetryRequested(_)
            | Self::Waived(_)
            | Self::Assigned(_)
            | Self::Snoozed(_)
            | Self::Substituted(_)
            | Self::Inspected(_)
            | Self::Credited(_) => None,
        }
    }
}

/// How an ask was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The ask.
    pub ask: AskId,
    /// The partner's word on it.
    pub outcome: Outcome,
}

/// The word on an ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is done or will be.
    Accepted,
    /// The partner will not.
    Refused {
        /// Why, normalised.
        reason: Reason,
        /// Why, in the partner's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// The partner could not.
    Failed {
        /// What went wrong, in the partner's words.
        detail: String,
    },
}

impl Outcome {
    /// Whether it is a yes.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Refused { reason, detail: Some(detail) } => write!(f, "refused, {reason}: {detail}"),
            Self::Refused { reason, detail: None } => write!(f, "refused, {reason}"),
            Self::Failed { detail } => write!(f, "failed: {detail}"),
        }
    }
}

/// A milestone as one source states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MilestoneReached {
    /// Which.
    pub milestone: Milestone,
    /// In which sense.
    pub classifier: Classifier,
    /// When, as stated.
    pub occurred: When,
    /// The shipment it is about; the whole order when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<ShipmentId>,
    /// The parcel it is about; the whole shipment when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parcel: Option<ParcelId>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// How much of which lines; everything the shipment holds when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Progress>,
    /// The source's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// How much of one line a milestone covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// The line.
    pub line: LineId,
    /// How much.
    pub quantity: Quantity,
    /// The stock location it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationId>,
}

/// A condition as one source states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// What is the matter.
    pub kind: ConditionKind,
    /// Why.
    pub reason: Reason,
    /// True when it is over.
    #[serde(default)]
    pub resolved: bool,
    /// When, as stated.
    pub occurred: When,
    /// The shipment it is about; the whole order when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<ShipmentId>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The source's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What can be the matter with a shipment without it being a milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConditionKind {
    /// It is late or will be.
    Delayed,
    /// It is held.
    OnHold,
    /// It goes another way or to another place.
    Rerouted,
    /// Something is wrong: damaged, refused, lost.
    Exception,
}

impl ConditionKind {
    /// The word used in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delayed => "delayed",
            Self::OnHold => "on_hold",
            Self::Rerouted => "rerouted",
            Self::Exception => "exception",
        }
    }
}

/// A carrier took a shipment on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Booking {
    /// The shipment.
    pub shipment: ShipmentId,
    /// The partner that booked it.
    pub tms: PartnerId,
    /// The carrier, in the partner's words.
    pub carrier: String,
    /// The number the carrier tracks it by.
    pub tracking: String,
    /// What was agreed to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<Money>,
}

/// The customer was billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invoice {
    /// The invoice's number.
    pub number: String,
    /// The total.
    pub total: Money,
    /// How much of which lines; everything delivered when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Progress>,
}

/// The carrier sent its bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FreightInvoice {
    /// The shipment billed; the whole order when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<ShipmentId>,
    /// The bill's number.
    pub number: String,
    /// What the carrier wants.
    pub total: Money,
}

/// The trail of the ended order is in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Archived {
    /// SHA-256 of the last link of the hash chain, in hex.
    pub digest: String,
    /// How many entries the trail has.
    pub entries: u32,
}

/// The order is not wanted any more: by the word of its ERP or of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancelRequest {
    /// Why, normalised.
    pub reason: Reason,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Another ERP has the order from now on, as when a company moves from one to the next: by the word of the one that had it, or of an
/// operator. What is asked of the ERP is asked of this one, and only its word counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandOver {
    /// The ERP that has it from now on.
    pub to: PartnerId,
}

/// Something is to be asked again: what was refused or failed as a new ask, what was not answered under its own id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetryRequest {
    /// The ask.
    pub ask: AskId,
}

/// Somebody is to see to a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assignment {
    /// Which problem.
    pub kind: ExceptionKind,
    /// When that one was raised: a problem of the same kind that opens later is another, and begins with nobody.
    pub raised: Timestamp,
    /// Who is to see to it: a person or a team, as the operators call them.
    pub to: String,
}

/// A problem is put off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snooze {
    /// Which problem.
    pub kind: ExceptionKind,
    /// When that one was raised, as for an [`Assignment`].
    pub raised: Timestamp,
    /// When it is to be seen again.
    pub until: Timestamp,
}

/// Another partner is to be asked in the place of one that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Substitution {
    /// The ask that the other partner is to have instead: one to book a shipment.
    pub ask: AskId,
    /// Who is to be asked.
    pub partner: PartnerId,
}

/// A remark on an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// The remark.
    pub text: String,
    /// The return that an operator opens with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<Box<OpenedReturn>>,
}
