//! Publishes updates in ORDERS order, each once.
//!
//! What is to be told waits in the projection's outbox. Each message says which entry it tells of, and is published on
//! condition that it is the stream's next: so the last message always says how far everything is told, whoever told it.
//! A rebuild, a second process or a lost acknowledgement cannot make a customer hear something twice.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::{self, message::PublishMessage, stream::Stream};
use model::token::escape;
use service::{Shutdown, streams};
use tokio::sync::{mpsc, oneshot, watch};

use crate::projection::Applied;
use crate::store::keys::{self, Kind};
use crate::store::{Outgoing, Store, StoreError, decode};
use crate::view::View;

/// The header that says which entry, and which of its updates, a message is the last to tell of.
const TOLD: &str = "Waybill-Told";
/// Updates published before their acknowledgements are awaited.
const BURST: usize = 512;
/// Updates asked for that wait to be published.
const WAITING: usize = 1_024;
/// How long to wait before trying again.
const PAUSE: Duration = Duration::from_millis(100);

/// How far everything is told: an entry, and a number among its updates.
pub type Told = (u64, u16);

/// An update could not be published.
#[derive(Debug, thiserror::Error)]
#[error("the update was not published; the service is ending")]
pub struct PublishError;

/// The one who publishes.
pub struct Publisher {
    js: jetstream::Context,
    stream: Stream,
    view: View,
    asked: mpsc::Receiver<(Outgoing, oneshot::Sender<()>)>,
    told: watch::Sender<Option<Told>>,
    /// The stream's last sequence as far as known; what the next publish expects.
    last: u64,
}

/// Where others have updates published, and see how far they are.
#[derive(Debug, Clone)]
pub struct Updates {
    ask: mpsc::Sender<(Outgoing, oneshot::Sender<()>)>,
    told: watch::Receiver<Option<Told>>,
}

impl Updates {
    /// Has an update published and waits until it is.
    ///
    /// # Errors
    /// [`PublishError`] when the service ends first.
    pub async fn publish(&self, update: Outgoing) -> Result<(), PublishError> {
        let (done, waits) = oneshot::channel();
        self.ask.send((update, done)).await.map_err(|_| PublishError)?;
        waits.await.map_err(|_| PublishError)
    }

    /// How far everything is told.
    #[must_use]
    pub fn told(&self) -> watch::Receiver<Option<Told>> {
        self.told.clone()
    }

    /// The last entry of which nothing is left to tell.
    #[must_use]
    pub fn told_to(&self) -> u64 {
        // Of the entry itself there may be another update to tell.
        self.told.borrow().map_or(0, |(sequence, _)| sequence.saturating_sub(1))
    }
}

impl Publisher {
    /// Reads how far everything is told.
    ///
    /// # Errors
    /// When the stream is not there or does not answer.
    pub async fn open(js: &jetstream::Context, view: View) -> Result<(Self, Updates), async_nats::Error> {
        let stream = js.get_stream(streams::UPDATES).await?;
        let (ask, asked) = mpsc::channel(WAITING);
        let (told, seen) = watch::channel(None);
        let mut publisher = Self { js: js.clone(), stream, view, asked, told, last: 0 };
        publisher.look().await?;
        if publisher.told.borrow().is_none() && publisher.last > 0 {
            // All messages have aged out: customers have heard everything there was, and must not hear it again.
            let end = js.get_stream(streams::ORDERS).await?.cached_info().state.last_sequence;
            publisher.told.send_replace(Some((end, u16::MAX)));
        }
        Ok((publisher, Updates { ask, told: seen }))
    }

    /// Publishes until told to end.
    pub async fn run(mut self, mut applied: watch::Receiver<Applied>, shutdown: Shutdown) -> anyhow::Result<()> {
        let work = async {
            loop {
                let mut asked = Vec::new();
                tokio::select! {
                    changed = applied.changed() => {
                        if changed.is_err() {
                            return;
                        }
                    }
                    count = self.asked.recv_many(&mut asked, BURST) => {
                        if count == 0 {
                            return;
                        }
                    }
                }
                self.publish_all(asked).await;
            }
        };
        tokio::select! {
            () = shutdown.triggered() => {}
            () = work => {}
        }
        Ok(())
    }

    /// Publishes what was asked for and what waits in the outbox.
    async fn publish_all(&mut self, asked: Vec<(Outgoing, oneshot::Sender<()>)>) {
        let (asked, waiting): (Vec<Outgoing>, Vec<_>) = asked.into_iter().unzip();
        let mut asked: Vec<(Option<Told>, Outgoing)> = asked.into_iter().map(|update| (None, update)).collect();
        while !asked.is_empty() {
            self.publish(&mut asked).await;
        }
        for done in waiting {
            // Nobody may wait any more, and then nobody need know.
            let _ = done.send(());
        }
        loop {
            let after = *self.told.borrow();
            let waiting = self.view.read(move |store| outbox(store, after)).await;
            // While the projection is being opened there is nothing to tell; what it holds then is told then.
            let Ok(mut waiting) = waiting else { return };
            if waiting.is_empty() {
                return;
            }
            while !waiting.is_empty() {
                self.publish(&mut waiting).await;
                let told = *self.told.borrow();
                waiting.retain(|(place, _)| *place > told);
            }
        }
    }

    /// Tries to publish all of these, in order; those that are published are taken out.
    async fn publish(&mut self, updates: &mut Vec<(Option<Told>, Outgoing)>) {
        let mut sent: Vec<(Option<Told>, PublishAckFuture)> = Vec::new();
        let mut told = *self.told.borrow();
        let mut before: Option<&Outgoing> = None;
        for ((place, update), expected) in updates.iter().take(BURST).zip(self.last..) {
            told = told.max(*place);
            match self.send(update, told, expected, before).await {
                Ok(ack) => {
                    sent.push((told, ack));
                    before = Some(update);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot publish an update; trying again");
                    break;
                }
            }
        }
        let mut published = 0;
        for (told, ack) in sent {
            match ack.await {
                Ok(ack) => {
                    published += 1;
                    self.last = self.last.max(ack.sequence);
                    self.told.send_replace(told);
                }
                Err(error) => {
                    // Usually another process was quicker; what it told need not be told again.
                    tracing::debug!(%error, "an update was not the stream's next");
                    break;
                }
            }
        }
        let all = published == updates.len().min(BURST);
        updates.drain(..published);
        if !all {
            if published == 0 {
                tokio::time::sleep(PAUSE).await;
            }
            self.look_again().await;
        }
    }

    /// Publishes an update as the stream's next after the message at `expected`, which must be the one sent `before`.
    /// The sequence alone would not do: when another process takes one place in a row, it fits the one after again.
    async fn send(
        &self,
        update: &Outgoing,
        told: Option<Told>,
        expected: u64,
        before: Option<&Outgoing>,
    ) -> Result<PublishAckFuture, jetstream::context::PublishError> {
        let mut headers = HeaderMap::new();
        if let Some((sequence, number)) = told {
            headers.insert(TOLD, format!("{sequence}.{number}"));
        }
        headers.insert("Content-Type", "application/cloudevents+json");
        let message =
            PublishMessage::build().headers(headers).message_id(escape(&update.id)).expected_last_sequence(expected);
        let message = message.payload(update.body.clone().into());
        let message = match before {
            Some(before) => message.expected_last_message_id(escape(&before.id)),
            None => message,
        };
        self.js.send_publish(update.subject.clone(), message).await
    }

    async fn look_again(&mut self) {
        while let Err(error) = self.look().await {
            tracing::warn!(%error, "cannot read the last update; trying again");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reads the stream's last sequence, and how far its last message says that everything is told.
    async fn look(&mut self) -> Result<(), async_nats::Error> {
        let info = self.stream.get_info().await?;
        self.last = info.state.last_sequence;
        if info.state.messages == 0 {
            return Ok(());
        }
        let message = self.stream.get_last_raw_message_by_subject(streams::UPDATES_SUBJECTS).await?;
        let stated = message.headers.get(TOLD).and_then(|value| read_told(value.as_str()));
        let told = *self.told.borrow();
        self.told.send_replace(told.max(stated));
        Ok(())
    }
}

fn read_told(text: &str) -> Option<Told> {
    let (sequence, number) = text.split_once('.')?;
    Some((sequence.parse().ok()?, number.parse().ok()?))
}

/// The next updates in the outbox.
fn outbox(store: &Store, after: Option<Told>) -> Result<Vec<(Option<Told>, Outgoing)>, StoreError> {
    let prefix = Kind::Outbox.prefix();
    let from = after.map_or_else(|| prefix.to_vec(), |(sequence, number)| keys::outbox(sequence, number));
    let mut waiting = Vec::new();
    for item in store.scan(&from, &prefix) {
        let (key, row) = item?;
        let place = keys::outbox_place(&key);
        if place > after {
            waiting.push((place, decode(&row)?));
        }
        if waiting.len() == BURST {
            break;
        }
    }
    Ok(waiting)
}
