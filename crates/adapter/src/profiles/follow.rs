//! Reading bucket `PROFILES` before the work begins, and following it from then on.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::kv::{Entry, Operation, Store, Watch};
use async_nats::service::endpoint::Endpoint;
use futures::{StreamExt, TryStreamExt};
use service::failure::in_one_line;
use service::{Shutdown, streams};

use super::served::answer;
use super::{Profiles, Taken};
use crate::adapter::Adapter;
use crate::bucket::BucketError;
use crate::trouble::Trouble;

/// How long after a failure it is looked again.
const PAUSE: Duration = Duration::from_secs(2);
/// What is wrong when the bucket cannot be followed.
const FOLLOWING: &str = "following bucket PROFILES";

/// The bucket, from a place on.
pub struct Follower {
    store: Store,
    watch: Watch,
}

impl Follower {
    /// Takes in all that the bucket says, and goes on from there.
    ///
    /// # Errors
    /// [`BucketError`] when the bucket is not there, or the broker does not answer.
    pub async fn open(js: &jetstream::Context, profiles: &Profiles) -> Result<Self, BucketError> {
        let failed = |source| BucketError::new("read", "*", streams::PROFILES, source);
        let store = js.get_key_value(streams::PROFILES).await.map_err(|error| failed(error.into()))?;
        let held = store.status().await.map_err(|error| failed(error.into()))?.values();
        // The last value of each key, and then what comes.
        let mut watch = store.watch_with_history(">").await.map_err(|error| failed(error.into()))?;
        let mut is_more = held > 0;
        while is_more {
            let Some(entry) = watch.next().await else { break };
            let entry = entry.map_err(|error| failed(error.into()))?;
            is_more = entry.delta > 0;
            take(profiles, &store, &entry).await;
        }
        Ok(Self { store, watch })
    }

    /// Waits for what is said next and takes it in. Returns of whom; an error says why there is nothing to wait for.
    async fn next(&mut self, profiles: &Profiles) -> Result<String, String> {
        match self.watch.next().await {
            Some(Ok(entry)) => {
                take(profiles, &self.store, &entry).await;
                Ok(entry.key)
            }
            Some(Err(error)) => Err(in_one_line(&error)),
            None => Err("the broker ended it".to_owned()),
        }
    }
}

/// Follows the bucket and says which partners are served, until shutdown.
///
/// # Errors
/// Never; it is run beside what may fail.
pub async fn run(
    adapter: Arc<Adapter>,
    mut follower: Follower,
    questions: Endpoint,
    trouble: Arc<Trouble>,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let mut questions = questions.fuse();
    loop {
        tokio::select! {
            biased;
            () = shutdown.triggered() => return Ok(()),
            Some(question) = questions.next() => answer(&adapter.profiles, question).await,
            next = follower.next(&adapter.profiles) => match next {
                Ok(token) => adapter.restraints.follow(&adapter.profiles, &token),
                Err(why) => {
                    // Most often the broker was away for a moment, which is said elsewhere.
                    tracing::warn!(why, "looking at bucket PROFILES anew");
                    let again = again(&adapter, &trouble);
                    tokio::select! {
                        () = shutdown.triggered() => return Ok(()),
                        again = again => follower = again,
                    }
                }
            },
        }
    }
}

/// Follows the bucket anew, as soon as the broker lets it: what is known already changes nothing.
async fn again(adapter: &Adapter, trouble: &Trouble) -> Follower {
    loop {
        tokio::time::sleep(PAUSE).await;
        match Follower::open(&adapter.js, &adapter.profiles).await {
            Ok(follower) => {
                trouble.over(FOLLOWING);
                let tokens = adapter.profiles.tokens();
                tokens.iter().for_each(|token| adapter.restraints.follow(&adapter.profiles, token));
                return follower;
            }
            Err(error) => trouble.has(FOLLOWING.to_owned(), in_one_line(&error), PAUSE),
        }
    }
}

async fn take(profiles: &Profiles, store: &Store, entry: &Entry) {
    let value = match entry.operation {
        Operation::Put => Some(entry.value.as_ref()),
        Operation::Delete | Operation::Purge => None,
    };
    if profiles.take(&entry.key, entry.revision, value) == Taken::Wrong && !profiles.has_added(&entry.key) {
        go_back(profiles, store, &entry.key).await;
    }
}

/// Looks for the last profile of a partner that can be used: this process has not seen it in force.
async fn go_back(profiles: &Profiles, store: &Store, token: &str) {
    let history = async { store.history(token).await.ok()?.try_collect::<Vec<Entry>>().await.ok() };
    for entry in history.await.unwrap_or_default().into_iter().rev() {
        if entry.operation != Operation::Put || profiles.take_earlier(token, &entry.value) {
            return;
        }
    }
}
