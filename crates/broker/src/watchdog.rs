//! Takes down what a process leaves behind when it is gone without a word.
//!
//! A process that is killed runs no code. So a shell waits at the end of a pipe whose other end only that process holds:
//! when the system closes it, the shell kills the children it was told of and removes the folder it was given.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Each line names all children there are now. Once the pipe closes, kills the last ones named; waits up to 2 s until they
/// are gone and removes the folder $1, if there is one.
const SCRIPT: &str = r#"
while read -r line; do pids=$line; done
for pid in $pids; do kill -9 "$pid"; done
[ -n "$1" ] || exit 0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    left=
    for pid in $pids; do kill -0 "$pid" && left=yes; done
    [ -n "$left" ] || break
    sleep 0.1
done
rm -rf -- "$1"
"#;

/// A watch over child processes and a temporary folder. Dropping it ends the watch and harms neither.
#[derive(Debug)]
pub struct Watchdog(Mutex<Watch>);

#[derive(Debug)]
struct Watch {
    shell: Option<Child>,
    pids: Vec<u32>,
}

impl Watchdog {
    /// Watches over a folder, if there is one, and over the children named later. Where there is no `sh`, nobody watches.
    #[must_use]
    pub fn over(temporary: Option<&Path>) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "waybill-watchdog"]).arg(temporary.unwrap_or(Path::new("")));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Out of the terminal's reach: Ctrl-C is for the parent, which takes its children down in order.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let shell = command.spawn();
        if let Err(error) = &shell {
            tracing::warn!(%error, "no sh: should this process be killed, its children stay behind");
        }
        Self(Mutex::new(Watch { shell: shell.ok(), pids: Vec::new() }))
    }

    /// Watches over this child too; none is one that has ended already.
    pub fn watch(&self, pid: Option<u32>) {
        self.change(|pids| pids.extend(pid));
    }

    /// Watches over this child no longer. To be called before its exit status is read or at once afterwards: from then on
    /// the system may give its number to another process.
    pub fn forget(&self, pid: Option<u32>) {
        self.change(|pids| pids.retain(|known| Some(*known) != pid));
    }

    fn change(&self, change: impl FnOnce(&mut Vec<u32>)) {
        let mut watch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut watch.pids);
        let pids: Vec<String> = watch.pids.iter().map(u32::to_string).collect();
        let line = format!("{}\n", pids.join(" "));
        let pipe = watch.shell.as_mut().and_then(|shell| shell.stdin.as_mut());
        if let Some(Err(error)) = pipe.map(|pipe| pipe.write_all(line.as_bytes())) {
            tracing::warn!(%error, "the watchdog is gone: should this process be killed, its children stay behind");
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Killed before its pipe closes, else it would take the closing for the parent's end.
        if let Some(shell) = &mut self.shell
            && shell.kill().is_ok()
        {
            let _ = shell.wait();
        }
    }
}
