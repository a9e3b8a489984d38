//! Rebuilds of the projection: asked for by operators, done by its life.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use crate::queries::{Rebuilding, Rebuilt};

/// Where a rebuild is asked for, and how those so far went. Clones see the same.
#[derive(Debug, Clone)]
pub struct Rebuilds {
    state: Arc<watch::Sender<State>>,
}

/// How rebuilds stand.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// How many were begun since the service started.
    pub begun: u64,
    /// The one that is under way, or asked for.
    pub running: Option<Rebuilding>,
    /// The last one that ended.
    pub last: Option<Rebuilt>,
    since: Option<Instant>,
}

impl Default for Rebuilds {
    fn default() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::default())) }
    }
}

impl Rebuilds {
    /// How they stand.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Asks for one; when one is under way, that is it.
    pub fn ask(&self) {
        self.state.send_if_modified(|state| {
            let is_new = state.running.is_none();
            if is_new {
                state.begun += 1;
                state.running = Some(Rebuilding::default());
                state.since = Some(Instant::now());
            }
            is_new
        });
    }

    /// Waits until one is asked for.
    pub async fn wanted(&self) {
        // The sender lives as long as this.
        let _ = self.state.subscribe().wait_for(|state| state.running.is_some()).await;
    }

    /// How far the one under way has come.
    pub fn note(&self, running: Rebuilding) {
        self.state.send_modify(|state| state.running = Some(running));
    }

    /// The one under way has ended, if there was one: with what went wrong, when it did not come to take the place.
    pub fn ended(&self, failed: Option<String>) {
        self.state.send_if_modified(|state| {
            let Some(running) = state.running.take() else { return false };
            let millis = state.since.take().map_or(0, |since| since.elapsed().as_millis());
            let millis = u64::try_from(millis).unwrap_or(u64::MAX);
            state.last = Some(Rebuilt { number: state.begun, entries: running.of, millis, failed });
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_while_one_is_under_way_gets_that_one() {
        let rebuilds = Rebuilds::default();
        rebuilds.ask();
        rebuilds.ask();
        assert_eq!(rebuilds.state().begun, 1);
        rebuilds.ended(Some("no room".to_owned()));
        rebuilds.ended(None);
        let state = rebuilds.state();
        assert!(state.running.is_none());
        assert_eq!(state.last.unwrap().failed.as_deref(), Some("no room"), "what did not run cannot end");
        rebuilds.ask();
        assert_eq!(rebuilds.state().begun, 2);
    }
}
