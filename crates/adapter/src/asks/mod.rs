//! Asks: the decisions addressed to this adapter's system, sent to their partners.

mod addressed;
mod send;

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, AckKind};
use futures::future::join_all;
use model::{Ask, OrderId};
use service::consume::Consume;
use service::failure::in_one_line;
use service::quarantine::{Kind, Quarantined, Reason, quarantine};
use service::{Shutdown, streams};

use crate::adapter::Adapter;
use crate::delivery::Delivery;
use crate::patience;
use crate::pump::{Settled, acknowledge, pump};
use crate::trouble::Trouble;

pub use send::{ASK_HEADER, ORDER_HEADER};

/// How long an entry that this version cannot read waits before it is tried again: perhaps by a newer one.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(600);
/// What stands for the partner when an entry of decisions is quarantined.
const FLOW: &str = engine::Layout::FLOW;

/// Sends the asks for the adapter's system until shutdown.
///
/// # Errors
/// When its consumer cannot be created.
pub async fn run(adapter: Arc<Adapter>, trouble: Arc<Trouble>, shutdown: Shutdown) -> anyhow::Result<()> {
    let durable = format!("{}_asks", adapter.service);
    let mut consume = Consume::new(streams::ORDERS, &durable).only([adapter.journal.layout().lane(FLOW)]);
    consume.prefetch = consume.prefetch.max(adapter.in_flight);
    let mut bursts = consume.start(&adapter.js, &shutdown).await?;
    trouble.opened();
    let work = |message| receive(&adapter, &trouble, message);
    tokio::select! {
        () = pump(&mut bursts, &durable, adapter.in_flight, &adapter.metrics, work) => {}
        () = trouble.forget() => {}
    }
    Ok(())
}

async fn receive(adapter: &Adapter, trouble: &Trouble, message: jetstream::Message) {
    let Some(delivery) = Delivery::of(&message) else {
        tracing::error!(subject = %message.subject, "an entry says not where it stands");
        return;
    };
    let asks = match read(adapter, &message) {
        Ok(asks) => asks,
        Err(why) => return park(adapter, trouble, &message, delivery, why).await,
    };
    let sent = join_all(asks.iter().map(|(order, ask)| send::send(adapter, order, ask, delivery))).await;
    let settled = match sent.into_iter().find_map(Result::err) {
        Some(error) => {
            let pause = patience::pause_of_failure(delivery.tries);
            trouble.has(what(delivery), in_one_line(&error), pause);
            Settled::Failed
        }
        None => {
            if delivery.tries > 1 {
                trouble.over(&what(delivery));
            }
            if !asks.is_empty() {
                adapter.metrics.latency.observe(delivery.age());
            }
            Settled::Done
        }
    };
    acknowledge(&message, delivery.tries, settled, &adapter.metrics).await;
}

/// The asks of an entry for this system, each with its order. Most entries have none, and are read no further.
fn read(adapter: &Adapter, message: &jetstream::Message) -> Result<Vec<(OrderId, Ask)>, String> {
    // What is under no order's subject will never be readable; the orchestrator shows it in quarantine.
    let Some((key, _)) = adapter.journal.layout().parse(&message.subject) else { return Ok(Vec::new()) };
    let asks = addressed::asks_for(adapter.system, &message.payload).map_err(|error| in_one_line(&error))?;
    if asks.is_empty() {
        return Ok(Vec::new());
    }
    let order = OrderId::try_from(key.text()).map_err(|error| format!("order {key} {error}"))?;
    Ok(asks.into_iter().map(|ask| (order.clone(), ask)).collect())
}

/// An entry that cannot be read is shown in quarantine and stays pending: it may hold an ask for this system, so it is
/// never passed over.
async fn park(adapter: &Adapter, trouble: &Trouble, message: &jetstream::Message, delivery: Delivery, why: String) {
    let what = what(delivery);
    if !trouble.knows(&what) {
        let reason = Reason::new(Kind::UnknownEvent, format!("{why}; upgrade this service"));
        let shown = match Quarantined::of(message, adapter.service, FLOW, reason) {
            Ok(quarantined) => {
                quarantine(&adapter.js, &quarantined).await.map(drop).map_err(|error| in_one_line(&error))
            }
            Err(error) => Err(error.to_string()),
        };
        match shown {
            Ok(()) => adapter.metrics.quarantined.inc(),
            Err(error) => {
                trouble.has(what, error, patience::pause_of_failure(delivery.tries));
                return acknowledge(message, delivery.tries, Settled::Failed, &adapter.metrics).await;
            }
        };
    }
    trouble.has(what, why, UNREADABLE_PAUSE);
    if let Err(error) = message.ack_with(AckKind::Nak(Some(UNREADABLE_PAUSE))).await {
        tracing::debug!(subject = %message.subject, %error, "an acknowledgement was lost");
    }
}

fn what(delivery: Delivery) -> String {
    format!("entry {}", delivery.sequence)
}
