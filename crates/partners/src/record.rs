//! Records that belong to no order: what these kinds of `[[in.<message>.facts]]` read.
//!
//! | kind | keys (optional ones with `?`) |
//! |---|---|
//! | `movement` | `location`, `sku`, `movement`, `quantity`, `unit`?, `occurred`? |
//! | `item` | `sku`, `description` |
//! | `customer` | `customer`, `name` |
//! | `location` | `location`, `name`, `country`, `wms` |
//! | `route` | `from`, `to`, `restricted`? |
//!
//! `movement` is `received`, `adjusted`, `announced` or `counted`; only an adjustment or a count may be below 0. A route is restricted when
//! it has a text in `restricted`.

use model::master::{CustomerMaster, ItemMaster, LocationMaster, MasterRecord, RouteMaster};
use model::{Country, CustomerId, LocationId, Movement, MovementKind, PartnerId, Sku, Timestamp, When};

use crate::compiler::Compiler;
use crate::fact::occurred;
use crate::field::Field;
use crate::lines::{Least, QuantityRule};
use crate::place::read;
use crate::scope::Scope;
use crate::source::{ProfileError, Section};
use crate::unreadable::Unreadable;

/// How one kind of record is read.
#[derive(Debug)]
pub(crate) enum RecordRule {
    Movement(Box<MovementRule>),
    Item(Box<ItemRule>),
    Customer(Box<CustomerRule>),
    Location(Box<LocationRule>),
    Route(Box<RouteRule>),
}

/// A record as it was read.
#[derive(Debug)]
pub(crate) enum Record {
    Movement(Movement),
    Master(MasterRecord),
}

impl RecordRule {
    /// The rule of a record's kind; nothing when it is no kind of record.
    pub(crate) fn compile(
        kind: &str,
        section: &mut Section<'_>,
        compiler: &Compiler<'_>,
    ) -> Result<Option<Self>, ProfileError> {
        Ok(Some(match kind {
            "movement" => Self::Movement(Box::new(MovementRule::compile(section, compiler)?)),
            "item" => Self::Item(Box::new(ItemRule {
                sku: compiler.field(section, "sku")?,
                description: compiler.field(section, "description")?,
            })),
            "customer" => Self::Customer(Box::new(CustomerRule {
                customer: compiler.field(section, "customer")?,
                name: compiler.field(section, "name")?,
            })),
            "location" => Self::Location(Box::new(LocationRule {
                location: compiler.field(section, "location")?,
                name: compiler.field(section, "name")?,
                country: compiler.field(section, "country")?,
                wms: compiler.field(section, "wms")?,
            })),
            "route" => Self::Route(Box::new(RouteRule {
                from: compiler.field(section, "from")?,
                to: compiler.field(section, "to")?,
                restricted: compiler.optional(section, "restricted")?,
            })),
            _ => return Ok(None),
        }))
    }

    pub(crate) fn read(&self, scope: &Scope<'_>, received: Timestamp) -> Result<Record, Unreadable> {
        match self {
            Self::Movement(rule) => rule.read(scope, received).map(Record::Movement),
            Self::Item(rule) => rule.read(scope).map(Record::Master),
            Self::Customer(rule) => rule.read(scope).map(Record::Master),
            Self::Location(rule) => rule.read(scope).map(Record::Master),
            Self::Route(rule) => rule.read(scope).map(Record::Master),
        }
    }

    /// Whether the partner says when it happened; otherwise the time of receipt stands in.
    pub(crate) const fn states_time(&self) -> bool {
        match self {
            Self::Movement(rule) => rule.occurred.is_some(),
            Self::Item(_) | Self::Customer(_) | Self::Location(_) | Self::Route(_) => true,
        }
    }
}

/// How a stock movement is read.
#[derive(Debug)]
pub(crate) struct MovementRule {
    location: Field<LocationId>,
    sku: Field<Sku>,
    kind: Field<MovementKind>,
    quantity: QuantityRule,
    occurred: Option<Field<When>>,
}

impl MovementRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            location: compiler.field(section, "location")?,
            sku: compiler.field(section, "sku")?,
            kind: compiler.field(section, "movement")?,
            quantity: QuantityRule::compile(section, compiler)?,
            occurred: compiler.optional(section, "occurred")?,
        })
    }

    fn read(&self, scope: &Scope<'_>, received: Timestamp) -> Result<Movement, Unreadable> {
        let kind = self.kind.required(scope)?;
        let least = match kind {
            MovementKind::Received | MovementKind::Announced => Least::Zero,
            MovementKind::Adjusted | MovementKind::Counted => Least::Any,
        };
        Ok(Movement {
            location: self.location.required(scope)?,
            sku: self.sku.required(scope)?,
            kind,
            quantity: self.quantity.read(scope, least)?,
            occurred: occurred(self.occurred.as_ref(), scope, received)?,
        })
    }
}

/// How an item is read.
#[derive(Debug)]
pub(crate) struct ItemRule {
    sku: Field<Sku>,
    description: Field<String>,
}

impl ItemRule {
    fn read(&self, scope: &Scope<'_>) -> Result<MasterRecord, Unreadable> {
        let master = ItemMaster { description: self.description.required(scope)? };
        Ok(MasterRecord::Item(self.sku.required(scope)?, master))
    }
}

/// How a customer is read.
#[derive(Debug)]
pub(crate) struct CustomerRule {
    customer: Field<CustomerId>,
    name: Field<String>,
}

impl CustomerRule {
    fn read(&self, scope: &Scope<'_>) -> Result<MasterRecord, Unreadable> {
        let master = CustomerMaster { name: self.name.required(scope)? };
        Ok(MasterRecord::Customer(self.customer.required(scope)?, master))
    }
}

/// How a location is read.
#[derive(Debug)]
pub(crate) struct LocationRule {
    location: Field<LocationId>,
    name: Field<String>,
    country: Field<Country>,
    wms: Field<PartnerId>,
}

impl LocationRule {
    fn read(&self, scope: &Scope<'_>) -> Result<MasterRecord, Unreadable> {
        let master = LocationMaster {
            name: self.name.required(scope)?,
            country: self.country.required(scope)?,
            wms: self.wms.required(scope)?,
        };
        Ok(MasterRecord::Location(self.location.required(scope)?, master))
    }
}

/// How a route is read.
#[derive(Debug)]
pub(crate) struct RouteRule {
    from: Field<Country>,
    to: Field<Country>,
    restricted: Option<Field<String>>,
}

impl RouteRule {
    fn read(&self, scope: &Scope<'_>) -> Result<MasterRecord, Unreadable> {
        let master = RouteMaster { restricted: read(self.restricted.as_ref(), scope)? };
        Ok(MasterRecord::Route(self.from.required(scope)?, self.to.required(scope)?, master))
    }
}
