//! Live progress: a line that is drawn again on a terminal, a line every few seconds elsewhere.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use service::Connection;
use simulator::Progress;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use visibility::queries::{LAG, Lag};

use crate::reach::ask;

/// How often a terminal is drawn.
const DRAWN: Duration = Duration::from_millis(500);
/// How often a line is written elsewhere.
const WRITTEN: Duration = Duration::from_secs(5);

/// Progress that is being shown.
pub(super) struct Shown {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Shown {
    /// Shows progress until it is stopped.
    pub fn start(connection: Connection, progress: Arc<Progress>, orders: Option<u64>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(show(connection, progress, orders, stopped));
        Self { stop, task }
    }

    pub async fn stop(self) {
        // Neither end can be gone before; and a picture is not worth failing a run.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn show(
    connection: Connection,
    progress: Arc<Progress>,
    orders: Option<u64>,
    mut stopped: oneshot::Receiver<()>,
) {
    let terminal = std::io::stderr().is_terminal();
    let bar = if terminal { ProgressBar::new(orders.unwrap_or_default()) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {msg}") {
        bar.set_style(style);
    }
    let mut last = (Instant::now(), 0);
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            () = tokio::time::sleep(if terminal { DRAWN } else { WRITTEN }) => {}
        }
        // A service that is too busy to answer answers the next time.
        let Ok(lag) = ask::<_, Lag>(&connection, LAG, &serde_json::json!({})).await else { continue };
        let rate = (lag.entries.saturating_sub(last.1)) as f64 / last.0.elapsed().as_secs_f64();
        last = (Instant::now(), lag.entries);
        let now = progress.snapshot();
        let words = words(&lag, rate, now.released, now.finished);
        bar.set_length(orders.unwrap_or(now.released));
        bar.set_position(now.finished);
        bar.set_message(words.clone());
        if !terminal {
            eprintln!("{words}");
        }
    }
    bar.finish_and_clear();
}

/// Orders by stage, entries a second, exceptions, lag.
fn words(lag: &Lag, rate: f64, released: u64, finished: u64) -> String {
    let mut words = format!("{released} released, {finished} done");
    // Writing into a String cannot fail.
    for (stage, orders) in lag.stages.iter().filter(|(_, orders)| **orders > 0) {
        let _ = write!(words, " | {} {orders}", stage.as_str());
    }
    let behind: u64 = lag.streams.iter().map(|stream| stream.lag).sum();
    let _ = write!(words, " | {rate:.0} entries/s, {} with exceptions, lag {behind}", lag.exceptions);
    words
}
