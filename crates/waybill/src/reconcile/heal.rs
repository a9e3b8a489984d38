//! Healing: what a remedy says is entered in the order's trail, by the operator who asked for it. Nothing else is changed.

use engine::{Journal, Key, Operator};
use fulfilment::{Fulfilment, LAYOUT};
use model::{Fact, Lane, OrderId};
use reconcile::{Change, Discrepancy};
use serde::Serialize;
use service::Connection;
use visibility::reconciling::History;

use crate::clock::now;
use crate::discrepancy::failed;
use crate::exit::Failure;
use crate::order::enter::entry_of;
use crate::reach::broker;
use crate::text::{count, heading, line};
use crate::words::{self, Subject};

/// What was healed, or would be.
#[derive(Debug, Serialize)]
pub(super) struct Healed {
    /// What is entered, and in which order.
    pub entries: Vec<Entered>,
    /// How many discrepancies a person has to see to.
    pub for_a_person: usize,
    /// Whether it was done.
    pub done: bool,
}

/// What is entered in one order.
#[derive(Debug, Serialize)]
pub(super) struct Entered {
    pub order: OrderId,
    /// What is said, in words.
    pub says: Vec<String>,
    /// The entry, once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
}

/// What would be entered.
pub(super) fn plan(found: &[Discrepancy]) -> Healed {
    let entries = facts(found).into_iter().map(|(order, facts)| Entered { order, says: says(&facts), sequence: None });
    Healed { entries: entries.collect(), for_a_person: for_a_person(found), done: false }
}

/// Enters it, order by order.
pub(super) async fn heal(
    connection: &Connection,
    found: &[Discrepancy],
    operator: &Operator,
    history: &mut History,
) -> Result<Healed, Failure> {
    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    // What is healed was found before it was healed.
    let healed: Vec<Discrepancy> = found.iter().filter(|one| is_healed(one)).cloned().collect();
    let changes = history.standing().changes(&healed, |_| false);
    history.record(changes, now()).await.map_err(failed)?;
    let mut entries = Vec::new();
    for (order, facts) in facts(found) {
        let says = says(&facts);
        let entry = entry_of(operator, order.as_str(), facts);
        let sequence = journal.append(&Key::of(order.as_str()), Lane::Ops.as_str(), &entry).await;
        let sequence = sequence.map_err(|error| broker("append to stream ORDERS", error))?;
        let of_order = healed.iter().filter(|one| one.about.order() == Some(&order));
        let changes = of_order.map(|one| Change::Healed {
            kind: one.kind,
            about: one.about.clone(),
            remedy: one.remedy.words(),
            who: operator.who.clone(),
            why: operator.why.clone(),
        });
        history.record(changes.collect(), now()).await.map_err(failed)?;
        entries.push(Entered { order, says, sequence: Some(sequence) });
    }
    Ok(Healed { entries, for_a_person: for_a_person(found), done: true })
}

/// Whether it is healed by entering what its remedy says. Taking an exception as it is is an opinion, for a person to have.
fn is_healed(one: &Discrepancy) -> bool {
    one.remedy.is_safe() && one.about.order().is_some()
}

/// The facts that heal what was found, by order.
fn facts(found: &[Discrepancy]) -> Vec<(OrderId, Vec<Fact>)> {
    let mut facts: Vec<(OrderId, Vec<Fact>)> = Vec::new();
    for one in found.iter().filter(|one| is_healed(one)) {
        let (Some(order), Some(fact)) = (one.about.order(), one.remedy.fact()) else { continue };
        match facts.iter_mut().find(|(known, _)| known == order) {
            Some((_, known)) if known.contains(&fact) => {}
            Some((_, known)) => known.push(fact),
            None => facts.push((order.clone(), vec![fact])),
        }
    }
    facts
}

fn for_a_person(found: &[Discrepancy]) -> usize {
    found.iter().filter(|one| !is_healed(one)).count()
}

fn says(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(|fact| words::fact(Subject::Order, fact)).collect()
}

/// What was healed, or would be, as a text.
pub(super) fn render(healed: &Healed) -> String {
    let mut text = String::new();
    line(&mut text, heading(if healed.done { "Entered" } else { "Would be entered" }));
    for entered in &healed.entries {
        let entry = entered.sequence.map(|sequence| format!(" (entry {sequence})")).unwrap_or_default();
        for says in &entered.says {
            line(&mut text, format!("{}: {says}{entry}", crate::text::harmless(entered.order.as_str())));
        }
    }
    if healed.entries.is_empty() {
        line(&mut text, "nothing");
    }
    if healed.for_a_person > 0 {
        let left = count(healed.for_a_person as u64, "discrepancy").replace("discrepancys", "discrepancies");
        line(&mut text, format!("{left} for a person to see to"));
    }
    if !healed.done && !healed.entries.is_empty() {
        line(&mut text, "Nothing was changed; do it with --yes --why TEXT.");
    }
    text
}
