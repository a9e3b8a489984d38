//! A message being read: its parts one after another, each for itself.

use std::collections::HashMap;

use model::{PartnerId, Timestamp};

use super::{Incoming, Reads, Rule};
use crate::fact;
use crate::field::shown;
use crate::identify;
use crate::key::FactKey;
use crate::place::read;
use crate::record::{Record, RecordRule};
use crate::scope::Scope;
use crate::told::{Identified, OrderRef, Rejected, Told};
use crate::unreadable::{Unreadable, UnreadableKind};

/// A message being read.
pub(super) struct Reading<'m> {
    incoming: &'m Incoming,
    by: &'m PartnerId,
    received: Timestamp,
    told: Vec<Told>,
    /// How many parts there were.
    pub part: usize,
    /// How many parts and records were read or skipped.
    sound: usize,
}

/// Numbers the facts of one sort that one event tells.
type Counts<'m> = HashMap<&'m str, usize>;

impl<'m> Reading<'m> {
    pub fn new(incoming: &'m Incoming, by: &'m PartnerId, received: Timestamp) -> Self {
        Self { incoming, by, received, told: Vec::new(), part: 0, sound: 0 }
    }

    pub fn part(&mut self, part: &Scope<'_>) {
        match self.incoming.skip.hold(part) {
            Ok(true) if self.incoming.skip.any() => self.sound += 1,
            Ok(_) => {
                if let Err((order, why)) = self.unskipped(part) {
                    self.reject(order, why);
                }
            }
            Err(why) => self.reject(None, why),
        }
        self.part += 1;
    }

    fn unskipped(&mut self, part: &Scope<'_>) -> Result<(), (Option<OrderRef>, Unreadable)> {
        let order = match &self.incoming.order {
            Some(order) => Some(order.read(part).map_err(|why| (None, why))?),
            None => None,
        };
        let before = self.told.len();
        let mut counts = Counts::new();
        let facts = order.as_ref().map_or_else(|| Ok(Vec::new()), |order| self.facts(part, order, &mut counts));
        let xrefs = self.incoming.xrefs.iter().filter_map(|xref| xref.read(part).transpose()).collect();
        let (facts, xrefs): (Vec<_>, Vec<_>) = match (facts, xrefs) {
            (Ok(facts), Ok(xrefs)) => (facts, xrefs),
            (Err(why), _) | (_, Err(why)) => return Err((order, why)),
        };
        self.records(part, &mut counts).map_err(|why| (order.clone(), why))?;
        if let (Some(order), false) = (&order, facts.is_empty()) {
            self.told.push(Told::Order {
                workflow: self.incoming.workflow.clone(),
                order: order.clone(),
                facts,
                xrefs,
            });
            self.sound += 1;
        }
        if self.told.len() == before {
            return Err((order, self.unmapped(part)));
        }
        Ok(())
    }

    /// A reason that names what the rules looked at and found no rule for.
    fn unmapped(&self, part: &Scope<'_>) -> Unreadable {
        let on_the_part = self.incoming.rules.iter().filter(|rule| rule.each.is_none());
        match on_the_part.filter_map(|rule| rule.when.seen(part)).next() {
            Some((path, text)) => {
                let detail = format!("holds `{}`, and no rule of the profile says what that means", shown(&text));
                part.unreadable(UnreadableKind::Unmapped, path, detail)
            }
            None => part.unreadable_here(UnreadableKind::Unmapped, "holds nothing that a rule of the profile reads"),
        }
    }

    fn facts(
        &self,
        part: &Scope<'_>,
        order: &OrderRef,
        counts: &mut Counts<'m>,
    ) -> Result<Vec<Identified>, Unreadable> {
        let told = fact::Told { by: self.by, received: self.received };
        let mut facts = Vec::new();
        for rule in &self.incoming.rules {
            let Reads::Fact(reads) = &rule.reads else { continue };
            rule.visit(part, |element| {
                let fact = reads.read(element, told)?;
                let id = match self.event(rule, part, element, counts)? {
                    Some(id) => id,
                    None => identify::by_content(self.by.as_str(), order.as_str(), &fact, reads.states_time()),
                };
                facts.push(Identified { id, fact });
                Ok(())
            })?;
        }
        Ok(facts)
    }

    /// Tells the records; one that cannot be read is rejected alone.
    fn records(&mut self, part: &Scope<'_>, counts: &mut Counts<'m>) -> Result<(), Unreadable> {
        for rule in &self.incoming.rules {
            let Reads::Record(reads) = &rule.reads else { continue };
            rule.visit(part, |element| {
                match self.record(rule, reads, part, element, counts) {
                    Ok(told) => {
                        self.told.push(told);
                        self.sound += 1;
                    }
                    Err(why) => self.reject(None, why),
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn record(
        &self,
        rule: &'m Rule,
        reads: &RecordRule,
        part: &Scope<'_>,
        element: &Scope<'_>,
        counts: &mut Counts<'m>,
    ) -> Result<Told, Unreadable> {
        let movement = match reads.read(element, self.received)? {
            Record::Master(record) => return Ok(Told::Master(record)),
            Record::Movement(movement) => movement,
        };
        let id = match self.event(rule, part, element, counts)? {
            Some(id) => id,
            None => identify::by_movement(self.by.as_str(), &movement, reads.states_time()),
        };
        Ok(Told::Stock { id, movement })
    }

    /// The id by the source's own event id, if the profile names one and the message has it.
    fn event(
        &self,
        rule: &'m Rule,
        part: &Scope<'_>,
        element: &Scope<'_>,
        counts: &mut Counts<'m>,
    ) -> Result<Option<FactKey>, Unreadable> {
        let source = self.by.as_str();
        if let Some(own) = read(rule.event_id.as_ref(), element)? {
            return Ok(Some(identify::by_event(source, &own, &rule.sort, 0)));
        }
        let Some(event) = read(self.incoming.event_id.as_ref(), part)? else { return Ok(None) };
        let nth = counts.entry(&rule.sort).or_default();
        *nth += 1;
        Ok(Some(identify::by_event(source, &event, &rule.sort, *nth)))
    }

    pub fn reject_part(&mut self, why: Unreadable) {
        self.reject(None, why);
        self.part += 1;
    }

    pub fn reject(&mut self, order: Option<OrderRef>, why: Unreadable) {
        self.told.push(Told::Rejected(Rejected { part: self.part, order, why }));
    }

    /// What was told. When nothing was sound, the first reason stands for the message.
    pub fn end(self) -> Result<Vec<Told>, Unreadable> {
        if self.sound == 0 {
            for told in &self.told {
                if let Told::Rejected(rejected) = told {
                    return Err(rejected.why.clone());
                }
            }
        }
        Ok(self.told)
    }
}
