//! Returns: goods that a customer sends back, from the authorisation (RMA) to the credit.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, LineId, LocationId, OrderId, PartnerId, Sku};
use crate::order::Place;
use crate::quantity::Quantity;
use crate::reason::Reason;
use crate::token::{self, TokenError};

/// A return's number (return merchandise authorisation), as whoever authorised it writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct RmaId(Box<str>);

impl RmaId {
    /// The id with this text.
    ///
    /// # Errors
    /// [`TokenError`] when the text is empty or longer than [`token::MAX_TEXT`] bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        token::check(text)?;
        Ok(Self(text.into()))
    }

    /// The return a subject token names.
    ///
    /// # Errors
    /// [`TokenError`] when the token was not made by [`RmaId::token`].
    pub fn from_token(token: &str) -> Result<Self, TokenError> {
        Self::try_from(token::unescape(token)?)
    }

    /// The text as the outside world writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as one NATS subject token.
    #[must_use]
    pub fn token(&self) -> Cow<'_, str> {
        token::escape(&self.0)
    }
}

impl TryFrom<String> for RmaId {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        token::check(&text)?;
        Ok(Self(text.into_boxed_str()))
    }
}

impl fmt::Display for RmaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Goods may come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnAuthorisation {
    /// The order they were sold in.
    pub order: OrderId,
    /// The ERP that owns the order; it is asked to credit.
    pub erp: PartnerId,
    /// Who sends them back.
    pub customer: CustomerId,
    /// The warehouse system that takes them in.
    pub wms: PartnerId,
    /// The location they come back to.
    pub location: LocationId,
    /// The partner asked to fetch them; the customer sends them in when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tms: Option<PartnerId>,
    /// Where they are fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Place>,
    /// What comes back, at least one line.
    pub lines: Vec<ReturnLine>,
}

/// A return as its order knows it. It is told to the order before it is told to the return: so two returns of one order are
/// not opened at once, and what was opened can be authorised by the next who comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenedReturn {
    /// The return.
    pub rma: RmaId,
    /// What may come back.
    pub authorised: ReturnAuthorisation,
}

/// What comes back of one line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnLine {
    /// The order's line.
    pub line: LineId,
    /// What.
    pub sku: Sku,
    /// How much.
    pub quantity: Quantity,
    /// Why.
    pub reason: Reason,
}

/// The warehouse looked at goods that came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inspection {
    /// What it found, for as much as it looked at.
    pub lines: Vec<Inspected>,
}

/// How much of one line was found to be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inspected {
    /// The order's line.
    pub line: LineId,
    /// How much.
    pub quantity: Quantity,
    /// In which state.
    pub grade: Grade,
}

/// The state of goods that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// As it was sold: back to stock.
    Sound,
    /// Taken, but not to be sold again.
    Damaged,
    /// Not taken: it goes back to the customer.
    Refused,
}

impl Grade {
    /// Every grade.
    pub const ALL: [Self; 3] = [Self::Sound, Self::Damaged, Self::Refused];

    /// The word used in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Damaged => "damaged",
            Self::Refused => "refused",
        }
    }

    /// The grade of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.as_str() == name)
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a return ended, as its customer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnOutcome {
    /// What was accepted is credited.
    Credited,
    /// Nothing was accepted.
    Refused,
    /// It was called off before anything was on its way.
    Cancelled,
}

impl ReturnOutcome {
    /// The word used in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credited => "credited",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for ReturnOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
