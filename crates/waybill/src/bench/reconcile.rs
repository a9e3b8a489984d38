//! Entries a second through `waybill reconcile`, as a process of its own, and the memory it needs for a log of any length.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Instant;

use anyhow::Context as _;
use serde::Serialize;
use service::Shutdown;

use super::replay::long_log;
use super::usage::Watch;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::text::heading;

/// How a process that found something ends; the copies are late by the clock of today.
const FOUND: i32 = 1;

/// Measures entries a second through reconciliation
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many entries, at the least
    #[arg(long, value_name = "N", default_value_t = 500_000, value_parser = clap::value_parser!(u64).range(10_000..=100_000_000))]
    pub entries: u64,
}

#[derive(Debug, Serialize)]
struct Report {
    entries: u64,
    orders: u64,
    seconds: f64,
    entries_per_second: f64,
    most_resident_bytes: u64,
}

pub(super) async fn run(args: &Args, shutdown: &Shutdown, output: Output) -> Result<Verdict, Failure> {
    let log = long_log(args.entries, shutdown).await?;
    let report = reconcile(&log.broker.url()).await?;
    output.show(&report, Report::text)?;
    log.broker.stop().await.map_err(anyhow::Error::new)?;
    Ok(if report.entries == log.entries { Verdict::Fine } else { Verdict::Wrong })
}

/// Runs the command on its own, and watches it.
async fn reconcile(url: &str) -> anyhow::Result<Report> {
    let own = std::env::current_exe().context("where this program is")?;
    let begun = Instant::now();
    let child = tokio::process::Command::new(own)
        .args(["reconcile", "--json", "--nats-url", url])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start `waybill reconcile`")?;
    let watch = Watch::start(&[("reconcile".to_owned(), child.id().unwrap_or_default())]);
    let done = child.wait_with_output().await?;
    let elapsed = begun.elapsed().as_secs_f64();
    let used = watch.finish().await?;
    anyhow::ensure!(done.status.code().is_some_and(|code| code <= FOUND), "`waybill reconcile`: {}", done.status);
    let found: serde_json::Value = serde_json::from_slice(&done.stdout).context("what it found")?;
    let number = |name: &str| found.get(name).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let entries = number("entries");
    Ok(Report {
        entries,
        orders: number("orders"),
        seconds: elapsed,
        entries_per_second: entries as f64 / elapsed,
        most_resident_bytes: used.values().map(|used| used.resident_most).max().unwrap_or_default(),
    })
}

impl Report {
    fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "{}", heading("Reconciliation"))?;
        writeln!(text, "  {} entries of {} orders in {:.0} s", self.entries, self.orders, self.seconds)?;
        writeln!(text, "  {:.0} entries/s", self.entries_per_second)?;
        writeln!(text, "  {:.0} MiB resident at the most", self.most_resident_bytes as f64 / 1_048_576.0)
    }
}
