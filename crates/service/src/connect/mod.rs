//! The connection to NATS that a service works on.

mod events;
mod files;
mod refusal;

use crate::settings::{Identity, NatsSettings, Server, SettingsError};
use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{ConnectOptions, ServerAddr};
use refusal::Refusal;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;

/// Commands waiting to be written to the socket; a pipelined burst of publishes fits without waiting.
const CLIENT_CAPACITY: usize = 8_192;
/// Messages that may wait in one subscription before the client drops some. Well above what a pull asks for.
const SUBSCRIPTION_CAPACITY: usize = 65_536;
/// Publishes that may be without an awaited acknowledgement, over all tasks on one connection. The next publish waits
/// until one is awaited, so a task that collects acknowledgements must await them before it holds this many: it would
/// wait for itself. Measured, 1,000 in flight already saturate a broker; two services at the limit stay under the
/// 10,000 that a stream queues before it refuses.
pub const MAX_ACKS_IN_FLIGHT: usize = 4_096;
/// How long a JetStream call or an acknowledgement may take before it counts as lost.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the broker is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// A service that starts before its broker waits for it this often and this long: about half a minute.
const CONNECT_ATTEMPTS: u32 = 20;
const CONNECT_PAUSE: Duration = Duration::from_millis(100);
const CONNECT_PAUSE_LIMIT: Duration = Duration::from_secs(2);

/// A connection and what is known of its health. Clones share it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// For requests, replies and what is not kept.
    pub client: async_nats::Client,
    /// For streams; API calls and acknowledgements are bounded in time, publishes in flight by [`MAX_ACKS_IN_FLIGHT`].
    pub js: jetstream::Context,
    /// The last thing the broker did not permit, in words. It is forgotten when the connection is made anew, as after
    /// the permissions have been mended.
    pub violations: watch::Receiver<Option<String>>,
    /// Why there is no connection now; None while there is one.
    pub outage: watch::Receiver<Option<String>>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The settings do not name a server.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The URL is empty.
    #[error("NATS_URL or --nats-url names no server; write it as nats://host:4222")]
    NoServer,
    /// A URL cannot be read.
    #[error("{url:?} is not a NATS URL: {source}; write it as nats://host:4222")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// A credentials, seed or certificate file cannot be read.
    #[error("cannot read {what} {path}: {source}")]
    File {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A credentials, seed or certificate file is not what it should be.
    #[error("{what} {path}: {problem}")]
    Content {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what was expected.
        problem: String,
    },
    /// The server refuses this user; trying again would not help.
    #[error("{urls} refuses this user: {source}; check NATS_CREDS, NATS_NKEY or the context")]
    Refused {
        /// Where.
        urls: String,
        /// The client's words.
        source: async_nats::ConnectError,
    },
    /// One side does not trust the other's certificate; trying again would not help.
    #[error("no TLS with {urls}: {source}; {advice}")]
    Tls {
        /// Where.
        urls: String,
        /// What to do.
        advice: &'static str,
        /// The client's words.
        source: async_nats::ConnectError,
    },
    /// Nobody answered, however often tried.
    #[error("no NATS server at {urls} after {attempts} attempts: {source}; start one or set NATS_URL")]
    Unreachable {
        /// Where.
        urls: String,
        /// How often it was tried.
        attempts: u32,
        /// The client's words about the last attempt.
        source: async_nats::ConnectError,
    },
}

/// Checks that the settings name a server, and that every file they name is there and what it should be.
///
/// # Errors
/// All but [`ConnectError::Refused`], [`ConnectError::Tls`] and [`ConnectError::Unreachable`].
pub fn check(settings: &NatsSettings) -> Result<(), ConnectError> {
    let server = settings.resolve()?;
    options(&server, &addresses(&server.urls)?, "check").map(drop)
}

/// Connects under `name`, waiting a while for a server that is just starting. Once connected, the client reconnects by
/// itself for ever.
///
/// # Errors
/// When settings or files are wrong, the server refuses the user, or nobody answers.
pub async fn connect(settings: &NatsSettings, name: &str) -> Result<Connection, ConnectError> {
    let server = settings.resolve()?;
    let addresses = addresses(&server.urls)?;
    let (violation, violations) = watch::channel(None);
    let (outage_now, outage) = watch::channel(None);
    let options = options(&server, &addresses, name)?.event_callback(move |event| {
        events::note(&event, &violation, &outage_now);
        std::future::ready(())
    });
    let client = with_patience(&options, &addresses).await?;
    let js = ContextBuilder::new()
        .timeout(REQUEST_TIMEOUT)
        .max_ack_inflight(MAX_ACKS_IN_FLIGHT)
        .backpressure_on_inflight(true)
        .build(client.clone());
    Ok(Connection { client, js, violations, outage })
}

async fn with_patience(options: &ConnectOptions, addresses: &[ServerAddr]) -> Result<async_nats::Client, ConnectError> {
    // Host and port alone: a URL may hold a password, and this is for logs.
    let urls: Vec<String> = addresses.iter().map(|address| format!("{}:{}", address.host(), address.port())).collect();
    let urls = urls.join(", ");
    let mut pause = CONNECT_PAUSE;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let source = match options.clone().connect(addresses).await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        match refusal::refusal(&source) {
            Some(Refusal::User) => return Err(ConnectError::Refused { urls, source }),
            Some(Refusal::Tls(advice)) => return Err(ConnectError::Tls { urls, advice, source }),
            None if attempts >= CONNECT_ATTEMPTS => return Err(ConnectError::Unreachable { urls, attempts, source }),
            None => {}
        }
        tracing::info!(urls, attempts, error = %source, "no NATS server yet");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(CONNECT_PAUSE_LIMIT);
    }
}

fn addresses(urls: &str) -> Result<Vec<ServerAddr>, ConnectError> {
    let urls = urls.split(',').map(str::trim).filter(|url| !url.is_empty());
    // What stands before the @ may be a password.
    let shown = |url: &str| url.rsplit('@').next().unwrap_or_default().to_owned();
    let wrong = |url: &str, source| ConnectError::Url { url: shown(url), source };
    let address = |url: &str| {
        let address: ServerAddr = url.parse().map_err(|source| wrong(url, source))?;
        if address.is_websocket() {
            return Err(wrong(url, std::io::Error::other("WebSockets are not supported")));
        }
        Ok(address)
    };
    let addresses = urls.map(address).collect::<Result<Vec<_>, _>>()?;
    if addresses.is_empty() { Err(ConnectError::NoServer) } else { Ok(addresses) }
}

fn options(server: &Server, addresses: &[ServerAddr], name: &str) -> Result<ConnectOptions, ConnectError> {
    let options = ConnectOptions::new()
        .name(name)
        .client_capacity(CLIENT_CAPACITY)
        .subscription_capacity(SUBSCRIPTION_CAPACITY)
        .request_timeout(Some(REQUEST_TIMEOUT))
        .ping_interval(PING_INTERVAL);
    let mut options = match &server.identity {
        Identity::Anonymous => as_the_url_says(options, addresses),
        Identity::User(user, password) => options.user_and_password(user.clone(), password.clone()),
        Identity::Token(token) => options.token(token.clone()),
        Identity::Credentials(path) => {
            let text = files::credentials(path)?;
            let failed = |source| ConnectError::File { what: "credentials", path: path.clone(), source };
            options.credentials(&text).map_err(failed)?
        }
        Identity::NKey(path) => options.nkey(files::seed(path)?),
    };
    if let Some(ca) = &server.ca {
        files::authorities(ca)?;
        options = options.add_root_certificates(ca.clone()).require_tls(true);
    }
    if let Some((certificate, key)) = &server.certificate {
        files::own(certificate, key)?;
        options = options.add_client_certificate(certificate.clone(), key.clone()).require_tls(true);
    }
    if let Some(prefix) = &server.inbox_prefix {
        options = options.custom_inbox_prefix(prefix);
    }
    Ok(if server.tls_first { options.tls_first() } else { options })
}

/// `nats://user:password@host` or `nats://token@host`, which the client by itself leaves unused.
fn as_the_url_says(options: ConnectOptions, addresses: &[ServerAddr]) -> ConnectOptions {
    let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    match addresses.iter().find_map(|address| Some((address.username()?, address.password()))) {
        Some((user, Some(password))) => options.user_and_password(plain(user), plain(password)),
        Some((token, None)) => options.token(plain(token)),
        None => options,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_file_and_a_wrong_url_are_named_before_connecting() {
        let mut settings = NatsSettings::url("nats://127.0.0.1:1");
        settings.nats_creds = Some("/no/such.creds".into());
        let error = connect(&settings, "test").await.unwrap_err();
        assert!(error.to_string().starts_with("cannot read credentials /no/such.creds"), "{error}");
        for (url, expected) in [(" , ", "names no server"), ("ws://a:80", "WebSockets are not supported")] {
            let error = connect(&NatsSettings::url(url), "test").await.unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
        let error = connect(&NatsSettings::url("nats://a:4222, http://ann:secret@[b"), "test").await.unwrap_err();
        assert!(matches!(&error, ConnectError::Url { url, .. } if url == "[b"), "{error}");
    }
}
