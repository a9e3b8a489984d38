//! One ask on its way to its partner.

use std::time::Instant;

use async_nats::jetstream::message::PublishMessage;
use engine::{AppendError, Content, Entry, EntryId, FactId, Key, Source, Told};
use model::{Answer, Ask, Fact, OrderId, Outcome, Reason};
use partners::{ControlNumbers, Numbered, Outgoing, Sending};
use privacy::KeysError;
use service::streams;

use super::assumed;
use crate::adapter::Adapter;
use crate::bucket::BucketError;
use crate::delivery::Delivery;
use crate::profiles::InForce;
use crate::publish::{NotPublished, publish};
use crate::restraint::{LookError, Place, Way};
use crate::workflows::Entries;
use crate::xref::Target;

/// Header with the order's number, as a subject token: header values hold no line breaks, order numbers may.
pub const ORDER_HEADER: &str = "Waybill-Order";
/// Header with the ask's id, as a subject token.
pub const ASK_HEADER: &str = "Waybill-Ask";

/// The broker did not do its part: the entry is to be delivered again.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The message to the partner was not published.
    #[error(transparent)]
    Publish(#[from] NotPublished),
    /// Whether it has to wait is not known.
    #[error(transparent)]
    Look(#[from] LookError),
    /// What its reference means was not written down.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The keys of what is about a person were not read.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The answer in its place was not appended.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Sends the asks of one entry in their order: to one partner, none behind one that was not sent.
///
/// # Errors
/// [`SendError`] when the broker did not do its part. Sending all of them again is safe.
pub async fn send_all(
    adapter: &Adapter,
    entries: &Entries,
    order: &OrderId,
    asks: &[Ask],
    delivery: Delivery,
) -> Result<(), SendError> {
    let mut unsent = Vec::new();
    for (nth, ask) in asks.iter().enumerate() {
        if unsent.iter().any(|(partner, _)| *partner == &ask.partner) {
            continue;
        }
        let before = asks[..nth].iter().filter(|other| other.partner == ask.partner).count();
        let numbers = ControlNumbers::new(Numbered::of_workflow(entries.layout().name), delivery.sequence);
        let sending = Sending { asked: delivery.received, number: numbers.nth(before) };
        if let Err(error) = send(adapter, entries, order, (ask, sending), delivery).await {
            unsent.push((&ask.partner, error));
        }
    }
    unsent.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
}

/// Publishes an ask as its partner's message. One that cannot be sent is answered as refused, so that the order gets an
/// exception somebody sees instead of waiting for ever.
///
/// An entry that is delivered again is published again under the same message id, which the broker drops within the
/// stream's duplicate window; after that the partner drops it by the ask's id, which its profile writes into the message.
///
/// # Errors
/// [`SendError`] when the broker did not do its part. Sending again is safe.
async fn send(
    adapter: &Adapter,
    entries: &Entries,
    order: &OrderId,
    (ask, sending): (&Ask, Sending),
    delivery: Delivery,
) -> Result<(), SendError> {
    let instance = Instance { entries, order };
    let Some(profile) = adapter.profiles.get(&ask.partner.token()) else {
        let why = format!("no profile for partner {}; add one and ask again", ask.partner);
        return fail(adapter, instance, ask, delivery, None, why).await;
    };
    let opened = match adapter.persons.opened(ask).await? {
        Ok(opened) => opened,
        Err(unopened) => {
            let why = format!("it says where to, and {unopened}");
            return fail(adapter, instance, ask, delivery, Some(&profile), why).await;
        }
    };
    let outgoing = match profile.encode(order, &opened, sending) {
        Ok(outgoing) => outgoing,
        // What is kept in the order's stream must not repeat what is sealed there.
        Err(error) => return fail(adapter, instance, ask, delivery, Some(&profile), error.discreet()).await,
    };
    let Outgoing { message: name, body, reference, assumed } = outgoing;
    if let Some(reference) = reference {
        known_as(adapter, instance, ask, &reference, delivery).await?;
    }
    let message = PublishMessage::build()
        .payload(body.into())
        .message_id(instance.id_of(b"ask", ask, &delivery.sequence.to_be_bytes()).to_string())
        .header(ORDER_HEADER, order.token().as_ref())
        .header(ASK_HEADER, ask.id.token().as_ref());
    let partner = adapter.restraints.partner(&ask.partner.token());
    let published = match adapter.restraints.way(&partner).await? {
        Way::Straight => {
            partner.sent(Instant::now());
            let subject = streams::outbox(adapter.system.as_str(), &partner.token, &name);
            publish(&adapter.js, subject, message).await
        }
        Way::Held => {
            let place = Place { workflow: entries.layout().name, sequence: delivery.sequence };
            adapter.restraints.hold(&partner, &name, place, message).await
        }
    };
    match published {
        Ok(()) if assumed => {
            tell(adapter, instance, ask, delivery, Some(&profile), assumed::accepted(ask, delivery)).await
        }
        Ok(()) => Ok(()),
        Err(error) if error.too_large() => {
            fail(adapter, instance, ask, delivery, Some(&profile), error.to_string()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Answers an ask in the partner's place: it could not be sent.
async fn fail(
    adapter: &Adapter,
    instance: Instance<'_>,
    ask: &Ask,
    delivery: Delivery,
    profile: Option<&InForce>,
    why: String,
) -> Result<(), SendError> {
    let order = instance.order;
    tracing::error!(%order, ask = %ask.id, partner = %ask.partner, why, "an ask cannot be sent; it is answered as refused");
    // Nothing changes by trying again: a person has to mend the profile, and then to want it again.
    let outcome =
        Outcome::Refused { reason: Reason::ShipperDataError, detail: Some(format!("it was not sent: {why}")) };
    let answer = Fact::Answered(Answer { ask: ask.id.clone(), outcome });
    tell(adapter, instance, ask, delivery, profile, vec![("not sent", answer)]).await
}

/// Tells the order something in the partner's place, once for each word that says what it is.
async fn tell(
    adapter: &Adapter,
    instance: Instance<'_>,
    ask: &Ask,
    delivery: Delivery,
    profile: Option<&InForce>,
    facts: Vec<(&str, Fact)>,
) -> Result<(), SendError> {
    let Instance { entries, order } = instance;
    let source = Source {
        service: adapter.service.to_owned(),
        partner: Some(ask.partner.as_str().to_owned()),
        message: None,
        profile: profile.map(|profile| profile.version),
        profile_name: profile.map(|profile| profile.name.to_string()),
        inbox: None,
        received: delivery.received,
        operator: None,
    };
    let id = instance.id_of(facts.first().map_or(b"", |(what, _)| what.as_bytes()), ask, &[]);
    let told = |(what, fact): (&str, Fact)| Told { id: FactId(instance.id_of(what.as_bytes(), ask, &[]).0), fact };
    let facts = facts.into_iter().map(told).collect();
    let entry = Entry { id, content: Content::Facts { source, facts } };
    let lane = adapter.system.lane().as_str();
    entries.append(&Key::of(order.as_str()), lane, &entry).await?;
    adapter.metrics.appended.inc();
    Ok(())
}

/// From now on the partner's reference means what the ask is about: before it goes out, since the answer may come at once.
async fn known_as(
    adapter: &Adapter,
    instance: Instance<'_>,
    ask: &Ask,
    reference: &str,
    delivery: Delivery,
) -> Result<(), BucketError> {
    let target = Target {
        workflow: instance.entries.layout().name.into(),
        order: instance.order.clone(),
        shipment: ask.request.shipment().cloned(),
        told: delivery.received,
        price: None,
        ask: Some(ask.id.clone()),
        left: false,
    };
    adapter.xrefs.remember(&ask.partner, reference, target.clone());
    adapter.xrefs.write(&ask.partner, reference, &target).await.map(drop)
}

/// Who asks.
#[derive(Clone, Copy)]
struct Instance<'a> {
    entries: &'a Entries,
    order: &'a OrderId,
}

impl Instance<'_> {
    /// The id of something about an ask, in no two workflows the same. An ask that is made again is another message; an entry
    /// that is delivered again is not.
    fn id_of(self, what: &[u8], ask: &Ask, sequence: &[u8]) -> EntryId {
        let (workflow, order) = (self.entries.layout().name.as_bytes(), self.order.as_str().as_bytes());
        EntryId::of(&[what, workflow, order, ask.id.as_str().as_bytes(), sequence])
    }
}
