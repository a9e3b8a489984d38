//! The demo's flags.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use model::Timestamp;
use service::settings::{LogFormat, LogSettings, NatsSettings};
use simulator::{Level, Scenario, Seed, Tpch, Traffic};

use crate::exit::{Failure, in_full};
use crate::house::Plan;

/// Runs a whole installation on this machine and judges it by the partners' own books
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many orders to generate
    #[arg(long, value_name = "N", default_value_t = 1_000, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u64).range(1..=MOST_ORDERS))]
    pub orders: u64,
    /// What the generated orders follow from
    #[arg(long, value_name = "S", default_value_t = 1, allow_negative_numbers = true)]
    pub seed: u64,
    /// Take the orders of a folder of TPC-H files (orders.csv, lineitem.csv, partsupp.csv, …) instead
    #[arg(long, value_name = "DIR", conflicts_with_all = ["orders", "seed"])]
    pub tpch: Option<PathBuf>,
    /// How much goes wrong on the way: messages delayed, doubled, lost, cut short; partners that fail and that meddle
    #[arg(long, value_name = "LEVEL", default_value = "none", value_parser = levels(), conflicts_with = "tpch")]
    pub faults: Level,
    /// How many orders are under way at once, at the most
    #[arg(long, value_name = "N", default_value_t = IN_FLIGHT)]
    pub in_flight: NonZeroU32,
    /// Run each service as a process of its own
    #[arg(long)]
    pub processes: bool,
    /// How many of each service run at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub instances: u8,
    /// When an own broker writes what it has acknowledged to the disk
    #[arg(long, value_enum, default_value_t = FsyncArg::Default)]
    pub fsync: FsyncArg,
    /// Leave everything running at the end, until Ctrl-C
    #[arg(long)]
    pub keep: bool,
    /// What is logged: a level, or levels by module as in `info,engine=debug`
    #[arg(long, env = "WAYBILL_LOG", value_name = "FILTER", default_value = "error")]
    pub log: String,
}

/// The policy of a run in which answers are lost: short waits, and patience with partners that fail.
pub const HURRIED: &str = "
[deadlines]
allocate = \"8s\"
book = \"8s\"
answer = \"8s\"
undo = \"8s\"
short = \"5s\"
[transport]
then = [\"tms-spare\"]
[allocation]
short = \"back_order\"
[picking]
short = \"back_order\"
[delivery]
short = \"send_again\"
[retries]
pause = \"1s\"
unanswered = 5
";

fn levels() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::ALL.map(Level::as_str)).try_map(|name| name.parse::<Level>())
}

/// An hour's work at 300 orders a second; all of them are looked through beforehand for the opening stock.
const MOST_ORDERS: u64 = 1_000_000;
/// Enough to keep every service busy; more only waits.
const IN_FLIGHT: NonZeroU32 = NonZeroU32::new(500).unwrap();

/// When an own broker writes what it has acknowledged to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FsyncArg {
    /// Every two minutes: a killed broker loses nothing, a power cut may
    Default,
    /// Before each acknowledgement: nothing is lost
    Always,
}

impl From<FsyncArg> for broker::Fsync {
    fn from(arg: FsyncArg) -> Self {
        match arg {
            FsyncArg::Default => Self::Default,
            FsyncArg::Always => Self::Always,
        }
    }
}

impl Args {
    /// Refuses what cannot be run: a folder that is none, or whose files are not those of TPC-H.
    ///
    /// # Errors
    /// [`Failure::Usage`] with what to give instead.
    pub fn check(&self) -> Result<(), Failure> {
        let Some(folder) = &self.tpch else { return Ok(()) };
        if !folder.is_dir() {
            return Err(Failure::Usage(format!(
                "{} is no folder; `pip install tpchgen-cli && tpchgen-cli csv -s 0.01 -o DIR` makes one",
                folder.display()
            )));
        }
        let scenario = self.scenario();
        let opened = scenario.plans().and_then(|_| scenario.opening());
        opened.map(drop).map_err(|error| Failure::Usage(in_full(&anyhow::Error::new(error))))
    }

    /// The installation these flags ask for.
    #[must_use]
    pub fn plan(&self, nats: &NatsSettings) -> Plan {
        // What is lost is asked again within the run.
        let policy = (self.faults != Level::None).then_some(HURRIED);
        Plan {
            nats: nats.clone(),
            fsync: self.fsync.into(),
            processes: self.processes,
            instances: self.instances,
            policy,
        }
    }

    /// What is played.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        match &self.tpch {
            Some(dir) => Scenario::Tpch(Tpch { dir: dir.clone(), limit: None }),
            None => Scenario::Generated(Traffic { seed: Seed(self.seed), orders: self.orders, started: today() }),
        }
    }

    /// How it is played.
    #[must_use]
    pub fn settings(&self) -> simulator::Settings {
        simulator::Settings { scenario: self.scenario(), in_flight: self.in_flight, faults: self.faults }
    }

    /// How the services and the demo itself log.
    #[must_use]
    pub fn log(&self) -> LogSettings {
        LogSettings { log_format: LogFormat::Text, log_filter: self.log.clone() }
    }
}

/// The last midnight, UTC: the generated history lies before it, and two runs of one day are the same.
pub(crate) fn today() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let midnight = i64::try_from(seconds - seconds % 86_400).unwrap_or_default();
    Timestamp::from_millis(midnight * 1_000)
}
