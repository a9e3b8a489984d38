//! Messages a partner sends: the sections `[in.<message>]`.
//!
//! | key | means |
//! |---|---|
//! | `format`, `encoding`, `loops`, `counts` | how the message is written; see [formats](mod@crate::format) |
//! | `each` | where the parts are, one per order or record: `orders[*]`, `transactions[*]`, `messages[*].CNI[*]`; without it the message is the only part |
//! | `skip` | [guards](crate::guard): a part they hold for says nothing of interest |
//! | `workflow` | what the facts are about: `"order"`, which needs not be said, or another workflow such as `"return"` |
//! | `order` | the order, or the return's number where the workflow is `"return"`: a [field](crate::field), or `{ reference = <field> }` for one the cross-references translate |
//! | `event_id` | a field: the source's own id of the part; without it facts are told apart by [what they say](crate::identify) |
//! | `xref` | a list of `{ reference = <field>, shipment = <field> }`: references that from now on mean this order |
//! | `error` | a field: what the partner writes where it has no answer, such as "not found"; looked for in a part, where parts should be and are not, and at the message's top when there is no place for any |
//! | `acknowledge` | for X12 and EDIFACT: how the partner is told that the message was read; see [acknowledgements](crate::acknowledge) |
//! | `facts` | the rules, `[[in.<message>.facts]]` |
//! | `events` | [events of a part](events), each read for itself |
//! | `taken`, `complete` | where the message [lists](list) what the partner's books hold: of which moment, and whether all of it |
//!
//! Each rule has a `kind` ([facts](crate::fact), [records](crate::record), [rows](crate::listed)), the keys of its kind, and optionally `each` (a fact
//! for every element; the paths of the rule start there), `when` (guards on the element), its own `event_id`, and
//! `otherwise = true`: it applies where no rule before it told a fact. So a code that is in no table becomes the milestone
//! `unknown`, which keeps the code and moves nothing; once the code is mapped, reading the message again tells what it means.
//!
//! A part whose facts cannot all be read is rejected as a whole; a record or row is rejected alone. A part for which no rule
//! applies is rejected too: silence is stated with `skip`. An `error` is rejected in the partner's own words; what the part says
//! beside it counts.

pub mod events;
pub mod list;
mod reading;

use std::collections::BTreeMap;

use model::{OrderId, PartnerId, ShipmentId, Timestamp};
use serde_json::Value;

use crate::acknowledge::Acknowledge;
use crate::compiler::Compiler;
use crate::control::ControlNumbers;
use crate::fact::FactRule;
use crate::field::Field;
use crate::format::{Fault, Format, Tree};
use crate::guard::Guards;
use crate::listed::RowRule;
use crate::out::EncodeError;
use crate::path::Path;
use crate::place::read;
use crate::record::RecordRule;
use crate::scope::{Each, Scope};
use crate::source::{Node, ProfileError};
use crate::told::{OrderRef, Outgoing, Read, Told, Xref};
use crate::unreadable::{Unreadable, UnreadableKind};
use crate::words::Reference;
use events::Events;
use list::{Gathered, List};
use reading::Reading;

/// The workflow a message is about when its section names none.
pub const ORDER: &str = "order";

/// The most parts one message may have.
pub const MAX_PARTS: usize = 20_000;

/// The most facts or records one rule may read from one part.
pub const MAX_FACTS: usize = 100_000;

/// How much of an error of the partner's a reason repeats, in bytes.
const MAX_SAID: usize = 200;

/// How one message of a partner is read.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) workflow: Box<str>,
    pub(crate) format: Format,
    acknowledge: Option<Acknowledge>,
    each: Option<Each>,
    skip: Guards,
    order: Option<OrderRule>,
    event_id: Option<Field<String>>,
    xrefs: Vec<XrefRule>,
    error: Option<Field<String>>,
    rules: Vec<Rule>,
    events: Option<Events>,
    list: Option<List>,
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
    /// It applies only where no rule before it told a fact.
    otherwise: bool,
    each: Option<Each>,
    event_id: Option<Field<String>>,
    reads: Reads,
}

#[derive(Debug)]
enum Reads {
    Fact(FactRule),
    Record(RecordRule),
    Row(RowRule),
}

impl Incoming {
    pub(crate) fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let format = Format::compile(&mut section)?;
        let compiler = &compiler.with_lists(format.lists());
        let events = section.optional("events").map(|node| Events::compile(node, compiler)).transpose()?;
        let rules = match section.optional("facts") {
            Some(rules) => rules.list()?,
            None if events.is_some() => Vec::new(),
            None => section.required("facts")?.list()?,
        };
        let rules: Vec<_> = rules.into_iter().map(|rule| Rule::compile(rule, compiler)).collect::<Result<_, _>>()?;
        let list = List::compile(&mut section, &rules, compiler)?;
        let acknowledge = section.optional("acknowledge");
        let acknowledge =
            acknowledge.map(|node| Acknowledge::compile(node, format.segments(), compiler)).transpose()?;
        let incoming = Self {
            acknowledge,
            workflow: section.optional("workflow").map_or(Ok(ORDER), |node| node.text())?.into(),
            format,
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
            error: compiler.optional(&mut section, "error")?,
            rules,
            events,
            list,
        };
        if incoming.rules.is_empty() && incoming.events.is_none() {
            return Err(section.error("expected at least one rule in `facts`"));
        }
        if incoming.order.is_none() && incoming.needs_order() {
            return Err(section.error("expected the key `order` in this table: its facts are about an order"));
        }
        section.finish()?;
        Ok(incoming)
    }

    /// What the sender of a message is told of its syntax; nothing where the profile says nothing of it, or nothing can be
    /// read.
    ///
    /// # Errors
    /// When the sender cannot be addressed.
    pub(crate) fn acknowledge(
        &self,
        raw: &[u8],
        received: Timestamp,
        numbers: ControlNumbers,
    ) -> Result<Option<Outgoing>, EncodeError> {
        let Some(acknowledge) = &self.acknowledge else { return Ok(None) };
        let Ok(Tree { heard, .. }) = self.format.read(raw) else { return Ok(None) };
        acknowledge.write(&heard, &self.format.letters_of_replies(), received, numbers)
    }

    /// The message that acknowledges this one, where the profile says that one does.
    pub(crate) fn acknowledged_by(&self) -> Option<&str> {
        self.acknowledge.as_ref().map(Acknowledge::message)
    }

    /// Whether any of it is about an order.
    fn needs_order(&self) -> bool {
        let of_order = |rule: &Rule| matches!(rule.reads, Reads::Fact(_));
        self.events.is_some() || !self.xrefs.is_empty() || self.rules.iter().any(of_order)
    }

    /// What the partner says is wrong here, in its own words.
    fn said(&self, scope: &Scope<'_>) -> Option<Unreadable> {
        let error = self.error.as_ref()?;
        match error.optional(scope) {
            Ok(None) => None,
            Ok(Some(words)) => {
                let mut said = words.split_whitespace().collect::<Vec<_>>().join(" ");
                said.truncate(said.floor_char_boundary(MAX_SAID));
                Some(error.unreadable(scope, UnreadableKind::NoAnswer, &format!("says `{said}`")))
            }
            Err(why) => Some(why),
        }
    }

    /// What the message says.
    pub(crate) fn read(&self, raw: &[u8], by: &PartnerId, received: Timestamp) -> Read {
        match self.format.read(raw) {
            Ok(Tree { root, faults, interchanges, .. }) => {
                Read { told: self.told(&root, faults, by, received), interchanges }
            }
            Err(why) => Read::unreadable(why),
        }
    }

    /// What the tree of a message says.
    ///
    /// # Errors
    /// When none of it can be read; a part that cannot be read while others can is among what is told.
    fn told(
        &self,
        root: &Value,
        faults: Vec<Fault>,
        by: &PartnerId,
        received: Timestamp,
    ) -> Result<Vec<Told>, Unreadable> {
        let message = Scope::of_message(root);
        let list = self.list.as_ref().map(|list| Gathered::begin(list, &message, received)).transpose()?;
        let mut reading = Reading::new(self, (by, received), list);
        let (broken, beside): (Vec<_>, Vec<_>) = faults.into_iter().partition(|fault| fault.part.is_some());
        let Some(each) = &self.each else {
            // The message is one part, and what breaks a part of it breaks that.
            if let Some(fault) = broken.into_iter().next() {
                return Err(fault.why);
            }
            beside.into_iter().for_each(|fault| reading.reject(None, fault.why));
            reading.part(&message);
            return reading.end();
        };
        let mut broken: BTreeMap<_, _> = broken.into_iter().map(|fault| (fault.part, fault.why)).collect();
        let found = each.visit_all(&message, MAX_PARTS, |part| {
            let (Ok(element) | Err((element, _))) = part;
            let fault = if element.node.is_null() { broken.remove(&Some(element.nth())) } else { None };
            match (fault, part) {
                (Some(why), _) => reading.reject_part(why),
                (None, Ok(part)) => reading.part(part),
                (None, Err((element, path))) => {
                    let absent = || {
                        let detail = "is absent; expected parts of the message";
                        element.unreadable(UnreadableKind::Missing, path, detail)
                    };
                    reading.reject_part(self.said(element).unwrap_or_else(absent));
                }
            }
            Ok(())
        })?;
        let mut faults = broken.into_values().chain(beside.into_iter().map(|fault| fault.why));
        if reading.part == 0
            && let Some(why) = faults.next()
        {
            return Err(why);
        }
        if !found {
            let detail = "is absent; expected the parts of the message";
            let absent = || each.unreadable(&message, UnreadableKind::Missing, detail);
            return Err(self.said(&message).unwrap_or_else(absent));
        }
        if reading.part == 0 {
            return Err(each.unreadable(
                &message,
                UnreadableKind::Empty,
                "is empty; expected the parts of the message",
            ));
        }
        faults.for_each(|why| reading.reject(None, why));
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
        let otherwise = section.optional("otherwise").map_or(Ok(false), |node| node.flag())?;
        if otherwise && each.is_some() {
            return Err(
                section.error("expected no `each` beside `otherwise`: a rule before it applies to the whole part")
            );
        }
        let compiler = &compiler.where_held(&when);
        let event_id = compiler.optional(&mut section, "event_id")?;
        let reads = match FactRule::compile(kind, &mut section, compiler)? {
            Some(fact) => Reads::Fact(fact),
            None => match RecordRule::compile(kind, &mut section, compiler)? {
                Some(record) => Reads::Record(record),
                None => RowRule::compile(named, &mut section, compiler)?.map(Reads::Row).ok_or_else(|| {
                    named.error(
                        "expected one of `released`, `answered`, `milestone`, `condition`, `booked`, `billed`, \
                         `freight_invoiced`, `cancel_requested`, `handed_over`, `return_authorised`, `inspected`, \
                         `credited`, `movement`, `item`, `customer`, `location`, `route`, `listed_order`, `listed_stock`, \
                         `listed_shipment`",
                    )
                })?,
            },
        };
        if otherwise && !matches!(reads, Reads::Fact(_)) {
            return Err(section.error("expected `otherwise` with a fact only"));
        }
        if event_id.is_some() && matches!(reads, Reads::Row(_)) {
            return Err(section.error("expected no `event_id` here: a row of a list is no event"));
        }
        section.finish()?;
        Ok(Self { sort: kind.into(), when, otherwise, each, event_id, reads })
    }

    /// Visits every element the rule applies to.
    fn visit(
        &self,
        part: &Scope<'_>,
        mut visit: impl FnMut(&Scope<'_>) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let mut guarded = |element: &Scope<'_>| if self.when.hold(element)? { visit(element) } else { Ok(()) };
        match &self.each {
            Some(each) => each.visit(part, MAX_FACTS, guarded).map(drop),
            None => guarded(part),
        }
    }

    /// Visits every element that its `each` leads to, whatever its guards say, and every one in which it leads no further, with
    /// the path that does not; says whether it led to a list.
    fn visit_all(
        &self,
        part: &Scope<'_>,
        mut visit: impl FnMut(Result<&Scope<'_>, (&Scope<'_>, &Path)>) -> Result<(), Unreadable>,
    ) -> Result<bool, Unreadable> {
        match &self.each {
            Some(each) => each.visit_all(part, MAX_FACTS, visit),
            None => visit(Ok(part)).map(|()| false),
        }
    }
}
