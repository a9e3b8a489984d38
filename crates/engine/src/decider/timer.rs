//! What a fired timer comes to.

use async_nats::jetstream;
use model::Timestamp;

use super::work::Passing;
use crate::fold::Folded;
use crate::workflow::Workflow;

/// The deadlines that passed by the time these messages were sent, and what the timer is to be set for next.
pub(super) fn passing<W: Workflow>(folded: &Folded<W>, policy: &W::Policy, messages: &[jetstream::Message]) -> Passing {
    let until = messages.iter().map(sent_at).max().unwrap_or_default();
    let (passed, left): (Vec<_>, Vec<_>) = folded.deadlines().iter().cloned().partition(|(_, at)| *at <= until);
    let is_awaited = |(name, _): &(String, Timestamp)| W::awaits(folded.state(), policy, name);
    // Where nothing is waited for any more, as after an instance's end, the timer need not fire again.
    let next = left.iter().any(is_awaited).then(|| left.iter().map(|(_, at)| *at).min()).flatten();
    Passing { until, awaited: passed.into_iter().filter(is_awaited).collect(), next }
}

/// When the broker sent a message; a timer never fires early.
fn sent_at(message: &jetstream::Message) -> Timestamp {
    message
        .info()
        .map_or_else(|_| Timestamp::default(), |info| Timestamp::from_nanos(info.published.unix_timestamp_nanos()))
}
