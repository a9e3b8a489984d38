//! `waybill quarantine`: messages that could not become facts, and why.

mod dump;
mod list;
mod show;

use model::token;
use service::quarantine::Kind;
use service::settings::NatsSettings;
use service::streams::QUARANTINE;

use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;

/// What to show of the quarantine.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Messages in quarantine: how many for which reason, then the latest
    List(list::Args),
    /// One message: where it came from, why it is here, and its bytes
    Show(show::Args),
}

pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let stream = reach::stream(&connection.js, QUARANTINE).await?;
    match command {
        Command::List(args) => list::run(&args, &stream, output).await,
        Command::Show(args) => show::run(&args, &connection, &stream, output).await,
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
mod tests;
