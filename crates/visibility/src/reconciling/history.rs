//! The history of discrepancies: stream DISCREPANCIES, one subject for each, so that the last message of each says how it stands.

use std::collections::HashMap;

use async_nats::jetstream::consumer::{DeliverPolicy, pull::OrderedConfig};
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, message::PublishMessage};
use engine::EntryId;
use engine::codec::{self, DecodeError, EncodeError};
use futures::StreamExt;
use model::Timestamp;
use reconcile::standing::Entry;
use reconcile::{Change, Run, Standing};
use service::streams;

/// The subject that runs are recorded under, after the stream's own token.
const RUN: (&str, &str) = ("run", "last");

/// Discrepancies as they stand, and where that was recorded.
pub struct History {
    js: jetstream::Context,
    standing: Standing,
    /// The last message of each discrepancy that ever was.
    last: HashMap<String, u64>,
    run: Option<Run>,
}

/// Why the history cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The broker did not do its part.
    #[error("cannot read or write stream DISCREPANCIES: {0}; is it there, and may this user?")]
    Broker(async_nats::Error),
    /// A message is none that this version can read.
    #[error("message {sequence} of stream DISCREPANCIES is none that this version can read: {source}")]
    Unreadable {
        /// Its place in the stream.
        sequence: u64,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// An entry cannot be written.
    #[error("cannot record a discrepancy: {0}")]
    Encode(#[from] EncodeError),
}

/// An entry of the history as it was recorded.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its place in the stream.
    pub sequence: u64,
    /// When the broker took it in.
    pub recorded: Timestamp,
    /// What became of what.
    pub entry: Entry,
}

impl History {
    /// Reads how each discrepancy stands.
    ///
    /// # Errors
    /// [`HistoryError`] when the stream cannot be read.
    pub async fn read(js: &jetstream::Context) -> Result<Self, HistoryError> {
        let mut history = Self { js: js.clone(), standing: Standing::default(), last: HashMap::new(), run: None };
        walk(js, streams::DISCREPANCIES_SUBJECTS, DeliverPolicy::LastPerSubject, |subject, read| {
            history.last.insert(subject, read.sequence);
            match read.entry {
                Entry::Change { stands, .. } => stands.into_iter().for_each(|one| history.standing.take_up(*one)),
                Entry::Run(run) => history.run = Some(run),
            }
        })
        .await?;
        Ok(history)
    }

    /// The discrepancies that stand.
    #[must_use]
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// When all was last held against each other.
    #[must_use]
    pub const fn last_run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// Records changes, each on condition that nobody recorded one of the same discrepancy meanwhile; what somebody else was quicker
    /// with is theirs. Returns those that were recorded.
    ///
    /// # Errors
    /// [`HistoryError`]; those recorded before are recorded.
    pub async fn record(&mut self, changes: Vec<Change>, now: Timestamp) -> Result<Vec<Change>, HistoryError> {
        let mut recorded = Vec::new();
        for change in changes {
            let mut after = self.standing.clone_of(&change.id());
            after.apply(&change, now);
            let stands = after.get(&change.id()).cloned().map(Box::new);
            let subject = subject(&change);
            let entry = Entry::Change { change: change.clone(), stands };
            if self.publish(subject, &entry).await? {
                self.standing.apply(&change, now);
                recorded.push(change);
            }
        }
        Ok(recorded)
    }

    /// Records that all was held against each other.
    ///
    /// # Errors
    /// [`HistoryError`] when the broker does not take it.
    pub async fn record_run(&mut self, run: Run) -> Result<(), HistoryError> {
        self.publish(streams::discrepancy(RUN.0, RUN.1), &Entry::Run(run.clone())).await?;
        self.run = Some(run);
        Ok(())
    }

    /// Publishes an entry after the last of its subject; returns false when somebody else was quicker.
    async fn publish(&mut self, subject: String, entry: &Entry) -> Result<bool, HistoryError> {
        let last = self.last.get(&subject).copied().unwrap_or(0);
        let payload = codec::encode(entry)?;
        let id = EntryId::of(&[subject.as_bytes(), &last.to_be_bytes(), &payload]);
        let message = PublishMessage::build()
            .payload(payload.into())
            .message_id(id.to_string())
            .expected_last_subject_sequence(last);
        let sent = self.js.send_publish(subject.clone(), message).await;
        let sent = sent.map_err(|error| HistoryError::Broker(error.into()))?;
        match sent.await {
            Ok(ack) => {
                self.last.insert(subject, ack.sequence);
                Ok(true)
            }
            Err(error) if is_conflict(&error) => Ok(false),
            Err(error) => Err(HistoryError::Broker(error.into())),
        }
    }
}

/// Gives every entry of the history to `each`, oldest first; of one discrepancy, if one is named.
///
/// # Errors
/// [`HistoryError`] when the stream cannot be read.
pub async fn entries(
    js: &jetstream::Context,
    of: Option<&Change>,
    mut each: impl FnMut(Recorded),
) -> Result<(), HistoryError> {
    let filter = of.map_or_else(|| streams::DISCREPANCIES_SUBJECTS.to_owned(), subject);
    walk(js, &filter, DeliverPolicy::All, |_, read| each(read)).await
}

/// Where a discrepancy is recorded: what it is about is hashed, because it may be any text.
fn subject(change: &Change) -> String {
    streams::discrepancy(change.kind().as_str(), &EntryId::of(&[change.id().as_bytes()]).to_string())
}

/// Visits the messages there are, and none that comes in meanwhile.
async fn walk(
    js: &jetstream::Context,
    filter: &str,
    deliver_policy: DeliverPolicy,
    mut visit: impl FnMut(String, Recorded),
) -> Result<(), HistoryError> {
    let broker = |error: async_nats::Error| HistoryError::Broker(error);
    let stream: Stream = js.get_stream(streams::DISCREPANCIES).await.map_err(|error| broker(error.into()))?;
    let config = OrderedConfig { filter_subject: filter.to_owned(), deliver_policy, ..OrderedConfig::default() };
    let mut consumer = stream.create_consumer(config).await.map_err(|error| broker(error.into()))?;
    let mut waiting = consumer.info().await.map_err(|error| broker(error.into()))?.num_pending;
    let mut messages = consumer.messages().await.map_err(|error| broker(error.into()))?;
    while waiting > 0 {
        let Some(message) = messages.next().await else { break };
        let message = message.map_err(|error| broker(error.into()))?;
        let info = message.info().map_err(broker)?;
        waiting = info.pending.min(waiting - 1);
        let sequence = info.stream_sequence;
        let entry = codec::decode(&message.payload).map_err(|source| HistoryError::Unreadable { sequence, source })?;
        let nanos = info.published.unix_timestamp_nanos();
        let recorded = Timestamp::from_millis(i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX));
        visit(message.subject.to_string(), Recorded { sequence, recorded, entry });
    }
    Ok(())
}

/// Whether somebody else was quicker: the client knows only the code that a single replica gives.
fn is_conflict(error: &jetstream::context::PublishError) -> bool {
    const WRONG_LAST_SEQUENCE: [u64; 2] = [10071, 10164];
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<jetstream::Error>());
    error.kind() == PublishErrorKind::WrongLastSequence
        || source.is_some_and(|error| WRONG_LAST_SEQUENCE.contains(&error.error_code().0))
}
