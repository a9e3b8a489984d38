//! The subjects of the broker that a partner uses.

use partners::Profile;
use serde::Serialize;
use service::streams;

/// Where a partner's messages go, as its profile says; in order.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Subjects {
    /// Where it publishes what it tells.
    pub sends_to: Vec<String>,
    /// Where it finds what it is asked, and told.
    pub receives_at: Vec<String>,
}

impl Subjects {
    /// Those of the profile's partner.
    pub fn of(profile: &Profile) -> Self {
        let (system, token) = (profile.system.as_str(), profile.partner.token());
        let mut sends_to: Vec<_> = profile.messages().map(|name| streams::inbox(system, &token, name)).collect();
        sends_to.sort();
        let receives_at = profile.written().map(|name| streams::outbox(system, &token, name)).collect();
        Self { sends_to, receives_at }
    }

    /// The same in words.
    pub fn words(&self) -> String {
        let all = |verb: &str, at: &str, subjects: &[String]| {
            if subjects.is_empty() { format!("{verb} nothing") } else { format!("{verb} {at} {}", subjects.join(", ")) }
        };
        format!("it {}; it {}", all("sends", "to", &self.sends_to), all("receives", "at", &self.receives_at))
    }
}
