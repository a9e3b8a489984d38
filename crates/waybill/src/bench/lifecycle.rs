//! Orders a second from release to closed.

mod report;

use std::num::NonZeroU32;

use service::Shutdown;
use service::settings::NatsSettings;
use simulator::{Level, Scenario, Seed, Traffic};

use super::{captured, null, usage::Watch};
use crate::demo::{FsyncArg, today};
use crate::exit::{Failure, Verdict};
use crate::house::{House, Plan};
use crate::output::Output;
use crate::run::{self, Percentiles, Run};
use report::{Figures, Report};

/// Orders that are run one at a time, for the latency of one alone.
const ALONE: u64 = 30;
const ONE: NonZeroU32 = NonZeroU32::MIN;

/// Measures orders a second from release to closed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many orders
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(100..=200_000))]
    pub orders: u64,
    /// How many orders are under way at once, at the most
    #[arg(long, value_name = "N", default_value_t = NonZeroU32::new(500).unwrap_or(ONE))]
    pub in_flight: NonZeroU32,
    /// Run each service as a process of its own, so that each one's processor time and memory can be told
    #[arg(long)]
    pub processes: bool,
    /// When the broker writes what it has acknowledged to the disk
    #[arg(long, value_enum, default_value_t = FsyncArg::Default)]
    pub fsync: FsyncArg,
}

pub(super) async fn run(args: &Args, shutdown: &Shutdown, output: Output) -> Result<Verdict, Failure> {
    let alone = alone(args, shutdown).await?;
    let house = House::open(&plan(args)).await?;
    let watch = |_: &simulator::Play| Watch::start(house.processes());
    let (run, watch) = run::play(&house, traffic(args.orders, 2, args.in_flight), shutdown, watch).await?;
    let used = watch.finish().await?;
    let captured = captured::capture(&house.connection.js).await?;
    house.close().await?;
    let figures = Figures::of(&run, alone, used, &captured);
    let sound = run.wrong.is_empty();
    let wrong = run.wrong;
    let null = null::run(captured, args.fsync.into()).await?;
    output.show(&Report::new(args, figures, null, wrong), Report::text)?;
    Ok(if sound { Verdict::Fine } else { Verdict::Wrong })
}

/// How long one order takes when it is alone.
async fn alone(args: &Args, shutdown: &Shutdown) -> Result<Percentiles, Failure> {
    let house = House::open(&plan(args)).await?;
    let (Run { replay, .. }, ()) = run::play(&house, traffic(ALONE, 1, ONE), shutdown, |_| ()).await?;
    house.close().await?;
    Ok(Percentiles::of(replay.took))
}

fn plan(args: &Args) -> Plan {
    Plan {
        nats: NatsSettings::default(),
        fsync: args.fsync.into(),
        processes: args.processes,
        instances: 1,
        policy: None,
    }
}

fn traffic(orders: u64, seed: u64, in_flight: NonZeroU32) -> simulator::Settings {
    let scenario = Scenario::Generated(Traffic { seed: Seed(seed), orders, started: today() });
    simulator::Settings { scenario, in_flight, faults: Level::None }
}
