//! Which NATS server to connect to, and as whom.

use super::context::Context;
use std::path::PathBuf;

/// The server when nothing says otherwise.
const LOCAL: &str = "nats://127.0.0.1:4222";

/// Which NATS server, and as whom. What is not given here comes from the NATS context, if one is named.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "NATS")]
pub struct NatsSettings {
    /// Servers to connect to, separated by commas [default: nats://127.0.0.1:4222]
    #[arg(long, env = "NATS_URL", value_name = "URL")]
    pub nats_url: Option<String>,
    /// A context of the `nats` command line
    #[arg(long, env = "NATS_CONTEXT", value_name = "NAME")]
    pub nats_context: Option<String>,
    /// A credentials file (JWT and seed)
    #[arg(long, env = "NATS_CREDS", value_name = "FILE", conflicts_with = "nats_nkey")]
    pub nats_creds: Option<PathBuf>,
    /// A file with an NKey seed
    #[arg(long, env = "NATS_NKEY", value_name = "FILE")]
    pub nats_nkey: Option<PathBuf>,
    /// Certificates of authorities to trust, PEM
    #[arg(long, env = "NATS_CA", value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// Own certificate, PEM
    #[arg(long, env = "NATS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Key of the own certificate, PEM
    #[arg(long, env = "NATS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

/// As whom to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Nobody in particular, or as the URL says.
    Anonymous,
    /// By a credentials file.
    Credentials(PathBuf),
    /// By the NKey seed in a file.
    NKey(PathBuf),
    /// By name and password.
    User(String, String),
    /// By a token.
    Token(String),
}

/// Flags, environment and context put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// URLs, separated by commas.
    pub urls: String,
    /// As whom.
    pub identity: Identity,
    /// Authorities to trust beyond the system's.
    pub ca: Option<PathBuf>,
    /// Own certificate and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Where replies come to, when the user may not subscribe to `_INBOX.>`.
    pub inbox_prefix: Option<String>,
    /// TLS before the server's greeting.
    pub tls_first: bool,
}

/// Why the settings do not name a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The context's name cannot be that of a file.
    #[error("NATS context name {name:?} is not one word; see `nats context ls`")]
    ContextName {
        /// The name given.
        name: String,
    },
    /// There is neither `XDG_CONFIG_HOME` nor `HOME`.
    #[error("no folder to look for NATS contexts in; set HOME or XDG_CONFIG_HOME")]
    NoConfigFolder,
    /// The context's file cannot be read.
    #[error("cannot read NATS context {path}: {source}; see `nats context ls`")]
    ContextFile {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The context's file is not what the `nats` command line writes.
    #[error("NATS context {path} is not valid: {source}; write it with `nats context save`")]
    ContextJson {
        /// The file.
        path: PathBuf,
        /// Line, column and what was expected there.
        source: serde_json::Error,
    },
    /// The context asks for something that is not supported, and leaving it out would connect elsewhere.
    #[error("NATS context {path} sets {field}, which is not supported; use a context without it")]
    ContextField {
        /// The file.
        path: PathBuf,
        /// The field.
        field: &'static str,
    },
    /// A certificate without its key, or the other way round.
    #[error("NATS context {path} has only one of cert and key; give both or none")]
    HalfCertificate {
        /// The file.
        path: PathBuf,
    },
}

impl NatsSettings {
    /// Only a URL, all else by default: what a test or an own broker needs.
    pub fn url(url: impl Into<String>) -> Self {
        Self { nats_url: Some(url.into()), ..Self::default() }
    }

    /// Puts flags, environment and context together.
    ///
    /// # Errors
    /// When the context cannot be read or asks for what is not supported.
    pub fn resolve(&self) -> Result<Server, SettingsError> {
        let context = match self.nats_context.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => Context::load(name)?,
            None => Context::default(),
        };
        Ok(self.over(context))
    }

    /// These settings where given, the context's elsewhere. An identity is taken whole from one of the two.
    fn over(&self, context: Context) -> Server {
        let identity = match (&self.nats_creds, &self.nats_nkey) {
            (Some(file), _) => Identity::Credentials(file.clone()),
            (None, Some(file)) => Identity::NKey(file.clone()),
            (None, None) => context.identity,
        };
        let certificate = self.tls_cert.clone().zip(self.tls_key.clone());
        Server {
            urls: self
                .nats_url
                .clone()
                .filter(|url| !url.is_empty())
                .or(context.url)
                .unwrap_or_else(|| LOCAL.to_owned()),
            identity,
            ca: self.tls_ca.clone().or(context.ca),
            certificate: certificate.or(context.certificate),
            inbox_prefix: context.inbox_prefix,
            tls_first: context.tls_first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context {
            url: Some("nats://context:4222".to_owned()),
            identity: Identity::User("ann".to_owned(), "secret".to_owned()),
            ca: Some("/context/ca.pem".into()),
            certificate: None,
            inbox_prefix: Some("_INBOX_ann".to_owned()),
            tls_first: true,
        }
    }

    #[test]
    fn what_is_given_beats_the_context_and_the_rest_is_the_contexts() {
        let settings = NatsSettings {
            nats_url: Some("nats://flag:4222".to_owned()),
            nats_nkey: Some("/flag/seed".into()),
            ..NatsSettings::default()
        };
        let server = settings.over(context());
        assert_eq!(server.urls, "nats://flag:4222");
        assert_eq!(server.identity, Identity::NKey("/flag/seed".into()));
        assert_eq!(server.ca, Some("/context/ca.pem".into()));
        assert_eq!(server.inbox_prefix.as_deref(), Some("_INBOX_ann"));
        assert!(server.tls_first);
    }

    #[test]
    fn nothing_given_is_the_local_server() {
        let server = NatsSettings::default().resolve().unwrap();
        assert_eq!((server.urls.as_str(), server.identity), (LOCAL, Identity::Anonymous));
        assert_eq!(NatsSettings::default().over(context()).urls, "nats://context:4222");
    }

    #[test]
    fn a_context_name_that_leaves_the_folder_is_refused() {
        let settings = NatsSettings { nats_context: Some("../secret".to_owned()), ..NatsSettings::default() };
        assert!(matches!(settings.resolve(), Err(SettingsError::ContextName { .. })));
    }
}
