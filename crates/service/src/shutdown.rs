//! How a process ends: told once it drains, told twice it goes at once.

use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// Exit status after a second signal: the shell's own for an interrupted command.
const INTERRUPTED: i32 = 130;

/// A clone of it is in everything that runs until it is told to end.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
}

impl Shutdown {
    /// One that nothing has triggered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells all holders to end.
    pub fn trigger(&self) {
        self.token.cancel();
    }

    /// True once told to end.
    pub fn is_triggered(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until told to end; safe to drop and ask again.
    pub fn triggered(&self) -> WaitForCancellationFuture<'_> {
        self.token.cancelled()
    }

    /// One that this one's trigger reaches, but not the other way round: to stop a part alone.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { token: self.token.child_token() }
    }

    /// The token itself, for what wants one.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// From now on SIGTERM or Ctrl-C triggers it, and a second one ends the process at once.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn install_signals(&self) -> std::io::Result<()> {
        let mut signals = Signals::install()?;
        let token = self.token.clone();
        tokio::spawn(async move {
            signals.next().await;
            tracing::info!("told to end: draining; a second signal ends at once");
            token.cancel();
            signals.next().await;
            tracing::warn!("told to end twice: ending without draining");
            std::process::exit(INTERRUPTED);
        });
        Ok(())
    }

    /// Runs `work` until it ends by itself or, once triggered, until `enough`. An error holds what `enough` says when the
    /// work had to be cut off.
    ///
    /// # Errors
    /// The output of `enough`, when the work was still not done then.
    pub async fn drain<W: Future, E: Future>(&self, work: W, enough: E) -> Result<W::Output, E::Output> {
        tokio::pin!(work);
        let told_and_enough = async {
            self.triggered().await;
            enough.await
        };
        tokio::select! {
            biased;
            output = &mut work => Ok(output),
            why = told_and_enough => Err(why),
        }
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn install() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn drain_waits_for_work_up_to_its_limit() {
        let (shutdown, short) = (Shutdown::new(), Duration::from_millis(5));
        let drained = shutdown.drain(async { 7 }, std::future::ready("told")).await;
        assert_eq!(drained, Ok(7), "work that ends needs no trigger");
        let late = shutdown.drain(tokio::time::sleep(short), std::future::ready("told")).await;
        assert_eq!(late, Ok(()), "and enough counts from the trigger");
        shutdown.trigger();
        let late = shutdown.drain(tokio::time::sleep(short), tokio::time::sleep(Duration::from_secs(30))).await;
        assert_eq!(late, Ok(()));
        let cut_off = async {
            tokio::time::sleep(short).await;
            "enough"
        };
        assert_eq!(shutdown.drain(std::future::pending::<i32>(), cut_off).await, Err("enough"));
    }

    #[tokio::test]
    async fn a_child_ends_with_its_parent_but_not_the_other_way_round() {
        let shutdown = Shutdown::new();
        let (one, other) = (shutdown.child(), shutdown.child());
        one.trigger();
        assert!(!shutdown.is_triggered() && !other.is_triggered());
        shutdown.trigger();
        other.triggered().await;
    }
}
