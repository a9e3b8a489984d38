//! Ids are newtypes, so that a SKU never stands where an order number belongs.
//!
//! Each holds the text as the outside world writes it; `token()` is the same as one NATS subject token.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::token::{self, TokenError};

/// An order's number as its ERP writes it; the unit of workflow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct OrderId(Box<str>);

impl OrderId {
    /// The id with this text.
    ///
    /// # Errors
    /// [`TokenError`] when the text is empty or longer than [`token::MAX_TEXT`] bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        token::check(text)?;
        Ok(Self(text.into()))
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

impl TryFrom<String> for OrderId {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        token::check(&text)?;
        Ok(Self(text.into_boxed_str()))
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One outside system: an ERP, a warehouse, a carrier or TMS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct PartnerId(Box<str>);

impl PartnerId {
    /// The id with this text.
    ///
    /// # Errors
    /// [`TokenError`] when the text is empty or longer than [`token::MAX_TEXT`] bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        token::check(text)?;
        Ok(Self(text.into()))
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

impl TryFrom<String> for PartnerId {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        token::check(&text)?;
        Ok(Self(text.into_boxed_str()))
    }
}

impl fmt::Display for PartnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The customer an order is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct CustomerId(Box<str>);

impl CustomerId {
    /// The id with this text.
    ///
    /// # Errors
    /// [`TokenError`] when the text is empty or longer than [`token::MAX_TEXT`] bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        token::check(text)?;
        Ok(Self(text.into()))
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

impl TryFrom<String> for CustomerId {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        token::check(&text)?;
        Ok(Self(text.into_boxed_str()))
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A stock-keeping unit: the item as ERP and warehouse both name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Sku(Box<str>);

impl Sku {
    /// The id with this text.
    ///
    /// # Errors
    /// [`TokenError`] when the text is empty or longer than [`token::MAX_TEXT`] bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        token::check(text)?;
        Ok(Self(text.into()))
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

impl TryFrom<String> for Sku {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        token::check(&text)?;
        Ok(Self(text.into_boxed_str()))
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A warehouse, store or other place that holds stock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct LocationId(Box<str>);

impl LocationId {
    /// The id with this text.
    ///
    /// # Errors
    /// [`TokenError`] when the text is empty or longer than [`token::MAX_TEXT`] bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        token::check(text)?;
        Ok(Self(text.into()))
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

impl TryFrom<String> for LocationId {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        token::check(&text)?;
        Ok(Self(text.into_boxed_str()))
    }
}

impl fmt::Display for LocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A line of an order, as the ERP numbers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct LineId(Box<str>);

impl LineId {
    /// The id with this text.
    ///
    /// # Errors
    /// [`TokenError`] when the text is empty or longer than [`token::MAX_TEXT`] bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        token::check(text)?;
        Ok(Self(text.into()))
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

impl TryFrom<String> for LineId {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        token::check(&text)?;
        Ok(Self(text.into_boxed_str()))
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One shipment of an order; unique within the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct ShipmentId(Box<str>);

impl ShipmentId {
    /// The id with this text.
    ///
    /// # Errors
    /// [`TokenError`] when the text is empty or longer than [`token::MAX_TEXT`] bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        token::check(text)?;
        Ok(Self(text.into()))
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

impl TryFrom<String> for ShipmentId {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        token::check(&text)?;
        Ok(Self(text.into_boxed_str()))
    }
}

impl fmt::Display for ShipmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One parcel, carton or pallet of a shipment; unique within the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct ParcelId(Box<str>);

impl ParcelId {
    /// The id with this text.
    ///
    /// # Errors
    /// [`TokenError`] when the text is empty or longer than [`token::MAX_TEXT`] bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        token::check(text)?;
        Ok(Self(text.into()))
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

impl TryFrom<String> for ParcelId {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        token::check(&text)?;
        Ok(Self(text.into_boxed_str()))
    }
}

impl fmt::Display for ParcelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An ask. It is the idempotency key at the partner, so it is the same however often the ask is sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct AskId(Box<str>);

impl AskId {
    /// The id with this text.
    ///
    /// # Errors
    /// [`TokenError`] when the text is empty or longer than [`token::MAX_COMPOSED`] bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        token::check_composed(text)?;
        Ok(Self(text.into()))
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

impl TryFrom<String> for AskId {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        token::check_composed(&text)?;
        Ok(Self(text.into_boxed_str()))
    }
}

impl fmt::Display for AskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl OrderId {
    /// The order a subject token names.
    ///
    /// # Errors
    /// [`TokenError`] when the token was not made by [`OrderId::token`].
    pub fn from_token(token: &str) -> Result<Self, TokenError> {
        Self::try_from(token::unescape(token)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_its_text_and_escapes_its_token() {
        let id = OrderId::new("SO 1/7").unwrap();
        assert_eq!(id.as_str(), "SO 1/7");
        assert_eq!(OrderId::from_token(&id.token()).unwrap(), id);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"SO 1/7\"");
    }

    #[test]
    fn an_empty_or_endless_id_is_refused_on_the_wire_too() {
        assert!(serde_json::from_str::<Sku>("\"\"").is_err());
        assert!(serde_json::from_str::<Sku>(&format!("\"{}\"", "x".repeat(121))).is_err());
    }
}
