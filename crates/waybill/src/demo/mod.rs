//! `waybill demo`: a whole installation at work on one machine, judged by the partners' own books.

mod args;
mod judge;
mod progress;
mod report;
mod verdict;

use std::time::{Duration, Instant};

use service::Shutdown;
use simulator::{Books, Play, Progress, Scenario};

use crate::exit::{Failure, Verdict};
use crate::house::House;
use crate::output::Output;
pub use args::Args;
use progress::Shown;
use report::Report;

/// How long nothing may move before the run is judged as it stands.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the demo.
///
/// # Errors
/// [`Failure`] when something needed is not there, or a part broke down.
pub async fn run(args: &Args, nats: &service::settings::NatsSettings, output: Output) -> Result<Verdict, Failure> {
    args.check()?;
    service::logs::start(&args.log()).map_err(anyhow::Error::new)?;
    let shutdown = Shutdown::new();
    shutdown.install_signals().map_err(anyhow::Error::new)?;
    let house = House::open(&args.plan(nats)).await?;
    let played = tokio::select! {
        played = play(args, &house, &shutdown) => played,
        words = house.broken() => return Err(Failure::Broken(anyhow::anyhow!(words))),
    };
    let report = match played {
        Ok(report) => report,
        Err(failure) => {
            house.close().await?;
            return Err(failure);
        }
    };
    output.show(&report, Report::text)?;
    if args.keep {
        keep(&house, &shutdown).await;
    }
    house.close().await?;
    Ok(if report.is_sound() { Verdict::Fine } else { Verdict::Wrong })
}

async fn play(args: &Args, house: &House, shutdown: &Shutdown) -> Result<Report, Failure> {
    let stopped = || Failure::Broken(anyhow::anyhow!("stopped before the end"));
    tokio::select! {
        report = judged_play(args, house, shutdown) => report,
        () = shutdown.triggered() => Err(stopped()),
    }
}

async fn judged_play(args: &Args, house: &House, shutdown: &Shutdown) -> Result<Report, Failure> {
    let settings = simulator::Settings { scenario: args.scenario(), in_flight: args.in_flight };
    let broken = |error: simulator::PlayError| Failure::Broken(anyhow::Error::new(error));
    let mut play = Play::start(&house.connection, settings, shutdown.child()).await.map_err(broken)?;
    // Orders are validated against the master data, so these must be known before the first is released.
    house.settle(PATIENCE).await?;
    let begun = Instant::now();
    let shown = Shown::start(house.connection.clone(), play.progress(), args.scenario().orders());
    play.release_orders();
    let progress = play.progress();
    let finished = tokio::select! {
        books = play.finished() => Some(books.map_err(broken)?),
        () = stalled(&progress) => None,
    };
    let books = finished.unwrap_or_else(|| play.books());
    let settled = house.settle(PATIENCE).await?;
    shown.stop().await;
    let took = begun.elapsed();
    report(args, house, books, settled, took).await
}

async fn report(
    args: &Args,
    house: &House,
    books: Books,
    settled: bool,
    took: Duration,
) -> Result<Report, Failure> {
    let replay = judge::replay(&house.connection.js, &books).await?;
    let mut wrong = judge::compare(&house.connection, &replay).await?;
    if !settled {
        wrong.push(format!("messages are still under way after {PATIENCE:?} in which nothing moved"));
    }
    wrong.extend(books.sound().err());
    wrong.extend(verdict::quarantine(&house.connection.js).await?);
    if let Scenario::Tpch(tpch) = args.scenario() {
        wrong.extend(verdict::tpch(&tpch, &replay.lines)?);
    }
    Ok(Report::new(&books, replay, wrong, took))
}

/// Waits until the partners have made no progress for as long as the patience lasts.
async fn stalled(progress: &Progress) {
    let (mut before, mut moved) = (progress.snapshot(), Instant::now());
    while moved.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = progress.snapshot();
        if now != before {
            (before, moved) = (now, Instant::now());
        }
    }
}

async fn keep(house: &House, shutdown: &Shutdown) {
    anstream::eprintln!(
        "\nStill running. In another terminal:\n  export NATS_URL={}\n  waybill order list\nCtrl-C ends it.",
        house.url()
    );
    tokio::select! {
        () = shutdown.triggered() => {}
        words = house.broken() => anstream::eprintln!("{}: {words}", crate::text::bad("error")),
    }
}
