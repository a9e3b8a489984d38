//! One raw message on its way to the orders, stock and master data it is about.

use async_nats::jetstream::message::PublishMessage;
use engine::codec::EncodeError;
use engine::{AppendError, Content, Entry, EntryId, Key};
use model::master::MasterRecord;
use model::{Decision, Fact, LocationId, Movement, OrderId, PartnerId};
use partners::{Identified, OrderRef, price_of};
use service::quarantine::{Kind, Reason};

use super::entry::{self, ByOrder, Origin};
use super::joined::catch_up;
use super::left;
use super::read::{Part, Reading};
use super::replays::drop_known;
use super::snapshot;
use crate::adapter::Adapter;
use crate::at_once::all;
use crate::bucket::BucketError;
use crate::master::Master;
use crate::persons::PersonsError;
use crate::publish::{NotPublished, append_too_large, publish};
use crate::xref::{Standing, Target, prices};

/// The broker did not do its part: the message is to be delivered again.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// A bucket did not answer.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// An entry was not appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A stock movement or a list was not published.
    #[error(transparent)]
    Stock(#[from] NotPublished),
    /// What was told of a load before cannot be read.
    #[error(transparent)]
    Trail(#[from] engine::ReadError),
    /// Nor can the messages that told it.
    #[error("cannot read stream INBOX: {0}")]
    Inbox(Box<dyn std::error::Error + Send + Sync>),
    /// Nor is it known what is there already of what is read again.
    #[error("cannot read what was told before: {0}")]
    Replay(async_nats::Error),
    /// What is about a person cannot be sealed.
    #[error(transparent)]
    Persons(#[from] PersonsError),
    /// A stock movement or a list cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl RouteError {
    pub(super) fn inbox(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Inbox(Box::new(source))
    }
}

/// What became of a message that was read.
#[derive(Debug, Default)]
pub struct Routed {
    /// References nobody knows yet; what hangs on them is still to be told.
    pub unknown: Vec<String>,
    /// It has put a shipment on a load that others are on already. When every process knows that, the shipment is to hear what
    /// was told of the load before: at the next try.
    pub joined: bool,
    /// What of the message cannot be used, and why.
    pub wrong: Vec<Reason>,
}

/// Takes what a message says where it belongs: references and master data first, then stock, lists and orders. What is
/// sound gets there even when other parts of the message do not.
///
/// # Errors
/// [`RouteError`] when the broker did not do its part. Doing it all again is safe.
pub async fn route(adapter: &Adapter, origin: &Origin<'_>, reading: Reading) -> Result<Routed, RouteError> {
    let Reading { orders, stock, master, snapshots, mut wrong, interchanges: _, unmapped: _ } = reading;
    // All that can be known without waiting is known before the first wait, so that the message behind finds it.
    orders.iter().for_each(|part| remember(adapter, origin, part));
    if let Some(known) = &adapter.master {
        write_master(known, &master, origin.replay.is_some()).await?;
    }
    let Resolved { orders, unknown, joined, aboard } = resolve(adapter, origin, orders).await?;
    let moves = stock.into_iter().map(|(key, movement)| {
        let subject = service::streams::stock(&movement.location.token(), &movement.sku.token());
        let location = movement.location.clone();
        move_stock(adapter, origin, origin.stock_entry(key, movement), location, subject)
    });
    let moved = all(moves.collect()).await;
    let listed = snapshots.into_iter().map(|snapshot| snapshot::record(adapter, origin, snapshot));
    let listed = all(listed.collect()).await;
    let settled = left::may_be_taken_back(adapter.system, &orders);
    let appended = all(orders.into_iter().map(|told| append(adapter, origin, told)).collect()).await;
    let (mut taken, mut failed) = (Vec::new(), None);
    for result in moved.into_iter().chain(listed).chain(appended) {
        match result {
            Ok(Written::Taken(entry)) => taken.push(entry),
            Ok(Written::Refused(reason)) => wrong.push(reason),
            Err(error) => failed = Some(error),
        }
    }
    if failed.is_some() || joined || !unknown.is_empty() {
        adapter.remember_taken(taken);
    }
    if let Some(error) = failed {
        return Err(error);
    }
    left::leave(adapter, origin, &settled).await?;
    if origin.delivery.tries > 1 {
        for (load, target) in &aboard {
            wrong.extend(catch_up(adapter, origin, load, target).await?);
        }
    }
    Ok(Routed { unknown, joined, wrong })
}

/// Writes master records down. One that is read again must not take the place of what was told since.
async fn write_master(known: &Master, master: &[MasterRecord], is_replay: bool) -> Result<(), BucketError> {
    if is_replay {
        let writes = all(master.iter().map(|record| known.write_missing(record)).collect()).await;
        return writes.into_iter().collect();
    }
    master.iter().for_each(|record| known.remember(record));
    let writes = all(master.iter().map(|record| known.write(record)).collect()).await;
    writes.into_iter().collect()
}

/// What became of an entry.
pub(super) enum Written {
    /// The broker has it.
    Taken(EntryId),
    /// It cannot be taken, which trying again does not change.
    Refused(Reason),
}

/// Makes the references of a part known in this process.
fn remember(adapter: &Adapter, origin: &Origin<'_>, part: &Part) {
    let OrderRef::Order(order) = &part.order else { return };
    for xref in &part.xrefs {
        let (workflow, order, shipment) = (part.workflow.clone(), order.clone(), xref.shipment.clone());
        let price = price_of(&part.facts, shipment.as_ref());
        let target =
            Target { workflow, order, shipment, told: origin.delivery.received, price, ask: None, left: false };
        adapter.xrefs.remember(&origin.profile.partner, &xref.reference, target);
    }
}

/// What a message tells, of which orders.
struct Resolved {
    /// What is told of each order.
    orders: Vec<Instance>,
    /// References nobody knows.
    unknown: Vec<String>,
    /// A shipment is on a load from now on that others are on already.
    joined: bool,
    /// Loads that it puts a shipment on which was there before, and others before it.
    aboard: Vec<(String, Target)>,
}

/// Finds the order of each part and writes down the references that mean it from now on.
async fn resolve(adapter: &Adapter, origin: &Origin<'_>, parts: Vec<Part>) -> Result<Resolved, RouteError> {
    let partner = &origin.profile.partner;
    let targets = all(parts.iter().map(|part| targets(adapter, origin, part)).collect()).await;
    let targets = targets.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (mut orders, mut unknown, mut xrefs) = (ByOrder::default(), Vec::new(), Vec::new());
    for (part, targets) in parts.into_iter().zip(targets) {
        if targets.is_empty() {
            unknown.push(part.order.as_str().to_owned());
        }
        let prices = prices(&targets);
        let facts = std::iter::repeat_n(part.facts, targets.len());
        for ((nth, target), mut facts) in targets.into_iter().enumerate().zip(facts) {
            if let OrderRef::Reference(reference) = &part.order {
                let (shipment, ask) = (target.shipment.as_ref(), target.ask.as_ref());
                facts.iter_mut().for_each(|told| told.about(reference, shipment, ask));
            }
            for xref in &part.xrefs {
                let shipment = xref.shipment.clone().or_else(|| target.shipment.clone());
                let price = price_of(&facts, shipment.as_ref()).or_else(|| target.price.clone());
                xrefs.push((xref.reference.clone(), Target { shipment, price, ask: None, ..target.clone() }));
            }
            if let Some(shipment) = &target.shipment {
                facts.iter_mut().for_each(|told| told.on_a_load(shipment, (nth, &prices), origin.delivery.sequence));
            }
            orders.add(target.workflow, target.order, facts);
        }
    }
    for (reference, target) in &xrefs {
        adapter.xrefs.remember(partner, reference, target.clone());
    }
    let writes = xrefs.iter().map(|(reference, target)| adapter.xrefs.write(partner, reference, target));
    let places = all(writes.collect()).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let joined = places.contains(&Standing::Joined);
    let aboard = xrefs.into_iter().zip(places).filter(|(_, place)| *place == Standing::Aboard);
    let aboard = aboard.map(|(xref, _)| xref).collect();
    Ok(Resolved { orders: orders.into_orders(), unknown, joined, aboard })
}

/// What a part of a message is about: all that travels under its reference; nothing while nobody knows it.
async fn targets(adapter: &Adapter, origin: &Origin<'_>, part: &Part) -> Result<Vec<Target>, BucketError> {
    match &part.order {
        OrderRef::Order(order) => {
            let (workflow, order, told) = (part.workflow.clone(), order.clone(), origin.delivery.received);
            Ok(vec![Target { workflow, order, shipment: None, told, price: None, ask: None, left: false }])
        }
        OrderRef::Reference(reference) => {
            // A newer version may have written down a workflow that this one does not know yet.
            let mut found = adapter.xrefs.find(&origin.profile.partner, reference).await?;
            found.retain(|target| adapter.workflows.get(&target.workflow).is_some());
            Ok(found)
        }
    }
}

/// What is told of one order, or of another workflow's instance.
pub(super) type Instance = (Box<str>, OrderId, Vec<Identified>);

/// Appends what is told of one order, or of another workflow's instance.
pub(super) async fn append(adapter: &Adapter, origin: &Origin<'_>, told: Instance) -> Result<Written, RouteError> {
    let (workflow, order, mut told) = told;
    // The workflows of profiles are looked at when they are loaded, those of references when they are found.
    let Some(entries) = adapter.workflows.get(&workflow) else {
        let words = format!("workflow `{workflow}` is none that this version knows");
        return Ok(Written::Refused(Reason::new(Kind::UnknownMessage, words)));
    };
    adapter.persons.seal(entries, &order, &mut told).await?;
    let key = Key::of(order.as_str());
    let mut turn = None;
    if origin.replay.is_some() {
        turn = Some(adapter.replays.turn(order.as_str()).await);
        drop_known(adapter, entries, origin, &key, &mut told).await?;
    }
    let id = origin.order_entry_id(entries.layout(), &order, &told);
    if told.is_empty() {
        return Ok(Written::Taken(id));
    }
    if origin.delivery.tries > 1 && adapter.has_taken(id) {
        return Ok(Written::Taken(id));
    }
    let mut facts = entry::facts(told);
    if let Some(master) = &adapter.master {
        let mut validated = Vec::new();
        for told in &facts {
            if let Fact::Released(released) = &told.fact {
                // Large, and only the ERP's releases need it: on the heap, hundreds in flight need not make room for it.
                let validation = Box::pin(master.validate(released)).await?;
                validated.push(entry::validated(told.id, validation));
            }
        }
        facts.append(&mut validated);
    }
    let starts_order = facts.iter().any(|told| matches!(told.fact, Fact::Released(_) | Fact::ReturnAuthorised(_)));
    let entry = origin.order_entry(id, facts);
    let lane = adapter.system.lane().as_str();
    let appended = if starts_order {
        entries.append_first(&key, lane, &entry).await
    } else {
        entries.append(&key, lane, &entry).await
    };
    drop(turn);
    match appended {
        Ok(_) => {
            adapter.metrics.appended.inc();
            note_answers(adapter, &origin.profile.partner, &entry).await;
            Ok(Written::Taken(id))
        }
        Err(error) if append_too_large(&error) => Ok(too_large(&format!("{workflow} {order}"))),
        Err(error) => Err(error.into()),
    }
}

/// Whether a partner works is seen by what it answers.
async fn note_answers(adapter: &Adapter, partner: &PartnerId, entry: &Entry<Fact, Decision>) {
    let Content::Facts { facts, .. } = &entry.content else { return };
    for told in facts {
        if let Fact::Answered(answer) = &told.fact {
            adapter.restraints.answered(partner, answer).await;
        }
    }
}

/// Publishes a stock movement, unless the master data say that another warehouse system runs the location.
async fn move_stock(
    adapter: &Adapter,
    origin: &Origin<'_>,
    entry: Entry<Movement, Decision>,
    location: LocationId,
    subject: String,
) -> Result<Written, RouteError> {
    if origin.delivery.tries > 1 && adapter.has_taken(entry.id) {
        return Ok(Written::Taken(entry.id));
    }
    if let Some(master) = &adapter.master
        && let Some(owner) = master.runs(&location).await?
        && owner != origin.profile.partner
    {
        let told = format!("{} may not move stock at {location}; it is run by {owner}", origin.profile.partner);
        return Ok(Written::Refused(Reason::new(Kind::NotOwner, told)));
    }
    if let Some(replay) = origin.replay
        && adapter.replays.has_moved(adapter, &origin.profile.partner.token(), replay, entry.id).await?
    {
        return Ok(Written::Taken(entry.id));
    }
    let payload = engine::codec::encode(&entry)?;
    let message = PublishMessage::build().payload(payload.into()).message_id(entry.id.to_string());
    match publish(&adapter.js, subject, message).await {
        Ok(()) => Ok(Written::Taken(entry.id)),
        Err(error) if error.too_large() => Ok(too_large("stock")),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn too_large(of: &str) -> Written {
    Written::Refused(Reason::new(Kind::Oversized, format!("what it tells of {of} is more than one entry holds")))
}
