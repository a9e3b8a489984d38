//! `waybill completions`

use clap_complete::Shell;
use serde::Serialize;

use crate::cli;
use crate::exit::{Failure, Verdict};
use crate::output::Output;

/// Which shell's.
#[derive(Debug, clap::Args)]
#[command(after_help = "For bash: source <(waybill completions bash)")]
pub struct Args {
    /// The shell
    shell: Shell,
}

#[derive(Serialize)]
struct Script {
    shell: String,
    script: String,
}

pub(crate) fn run(args: &Args, output: Output) -> Result<Verdict, Failure> {
    let script = script(args.shell);
    output.show(&script, |script| script.script.clone())?;
    Ok(Verdict::Fine)
}

fn script(shell: Shell) -> Script {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "waybill", &mut bytes);
    Script { shell: shell.to_string(), script: String::from_utf8_lossy(&bytes).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_learns_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
            let script = script(shell).script;
            for command in ["order", "trail", "stock", "status", "quarantine", "completions", "schema"] {
                assert!(script.contains(command), "{shell}: {command}");
            }
        }
    }
}
