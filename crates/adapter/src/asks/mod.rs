//! Asks: the decisions addressed to this adapter's system, sent to their partners.

mod addressed;
mod assumed;
mod send;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, AckKind};
use engine::Layout;
use futures::future::{join_all, try_join_all};
use model::{Ask, OrderId};
use service::Shutdown;
use service::Start;
use service::consume::{Bursts, Consume};
use service::failure::in_one_line;
use service::quarantine::{Kind, Quarantined, Reason, quarantine};

use crate::adapter::Adapter;
use crate::delivery::Delivery;
use crate::patience;
use crate::pump::{Settled, acknowledge, pump};
use crate::trouble::Trouble;
use crate::workflows::Entries;

use turns::Turns;

pub use send::{ASK_HEADER, ORDER_HEADER};

/// How long an entry that this version cannot read waits before it is tried again: perhaps by a newer one.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(600);
/// How long an entry may be out before it is delivered again: soon enough that the broker still knows the ids of what was
/// sent by a process that died.
const ACK_WAIT: Duration = Duration::from_secs(12);
/// How much later than the one that failed those behind it come again.
const BEHIND: Duration = Duration::from_millis(100);
/// What stands for the partner when an entry of decisions is quarantined.
const FLOW: &str = Layout::FLOW;

/// Sends the asks for the adapter's system until shutdown.
///
/// # Errors
/// When its consumer cannot be created.
pub async fn run(adapter: Arc<Adapter>, trouble: Arc<Trouble>, start: Start, shutdown: Shutdown) -> anyhow::Result<()> {
    let opening = adapter.workflows.iter().map(|entries| open(&adapter, entries, &start, &shutdown));
    let Some(opened) = try_join_all(opening).await?.into_iter().collect::<Option<Vec<_>>>() else { return Ok(()) };
    trouble.opened();
    let durable = durable(&adapter);
    let pumps = adapter.workflows.iter().zip(opened).map(async |(entries, mut bursts)| {
        let turns = Turns::default();
        let flow = Flow { adapter: &adapter, entries, trouble: &trouble, turns: &turns };
        let work = |message| receive(flow, message);
        pump(&mut bursts, &durable, adapter.in_flight, &adapter.metrics, work).await;
        bursts.let_go().await;
    });
    tokio::select! {
        _ = join_all(pumps) => {}
        () = trouble.forget() => {}
    }
    Ok(())
}

fn durable(adapter: &Adapter) -> String {
    format!("{}_asks", adapter.service)
}

/// Starts the consumer of one workflow's decisions. None when told to end before.
async fn open(
    adapter: &Adapter,
    entries: &Entries,
    start: &Start,
    shutdown: &Shutdown,
) -> anyhow::Result<Option<Bursts>> {
    let layout = entries.layout();
    let mut consume = Consume::new(layout.stream, durable(adapter)).only([layout.lane(FLOW)]);
    consume.prefetch = consume.prefetch.max(adapter.in_flight);
    consume.ack_wait = ACK_WAIT;
    // Two processes could send one order's asks in another order than they were decided in.
    consume.one_at_a_time = true;
    let step = || async { Ok(consume.clone().start(&adapter.js, shutdown).await?) };
    start.answered(&format!("the consumer of {}", layout.stream), step).await
}

/// What the decisions of one workflow are worked on with.
#[derive(Clone, Copy)]
struct Flow<'a> {
    adapter: &'a Adapter,
    entries: &'a Entries,
    trouble: &'a Trouble,
    turns: &'a Turns,
}

/// Reads an entry at once, so that it is in line before the one delivered behind it, and returns what is left to do.
fn receive(flow: Flow<'_>, message: jetstream::Message) -> impl Future<Output = ()> {
    let Flow { adapter, entries, trouble, turns } = flow;
    let delivery = Delivery::of(&message);
    adapter.restraints.delivered_with(entries.layout().stream, &message);
    let read = read(adapter, entries.layout(), &message);
    if let (Some(delivery), Ok(Some(asked))) = (delivery, &read) {
        turns.line_up(asked.order.as_str(), delivery.sequence);
    }
    async move {
        let Some(delivery) = delivery else {
            tracing::error!(subject = %message.subject, "an entry says not where it stands");
            return;
        };
        let settled = match read {
            Ok(Some(asked)) => settle(flow, &asked, delivery).await,
            Ok(None) => Settled::Done,
            Err(why) => return park(flow, &message, delivery, why).await,
        };
        if settled == Settled::Done && delivery.tries > 1 {
            trouble.over(&what(entries.layout(), delivery));
        }
        acknowledge(&message, delivery, settled, &adapter.metrics).await;
    }
}

/// Sends what an entry asks, once all that its order asked before is sent.
async fn settle(flow: Flow<'_>, asked: &Asked, delivery: Delivery) -> Settled {
    let Flow { adapter, entries, trouble, turns } = flow;
    let Asked { order, asks } = asked;
    let Delivery { sequence, tries, .. } = delivery;
    if let Err(pause) = turns.come(order.as_str(), sequence).await {
        let pause = pause + engine::jittered(BEHIND, sequence);
        tracing::debug!(%order, sequence, "waits until what was asked before is sent");
        turns.failed(order.as_str(), sequence, pause);
        return Settled::Behind(pause);
    }
    if let Err(error) = send::send_all(adapter, entries, order, asks, delivery).await {
        let pause = patience::pause_of_failure(sequence, tries);
        turns.failed(order.as_str(), sequence, pause);
        trouble.has(what(entries.layout(), delivery), in_one_line(&error), pause);
        return Settled::Failed;
    }
    turns.sent(order.as_str(), sequence);
    adapter.metrics.latency.observe(delivery.age());
    Settled::Done
}

/// What an entry asks of this system.
struct Asked {
    order: OrderId,
    asks: Vec<Ask>,
}

/// What an entry asks of this system; most ask nothing, and are read no further.
fn read(adapter: &Adapter, layout: &Layout, message: &jetstream::Message) -> Result<Option<Asked>, String> {
    // What is under no order's subject will never be readable; the orchestrator shows it in quarantine.
    let Some((key, _)) = layout.parse(&message.subject) else { return Ok(None) };
    let asks = addressed::asks_for(adapter.system, &message.payload).map_err(|error| in_one_line(&error))?;
    if asks.is_empty() {
        return Ok(None);
    }
    let order = OrderId::try_from(key.text()).map_err(|error| format!("order {key} {error}"))?;
    Ok(Some(Asked { order, asks }))
}

/// An entry that cannot be read is shown in quarantine and stays pending: it may hold an ask for this system, so it is
/// never passed over.
async fn park(flow: Flow<'_>, message: &jetstream::Message, delivery: Delivery, why: String) {
    let Flow { adapter, entries, trouble, .. } = flow;
    let what = what(entries.layout(), delivery);
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
                trouble.has(what, error, patience::pause_of_failure(delivery.sequence, delivery.tries));
                return acknowledge(message, delivery, Settled::Failed, &adapter.metrics).await;
            }
        };
    }
    trouble.has(what, why, UNREADABLE_PAUSE);
    if let Err(error) = message.ack_with(AckKind::Nak(Some(UNREADABLE_PAUSE))).await {
        tracing::debug!(subject = %message.subject, %error, "an acknowledgement was lost");
    }
}

fn what(layout: &Layout, delivery: Delivery) -> String {
    format!("entry {} of {}", delivery.sequence, layout.stream)
}
