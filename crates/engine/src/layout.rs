//! Which subjects a workflow's instances live under.

use std::fmt;
use std::sync::Arc;

use model::token;

/// How many virtual partitions there are. Fixed for ever: it is part of every subject.
pub const SLOTS: u64 = 64;

/// The slot of a key: FNV-1a (64 bit) of its token, modulo [`SLOTS`].
#[must_use]
pub fn slot(token: &str) -> u64 {
    let hash = token
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash % SLOTS
}

/// One instance of a workflow: a subject token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The key of this text; what a subject cannot hold is escaped.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(token::escape(text).into())
    }

    /// The key a token stands for that came from [`Key::token`].
    #[must_use]
    pub fn of_token(token: &str) -> Self {
        Self(token.into())
    }

    /// The key as a subject token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.0
    }

    /// The text the key was made of; the token itself when it was not made by [`Key::of`].
    #[must_use]
    pub fn text(&self) -> String {
        token::unescape(&self.0).unwrap_or_else(|_| self.0.to_string())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

/// The streams, subjects and lanes of one workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The stream that holds the entries.
    pub stream: &'static str,
    /// The first token of every entry's subject.
    pub name: &'static str,
    /// The lanes facts come in.
    pub lanes: &'static [&'static str],
    /// The stream that holds the deadlines.
    pub timers: &'static str,
    /// The first token of every deadline's subject.
    pub timer: &'static str,
}

impl Layout {
    /// The lane of deadlines that passed.
    pub const CLOCK: &'static str = "clock";
    /// The lane of decisions.
    pub const FLOW: &'static str = "flow";

    /// Where an entry of `key` in `lane` is appended.
    #[must_use]
    pub fn subject(&self, key: &Key, lane: &str) -> String {
        format!("{}.{}.{}.{lane}", self.name, slot(key.token()), key.token())
    }

    /// All entries of `key`.
    #[must_use]
    pub fn subjects_of(&self, key: &Key) -> String {
        self.subject(key, ">")
    }

    /// All entries of all instances.
    #[must_use]
    pub fn all(&self) -> String {
        format!("{}.>", self.name)
    }

    /// All entries in one lane.
    #[must_use]
    pub fn lane(&self, lane: &str) -> String {
        format!("{}.*.*.{lane}", self.name)
    }

    /// Where a deadline is set (`set`) or comes due (`due`).
    #[must_use]
    pub fn timer_subject(&self, verb: &str, key: &Key, deadline: &str) -> String {
        format!("{}.{verb}.{}.{}.{}", self.timer, slot(key.token()), key.token(), token::escape(deadline))
    }

    /// The instance and lane a subject names; `None` when it is none of this layout's.
    #[must_use]
    pub fn parse(&self, subject: &str) -> Option<(Key, &'static str)> {
        let mut tokens = subject.split('.');
        (tokens.next()? == self.name).then_some(())?;
        let slot_token = tokens.next()?;
        let key = tokens.next()?;
        let lane = self.lane_named(tokens.next()?)?;
        let sound = tokens.next().is_none() && slot_token.parse() == Ok(slot(key));
        sound.then(|| (Key(key.into()), lane))
    }

    /// The instance a due subject names; `None` when it is none of this layout's.
    #[must_use]
    pub fn parse_due(&self, subject: &str) -> Option<Key> {
        let rest = subject.strip_prefix(self.timer)?.strip_prefix(".due.")?;
        let mut tokens = rest.split('.').skip(1);
        let key = tokens.next()?;
        tokens.next()?;
        tokens.next().is_none().then(|| Key(key.into()))
    }

    fn lane_named(&self, token: &str) -> Option<&'static str> {
        let own = [Self::CLOCK, Self::FLOW];
        self.lanes.iter().chain(&own).copied().find(|lane| *lane == token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout =
        Layout { stream: "JOBS", name: "job", lanes: &["in", "out"], timers: "TIMERS", timer: "timer" };

    #[test]
    fn the_slot_of_a_key_never_changes() {
        // The last two are the published test vectors of FNV-1a 64: …8601ec8c and …f73967e8.
        assert_eq!([slot("1001"), slot("SO=201"), slot("a"), slot("foobar")], [23, 55, 12, 40]);
    }

    #[test]
    fn a_subject_is_read_back() {
        let key = Key::of("SO 1.7");
        let subject = LAYOUT.subject(&key, "in");
        assert_eq!(LAYOUT.parse(&subject), Some((key.clone(), "in")));
        assert_eq!(key.to_string(), "SO 1.7");
        let due = LAYOUT.timer_subject("due", &key, "ship s1");
        assert_eq!(LAYOUT.parse_due(&due), Some(key));
    }

    #[test]
    fn another_subject_is_not_ours() {
        for subject in ["job.1.x.nolane", "job.99.x.in", "other.1.x.in", "job.1", "job"] {
            assert_eq!(LAYOUT.parse(subject), None, "{subject}");
        }
    }
}
