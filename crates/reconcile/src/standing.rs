//! The history of discrepancies: what was found, what became of it. Each change is an entry of its own, so that the list of those
//! that stand is a fold that can be replayed.

use std::collections::BTreeMap;

use model::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::discrepancy::{About, Discrepancy, Kind};

/// What became of a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was found, or is no longer as it was found.
    Found(Box<Discrepancy>),
    /// What its remedy says was entered.
    Healed {
        /// Its kind.
        kind: Kind,
        /// What it is about.
        about: About,
        /// The remedy, in words.
        remedy: String,
        /// The operator, or the policy.
        who: String,
        /// Why, in words.
        why: String,
    },
    /// A person takes it as it is, as long as both sides say the same.
    Accepted {
        /// Its kind.
        kind: Kind,
        /// What it is about.
        about: About,
        /// The operator.
        who: String,
        /// Why, in words.
        why: String,
    },
    /// It is not there any more.
    Gone {
        /// Its kind.
        kind: Kind,
        /// What it was about.
        about: About,
    },
}

impl Change {
    /// The discrepancy it is about, as [`Discrepancy::id`].
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Found(found) => found.id(),
            Self::Healed { kind, about, .. } | Self::Accepted { kind, about, .. } | Self::Gone { kind, about } => {
                format!("{kind} {about}")
            }
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Found(found) => found.kind,
            Self::Healed { kind, .. } | Self::Accepted { kind, .. } | Self::Gone { kind, .. } => *kind,
        }
    }
}

/// An entry of the history: what became of a discrepancy, and how it stands since. The last entry of each is the list of those that
/// stand; all of them are how it came to that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Something became of a discrepancy.
    Change {
        /// What.
        change: Change,
        /// How it stands since; absent when it does not any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stands: Option<Box<Stands>>,
    },
    /// All was held against each other.
    Run(Run),
}

/// That all was held against each other, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The time of the cut-off.
    pub as_of: Timestamp,
    /// The last entry of ORDERS that counted.
    pub sequence: u64,
    /// How many orders were looked at.
    pub orders: u64,
    /// How many discrepancies there were.
    pub found: u64,
    /// How many of them are new or say something else.
    pub new: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// The discrepancies that stand, by id.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    standing: BTreeMap<String, Stands>,
}

/// A discrepancy that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stands {
    /// As it was last found.
    pub discrepancy: Discrepancy,
    /// When it was first found.
    pub found: Timestamp,
    /// When what its remedy says was last entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healed: Option<Timestamp>,
    /// Who takes it as it is, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<(String, String)>,
}

impl Standing {
    /// The most discrepancies that are kept; beyond it the oldest are told of, and new ones wait until some are gone.
    pub const MOST: usize = 50_000;

    /// The one of this id alone.
    #[must_use]
    pub fn clone_of(&self, id: &str) -> Self {
        let one = self.standing.get_key_value(id).map(|(id, stands)| (id.clone(), stands.clone()));
        Self { standing: one.into_iter().collect() }
    }

    /// Takes up one as it stood last.
    pub fn take_up(&mut self, stands: Stands) {
        self.standing.insert(stands.discrepancy.id(), stands);
    }

    /// Whether a person takes this as it is.
    #[must_use]
    pub fn is_accepted(&self, found: &Discrepancy) -> bool {
        let same = |stands: &&Stands| stands.discrepancy.says_the_same(found);
        self.get(&found.id()).filter(same).is_some_and(|stands| stands.accepted.is_some())
    }

    /// Folds one change, recorded then.
    pub fn apply(&mut self, change: &Change, recorded: Timestamp) {
        let id = change.id();
        match change {
            Change::Found(found) => match self.standing.get_mut(&id) {
                Some(stands) => {
                    if !stands.discrepancy.says_the_same(found) {
                        (stands.accepted, stands.healed) = (None, None);
                    }
                    stands.discrepancy = (**found).clone();
                }
                None => {
                    let discrepancy = (**found).clone();
                    let stands = Stands { discrepancy, found: recorded, healed: None, accepted: None };
                    self.standing.insert(id, stands);
                }
            },
            Change::Healed { .. } => {
                if let Some(stands) = self.standing.get_mut(&id) {
                    stands.healed = Some(recorded);
                }
            }
            Change::Accepted { who, why, .. } => {
                if let Some(stands) = self.standing.get_mut(&id) {
                    stands.accepted = Some((who.clone(), why.clone()));
                }
            }
            Change::Gone { .. } => {
                self.standing.remove(&id);
            }
        }
    }

    /// Those that stand, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Stands> {
        self.standing.values()
    }

    /// The one of this id, if it stands.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Stands> {
        self.standing.get(id)
    }

    /// What is to be recorded when these are what is found now: what is new or says something else, and what is gone. Of what was
    /// not looked at, nothing is said. Recording it and comparing again yields nothing.
    #[must_use]
    pub fn changes(&self, found: &[Discrepancy], was_looked_at: impl Fn(&Discrepancy) -> bool) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut now: BTreeMap<String, &Discrepancy> = BTreeMap::new();
        for discrepancy in found {
            now.entry(discrepancy.id()).or_insert(discrepancy);
        }
        for (id, discrepancy) in &now {
            let known = self.standing.get(id).is_some_and(|stands| stands.discrepancy.says_the_same(discrepancy));
            if !known && (self.standing.contains_key(id) || self.standing.len() + changes.len() < Self::MOST) {
                changes.push(Change::Found(Box::new((*discrepancy).clone())));
            }
        }
        let gone =
            self.standing.iter().filter(|(id, stands)| !now.contains_key(*id) && was_looked_at(&stands.discrepancy));
        changes.extend(gone.map(|(_, stands)| Change::Gone {
            kind: stands.discrepancy.kind,
            about: stands.discrepancy.about.clone(),
        }));
        changes
    }
}
