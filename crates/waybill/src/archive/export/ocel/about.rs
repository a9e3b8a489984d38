//! What an event is about, as it comes together.

use model::{AskedLine, LineId, LocationId, PartnerId, Progress, ShipmentId, Timestamp, When};

use super::objects::{Kind, Objects};
use super::value::{Attribute, Value};
use super::{Event, Relation};

/// An event that is being described.
pub(super) struct About<'a> {
    pub objects: &'a mut Objects,
    kind: String,
    time: Timestamp,
    attributes: Vec<Attribute>,
    relationships: Vec<Relation>,
}

impl<'a> About<'a> {
    /// An event of an order, at this time.
    pub fn new(objects: &'a mut Objects, time: Timestamp) -> Self {
        let order = Relation { object: objects.order.id.clone(), qualifier: "order" };
        Self { objects, kind: String::new(), time, attributes: Vec::new(), relationships: vec![order] }
    }

    /// What kind of event it is.
    pub fn named(&mut self, kind: impl Into<String>) {
        self.kind = kind.into();
    }

    /// When it occurred.
    pub const fn at(&mut self, time: Timestamp) {
        self.time = time;
    }

    pub fn with(&mut self, name: &'static str, value: Value) {
        self.attributes.push(Attribute::new(name, value));
    }

    pub fn text(&mut self, name: &'static str, value: impl ToString) {
        self.with(name, Value::text(value));
    }

    pub fn when(&mut self, name: &'static str, when: When) {
        self.with(name, Value::Time(when.at));
    }

    /// An object that it has to do with.
    pub fn relates(&mut self, object: String, qualifier: &'static str) {
        let relation = Relation { object, qualifier };
        if !self.relationships.contains(&relation) {
            self.relationships.push(relation);
        }
    }

    pub fn shipment(&mut self, shipment: &ShipmentId) {
        let id = self.objects.shipment(shipment).id.clone();
        self.relates(id, "shipment");
    }

    pub fn line(&mut self, line: &LineId) {
        let id = self.objects.line(line).id.clone();
        self.relates(id, "line");
    }

    pub fn lines(&mut self, lines: &[Progress]) {
        for part in lines {
            self.line(&part.line);
        }
    }

    /// Lines as they are asked of a partner, which is to handle them as a shipment.
    pub fn asked(&mut self, shipment: &ShipmentId, lines: &[AskedLine]) {
        for asked in lines {
            let item = self.objects.item_of(&asked.line, &asked.sku);
            self.objects.holds(shipment, &asked.line);
            self.line(&asked.line);
            self.relates(item, "item");
        }
    }

    pub fn location(&mut self, location: &LocationId) -> String {
        let id = self.objects.location(location);
        self.relates(id.clone(), "location");
        id
    }

    pub fn partner(&mut self, partner: &PartnerId, qualifier: &'static str) -> String {
        let id = self.objects.shared(Kind::Partner, partner.as_str());
        self.relates(id.clone(), qualifier);
        id
    }

    /// Who told it.
    pub fn told_by(&mut self, partner: &str) {
        let id = self.objects.shared(Kind::Partner, partner);
        self.relates(id, "told by");
    }

    pub fn event(self, id: String) -> Event {
        let Self { kind, time, attributes, relationships, .. } = self;
        Event { id, kind, time, attributes, relationships }
    }
}
