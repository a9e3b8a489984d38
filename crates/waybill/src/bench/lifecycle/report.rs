//! What was measured.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::Args;
use crate::bench::captured::Captured;
use crate::bench::usage::Used;
use crate::demo::FsyncArg;
use crate::run::{Percentiles, Run};
use crate::text::{bad, heading};

/// What the run itself came to.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    orders: u64,
    entries: u64,
    seconds: f64,
    orders_per_second: f64,
    release_to_closed_ms: Percentiles,
    one_alone_ms: Percentiles,
    messages_per_order: f64,
    bytes_per_order: f64,
    streams: BTreeMap<&'static str, f64>,
    cpu_ms_per_order: f64,
    processes: BTreeMap<String, Used>,
    resident_bytes: u64,
}

impl Figures {
    pub fn of(run: &Run, alone: Percentiles, used: BTreeMap<String, Used>, captured: &[Captured]) -> Self {
        let orders = run.replay.orders;
        let each = |total: f64| total / orders as f64;
        let seconds = run.seconds();
        let messages = |captured: &Captured| captured.messages.len() as f64;
        let cpu: f64 = used.values().map(|used| used.cpu_seconds).sum();
        Self {
            orders,
            entries: run.replay.entries,
            seconds,
            orders_per_second: orders as f64 / seconds,
            release_to_closed_ms: Percentiles::of(run.replay.took.clone()),
            one_alone_ms: alone,
            messages_per_order: each(captured.iter().map(messages).sum()),
            bytes_per_order: each(captured.iter().map(|captured| captured.bytes as f64).sum()),
            streams: captured.iter().map(|captured| (captured.stream, each(messages(captured)))).collect(),
            cpu_ms_per_order: each(cpu * 1_000.0),
            resident_bytes: used.values().map(|used| used.resident_most).sum(),
            processes: used,
        }
    }
}

/// What was measured, beside the null pipeline.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    fsync: &'static str,
    processes: bool,
    figures: Figures,
    null_seconds: f64,
    null_orders_per_second: f64,
    percent_of_null: f64,
    wrong: Vec<String>,
}

impl Report {
    pub fn new(args: &Args, figures: Figures, null: Duration, wrong: Vec<String>) -> Self {
        let null_orders_per_second = figures.orders as f64 / null.as_secs_f64();
        Self {
            fsync: match args.fsync {
                FsyncArg::Default => "default",
                FsyncArg::Always => "always",
            },
            processes: args.processes,
            null_seconds: null.as_secs_f64(),
            null_orders_per_second,
            percent_of_null: 100.0 * figures.orders_per_second / null_orders_per_second,
            figures,
            wrong,
        }
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let figures = &self.figures;
        writeln!(text, "{}", heading("Lifecycle"))?;
        writeln!(text, "  fsync {}, {} orders in {:.1} s", self.fsync, figures.orders, figures.seconds)?;
        writeln!(text, "  {:.0} orders/s from release to closed", figures.orders_per_second)?;
        let null = (self.null_orders_per_second, self.percent_of_null);
        writeln!(text, "  {:.0} orders/s through the null pipeline: this is {:.0} % of it", null.0, null.1)?;
        let took = figures.release_to_closed_ms;
        writeln!(text, "  under load: half within {} ms, 95 % {} ms, 99 % {} ms", took.p50, took.p95, took.p99)?;
        let alone = figures.one_alone_ms;
        writeln!(text, "  one order alone: half within {} ms, 95 % {} ms", alone.p50, alone.p95)?;
        let each = (figures.messages_per_order, figures.bytes_per_order / 1_024.0);
        writeln!(text, "  {:.1} messages and {:.1} KiB an order:", each.0, each.1)?;
        for (stream, messages) in &figures.streams {
            writeln!(text, "    {stream:<12} {messages:>5.1}")?;
        }
        writeln!(text, "  {:.2} ms of processor time an order", figures.cpu_ms_per_order)?;
        let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
        for (name, used) in &figures.processes {
            let cpu = 1_000.0 * used.cpu_seconds / figures.orders as f64;
            let memory = (mib(used.resident_early), mib(used.resident_most));
            writeln!(text, "    {name:<14} {cpu:>5.2} ms, {:>4.0} MiB early, {:>4.0} MiB at most", memory.0, memory.1)?;
        }
        writeln!(text, "  {:.0} MiB resident in all", mib(figures.resident_bytes))?;
        if self.wrong.is_empty() {
            return Ok(());
        }
        writeln!(text, "{}", bad("Wrong"))?;
        self.wrong.iter().try_for_each(|words| writeln!(text, "  {words}"))
    }
}
