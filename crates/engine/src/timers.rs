//! Deadlines: messages the broker delivers later (`Nats-Schedule`, ADR-51).
//!
//! Setting one again replaces it; one in the past fires at once; they survive the broker's death and fire late.
//!
//! An instance has one timer at most, set for the earliest of its deadlines; when it fires, it is set for the next one.
//! Most deadlines never pass, so most instances set one in their life.

//!
//! Several processes may set an instance's timer at once. Each sets it on condition that it is still as that process knows
//! it, and leaves one that fires earlier as it is: who is told that it fired reads what else there is to wait for.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use async_nats::jetstream::{self, message::PublishMessage};
use model::Timestamp;

use crate::journal::{AppendError, AppendErrorKind, publish};
use crate::layout::{Key, Layout};

/// The last token of a timer's subject.
const NEXT: &str = "next";
/// How often it is tried to set a timer that others set at the same time.
const TRIES: u32 = 20;
/// How long to wait before looking again at a timer that is about to change.
const PAUSE: Duration = Duration::from_millis(50);

/// A timer as the broker holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// When it fires.
    pub at: Timestamp,
    /// Its place in the stream.
    pub sequence: u64,
}

/// Sees to it that the broker sends `timer.due.…` at `at` or before. The payload is the time it was set for, as RFC 3339.
/// `known` is the place of the timer this process knows of, 0 when it knows of none; `fired` the time up to which timers
/// have fired and are not counted on. Returns the timer that will fire.
///
/// # Errors
/// [`AppendError`] when the broker does not take it.
pub async fn set(
    js: &jetstream::Context,
    layout: &Layout,
    key: &Key,
    at: Timestamp,
    known: u64,
    fired: Option<Timestamp>,
) -> Result<Held, AppendError> {
    let subject = layout.timer_subject("set", key, NEXT);
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Schedule", format!("@at {at}"));
    headers.insert("Nats-Schedule-Target", layout.timer_subject("due", key, NEXT));
    let (mut expected, mut tries) = (known, 0);
    loop {
        tries += 1;
        let message = PublishMessage::build().payload(at.to_string().into()).headers(headers.clone());
        let error = match publish(js, subject.clone(), message.expected_last_subject_sequence(expected)).await {
            Ok(sequence) => return Ok(Held { at, sequence }),
            Err(error) => error,
        };
        if error.kind() != AppendErrorKind::Conflict || tries == TRIES {
            return Err(error);
        }
        match held(js, layout, &subject).await? {
            Some(held) if held.at > at => expected = held.sequence,
            Some(held) if fired.is_none_or(|fired| held.at > fired) => return Ok(held),
            // It fires at this moment, and is gone then.
            Some(_) => tokio::time::sleep(PAUSE).await,
            None => expected = 0,
        }
    }
}

/// The timer as the broker holds it. The stream's leader is asked, for another may not have heard of it.
async fn held(js: &jetstream::Context, layout: &Layout, subject: &str) -> Result<Option<Held>, AppendError> {
    let failed = |source: async_nats::Error| AppendError::new(subject, AppendErrorKind::Unanswered, source);
    let stream = js.get_stream_no_info(layout.timers).await.map_err(|error| failed(error.into()))?;
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => {
            let at = std::str::from_utf8(&message.payload).ok().and_then(|text| text.parse().ok());
            // What cannot be read was not set by any of us; it is replaced.
            Ok(Some(Held { at: at.unwrap_or(Timestamp::from_millis(i64::MAX)), sequence: message.sequence }))
        }
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(failed(error.into())),
    }
}
