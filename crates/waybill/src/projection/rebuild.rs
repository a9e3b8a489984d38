//! `waybill projection rebuild`: has the visibility service build its projection anew while it goes on answering.

use std::time::Duration;

use serde::Serialize;
use service::Connection;
use service::settings::NatsSettings;
use visibility::queries::{REBUILD, RebuildAsk, RebuildReply, Rebuilt, of_instance};

use super::instances::InstanceArgs;
use crate::bar::bar;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;
use crate::table::Table;
use crate::text::{NOTHING, line, span};

pub(super) const HELP: &str = "\
The projection in use goes on answering and following; a second one is built beside it from the streams' beginning, and takes its \
place when it has come as far. It needs as much room on disk again, and memory for a second cache, for that time. No customer is told \
anything twice; of statuses in bucket STATUS only those are put that differ. What has left the streams by age is not in the new one, and \
is read from the archive.

Ends with 1 when a rebuild failed; then the projection in use stays.";

/// How often it is asked how far it has come.
const EVERY: Duration = Duration::from_millis(200);

/// Which projections.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    instances: InstanceArgs,
    /// Do it; without, it is only said what would be rebuilt
    #[arg(long)]
    yes: bool,
}

/// What was rebuilt, or would be.
#[derive(Debug, Serialize)]
struct Shown {
    /// Whether it was done.
    done: bool,
    projections: Vec<Projection>,
}

#[derive(Debug, Serialize)]
struct Projection {
    instance: String,
    #[serde(flatten)]
    state: RebuildReply,
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let mut projections = Vec::new();
    // One after another, so that the others answer at their usual pace.
    for instance in args.instances.found(&connection).await? {
        let state = if args.yes {
            rebuilt(&connection, &instance).await?
        } else {
            asked(&connection, &instance, false).await?
        };
        projections.push(Projection { instance, state });
    }
    let failed = |projection: &Projection| projection.state.last.as_ref().is_some_and(|last| last.failed.is_some());
    let verdict = if args.yes && projections.iter().any(failed) { Verdict::Wrong } else { Verdict::Fine };
    output.show(&Shown { done: args.yes, projections }, render)?;
    Ok(verdict)
}

async fn asked(connection: &Connection, instance: &str, begin: bool) -> Result<RebuildReply, Failure> {
    reach::ask(connection, &of_instance(REBUILD, instance), &RebuildAsk { begin }).await
}

/// Has it rebuilt and waits until it is.
async fn rebuilt(connection: &Connection, instance: &str) -> Result<RebuildReply, Failure> {
    let number = asked(connection, instance, true).await?.begun;
    let bar = bar(0);
    loop {
        let state = asked(connection, instance, false).await?;
        if let Some(running) = state.running {
            bar.set_length(running.of);
            bar.set_position(running.folded);
        }
        if state.last.as_ref().is_some_and(|last| last.number >= number) {
            bar.finish_and_clear();
            return Ok(state);
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn render(shown: &Shown) -> String {
    let mut text = String::new();
    let last = if shown.done { "REBUILT" } else { "LAST REBUILD" };
    let mut table = Table::new(&["INSTANCE", ">ORDERS", ">ENTRIES", ">MOVEMENTS", last]);
    for Projection { instance, state } in &shown.projections {
        let words = match (&state.running, &state.last) {
            (Some(running), _) => format!("under way: {} of {}", running.folded, running.of),
            (None, Some(last)) => ended(last),
            (None, None) => NOTHING.to_owned(),
        };
        table.row([
            instance.clone(),
            state.orders.to_string(),
            state.entries.to_string(),
            state.movements.to_string(),
            words,
        ]);
    }
    line(&mut text, table.to_string().trim_end());
    if !shown.done {
        line(&mut text, "\nthis is what would be rebuilt, while it goes on answering; --yes does it");
    }
    text
}

fn ended(last: &Rebuilt) -> String {
    let took = span(i64::try_from(last.millis).unwrap_or(i64::MAX));
    match &last.failed {
        None => format!("in {took}"),
        Some(why) => format!("failed after {took}: {why}"),
    }
}
