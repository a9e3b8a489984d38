//! Whether a process can do its work, and if not, why, in words.

use std::collections::BTreeMap;
use tokio::sync::watch;

/// What a latch says until it is set for the first time, unless it knows better.
const STARTING: &str = "starting";

/// All that must be well for the process to be ready. With no latch it is ready.
#[derive(Debug, Clone)]
pub struct Readiness {
    latches: watch::Sender<BTreeMap<String, Option<String>>>,
}

/// One thing that must be well, such as the connection to NATS. A clone speaks for the same thing.
#[derive(Debug, Clone)]
pub struct Latch {
    name: String,
    latches: watch::Sender<BTreeMap<String, Option<String>>>,
}

/// The latches at one moment: None is ready, a text is why not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct State {
    /// True when every latch is.
    pub ready: bool,
    /// Each latch by name.
    pub latches: BTreeMap<String, Option<String>>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { latches: watch::Sender::new(BTreeMap::new()) }
    }
}

impl Readiness {
    /// One without latches.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a latch, not ready until it is set; the same name gives the same latch and leaves its state.
    pub fn latch(&self, name: &str) -> Latch {
        self.latch_until(name, STARTING)
    }

    /// Adds a latch as [`Readiness::latch`] does, which says what it waits for until it is set.
    pub fn latch_until(&self, name: &str, why: &str) -> Latch {
        self.latches.send_modify(|latches| {
            latches.entry(name.to_owned()).or_insert_with(|| Some(why.to_owned()));
        });
        Latch { name: name.to_owned(), latches: self.latches.clone() }
    }

    /// How things are now.
    pub fn state(&self) -> State {
        let latches = self.latches.borrow().clone();
        State { ready: latches.values().all(Option::is_none), latches }
    }

    /// Waits until every latch is ready.
    pub async fn ready(&self) {
        let mut changes = self.latches.subscribe();
        // An error would mean that the sender is gone, and `self` holds it.
        let _ = changes.wait_for(|latches| latches.values().all(Option::is_none)).await;
    }
}

impl Latch {
    /// This thing is well.
    pub fn set_ready(&self) {
        self.set(None);
    }

    /// This thing is not well, because of `why`.
    pub fn set_not_ready(&self, why: impl Into<String>) {
        self.set(Some(why.into()));
    }

    fn set(&self, why: Option<String>) {
        self.latches.send_if_modified(|latches| {
            let changed = latches.get(&self.name) != Some(&why);
            if changed {
                match &why {
                    None => tracing::debug!(latch = self.name, "ready"),
                    Some(why) => tracing::warn!(latch = self.name, why, "not ready"),
                }
                latches.insert(self.name.clone(), why);
            }
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn ready_when_every_latch_is() {
        let readiness = Readiness::new();
        assert!(readiness.state().ready);
        let (nats, master) = (readiness.latch("nats"), readiness.latch("master data"));
        nats.set_ready();
        let state = readiness.state();
        assert!(!state.ready);
        assert_eq!(state.latches["master data"].as_deref(), Some("starting"));
        let waiting = tokio::spawn({
            let readiness = readiness.clone();
            async move { readiness.ready().await }
        });
        master.set_ready();
        tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
        readiness.latch("nats").set_not_ready("may not publish to order.*.*.erp");
        assert_eq!(readiness.state().latches["nats"].as_deref(), Some("may not publish to order.*.*.erp"));
    }
}
