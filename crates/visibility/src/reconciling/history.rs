//! The history of discrepancies: stream DISCREPANCIES, one subject for each, so that the last message of each says how it stands.

use std::collections::HashMap;
use std::ops::ControlFlow;

use async_nats::jetstream::consumer::{DeliverPolicy, pull::OrderedConfig};
use async_nats::jetstream::{self, message::PublishMessage};
use engine::EntryId;
use engine::codec::{self, DecodeError, EncodeError};
use model::Timestamp;
use reconcile::standing::Entry;
use reconcile::{Change, Run, Standing};
use service::streams;
use service::walk::{Place, WalkError, walk};

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

impl From<WalkError> for HistoryError {
    fn from(error: WalkError) -> Self {
        Self::Broker(error.0)
    }
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
        each_of(js, DeliverPolicy::LastPerSubject, |subject, read| {
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
            Err(error) if engine::is_conflict(&error) => Ok(false),
            Err(error) => Err(HistoryError::Broker(error.into())),
        }
    }
}

/// Gives every entry of the history to `each`, oldest first.
///
/// # Errors
/// [`HistoryError`] when the stream cannot be read.
pub async fn entries(js: &jetstream::Context, mut each: impl FnMut(Recorded)) -> Result<(), HistoryError> {
    each_of(js, DeliverPolicy::All, |_, read| each(read)).await
}

/// Where a discrepancy is recorded: what it is about is hashed, because it may be any text.
fn subject(change: &Change) -> String {
    streams::discrepancy(change.kind().as_str(), &EntryId::of(&[change.id().as_bytes()]).to_string())
}

/// Visits every message there is, or the last of each subject.
async fn each_of(
    js: &jetstream::Context,
    deliver_policy: DeliverPolicy,
    mut visit: impl FnMut(String, Recorded),
) -> Result<(), HistoryError> {
    let stream = js.get_stream(streams::DISCREPANCIES).await;
    let stream = stream.map_err(|error| HistoryError::Broker(error.into()))?;
    // The last of each subject is given only where subjects are named.
    let filter_subject = streams::DISCREPANCIES_SUBJECTS.to_owned();
    let config = OrderedConfig { deliver_policy, filter_subject, ..OrderedConfig::default() };
    walk(&stream, config, |Place { sequence, recorded }, message| {
        let entry = codec::decode(&message.payload).map_err(|source| HistoryError::Unreadable { sequence, source })?;
        visit(message.subject.to_string(), Recorded { sequence, recorded, entry });
        Ok(ControlFlow::Continue(()))
    })
    .await
}
