//! Master data an order is validated against, and what the validation found.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, LineId, LocationId, PartnerId, Sku};
use crate::order::Country;

/// What is known of an item: bucket key `item.<sku>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemMaster {
    /// What it is called.
    pub description: String,
}

/// What is known of a customer: bucket key `customer.<customer>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerMaster {
    /// What the customer is called.
    pub name: String,
}

/// What is known of a location: bucket key `location.<location>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocationMaster {
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub country: Country,
    /// The warehouse system that runs it.
    pub wms: PartnerId,
}

/// What is known of a route: bucket key `route.<from>.<to>`, countries. A route nobody wrote down is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteMaster {
    /// Why nothing may travel it; open when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted: Option<String>,
}

/// One master record as a partner published it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MasterRecord {
    /// An item.
    Item(Sku, ItemMaster),
    /// A customer.
    Customer(CustomerId, CustomerMaster),
    /// A location.
    Location(LocationId, LocationMaster),
    /// A route between two countries.
    Route(Country, Country, RouteMaster),
}

/// What the master data said of an order when it was released.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Validation {
    /// What is wrong; nothing when the order may go ahead.
    pub findings: Vec<Finding>,
    /// The locations the order ships from, and who runs them.
    pub sources: Vec<Source>,
}

/// A location an order ships from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The location.
    pub location: LocationId,
    /// The warehouse system that runs it.
    pub wms: PartnerId,
    /// Where it stands.
    pub country: Country,
}

/// Something the master data does not allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Nobody knows this customer.
    UnknownCustomer(CustomerId),
    /// Nobody knows the item of this line.
    UnknownItem {
        /// The line.
        line: LineId,
        /// The item it names.
        sku: Sku,
    },
    /// Nobody knows the location of this line.
    UnknownLocation {
        /// The line.
        line: LineId,
        /// The location it names.
        location: LocationId,
    },
    /// A line names no location, and there is no default.
    NoLocation {
        /// The line.
        line: LineId,
    },
    /// Nothing may travel this route.
    RestrictedRoute {
        /// From this country.
        from: Country,
        /// To this country.
        to: Country,
        /// Why not.
        why: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCustomer(customer) => write!(f, "customer {customer} is unknown"),
            Self::UnknownItem { line, sku } => write!(f, "item {sku} of line {line} is unknown"),
            Self::UnknownLocation { line, location } => write!(f, "location {location} of line {line} is unknown"),
            Self::NoLocation { line } => write!(f, "line {line} names no location to ship from"),
            Self::RestrictedRoute { from, to, why } => write!(f, "route {from} to {to} is restricted: {why}"),
        }
    }
}
