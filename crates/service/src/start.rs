//! What a start needs of the broker, asked again until there is an answer.

use crate::connect::Connection;
use crate::failure::in_one_line;
use crate::readiness::{Latch, Readiness};
use crate::shutdown::Shutdown;
use engine::{is_unanswered, jittered};
use std::time::Duration;
use tokio::sync::watch;

/// Pauses between attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The start of a service. It survives an outage of the broker as the running service does.
#[derive(Debug, Clone)]
pub struct Start {
    violations: watch::Receiver<Option<String>>,
    outage: watch::Receiver<Option<String>>,
    readiness: Readiness,
    shutdown: Shutdown,
}

impl Start {
    pub(crate) fn new(connection: &Connection, readiness: &Readiness, shutdown: &Shutdown) -> Self {
        Self {
            violations: connection.violations.clone(),
            outage: connection.outage.clone(),
            readiness: readiness.clone(),
            shutdown: shutdown.clone(),
        }
    }

    /// Takes a step of the start, which may be taken any number of times, again and again until the broker answers. None
    /// when told to end before. Meanwhile the service is not ready, in words: `what` names
    /// the latch, and completes "NATS does not answer about".
    ///
    /// # Errors
    /// When the answer is no, or when there is none because the broker does not permit the question.
    pub async fn answered<T, F>(&self, what: &str, mut step: impl FnMut() -> F) -> anyhow::Result<Option<T>>
    where
        F: Future<Output = anyhow::Result<T>>,
    {
        let mut pause = FIRST_PAUSE;
        let mut latch: Option<Latch> = None;
        loop {
            let outcome = tokio::select! {
                biased;
                () = self.shutdown.triggered() => return Ok(None),
                outcome = step() => outcome,
                // What was asked before the outage is never answered.
                () = outage_is_over(self.outage.clone()) => Err(anyhow::Error::new(Outage)),
            };
            let error = match outcome {
                Ok(answer) => {
                    if let Some(latch) = latch {
                        latch.set_ready();
                    }
                    return Ok(Some(answer));
                }
                Err(error) => error,
            };
            if !error.is::<Outage>() && (!is_unanswered(error.as_ref()) || self.violations.borrow().is_some()) {
                return Err(error);
            }
            let why = format!("NATS does not answer about {what}: {}; trying again", in_one_line(error.as_ref()));
            latch.get_or_insert_with(|| self.readiness.latch(what)).set_not_ready(why);
            tokio::select! {
                () = self.shutdown.triggered() => return Ok(None),
                () = tokio::time::sleep(jittered(pause, (what, std::process::id()))) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// There was an outage while a step of the start was under way.
#[derive(Debug, thiserror::Error)]
#[error("the connection was lost and made anew")]
struct Outage;

/// Waits until an outage has come and gone.
async fn outage_is_over(mut outage: watch::Receiver<Option<String>>) {
    let over =
        async { outage.wait_for(Option::is_some).await.is_ok() && outage.wait_for(Option::is_none).await.is_ok() };
    // The client itself has ended; that shows elsewhere.
    if !over.await {
        std::future::pending::<()>().await;
    }
}
