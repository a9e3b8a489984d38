//! Creates the streams that are missing and compares those that are not.

use super::drift::{Drift, differences};
use super::table::{Durability, EVENT_STORE_LONGEST_AGE, table};
use super::{ORDERS, RETURNS};
use async_nats::jetstream::{self, context::CreateStreamError, context::GetStreamErrorKind, stream::Config};

/// JetStream's error code for a stream that does not exist.
const NOT_FOUND: usize = 404;

/// Why the streams are not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamsError {
    /// A stream cannot be looked up.
    #[error("cannot look up stream {stream}: {source}; is JetStream on, and may this user call $JS.API.STREAM.INFO?")]
    Lookup {
        /// The stream.
        stream: String,
        /// The client's words.
        source: jetstream::context::GetStreamError,
    },
    /// A stream cannot be created.
    #[error("cannot create stream {stream} with {replicas} replica(s): {source}; {}", advice(source))]
    Create {
        /// The stream.
        stream: String,
        /// How many brokers should hold it.
        replicas: usize,
        /// The client's words.
        source: CreateStreamError,
    },
}

/// What to do about a stream that cannot be created.
fn advice(source: &CreateStreamError) -> &'static str {
    if engine::is_unanswered(source) {
        "is JetStream on, and may this user call $JS.API.STREAM.CREATE?"
    } else {
        "production needs three brokers"
    }
}

/// Creates every stream, bucket and object store that is missing. One that exists and differs is reported field by
/// field and left alone. Safe to call from many processes at once, and again.
///
/// # Errors
/// When the broker does not let streams be looked up or created.
pub async fn declare(js: &jetstream::Context, durability: Durability) -> Result<Vec<Drift>, StreamsError> {
    let all = table(durability).into_iter().map(|config| one(js, config));
    let found = futures::future::try_join_all(all).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn one(js: &jetstream::Context, should_be: Config) -> Result<Vec<Drift>, StreamsError> {
    if let Some(is) = existing(js, &should_be.name).await? {
        return Ok(drift(&is, should_be));
    }
    match js.create_stream(should_be.clone()).await {
        Ok(stream) => {
            tracing::info!(stream = should_be.name, "created");
            Ok(differences(&should_be.name, &stream.cached_info().config, &should_be))
        }
        // Another process may have created it, differently, since the look.
        Err(source) => match existing(js, &should_be.name).await? {
            Some(is) => Ok(drift(&is, should_be)),
            None => Err(StreamsError::Create { stream: should_be.name, replicas: should_be.num_replicas, source }),
        },
    }
}

/// How a stream that is there differs. Visibility stretches an event store's age limit while what is open nears it: that is no drift.
fn drift(is: &Config, mut should_be: Config) -> Vec<Drift> {
    let stretched = should_be.max_age..=EVENT_STORE_LONGEST_AGE;
    if [ORDERS, RETURNS].contains(&should_be.name.as_str()) && stretched.contains(&is.max_age) {
        should_be.max_age = is.max_age;
    }
    differences(&should_be.name, is, &should_be)
}

async fn existing(js: &jetstream::Context, name: &str) -> Result<Option<Config>, StreamsError> {
    match js.get_stream(name).await {
        Ok(stream) => Ok(Some(stream.cached_info().config.clone())),
        Err(source) => match source.kind() {
            GetStreamErrorKind::JetStream(error) if error.code() == NOT_FOUND => Ok(None),
            GetStreamErrorKind::JetStream(_)
            | GetStreamErrorKind::EmptyName
            | GetStreamErrorKind::Request
            | GetStreamErrorKind::InvalidStreamName => Err(StreamsError::Lookup { stream: name.to_owned(), source }),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn found(name: &str, max_age: Duration) -> usize {
        let should_be = table(Durability::Demo).into_iter().find(|config| config.name == name).unwrap();
        drift(&Config { max_age, ..should_be.clone() }, should_be).len()
    }

    #[test]
    fn an_event_store_that_keeps_its_entries_longer_for_a_time_is_as_it_should_be() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        assert_eq!((found(ORDERS, days(400)), found(ORDERS, days(431)), found(RETURNS, days(3_660))), (0, 0, 0));
        assert_eq!((found(ORDERS, days(399)), found(ORDERS, days(3_661)), found(ORDERS, Duration::ZERO)), (1, 1, 1));
        assert_eq!(found("STOCK", days(431)), 1);
    }
}
