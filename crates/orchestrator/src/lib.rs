//! The orchestrator: folds the entries of every order and every return, and decides what happens next.
//!
//! It holds nothing that is not in the streams. Any number may run: the broker serves one at a time and another takes
//! over when it is gone.

mod metrics;
mod parking;
mod settings;

use std::sync::Arc;

use anyhow::Context as _;
use engine::{Decider, Journal, Layout, Limits, Parked, Workflow, decider};
use fulfilment::Fulfilment;
use returns::Returns;
use service::readiness::Latch;
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

/// Decides until the host is told to end. A further workflow has its line in each of the three steps.
///
/// # Errors
/// When a policy cannot be read, or the streams are not there.
pub async fn serve(settings: Settings, host: Host) -> anyhow::Result<()> {
    let limits = settings.limits();
    let orders = Loop::<Fulfilment>::new(fulfilment::LAYOUT, settings.policy()?, limits, &host);
    let returned = Loop::<Returns>::new(returns::LAYOUT, settings.returns_policy()?, limits, &host);
    metrics::register(&host.metrics, vec![orders.tally(), returned.tally()]);
    tokio::try_join!(orders.run(limits, &host), returned.run(limits, &host))?;
    Ok(())
}

/// The decide loop of one workflow, and the entries that it cannot read.
struct Loop<W: Workflow> {
    layout: Layout,
    decide_loop: Decider<W>,
    latch: Latch,
    parked: mpsc::Receiver<Parked>,
}

impl<W: Workflow> Loop<W> {
    fn new(layout: Layout, policy: W::Policy, limits: Limits, host: &Host) -> Self {
        let (sender, parked) = mpsc::channel(PARKED_AT_ONCE);
        let journal = Journal::new(host.connection.js.clone(), layout);
        let decide_loop = Decider::new(journal, policy, limits, sender);
        let latch = host.readiness.latch(&format!("decider of {}", layout.stream));
        Self { layout, decide_loop, latch, parked }
    }

    fn tally(&self) -> (&'static str, Tally) {
        (self.layout.name, self.decide_loop.tally())
    }

    async fn run(self, limits: Limits, host: &Host) -> anyhow::Result<()> {
        let Self { layout, decide_loop, latch, parked } = self;
        let (js, metrics) = (host.connection.js.clone(), host.metrics.clone());
        let what = format!("the decider of {}", layout.stream);
        let declare = || async { Ok(decider::declare(&js, &layout, limits).await?) };
        if host.start().answered(&what, declare).await.context("cannot decide")?.is_none() {
            return Ok(());
        }
        let parking = tokio::spawn(parking::quarantine_all(js, layout.stream, parked, metrics));
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
}

/// What a decide loop has done so far, shared with its metrics.
type Tally = Arc<engine::Tally>;
