//! Entries a second into a fresh projection, beside a raw ordered read of the same log.

use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::jetstream;
use broker::Broker;
use engine::{Key, Tail, Tailed};
use fulfilment::LAYOUT;
use serde::Serialize;
use service::settings::NatsSettings;
use service::streams::{self, Durability};
use service::{Connection, Shutdown};
use simulator::{Level, Scenario, Seed, Traffic};

use super::publish::{Message, publish_all};
use crate::demo::today;
use crate::exit::{Failure, Verdict};
use crate::house::{House, Plan};
use crate::output::Output;
use crate::run;
use crate::text::heading;

/// Orders that are really run; the log is made of copies of their trails, each copy under order numbers of its own.
const REAL: u64 = 400;
/// How many publishes are under way at once.
const IN_FLIGHT: usize = 2_000;
/// Messages read at once.
const BURST: usize = 8_192;
/// Folded orders the projection keeps in memory; the service's default.
const CACHE: usize = 4_096;

/// Measures entries a second into a fresh projection
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
    raw_entries_per_second: f64,
    replayed_entries_per_second: f64,
    percent_of_raw: f64,
    resident_bytes: u64,
}

pub(super) async fn run(args: &Args, shutdown: &Shutdown, output: Output) -> Result<Verdict, Failure> {
    let LongLog { broker, connection, copies, entries } = long_log(args.entries, shutdown).await?;
    let raw = raw_read(&connection.js, entries).await?;
    let folder = tempfile::tempdir().map_err(anyhow::Error::new)?;
    let replayed = visibility::replay(&connection.js, folder.path(), CACHE).await?;
    let resident = service::process::usage().map_or(0, |usage| usage.resident_bytes);
    let rate = |took: Duration| entries as f64 / took.as_secs_f64();
    let report = Report {
        entries: replayed.entries,
        orders: copies * REAL,
        raw_entries_per_second: rate(raw),
        replayed_entries_per_second: rate(replayed.elapsed),
        percent_of_raw: 100.0 * raw.as_secs_f64() / replayed.elapsed.as_secs_f64(),
        resident_bytes: resident,
    };
    output.show(&report, Report::text)?;
    broker.stop().await.map_err(anyhow::Error::new)?;
    Ok(if replayed.entries == entries { Verdict::Fine } else { Verdict::Wrong })
}

/// A log of copies of real orders on a broker of its own.
pub(super) struct LongLog {
    pub broker: Broker,
    connection: Connection,
    /// How often each order is in it.
    copies: u64,
    pub entries: u64,
}

/// Makes a log of so many entries, at the least.
pub(super) async fn long_log(entries: u64, shutdown: &Shutdown) -> Result<LongLog, Failure> {
    let trails = real_trails(shutdown).await?;
    let broker = broker::start(broker::Options::default()).await.map_err(anyhow::Error::new)?;
    let connection = crate::reach::connect(&NatsSettings::url(broker.url())).await?;
    streams::declare(&connection.js, Durability::Demo).await.map_err(anyhow::Error::new)?;
    let copies = entries.div_ceil(trails.len() as u64);
    for copy in 0..copies {
        publish_copy(&connection.js, &trails, copy).await?;
    }
    let entries = copies * trails.len() as u64;
    Ok(LongLog { broker, connection, copies, entries })
}

/// The entries of real orders, interleaved as they happened.
async fn real_trails(shutdown: &Shutdown) -> Result<Vec<Tailed>, Failure> {
    let house = House::open(&Plan::default()).await?;
    let scenario = Scenario::Generated(Traffic { seed: Seed(1), orders: REAL, started: today() });
    let in_flight = NonZeroU32::MIN.saturating_add(200);
    let settings = simulator::Settings { scenario, in_flight, faults: Level::None };
    let (run, ()) = run::play(&house, settings, shutdown, |_| ()).await?;
    let trails = read(&house.connection.js, run.replay.entries).await?;
    house.close().await?;
    Ok(trails)
}

async fn read(js: &jetstream::Context, entries: u64) -> anyhow::Result<Vec<Tailed>> {
    let mut tail = Tail::open(js, LAYOUT.stream, &LAYOUT.all(), None).await?;
    let mut read = Vec::new();
    while (read.len() as u64) < entries {
        read.extend(tail.next_burst(BURST).await);
    }
    Ok(read)
}

async fn raw_read(js: &jetstream::Context, entries: u64) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut tail = Tail::open(js, LAYOUT.stream, &LAYOUT.all(), None).await?;
    let mut read = 0;
    while read < entries {
        read += tail.next_burst(BURST).await.len() as u64;
    }
    Ok(begun.elapsed())
}

/// Publishes the trails once more, under order numbers of their own.
async fn publish_copy(js: &jetstream::Context, trails: &[Tailed], copy: u64) -> anyhow::Result<()> {
    let messages = trails.iter().filter_map(|entry| {
        let (key, lane) = LAYOUT.parse(&entry.subject)?;
        let subject = LAYOUT.subject(&Key::of(&format!("{}-{copy}", key.text())), lane);
        Some(Message { subject, headers: HeaderMap::new(), payload: entry.payload.clone() })
    });
    let messages: Vec<Message> = messages.collect();
    publish_all(js.clone(), messages, IN_FLIGHT).await
}

impl Report {
    fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "{}", heading("Replay"))?;
        writeln!(text, "  {} entries of {} orders into a fresh projection", self.entries, self.orders)?;
        writeln!(
            text,
            "  {:.0} entries/s, {:.0} % of a raw read",
            self.replayed_entries_per_second, self.percent_of_raw
        )?;
        writeln!(text, "  {:.0} entries/s in a raw ordered read", self.raw_entries_per_second)?;
        writeln!(text, "  {:.0} MiB resident", self.resident_bytes as f64 / 1_048_576.0)
    }
}
