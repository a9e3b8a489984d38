//! Asks to this service: telling customers, and archiving the orders that ended.
//!
//! It has a consumer of its own, apart from the projection: an ask is acknowledged when it is done and answered in the
//! order's stream. Hundreds are under way at once.

use std::time::{Duration, Instant};

use async_nats::jetstream::{self, AckKind, Message};
use engine::{
    Content, EntryId, FactId, Journal, Key, Layout, ReadError, ReadErrorKind, Source, Told, WorkflowEntry,
    WorkflowRecord,
};
use fulfilment::Fulfilment;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use model::{Answer, Ask, CustomerId, Decision, Fact, Milestone, Outcome, Request, System, Timestamp};
use service::consume::Consume;
use service::{Shutdown, Start, metrics::Metrics, streams};
use tokio::sync::watch;

use crate::archive::Keeper;
use crate::projection::Applied;
use crate::store::{Kept, Outgoing, Store, StoreError};
use crate::updates::{ReturnUpdate, Update, Updates, kind_of};
use crate::view::View;

/// The consumer's name; all processes share it.
const DURABLE: &str = "view";
/// Entries worked on at once.
const IN_FLIGHT: usize = 512;
/// How long an entry waits before it is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// How long the projection may take to come as far as an order's end before its trail is looked for in the stream.
const PROJECTED_WITHIN: Duration = Duration::from_secs(10);
/// How long an entry nobody here can read waits: an upgrade may come.
const PARK: Duration = Duration::from_secs(60);

/// Does what is asked of this service.
pub struct Asks {
    journal: Journal<Fulfilment>,
    keeper: Keeper,
    updates: Updates,
    view: View,
    applied: watch::Receiver<Applied>,
    metrics: Metrics,
}

/// What a consumer handed over.
struct Taken {
    key: Key,
    record: WorkflowRecord<Fulfilment>,
    /// It was handed over before.
    again: bool,
}

impl Asks {
    /// Ready to do what the instances of one workflow ask. Its words are the model's, as an order's are.
    #[must_use]
    pub fn new(
        js: &jetstream::Context,
        layout: Layout,
        keeper: Keeper,
        updates: Updates,
        view: View,
        applied: watch::Receiver<Applied>,
        metrics: Metrics,
    ) -> Self {
        Self { journal: Journal::new(js.clone(), layout), keeper, updates, view, applied, metrics }
    }

    /// Works until told to end, then finishes what was begun.
    ///
    /// # Errors
    /// When the consumer cannot be created.
    pub async fn run(self, start: Start, shutdown: Shutdown) -> anyhow::Result<()> {
        let layout = *self.journal.layout();
        let consume = Consume::new(layout.stream, DURABLE).only([layout.lane(Layout::FLOW)]);
        let open = || async { Ok(consume.clone().start(self.journal.jetstream(), &shutdown).await?) };
        let what = format!("the consumer of {}", layout.stream);
        let Some(mut bursts) = start.answered(&what, open).await? else { return Ok(()) };
        let mut under_way = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(()) = under_way.next(), if !under_way.is_empty() => {}
                burst = bursts.next_burst(IN_FLIGHT), if under_way.len() < IN_FLIGHT => match burst {
                    Some(burst) => under_way.extend(burst.into_iter().map(|message| self.settle(message))),
                    None => break,
                },
            }
        }
        while let Some(()) = under_way.next().await {}
        Ok(())
    }

    /// Does what one message asks and acknowledges it.
    async fn settle(&self, message: Message) {
        let begun = Instant::now();
        self.metrics.received.inc();
        let verdict = match self.taken(&message) {
            Ok(taken) => match self.act(&taken).await {
                Ok(()) => AckKind::Ack,
                Err(error) => {
                    tracing::warn!(order = %taken.key, sequence = taken.record.sequence, error = format!("{error:#}"),
                        "cannot do what is asked; trying again");
                    AckKind::Nak(Some(engine::jittered(RETRY, taken.record.sequence)))
                }
            },
            // Under no order's subject there is nothing to ask.
            Err(error) if is_foreign(&error) => AckKind::Ack,
            // The projection puts it into quarantine; here it waits, for it may ask something.
            Err(error) => {
                tracing::warn!(subject = %message.subject, error = format!("{error:#}"), "an ask may be unread");
                AckKind::Nak(Some(PARK))
            }
        };
        let done = matches!(verdict, AckKind::Ack);
        if let Err(error) = message.ack_with(verdict).await {
            tracing::debug!(%error, "not acknowledged; it will come again and do no harm");
        }
        if done {
            self.metrics.acked.inc();
            self.metrics.latency.observe(begun.elapsed().as_secs_f64());
        }
    }

    fn taken(&self, message: &Message) -> anyhow::Result<Taken> {
        let info = message.info().map_err(|error| anyhow::anyhow!(error))?;
        let recorded = Timestamp::from_nanos(info.published.unix_timestamp_nanos());
        let (key, record) = self.journal.decode(&message.subject, info.stream_sequence, recorded, &message.payload)?;
        Ok(Taken { key, record, again: info.delivered > 1 })
    }

    /// Does what an entry asks of this service, and answers in one entry.
    async fn act(&self, taken: &Taken) -> anyhow::Result<()> {
        let Content::Decisions { decisions, .. } = &taken.record.entry.content else { return Ok(()) };
        if !decisions.iter().any(is_ours) {
            return Ok(());
        }
        let id = EntryId::of(&[b"view", taken.key.token().as_bytes(), &taken.record.sequence.to_be_bytes()]);
        if taken.again && self.journal.read(&taken.key).await?.iter().any(|entry| entry.entry.id == id) {
            return Ok(());
        }
        let mut facts = Vec::new();
        for decision in decisions {
            match decision {
                Decision::Ask(ask) if ask.system == System::View => {
                    let outcome = self.answer(taken, ask).await?;
                    let told = Fact::Answered(Answer { ask: ask.id.clone(), outcome });
                    facts.push(Told { id: FactId::of(&[b"answered", ask.id.as_str().as_bytes()]), fact: told });
                }
                Decision::End(_) => {
                    let trail = self.trail(taken).await?;
                    let archived = self.keeper.keep(&self.archived_as(&taken.key), &trail, taken.again).await?;
                    let id = FactId::of(&[b"archived", archived.digest.as_bytes()]);
                    facts.push(Told { id, fact: Fact::Archived(archived) });
                }
                Decision::Commit(_)
                | Decision::Split(_)
                | Decision::Ask(_)
                | Decision::Deadline(_)
                | Decision::Raise(_)
                | Decision::Resolve(_) => {}
            }
        }
        let source = Source::service(crate::ABOUT.name, taken.record.recorded);
        let entry: WorkflowEntry<Fulfilment> =
            WorkflowEntry::<Fulfilment> { id, content: Content::Facts { source, facts } };
        self.journal.append(&taken.key, System::View.lane().as_str(), &entry).await?;
        self.metrics.appended.inc();
        Ok(())
    }

    /// Does one ask.
    async fn answer(&self, taken: &Taken, ask: &Ask) -> anyhow::Result<Outcome> {
        match &ask.request {
            Request::UpdateCustomer { customer, milestone } => self.tell(taken, ask, customer, *milestone).await,
            Request::UpdateReturn { customer, original_order, outcome } => {
                self.tell_of_return(taken, ask, ReturnUpdate::new(&taken.key, customer, original_order, *outcome)).await
            }
            Request::Allocate { .. }
            | Request::Book { .. }
            | Request::ConfirmShipment { .. }
            | Request::Bill { .. }
            | Request::CancelAllocation { .. }
            | Request::CancelBooking { .. }
            | Request::ConfirmCancellation { .. }
            | Request::ExpectReturn { .. }
            | Request::Collect { .. }
            | Request::CancelReturn { .. }
            | Request::CancelCollection { .. }
            | Request::Credit { .. } => {
                Ok(Outcome::Failed { detail: format!("visibility cannot {}", ask.request.kind()) })
            }
        }
    }

    /// Tells a customer of one milestone; what else there is to say of the order was told when it happened.
    async fn tell(
        &self,
        taken: &Taken,
        ask: &Ask,
        customer: &CustomerId,
        milestone: Milestone,
    ) -> anyhow::Result<Outcome> {
        let update = Update::of_milestone(&taken.key.text(), customer, milestone);
        let subject = streams::update(&customer.token(), taken.key.token());
        let id = ask.id.as_str().to_owned();
        let body = update.event(id.clone(), kind_of(milestone), taken.record.recorded).body();
        self.updates.publish(Outgoing { subject, id, body }).await?;
        Ok(Outcome::Accepted)
    }

    /// Tells a customer how a return ended.
    async fn tell_of_return(&self, taken: &Taken, ask: &Ask, update: ReturnUpdate) -> anyhow::Result<Outcome> {
        let subject = streams::update(&update.customer.token(), taken.key.token());
        let id = ask.id.as_str().to_owned();
        let body = serde_json::to_string(&update.event(id.clone(), taken.record.recorded))?;
        self.updates.publish(Outgoing { subject, id, body }).await?;
        Ok(Outcome::Accepted)
    }

    /// The trail of an order up to its end. The projection keeps its entries as the log gave them; reading those is far
    /// cheaper than looking for them in the log, so it is given time to catch up.
    async fn trail(&self, taken: &Taken) -> anyhow::Result<Vec<WorkflowRecord<Fulfilment>>> {
        let end = taken.record.sequence;
        if !self.is_of_orders() {
            return self.read_to(taken, end).await;
        }
        let mut applied = self.applied.clone();
        let reached = async { applied.wait_for(|applied| applied.orders >= end).await.is_ok() };
        if tokio::time::timeout(PROJECTED_WITHIN, reached).await.unwrap_or(false) {
            let key = taken.key.clone();
            if let Ok(Some(trail)) = self.view.read(move |store| kept_trail(store, &key, end)).await {
                return Ok(trail);
            }
        }
        self.read_to(taken, end).await
    }

    async fn read_to(&self, taken: &Taken, end: u64) -> anyhow::Result<Vec<WorkflowRecord<Fulfilment>>> {
        let mut trail = self.journal.read_at_least(&taken.key, end).await?;
        trail.retain(|entry| entry.sequence <= end);
        Ok(trail)
    }

    /// The name of a trail in the archive: an order's token, and of another workflow the workflow's name before it, with a
    /// point, which no token holds.
    fn archived_as(&self, key: &Key) -> String {
        if self.is_of_orders() {
            key.token().to_owned()
        } else {
            format!("{}.{}", self.journal.layout().name, key.token())
        }
    }

    /// Whether it serves orders, the only instances the projection folds.
    fn is_of_orders(&self) -> bool {
        self.journal.layout().stream == streams::ORDERS
    }
}

/// The trail up to an entry as the projection keeps it; nothing when it does not keep all of it.
fn kept_trail(store: &Store, key: &Key, end: u64) -> Result<Option<Vec<WorkflowRecord<Fulfilment>>>, StoreError> {
    let Some(head) = store.head(key)? else { return Ok(None) };
    let history = store.history(&head)?;
    if !history.iter().any(|kept| kept.sequence == end) {
        return Ok(None);
    }
    history.iter().take_while(|kept| kept.sequence <= end).map(Kept::record).collect()
}

/// Whether a decision is for this service.
fn is_ours(decision: &Decision) -> bool {
    match decision {
        Decision::Ask(ask) => ask.system == System::View,
        Decision::End(_) => true,
        Decision::Commit(_)
        | Decision::Split(_)
        | Decision::Deadline(_)
        | Decision::Raise(_)
        | Decision::Resolve(_) => false,
    }
}

fn is_foreign(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ReadError>().is_some_and(|error| error.kind() == ReadErrorKind::Subject)
}
