//! One partner's part of the inbox: each message read, routed, and acknowledged, parked or quarantined.

use std::borrow::Cow;

use async_nats::jetstream;
use model::token;
use service::consume::{Bursts, Consume, ConsumeError};
use service::failure::in_one_line;
use service::quarantine::{Kind, Quarantined, Reason, quarantine};
use service::{Shutdown, streams};

use super::entry::Origin;
use super::read::{all_reasons, read};
use super::receipt::{self, first_received, is_released};
use super::route::{Routed, route};
use crate::adapter::Adapter;
use crate::delivery::Delivery;
use crate::patience;
use crate::pump::{Settled, acknowledge, pump};
use crate::trouble::Trouble;
use crate::xref::KNOWN_TO_ALL_AFTER;

/// How many messages may wait for a reference, over those being worked on. A partner that has more of them waits too.
const MOST_PARKED: u32 = 4_096;

/// What stands for the partners `*` and `>`. The broker takes messages under such subjects, but no consumer can ask for
/// them alone: theirs is given everybody's messages, and leaves those of others to their own.
const WILDCARD: &str = "*";

/// The subject token of the partner whose message this is; `None` when the subject has none.
pub fn token_of(subject: &str) -> Option<&str> {
    let token = subject.split('.').nth(2)?;
    Some(if token == ">" { WILDCARD } else { token })
}

/// One partner, as its subjects name it.
pub struct Partner {
    /// Its subject token as it stands, which may be none that an id makes.
    token: Box<str>,
    /// What its consumer is called.
    pub durable: String,
}

impl Partner {
    /// The partner whose messages this service finds under this token.
    pub fn new(service: &str, token: &str) -> Self {
        Self { token: token.into(), durable: durable(service, token) }
    }

    /// Its subject token as it stands.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Starts its consumer.
    ///
    /// # Errors
    /// [`ConsumeError`] when the broker does not create it.
    pub async fn open(&self, adapter: &Adapter, shutdown: &Shutdown) -> Result<Bursts, ConsumeError> {
        let mut consume = Consume::new(streams::INBOX, &self.durable).only([self.subjects(adapter)]);
        consume.max_ack_pending = MOST_PARKED + u32::try_from(adapter.in_flight).unwrap_or(MOST_PARKED);
        consume.prefetch = adapter.in_flight;
        consume.start(&adapter.js, shutdown).await
    }

    /// What its consumer reads. `>` where one token is expected: the broker takes a message called `>`, which `*` would
    /// leave out.
    fn subjects(&self, adapter: &Adapter) -> String {
        let system = adapter.system;
        if &*self.token == WILDCARD { format!("in.{system}.>") } else { format!("in.{system}.{}.>", self.token) }
    }

    /// Serves it until shutdown.
    pub async fn serve(&self, adapter: &Adapter, trouble: &Trouble, mut bursts: Bursts) {
        let work = |message| self.receive(adapter, trouble, message);
        pump(&mut bursts, &self.durable, adapter.in_flight, &adapter.metrics, work).await;
    }

    async fn receive(&self, adapter: &Adapter, trouble: &Trouble, message: jetstream::Message) {
        let Some(delivery) = Delivery::of(&message) else {
            tracing::error!(subject = %message.subject, "a message of the inbox says not where it stands");
            return;
        };
        let what = || format!("message {} of {}", delivery.sequence, self.token);
        let settled = match self.settle(adapter, trouble, &message, delivery).await {
            Ok(settled) => {
                if delivery.tries > 1 {
                    trouble.over(&what());
                }
                settled
            }
            Err(why) => {
                trouble.has(what(), why, patience::pause_of_failure(delivery.sequence, delivery.tries));
                Settled::Failed
            }
        };
        if settled == Settled::Done {
            adapter.metrics.latency.observe(delivery.age());
        }
        acknowledge(&message, delivery, settled, &adapter.metrics).await;
    }

    /// What is to become of a message; an error says what the broker did not do.
    async fn settle(
        &self,
        adapter: &Adapter,
        trouble: &Trouble,
        message: &jetstream::Message,
        delivery: Delivery,
    ) -> Result<Settled, String> {
        let subject = message.subject.as_str();
        if token_of(subject) != Some(&*self.token) {
            return Ok(Settled::Done);
        }
        let name = subject.rsplit('.').next().unwrap_or(subject);
        let Some(profile) = adapter.profiles.get(&self.token) else {
            let words = format!("no profile for partner {}; add one and release the message", self.token);
            return self.quarantined(adapter, message, Reason::new(Kind::UnknownMessage, words)).await;
        };
        let received = first_received(message, delivery);
        let reading = read(adapter.system, &profile, name, &message.payload, received);
        if delivery.tries == 1 {
            adapter.unmapped.note(&self.token, reading.unmapped);
        }
        let replay = adapter.replays.of(adapter, &self.token, delivery.sequence);
        let origin = Origin { service: adapter.service, profile: &profile, subject, message: name, delivery, replay };
        receipt::acknowledge(adapter, &origin, message).await.map_err(|error| in_one_line(&error))?;
        let again = replay.is_some() || is_released(message);
        let numbered = adapter.interchanges.take_in(&profile.partner, &reading.interchanges, delivery.sequence, again);
        let noted = adapter.interchanges.write(&numbered, trouble);
        let (routed, ()) = tokio::join!(route(adapter, &origin, reading), noted);
        let Routed { unknown, joined, mut wrong } = match routed {
            Ok(routed) => routed,
            Err(error) => return Err(in_one_line(&error)),
        };
        if !unknown.is_empty() && delivery.tries < adapter.tries {
            tracing::debug!(subject, sequence = delivery.sequence, ?unknown, "parked until its reference is known");
            return Ok(Settled::Parked);
        }
        if joined {
            return Ok(Settled::Behind(KNOWN_TO_ALL_AFTER));
        }
        let unknown = unknown.iter().map(|reference| {
            Reason::new(
                Kind::UnknownReference,
                format!("unknown reference {reference}, tried {} times", delivery.tries),
            )
        });
        wrong.extend(unknown);
        match all_reasons(&wrong) {
            None => Ok(Settled::Done),
            Some(reason) => self.quarantined(adapter, message, reason).await,
        }
    }

    async fn quarantined(
        &self,
        adapter: &Adapter,
        message: &jetstream::Message,
        reason: Reason,
    ) -> Result<Settled, String> {
        let partner = if &*self.token == WILDCARD { token::escape(&self.token) } else { Cow::Borrowed(&*self.token) };
        if self.was_quarantined(adapter, message).await? {
            return Ok(Settled::Done);
        }
        let quarantined =
            Quarantined::of(message, adapter.service, &partner, reason).map_err(|error| error.to_string())?;
        quarantine(&adapter.js, &quarantined).await.map_err(|error| in_one_line(&error))?;
        adapter.metrics.quarantined.inc();
        Ok(Settled::Done)
    }

    /// Whether a message that is read again is in quarantine already, or was taken out by a person.
    async fn was_quarantined(&self, adapter: &Adapter, message: &jetstream::Message) -> Result<bool, String> {
        let sequence = Delivery::of(message).map_or(0, |delivery| delivery.sequence);
        let Some(replay) = adapter.replays.of(adapter, &self.token, sequence) else { return Ok(false) };
        let known = adapter.replays.was_quarantined(adapter, &self.token, replay, sequence).await;
        known.map_err(|error| in_one_line(error.as_ref()))
    }
}

/// The name of a partner's consumer, `<service>_<partner>`. A token no id makes may hold what a consumer's name may not,
/// and a long one is too long for one: such names are digests, after a `=` that sets them apart.
pub fn durable(service: &str, partner: &str) -> String {
    /// The broker allows 255 bytes, and files are named after it.
    const LONGEST: usize = 200;
    if token::unescape(partner).is_ok() && service.len() + 1 + partner.len() <= LONGEST {
        format!("{service}_{partner}")
    } else {
        format!("{service}={}", engine::EntryId::of(&[partner.as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_token_makes_a_name_of_its_own() {
        assert_eq!(durable("erp-adapter", "acme"), "erp-adapter_acme");
        assert_eq!(durable("erp-adapter", "a=2Fb"), "erp-adapter_a=2Fb");
        let odd = ["a/b", "a\\b", "ü", "=zz", &"x".repeat(300)].map(|token| durable("erp-adapter", token));
        for (n, name) in odd.iter().enumerate() {
            assert!(name.starts_with("erp-adapter=") && name.len() < 60, "{name}");
            assert!(!odd[..n].contains(name));
        }
    }
}
