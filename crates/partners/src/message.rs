//! Messages a partner sends: the sections `[in.<message>]`.
//!
//! | key | means |
//! |---|---|
//! | `format` | [how it is written](mod@crate::format), such as `"json"` |
//! | `each` | where the parts are, one per order or record; without it the message is the only part |
//! | `skip` | [guards](crate::guard): a part they hold for says nothing of interest |
//! | `workflow` | what the facts are about: `"order"`, which needs not be said, or another workflow such as `"return"` |
//! | `order` | the order, or the return's number where the workflow is `"return"`: a [field](crate::field), or `{ reference = <field> }` for one the cross-references translate |
//! | `event_id` | a field: the source's own id of the part; without it facts are told apart by [what they say](crate::identify) |
//! | `xref` | a list of `{ reference = <field>, shipment = <field> }`: references that from now on mean this order |
//! | `facts` | the rules, `[[in.<message>.facts]]` |
//!
//! Each rule has a `kind` ([facts](crate::fact), [records](crate::record)), the keys of its kind, and optionally `each` (a fact
//! for every element; the paths of the rule start there), `when` (guards on the element) and its own `event_id`.
//!
//! A part whose facts cannot all be read is rejected as a whole; a record is rejected alone. A part for which no rule
//! applies is rejected too: silence is stated with `skip`.

use std::collections::HashMap;

use model::{OrderId, PartnerId, ShipmentId, Timestamp};

use crate::compiler::Compiler;
use crate::fact::{self, FactRule};
use crate::field::{Field, shown};
use crate::format::Format;
use crate::guard::Guards;
use crate::identify;
use crate::key::FactKey;
use crate::place::read;
use crate::record::{Record, RecordRule};
use crate::scope::{Each, Scope};
use crate::source::{Node, ProfileError};
use crate::told::{Identified, OrderRef, Rejected, Told, Xref};
use crate::unreadable::{Unreadable, UnreadableKind};
use crate::words::Reference;

/// The workflow a message is about when its section names none.
pub const ORDER: &str = "order";

/// The most parts one message may have.
pub const MAX_PARTS: usize = 20_000;

/// The most facts or records one rule may read from one part.
pub const MAX_FACTS: usize = 100_000;

/// How one message of a partner is read.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) workflow: Box<str>,
    format: Format,
    each: Option<Each>,
    skip: Guards,
    order: Option<OrderRule>,
    event_id: Option<Field<String>>,
    xrefs: Vec<XrefRule>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
enum OrderRule {
    Number(Field<OrderId>),
    Reference(Field<Reference>),
}

#[derive(Debug)]
struct XrefRule {
    reference: Field<Reference>,
    shipment: Option<Field<ShipmentId>>,
}

#[derive(Debug)]
struct Rule {
    sort: Box<str>,
    when: Guards,
    each: Option<Each>,
    event_id: Option<Field<String>>,
    reads: Reads,
}

#[derive(Debug)]
enum Reads {
    Fact(FactRule),
    Record(RecordRule),
}

impl Incoming {
    pub(crate) fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let rules = section.required("facts")?;
        let incoming = Self {
            workflow: section.optional("workflow").map_or(Ok(ORDER), |node| node.text())?.into(),
            format: Format::compile(section.required("format")?)?,
            each: section.optional("each").map(|node| compiler.each(node)).transpose()?,
            skip: Guards::read(&mut section, "skip", compiler)?,
            order: section.optional("order").map(|node| OrderRule::compile(node, compiler)).transpose()?,
            event_id: compiler.optional(&mut section, "event_id")?,
            xrefs: match section.optional("xref") {
                Some(xrefs) => {
                    xrefs.list()?.into_iter().map(|xref| XrefRule::compile(xref, compiler)).collect::<Result<_, _>>()?
                }
                None => Vec::new(),
            },
            rules: rules.list()?.into_iter().map(|rule| Rule::compile(rule, compiler)).collect::<Result<_, _>>()?,
        };
        let of_order = |rule: &Rule| matches!(rule.reads, Reads::Fact(_));
        if incoming.rules.is_empty() {
            return Err(rules.error("expected at least one rule"));
        }
        if incoming.order.is_none() && (incoming.rules.iter().any(of_order) || !incoming.xrefs.is_empty()) {
            return Err(section.error("expected the key `order` in this table: its facts are about an order"));
        }
        section.finish()?;
        Ok(incoming)
    }

    /// What the message says.
    ///
    /// # Errors
    /// When none of it can be read; a part that cannot be read while others can is among what is told.
    pub(crate) fn read(&self, raw: &[u8], by: &PartnerId, received: Timestamp) -> Result<Vec<Told>, Unreadable> {
        let tree = self.format.read(raw)?;
        let message = Scope::of_message(&tree.root);
        let mut reading = Reading { incoming: self, by, received, told: Vec::new(), part: 0, sound: 0 };
        for fault in tree.faults {
            reading.broken(fault);
        }
        let Some(each) = &self.each else {
            reading.part(&message);
            return reading.end();
        };
        let found = each.visit(&message, MAX_PARTS, |part| {
            reading.part(part);
            Ok(())
        })?;
        if !found {
            return Err(each.unreadable(
                &message,
                UnreadableKind::Missing,
                "is absent; expected the parts of the message",
            ));
        }
        if reading.part == 0 {
            return Err(each.unreadable(
                &message,
                UnreadableKind::Empty,
                "is empty; expected the parts of the message",
            ));
        }
        reading.end()
    }
}

impl OrderRule {
    fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        if !node.is_table() || !node.section()?.has("reference") {
            return Field::compile(node, compiler).map(Self::Number);
        }
        let mut section = node.section()?;
        let reference = compiler.field(&mut section, "reference")?;
        section.finish()?;
        Ok(Self::Reference(reference))
    }

    fn read(&self, scope: &Scope<'_>) -> Result<OrderRef, Unreadable> {
        match self {
            Self::Number(field) => field.required(scope).map(OrderRef::Order),
            Self::Reference(field) => field.required(scope).map(|reference| OrderRef::Reference(reference.0)),
        }
    }
}

impl XrefRule {
    fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let rule = Self {
            reference: compiler.field(&mut section, "reference")?,
            shipment: compiler.optional(&mut section, "shipment")?,
        };
        section.finish()?;
        Ok(rule)
    }

    fn read(&self, scope: &Scope<'_>) -> Result<Option<Xref>, Unreadable> {
        let Some(reference) = self.reference.optional(scope)? else { return Ok(None) };
        Ok(Some(Xref { reference: reference.0, shipment: read(self.shipment.as_ref(), scope)? }))
    }
}

impl Rule {
    fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let named = section.required("kind")?;
        let kind = named.text()?;
        let when = Guards::read(&mut section, "when", compiler)?;
        let each = section.optional("each").map(|node| compiler.each(node)).transpose()?;
        let event_id = compiler.optional(&mut section, "event_id")?;
        let reads = match FactRule::compile(kind, &mut section, compiler)? {
            Some(fact) => Reads::Fact(fact),
            None => RecordRule::compile(kind, &mut section, compiler)?.map(Reads::Record).ok_or_else(|| {
                named.error(
                    "expected one of `released`, `answered`, `milestone`, `condition`, `booked`, `billed`, \
                     `freight_invoiced`, `cancel_requested`, `return_authorised`, `inspected`, `credited`, \
                     `movement`, `item`, `customer`, `location`, `route`",
                )
            })?,
        };
        section.finish()?;
        Ok(Self { sort: kind.into(), when, each, event_id, reads })
    }

    /// Visits every element the rule applies to.
    fn visit(
        &self,
        part: &Scope<'_>,
        mut visit: impl FnMut(&Scope<'_>) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let mut guarded = |element: &Scope<'_>| if self.when.hold(element) { visit(element) } else { Ok(()) };
        match &self.each {
            Some(each) => each.visit(part, MAX_FACTS, guarded).map(drop),
            None => guarded(part),
        }
    }
}

/// A message being read.
struct Reading<'m> {
    incoming: &'m Incoming,
    by: &'m PartnerId,
    received: Timestamp,
    told: Vec<Told>,
    part: usize,
    /// How many parts and records were read or skipped.
    sound: usize,
}

/// Numbers the facts of one sort that one event tells.
type Counts<'m> = HashMap<&'m str, usize>;

impl<'m> Reading<'m> {
    fn part(&mut self, part: &Scope<'_>) {
        if self.incoming.skip.hold(part) && self.incoming.skip.any() {
            self.sound += 1;
        } else if let Err((order, why)) = self.unskipped(part) {
            self.reject(order, why);
        }
        self.part += 1;
    }

    /// A part that the format could not read.
    fn broken(&mut self, why: Unreadable) {
        self.reject(None, why);
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

    fn reject(&mut self, order: Option<OrderRef>, why: Unreadable) {
        self.told.push(Told::Rejected(Rejected { part: self.part, order, why }));
    }

    /// What was told. When nothing was sound, the first reason stands for the message.
    fn end(self) -> Result<Vec<Told>, Unreadable> {
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
