//! When to stop sending to a partner that fails, and when to try it again.

use std::time::Instant;

use engine::jittered;
use partners::delivery::BreakerLimits;

/// The breaker of one partner: closed while asks go out, open while they are held, and trying while one of them is out to
/// see whether the partner is back. It spares partners; what is correct never hangs on it.
#[derive(Debug)]
pub struct Breaker {
    limits: BreakerLimits,
    /// Tells its pauses from those of other partners.
    partner: Box<str>,
    state: State,
    /// The asks that failed since the last other answer. Their ids, because an answer may come twice.
    failed: Vec<Box<str>>,
    /// How many asks went out since the last answer, and when the first of them did.
    unanswered: u32,
    quiet_since: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed,
    Open(Opened),
    /// One ask is out to try the partner.
    Trying(Opened),
}

#[derive(Debug, Clone, Copy)]
struct Opened {
    /// When it was closed last.
    since: Instant,
    /// When the partner is tried, or the try has failed.
    until: Instant,
    /// How often it was tried in vain.
    tries: u32,
    why: Why,
}

/// Why a breaker opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// So many asks in a row failed.
    Failures,
    /// So many asks in a row were not answered.
    Silence,
}

impl Why {
    /// The word with which it is kept beside what is held.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Silence => "silence",
        }
    }

    /// What a word says that came from [`Why::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Failures, Self::Silence].into_iter().find(|why| why.as_str() == word)
    }
}

/// What changed with the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Asks are held from now on.
    Opened(Why),
    /// Asks go out again.
    Closed,
}

/// How a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Asks go out.
    Closed,
    /// Asks are held.
    Open {
        /// Since then,
        since: Instant,
        /// because of this,
        why: Why,
        /// and until one is sent as a try.
        until: Instant,
    },
    /// A try is out.
    Trying {
        /// Asks are held since then,
        since: Instant,
        /// because of this.
        why: Why,
        /// The try counts as failed from then on.
        until: Instant,
    },
}

impl Breaker {
    /// A closed one.
    pub fn new(limits: BreakerLimits, partner: &str) -> Self {
        let partner = partner.into();
        Self { limits, partner, state: State::Closed, failed: Vec::new(), unanswered: 0, quiet_since: None }
    }

    /// Sees to what time alone brings about, and says how it stands.
    pub fn look(&mut self, now: Instant) -> (Stand, Option<Change>) {
        let mut change = None;
        match self.state {
            State::Closed if self.is_silent(now) => change = Some(self.open(Why::Silence, now)),
            State::Trying(opened) if now >= opened.until => self.reopen(opened, now),
            State::Closed | State::Open(_) | State::Trying(_) => {}
        }
        let stand = match self.state {
            State::Closed => Stand::Closed,
            State::Open(Opened { since, until, why, .. }) => Stand::Open { since, why, until },
            State::Trying(Opened { since, until, why, .. }) => Stand::Trying { since, why, until },
        };
        (stand, change)
    }

    /// The partner's asks were held for this reason before this process knew of it: they still are, and one may go at once to
    /// try the partner. Returns whether that is news.
    pub fn was_open(&mut self, why: Why, now: Instant) -> bool {
        let is_closed = matches!(self.state, State::Closed);
        if is_closed {
            self.state = State::Open(Opened { since: now, until: now, tries: 0, why });
        }
        is_closed
    }

    /// An ask goes out; while the breaker is open, as a try.
    pub fn sends(&mut self, now: Instant) {
        if let State::Open(opened) = self.state {
            self.state = State::Trying(Opened { until: now + self.pause(opened.tries), ..opened });
        }
        self.unanswered = self.unanswered.saturating_add(1);
        self.quiet_since.get_or_insert(now);
    }

    /// The partner answered an ask.
    pub fn answered(&mut self, ask: &str, failed: bool, now: Instant) -> Option<Change> {
        (self.unanswered, self.quiet_since) = (0, None);
        if !failed {
            self.failed.clear();
            let was_closed = matches!(self.state, State::Closed);
            self.state = State::Closed;
            return (!was_closed).then_some(Change::Closed);
        }
        match self.state {
            State::Closed => {
                if !self.failed.iter().any(|known| **known == *ask) {
                    self.failed.push(ask.into());
                }
                (self.failed.len() >= self.limits.failures as usize).then(|| self.open(Why::Failures, now))
            }
            // An ask that was out before.
            State::Open(_) => None,
            State::Trying(opened) => {
                self.reopen(opened, now);
                None
            }
        }
    }

    /// Whether an answer other than a failure would change anything.
    pub fn awaits_answers(&self) -> bool {
        self.limits.silent.is_some() || !self.failed.is_empty() || !matches!(self.state, State::Closed)
    }

    fn is_silent(&self, now: Instant) -> bool {
        let (Some(silent), Some(since)) = (self.limits.silent, self.quiet_since) else { return false };
        self.unanswered >= self.limits.failures && now.saturating_duration_since(since) > silent
    }

    fn open(&mut self, why: Why, now: Instant) -> Change {
        self.failed.clear();
        self.state = State::Open(Opened { since: now, until: now + self.pause(0), tries: 0, why });
        Change::Opened(why)
    }

    fn reopen(&mut self, opened: Opened, now: Instant) {
        let tries = opened.tries.saturating_add(1);
        self.state = State::Open(Opened { until: now + self.pause(tries), tries, ..opened });
    }

    fn pause(&self, tries: u32) -> std::time::Duration {
        let pause = self.limits.pause.saturating_mul(2_u32.saturating_pow(tries)).min(self.limits.longest_pause);
        jittered(pause, (&self.partner, tries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker(silent: Option<Duration>) -> Breaker {
        let limits = BreakerLimits { failures: 3, pause: 30 * SECOND, longest_pause: 100 * SECOND, silent };
        Breaker::new(limits, "acme")
    }

    fn until(breaker: &mut Breaker, now: Instant) -> Instant {
        match breaker.look(now).0 {
            Stand::Open { until, .. } | Stand::Trying { until, .. } => until,
            Stand::Closed => panic!("closed"),
        }
    }

    /// Opened by failures at the same moment.
    fn opened(at: Instant) -> Breaker {
        let mut breaker = breaker(None);
        assert_eq!(breaker.answered("a", true, at), None);
        assert_eq!(breaker.answered("b", true, at), None);
        assert_eq!(breaker.answered("c", true, at), Some(Change::Opened(Why::Failures)));
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_repeated_answer_is_one() {
        let (mut breaker, now) = (breaker(None), Instant::now());
        for ask in ["a", "b", "b", "a"] {
            assert_eq!(breaker.answered(ask, true, now), None);
        }
        assert_eq!(breaker.answered("c", false, now), None, "an answer of another kind ends the row");
        assert!(!breaker.awaits_answers());
        for ask in ["d", "e"] {
            assert_eq!(breaker.answered(ask, true, now), None);
        }
        assert!(breaker.awaits_answers());
        assert_eq!(breaker.answered("f", true, now), Some(Change::Opened(Why::Failures)));
        assert!(matches!(breaker.look(now).0, Stand::Open { since, .. } if since == now));
    }

    #[test]
    fn after_the_pause_a_try_closes_it_or_opens_it_for_twice_as_long() {
        let start = Instant::now();
        let mut breaker = opened(start);
        let (mut now, mut pauses) = (start, Vec::new());
        for ask in ["d", "e", "f"] {
            let due = until(&mut breaker, now);
            pauses.push(due - now);
            now = due;
            breaker.sends(now);
            assert!(matches!(breaker.look(now).0, Stand::Trying { since, .. } if since == start));
            assert_eq!(breaker.answered(ask, true, now), None);
        }
        for (pause, least) in pauses.iter().zip([30, 60, 100]) {
            assert!(*pause >= least * SECOND && *pause < least * SECOND * 3 / 2, "{pauses:?}");
        }
        now = until(&mut breaker, now);
        breaker.sends(now);
        assert_eq!(breaker.answered("g", false, now), Some(Change::Closed));
        assert_eq!(breaker.look(now), (Stand::Closed, None));
    }

    #[test]
    fn a_try_that_is_not_answered_has_failed() {
        let start = Instant::now();
        let mut breaker = opened(start);
        let due = until(&mut breaker, start);
        breaker.sends(due);
        let given_up = until(&mut breaker, due);
        assert!(matches!(breaker.look(given_up).0, Stand::Open { until, .. } if until >= given_up + 60 * SECOND));
        assert_eq!(breaker.answered("late", false, given_up), Some(Change::Closed), "late is soon enough");
    }

    #[test]
    fn one_that_was_open_before_tries_at_once_and_holds_the_others() {
        let (mut breaker, start) = (breaker(None), Instant::now());
        assert!(breaker.was_open(Why::Failures, start) && !breaker.was_open(Why::Silence, start));
        assert_eq!(until(&mut breaker, start), start);
        breaker.sends(start);
        assert!(until(&mut breaker, start) >= start + 30 * SECOND);
        assert_eq!(breaker.answered("a", true, start + SECOND), None);
        assert!(until(&mut breaker, start + SECOND) >= start + 61 * SECOND, "it is in no hurry after a try in vain");
        assert_eq!(
            [Why::Failures, Why::Silence].map(|why| Why::from_word(why.as_str())),
            [Some(Why::Failures), Some(Why::Silence)]
        );
    }

    #[test]
    fn silence_opens_it_only_where_a_profile_says_how_long() {
        let start = Instant::now();
        let (mut patient, mut strict) = (breaker(None), breaker(Some(10 * SECOND)));
        for breaker in [&mut patient, &mut strict] {
            breaker.sends(start);
            breaker.answered("a", false, start + SECOND);
            (2..5).for_each(|second| breaker.sends(start + second * SECOND));
        }
        assert_eq!(strict.look(start + 12 * SECOND), (Stand::Closed, None), "the first went out 10 s ago");
        assert_eq!(strict.look(start + 13 * SECOND).1, Some(Change::Opened(Why::Silence)));
        assert_eq!(patient.look(start + 1_000 * SECOND), (Stand::Closed, None));
        assert_eq!(strict.answered("b", false, start + 14 * SECOND), Some(Change::Closed));
    }
}
