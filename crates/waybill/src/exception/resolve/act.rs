//! Doing it, several orders at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use engine::Operator;
use fulfilment::State;
use futures::StreamExt;
use model::Fact;
use service::Connection;

use super::super::remedy::Remedy;
use super::Target;
use super::report::{Cannot, Resolved};
use crate::bar::bar;
use crate::clock::now;
use crate::exit::Failure;
use crate::order::enter::{self, enter_of};
use crate::words::{self, Subject};

/// How many orders are under way at a time.
const AT_A_TIME: usize = 8;
/// What an operator would say, where a dry run has no words.
const NO_WORDS: &str = "…";

/// What was done.
pub(super) struct Acted {
    pub orders: Vec<Resolved>,
    /// What kept it from going on.
    pub stopped: Option<Failure>,
}

/// Resolves exceptions order by order; without an operator it finds out what would be entered. When the broker does not do its
/// part, those under way are finished and no more are begun.
pub(super) async fn act(
    targets: &[Target],
    remedy: &Remedy,
    why: Option<&str>,
    operator: Option<&Operator>,
    connection: &Connection,
) -> Acted {
    let bar = bar(targets.len() as u64);
    let stop = AtomicBool::new(false);
    let one = async |target: &Target| {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let done = one(target, remedy, why.unwrap_or(NO_WORDS), operator, connection).await;
        stop.fetch_or(done.is_err(), Ordering::Relaxed);
        Some(done)
    };
    let mut work = std::pin::pin!(futures::stream::iter(targets).map(one).buffered(AT_A_TIME));
    let mut acted = Acted { orders: Vec::new(), stopped: None };
    while let Some(done) = work.next().await {
        bar.inc(1);
        match done {
            Some(Ok(resolved)) => acted.orders.push(resolved),
            Some(Err(failure)) => acted.stopped = acted.stopped.or(Some(failure)),
            None => {}
        }
    }
    bar.finish_and_clear();
    acted
}

async fn one(
    target: &Target,
    remedy: &Remedy,
    why: &str,
    operator: Option<&Operator>,
    connection: &Connection,
) -> Result<Resolved, Failure> {
    let order = &target.order;
    let state = match enter::state(connection, order).await {
        Ok(state) => state,
        Err(failure) => return Resolved::nothing(target, failure),
    };
    let (facts, mut resolved) = intended(target, remedy, why, &state)?;
    if let (Some(operator), false) = (operator, facts.is_empty()) {
        resolved.entry = Some(enter_of(operator, order, connection, facts).await?.sequence);
    }
    Ok(resolved)
}

/// What is to be entered of an order, each thing once, and what cannot be.
pub(in super::super) fn intended(
    target: &Target,
    remedy: &Remedy,
    why: &str,
    state: &State,
) -> Result<(Vec<Fact>, Resolved), Failure> {
    let all = || state.exceptions().map(|open| open.kind.to_string()).collect();
    let named = if target.exceptions.is_empty() { all() } else { target.exceptions.clone() };
    let now = now();
    let mut facts: Vec<Fact> = Vec::new();
    let mut resolved = Resolved::of(&target.order);
    for exception in named {
        match remedy.facts(state, &exception, why, now) {
            Ok(these) => {
                these.into_iter().for_each(|fact| {
                    if !facts.contains(&fact) {
                        facts.push(fact)
                    }
                });
                resolved.exceptions.push(exception);
            }
            Err(why @ (Failure::NotFound(_) | Failure::Refused(_) | Failure::Usage(_))) => {
                resolved.cannot.push(Cannot { exception, why });
            }
            Err(failure @ (Failure::Unreachable(_) | Failure::Broken(_))) => return Err(failure),
        }
    }
    resolved.says = facts.iter().map(|fact| words::fact(Subject::Order, fact)).collect();
    Ok((facts, resolved))
}
