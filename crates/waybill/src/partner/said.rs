//! What people said of partners: bucket `PROFILES`, read and written.

use adapter::Kept;
use async_nats::jetstream::context::{KeyValueError, KeyValueErrorKind};
use async_nats::jetstream::kv::{CreateErrorKind, Entry, Operation, Store, UpdateErrorKind};
use futures::TryStreamExt;
use model::token;
use service::{Connection, streams};

use crate::exit::Failure;
use crate::reach::{self, broker};

/// The most partners that are looked at.
const MOST: usize = 10_000;

/// The bucket.
pub(super) struct Said {
    store: Store,
}

/// A value of the bucket and its place there.
#[derive(Debug)]
pub(super) struct Saying {
    pub revision: u64,
    /// What it says; an error says why nobody can read it.
    pub kept: Result<Kept, String>,
}

impl Said {
    /// Opens the bucket.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when it is not there.
    pub async fn open(connection: &Connection) -> Result<Self, Failure> {
        match connection.js.get_key_value(streams::PROFILES).await {
            Ok(store) => Ok(Self { store }),
            Err(error) => Err(not_there(connection, &error).await),
        }
    }

    /// What is said of the partner with this token; nothing when nothing is.
    pub async fn of(&self, token: &str) -> Result<Option<Saying>, Failure> {
        let entry = self.store.entry(token).await.map_err(|error| broker(READ, error))?;
        Ok(entry.as_ref().filter(|entry| entry.operation == Operation::Put).map(saying))
    }

    /// The partners of which something is said, by token.
    pub async fn tokens(&self) -> Result<Vec<String>, Failure> {
        let keys = self.store.keys().await.map_err(|error| broker(READ, error))?;
        let mut tokens: Vec<String> = keys.try_collect().await.map_err(|error| broker(READ, error))?;
        tokens.sort();
        tokens.truncate(MOST);
        Ok(tokens)
    }

    /// What was said of a partner so far as it is kept, oldest first.
    pub async fn history(&self, token: &str) -> Result<Vec<Saying>, Failure> {
        let history = self.store.history(token).await.map_err(|error| broker(READ, error))?;
        let entries: Vec<Entry> = history.try_collect().await.map_err(|error| broker(READ, error))?;
        Ok(entries.iter().filter(|entry| entry.operation == Operation::Put).map(saying).collect())
    }

    /// Says something in the place of what was said before, or where nothing was. Returns its place.
    ///
    /// # Errors
    /// [`Failure::Refused`] when somebody else said something meanwhile.
    pub async fn say(&self, kept: &Kept, before: Option<u64>) -> Result<u64, Failure> {
        const WRITE: &str = "write to bucket PROFILES";
        let value = kept.write().map_err(anyhow::Error::new)?.into();
        let token = kept.partner.token();
        let meanwhile = || {
            let words = "somebody else said something of it meanwhile; look (`waybill partner show`) and do it again";
            Failure::Refused(format!("partner {}: {words}", kept.partner))
        };
        match before {
            None => self.store.create(&token, value).await.map_err(|error| match error.kind() {
                CreateErrorKind::AlreadyExists => meanwhile(),
                CreateErrorKind::InvalidKey
                | CreateErrorKind::Publish
                | CreateErrorKind::Ack
                | CreateErrorKind::Other => broker(WRITE, error),
            }),
            Some(revision) => self.store.update(&token, value, revision).await.map_err(|error| match error.kind() {
                UpdateErrorKind::WrongLastRevision => meanwhile(),
                UpdateErrorKind::InvalidKey | UpdateErrorKind::TimedOut | UpdateErrorKind::Other => {
                    broker(WRITE, error)
                }
            }),
        }
    }
}

const READ: &str = "read bucket PROFILES";

fn saying(entry: &Entry) -> Saying {
    Saying { revision: entry.revision, kept: Kept::read(&entry.key, &entry.value) }
}

/// What it means that the bucket cannot be opened; most often nothing of Waybill has run here.
async fn not_there(connection: &Connection, error: &KeyValueError) -> Failure {
    match error.kind() {
        KeyValueErrorKind::GetBucket => match reach::stream(&connection.js, &format!("KV_{}", streams::PROFILES)).await
        {
            Ok(_) => broker(READ, error),
            Err(missing) => missing,
        },
        KeyValueErrorKind::InvalidStoreName | KeyValueErrorKind::JetStream => broker(READ, error),
    }
}

/// The text a subject token was made of, or the token itself.
pub(super) fn plain(token: &str) -> String {
    token::unescape(token).unwrap_or_else(|_| token.to_owned())
}
