//! What else must hold at the end of a run.

use async_nats::jetstream;
use service::streams;
use simulator::Tpch;
use simulator::books::Lines;

use crate::exit::Failure;
use crate::reach::broker;

/// Nothing of a sound run is in quarantine, but for the messages that were cut short on purpose.
pub(super) async fn quarantine(js: &jetstream::Context, cut: u64) -> Result<Option<String>, Failure> {
    let stream = js.get_stream(streams::QUARANTINE).await;
    let stream = stream.map_err(|error| broker("look at stream QUARANTINE", error))?;
    let messages = stream.cached_info().state.messages;
    let words = format!("{messages} messages are in quarantine, and {cut} should be; see `waybill quarantine list`");
    Ok((messages != cut).then_some(words))
}

/// The numbers of delivered, late and returned lines are those of the files.
pub(super) fn tpch(tpch: &Tpch, lines: &Lines) -> Result<Option<String>, Failure> {
    let expected = simulator::tpch::expected(&tpch.dir, tpch.limit)?;
    let expected = Lines {
        released: expected.lines,
        delivered: expected.delivered,
        late: expected.late,
        returned: expected.returned,
    };
    let words = format!("the log's lines {lines:?} are not those of the files {expected:?}");
    Ok((expected != *lines).then_some(words))
}
