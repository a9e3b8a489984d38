//! Facts about an order: what each `kind` of `[[in.<message>.facts]]` reads.
//!
//! | kind | keys (optional ones with `?`) |
//! |---|---|
//! | `released` | `customer`, `currency`, `ship_to` ([place](crate::place)), `lines` ([lines](crate::lines)), `ordered`?, `promised`?, `mode`? |
//! | `answered` | `ask`, `outcome`, `reason`?, `detail`? |
//! | `milestone` | `milestone`, `classifier`?, `occurred`?, `shipment`?, `parcel`?, `place`?, `lines`?, `code`? |
//! | `condition` | `condition`, `reason`?, `resolved`?, `occurred`?, `shipment`?, `place`?, `code`? |
//! | `booked` | `shipment`, `carrier`, `tracking`, `charge`? (`amount`, `currency`) |
//! | `billed` | `number`, `total` (`amount`, `currency`), `lines`? |
//! | `freight_invoiced` | `shipment`?, `number`, `total` (`amount`, `currency`) |
//! | `cancel_requested` | `reason`?, `detail`? |
//! | `handed_over` | `to`: the partner id of the ERP that has the order from now on |
//! | `return_authorised`, `inspected`, `credited` | see [returns](crate::returned) |
//!
//! A booking whose `shipment` is the message's own reference is of the shipment that the reference stands for.
//!
//! `code` is the partner's own code, kept with the fact. A milestone without `classifier` is actual. Where the profile names
//! no `occurred`, the time the message was received stands in, and does not count for the fact's id. `resolved` is a
//! [guard](crate::guard). A `reason` that is absent is `unknown`.

use model::{
    Answer, AskId, Booking, CancelRequest, Classifier, Condition, ConditionKind, Currency, CustomerId, Fact,
    FreightInvoice, HandOver, Invoice, Milestone, MilestoneReached, Order, Outcome, ParcelId, PartnerId, Reason,
    ShipmentId, Timestamp, When,
};

use crate::compiler::Compiler;
use crate::field::Field;
use crate::guard::Guards;
use crate::lines::{OrderLines, ProgressLines};
use crate::place::{MoneyRule, PlaceRule, read};
use crate::returned::{AuthorisedRule, InspectedRule};
use crate::scope::Scope;
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};
use crate::words::Settled;

/// How one kind of fact is read.
#[derive(Debug)]
pub(crate) enum FactRule {
    Released(Box<ReleasedRule>),
    Answered(Box<AnsweredRule>),
    Milestone(Box<MilestoneRule>),
    Condition(Box<ConditionRule>),
    Booked(Box<BookedRule>),
    Billed(Box<BilledRule>),
    FreightInvoiced(Box<FreightRule>),
    CancelRequested(Box<CancelRule>),
    HandedOver(Box<Field<PartnerId>>),
    ReturnAuthorised(Box<AuthorisedRule>),
    Inspected(Box<InspectedRule>),
    Credited(Box<BilledRule>),
}

/// What a fact is read with besides the message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) by: &'a PartnerId,
    pub(crate) received: Timestamp,
}

impl FactRule {
    /// The rule of a fact's kind; nothing when it is no kind of fact.
    pub(crate) fn compile(
        kind: &str,
        section: &mut Section<'_>,
        compiler: &Compiler<'_>,
    ) -> Result<Option<Self>, ProfileError> {
        Ok(Some(match kind {
            "released" => Self::Released(Box::new(ReleasedRule::compile(section, compiler)?)),
            "answered" => Self::Answered(Box::new(AnsweredRule::compile(section, compiler)?)),
            "milestone" => Self::Milestone(Box::new(MilestoneRule::compile(section, compiler)?)),
            "condition" => Self::Condition(Box::new(ConditionRule::compile(section, compiler)?)),
            "booked" => Self::Booked(Box::new(BookedRule::compile(section, compiler)?)),
            "billed" => Self::Billed(Box::new(BilledRule::compile(section, compiler)?)),
            "freight_invoiced" => Self::FreightInvoiced(Box::new(FreightRule::compile(section, compiler)?)),
            "handed_over" => Self::HandedOver(Box::new(compiler.field(section, "to")?)),
            "cancel_requested" => Self::CancelRequested(Box::new(CancelRule::compile(section, compiler)?)),
            "return_authorised" => Self::ReturnAuthorised(Box::new(AuthorisedRule::compile(section, compiler)?)),
            "inspected" => Self::Inspected(Box::new(InspectedRule::compile(section, compiler)?)),
            "credited" => Self::Credited(Box::new(BilledRule::compile(section, compiler)?)),
            _ => return Ok(None),
        }))
    }

    pub(crate) fn read(&self, scope: &Scope<'_>, told: Told<'_>) -> Result<Fact, Unreadable> {
        match self {
            Self::Released(rule) => rule.read(scope, told.by).map(Fact::Released),
            Self::Answered(rule) => rule.read(scope).map(Fact::Answered),
            Self::Milestone(rule) => rule.read(scope, told.received).map(Fact::Milestone),
            Self::Condition(rule) => rule.read(scope, told.received).map(Fact::Condition),
            Self::Booked(rule) => rule.read(scope, told.by).map(Fact::Booked),
            Self::Billed(rule) => rule.read(scope).map(Fact::Billed),
            Self::FreightInvoiced(rule) => rule.read(scope).map(Fact::FreightInvoiced),
            Self::CancelRequested(rule) => rule.read(scope).map(Fact::CancelRequested),
            Self::HandedOver(to) => Ok(Fact::HandedOver(HandOver { to: to.required(scope)? })),
            Self::ReturnAuthorised(rule) => rule.read(scope, told.by).map(Fact::ReturnAuthorised),
            Self::Inspected(rule) => rule.read(scope).map(Fact::Inspected),
            Self::Credited(rule) => rule.read(scope).map(Fact::Credited),
        }
    }

    /// Whether the partner says when it happened; otherwise the time of receipt stands in.
    pub(crate) const fn states_time(&self) -> bool {
        match self {
            Self::Milestone(rule) => rule.occurred.is_some(),
            Self::Condition(rule) => rule.occurred.is_some(),
            Self::Released(_)
            | Self::Answered(_)
            | Self::Booked(_)
            | Self::Billed(_)
            | Self::FreightInvoiced(_)
            | Self::CancelRequested(_)
            | Self::HandedOver(_)
            | Self::ReturnAuthorised(_)
            | Self::Inspected(_)
            | Self::Credited(_) => true,
        }
    }
}

/// Whether it is something that no table translates.
pub(crate) fn is_unknown(fact: &Fact) -> bool {
    matches!(fact, Fact::Milestone(reached) if reached.milestone == Milestone::Unknown)
}

/// How a released order is read.
#[derive(Debug)]
pub(crate) struct ReleasedRule {
    customer: Field<CustomerId>,
    currency: Field<Currency>,
    ship_to: PlaceRule,
    ordered: Option<Field<When>>,
    promised: Option<Field<When>>,
    mode: Option<Field<String>>,
    lines: OrderLines,
}

impl ReleasedRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            customer: compiler.field(section, "customer")?,
            currency: compiler.field(section, "currency")?,
            ship_to: PlaceRule::compile(section.required("ship_to")?, compiler)?,
            ordered: compiler.optional(section, "ordered")?,
            promised: compiler.optional(section, "promised")?,
            mode: compiler.optional(section, "mode")?,
            lines: OrderLines::compile(section.required("lines")?, compiler)?,
        })
    }

    fn read(&self, scope: &Scope<'_>, erp: &PartnerId) -> Result<Order, Unreadable> {
        let currency = self.currency.required(scope)?;
        Ok(Order {
            erp: erp.clone(),
            customer: self.customer.required(scope)?,
            currency,
            ship_to: self.ship_to.read(scope)?,
            ordered: read(self.ordered.as_ref(), scope)?,
            promised: read(self.promised.as_ref(), scope)?,
            mode: read(self.mode.as_ref(), scope)?,
            lines: self.lines.read(scope, currency)?,
        })
    }
}

/// How the answer to an ask is read.
#[derive(Debug)]
pub(crate) struct AnsweredRule {
    ask: Field<AskId>,
    outcome: Field<Settled>,
    reason: Option<Field<Reason>>,
    detail: Option<Field<String>>,
}

impl AnsweredRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            ask: compiler.field(section, "ask")?,
            outcome: compiler.field(section, "outcome")?,
            reason: compiler.optional(section, "reason")?,
            detail: compiler.optional(section, "detail")?,
        })
    }

    fn read(&self, scope: &Scope<'_>) -> Result<Answer, Unreadable> {
        let outcome = match self.outcome.required(scope)? {
            Settled::Accepted => Outcome::Accepted,
            Settled::Refused => Outcome::Refused {
                reason: read(self.reason.as_ref(), scope)?.unwrap_or(Reason::Unknown),
                detail: read(self.detail.as_ref(), scope)?,
            },
            Settled::Failed => Outcome::Failed {
                detail: read(self.detail.as_ref(), scope)?.unwrap_or_else(|| "the partner gave no detail".to_owned()),
            },
        };
        Ok(Answer { ask: self.ask.required(scope)?, outcome })
    }
}

/// How a milestone is read.
#[derive(Debug)]
pub(crate) struct MilestoneRule {
    milestone: Field<Milestone>,
    classifier: Option<Field<Classifier>>,
    occurred: Option<Field<When>>,
    shipment: Option<Field<ShipmentId>>,
    parcel: Option<Field<ParcelId>>,
    place: Option<PlaceRule>,
    lines: Option<ProgressLines>,
    code: Option<Field<String>>,
}

impl MilestoneRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            milestone: compiler.field(section, "milestone")?,
            classifier: compiler.optional(section, "classifier")?,
            occurred: compiler.optional(section, "occurred")?,
            shipment: compiler.optional(section, "shipment")?,
            parcel: compiler.optional(section, "parcel")?,
            place: place(section, compiler)?,
            lines: progress(section, compiler)?,
            code: compiler.optional(section, "code")?,
        })
    }

    fn read(&self, scope: &Scope<'_>, received: Timestamp) -> Result<MilestoneReached, Unreadable> {
        let classifier = match &self.classifier {
            Some(classifier) => classifier.required(scope)?,
            None => Classifier::Actual,
        };
        Ok(MilestoneReached {
            milestone: self.milestone.required(scope)?,
            classifier,
            occurred: match classifier {
                Classifier::Actual => occurred(self.occurred.as_ref(), scope, received)?,
                Classifier::Estimated | Classifier::Planned | Classifier::Requested => {
                    stated(self.occurred.as_ref(), scope, received)?
                }
            },
            shipment: read(self.shipment.as_ref(), scope)?,
            parcel: read(self.parcel.as_ref(), scope)?,
            place: self.place.as_ref().map_or(Ok(None), |place| place.read_any(scope))?,
            lines: self.lines.as_ref().map_or_else(|| Ok(Vec::new()), |lines| lines.read(scope))?,
            code: read(self.code.as_ref(), scope)?,
        })
    }
}

/// How a condition is read.
#[derive(Debug)]
pub(crate) struct ConditionRule {
    kind: Field<ConditionKind>,
    reason: Option<Field<Reason>>,
    resolved: Guards,
    occurred: Option<Field<When>>,
    shipment: Option<Field<ShipmentId>>,
    place: Option<PlaceRule>,
    code: Option<Field<String>>,
}

impl ConditionRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            kind: compiler.field(section, "condition")?,
            reason: compiler.optional(section, "reason")?,
            resolved: Guards::read(section, "resolved", compiler)?,
            occurred: compiler.optional(section, "occurred")?,
            shipment: compiler.optional(section, "shipment")?,
            place: place(section, compiler)?,
            code: compiler.optional(section, "code")?,
        })
    }

    fn read(&self, scope: &Scope<'_>, received: Timestamp) -> Result<Condition, Unreadable> {
        Ok(Condition {
            kind: self.kind.required(scope)?,
            reason: read(self.reason.as_ref(), scope)?.unwrap_or(Reason::Unknown),
            resolved: self.resolved.say_so(scope)?,
            occurred: occurred(self.occurred.as_ref(), scope, received)?,
            shipment: read(self.shipment.as_ref(), scope)?,
            place: self.place.as_ref().map_or(Ok(None), |place| place.read_any(scope))?,
            code: read(self.code.as_ref(), scope)?,
        })
    }
}

/// How a booking is read.
#[derive(Debug)]
pub(crate) struct BookedRule {
    shipment: Field<ShipmentId>,
    carrier: Field<String>,
    tracking: Field<String>,
    charge: Option<MoneyRule>,
}

impl BookedRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            shipment: compiler.field(section, "shipment")?,
            carrier: compiler.field(section, "carrier")?,
            tracking: compiler.field(section, "tracking")?,
            charge: section.optional("charge").map(|node| MoneyRule::compile(node, compiler)).transpose()?,
        })
    }

    fn read(&self, scope: &Scope<'_>, tms: &PartnerId) -> Result<Booking, Unreadable> {
        Ok(Booking {
            shipment: self.shipment.required(scope)?,
            tms: tms.clone(),
            carrier: self.carrier.required(scope)?,
            tracking: self.tracking.required(scope)?,
            charge: self.charge.as_ref().map_or(Ok(None), |charge| charge.optional(scope))?,
        })
    }
}

/// How an invoice to the customer is read.
#[derive(Debug)]
pub(crate) struct BilledRule {
    number: Field<String>,
    total: MoneyRule,
    lines: Option<ProgressLines>,
}

impl BilledRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            number: compiler.field(section, "number")?,
            total: MoneyRule::compile(section.required("total")?, compiler)?,
            lines: progress(section, compiler)?,
        })
    }

    fn read(&self, scope: &Scope<'_>) -> Result<Invoice, Unreadable> {
        Ok(Invoice {
            number: self.number.required(scope)?,
            total: self.total.required(scope)?,
            lines: self.lines.as_ref().map_or_else(|| Ok(Vec::new()), |lines| lines.read(scope))?,
        })
    }
}

/// How a carrier's bill is read.
#[derive(Debug)]
pub(crate) struct FreightRule {
    shipment: Option<Field<ShipmentId>>,
    number: Field<String>,
    total: MoneyRule,
}

impl FreightRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            shipment: compiler.optional(section, "shipment")?,
            number: compiler.field(section, "number")?,
            total: MoneyRule::compile(section.required("total")?, compiler)?,
        })
    }

    fn read(&self, scope: &Scope<'_>) -> Result<FreightInvoice, Unreadable> {
        Ok(FreightInvoice {
            shipment: read(self.shipment.as_ref(), scope)?,
            number: self.number.required(scope)?,
            total: self.total.required(scope)?,
        })
    }
}

/// How the word that an order is not wanted any more is read.
#[derive(Debug)]
pub(crate) struct CancelRule {
    reason: Option<Field<Reason>>,
    detail: Option<Field<String>>,
}

impl CancelRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self { reason: compiler.optional(section, "reason")?, detail: compiler.optional(section, "detail")? })
    }

    fn read(&self, scope: &Scope<'_>) -> Result<CancelRequest, Unreadable> {
        Ok(CancelRequest {
            reason: read(self.reason.as_ref(), scope)?.unwrap_or(Reason::Unknown),
            detail: read(self.detail.as_ref(), scope)?,
        })
    }
}

/// How far ahead of its receipt a thing may be said to have happened, in milliseconds: a year. What is less far ahead is
/// taken, and the composite status flags it; more is a slip, such as microseconds for milliseconds.
pub const MOST_AHEAD: i64 = 366 * 86_400_000;

/// When something happened.
pub(crate) fn occurred(
    field: Option<&Field<When>>,
    scope: &Scope<'_>,
    received: Timestamp,
) -> Result<When, Unreadable> {
    let when = stated(field, scope, received)?;
    match field {
        Some(field) if when.at > received.plus_millis(MOST_AHEAD) => {
            let detail =
                format!("holds `{when}`; expected when it happened, and not more than a year after its receipt");
            Err(field.unreadable(scope, UnreadableKind::WrongValue, &detail))
        }
        Some(_) | None => Ok(when),
    }
}

/// The time the partner states, or that of the receipt.
fn stated(field: Option<&Field<When>>, scope: &Scope<'_>, received: Timestamp) -> Result<When, Unreadable> {
    field.map_or_else(|| Ok(When::exact(received)), |field| field.required(scope))
}

fn place(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Option<PlaceRule>, ProfileError> {
    section.optional("place").map(|node: Node<'_>| PlaceRule::compile(node, compiler)).transpose()
}

fn progress(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Option<ProgressLines>, ProfileError> {
    section.optional("lines").map(|node: Node<'_>| ProgressLines::compile(node, compiler)).transpose()
}
