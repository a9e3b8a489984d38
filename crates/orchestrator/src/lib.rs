//! The orchestrator: folds every order's entries and decides what happens next.
//!
//! It holds nothing that is not in the streams. Any number may run: the broker serves one at a time and another takes
//! over when it is gone.

mod metrics;
mod parking;
mod settings;

use std::sync::Arc;

use anyhow::Context as _;
use engine::{Decider, Journal, decider};
use fulfilment::{Fulfilment, LAYOUT};
use service::{About, Host};
use tokio::sync::mpsc;

pub use settings::Settings;

/// Who this service is.
pub const ABOUT: About = About {
    name: "orchestrator",
    version: env!("CARGO_PKG_VERSION"),
    description: "folds every order's entries and decides what happens next",
};

/// How many entries nobody can read wait to be quarantined; beyond that the decide loop waits too.
const PARKED_AT_ONCE: usize = 64;

/// Decides until the host is told to end.
///
/// # Errors
/// When the policy cannot be read, or the streams are not there.
pub async fn serve(settings: Settings, host: Host) -> anyhow::Result<()> {
    let policy = settings.policy()?;
    let js = host.connection.js.clone();
    let latch = host.readiness.latch("decider");
    let declare = || async { Ok(decider::declare(&js, &LAYOUT, settings.limits()).await?) };
    let declared = host.start().answered("the decider's consumers", declare).await.context("cannot decide")?;
    if declared.is_none() {
        return Ok(());
    }
    let (parked, entries) = mpsc::channel(PARKED_AT_ONCE);
    let journal = Journal::<Fulfilment>::new(js.clone(), LAYOUT);
    let decide_loop = Decider::new(journal, policy, settings.limits(), parked);
    metrics::register(&host.metrics, &decide_loop.tally());
    let parking = tokio::spawn(parking::quarantine_all(js, entries, host.metrics.clone()));
    latch.set_ready();
    let decided = decide_loop.run(host.shutdown.token().clone()).await;
    let ended_by_itself = !host.shutdown.is_triggered();
    if ended_by_itself {
        latch.set_not_ready("the decide loop has ended by itself");
    }
    // The decide loop dropped its sender, so this ends once the last entry is quarantined.
    parking.await.context("quarantining broke off")?;
    decided.context("cannot decide")?;
    anyhow::ensure!(!ended_by_itself, "the decide loop has ended by itself; start the orchestrator again");
    Ok(())
}

/// What the decide loop has done so far, shared with its metrics.
type Tally = Arc<engine::Tally>;
