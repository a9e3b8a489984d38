//! What a changed profile tells otherwise than the one in force, message by message.

use std::ops::ControlFlow;

use adapter::{Part, read};
use jiff::Timestamp;
use model::{PartnerId, System};
use service::Connection;

use super::attempt::Pair;
use super::inbox;
use crate::exit::Failure;

/// The most messages that may say something else; they are held until the orders they tell of are read.
const MOST: usize = 200_000;

/// The messages of a partner that a changed profile reads otherwise.
pub(crate) struct Retold {
    /// The changed profile's file.
    pub file: String,
    pub partner: PartnerId,
    pub system: System,
    /// How many messages were read.
    pub messages: u64,
    /// Those of them that say something else of orders.
    pub differing: Vec<Message>,
}

/// A message, and what the profile in force makes of it and the changed one.
pub(crate) struct Message {
    pub inbox: u64,
    pub received: model::Timestamp,
    pub now: Vec<Part>,
    pub then: Vec<Part>,
}

/// Finds the profile and reads the messages since then through it and through the one in force.
pub(crate) async fn retold(
    named: &str,
    partner: Option<&PartnerId>,
    since: Timestamp,
    connection: &Connection,
) -> Result<Retold, Failure> {
    let Pair { text, changed, known } = Pair::of(named, partner, connection).await?;
    let (mut differing, mut is_full) = (Vec::new(), false);
    let from = inbox::since(since)?;
    let messages = inbox::each(connection, changed.system, &changed.partner.token(), from, |raw| {
        let through = |profile| read(changed.system, profile, &raw.message, &raw.body, raw.received).orders;
        let now = known.in_force.as_ref().map(|own| through(&own.profile)).unwrap_or_default();
        let then = through(&changed);
        if are_same(&now, &then) {
            return ControlFlow::Continue(());
        }
        is_full = differing.len() >= MOST;
        differing.push(Message { inbox: raw.sequence, received: raw.received, now, then });
        if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await?;
    if is_full {
        let words = format!("more than {MOST} messages say something else; say a later --since");
        return Err(Failure::Refused(words));
    }
    Ok(Retold { file: text.file, partner: changed.partner, system: changed.system, messages, differing })
}

fn are_same(now: &[Part], then: &[Part]) -> bool {
    let is_same = |(one, other): (&Part, &Part)| {
        (&one.workflow, &one.order, &one.facts, &one.xrefs)
            == (&other.workflow, &other.order, &other.facts, &other.xrefs)
    };
    now.len() == then.len() && now.iter().zip(then).all(is_same)
}
