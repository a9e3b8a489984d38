//! Releasing what is held for one partner: in order, one after another, as its rate and its breaker allow.

use std::time::{Duration, Instant};

use async_nats::jetstream::{self, AckKind, message::PublishMessage};
use service::consume::{Bursts, Consume, ConsumeError};
use service::failure::in_one_line;
use service::quarantine::{Kind, Quarantined, Reason, quarantine};
use service::{Shutdown, streams};

use super::held::Held;
use super::partner::{self, Partner};
use super::repeats;
use super::trail::{Trails, Verdict};
use crate::adapter::Adapter;
use crate::asks::{ASK_HEADER, ORDER_HEADER};
use crate::delivery::Delivery;
use crate::inbox::durable;
use crate::patience;
use crate::publish::publish;
use crate::trouble::Trouble;

/// How long one may be out before it is delivered again: soon, so that the broker still knows the id of one that was
/// published by a process that died.
const ACK_WAIT: Duration = Duration::from_secs(5);
/// How often the broker is told that one is waiting here.
const STILL_HERE: Duration = Duration::from_secs(1);

/// Starts the consumer of what is held for a partner. One message is out at a time, whatever the number of processes:
/// that keeps the order, and the consumer serves one process, which keeps the rate.
///
/// # Errors
/// [`ConsumeError`] when the broker does not create it.
pub async fn open(adapter: &Adapter, partner: &Partner, shutdown: &Shutdown) -> Result<Bursts, ConsumeError> {
    let held = streams::held(adapter.system.as_str(), &partner.token);
    let mut consume = Consume::new(streams::HELD, durable(adapter.service, &partner.token)).only([held]);
    consume.max_ack_pending = 1;
    consume.prefetch = 1;
    consume.ack_wait = ACK_WAIT;
    consume.one_at_a_time = true;
    consume.start(&adapter.js, shutdown).await
}

/// Releases until shutdown. What has not gone by then is given back.
pub async fn release(adapter: &Adapter, partner: &Partner, trouble: &Trouble, shutdown: Shutdown, mut bursts: Bursts) {
    let mut trails = Trails::default();
    while let Some(burst) = bursts.next_burst(1).await {
        for message in burst {
            let answer = match one(adapter, partner, trouble, &shutdown, &mut trails, &message).await {
                Released::Gone => AckKind::Ack,
                Released::NotYet => AckKind::Nak(None),
            };
            if let Err(error) = message.ack_with(answer).await {
                tracing::debug!(subject = %message.subject, %error, "an acknowledgement was lost");
            }
        }
    }
    bursts.let_go().await;
}

enum Released {
    Gone,
    /// Told to end before it could go.
    NotYet,
}

async fn one(
    adapter: &Adapter,
    partner: &Partner,
    trouble: &Trouble,
    shutdown: &Shutdown,
    trails: &mut Trails,
    message: &jetstream::Message,
) -> Released {
    let what = format!("what is held for {}", partner.token);
    let sequence = Delivery::of(message).map_or(0, |delivery| delivery.sequence);
    for tries in 1.. {
        if !may_go(partner, shutdown, message).await {
            return Released::NotYet;
        }
        let why = match let_go(adapter, partner, trails, message).await {
            Ok(gone) => {
                if matches!(gone, LetGo::Sent) {
                    partner.sent(Instant::now());
                }
                trouble.over(&what);
                return Released::Gone;
            }
            Err(why) => why,
        };
        let pause = patience::pause_of_failure(sequence, tries);
        trouble.has(what.clone(), why, pause);
        let until = Instant::now() + pause;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if !still_here(partner, shutdown, message, left).await {
                return Released::NotYet;
            }
        }
    }
    Released::NotYet
}

/// Waits until the partner may be sent to; false when told to end before.
async fn may_go(partner: &Partner, shutdown: &Shutdown, message: &jetstream::Message) -> bool {
    let mut waited = false;
    while let partner::Verdict::Wait(wait) = partner.verdict(Instant::now()) {
        if !waited {
            partner.waits();
            waited = true;
        }
        if !still_here(partner, shutdown, message, wait).await {
            return false;
        }
    }
    !shutdown.is_triggered()
}

/// Waits, and tells the broker that the message is in good hands. False when told to end.
async fn still_here(partner: &Partner, shutdown: &Shutdown, message: &jetstream::Message, wait: Duration) -> bool {
    tokio::select! {
        () = shutdown.triggered() => return false,
        () = partner.changed() => {}
        () = tokio::time::sleep(wait.min(STILL_HERE)) => {}
    }
    if wait > STILL_HERE && message.ack_with(AckKind::Progress).await.is_err() {
        tracing::debug!(subject = %message.subject, "the broker may deliver this again");
    }
    true
}

enum LetGo {
    Sent,
    /// It is not for the partner.
    Dropped,
}

/// Publishes what was held under the id it would have had, if its order still wants it. What was not put there by an adapter
/// goes to quarantine.
async fn let_go(
    adapter: &Adapter,
    partner: &Partner,
    trails: &mut Trails,
    message: &jetstream::Message,
) -> Result<LetGo, String> {
    let Some(held) = Held::of(message.headers.as_ref()) else {
        let reason = Reason::new(Kind::Malformed, "no adapter put this with what is held".to_owned());
        let quarantined = Quarantined::of(message, adapter.service, &partner.token, reason);
        let quarantined = quarantined.map_err(|error| error.to_string())?;
        quarantine(&adapter.js, &quarantined).await.map_err(|error| in_one_line(&error))?;
        adapter.metrics.quarantined.inc();
        return Ok(LetGo::Dropped);
    };
    let (order, ask) = (held.order, held.ask);
    let again = match trails.verdict(adapter, held).await.map_err(|error| in_one_line(&error))? {
        Verdict::Goes { again } => again,
        Verdict::Dropped(why) => {
            tracing::info!(partner = &*partner.token, order, ask, %why, "an ask that was held is dropped");
            partner.drops();
            return Ok(LetGo::Dropped);
        }
    };
    let released = PublishMessage::build()
        .payload(message.payload.clone())
        .message_id(held.id)
        .header(ORDER_HEADER, order)
        .header(ASK_HEADER, ask);
    let subject = streams::outbox(adapter.system.as_str(), &partner.token, held.message);
    publish(&adapter.js, subject, released).await.map_err(|error| in_one_line(&error))?;
    if let Some(gone) = again {
        repeats::note(&adapter.js, held, gone).await.map_err(|error| in_one_line(&error))?;
    }
    Ok(LetGo::Sent)
}
