//! The entries a raw message becomes: one for each order it tells something of.

use std::collections::HashMap;

use engine::{Content, Entry, EntryId, FactId, Key, Layout, Source, Told};
use model::{Decision, Fact, Movement, OrderId, Validation};
use partners::{FactKey, Identified};

use crate::delivery::Delivery;
use crate::profiles::{InForce, Replay};

/// The raw message entries are made of.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The service that read it.
    pub service: &'static str,
    /// The profile it was read through.
    pub profile: &'a InForce,
    /// Its subject.
    pub subject: &'a str,
    /// The last token of its subject.
    pub message: &'a str,
    /// Its place in the inbox.
    pub delivery: Delivery,
    /// Why it is read again, where somebody asked for it.
    pub replay: Option<Replay>,
}

impl Origin<'_> {
    /// The id of the entry that tells these facts of an order: the same however often the message is delivered. It names
    /// the facts because a message may know more at a later try, when another of its references has become known: that
    /// entry must not pass for the first one.
    pub fn order_entry_id(&self, layout: &Layout, order: &OrderId, told: &[Identified]) -> EntryId {
        let facts: Vec<u8> = told.iter().flat_map(|told| told.id.0).collect();
        self.entry_id(&layout.subject(&Key::of(order.as_str()), ""), &facts)
    }

    fn entry_id(&self, about: &str, facts: &[u8]) -> EntryId {
        let partner = self.profile.partner.as_str().as_bytes();
        let sequence = self.delivery.sequence.to_be_bytes();
        EntryId::of(&[partner, self.subject.as_bytes(), &sequence, about.as_bytes(), facts])
    }

    /// The entry of an order.
    pub fn order_entry(&self, id: EntryId, facts: Vec<Told<Fact>>) -> Entry<Fact, Decision> {
        Entry { id, content: Content::Facts { source: self.source(), facts } }
    }

    /// The entry of a stock movement.
    pub fn stock_entry(&self, key: FactKey, movement: Movement) -> Entry<Movement, Decision> {
        let facts = vec![Told { id: FactId(key.0), fact: movement }];
        Entry { id: self.entry_id("stock", &key.0), content: Content::Facts { source: self.source(), facts } }
    }

    /// The id of the entry with a list of this kind. It names the profile and not the rows: a list that is read again is another
    /// one only if it is read otherwise.
    pub fn snapshot_entry_id(&self, kind: &str) -> EntryId {
        let version = self.profile.version.to_be_bytes();
        let read_through = [self.profile.name.as_bytes(), &version].concat();
        self.entry_id(&format!("snapshot.{kind}"), &read_through)
    }

    /// Who told what comes of the message, and how it came here.
    pub fn source(&self) -> Source {
        Source {
            service: self.service.to_owned(),
            partner: Some(self.profile.partner.as_str().to_owned()),
            message: Some(self.message.to_owned()),
            profile: Some(self.profile.version),
            profile_name: Some(self.profile.name.to_string()),
            inbox: Some(self.delivery.sequence),
            received: self.delivery.received,
            operator: None,
        }
    }
}

/// The facts as an entry holds them.
pub fn facts(told: Vec<Identified>) -> Vec<Told<Fact>> {
    told.into_iter().map(|told| Told { id: FactId(told.id.0), fact: told.fact }).collect()
}

/// What validation found of the release with this id. A release that is told again is validated again, under the same
/// id: the first word counts.
pub fn validated(release: FactId, validation: Validation) -> Told<Fact> {
    Told { id: FactId::of(&[b"validated", &release.0]), fact: Fact::Validated(validation) }
}

/// What a message tells, by order, in the order it tells it.
#[derive(Debug, Default)]
pub struct ByOrder {
    place: HashMap<(Box<str>, OrderId), usize>,
    orders: Vec<(Box<str>, OrderId, Vec<Identified>)>,
}

impl ByOrder {
    /// Adds what one part of a message tells of an order.
    pub fn add(&mut self, workflow: Box<str>, order: OrderId, facts: Vec<Identified>) {
        if facts.is_empty() {
            return;
        }
        let instance = (workflow, order);
        if let Some(place) = self.place.get(&instance) {
            self.orders[*place].2.extend(facts);
        } else {
            self.place.insert(instance.clone(), self.orders.len());
            self.orders.push((instance.0, instance.1, facts));
        }
    }

    /// The orders, each with its workflow and all that is told of it.
    pub fn into_orders(self) -> Vec<(Box<str>, OrderId, Vec<Identified>)> {
        self.orders
    }
}
