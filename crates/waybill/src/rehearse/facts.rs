//! The trails of the past with the facts of a changed profile in place of those that the messages gave.

use std::collections::{HashMap, HashSet};

use adapter::{Target, Xrefs};
use engine::{Content, Entry, EntryId, FactId, Key, Source, Told, WorkflowRecord};
use fulfilment::Fulfilment;
use model::{Fact, Money, PartnerId, System, Timestamp};
use partners::{Identified, OrderRef};
use service::Connection;

use crate::exit::Failure;
use crate::partner::retold::{Message, Retold};
use crate::reach::broker;

/// What one message tells otherwise of one order.
pub(super) struct Instead {
    pub inbox: u64,
    pub received: Timestamp,
    /// What the profile in force tells.
    pub now: Vec<Told<Fact>>,
    /// What the changed one tells.
    pub then: Vec<Told<Fact>>,
}

impl Instead {
    /// How many facts are told no more, as well or otherwise.
    pub fn differing(&self) -> u64 {
        let alone = |of: &[Told<Fact>], among: &[Told<Fact>]| {
            of.iter().filter(|own| among.iter().all(|other| other.id != own.id)).count()
        };
        let otherwise = |own: &&Told<Fact>| self.then.iter().any(|other| other.id == own.id && other.fact != own.fact);
        let differing =
            self.now.iter().filter(otherwise).count() + alone(&self.now, &self.then) + alone(&self.then, &self.now);
        differing as u64
    }
}

/// What the messages tell otherwise, by order. References mean what they mean today; those that the changed profile tells are
/// known too, and written nowhere.
pub(super) async fn by_order(connection: &Connection, retold: &Retold) -> Result<HashMap<Key, Vec<Instead>>, Failure> {
    let xrefs = Xrefs::open(&connection.js, retold.system).await.map_err(|error| broker("read references", error))?;
    let mut orders: HashMap<Key, Vec<Instead>> = HashMap::new();
    for message in &retold.differing {
        let mut found: HashMap<Key, Instead> = HashMap::new();
        for (parts, is_then) in [(&message.now, false), (&message.then, true)] {
            for part in parts {
                for target in targets(&xrefs, &retold.partner, part, message).await? {
                    let own = found.entry(Key::of(target.0.order.as_str())).or_insert_with(|| Instead {
                        inbox: message.inbox,
                        received: message.received,
                        now: Vec::new(),
                        then: Vec::new(),
                    });
                    let told = facts(part, &target, message.inbox);
                    if is_then { own.then.extend(told) } else { own.now.extend(told) }
                }
            }
        }
        for (key, own) in found.into_iter().filter(|(_, own)| own.now != own.then) {
            orders.entry(key).or_default().push(own);
        }
    }
    Ok(orders)
}

/// A target, its place on a load, and what each on it was booked at.
type Aboard = (Target, usize, Vec<Option<Money>>);

/// The orders that a part is about, as an adapter finds them.
async fn targets(
    xrefs: &Xrefs,
    partner: &PartnerId,
    part: &adapter::Part,
    message: &Message,
) -> Result<Vec<Aboard>, Failure> {
    let found = match &part.order {
        OrderRef::Order(order) => {
            let (workflow, order, told) = (part.workflow.clone(), order.clone(), message.received);
            let target = Target { workflow, order, shipment: None, told, price: None, ask: None, left: false };
            for xref in &part.xrefs {
                let shipment = xref.shipment.clone();
                xrefs.remember(partner, &xref.reference, Target { shipment, ..target.clone() });
            }
            vec![target]
        }
        OrderRef::Reference(reference) => {
            xrefs.find(partner, reference).await.map_err(|error| broker("read references", error))?
        }
    };
    let prices: Vec<Option<Money>> = found.iter().map(|target| target.price.clone()).collect();
    let of_orders = found.into_iter().enumerate().filter(|(_, target)| &*target.workflow == partners::ORDER);
    Ok(of_orders.map(|(nth, target)| (target, nth, prices.clone())).collect())
}

fn facts(part: &adapter::Part, (target, nth, prices): &Aboard, inbox: u64) -> Vec<Told<Fact>> {
    let told = part.facts.iter().cloned().map(|mut told: Identified| {
        if let OrderRef::Reference(reference) = &part.order {
            told.about(reference, target.shipment.as_ref(), target.ask.as_ref());
        }
        if let Some(shipment) = &target.shipment {
            told.on_a_load(shipment, (*nth, prices), inbox);
        }
        Told { id: FactId(told.id.0), fact: told.fact }
    });
    told.collect()
}

/// The trail with what is told instead. What no entry holds, for it could not be read or not of this order, comes when its
/// message came in.
pub(super) fn instead(
    trail: &[WorkflowRecord<Fulfilment>],
    (system, partner): (System, &PartnerId),
    changes: &[Instead],
) -> Vec<WorkflowRecord<Fulfilment>> {
    let mut trail = trail.to_vec();
    for change in changes {
        let gone: HashSet<FactId> = change.now.iter().chain(&change.then).map(|told| told.id).collect();
        let mut then = Some(&change.then);
        for entry in &mut trail {
            let Content::Facts { source, facts } = &mut entry.entry.content else { continue };
            if source.inbox != Some(change.inbox) || source.partner.as_deref() != Some(partner.as_str()) {
                continue;
            }
            facts.retain(|told| !gone.contains(&told.id));
            // What is told with it, as that a release is valid, comes after it.
            facts.splice(0..0, then.take().into_iter().flatten().cloned());
        }
        if let Some(told) = then.filter(|told| !told.is_empty()) {
            let place = trail.partition_point(|entry| entry.recorded <= change.received);
            let sequence =
                place.checked_sub(1).and_then(|before| trail.get(before)).map_or(0, |before| before.sequence);
            trail.insert(place, entry(sequence, system, partner, change, told.clone()));
        }
    }
    trail
}

fn entry(
    sequence: u64,
    system: System,
    partner: &PartnerId,
    change: &Instead,
    facts: Vec<Told<Fact>>,
) -> WorkflowRecord<Fulfilment> {
    let source = Source {
        service: "waybill".to_owned(),
        partner: Some(partner.to_string()),
        message: None,
        profile: None,
        profile_name: None,
        inbox: Some(change.inbox),
        received: change.received,
        operator: None,
    };
    let id = EntryId::of(&[partner.as_str().as_bytes(), &change.inbox.to_be_bytes()]);
    let (recorded, lane) = (change.received, system.lane().as_str());
    WorkflowRecord::<Fulfilment> {
        sequence,
        recorded,
        lane,
        entry: Entry { id, content: Content::Facts { source, facts } },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Lane, Note};

    fn told(id: u8, text: &str) -> Told<Fact> {
        Told { id: FactId([id; 16]), fact: Fact::Noted(Note { text: text.to_owned(), opens: None }) }
    }

    fn change(inbox: u64, now: &[(u8, &str)], then: &[(u8, &str)]) -> Instead {
        let facts = |facts: &[(u8, &str)]| facts.iter().map(|(id, text)| told(*id, text)).collect();
        let received = Timestamp::from_millis(i64::try_from(inbox).unwrap() * 1_000);
        Instead { inbox, received, now: facts(now), then: facts(then) }
    }

    /// Each entry's sequence, and the words of its facts.
    fn words(trail: &[WorkflowRecord<Fulfilment>]) -> Vec<(u64, Vec<String>)> {
        let words =
            |told: &Told<Fact>| if let Fact::Noted(note) = &told.fact { note.text.clone() } else { String::new() };
        let said = trail.iter().map(|entry| match &entry.entry.content {
            Content::Facts { facts, .. } => (entry.sequence, facts.iter().map(words).collect()),
            Content::Decisions { .. } | Content::Due { .. } => (entry.sequence, Vec::new()),
        });
        said.collect()
    }

    fn rewritten(changes: &[Instead]) -> Vec<(u64, Vec<String>)> {
        let partner = PartnerId::new("speedy").unwrap();
        let told = [change(1, &[], &[(1, "a"), (2, "b")]), change(4, &[], &[(3, "c")])];
        let trail: Vec<_> = told
            .iter()
            .zip([10, 20])
            .map(|(told, sequence)| entry(sequence, System::Tms, &partner, told, told.then.clone()))
            .collect();
        assert!(trail.iter().all(|entry| entry.lane == Lane::Tms.as_str()));
        words(&instead(&trail, (System::Tms, &partner), changes))
    }

    fn said(entries: &[(u64, &[&str])]) -> Vec<(u64, Vec<String>)> {
        entries
            .iter()
            .map(|(sequence, words)| (*sequence, words.iter().map(|word| (*word).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn what_is_told_otherwise_takes_the_place_of_what_was_told_and_the_rest_stays() {
        let other = change(1, &[(1, "a")], &[(1, "other"), (9, "more")]);
        assert_eq!(other.differing(), 2);
        assert_eq!(rewritten(&[other]), said(&[(10, &["other", "more", "b"]), (20, &["c"])]));
        assert_eq!(rewritten(&[change(4, &[(3, "c")], &[])]), said(&[(10, &["a", "b"]), (20, &[])]));
    }

    #[test]
    fn what_no_entry_holds_comes_when_its_message_came_in() {
        let expected = said(&[(10, &["a", "b"]), (10, &["new"]), (20, &["c"])]);
        assert_eq!(rewritten(&[change(2, &[], &[(7, "new")])]), expected);
        assert_eq!(rewritten(&[change(2, &[(7, "gone")], &[])]), said(&[(10, &["a", "b"]), (20, &["c"])]));
    }
}
