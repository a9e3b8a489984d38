//! Taking messages out of quarantine, several at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::jetstream::stream::Stream;
use engine::Operator;
use futures::StreamExt;
use jiff::Timestamp;
use service::Connection;
use service::quarantine::Settle;

use super::super::show::kept;
use super::cannot::Cannot;
use super::plan::NOT_THERE;
use crate::bar::bar;
use crate::exit::Failure;

/// How many are under way at a time. Each may be as large as the broker takes.
const AT_A_TIME: usize = 8;

/// What was done.
#[derive(Debug)]
pub(super) struct Acted {
    pub done: u64,
    /// What kept it from going on.
    pub stopped: Option<Failure>,
}

/// What became of one message.
enum Became {
    Done,
    /// It stays, for a reason of its own.
    Stays(String),
    /// It stays, and so would the next.
    Stopped(Failure),
    /// It was not begun, because another stopped.
    NotBegun,
}

/// Takes messages out, about in this order. When the broker does not do its part, those under way are finished and no more
/// are begun.
pub(super) async fn act(
    sequences: &[u64],
    settle: &Settle,
    by: &Operator,
    connection: &Connection,
    stream: &Stream,
    cannot: &mut Cannot,
) -> Acted {
    let bar = bar(sequences.len() as u64);
    let stop = AtomicBool::new(false);
    let one = async |sequence: u64| {
        if stop.load(Ordering::Relaxed) {
            return (sequence, Became::NotBegun);
        }
        let became = one(sequence, settle, by, connection, stream).await;
        stop.fetch_or(matches!(became, Became::Stopped(_)), Ordering::Relaxed);
        (sequence, became)
    };
    let mut work = std::pin::pin!(futures::stream::iter(sequences.iter().copied()).map(one).buffered(AT_A_TIME));
    let mut acted = Acted { done: 0, stopped: None };
    while let Some((sequence, became)) = work.next().await {
        bar.inc(1);
        match became {
            Became::Done => acted.done += 1,
            Became::Stays(why) => cannot.add(sequence, why),
            Became::Stopped(failure) => acted.stopped = acted.stopped.or(Some(failure)),
            Became::NotBegun => {}
        }
    }
    bar.finish_and_clear();
    acted
}

async fn one(sequence: u64, settle: &Settle, by: &Operator, connection: &Connection, stream: &Stream) -> Became {
    let kept = match kept(sequence, connection, stream).await {
        Ok(kept) => kept,
        Err(Failure::NotFound(_)) => return Became::Stays(NOT_THERE.to_owned()),
        Err(failure) => return Became::Stopped(failure),
    };
    match kept.settle(&connection.js, stream, settle, by, Timestamp::now()).await {
        Ok(_) => Became::Done,
        Err(why) if why.is_of_the_message() => Became::Stays(why.to_string()),
        Err(why) => {
            let failure = if why.is_a_no() { Failure::Refused } else { Failure::Unreachable };
            let words = crate::exit::in_full(&anyhow::Error::new(why));
            Became::Stopped(failure(format!("stopped at message {sequence}, which is still there: {words}")))
        }
    }
}
