//! `waybill return`

mod claimed;
mod fetch;
pub mod of_order;
pub mod open;
mod opened;
mod read;
pub mod settle;
mod show;

use model::RmaId;
use model::token::TokenError;
use service::settings::NatsSettings;

use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;
use crate::text::line;

/// What to show of returns, and what to enter.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Open a return of delivered goods
    Open(open::Args),
    /// One return: where it stands, its lines, what is wrong
    Show(RmaArgs),
    /// Returns with where they stand
    List(show::ListArgs),
    /// Everything that was ever appended to a return, read straight from its stream
    Trail(RmaArgs),
    /// Call a return off, as long as nothing is on its way
    Cancel(settle::ByArgs),
    /// Have something asked again that was refused or not answered
    Retry(settle::AskArgs),
    /// Answer in a partner's place, or take an exception as it is
    Override(settle::OverrideArgs),
}

/// Which return.
#[derive(Debug, Clone, clap::Args)]
pub struct RmaArgs {
    /// The return's number
    #[arg(value_name = "RMA", value_parser = rma_id)]
    pub rma: RmaId,
}

fn rma_id(text: &str) -> Result<RmaId, TokenError> {
    RmaId::new(text)
}

pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    match command {
        Command::Show(args) => return show::show(&args.rma, &connection, output).await,
        Command::List(args) => return show::list(&args, &connection, output).await,
        Command::Trail(args) => return show::trail(&args.rma, &connection, output).await,
        Command::Open(args) => output.show(&open::open(&args, &connection).await?, entered)?,
        Command::Cancel(by) => output.show(&settle::cancel(&by, &connection).await?, entered)?,
        Command::Retry(args) => output.show(&settle::retry(&args, &connection).await?, entered)?,
        Command::Override(args) => output.show(&settle::settle(&args, &connection).await?, entered)?,
    }
    Ok(Verdict::Fine)
}

/// What was entered of a return.
#[derive(Debug, serde::Serialize)]
pub struct Entered {
    /// The return.
    pub rma: RmaId,
    /// The entry's place in the stream.
    pub sequence: u64,
    /// What it says, in words.
    pub says: Vec<String>,
}

fn entered(entered: &Entered) -> String {
    let mut text = String::new();
    for says in &entered.says {
        line(&mut text, format!("{}: {says}", entered.rma));
    }
    line(&mut text, format!("entry {}; what follows is in `waybill return trail`", entered.sequence));
    text
}

#[cfg(test)]
mod tests;
