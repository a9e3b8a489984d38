//! The contexts that the `nats` command line saves, one JSON file each.

use super::nats::{Identity, SettingsError};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What a context says about the server.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) url: Option<String>,
    pub(super) identity: Identity,
    pub(super) ca: Option<PathBuf>,
    pub(super) certificate: Option<(PathBuf, PathBuf)>,
    pub(super) inbox_prefix: Option<String>,
    pub(super) tls_first: bool,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            url: None,
            identity: Identity::Anonymous,
            ca: None,
            certificate: None,
            inbox_prefix: None,
            tls_first: false,
        }
    }
}

/// The file as the `nats` command line writes it; an empty text is a field that is not set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    url: String,
    token: String,
    user: String,
    password: String,
    creds: String,
    nkey: String,
    cert: String,
    key: String,
    ca: String,
    inbox_prefix: String,
    tls_first: bool,
    nsc: String,
    user_jwt: String,
    user_seed: String,
    socks_proxy: String,
    jetstream_domain: String,
    jetstream_api_prefix: String,
}

impl Context {
    /// Reads the context called `name` from where the `nats` command line keeps it.
    pub(super) fn load(name: &str) -> Result<Self, SettingsError> {
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(SettingsError::ContextName { name: name.to_owned() });
        }
        let home = absolute("HOME");
        let folder = absolute("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
        let folder = folder.ok_or(SettingsError::NoConfigFolder)?;
        Self::read(&folder.join("nats/context").join(format!("{name}.json")), home.as_deref())
    }

    fn read(path: &Path, home: Option<&Path>) -> Result<Self, SettingsError> {
        let at = || path.to_path_buf();
        let text = std::fs::read_to_string(path).map_err(|source| SettingsError::ContextFile { path: at(), source })?;
        let file: File =
            serde_json::from_str(&text).map_err(|source| SettingsError::ContextJson { path: at(), source })?;
        if let Some(field) = file.unsupported() {
            return Err(SettingsError::ContextField { path: at(), field });
        }
        let named = |text: &str| (!text.is_empty()).then(|| from_home(text, home));
        let certificate = match (named(&file.cert), named(&file.key)) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(SettingsError::HalfCertificate { path: at() }),
        };
        let identity = match (named(&file.creds), named(&file.nkey)) {
            (Some(creds), _) => Identity::Credentials(creds),
            (None, Some(seed)) => Identity::NKey(seed),
            (None, None) if !file.user.is_empty() => Identity::User(file.user, file.password),
            (None, None) if !file.token.is_empty() => Identity::Token(file.token),
            (None, None) => Identity::Anonymous,
        };
        Ok(Self {
            url: Some(file.url).filter(|url| !url.is_empty()),
            identity,
            ca: named(&file.ca),
            certificate,
            inbox_prefix: Some(file.inbox_prefix).filter(|prefix| !prefix.is_empty()),
            tls_first: file.tls_first,
        })
    }
}

impl File {
    fn unsupported(&self) -> Option<&'static str> {
        let fields = [
            ("nsc", &self.nsc),
            ("user_jwt", &self.user_jwt),
            ("user_seed", &self.user_seed),
            ("socks_proxy", &self.socks_proxy),
            ("jetstream_domain", &self.jetstream_domain),
            ("jetstream_api_prefix", &self.jetstream_api_prefix),
        ];
        fields.into_iter().find(|(_, value)| !value.is_empty()).map(|(field, _)| field)
    }
}

fn absolute(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// `~/x` is x in the home folder, as in a shell.
fn from_home(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        (Some(_), None) | (None, _) => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Context, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("here.json");
        std::fs::write(&path, text).unwrap();
        Context::read(&path, Some(Path::new("/home/ann")))
    }

    #[test]
    fn a_context_as_the_nats_command_line_writes_it() {
        let text = r#"{ "description": "test", "url": "tls://a:4222,tls://b:4222", "socks_proxy": "", "token": "",
            "user": "", "password": "", "creds": "~/keys/erp.creds", "nkey": "", "cert": "/c.pem", "key": "/k.pem",
            "ca": "/ca.pem", "nsc": "", "jetstream_domain": "", "jetstream_api_prefix": "",
            "jetstream_event_prefix": "", "inbox_prefix": "_INBOX_erp", "user_jwt": "", "color_scheme": "",
            "tls_first": false }"#;
        let context = read(text).unwrap();
        assert_eq!(context.url.as_deref(), Some("tls://a:4222,tls://b:4222"));
        assert_eq!(context.identity, Identity::Credentials("/home/ann/keys/erp.creds".into()));
        assert_eq!(context.certificate, Some(("/c.pem".into(), "/k.pem".into())));
        assert_eq!(context.ca, Some("/ca.pem".into()));
        assert_eq!(context.inbox_prefix.as_deref(), Some("_INBOX_erp"));
    }

    #[test]
    fn each_identity_is_read() {
        let identity = |text| read(text).unwrap().identity;
        assert_eq!(identity(r#"{"user":"ann","password":"x"}"#), Identity::User("ann".into(), "x".into()));
        assert_eq!(identity(r#"{"token":"t"}"#), Identity::Token("t".into()));
        assert_eq!(identity(r#"{"nkey":"/seed"}"#), Identity::NKey("/seed".into()));
        assert_eq!(identity("{}"), Identity::Anonymous);
    }

    #[test]
    fn what_would_be_left_out_is_refused() {
        assert!(matches!(read(r#"{"nsc":"nsc://o/a/u"}"#), Err(SettingsError::ContextField { field: "nsc", .. })));
        assert!(matches!(read(r#"{"cert":"/c.pem"}"#), Err(SettingsError::HalfCertificate { .. })));
        let error = read("{\n \"url\": 4222 }").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        assert!(matches!(Context::read(Path::new("/no/such"), None), Err(SettingsError::ContextFile { .. })));
    }
}
