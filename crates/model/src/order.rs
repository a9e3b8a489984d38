//! The order as the ERP released it. Only the ERP changes these fields.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, LineId, LocationId, PartnerId, Sku};
use crate::money::{Currency, Money};
use crate::personal::Personal;
use crate::quantity::Quantity;
use crate::time::{Date, When};

/// What a customer ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// The ERP that owns the order; asks to confirm and to bill go there.
    pub erp: PartnerId,
    /// Who ordered.
    pub customer: CustomerId,
    /// The currency of the order.
    pub currency: Currency,
    /// Where it goes.
    pub ship_to: Place,
    /// When it was ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<When>,
    /// The date promised for the whole order; a line may promise its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<When>,
    /// How it travels, such as `TRUCK` or `AIR`, in the ERP's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The lines, at least one.
    pub lines: Vec<OrderLine>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    /// The line's number.
    pub line: LineId,
    /// What is ordered.
    pub sku: Sku,
    /// How much of it.
    pub quantity: Quantity,
    /// The price of one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
    /// The location that ships it; the policy's default where the ERP names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_from: Option<LocationId>,
    /// The day it is to leave; lines of one location and day travel as one shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_on: Option<Date>,
    /// The date promised for this line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<When>,
}

/// Where something goes or happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// One of our own locations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationId>,
    /// The name on the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal>,
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<Personal>,
    /// The city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The state, province or region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Personal>,
    /// The country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
}

impl Place {
    /// The names of the fields that are about a person.
    pub const PERSONAL: [&str; 3] = ["name", "street", "postal_code"];

    /// What of it is about a person, each with its field's name.
    pub fn personal(&self) -> impl Iterator<Item = (&'static str, &Personal)> {
        let fields = [&self.name, &self.street, &self.postal_code];
        Self::PERSONAL.into_iter().zip(fields).filter_map(|(field, text)| Some((field, text.as_ref()?)))
    }

    /// The same fields, to be sealed, opened or emptied.
    pub fn personal_mut(&mut self) -> [(&'static str, &mut Option<Personal>); 3] {
        let [name, street, postal_code] = Self::PERSONAL;
        [(name, &mut self.name), (street, &mut self.street), (postal_code, &mut self.postal_code)]
    }
}

/// An ISO 3166-1 alpha-2 country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Country([u8; 2]);

/// Why a text is no country.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no country; expected two capital letters (ISO 3166-1 alpha-2)")]
pub struct CountryError(String);

impl Country {
    /// The country with this code.
    ///
    /// # Errors
    /// [`CountryError`] when it is not two capital letters.
    pub fn new(code: &str) -> Result<Self, CountryError> {
        match *code.as_bytes() {
            [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([a, b])),
            _ => Err(CountryError(code.to_owned())),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = CountryError;

    fn try_from(code: String) -> Result<Self, CountryError> {
        Self::new(&code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.to_string()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|&byte| write!(f, "{}", char::from(byte)))
    }
}
