//! Waiting for several things of one message at once.

use std::future::Future;

use futures::{StreamExt, stream};

/// How much of one message is looked up, written or appended at once.
const AT_ONCE: usize = 64;

/// The outputs of all this work, in its order; [`AT_ONCE`] of it is under way together. Most messages hold one thing.
pub async fn all<F: Future>(mut work: Vec<F>) -> Vec<F::Output> {
    if work.len() == 1
        && let Some(only) = work.pop()
    {
        return vec![only.await];
    }
    stream::iter(work).buffered(AT_ONCE).collect().await
}
