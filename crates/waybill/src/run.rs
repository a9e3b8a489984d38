//! A scenario played on an installation and judged: what the demo shows and the benchmark measures.

mod judge;
mod percentiles;

use std::time::{Duration, Instant};

use service::Shutdown;
use service::consume::DEFAULT_ACK_WAIT;
use simulator::{Books, Level, Play, PlayError, Progress};

use crate::exit::Failure;
use crate::house::House;
pub use judge::{Replay, billed};
pub use percentiles::Percentiles;

/// How long nothing may move before the run is judged as it stands: twice what the broker waits before it delivers again
/// what a service took with it when it died.
const PATIENCE: Duration = DEFAULT_ACK_WAIT.saturating_mul(2);
/// How long to wait before orders that have not ended yet are looked at again.
const AGAIN: Duration = Duration::from_secs(2);
/// How often it is looked at.
const POLL: Duration = Duration::from_millis(500);

/// A run that was judged.
pub struct Run {
    /// The partners' own account.
    pub books: Books,
    /// What the log says when it is folded once more.
    pub replay: Replay,
    /// What is wrong, in words; nothing when the run was sound.
    pub wrong: Vec<String>,
    /// From the first release until nothing was under way.
    pub took: Duration,
    /// The partners, who go on answering until they are dropped.
    pub partners: Play,
}

/// Plays a scenario to its end and judges it. `watch` is called when the orders begin to flow.
///
/// # Errors
/// [`Failure`] when the input cannot be read or a part broke down.
pub async fn play<W>(
    house: &House,
    settings: simulator::Settings,
    shutdown: &Shutdown,
    watch: impl FnOnce(&Play) -> W,
) -> Result<(Run, W), Failure> {
    tokio::select! {
        run = to_the_end(house, settings, shutdown, watch) => run,
        words = house.broken() => Err(Failure::Broken(anyhow::anyhow!(words))),
        () = shutdown.triggered() => Err(Failure::Broken(anyhow::anyhow!("stopped before the end"))),
    }
}

async fn to_the_end<W>(
    house: &House,
    settings: simulator::Settings,
    shutdown: &Shutdown,
    watch: impl FnOnce(&Play) -> W,
) -> Result<(Run, W), Failure> {
    let faults = settings.faults;
    let mut play = Play::start(&house.connection, settings, shutdown.child()).await.map_err(ended)?;
    // Orders are validated against the master data, so these must be known before the first is released.
    house.settle(PATIENCE).await?;
    let begun = Instant::now();
    let watched = watch(&play);
    play.release_orders();
    let progress = play.progress();
    tokio::select! {
        finished = play.finished() => drop(finished.map_err(ended)?),
        () = stalled(&progress) => {}
    }
    let settled = house.settle(PATIENCE).await?;
    let took = begun.elapsed();
    let (replay, mut wrong) = judged(house, &play, faults).await?;
    let books = play.books();
    if !settled {
        wrong.push(format!("messages are still under way after {PATIENCE:?} in which nothing moved"));
    }
    wrong.extend(books.sound().err());
    wrong.extend(replay.verdicts());
    Ok((Run { books, replay, wrong, took, partners: play }, watched))
}

/// The replay, and how the projection differs from it. Where answers are lost, the last orders end when they have been asked for
/// again; and what is delayed may come while it is looked at.
async fn judged(house: &House, play: &Play, faults: Level) -> Result<(Replay, Vec<String>), Failure> {
    let begun = Instant::now();
    loop {
        let replay = judge::replay(&house.connection.js, &play.books()).await?;
        let differs = judge::compare(&house.connection, &replay, PATIENCE).await?;
        let is_final = faults == Level::None || begun.elapsed() > PATIENCE;
        if is_final || (replay.verdicts().is_empty() && differs.is_empty()) {
            return Ok((replay, differs));
        }
        tokio::time::sleep(AGAIN).await;
        house.settle(PATIENCE).await?;
    }
}

/// Why a play ended before its end: by its input, which the command line names, or by something that broke.
fn ended(error: PlayError) -> Failure {
    if matches!(error, PlayError::Input(_)) {
        return Failure::Usage(error.to_string());
    }
    Failure::Broken(anyhow::Error::new(error))
}

/// Waits until the partners have made no progress for as long as the patience lasts.
async fn stalled(progress: &Progress) {
    let (mut before, mut moved) = (progress.snapshot(), Instant::now());
    while moved.elapsed() < PATIENCE {
        tokio::time::sleep(POLL).await;
        let now = progress.snapshot();
        if now != before {
            (before, moved) = (now, Instant::now());
        }
    }
}

impl Run {
    /// Seconds from the first release to the last order closed, by the broker's clock.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        match (self.replay.first, self.replay.last) {
            (Some(first), Some(last)) if last > first => (last.as_millis() - first.as_millis()) as f64 / 1_000.0,
            _ => self.took.as_secs_f64(),
        }
    }
}
