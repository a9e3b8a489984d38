//! What the broker does not do for us just now, said by a readiness latch.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use service::consume::DEFAULT_ACK_WAIT;
use service::readiness::Latch;

/// The most problems remembered; more of them say nothing new.
const MOST: usize = 1_000;
/// How much later than announced a problem may show again before it counts as somebody else's, who solved it: the other
/// process of the same service may get the message next. Where the word about the pause is lost, it comes after the ack wait.
const GRACE: Duration = DEFAULT_ACK_WAIT.saturating_add(Duration::from_secs(5));
/// How often it is looked for those.
const FORGET_EVERY: Duration = Duration::from_secs(5);

/// The problems there are, each until it is over. The latch is ready once [`Trouble::opened`] was called and there are
/// none.
pub struct Trouble {
    latch: Latch,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    opened: bool,
    problems: BTreeMap<String, Problem>,
}

struct Problem {
    why: String,
    until: Instant,
}

impl Trouble {
    /// Trouble that this latch speaks of.
    pub fn new(latch: Latch) -> Self {
        Self { latch, state: Mutex::default() }
    }

    /// The work has begun.
    pub fn opened(&self) {
        let mut state = self.lock();
        state.opened = true;
        self.say(&state);
    }

    /// There is a problem with `what`; it is tried again in `pause`.
    pub fn has(&self, what: String, why: impl Into<String>, pause: Duration) {
        let why = why.into();
        let mut state = self.lock();
        if state.problems.contains_key(&what) {
            tracing::debug!(what, why, "still not done");
        } else {
            tracing::warn!(what, why, "not done yet; it is tried again");
        }
        if state.problems.len() < MOST {
            state.problems.insert(what, Problem { why, until: Instant::now() + pause + GRACE });
        }
        self.say(&state);
    }

    /// The problem with `what`, if there was one, is over.
    pub fn over(&self, what: &str) {
        let mut state = self.lock();
        if state.problems.remove(what).is_some() {
            self.say(&state);
        }
    }

    /// Whether there is a problem with `what`.
    pub fn knows(&self, what: &str) -> bool {
        self.lock().problems.contains_key(what)
    }

    /// Forgets the problems that do not show again; never ends.
    pub async fn forget(&self) {
        loop {
            tokio::time::sleep(FORGET_EVERY).await;
            self.forget_old();
        }
    }

    /// Forgets the problems that have not shown again.
    pub fn forget_old(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        let before = state.problems.len();
        state.problems.retain(|_, problem| problem.until > now);
        if state.problems.len() != before {
            self.say(&state);
        }
    }

    fn say(&self, state: &State) {
        match state.problems.iter().next() {
            Some((what, problem)) => {
                let others = state.problems.len() - 1;
                let others = if others == 0 { String::new() } else { format!(" (and {others} more)") };
                self.latch.set_not_ready(format!("{what}: {}{others}", problem.why));
            }
            None if state.opened => self.latch.set_ready(),
            None => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use service::readiness::Readiness;

    fn says(readiness: &Readiness) -> Option<String> {
        readiness.state().latches["inbox"].clone()
    }

    #[test]
    fn ready_while_opened_and_without_problems() {
        let readiness = Readiness::new();
        let trouble = Trouble::new(readiness.latch("inbox"));
        trouble.has("message 2".to_owned(), "the stream is full", Duration::ZERO);
        trouble.over("message 2");
        assert!(says(&readiness).is_some(), "not opened yet");
        trouble.opened();
        assert_eq!(says(&readiness), None);
        trouble.has("message 3".to_owned(), "the stream is full", Duration::ZERO);
        trouble.has("message 4".to_owned(), "no answer", Duration::ZERO);
        assert_eq!(says(&readiness).unwrap(), "message 3: the stream is full (and 1 more)");
        trouble.forget_old();
        trouble.over("message 3");
        assert_eq!(says(&readiness).unwrap(), "message 4: no answer");
        trouble.over("message 4");
        assert_eq!(says(&readiness), None);
    }

    #[test]
    fn a_problem_that_somebody_else_solved_is_forgotten() {
        let readiness = Readiness::new();
        let trouble = Trouble::new(readiness.latch("inbox"));
        trouble.opened();
        trouble.has("message 2".to_owned(), "no answer", Duration::ZERO);
        trouble.forget_old();
        assert!(says(&readiness).is_some(), "it may show again");
        trouble.lock().problems.values_mut().for_each(|problem| problem.until -= GRACE);
        trouble.forget_old();
        assert_eq!(says(&readiness), None);
    }
}
