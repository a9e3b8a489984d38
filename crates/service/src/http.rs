//! `/livez`, `/readyz` and `/metrics`.

use crate::metrics::Metrics;
use crate::readiness::Readiness;
use crate::shutdown::Shutdown;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the metrics are written in.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Nothing can listen there.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve HTTP at {address}: {source}; choose another --http address or leave it out")]
pub struct HttpError {
    address: SocketAddr,
    source: std::io::Error,
}

/// A running server.
#[derive(Debug)]
pub struct Http {
    /// Where it listens; the port that was chosen when 0 was asked for.
    pub address: SocketAddr,
    /// Ends when the shutdown is triggered and open requests are answered.
    pub task: JoinHandle<()>,
}

/// Serves until the shutdown is triggered.
///
/// # Errors
/// When nothing can listen at `address`.
pub async fn serve(
    address: SocketAddr,
    readiness: Readiness,
    metrics: Metrics,
    shutdown: &Shutdown,
) -> Result<Http, HttpError> {
    let failed = |source| HttpError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let routes = Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz).with_state(readiness))
        .route("/metrics", get(metrics_text).with_state(metrics));
    let token = shutdown.token().clone();
    let task = tokio::spawn(async move {
        let serving = axum::serve(listener, routes).with_graceful_shutdown(token.cancelled_owned());
        if let Err(error) = serving.await {
            tracing::error!(%error, "the HTTP server ended");
        }
    });
    tracing::info!(%address, "serving /livez, /readyz and /metrics");
    Ok(Http { address, task })
}

async fn readyz(State(readiness): State<Readiness>) -> impl IntoResponse {
    let state = readiness.state();
    let status = if state.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match serde_json::to_string(&state) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/plain")], error.to_string()),
    }
}

async fn metrics_text(State(metrics): State<Metrics>) -> impl IntoResponse {
    match metrics.encode() {
        Ok(text) => (StatusCode::OK, [(header::CONTENT_TYPE, OPEN_METRICS)], text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/plain")], error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn ask(address: SocketAddr, path: &str) -> String {
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn answers_what_is_known_and_ends_when_told() {
        let (readiness, shutdown) = (Readiness::new(), Shutdown::new());
        let latch = readiness.latch("nats");
        let metrics = Metrics::new("test");
        let http = serve("127.0.0.1:0".parse().unwrap(), readiness, metrics, &shutdown).await.unwrap();
        assert!(ask(http.address, "/livez").await.starts_with("HTTP/1.1 200"));
        let answer = ask(http.address, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.ends_with(r#"{"ready":false,"latches":{"nats":"starting"}}"#), "{answer}");
        latch.set_ready();
        assert!(ask(http.address, "/readyz").await.starts_with("HTTP/1.1 200"));
        assert!(ask(http.address, "/metrics").await.contains("waybill_messages_received_total"));

        let again = serve(http.address, Readiness::new(), Metrics::new("x"), &shutdown).await.unwrap_err();
        assert!(again.to_string().contains(&http.address.to_string()), "{again}");
        shutdown.trigger();
        tokio::time::timeout(Duration::from_secs(5), http.task).await.unwrap().unwrap();
    }
}
