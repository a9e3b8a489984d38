//! `waybill quarantine release|discard|edit`: taking messages out of quarantine, with who and why.
//!
//! Without `--yes` it says what it would do and changes nothing. With it, each message is published, recorded in stream
//! QUARANTINE_LOG and removed, in this order: what breaks off in between is still in quarantine.

mod act;
mod cannot;
mod plan;
mod report;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use async_nats::jetstream::stream::Stream;
use bytes::Bytes;
use clap::ArgGroup;
use engine::Operator;
use service::Connection;
use service::quarantine::Settle;
use service::streams::QUARANTINE_LOG;
use tokio::io::AsyncReadExt;

use super::filter::Filter;
use crate::exit::{Failure, Verdict};
use crate::order::enter::words_of_a_person;
use crate::output::Output;
use crate::reach;
use report::Report;

/// The largest message that the inbox takes is a little smaller; the broker says so itself.
const MOST_EDITED: u64 = 8 * 1024 * 1024;

/// Who takes messages out, why, and whether to do it.
#[derive(Debug, Clone, clap::Args)]
pub struct ByArgs {
    /// Do it; without this it says what it would do, and changes nothing
    #[arg(long, requires = "why", requires = "who")]
    pub(super) yes: bool,
    /// Why; it stays in `waybill quarantine log`
    #[arg(long, value_name = "TEXT", value_parser = words_of_a_person)]
    pub(super) why: Option<String>,
    /// Who does it
    #[arg(long = "as", env = "USER", id = "who", value_name = "NAME", value_parser = words_of_a_person)]
    pub(super) who: Option<String>,
}

/// Which messages to take out.
#[derive(Debug, Clone, clap::Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true)
    .args(["sequences", "service", "partner", "reason", "field", "text", "since"]))]
pub struct SomeArgs {
    /// Their sequences in the quarantine, as `waybill quarantine list` shows them
    #[arg(value_name = "SEQUENCE", conflicts_with = "Filter", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) sequences: Vec<u64>,
    // Or what they have in common.
    #[command(flatten)]
    pub(super) filter: Filter,
    #[command(flatten)]
    pub(super) by: ByArgs,
}

/// Which message to publish otherwise.
#[derive(Debug, Clone, clap::Args)]
pub struct EditArgs {
    /// Its sequence in the quarantine, as `waybill quarantine list` shows it
    #[arg(value_name = "SEQUENCE", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) sequence: u64,
    /// The bytes to publish in its place; `waybill quarantine show SEQUENCE --raw` gives those to begin with
    #[arg(long, value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) by: ByArgs,
}

/// Which messages, by their sequence or by what they have in common.
#[derive(Debug)]
enum Which<'a> {
    These(&'a [u64]),
    All(&'a Filter),
}

pub(super) async fn some(
    args: &SomeArgs,
    settle: Settle,
    connection: &Connection,
    stream: &Stream,
    output: Output,
) -> Result<Verdict, Failure> {
    let which = if args.sequences.is_empty() { Which::All(&args.filter) } else { Which::These(&args.sequences) };
    run(&which, settle, &args.by, connection, stream, output).await
}

pub(super) async fn edit(
    args: &EditArgs,
    connection: &Connection,
    stream: &Stream,
    output: Output,
) -> Result<Verdict, Failure> {
    let edited = Settle::Edit(read(&args.file).await?);
    run(&Which::These(&[args.sequence]), edited, &args.by, connection, stream, output).await
}

async fn run(
    which: &Which<'_>,
    settle: Settle,
    by: &ByArgs,
    connection: &Connection,
    stream: &Stream,
    output: Output,
) -> Result<Verdict, Failure> {
    let (report, stopped) = report(which, &settle, by, connection, stream).await?;
    output.show(&report, report::render)?;
    match stopped {
        Some(failure) => Err(failure),
        None if report.done.is_some() && !report.cannot.is_empty() => Ok(Verdict::Wrong),
        None => Ok(Verdict::Fine),
    }
}

/// What was done, or would be; and what kept it from going on to the end.
async fn report(
    which: &Which<'_>,
    settle: &Settle,
    by: &ByArgs,
    connection: &Connection,
    stream: &Stream,
) -> Result<(Report, Option<Failure>), Failure> {
    let plan = plan::plan(which, settle, connection, stream).await?;
    if !by.yes {
        return Ok((Report::of(plan), None));
    }
    let (Some(who), Some(why)) = (by.who.clone(), by.why.clone()) else {
        return Err(Failure::Usage("`--yes` needs who does it (`--as`) and why (`--why`)".to_owned()));
    };
    // Nothing is done that cannot be recorded.
    reach::stream(&connection.js, QUARANTINE_LOG).await?;
    let sequences = plan.sequences.clone();
    let mut report = Report::of(plan);
    let operator = Operator { who, why };
    let acted = act::act(&sequences, settle, &operator, connection, stream, &mut report.cannot).await;
    report.done = Some(acted.done);
    Ok((report, acted.stopped))
}

/// The bytes to publish instead.
async fn read(file: &Path) -> Result<Bytes, Failure> {
    let unread =
        |error: std::io::Error| Failure::Usage(format!("cannot read {}: {error}; check the path", file.display()));
    let mut bytes = Vec::new();
    let open = tokio::fs::File::open(file).await.map_err(unread)?;
    open.take(MOST_EDITED + 1).read_to_end(&mut bytes).await.map_err(unread)?;
    if u64::try_from(bytes.len()).context("a length")? > MOST_EDITED {
        return Err(Failure::Usage(format!("{} has more than {MOST_EDITED} bytes", file.display())));
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests;
