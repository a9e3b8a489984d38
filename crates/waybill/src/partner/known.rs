//! What is known of partners: what people said, what the adapters serve, and what comes with Waybill.

use std::fmt;
use std::path::Path;

use adapter::{Kept, Origin, Question, SIMULATED, Served, check_workflows, served_subject};
use model::{PartnerId, System, token};
use partners::Profile;
use partners::profile::MAX_PROFILE;
use serde::Serialize;
use service::Connection;

use super::said::{Said, Saying};
use super::sample::bytes;
use crate::exit::Failure;
use crate::reach;

/// The kinds of system that have partners.
pub(super) const SYSTEMS: [System; 3] = [System::Erp, System::Wms, System::Tms];

/// The adapter's service of a kind of system.
pub(super) fn service(system: System) -> &'static str {
    match system {
        System::Erp => erp_adapter::ABOUT.name,
        System::Wms => wms_adapter::ABOUT.name,
        System::Tms => tms_adapter::ABOUT.name,
        System::View => visibility::ABOUT.name,
    }
}

/// A profile's text, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub name: String,
    /// What mistakes in it are said with.
    pub file: String,
    pub text: String,
}

impl Text {
    /// The profile in a file, or one that comes with Waybill by its name.
    pub fn find(named: &str) -> Result<Self, Failure> {
        let path = Path::new(named);
        if !path.exists() {
            let all = || partners::shipped().iter().chain(partners::templates());
            let known = all().find(|(name, _)| *name == named);
            return known.map(|(name, text)| Self::shipped(name, text)).ok_or_else(|| {
                let names: Vec<&str> = all().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                Failure::Usage(format!(
                    "{named} is no file, and no profile that comes with Waybill; those are: {names}"
                ))
            });
        }
        let text = String::from_utf8(bytes(path, MAX_PROFILE)?).map_err(|error| {
            let place = error.utf8_error().valid_up_to();
            Failure::Usage(format!("{named} is not UTF-8 at byte {place}; expected a profile, a TOML file"))
        })?;
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { name, file: named.to_owned(), text })
    }

    fn shipped(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), file: format!("{name}.toml, which comes with Waybill"), text: text.to_owned() }
    }

    /// The profile, for another partner than it names where that is given.
    pub fn compile(&self, partner: Option<&PartnerId>) -> Result<Profile, Failure> {
        let wrong = |error: &dyn fmt::Display| Failure::Usage(error.to_string());
        let profile = match partner {
            None => Profile::load(&self.file, &self.text),
            Some(partner) => Profile::load_for(&self.file, &self.text, partner.clone()),
        };
        let profile = profile.map_err(|error| wrong(&error))?;
        check_workflows(&self.file, &profile).map_err(|error| wrong(&error))?;
        Ok(profile)
    }
}

/// The profile that a partner's messages are read through.
#[derive(Debug)]
pub(super) struct InForce {
    pub named: Named,
    pub text: Text,
    pub profile: Profile,
}

/// Which profile it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Named {
    pub name: String,
    pub version: u32,
    pub from: Origin,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "profile {} version {} ({})", self.name, self.version, self.from.as_str())
    }
}

/// What is known of one partner.
pub(super) struct Known {
    /// What people said of it last.
    pub saying: Option<Saying>,
    /// What the adapters say that serve it.
    pub served: Option<Served>,
    pub in_force: Option<InForce>,
}

impl Known {
    /// Looks at the bucket, asks the adapters, and looks at what comes with Waybill, in this order: so does an adapter.
    pub async fn of(partner: &PartnerId, said: &Said, connection: &Connection) -> Result<Self, Failure> {
        let token = partner.token();
        let saying = said.of(&token).await?;
        let mut served = None;
        for system in SYSTEMS {
            let one = served_by(system, Some(&token), connection).await?.and_then(|all| all.into_iter().next());
            served = served.or(one.filter(|one| one.profile.is_some() || one.disabled || one.wrong.is_some()));
        }
        let in_force = in_force(partner, saying.as_ref(), served.as_ref())?;
        Ok(Self { saying, served, in_force })
    }

    /// What people said of it, where this version can read it.
    pub fn kept(&self) -> Option<&Kept> {
        self.saying.as_ref().and_then(|saying| saying.kept.as_ref().ok())
    }

    /// The kind of system it is, as far as anybody knows.
    pub fn system(&self) -> Option<System> {
        let kept = self.kept().filter(|kept| kept.profile.is_some() || kept.disabled).map(|kept| kept.system);
        kept.or_else(|| self.in_force.as_ref().map(|own| own.profile.system))
            .or_else(|| self.served.as_ref().map(|served| served.system))
    }

    /// The profile in force.
    pub fn profile(self, partner: &PartnerId) -> Result<InForce, Failure> {
        self.in_force.ok_or_else(|| nobody(partner))
    }
}

/// Nobody knows the partner.
pub(super) fn nobody(partner: &PartnerId) -> Failure {
    Failure::NotFound(format!(
        "no profile for partner {partner}: none was added, none comes with Waybill, and no adapter that answers has one \
         (`waybill partner list`)"
    ))
}

/// What the adapter of a system serves; nothing when none answers.
pub(super) async fn served_by(
    system: System,
    token: Option<&str>,
    connection: &Connection,
) -> Result<Option<Vec<Served>>, Failure> {
    let question = Question { partner: token.map(str::to_owned) };
    match reach::ask(connection, &served_subject(service(system)), &question).await {
        Ok(served) => Ok(Some(served)),
        Err(Failure::Unreachable(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn in_force(partner: &PartnerId, saying: Option<&Saying>, served: Option<&Served>) -> Result<Option<InForce>, Failure> {
    let kept = saying.and_then(|saying| saying.kept.as_ref().ok());
    if let Some(added) = kept.and_then(|kept| kept.profile.as_ref()) {
        let file = format!("profile {} of partner {partner}", added.name);
        let text = Text { name: added.name.clone(), file, text: added.text.clone() };
        // One that does not compile is not in force; which is, the adapter says.
        if let Ok(profile) = text.compile(Some(partner)) {
            return Ok(Some(named(text, profile, Origin::Bucket)));
        }
    }
    if let Some((text, name, from)) =
        served.and_then(|own| Some((own.text.as_ref()?, own.profile.as_ref()?, own.from?)))
    {
        let file = format!("profile {name} of partner {partner}");
        let text = Text { name: name.clone(), file, text: text.clone() };
        let profile = text.compile(Some(partner))?;
        return Ok(Some(named(text, profile, from)));
    }
    shipped().into_iter().find(|(of, _)| of == partner).map_or(Ok(None), |(_, text)| {
        let profile = text.compile(Some(partner))?;
        Ok(Some(named(text, profile, Origin::Shipped)))
    })
}

fn named(text: Text, profile: Profile, from: Origin) -> InForce {
    InForce { named: Named { name: text.name.clone(), version: profile.version, from }, text, profile }
}

/// The partners that come with Waybill, and their profiles.
pub(super) fn shipped() -> Vec<(PartnerId, Text)> {
    let mut all: Vec<(PartnerId, Text)> = Vec::new();
    for (name, text) in partners::shipped() {
        let text = Text::shipped(name, text);
        // What comes with Waybill compiles; its tests see to it.
        let Ok(profile) = text.compile(None) else { continue };
        let shared = SIMULATED.iter().filter(|(_, profile)| profile == name);
        let shared = shared.filter_map(|(partner, _)| PartnerId::new(partner).ok());
        all.extend(std::iter::once(profile.partner).chain(shared).map(|partner| (partner, text.clone())));
    }
    all
}

/// A partner as a person names it.
pub(super) fn partner(text: &str) -> Result<PartnerId, token::TokenError> {
    PartnerId::new(text)
}
