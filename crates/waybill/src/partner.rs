//! `waybill partner`: onboarding a partner, one profile at a time.

mod check;
mod decode;
mod sample;

use crate::exit::{Failure, Verdict};
use crate::output::Output;

/// What to do about a partner.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Reads a profile, and shows what each sample message becomes; nothing is connected to
    Check(check::Args),
    /// Shows a message as the tree that a profile's paths walk, and what is wrong with it
    Decode(decode::Args),
}

pub(crate) fn run(command: &Command, output: Output) -> Result<Verdict, Failure> {
    match command {
        Command::Check(args) => check::run(args, output),
        Command::Decode(args) => decode::run(args, output),
    }
}
