//! Kills the broker when its parent is gone without having stopped it.
//!
//! A parent that is killed runs no code. So a shell waits at the end of a pipe whose other end only the parent holds:
//! when the system closes it, the shell kills the broker. The parent keeps the broker's exit status unread while the
//! watchdog runs, so the process id cannot have passed to another process.

use std::path::Path;
use std::process::Stdio;
use tokio::process::{Child, Command};

/// Kills $1 once the pipe closes; waits up to 2 s until it is gone and removes the temporary folder $2, if there is one.
const SCRIPT: &str = r#"read -r _
kill -9 "$1"
[ -n "$2" ] || exit 0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 "$1" || break
    sleep 0.1
done
rm -rf -- "$2""#;

/// The waiting shell; dropping it ends the watch without harm to the broker.
#[derive(Debug)]
pub(crate) struct Watchdog {
    // Killed before its pipe closes, else it would take the closing for the parent's end.
    _shell: Option<Child>,
}

impl Watchdog {
    /// Watches over `pid` and its temporary folder, if it has one. Where there is no `sh`, the broker runs without a watchdog.
    pub(crate) fn over(pid: u32, temporary: Option<&Path>) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "waybill-broker-watchdog"]).arg(pid.to_string());
        command.arg(temporary.unwrap_or(Path::new("")));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        // Out of the terminal's reach, as the broker is: Ctrl-C is for the parent.
        #[cfg(unix)]
        command.process_group(0);
        match command.spawn() {
            Ok(shell) => Self { _shell: Some(shell) },
            Err(error) => {
                tracing::warn!(%error, "no sh: should this process be killed, its nats-server stays behind");
                Self { _shell: None }
            }
        }
    }
}
