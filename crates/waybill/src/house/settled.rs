//! When nothing is under way any more.

use std::time::{Duration, Instant};

use futures::TryStreamExt;
use service::streams;
use visibility::queries::{LAG, Lag};

use super::House;
use crate::exit::Failure;
use crate::reach::{ask, broker};

/// How often it is looked at.
const POLL: Duration = Duration::from_millis(100);
/// The streams somebody works on.
const WORKED_ON: [&str; 7] = [
    streams::INBOX,
    streams::ORDERS,
    streams::RETURNS,
    streams::OUTBOX,
    streams::HELD,
    streams::TIMERS,
    streams::RETURN_TIMERS,
];

/// What is under way, and how far the log has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Standing {
    waiting: u64,
    unacknowledged: u64,
    lag: u64,
    last: u64,
}

impl Standing {
    const fn is_done(&self) -> bool {
        self.waiting + self.unacknowledged + self.lag == 0
    }
}

impl House {
    /// Waits until every message is worked on and the projection has seen every entry, at two looks in a row; or until
    /// nothing has moved for as long as `patience`. Returns whether all is done.
    ///
    /// # Errors
    /// When the broker or the visibility service does not answer for as long.
    pub async fn settle(&self, patience: Duration) -> Result<bool, Failure> {
        let mut before = None;
        let mut moved = Instant::now();
        loop {
            match self.standing().await {
                // A service that is started again answers in a moment.
                Err(Failure::Unreachable(_)) if moved.elapsed() < patience => before = None,
                Err(failure) => return Err(failure),
                Ok(now) if before != Some(now) => (before, moved) = (Some(now), Instant::now()),
                Ok(now) if now.is_done() => return Ok(true),
                Ok(_) if moved.elapsed() > patience => return Ok(false),
                Ok(_) => {}
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn standing(&self) -> Result<Standing, Failure> {
        let mut standing = Standing::default();
        for name in WORKED_ON {
            let failed = |error: String| broker("look at the consumers", error);
            let mut stream = self.connection.js.get_stream(name).await.map_err(|error| failed(error.to_string()))?;
            let mut consumers = stream.consumers();
            while let Some(info) = consumers.try_next().await.map_err(|error| failed(error.to_string()))? {
                standing.waiting += info.num_pending;
                standing.unacknowledged += info.num_ack_pending as u64;
            }
            drop(consumers);
            let info = stream.info().await.map_err(|error| failed(error.to_string()))?;
            standing.last += info.state.last_sequence;
        }
        let lag: Lag = ask(&self.connection, LAG, &serde_json::json!({})).await?;
        for followed in lag.streams {
            let stream = self.connection.js.get_stream(&followed.stream).await;
            let stream = stream.map_err(|error| broker("look at a stream", error))?;
            standing.lag += stream.cached_info().state.last_sequence.saturating_sub(followed.folded);
        }
        Ok(standing)
    }
}
