//! What people say of a partner while the adapters run: a profile they added, and whether it is switched off.
//!
//! Bucket `PROFILES`, key the partner's subject token, value [`Kept`] as JSON. What was said before stays as the key's history.

use engine::Operator;
use model::{PartnerId, System, Timestamp};
use partners::Profile;
use serde::{Deserialize, Serialize};

use super::InForce;
use super::load::check_workflows;

/// All that is said of one partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What was done last.
    pub action: Action,
    /// Who did it, and why.
    #[serde(flatten)]
    pub by: Operator,
    /// When.
    pub at: Timestamp,
    /// The partner.
    pub partner: PartnerId,
    /// The kind of system it is; adapters of others leave it alone.
    pub system: System,
    /// The profile that was added; nothing where it has none but its file's or the one that comes with Waybill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Added>,
    /// Whether it is switched off: what it sends and what it is asked waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// What of its messages was read again last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
}

/// What was done about a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A profile was added.
    Add,
    /// The profile that was added was taken away.
    Remove,
    /// It was switched off.
    Disable,
    /// It was switched on again.
    Enable,
    /// Its messages were read again.
    Replay,
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}

/// A profile that was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// What it is called, as in the source of the facts it reads.
    pub name: String,
    /// Its version, as its text has it.
    pub version: u32,
    /// The profile, a TOML text.
    pub text: String,
}

/// Messages that are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// None of them came in before.
    pub since: Timestamp,
    /// The first, by its place in the inbox.
    pub from: u64,
    /// The last.
    pub upto: u64,
}

impl Action {
    /// The word, as it is kept.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Replay => "replay",
            Self::Other => "other",
        }
    }
}

impl Kept {
    /// What a value of the bucket says.
    ///
    /// # Errors
    /// In words, when it was not written by Waybill or is about another partner than its key.
    pub fn read(token: &str, value: &[u8]) -> Result<Self, String> {
        let kept: Self = serde_json::from_slice(value)
            .map_err(|error| format!("bucket PROFILES holds under {token} what this version cannot read: {error}"))?;
        if kept.partner.token() != token {
            return Err(format!("bucket PROFILES holds under {token} what is about partner {}", kept.partner));
        }
        Ok(kept)
    }

    /// The bytes to put into the bucket.
    ///
    /// # Errors
    /// Never for what this version can hold.
    pub fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// The profile that was added, ready to read messages; nothing where none was.
    ///
    /// # Errors
    /// In words, with line and column, when it does not compile or is for another kind of system.
    pub fn compile(&self) -> Result<Option<InForce>, String> {
        let Some(Added { name, text, .. }) = &self.profile else { return Ok(None) };
        let file = format!("profile {name} of partner {}", self.partner);
        let profile = Profile::load_for(&file, text, self.partner.clone()).map_err(|error| error.to_string())?;
        if profile.system != self.system {
            return Err(format!(
                "{file} is for the {}, and the partner is kept as one of the {}",
                profile.system, self.system
            ));
        }
        check_workflows(&file, &profile).map_err(|error| error.to_string())?;
        Ok(Some(InForce {
            name: name.as_str().into(),
            origin: super::Origin::Bucket,
            text: text.as_str().into(),
            profile,
        }))
    }
}
