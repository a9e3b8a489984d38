//! What an operator can say about an adapter.

use std::path::PathBuf;
use std::time::Duration;

use model::{PartnerId, System};

use crate::profiles::{Profiles, ProfilesError};

/// The settings of an adapter.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Adapter")]
pub struct Settings {
    /// Folder of partner profiles (*.toml); without it the ones that come with Waybill are used. One that `waybill partner add`
    /// added goes before that of the same partner
    #[arg(long, env = "WAYBILL_PROFILES", value_name = "DIR")]
    pub profiles: Option<PathBuf>,
    /// Serve a partner through a profile that names another: two shops of one make share a file, as in shop-2=shopify.
    /// PROFILE is the name of a file without `.toml`, in the folder or among those that come with Waybill
    #[arg(long = "partner", env = "WAYBILL_PARTNERS", value_name = "PARTNER=PROFILE", value_delimiter = ',',
          value_parser = shared_profile)]
    pub partners: Vec<SharedProfile>,
    /// How long a message waits for a reference nobody knows yet before it is quarantined, such as 90s or 10m
    #[arg(long, env = "WAYBILL_PATIENCE", value_name = "TIME", default_value = "2m", value_parser = patience)]
    pub patience: Duration,
    /// Messages worked on at once, for each partner and for the asks
    #[arg(long, env = "WAYBILL_IN_FLIGHT", value_name = "N", default_value_t = 256,
          value_parser = clap::value_parser!(u32).range(1..=MOST_IN_FLIGHT))]
    pub in_flight: u32,
}

/// A partner that is served through a profile written for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedProfile {
    /// The partner.
    pub partner: PartnerId,
    /// The profile's name: its file's, without `.toml`.
    pub profile: String,
}

/// The most messages worked on at once; the broker delivers a few more ahead.
const MOST_IN_FLIGHT: i64 = 4096;
/// The shortest patience. What a reference means may be on its way in another partner's message.
const SHORTEST_PATIENCE: Duration = Duration::from_millis(100);
/// The longest patience. What waits is redelivered every half minute, and counts against what the broker hands out.
const LONGEST_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Settings {
    fn default() -> Self {
        Self { profiles: None, partners: Vec::new(), patience: Duration::from_secs(120), in_flight: 256 }
    }
}

impl Settings {
    /// Reads every profile the settings name, so that a mistake in one is found before anything is started.
    ///
    /// # Errors
    /// Names the file, the line and what was expected.
    pub fn check(&self, system: System) -> anyhow::Result<()> {
        self.profiles_for(system)?;
        Ok(())
    }

    /// The profiles for one kind of system.
    pub(crate) fn profiles_for(&self, system: System) -> Result<Profiles, ProfilesError> {
        Profiles::load(system, self.profiles.as_deref(), &self.partners)
    }
}

fn shared_profile(text: &str) -> Result<SharedProfile, String> {
    let (partner, profile) = text.rsplit_once('=').ok_or("expected PARTNER=PROFILE, such as shop-2=shopify")?;
    let partner = PartnerId::new(partner).map_err(|error| format!("the partner {error}"))?;
    Ok(SharedProfile { partner, profile: profile.to_owned() })
}

fn patience(text: &str) -> Result<Duration, String> {
    let patience = humantime::parse_duration(text).map_err(|error| format!("{error}; expected a time such as 90s"))?;
    if patience < SHORTEST_PATIENCE || patience > LONGEST_PATIENCE {
        return Err("expected from 100ms to 24h".to_owned());
    }
    Ok(patience)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn the_defaults_are_those_of_the_command_line() {
        let parsed = Line::parse_from(["x"]).settings;
        let default = Settings::default();
        assert_eq!((parsed.profiles, parsed.patience, parsed.in_flight), (None, default.patience, default.in_flight));
    }

    #[test]
    fn the_inbox_takes_what_the_adapters_read_and_nothing_else() {
        let read =
            [System::Erp, System::Wms, System::Tms].map(|system| service::streams::inbox(system.as_str(), "*", "*"));
        assert_eq!(service::streams::INBOX_SUBJECTS.map(str::to_owned), read);
    }

    #[test]
    fn partners_may_share_a_profile() {
        let parsed = Line::parse_from(["x", "--partner", "a=b=shopify,shop-2=shopify"]).settings;
        let named: Vec<_> =
            parsed.partners.iter().map(|named| (named.partner.as_str(), named.profile.as_str())).collect();
        assert_eq!(named, [("a=b", "shopify"), ("shop-2", "shopify")]);
        assert!(Line::try_parse_from(["x", "--partner", "shop-2"]).is_err());
    }

    #[test]
    fn a_wrong_value_is_refused() {
        for wrong in [
            ["--patience", "soon"],
            ["--patience", "25h"],
            ["--patience", "0s"],
            ["--patience", "-1s"],
            ["--in-flight", "0"],
            ["--in-flight", "100000"],
        ] {
            assert!(Line::try_parse_from(std::iter::once("x").chain(wrong)).is_err(), "{wrong:?}");
        }
    }
}
