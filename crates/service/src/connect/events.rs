//! What the client reports of the connection's health, kept in words.

use async_nats::{Event, ServerError};
use tokio::sync::watch;

/// Keeps what an event says about the connection's health, in words.
pub(super) fn note(event: &Event, violation: &watch::Sender<Option<String>>, outage: &watch::Sender<Option<String>>) {
    match event {
        Event::Connected => {
            violation.send_replace(None);
            outage.send_replace(None);
            tracing::info!("connected to NATS");
        }
        Event::Disconnected => {
            outage.send_replace(Some("disconnected from NATS, reconnecting".to_owned()));
            tracing::warn!("disconnected from NATS, reconnecting");
        }
        Event::Closed => {
            outage.send_replace(Some("the connection to NATS is closed".to_owned()));
        }
        Event::ServerError(ServerError::Other(words)) if is_violation(words) => {
            tracing::error!(words, "NATS does not permit this");
            violation.send_replace(Some(format!(
                "NATS does not permit this: {words}; grant it to the user of this service"
            )));
        }
        Event::ServerError(ServerError::AuthorizationViolation) => {
            outage.send_replace(Some("NATS refuses this user: authorization violation".to_owned()));
        }
        Event::SlowConsumer(subscription) => {
            tracing::error!(subscription, "messages were dropped: this process is too slow for a subscription");
        }
        Event::ServerError(_) | Event::ClientError(_) => tracing::warn!(%event, "NATS reports"),
        Event::LameDuckMode | Event::Draining => tracing::info!(%event, "NATS reports"),
    }
}

/// `Permissions Violation for Publish to "order.1.x.erp"` and the like.
fn is_violation(words: &str) -> bool {
    words.to_ascii_lowercase().contains("permissions violation")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_and_outages_are_kept_until_connected_again() {
        let (violation, outage) = (watch::Sender::new(None), watch::Sender::new(None));
        let words = "Permissions Violation for Publish to \"order.1.x.erp\"".to_owned();
        note(&Event::ServerError(ServerError::Other(words)), &violation, &outage);
        assert!(violation.borrow().as_deref().is_some_and(|why| why.contains("order.1.x.erp")));
        note(&Event::Disconnected, &violation, &outage);
        assert!(outage.borrow().is_some());
        note(&Event::Connected, &violation, &outage);
        assert!(violation.borrow().is_none() && outage.borrow().is_none());
    }
}
