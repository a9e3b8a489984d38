//! Entries nobody here can read go to quarantine, where an operator sees them. They stay in the stream as well, and
//! the decide loop tries them again.

use engine::Parked;
use service::metrics::Metrics;
use service::quarantine::{Kind, Meta, Quarantined, Reason, quarantine};
use tokio::sync::mpsc;

use crate::ABOUT;

/// Quarantines what comes in of one stream until nobody sends any more.
pub(crate) async fn quarantine_all(
    js: async_nats::jetstream::Context,
    stream: &'static str,
    mut entries: mpsc::Receiver<Parked>,
    metrics: Metrics,
) {
    while let Some(parked) = entries.recv().await {
        let entry = as_quarantined(stream, parked);
        match quarantine(&js, &entry).await {
            Ok(_) => drop(metrics.quarantined.inc()),
            Err(error) => tracing::error!(%error, "an unreadable entry could not be quarantined; it is tried again"),
        }
    }
}

fn as_quarantined(stream: &str, parked: Parked) -> Quarantined {
    let about = Meta {
        service: ABOUT.name.to_owned(),
        partner: "waybill".to_owned(),
        stream: stream.to_owned(),
        sequence: parked.sequence,
        subject: parked.subject,
        headers: std::collections::BTreeMap::new(),
        received: jiff::Timestamp::now(),
        tries: u32::try_from(parked.tries).unwrap_or(u32::MAX),
        reason: Reason::new(Kind::UnknownEvent, parked.reason),
        left_in_stream: parked.payload.is_empty(),
    };
    Quarantined { about, raw: parked.payload }
}
