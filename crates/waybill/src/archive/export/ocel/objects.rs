//! The objects of a log: what there is, not what happens.

use std::collections::{BTreeMap, BTreeSet};

use model::{LineId, LocationId, Order, OrderLine, ShipmentId, Sku, Timestamp};
use serde::Serialize;

use super::Relation;
use super::value::Value;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Order,
    Line,
    Shipment,
    Item,
    Location,
    Customer,
    Partner,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Line => "line",
            Self::Shipment => "shipment",
            Self::Item => "item",
            Self::Location => "location",
            Self::Customer => "customer",
            Self::Partner => "partner",
        }
    }

    /// The id of an object that has a number of its own.
    pub fn id(self, name: &str) -> String {
        format!("{}:{name}", self.as_str())
    }
}

/// An object.
#[derive(Debug, Serialize)]
pub(super) struct Object {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub attributes: Vec<Change>,
    pub relationships: BTreeSet<Relation>,
}

/// What an attribute of an object is from a time on.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    pub name: &'static str,
    pub time: Timestamp,
    pub value: Value,
}

impl Object {
    pub const fn new(kind: Kind, id: String) -> Self {
        Self { id, kind, attributes: Vec::new(), relationships: BTreeSet::new() }
    }

    /// What an attribute is from a time on; nothing changes where it is so already.
    pub fn set(&mut self, name: &'static str, time: Timestamp, value: Value) {
        let last = self.attributes.iter().rev().find(|change| change.name == name);
        if last.is_none_or(|last| last.value != value) {
            self.attributes.push(Change { name, time, value });
        }
    }

    fn has(&mut self, object: String, qualifier: &'static str) {
        self.relationships.insert(Relation { object, qualifier });
    }
}

/// The objects of one order. Whatever is spoken of becomes one, so that nothing points nowhere.
pub(super) struct Objects {
    number: String,
    pub order: Object,
    pub lines: BTreeMap<LineId, Object>,
    pub shipments: BTreeMap<ShipmentId, Object>,
    /// What it shares with other orders.
    pub shared: BTreeSet<(Kind, String)>,
}

impl Objects {
    pub fn new(number: &str) -> Self {
        let order = Object::new(Kind::Order, Kind::Order.id(number));
        Self {
            // A part of an order has the order's number before its own: the mark between them is escaped in the first.
            number: number.replace('%', "%25").replace('/', "%2F"),
            order,
            lines: BTreeMap::new(),
            shipments: BTreeMap::new(),
            shared: BTreeSet::new(),
        }
    }

    /// A line of the order.
    pub fn line(&mut self, line: &LineId) -> &mut Object {
        let id = Kind::Line.id(&format!("{}/{line}", self.number));
        self.order.has(id.clone(), "has line");
        self.lines.entry(line.clone()).or_insert_with(|| Object::new(Kind::Line, id))
    }

    /// A shipment of the order.
    pub fn shipment(&mut self, shipment: &ShipmentId) -> &mut Object {
        let id = Kind::Shipment.id(&format!("{}/{shipment}", self.number));
        self.order.has(id.clone(), "travels as");
        self.shipments.entry(shipment.clone()).or_insert_with(|| Object::new(Kind::Shipment, id))
    }

    /// Something that other orders have to do with as well.
    pub fn shared(&mut self, kind: Kind, name: &str) -> String {
        self.shared.insert((kind, name.to_owned()));
        kind.id(name)
    }

    /// What was released, from that time on; returns who ordered it.
    pub fn released(&mut self, order: &Order, at: Timestamp) -> String {
        let customer = self.shared(Kind::Customer, order.customer.as_str());
        let erp = self.shared(Kind::Partner, order.erp.as_str());
        self.order.has(customer.clone(), "ordered by");
        self.order.has(erp, "released by");
        self.order.set("currency", at, Value::text(order.currency));
        self.order.set("lines", at, Value::Integer(order.lines.len() as u64));
        let times = [("ordered", order.ordered), ("promised", order.promised)];
        for (name, when) in times.into_iter().filter_map(|(name, when)| Some((name, when?))) {
            self.order.set(name, at, Value::Time(when.at));
        }
        if let Some(mode) = &order.mode {
            self.order.set("mode", at, Value::text(mode));
        }
        for line in &order.lines {
            self.ordered(line, at);
        }
        customer
    }

    fn ordered(&mut self, ordered: &OrderLine, at: Timestamp) {
        self.item_of(&ordered.line, &ordered.sku);
        if let Some(location) = &ordered.ship_from {
            let location = self.location(location);
            self.line(&ordered.line).has(location, "ships from");
        }
        let line = self.line(&ordered.line);
        line.set("quantity", at, Value::amount(&ordered.quantity));
        line.set("unit", at, Value::text(ordered.quantity.unit.as_str()));
        if let Some(price) = &ordered.unit_price {
            line.set("unit_price", at, Value::money(price));
        }
        if let Some(promised) = ordered.promised {
            line.set("promised", at, Value::Time(promised.at));
        }
    }

    /// A line is of this item.
    pub fn item_of(&mut self, line: &LineId, sku: &Sku) -> String {
        let item = self.shared(Kind::Item, sku.as_str());
        self.line(line).has(item.clone(), "of item");
        item
    }

    /// A shipment holds a line.
    pub fn holds(&mut self, shipment: &ShipmentId, line: &LineId) {
        let line = self.line(line).id.clone();
        self.shipment(shipment).has(line, "holds");
    }

    /// Where a shipment leaves from, or who has to do with it.
    pub fn of_shipment(&mut self, shipment: &ShipmentId, object: String, qualifier: &'static str) {
        self.shipment(shipment).has(object, qualifier);
    }

    pub fn location(&mut self, location: &LocationId) -> String {
        self.shared(Kind::Location, location.as_str())
    }
}
