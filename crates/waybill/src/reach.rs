//! Reaching NATS and the services behind it, with a person waiting.

use std::time::Duration;

use async_nats::RequestErrorKind;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, ErrorCode};
use async_nats::service::{NATS_SERVICE_ERROR, NATS_SERVICE_ERROR_CODE};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use service::Connection;
use service::connect::ConnectError;
use service::settings::NatsSettings;

use crate::exit::Failure;

/// How long to try to connect. A service waits for a broker that is just starting; a person wants to know.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long a service may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// The codes with which a service says that the question makes no sense, that what is asked for is not there, and that it
/// cannot answer now.
const BAD_REQUEST: &str = "400";
const NOT_FOUND: &str = "404";
const NOT_NOW: &str = "503";

/// Connects to NATS.
pub(crate) async fn connect(settings: &NatsSettings) -> Result<Connection, Failure> {
    match tokio::time::timeout(CONNECT_LIMIT, service::connect::connect(settings, "waybill")).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(
            error @ (ConnectError::Refused { .. } | ConnectError::Tls { .. } | ConnectError::Unreachable { .. }),
        )) => Err(Failure::Unreachable(error.to_string())),
        Ok(Err(error)) => Err(Failure::Usage(error.to_string())),
        Err(_) => {
            let servers = settings.resolve().map(|server| without_passwords(&server.urls)).unwrap_or_default();
            let message = format!(
                "no NATS server at {servers} within {}; start one, or name another with NATS_URL or --nats-url",
                humantime::format_duration(CONNECT_LIMIT)
            );
            Err(Failure::Unreachable(message))
        }
    }
}

/// What stands before the @ of a URL may be a password.
fn without_passwords(urls: &str) -> String {
    let shown = urls.split(',').map(|url| url.rsplit('@').next().unwrap_or_default().trim());
    shown.collect::<Vec<_>>().join(", ")
}

/// Asks a service and waits for its answer.
pub(crate) async fn ask<Q: Serialize, A: DeserializeOwned>(
    connection: &Connection,
    subject: &str,
    question: &Q,
) -> Result<A, Failure> {
    let question = serde_json::to_vec(question).map_err(anyhow::Error::new)?;
    let request = async_nats::Request::new().payload(Bytes::from(question)).timeout(Some(ANSWER_LIMIT));
    let answer = connection.client.send_request(subject.to_owned(), request).await;
    let answer = answer.map_err(|error| no_answer(subject, error.kind(), &error))?;
    if let Some(refusal) = refusal(subject, answer.headers.as_ref()) {
        return Err(refusal);
    }
    serde_json::from_slice(&answer.payload).map_err(|error| {
        let what = format!("the answer from {subject} is not one this version reads: {error}");
        anyhow::anyhow!("{what}; do the service and this command have the same version? (`waybill status`)").into()
    })
}

fn no_answer(subject: &str, kind: RequestErrorKind, error: &dyn std::error::Error) -> Failure {
    let service = subject.split('.').next().unwrap_or(subject);
    Failure::Unreachable(match kind {
        RequestErrorKind::NoResponders => {
            format!("no answer from {subject}: is the {service} service running? (`waybill status`)")
        }
        RequestErrorKind::TimedOut => format!(
            "no answer from {subject} within {}: the {service} service is busy or stuck, or this user may not ask it \
             (`waybill status`)",
            humantime::format_duration(ANSWER_LIMIT)
        ),
        RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded | RequestErrorKind::Other => {
            format!("no answer from {subject}: {error}")
        }
    })
}

/// What a service says when it does not answer the question.
fn refusal(subject: &str, headers: Option<&async_nats::HeaderMap>) -> Option<Failure> {
    let text = |name: &str| headers?.get(name).map(async_nats::HeaderValue::as_str);
    let code = text(NATS_SERVICE_ERROR_CODE)?;
    let words = text(NATS_SERVICE_ERROR).unwrap_or_default().to_owned();
    Some(match code {
        NOT_FOUND => Failure::NotFound(words),
        BAD_REQUEST => Failure::Usage(words),
        NOT_NOW => Failure::Unreachable(format!("{subject} cannot answer now: {words}")),
        _ => anyhow::anyhow!("{subject} answers {code}: {words}").into(),
    })
}

/// A stream that should be there; without it this is not Waybill's server, or nothing of Waybill has run on it yet.
pub(crate) async fn stream(js: &jetstream::Context, name: &str) -> Result<Stream, Failure> {
    js.get_stream(name).await.map_err(|error| match error.kind() {
        GetStreamErrorKind::JetStream(refusal) if refusal.error_code() == ErrorCode::STREAM_NOT_FOUND => {
            Failure::Unreachable(format!(
                "this NATS server has no stream {name}; start a service or `waybill demo --keep`, which create it, or name \
                 the server that has it with NATS_URL"
            ))
        }
        GetStreamErrorKind::JetStream(_)
        | GetStreamErrorKind::EmptyName
        | GetStreamErrorKind::InvalidStreamName
        | GetStreamErrorKind::Request => broker(&format!("read stream {name}"), error),
    })
}

/// What a failed call to JetStream means.
pub(crate) fn broker(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::Unreachable(format!("cannot {what}: {error}; is JetStream enabled, and may this user?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_names_the_service_to_start() {
        let error = std::io::Error::other("x");
        let failure = no_answer("visibility.order.get", RequestErrorKind::NoResponders, &error);
        assert_eq!(
            failure.to_string(),
            "no answer from visibility.order.get: is the visibility service running? (`waybill status`)"
        );
        assert_eq!(failure.status(), 3);
    }

    #[test]
    fn a_refusal_keeps_the_services_words() {
        let answered = |code: &str| {
            let mut headers = async_nats::HeaderMap::new();
            headers.insert(NATS_SERVICE_ERROR, "no order 7");
            headers.insert(NATS_SERVICE_ERROR_CODE, code);
            refusal("visibility.order.get", Some(&headers)).unwrap()
        };
        assert!(matches!(answered("404"), Failure::NotFound(words) if words == "no order 7"));
        assert!(matches!(answered("400"), Failure::Usage(words) if words == "no order 7"));
        assert!(matches!(answered("503"), Failure::Unreachable(_)));
        assert_eq!(answered("500").to_string(), "visibility.order.get answers 500: no order 7");
        assert!(refusal("x", None).is_none());
    }

    #[test]
    fn passwords_stay_out_of_messages() {
        assert_eq!(without_passwords("nats://u:p@a:1, tls://b:2"), "a:1, tls://b:2");
    }
}
