//! One partner: which way its asks go, and when one that is held may go.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use partners::delivery::Delivery;
use tokio::sync::Notify;

use super::allowance::Allowance;
use super::breaker::{Breaker, Change, Stand, Why};
use super::gauges::PartnerGauges;

/// One partner of the adapter's system.
pub struct Partner {
    /// Its subject token.
    pub token: Box<str>,
    gauges: PartnerGauges,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    rules: Delivery,
    /// Whether it is switched off: what it is asked waits.
    is_off: bool,
    breaker: Option<Breaker>,
    allowance: Option<Allowance>,
    backlog: Backlog,
    /// Whether it was looked at all what is held.
    is_looked_at: bool,
    /// How many asks are held, when last looked.
    held: u64,
    /// Counts what was put with the others, to know whether a look came before or after.
    puts: u64,
}

/// Whether something for the partner is still held. What is asked later must not overtake it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backlog {
    /// Nobody has looked since another process may have put something there.
    Unknown,
    Nothing,
    Something,
}

/// Which way an ask goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the partner.
    Straight,
    /// To those that are held, to be released behind them.
    Held,
}

/// Whether an ask that is held may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Go,
    /// Not for this long, unless something changes.
    Wait(Duration),
}

/// How long what is held for a partner that is switched off waits, unless it is switched on.
const WHILE_OFF: Duration = Duration::from_secs(60);

/// How a partner stands, for people.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub rules: Delivery,
    pub stand: Stand,
    /// How many asks were held when last looked.
    pub held: u64,
    /// Whether what is asked now goes behind others.
    pub is_behind: bool,
    /// Whether it is switched off.
    pub is_off: bool,
}

impl Partner {
    pub fn new(token: &str, rules: Delivery, gauges: PartnerGauges) -> Self {
        let state = State {
            rules,
            is_off: false,
            breaker: rules.breaker.map(|limits| Breaker::new(limits, token)),
            allowance: rules.rate.map(|rate| Allowance::new(rate, Instant::now())),
            backlog: Backlog::Unknown,
            is_looked_at: false,
            held: 0,
            puts: 0,
        };
        Self { token: token.into(), gauges, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Goes by these rules from now on; what did not change goes on as it stands.
    pub fn follow(&self, rules: Delivery, is_off: bool, now: Instant) {
        let mut state = self.lock();
        if state.rules.breaker != rules.breaker {
            state.breaker = rules.breaker.map(|limits| Breaker::new(limits, &self.token));
        }
        if state.rules.rate != rules.rate {
            state.allowance = rules.rate.map(|rate| Allowance::new(rate, now));
        }
        if state.is_off != is_off {
            tracing::info!(
                partner = &*self.token,
                is_off,
                "it was switched off or on; what it is asked waits while it is off"
            );
        }
        (state.rules, state.is_off) = (rules, is_off);
        drop(state);
        self.changed.notify_one();
    }

    /// Which way an ask goes; `None` while it is not known whether something is held.
    pub fn way(&self, now: Instant) -> Option<Way> {
        let mut state = self.lock();
        // What is held may say how the partner stands.
        if !state.is_looked_at {
            return None;
        }
        if state.is_off || state.allowance.is_some() || self.stand(&mut state, now) != Stand::Closed {
            return Some(Way::Held);
        }
        match state.backlog {
            Backlog::Unknown => None,
            Backlog::Nothing => Some(Way::Straight),
            Backlog::Something => Some(Way::Held),
        }
    }

    /// Something is about to be put with those that are held, or has just been.
    pub fn puts(&self) {
        let mut state = self.lock();
        state.backlog = Backlog::Something;
        state.puts += 1;
    }

    /// How often something was put there, for [`Partner::counted`].
    pub fn put_so_far(&self) -> u64 {
        self.lock().puts
    }

    /// Whether this process has not looked yet what is held for it.
    pub fn is_new(&self) -> bool {
        !self.lock().is_looked_at
    }

    /// Its asks were held for this reason before this process looked.
    pub fn was_held(&self, why: Why, now: Instant) {
        let mut state = self.lock();
        let is_new = !state.is_looked_at;
        if let Some(breaker) = &mut state.breaker
            && is_new
            && breaker.was_open(why, now)
        {
            let (partner, why) = (&*self.token, why.as_str());
            tracing::warn!(partner, why, "its asks were held before and still are; one is sent as a try");
        }
    }

    /// Why it is not sent to just now; nothing when its asks only wait their turn.
    pub fn why_held(&self, now: Instant) -> Option<Why> {
        match self.stand(&mut self.lock(), now) {
            Stand::Open { why, .. } | Stand::Trying { why, .. } => Some(why),
            Stand::Closed => None,
        }
    }

    /// So many were held when looked at, after so many puts.
    pub fn counted(&self, held: u64, after: u64) {
        let mut state = self.lock();
        state.held = held;
        state.is_looked_at = true;
        self.gauges.held(held);
        if held > 0 {
            state.backlog = Backlog::Something;
        } else if state.puts == after {
            state.backlog = Backlog::Nothing;
        }
    }

    /// Another process may have put something there.
    pub fn forget_backlog(&self) {
        self.lock().backlog = Backlog::Unknown;
    }

    /// Whether there may be something to release, and it is known how the partner stands.
    pub fn is_to_be_released(&self) -> bool {
        let state = self.lock();
        state.is_looked_at && (state.allowance.is_some() || state.backlog == Backlog::Something)
    }

    /// Whether the first of those that are held may go.
    pub fn verdict(&self, now: Instant) -> Verdict {
        let mut state = self.lock();
        if state.is_off {
            return Verdict::Wait(WHILE_OFF);
        }
        let broken = match self.stand(&mut state, now) {
            Stand::Closed => Duration::ZERO,
            Stand::Open { until, .. } | Stand::Trying { until, .. } => until.saturating_duration_since(now),
        };
        let rate = state.allowance.as_ref().map_or(Duration::ZERO, |allowance| allowance.wait(now));
        let wait = broken.max(rate);
        if wait.is_zero() { Verdict::Go } else { Verdict::Wait(wait) }
    }

    /// An ask went to the partner.
    pub fn sent(&self, now: Instant) {
        let mut state = self.lock();
        if let Some(allowance) = &mut state.allowance {
            allowance.take(now);
        }
        if let Some(breaker) = &mut state.breaker {
            breaker.sends(now);
        }
    }

    /// An ask that is held waits for the rate.
    pub fn waits(&self) {
        self.gauges.waits();
    }

    /// An ask that was held is not sent.
    pub fn drops(&self) {
        self.gauges.dropped();
    }

    /// The partner answered an ask. Returns whether other processes want to know.
    pub fn answered(&self, ask: &str, failed: bool, now: Instant) -> bool {
        let mut state = self.lock();
        let Some(breaker) = &mut state.breaker else { return false };
        let wanted = failed || breaker.awaits_answers();
        let change = breaker.answered(ask, failed, now);
        self.tell(change);
        self.stand(&mut state, now);
        drop(state);
        self.changed.notify_one();
        wanted
    }

    /// Waits until an answer came.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// How it stands.
    pub fn look(&self, now: Instant) -> Look {
        let mut state = self.lock();
        let stand = self.stand(&mut state, now);
        let (rules, is_off) = (state.rules, state.is_off);
        Look { rules, stand, held: state.held, is_behind: state.backlog == Backlog::Something, is_off }
    }

    fn stand(&self, state: &mut State, now: Instant) -> Stand {
        let Some(breaker) = &mut state.breaker else { return Stand::Closed };
        let (stand, change) = breaker.look(now);
        self.tell(change);
        self.gauges.breaker(stand);
        stand
    }

    fn tell(&self, change: Option<Change>) {
        let partner = &*self.token;
        match change {
            None => {}
            Some(Change::Opened(Why::Failures)) => {
                tracing::warn!(partner, "its asks fail one after another; they are held until it works again");
            }
            Some(Change::Opened(Why::Silence)) => {
                tracing::warn!(partner, "it does not answer; its asks are held until it does");
            }
            Some(Change::Closed) => tracing::info!(partner, "it works again; its asks are released"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
