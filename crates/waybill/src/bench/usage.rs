//! What the processes use: processor time over a run, and the most memory.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use service::process::{Usage, usage_of};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How often memory is looked at.
const EVERY: Duration = Duration::from_millis(250);

/// What one process used over a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Used {
    /// Processor time, in seconds.
    pub cpu_seconds: f64,
    /// Memory held in RAM when a quarter of the run was over, in bytes.
    pub resident_early: u64,
    /// The most memory held in RAM, in bytes.
    pub resident_most: u64,
}

/// Processes being watched.
pub(super) struct Watch {
    stop: oneshot::Sender<()>,
    task: JoinHandle<BTreeMap<String, Used>>,
}

impl Watch {
    /// Watches these processes until it is finished.
    pub fn start(processes: &[(String, u32)]) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(watch(processes.to_vec(), stopped));
        Self { stop, task }
    }

    /// What each process used since the start.
    pub async fn finish(self) -> anyhow::Result<BTreeMap<String, Used>> {
        // The task cannot have ended before it is told to.
        let _ = self.stop.send(());
        Ok(self.task.await?)
    }
}

async fn watch(processes: Vec<(String, u32)>, mut stopped: oneshot::Receiver<()>) -> BTreeMap<String, Used> {
    let mut seen: Vec<Vec<Usage>> = vec![Vec::new(); processes.len()];
    loop {
        for ((_, pid), seen) in processes.iter().zip(&mut seen) {
            seen.extend(usage_of(*pid));
        }
        tokio::select! {
            _ = &mut stopped => break,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    let used = processes.into_iter().zip(seen).filter_map(|((name, pid), mut seen)| {
        seen.extend(usage_of(pid));
        Some((name, used(&seen)?))
    });
    used.collect()
}

fn used(seen: &[Usage]) -> Option<Used> {
    let (first, last) = (seen.first()?, seen.last()?);
    let quarter = seen.get(seen.len() / 4)?;
    Some(Used {
        cpu_seconds: last.cpu_seconds - first.cpu_seconds,
        resident_early: quarter.resident_bytes,
        resident_most: seen.iter().map(|usage| usage.resident_bytes).max()?,
    })
}
