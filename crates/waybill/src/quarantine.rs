//! `waybill quarantine`: messages that could not become facts, why, and taking them out.

pub(crate) mod cause;
mod dump;
pub(crate) mod filter;
mod list;
mod log;
pub(crate) mod scan;
mod settle;
pub(crate) mod show;

use model::token;
use service::quarantine::{Kind, Settle};
use service::settings::NatsSettings;
use service::streams::{QUARANTINE, QUARANTINE_LOG};

use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;

/// What to show of the quarantine, and what to take out of it.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Messages in quarantine: how many for which cause, then the latest
    List(list::Args),
    /// One message: where it came from, why it is here, and its bytes
    Show(show::Args),
    /// Publish messages again as they came, say through a mended profile; a dry run without --yes
    #[command(after_help = HELP)]
    Release(settle::SomeArgs),
    /// Take messages out and publish nothing; a dry run without --yes
    #[command(after_help = HELP)]
    Discard(settle::SomeArgs),
    /// Publish other bytes in a message's place; a dry run without --yes
    #[command(after_help = HELP)]
    Edit(settle::EditArgs),
    /// What was taken out: by whom, why, when and what
    Log(log::Args),
}

const HELP: &str = "\
Only what a partner sent can be released or edited: it is published to the subject it came in by, and read as if it came \
in now; what of it was taken already is told twice, and counts once. An entry of an order that a service cannot read never \
left its stream: upgrade the service, which reads it there, and discard the notice. What was held for a partner by no \
adapter has no way back. An ask that could not be written is not here but refused on its order (`waybill order retry`). By \
what messages have in common, the oldest 100,000 are taken out at once.

Each message is published, recorded in `waybill quarantine log` and removed, in this order: what breaks off stays in \
quarantine and may be taken out again. The log keeps the bytes of what was discarded or edited.

Ends with 0 when all is done, and after a dry run; with 1 when a message could not be taken out.";

pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let name = if matches!(command, Command::Log(_)) { QUARANTINE_LOG } else { QUARANTINE };
    let stream = reach::stream(&connection.js, name).await?;
    match command {
        Command::List(args) => list::run(&args, &stream, output).await,
        Command::Show(args) => show::run(&args, &connection, &stream, output).await,
        Command::Release(args) => settle::some(&args, Settle::Release, &connection, &stream, output).await,
        Command::Discard(args) => settle::some(&args, Settle::Discard, &connection, &stream, output).await,
        Command::Edit(args) => settle::edit(&args, &connection, &stream, output).await,
        Command::Log(args) => log::run(&args, &stream, output).await,
    }
}

/// The kind's name, as in messages and on screens.
fn kind_name(kind: Kind) -> String {
    // A kind is written as its name.
    serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The text a subject token was made of, or the token itself.
fn plain(token: &str) -> String {
    token::unescape(token).unwrap_or_else(|_| token.to_owned())
}

#[cfg(test)]
mod mended;
#[cfg(test)]
mod tests;
