//! What operators said of a problem or of an ask, beyond what the rules make of it: who sees to it, until when it is put off, and
//! who is to be asked instead.

use model::{AskId, ExceptionKind, Fact, Lane, PartnerId, Timestamp};

use super::{Open, State};

impl State {
    /// When an open exception was raised; nothing when it is not open.
    #[must_use]
    pub fn raised(&self, kind: &ExceptionKind) -> Option<Timestamp> {
        self.open(kind).map(|open| open.since)
    }

    /// Who sees to an open exception, by the last word on it. One that closes and opens again is another, and nobody's.
    #[must_use]
    pub fn assigned(&self, kind: &ExceptionKind) -> Option<&str> {
        let open = self.open(kind)?;
        self.last_entered(|fact| {
            let Fact::Assigned(given) = fact else { return None };
            (given.kind == *kind && given.raised == open.since).then_some(given.to.as_str())
        })
    }

    /// Until when an open exception is put off, by the last word on it; that may have passed.
    #[must_use]
    pub fn snoozed(&self, kind: &ExceptionKind) -> Option<Timestamp> {
        let open = self.open(kind)?;
        self.last_entered(|fact| {
            let Fact::Snoozed(snooze) = fact else { return None };
            (snooze.kind == *kind && snooze.raised == open.since).then_some(snooze.until)
        })
    }

    /// Who is to be asked instead of the partner that an ask was put to, by an operator's last word on it.
    pub(crate) fn substitute(&self, ask: &AskId) -> Option<&PartnerId> {
        self.last_entered(|fact| {
            let Fact::Substituted(wanted) = fact else { return None };
            (wanted.ask == *ask).then_some(&wanted.partner)
        })
    }

    /// Every partner that an operator wanted asked instead of another.
    pub(crate) fn substitutes(&self) -> impl Iterator<Item = &PartnerId> {
        self.facts.values().filter(|held| held.lane == Lane::Ops).filter_map(|held| {
            let Fact::Substituted(wanted) = &held.fact else { return None };
            Some(&wanted.partner)
        })
    }

    fn open(&self, kind: &ExceptionKind) -> Option<&Open> {
        self.exceptions.iter().find(|open| open.exception.kind == *kind)
    }

    /// What the last entry of an operator that says something of a thing says.
    fn last_entered<'s, T>(&'s self, says: impl Fn(&'s Fact) -> Option<T>) -> Option<T> {
        let entered = self.facts.iter().filter(|(_, held)| held.lane == Lane::Ops);
        let said = entered.filter_map(|(id, held)| says(&held.fact).map(|said| (held.came(*id), said)));
        said.max_by_key(|(came, _)| *came).map(|(_, said)| said)
    }
}
