//! Which ERP has an order: the one that released it first, until it is handed over.

use model::{Fact, Lane, PartnerId};

use super::{Came, Held, Release, State};

/// The ERPs of an order, one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Erps<'a> {
    first: Option<&'a PartnerId>,
    /// Since when another one has it.
    then: Vec<(Came, &'a PartnerId)>,
}

impl<'a> Erps<'a> {
    /// The one that had it then.
    pub fn at(&self, came: Came) -> Option<&'a PartnerId> {
        let last = self.then.iter().rfind(|(since, _)| *since <= came);
        last.map(|(_, erp)| *erp).or(self.first)
    }

    /// Whether who had it, or an operator, handed it over then.
    pub fn was_handed(&self, came: Came) -> bool {
        self.then.iter().any(|(since, _)| *since == came)
    }

    /// The one that has it.
    pub fn now(&self) -> Option<&'a PartnerId> {
        self.then.last().map(|(_, erp)| *erp).or(self.first)
    }
}

impl State {
    /// The ERPs of the order, of which these are all the releases, whoever's. One that does not have it cannot hand it over.
    pub(super) fn erps<'a>(&'a self, releases: &[Release<'a>]) -> Erps<'a> {
        let committed = self.committed.first().map(|first| first.release);
        let first = releases.iter().find(|release| Some(release.id) == committed).or(releases.first());
        let mut erps = Erps { first: first.map(|release| &release.order.erp), then: Vec::new() };
        let mut handed: Vec<(Came, &Held, &PartnerId)> = self
            .facts
            .iter()
            .filter_map(|(id, held)| {
                let Fact::HandedOver(over) = &held.fact else { return None };
                Some((held.came(*id), held, &over.to))
            })
            .collect();
        handed.sort_by_key(|(came, ..)| *came);
        for (came, held, to) in handed {
            let by_its_erp = held.lane == Lane::Erp && erps.now().is_some_and(|erp| held.is_from(erp));
            if by_its_erp || held.lane == Lane::Ops {
                erps.then.push((came, to));
            }
        }
        erps
    }

    /// The ERP that has the order; nothing while nobody released it.
    #[must_use]
    pub fn erp(&self) -> Option<&PartnerId> {
        self.erps(&self.told_releases()).now()
    }
}
