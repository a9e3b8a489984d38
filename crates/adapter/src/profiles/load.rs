//! The profiles an adapter begins with: those of a folder, or those that come with Waybill.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{PartnerId, System};
use partners::{Profile, ProfileError};

use super::{InForce, Origin, Profiles};
use crate::settings::SharedProfile;
use crate::workflows::WORKFLOWS;

/// Simulated partners that share the profile of another; they are served along with the profiles that come with Waybill.
pub const SIMULATED: [(&str, &str); 2] = [("wms-west", "sim-wms"), ("tms-spare", "sim-tms")];

/// The largest profile that is read, in bytes.
const MAX_PROFILE: u64 = 1024 * 1024;

/// Why there are no profiles to work with.
#[derive(Debug, thiserror::Error)]
pub enum ProfilesError {
    /// The folder or a file cannot be read.
    #[error("cannot read {path}: {source}; --profiles names a folder of *.toml files")]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A file is too large to be a profile.
    #[error("{path} has {bytes} bytes; a profile has at most {MAX_PROFILE}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// A profile is wrong.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Two profiles are for the same partner.
    #[error("{second}: partner {partner} has a profile already, in {first}; keep one of them")]
    Twice {
        /// The partner.
        partner: String,
        /// The file with its first profile.
        first: String,
        /// The file with its second.
        second: String,
    },
    /// A partner is to share a profile, and is served through another one already.
    #[error("--partner {partner}={profile}: the partner is served already, through {first}; leave the flag out")]
    Served {
        /// The partner.
        partner: String,
        /// The profile it is to share.
        profile: String,
        /// The file of the profile it is served through.
        first: String,
    },
    /// A partner is to share a profile that is not there.
    #[error(
        "--partner {partner}={profile}: no profile is called `{profile}` in {place}; expected the name of a file there, \
         without folder and `.toml`: {names}"
    )]
    NoSuchProfile {
        /// The partner.
        partner: String,
        /// The profile.
        profile: String,
        /// Where it was looked for.
        place: String,
        /// The profiles there.
        names: String,
    },
    /// A partner is to share a profile for another kind of system.
    #[error("--partner {partner}={profile}: the profile is for the {of}; expected one with system = \"{system}\"")]
    OtherSystem {
        /// The partner.
        partner: String,
        /// The profile.
        profile: String,
        /// The kind of system it is for.
        of: System,
        /// The kind of system that is served.
        system: System,
    },
    /// A message is about a workflow that is not there.
    #[error("{file}: message `{message}` is about workflow `{workflow}`; expected one of: {known}")]
    Workflow {
        /// The file.
        file: String,
        /// The message.
        message: String,
        /// The workflow.
        workflow: String,
        /// Those that are there.
        known: String,
    },
    /// There is none for this kind of system.
    #[error("no profile for {system} in {place}; expected at least one with system = \"{system}\"")]
    None {
        /// The kind of system.
        system: System,
        /// Where they were looked for.
        place: String,
    },
}

/// A profile's text, and what it is called.
struct Text {
    /// Its file, for people.
    file: String,
    /// Its file's name without `.toml`.
    name: String,
    text: String,
    /// Whether it serves only partners that are given it.
    is_template: bool,
    origin: Origin,
}

/// Those that were loaded, and the file of each.
#[derive(Default)]
struct Loaded {
    by_token: HashMap<Box<str>, (String, Arc<InForce>)>,
}

impl Profiles {
    /// The profiles for `system` of a folder, or those that come with Waybill. Profiles for other systems are read and
    /// left alone, so that one folder serves every adapter.
    ///
    /// # Errors
    /// [`ProfilesError`] names the file, the line and what was expected.
    pub fn load(system: System, folder: Option<&Path>, shared: &[SharedProfile]) -> Result<Self, ProfilesError> {
        let (texts, place) = match folder {
            None => (shipped(), "what comes with Waybill".to_owned()),
            Some(folder) => (texts(folder)?, folder.display().to_string()),
        };
        let mut loaded = Loaded::default();
        for text in texts.iter().filter(|text| !text.is_template) {
            loaded.add(system, text, Profile::load(&text.file, &text.text)?)?;
        }
        if folder.is_none() {
            for shared in SIMULATED.iter().filter_map(|(partner, profile)| shared_by(partner, profile)) {
                let (text, profile) = load_shared(&texts, &place, &shared)?;
                loaded.add(system, text, profile)?;
            }
        }
        for shared in shared {
            let (text, profile) = load_shared(&texts, &place, shared)?;
            if profile.system != system {
                let (partner, name) = (shared.partner.to_string(), shared.profile.clone());
                return Err(ProfilesError::OtherSystem { partner, profile: name, of: profile.system, system });
            }
            if !loaded.serves(shared, text)? {
                loaded.add(system, text, profile)?;
            }
        }
        if loaded.by_token.is_empty() {
            return Err(ProfilesError::None { system, place });
        }
        Ok(Self::new(system, loaded.by_token.into_iter().map(|(token, (_, profile))| (token, profile)).collect()))
    }
}

impl Loaded {
    /// Whether a partner is served through this very profile already.
    fn serves(&self, shared: &SharedProfile, text: &Text) -> Result<bool, ProfilesError> {
        match self.by_token.get(shared.partner.token().as_ref()) {
            None => Ok(false),
            Some((first, _)) if *first == text.file => Ok(true),
            Some((first, _)) => Err(ProfilesError::Served {
                partner: shared.partner.to_string(),
                profile: shared.profile.clone(),
                first: first.clone(),
            }),
        }
    }

    fn add(&mut self, system: System, text: &Text, profile: Profile) -> Result<(), ProfilesError> {
        if profile.system != system {
            return Ok(());
        }
        check_workflows(&text.file, &profile)?;
        let token: Box<str> = profile.partner.token().into();
        if let Some((first, _)) = self.by_token.get(&token) {
            let partner = profile.partner.to_string();
            return Err(ProfilesError::Twice { partner, first: first.clone(), second: text.file.clone() });
        }
        let (name, toml) = (text.name.as_str().into(), text.text.as_str().into());
        let in_force = InForce { name, origin: text.origin, text: toml, profile };
        self.by_token.insert(token, (text.file.clone(), Arc::new(in_force)));
        Ok(())
    }
}

/// Whether each message of a profile is about a workflow that is there.
///
/// # Errors
/// [`ProfilesError::Workflow`] names the message, and the workflows there are.
pub fn check_workflows(file: &str, profile: &Profile) -> Result<(), ProfilesError> {
    let is_known = |workflow: &str| WORKFLOWS.iter().any(|layout| layout.name == workflow);
    let Some((message, workflow)) = profile.workflows().find(|(_, workflow)| !is_known(workflow)) else {
        return Ok(());
    };
    let known = WORKFLOWS.iter().map(|layout| layout.name).collect::<Vec<_>>().join(", ");
    let (file, message, workflow) = (file.to_owned(), message.to_owned(), workflow.to_owned());
    Err(ProfilesError::Workflow { file, message, workflow, known })
}

/// What comes with Waybill. Nobody has every carrier, and each partner that is served costs a consumer.
fn shipped() -> Vec<Text> {
    let text = |(name, text): &(&str, &str), is_template| Text {
        file: format!("{name}.toml, which comes with Waybill"),
        name: (*name).to_owned(),
        text: (*text).to_owned(),
        is_template,
        origin: Origin::Shipped,
    };
    let served = partners::shipped().iter().map(|profile| text(profile, false));
    served.chain(partners::templates().iter().map(|profile| text(profile, true))).collect()
}

/// The profile of a partner that shares another's.
fn load_shared<'t>(
    texts: &'t [Text],
    place: &str,
    shared: &SharedProfile,
) -> Result<(&'t Text, Profile), ProfilesError> {
    let SharedProfile { partner, profile } = shared;
    let Some(text) = texts.iter().find(|text| text.name == *profile) else {
        let names: Vec<&str> = texts.iter().map(|text| text.name.as_str()).collect();
        return Err(ProfilesError::NoSuchProfile {
            partner: partner.to_string(),
            profile: profile.clone(),
            place: place.to_owned(),
            names: names.join(", "),
        });
    };
    Ok((text, Profile::load_for(&text.file, &text.text, partner.clone())?))
}

fn shared_by(partner: &str, profile: &str) -> Option<SharedProfile> {
    let partner = PartnerId::new(partner).ok()?;
    Some(SharedProfile { partner, profile: profile.to_owned() })
}

fn texts(folder: &Path) -> Result<Vec<Text>, ProfilesError> {
    let text = |path: PathBuf| {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Text {
            file: path.display().to_string(),
            name,
            text: read(&path)?,
            is_template: false,
            origin: Origin::Folder,
        })
    };
    files(folder)?.into_iter().map(text).collect()
}

/// The profiles of a folder, by name, so that mistakes are found in the same order everywhere.
fn files(folder: &Path) -> Result<Vec<PathBuf>, ProfilesError> {
    let failed = |source| ProfilesError::Read { path: folder.to_path_buf(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String, ProfilesError> {
    let failed = |source| ProfilesError::Read { path: path.to_path_buf(), source };
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    if bytes > MAX_PROFILE {
        return Err(ProfilesError::TooLarge { path: path.to_path_buf(), bytes });
    }
    std::fs::read_to_string(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(folder: &Path, shared: &[SharedProfile]) -> String {
        Profiles::load(System::Wms, Some(folder), shared).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_shipped_profiles_serve_every_system() {
        for (system, expected) in [
            (System::Erp, vec!["erp-main", "shopify", "woocommerce"]),
            (System::Wms, vec!["wms-east", "wms-west"]),
            (System::Tms, vec!["tms-main", "tms-spare"]),
        ] {
            let profiles = Profiles::load(system, None, &[]).unwrap();
            assert_eq!(profiles.tokens().iter().map(AsRef::as_ref).collect::<Vec<&str>>(), expected);
        }
        let shop = shared_by("shop 2", "shopify").unwrap();
        assert!(Profiles::load(System::Erp, None, &[shop]).unwrap().get("shop=202").is_some());
    }

    #[test]
    fn a_carrier_is_served_where_a_partner_is_given_its_profile() {
        for (system, served) in [(System::Erp, 3), (System::Wms, 2), (System::Tms, 2)] {
            let is_of = |text: &str| text.contains(&format!("system = \"{system}\""));
            let templates = partners::templates().iter().filter(|(_, text)| is_of(text));
            let given: Vec<_> = templates.map(|(name, _)| shared_by(name, name).unwrap()).collect();
            let profiles = Profiles::load(system, None, &given).unwrap();
            assert!(!given.is_empty());
            assert_eq!(profiles.tokens().len(), served + given.len());
        }
        let second = shared_by("fedex-us", "fedex").unwrap();
        let profiles = Profiles::load(System::Tms, None, &[second]).unwrap();
        assert_eq!(profiles.get("fedex-us").unwrap().partner.as_str(), "fedex-us");
        assert!(profiles.get("fedex").is_none());
    }

    #[test]
    fn a_partner_may_be_given_the_profile_it_is_served_through_and_no_other() {
        let west = shared_by("wms-west", "sim-wms").unwrap();
        let east = shared_by("wms-east", "sim-wms").unwrap();
        let profiles = Profiles::load(System::Wms, None, &[west.clone(), west, east]).unwrap();
        assert_eq!(profiles.tokens().len(), 2);
        let folder = tempfile::tempdir().unwrap();
        for (name, partner) in [("a.toml", "w"), ("b.toml", "x")] {
            let text = format!("partner = \"{partner}\"\nsystem = \"wms\"\nversion = 1\n");
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let words = error(folder.path(), &[shared_by("w", "b").unwrap()]);
        assert!(words.starts_with("--partner w=b: the partner is served already, through "), "{words}");
        assert!(words.ends_with("a.toml; leave the flag out"), "{words}");
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        assert!(error(folder.path(), &[]).starts_with("no profile for wms in "));
        assert!(error(&folder.path().join("none"), &[]).starts_with("cannot read "));
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("notes.txt", "not a profile");
        write("b.toml", "partner = \"w\"\nsystem = \"wms\"\nversion = 1\n");
        assert_eq!(error(folder.path(), &[]), "");
        assert_eq!(
            error(folder.path(), &[shared_by("w2", "b.toml").unwrap()]),
            format!(
                "--partner w2=b.toml: no profile is called `b.toml` in {}; expected the name of a file there, without \
                 folder and `.toml`: b",
                folder.path().display()
            )
        );
        write("e.toml", "partner = \"e\"\nsystem = \"erp\"\nversion = 1\n");
        assert_eq!(error(folder.path(), &[]), "", "one folder serves every adapter");
        assert_eq!(
            error(folder.path(), &[shared_by("w2", "e").unwrap()]),
            "--partner w2=e: the profile is for the erp; expected one with system = \"wms\""
        );
        write("c.toml", "partner = \"w\"\nsystem = \"wms\"\nversion = 1\n");
        assert!(error(folder.path(), &[]).contains("partner w has a profile already"));
        write("a.toml", "partner = \"x\"\nsystem = \"wms\"\nversions = 1\n");
        let wrong = error(folder.path(), &[]);
        assert!(wrong.contains("a.toml:") && wrong.contains("version"), "{wrong}");
    }
}
