//! Serving one partner for as long as the process runs, but not while it is switched off: its messages then stay where they
//! are, and it goes on where it stopped.

use std::time::Duration;

use service::Shutdown;
use service::consume::Bursts;
use service::failure::in_one_line;

use super::partner::Partner;
use crate::adapter::Adapter;
use crate::trouble::Trouble;

/// How long after a failure its consumer is looked up again.
const PAUSE: Duration = Duration::from_secs(5);

/// One stretch of serving a partner, which may be ended without ending the process.
pub struct Stretch {
    end: Shutdown,
    bursts: Bursts,
}

impl Stretch {
    /// Looks up the partner's consumer, or creates it. Nothing is asked of it before the partner is served.
    ///
    /// # Errors
    /// [`ConsumeError`](service::consume::ConsumeError) when the broker does not create it.
    pub async fn begin(
        partner: &Partner,
        adapter: &Adapter,
        shutdown: &Shutdown,
    ) -> Result<Self, service::consume::ConsumeError> {
        let end = shutdown.child();
        let bursts = partner.open(adapter, &end).await?;
        Ok(Self { end, bursts })
    }
}

/// Serves a partner until shutdown, while it is switched on.
pub async fn attend(partner: &Partner, adapter: &Adapter, trouble: &Trouble, shutdown: &Shutdown, first: Stretch) {
    let mut next = Some(first);
    while comes_on(partner, adapter, shutdown).await {
        let stretch = match next.take() {
            Some(stretch) => stretch,
            None => match again(partner, adapter, trouble, shutdown).await {
                Some(stretch) => stretch,
                None => return,
            },
        };
        let Stretch { end, bursts } = stretch;
        let ends = end.clone();
        let goes_off = async {
            goes_off(partner, adapter).await;
            // What was fetched ahead is given back, and what was begun is finished.
            end.trigger();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = partner.serve(adapter, trouble, bursts) => {}
            () = goes_off => {}
        }
        if shutdown.is_triggered() {
            return;
        }
        if ends.is_triggered() {
            tracing::info!(partner = partner.token(), "switched off; what it sends waits in the inbox");
        }
    }
}

/// Waits until the partner is switched on; false when told to end before.
async fn comes_on(partner: &Partner, adapter: &Adapter, shutdown: &Shutdown) -> bool {
    let mut changes = adapter.profiles.changes();
    while adapter.profiles.is_off(partner.token()) {
        tokio::select! {
            () = shutdown.triggered() => return false,
            // An error would mean that the sender is gone, and the adapter holds it.
            _ = changes.changed() => {}
        }
    }
    !shutdown.is_triggered()
}

/// Waits until the partner is switched off.
async fn goes_off(partner: &Partner, adapter: &Adapter) {
    let mut changes = adapter.profiles.changes();
    while !adapter.profiles.is_off(partner.token()) {
        if changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The next stretch, as soon as the broker lets it begin; none when told to end before.
async fn again(partner: &Partner, adapter: &Adapter, trouble: &Trouble, shutdown: &Shutdown) -> Option<Stretch> {
    let what = format!("partner {}", partner.token());
    loop {
        match Stretch::begin(partner, adapter, shutdown).await {
            Ok(stretch) => {
                trouble.over(&what);
                tracing::info!(partner = partner.token(), "switched on; it goes on where it stopped");
                return Some(stretch);
            }
            Err(error) => trouble.has(what.clone(), in_one_line(&error), PAUSE),
        }
        tokio::select! {
            () = shutdown.triggered() => return None,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
