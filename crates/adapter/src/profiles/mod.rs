//! The profiles an adapter works with: those of a folder, or those that come with Waybill, and before them those that people
//! add while it runs.

mod follow;
mod kept;
mod load;
mod served;

use std::collections::{BTreeSet, HashMap};
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use model::System;
use partners::Profile;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use follow::{Follower, run};
pub use kept::{Action, Added, Kept, Replay};
pub use load::{ProfilesError, SIMULATED, check_workflows};
pub use served::{Question, Served, served_subject};

/// The most partners of one system.
pub const MOST_PARTNERS: usize = 1_000;

/// A profile that messages are read through. One that is replaced serves to the end whoever has begun with it.
#[derive(Debug)]
pub struct InForce {
    /// What it is called: its file's name without `.toml`, or what it was added as.
    pub name: Box<str>,
    /// Where it is from.
    pub origin: Origin,
    /// Its TOML text.
    pub text: Box<str>,
    profile: Profile,
}

/// Where a profile is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was added to bucket `PROFILES`.
    Bucket,
    /// It is in the adapter's folder.
    Folder,
    /// It comes with Waybill.
    Shipped,
}

impl Origin {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bucket => "added",
            Self::Folder => "file",
            Self::Shipped => "shipped",
        }
    }
}

impl Deref for InForce {
    type Target = Profile;

    fn deref(&self) -> &Profile {
        &self.profile
    }
}

/// The profiles of one kind of system, by their partner's subject token.
pub struct Profiles {
    system: System,
    /// The folder's, or what comes with Waybill.
    own: HashMap<Box<str>, Arc<InForce>>,
    /// What the bucket says.
    kept: RwLock<HashMap<Box<str>, Standing>>,
    /// Told after every change.
    changes: watch::Sender<()>,
}

/// What the bucket says of one partner.
#[derive(Default)]
struct Standing {
    /// The place of the value in the bucket.
    revision: u64,
    /// The last one that was added and compiles.
    profile: Option<Arc<InForce>>,
    disabled: bool,
    replay: Option<Replay>,
    /// What is wrong with the value.
    wrong: Option<String>,
}

impl Standing {
    /// Whether something is said of the partner.
    fn is_of_account(&self) -> bool {
        self.profile.is_some() || self.disabled || self.wrong.is_some()
    }
}

/// What became of a value of the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It is in force, or of no account here.
    Fine,
    /// It cannot be used; what was in force stays.
    Wrong,
}

impl Profiles {
    fn new(system: System, own: HashMap<Box<str>, Arc<InForce>>) -> Self {
        Self { system, own, kept: RwLock::default(), changes: watch::Sender::new(()) }
    }

    /// The profile of the partner with this subject token: the one that was added, else the file's or the shipped one.
    #[must_use]
    pub fn get(&self, token: &str) -> Option<Arc<InForce>> {
        let added = self.read().get(token).and_then(|standing| standing.profile.clone());
        added.or_else(|| self.own.get(token).cloned())
    }

    /// The subject tokens of all partners with a profile, or of which something is said.
    #[must_use]
    pub fn tokens(&self) -> BTreeSet<Box<str>> {
        let kept = self.read();
        let said = kept.iter().filter(|(_, standing)| standing.profile.is_some() || standing.disabled);
        said.map(|(token, _)| token).chain(self.own.keys()).cloned().collect()
    }

    /// Whether a partner is switched off.
    #[must_use]
    pub fn is_off(&self, token: &str) -> bool {
        self.read().get(token).is_some_and(|standing| standing.disabled)
    }

    /// Which of a partner's messages are read again, and whether any were.
    #[must_use]
    pub fn replay(&self, token: &str) -> Option<Replay> {
        self.read().get(token).and_then(|standing| standing.replay)
    }

    /// What is wrong with what the bucket says, by partner.
    #[must_use]
    pub fn wrong(&self) -> Vec<(Box<str>, String)> {
        let kept = self.read();
        kept.iter().filter_map(|(token, standing)| Some((token.clone(), standing.wrong.clone()?))).collect()
    }

    /// Told after every change of what the bucket says.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Takes in a value of the bucket, or that there is none any more. A value that is known already changes nothing.
    fn take(&self, token: &str, revision: u64, value: Option<&[u8]>) -> Taken {
        if self.read().get(token).is_some_and(|standing| standing.revision >= revision) {
            return Taken::Fine;
        }
        let said = match value {
            None => Ok(None),
            Some(value) => Kept::read(token, value).map(Some),
        };
        let taken = match said {
            Ok(None) => self.forget(token, revision),
            Ok(Some(kept)) if kept.system != self.system => self.forget(token, revision),
            Ok(Some(kept)) => self.take_kept(token, revision, &kept),
            Err(_) if value.is_some_and(|value| is_of_another(self.system, value)) => self.forget(token, revision),
            Err(why) => self.note_wrong(token, revision, why),
        };
        self.changes.send_replace(());
        taken
    }

    /// Nothing is said of a partner, or nothing that is of account here.
    fn forget(&self, token: &str, revision: u64) -> Taken {
        let before = self.write().insert(token.into(), Standing { revision, ..Standing::default() });
        if before.is_some_and(|before| before.profile.is_some()) {
            self.say_what_serves(token);
        }
        Taken::Fine
    }

    fn take_kept(&self, token: &str, revision: u64, kept: &Kept) -> Taken {
        // Compiled outside the lock: messages go on meanwhile.
        let compiled = kept.compile();
        let mut all = self.write();
        if !all.contains_key(token) && all.values().filter(|standing| standing.is_of_account()).count() >= MOST_PARTNERS
        {
            drop(all);
            tracing::error!(
                partner = token,
                "bucket PROFILES holds more than {MOST_PARTNERS} partners; this one is left out"
            );
            return Taken::Fine;
        }
        let standing = all.entry(token.into()).or_default();
        (standing.revision, standing.disabled, standing.replay) = (revision, kept.disabled, kept.replay);
        let (taken, changed) = match compiled {
            Ok(profile) => {
                standing.wrong = None;
                let is_same = profile.as_ref().map(|new| (&new.name, &new.text))
                    == standing.profile.as_deref().map(|old| (&old.name, &old.text));
                if !is_same {
                    standing.profile = profile.map(Arc::new);
                }
                (Taken::Fine, !is_same)
            }
            Err(why) => {
                tracing::error!(
                    partner = token,
                    why,
                    "a profile that was added cannot be used; what was in force stays"
                );
                standing.wrong = Some(why);
                (Taken::Wrong, false)
            }
        };
        drop(all);
        if changed {
            self.say_what_serves(token);
        }
        taken
    }

    fn note_wrong(&self, token: &str, revision: u64, why: String) -> Taken {
        tracing::error!(
            partner = token,
            why,
            "what bucket PROFILES says of a partner cannot be used; what was in force stays"
        );
        let mut all = self.write();
        let standing = all.entry(token.into()).or_default();
        (standing.revision, standing.wrong) = (revision, Some(why));
        Taken::Wrong
    }

    /// Whether a profile of the bucket is in force for a partner.
    fn has_added(&self, token: &str) -> bool {
        self.read().get(token).is_some_and(|standing| standing.profile.is_some())
    }

    /// Puts an earlier profile of the bucket in the place of one that cannot be used. Returns whether that ends the search.
    fn take_earlier(&self, token: &str, value: &[u8]) -> bool {
        let Ok(kept) = Kept::read(token, value) else { return false };
        if kept.system != self.system {
            return true;
        }
        let Ok(profile) = kept.compile() else { return false };
        if let (Some(profile), Some(standing)) = (profile, self.write().get_mut(token)) {
            standing.profile = Some(Arc::new(profile));
        }
        self.changes.send_replace(());
        self.say_what_serves(token);
        true
    }

    /// The profile of the folder, or the one that comes with Waybill, that does not serve because another was added.
    fn set_aside(&self, token: &str) -> Option<&InForce> {
        self.own.get(token).filter(|_| self.has_added(token)).map(AsRef::as_ref)
    }

    fn say_what_serves(&self, partner: &str) {
        match self.get(partner) {
            Some(profile) => {
                let instead_of = self.set_aside(partner);
                let instead_of =
                    instead_of.map_or_else(String::new, |own| format!("{} ({})", own.name, own.origin.as_str()));
                let (name, version, from) = (&*profile.name, profile.version, profile.origin.as_str());
                tracing::info!(partner, profile = name, version, from, instead_of, "its profile is in force");
            }
            None => tracing::warn!(partner, "it has no profile any more; what it sends goes to quarantine"),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Box<str>, Standing>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Box<str>, Standing>> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a value that cannot be read says at least that it is about another kind of system.
fn is_of_another(system: System, value: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Glimpse {
        system: System,
    }
    serde_json::from_slice(value).is_ok_and(|Glimpse { system: of }| of != system)
}

#[cfg(test)]
mod tests;
