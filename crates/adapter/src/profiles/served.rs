//! Which partners an adapter serves, and through which profiles, for those who ask.

use async_nats::service::Request;
use bytes::Bytes;
use model::{System, token};
use serde::{Deserialize, Serialize};

use super::{Origin, Profiles};

/// Where a service answers which partners it serves.
#[must_use]
pub fn served_subject(service: &str) -> String {
    format!("{service}.partners")
}

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Only this partner, by its subject token, with the text of its profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
}

/// A partner that an adapter serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// The partner.
    pub partner: String,
    /// The kind of system it is.
    pub system: System,
    /// The name of its profile; nothing where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The version of its profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Where its profile is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Origin>,
    /// Where the one is from that would serve if this one were removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Origin>,
    /// Whether it is switched off.
    pub disabled: bool,
    /// What is wrong with what was said of it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
    /// The messages that its profile reads.
    pub reads: Vec<String>,
    /// The requests that its profile writes.
    pub writes: Vec<String>,
    /// The profile itself, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The place in bucket `PROFILES` of what is known to be said of it; 0 where nothing is.
    pub revision: u64,
}

/// Answers a question.
pub async fn answer(profiles: &Profiles, question: Request) {
    // Who asks nothing in particular wants all of them.
    let asked: Question = serde_json::from_slice(&question.message.payload).unwrap_or_default();
    // A list of plain values always has a JSON form.
    let answer = Bytes::from(serde_json::to_vec(&profiles.served(&asked)).unwrap_or_default());
    if let Err(error) = question.respond(Ok(answer)).await {
        tracing::debug!(%error, "an answer was not sent");
    }
}

impl Profiles {
    /// The partners that are served, or of which something is said, by name.
    fn served(&self, question: &Question) -> Vec<Served> {
        let mut tokens = self.tokens();
        tokens.extend(self.wrong().into_iter().map(|(token, _)| token));
        tokens.extend(question.partner.as_deref().map(Into::into));
        let wanted = |token: &&str| question.partner.as_deref().is_none_or(|partner| partner == *token);
        let tokens = tokens.iter().map(AsRef::as_ref).filter(wanted);
        tokens.map(|token| self.one(token, question.partner.is_some())).collect()
    }

    fn one(&self, token: &str, with_text: bool) -> Served {
        let profile = self.get(token);
        let sorted = |names: Option<Vec<&str>>| {
            let mut names: Vec<String> = names.unwrap_or_default().into_iter().map(str::to_owned).collect();
            names.sort();
            names
        };
        let kept = self.read();
        let standing = kept.get(token);
        Served {
            partner: token::unescape(token).unwrap_or_else(|_| token.to_owned()),
            system: self.system,
            profile: profile.as_ref().map(|profile| profile.name.to_string()),
            version: profile.as_ref().map(|profile| profile.version),
            from: profile.as_ref().map(|profile| profile.origin),
            before: self.set_aside(token).map(|own| own.origin),
            disabled: standing.is_some_and(|standing| standing.disabled),
            wrong: standing.and_then(|standing| standing.wrong.clone()),
            reads: sorted(profile.as_ref().map(|profile| profile.messages().collect())),
            writes: sorted(profile.as_ref().map(|profile| profile.requests().collect())),
            text: profile.as_ref().filter(|_| with_text).map(|profile| profile.text.to_string()),
            revision: standing.map_or(0, |standing| standing.revision),
        }
    }
}
