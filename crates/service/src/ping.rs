//! Every service answers `$SRV.PING`, so that who runs can be asked of NATS itself.

use crate::run::About;
use async_nats::service::{Service, ServiceExt};
use std::collections::HashMap;

/// The service could not be announced.
#[derive(Debug, thiserror::Error)]
#[error("cannot announce {name} {version} on $SRV: {source}; may this user subscribe to $SRV.>?")]
pub struct AnnounceError {
    name: &'static str,
    version: &'static str,
    source: async_nats::Error,
}

/// Registers as a NATS micro service, which answers `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS` from now on. Endpoints can
/// be added to what is returned.
///
/// # Errors
/// When the name or version is not fit for one, or NATS does not take the subscriptions.
pub async fn announce(client: &async_nats::Client, about: &About) -> Result<Service, AnnounceError> {
    let process = HashMap::from([("pid".to_owned(), std::process::id().to_string())]);
    let builder = client.service_builder().description(about.description).metadata(process);
    builder.start(about.name, about.version).await.map_err(|source| AnnounceError {
        name: about.name,
        version: about.version,
        source,
    })
}
