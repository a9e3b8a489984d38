//! A message being read: its parts one after another, each for itself.

use std::collections::HashMap;

use model::{Movement, PartnerId, Timestamp};

use super::events::Events;
use super::list::{Gathered, MAX_ROWS};
use super::{Incoming, MAX_FACTS, Reads, Rule};
use crate::fact::{self, FactRule};
use crate::field::shown;
use crate::identify;
use crate::key::FactKey;
use crate::listed::{Row, RowRule};
use crate::path::Path;
use crate::place::read;
use crate::record::{Record, RecordRule};
use crate::scope::Scope;
use crate::told::{Identified, OrderRef, Rejected, Told, Xref};
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
    /// The movements that were told, by their ids.
    movements: HashMap<FactKey, Movement>,
    /// The rows of lists, where the message may hold any.
    list: Option<Gathered<'m>>,
}

/// The sort of what no table translates.
const UNKNOWN: &str = "unknown";

/// Numbers the facts of one sort that one event tells.
type Counts<'m> = HashMap<&'m str, usize>;

impl<'m> Reading<'m> {
    pub fn new(incoming: &'m Incoming, (by, received): (&'m PartnerId, Timestamp), list: Option<Gathered<'m>>) -> Self {
        Self { incoming, by, received, told: Vec::new(), part: 0, sound: 0, movements: HashMap::new(), list }
    }

    pub fn part(&mut self, part: &Scope<'_>) {
        match self.incoming.skip.say_so(part) {
            Ok(true) => self.sound += 1,
            Ok(false) => {
                let told = self.unskipped(part);
                match (told, self.incoming.said(part)) {
                    (Ok(()), None) => {}
                    (Ok(()), Some(said)) => self.reject(None, said),
                    (Err((order, why)), None) => self.reject(order, why),
                    (Err((order, why)), Some(said)) => {
                        self.reject(order.clone(), said);
                        // That there is nothing else needs no reason beside the partner's own.
                        if !matches!(why.kind, UnreadableKind::Missing | UnreadableKind::Unmapped) {
                            self.reject(order, why);
                        }
                    }
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
        let before = (self.told.len(), self.sound);
        let mut counts = Counts::new();
        let own = self.own(part, order.as_ref(), &mut counts);
        let (mut facts, xrefs, wrong) = match (own, &self.incoming.events) {
            (Ok((facts, xrefs)), _) => (facts, xrefs, None),
            (Err(why), Some(_)) => (Vec::new(), Vec::new(), Some(why)),
            (Err(why), None) => return Err((order, why)),
        };
        let rejected = match &order {
            Some(order) => self.events(part, order, &mut facts),
            None => Vec::new(),
        };
        self.records(part, &mut counts).map_err(|why| (order.clone(), why))?;
        self.rows(part).map_err(|why| (order.clone(), why))?;
        if let (Some(order), false) = (&order, facts.is_empty()) {
            self.told.push(Told::Order {
                workflow: self.incoming.workflow.clone(),
                order: order.clone(),
                facts,
                xrefs,
            });
            self.sound += 1;
        }
        rejected.into_iter().for_each(|why| self.reject(order.clone(), why));
        match wrong {
            Some(why) => Err((order, why)),
            None if (self.told.len(), self.sound) == before => Err((order, unmapped(&self.incoming.rules, part))),
            None => Ok(()),
        }
    }

    /// What the part says by itself: its facts and its cross-references.
    fn own(
        &self,
        part: &Scope<'_>,
        order: Option<&OrderRef>,
        counts: &mut Counts<'m>,
    ) -> Result<(Vec<Identified>, Vec<Xref>), Unreadable> {
        let facts = order.map_or_else(|| Ok(Vec::new()), |order| self.facts(part, order, counts))?;
        let xrefs = self.incoming.xrefs.iter().filter_map(|xref| xref.read(part).transpose());
        Ok((facts, xrefs.collect::<Result<_, _>>()?))
    }

    fn facts(
        &self,
        part: &Scope<'_>,
        order: &OrderRef,
        counts: &mut Counts<'m>,
    ) -> Result<Vec<Identified>, Unreadable> {
        let mut facts = Vec::new();
        for rule in &self.incoming.rules {
            let Reads::Fact(reads) = &rule.reads else { continue };
            if rule.otherwise && !facts.is_empty() {
                continue;
            }
            rule.visit(part, |element| {
                let event = |sort: &str, element: &Scope<'_>| self.event(rule, sort, part, element, counts);
                facts.push(self.fact(rule, reads, element, order, event)?);
                Ok(())
            })?;
        }
        Ok(facts)
    }

    /// Adds the facts of the events that can be read; gives why the others cannot.
    fn events(&mut self, part: &Scope<'_>, order: &OrderRef, facts: &mut Vec<Identified>) -> Vec<Unreadable> {
        let Some(events) = &self.incoming.events else { return Vec::new() };
        let mut rejected = Vec::new();
        let mut sound = 0;
        let visited = events.each.visit_all(part, MAX_FACTS, |event| {
            let told = match event {
                Ok(event) => self.of_event(events, event, order),
                Err((element, path)) => {
                    Err(element.unreadable(UnreadableKind::Missing, path, "is absent; expected events"))
                }
            };
            match told {
                Ok(told) => {
                    facts.extend(told);
                    sound += 1;
                }
                Err(why) => rejected.push(why),
            }
            Ok(())
        });
        self.sound += sound;
        rejected.extend(visited.err());
        rejected
    }

    /// The facts of one event; none where it is skipped.
    fn of_event(&self, events: &'m Events, event: &Scope<'_>, order: &OrderRef) -> Result<Vec<Identified>, Unreadable> {
        if events.skip.say_so(event)? {
            return Ok(Vec::new());
        }
        let mut facts = Vec::new();
        for rule in &events.rules {
            let Reads::Fact(reads) = &rule.reads else { continue };
            if rule.otherwise && !facts.is_empty() {
                continue;
            }
            rule.visit(event, |element| {
                let event = |sort: &str, element: &Scope<'_>| self.own_event(rule, sort, element);
                facts.push(self.fact(rule, reads, element, order, event)?);
                Ok(())
            })?;
        }
        if facts.is_empty() { Err(unmapped(&events.rules, event)) } else { Ok(facts) }
    }

    fn fact(
        &self,
        rule: &'m Rule,
        reads: &FactRule,
        element: &Scope<'_>,
        order: &OrderRef,
        event: impl FnOnce(&str, &Scope<'_>) -> Result<Option<FactKey>, Unreadable>,
    ) -> Result<Identified, Unreadable> {
        let fact = reads.read(element, fact::Told { by: self.by, received: self.received })?;
        // What is mapped one day must not pass for the unknown that was told before.
        let sort = if fact::is_unknown(&fact) { UNKNOWN } else { &*rule.sort };
        let id = match event(sort, element)? {
            Some(id) => id,
            None => identify::by_content(self.by.as_str(), order.as_str(), &fact, reads.states_time()),
        };
        Ok(Identified { id, fact })
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
        &mut self,
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
        let id = match self.event(rule, &rule.sort, part, element, counts)? {
            Some(id) => id,
            None => identify::by_movement(self.by.as_str(), &movement, reads.states_time()),
        };
        // One id of two movements would have the second pass for the first one, told again.
        match self.movements.get(&id) {
            Some(other) if *other != movement => {
                let detail = "is another movement with the event id of one before it; expected an id of its own";
                return Err(element.unreadable_here(UnreadableKind::Contradictory, detail));
            }
            Some(_) => {}
            None => drop(self.movements.insert(id, movement.clone())),
        }
        Ok(Told::Stock { id, movement })
    }

    /// Gathers the rows of lists; one that cannot be read is rejected alone.
    fn rows(&mut self, part: &Scope<'_>) -> Result<(), Unreadable> {
        let Some(list) = &mut self.list else { return Ok(()) };
        let (mut wrong, mut sound) = (Vec::new(), 0);
        for rule in &self.incoming.rules {
            let Reads::Row(reads) = &rule.reads else { continue };
            let wrong_before = wrong.len();
            let is_there = rule.visit_all(part, |element| {
                if list.is_full() {
                    let (Ok(place) | Err((place, _))) = element;
                    let detail = format!("is beyond the {MAX_ROWS} rows that the lists of one message may have");
                    return Err(place.unreadable_here(UnreadableKind::TooLarge, detail));
                }
                match row(rule, reads, element) {
                    Ok(Some(row)) => {
                        list.add(row);
                        sound += 1;
                    }
                    Ok(None) => {}
                    Err(why) => wrong.push(why),
                }
                Ok(())
            })?;
            if is_there {
                list.is_there(reads);
                sound += usize::from(wrong.len() == wrong_before);
            }
        }
        self.sound += sound;
        wrong.into_iter().for_each(|why| self.reject(None, why));
        Ok(())
    }

    /// The id by the source's own event id, if the profile names one and the message has it.
    fn event(
        &self,
        rule: &'m Rule,
        sort: &str,
        part: &Scope<'_>,
        element: &Scope<'_>,
        counts: &mut Counts<'m>,
    ) -> Result<Option<FactKey>, Unreadable> {
        if let Some(own) = self.own_event(rule, sort, element)? {
            return Ok(Some(own));
        }
        let Some(event) = read(self.incoming.event_id.as_ref(), part)? else { return Ok(None) };
        let nth = counts.entry(&rule.sort).or_default();
        *nth += 1;
        Ok(Some(identify::by_event(self.by.as_str(), &event, sort, *nth)))
    }

    /// The id by the event id that the rule itself names.
    fn own_event(&self, rule: &Rule, sort: &str, element: &Scope<'_>) -> Result<Option<FactKey>, Unreadable> {
        let own = read(rule.event_id.as_ref(), element)?;
        Ok(own.map(|own| identify::by_event(self.by.as_str(), &own, sort, 0)))
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
        let is_whole = !self.told.iter().any(|told| matches!(told, Told::Rejected(_)));
        let mut told = self.told;
        told.extend(self.list.into_iter().flat_map(|list| list.into_snapshots(self.by, is_whole)).map(Told::Snapshot));
        Ok(told)
    }
}

/// A row of a list; nothing where a guard says that it does not count.
fn row(
    rule: &Rule,
    reads: &RowRule,
    element: Result<&Scope<'_>, (&Scope<'_>, &Path)>,
) -> Result<Option<Row>, Unreadable> {
    let absent = |(element, path): (&Scope<'_>, &Path)| {
        element.unreadable(UnreadableKind::Missing, path, "is absent; expected rows of a list")
    };
    let element = element.map_err(absent)?;
    if rule.when.hold(element)? { reads.read(element).map(Some) } else { Ok(None) }
}

/// A reason that names what the rules looked at and found no rule for.
fn unmapped(rules: &[Rule], scope: &Scope<'_>) -> Unreadable {
    let on_the_element = rules.iter().filter(|rule| rule.each.is_none());
    match on_the_element.filter_map(|rule| rule.when.seen(scope)).next() {
        Some((path, text)) => {
            let code = shown(&text);
            let detail = format!("holds `{code}`, and no rule of the profile says what that means");
            scope.unreadable(UnreadableKind::Unmapped, path, detail).for_code(code)
        }
        None => scope.unreadable_here(UnreadableKind::Unmapped, "holds nothing that a rule of the profile reads"),
    }
}
