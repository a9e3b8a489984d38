//! `waybill demo`: a whole installation at work on one machine, judged by the partners' own books.

mod args;
mod progress;
mod report;
mod verdict;

use service::Shutdown;
use service::settings::NatsSettings;
use simulator::{Level, Scenario};

use crate::exit::{Failure, Verdict};
use crate::house::House;
use crate::order;
use crate::output::Output;
use crate::run::{self, Run};
pub(crate) use args::today;
pub use args::{Args, FsyncArg, HURRIED};
use progress::Shown;
use report::Report;

/// Runs the demo.
pub(crate) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    args.check()?;
    service::logs::start(&args.log()).map_err(anyhow::Error::new)?;
    let shutdown = Shutdown::new();
    shutdown.install_signals().map_err(anyhow::Error::new)?;
    let house = House::open(&args.plan(nats)).await?;
    let played = play(args, &house, &shutdown).await;
    let restarts = house.restarts().await;
    let report = played.and_then(|run| {
        let report = Report::of(&run, restarts);
        output.show(&report, Report::text)?;
        Ok((report, run))
    });
    let kept = if args.keep && report.is_ok() { keep(&house, &shutdown).await } else { Ok(()) };
    let closed = house.close().await;
    // What went wrong first is what is said.
    let (report, _partners) = report?;
    kept.and(closed)?;
    Ok(if report.is_sound() { Verdict::Fine } else { Verdict::Wrong })
}

async fn play(args: &Args, house: &House, shutdown: &Shutdown) -> Result<Run, Failure> {
    let scenario = args.scenario();
    let orders = scenario.orders();
    let watch = |play: &simulator::Play| Shown::start(house.connection.clone(), play.progress(), orders);
    let (mut run, shown) = run::play(house, args.settings(), shutdown, watch).await?;
    shown.stop().await;
    run.wrong.extend(verdict::quarantine(&house.connection.js, run.partners.faults().cut).await?);
    if let (Some(order), Level::Low | Level::High) = (run.replay.first_wrong(), args.faults) {
        let trail = order::trail::read(&house.connection, order).await?;
        let again = format!("--orders {} --seed {} --faults {}", args.orders, args.seed, args.faults.as_str());
        anstream::eprintln!("{}\nThe same run again: waybill demo {again}", order::trail::render(&trail));
    }
    if let Scenario::Tpch(tpch) = scenario {
        run.wrong.extend(verdict::tpch(&tpch, &run.replay.lines)?);
    }
    Ok(run)
}

async fn keep(house: &House, shutdown: &Shutdown) -> Result<(), Failure> {
    let url = house.url();
    anstream::eprintln!(
        "\nStill running; Ctrl-C ends it. In another terminal:\n  export NATS_URL={url}\n  waybill order list"
    );
    tokio::select! {
        () = shutdown.triggered() => Ok(()),
        words = house.broken() => Err(Failure::Broken(anyhow::anyhow!(words))),
    }
}
