//! Rows of lists of what a partner's own books hold: what these kinds of `[[in.<message>.facts]]` read.
//!
//! | kind | listed by | keys (optional ones with `?`) |
//! |---|---|---|
//! | `listed_order` | an ERP: the orders it has open | `order`, `lines`? ([lines](crate::lines)) |
//! | `listed_stock` | an ERP or a WMS: the stock it believes in | `location`, `sku`, `quantity`, `unit`? |
//! | `listed_shipment` | a TMS: the shipments it has under way | `reference`, `order`?, `shipment`?, `milestone`? |
//!
//! A row moves nothing. All rows of one kind in a message are one [snapshot](model::Snapshot), of the moment and as complete as the
//! [message](crate::message) says, against which reconciliation holds what is known of that moment. Rows of one order are one:
//! their lines come together, as from a file of a row for each line. So are rows of one SKU at one location in one unit, such as
//! its lots: their quantities add up. A quantity of stock may be below 0.
//!
//! A shipment's `order` is looked up in the cross-references by its `reference` where the row does not name it.

use model::{ListedOrder, ListedShipment, ListedStock, LocationId, Milestone, OrderId, ShipmentId, Sku, System};

use crate::compiler::Compiler;
use crate::field::Field;
use crate::lines::{Least, ProgressLines, QuantityRule};
use crate::place::read;
use crate::scope::Scope;
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::Unreadable;
use crate::words::Reference;

/// How one kind of row is read.
#[derive(Debug)]
pub(crate) enum RowRule {
    Order(Box<ListedOrderRule>),
    Stock(Box<ListedStockRule>),
    Shipment(Box<ListedShipmentRule>),
}

/// A row as it was read.
#[derive(Debug)]
pub(crate) enum Row {
    Order(ListedOrder),
    Stock(ListedStock),
    Shipment(ListedShipment),
}

impl RowRule {
    /// The rule of a row's kind; nothing when it is no kind of row.
    pub(crate) fn compile(
        kind: Node<'_>,
        section: &mut Section<'_>,
        compiler: &Compiler<'_>,
    ) -> Result<Option<Self>, ProfileError> {
        let rule = match kind.text()? {
            "listed_order" => Self::Order(Box::new(ListedOrderRule::compile(section, compiler)?)),
            "listed_stock" => Self::Stock(Box::new(ListedStockRule::compile(section, compiler)?)),
            "listed_shipment" => Self::Shipment(Box::new(ListedShipmentRule::compile(section, compiler)?)),
            _ => return Ok(None),
        };
        let system = compiler.system;
        if rule.is_listed_by(system) {
            return Ok(Some(rule));
        }
        let own = match system {
            System::Erp => "`listed_order` and `listed_stock`",
            System::Wms => "`listed_stock`",
            System::Tms => "`listed_shipment`",
            System::View => "nothing",
        };
        Err(kind.error(format!("the {system} does not keep books of this; expected of it {own}")))
    }

    /// Whether a system keeps books of it.
    const fn is_listed_by(&self, system: System) -> bool {
        match self {
            Self::Order(_) => matches!(system, System::Erp),
            Self::Stock(_) => matches!(system, System::Erp | System::Wms),
            Self::Shipment(_) => matches!(system, System::Tms),
        }
    }

    pub(crate) fn read(&self, scope: &Scope<'_>) -> Result<Row, Unreadable> {
        match self {
            Self::Order(rule) => rule.read(scope).map(Row::Order),
            Self::Stock(rule) => rule.read(scope).map(Row::Stock),
            Self::Shipment(rule) => rule.read(scope).map(Row::Shipment),
        }
    }
}

/// How a row of open orders is read.
#[derive(Debug)]
pub(crate) struct ListedOrderRule {
    order: Field<OrderId>,
    lines: Option<ProgressLines>,
}

impl ListedOrderRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let order = compiler.field(section, "order")?;
        let lines = section.optional("lines").map(|node| ProgressLines::compile(node, compiler)).transpose()?;
        Ok(Self { order, lines })
    }

    fn read(&self, scope: &Scope<'_>) -> Result<ListedOrder, Unreadable> {
        Ok(ListedOrder {
            order: self.order.required(scope)?,
            lines: self.lines.as_ref().map_or_else(|| Ok(Vec::new()), |lines| lines.read(scope))?,
        })
    }
}

/// How a row of stock is read.
#[derive(Debug)]
pub(crate) struct ListedStockRule {
    location: Field<LocationId>,
    sku: Field<Sku>,
    on_hand: QuantityRule,
}

impl ListedStockRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            location: compiler.field(section, "location")?,
            sku: compiler.field(section, "sku")?,
            on_hand: QuantityRule::compile(section, compiler)?,
        })
    }

    fn read(&self, scope: &Scope<'_>) -> Result<ListedStock, Unreadable> {
        Ok(ListedStock {
            location: self.location.required(scope)?,
            sku: self.sku.required(scope)?,
            on_hand: self.on_hand.read(scope, Least::Any)?,
        })
    }
}

/// How a row of shipments is read.
#[derive(Debug)]
pub(crate) struct ListedShipmentRule {
    reference: Field<Reference>,
    order: Option<Field<OrderId>>,
    shipment: Option<Field<ShipmentId>>,
    milestone: Option<Field<Milestone>>,
}

impl ListedShipmentRule {
    fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            reference: compiler.field(section, "reference")?,
            order: compiler.optional(section, "order")?,
            shipment: compiler.optional(section, "shipment")?,
            milestone: compiler.optional(section, "milestone")?,
        })
    }

    fn read(&self, scope: &Scope<'_>) -> Result<ListedShipment, Unreadable> {
        Ok(ListedShipment {
            reference: self.reference.required(scope)?.0,
            order: read(self.order.as_ref(), scope)?,
            shipment: read(self.shipment.as_ref(), scope)?,
            // A code that a table translates by `unknown` does not say how far it has come.
            milestone: read(self.milestone.as_ref(), scope)?.filter(|reached| *reached != Milestone::Unknown),
        })
    }
}
