//! `waybill partner`: onboarding a partner, one profile at a time, and trying a changed one on what came in before.

mod add;
mod attempt;
mod check;
mod decode;
mod difference;
mod inbox;
pub(crate) mod known;
mod list;
mod numbers;
mod replay;
pub(crate) mod retold;
mod said;
pub(crate) mod sample;
mod show;
mod subjects;
mod switch;
mod unmapped;

use std::collections::BTreeSet;

use adapter::durable;
use model::PartnerId;
use partners::Profile;
use service::Connection;
use service::settings::NatsSettings;

use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;

/// What to do about a partner.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Reads a profile, and shows what each sample message becomes; nothing is connected to
    Check(check::Args),
    /// Shows a message as the tree that a profile's paths walk, and what is wrong with it
    Decode(decode::Args),
    /// Gives a partner a profile: the adapters serve it within a second, without a restart
    #[command(after_help = add::HELP)]
    Add(add::Args),
    /// Every partner: its profile and where that is from, what waits, what is in quarantine
    List(list::Args),
    /// One partner: its profile, who said what of it, and why
    Show(show::Args),
    /// Switches a partner off: what it sends and what it is asked waits, and nothing is lost
    Disable(switch::Args),
    /// Switches a partner on again; it goes on where it stopped
    Enable(switch::Args),
    /// Takes the profile away that was added; the file's or the one that comes with Waybill serves again
    Remove(switch::Args),
    /// Reads past messages through a changed profile too, and shows which facts would differ; writes nothing
    #[command(after_help = attempt::HELP)]
    Try(attempt::Args),
    /// Has past messages read again through the profile in force; a dry run without --yes
    #[command(after_help = replay::HELP)]
    Replay(replay::Args),
    /// Codes that nobody has mapped: which, how often, since when
    Unmapped(unmapped::Args),
}

/// The profile in force of a partner; nothing where it has none.
///
/// # Errors
/// [`Failure`] when the broker does not answer.
pub(crate) async fn profile_in_force(connection: &Connection, partner: &PartnerId) -> Result<Option<Profile>, Failure> {
    let said = said::Said::open(connection).await?;
    Ok(known::Known::of(partner, &said, connection).await?.in_force.map(|own| own.profile))
}

pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connect = || reach::connect(nats);
    match command {
        Command::Check(args) => check::run(&args, output),
        Command::Decode(args) => decode::run(&args, output),
        Command::Add(args) => add::run(&args, &connect().await?, output).await,
        Command::List(args) => list::run(&args, &connect().await?, output).await,
        Command::Show(args) => show::run(&args, &connect().await?, output).await,
        Command::Disable(args) => switch::run(&args, switch::Switch::Off, &connect().await?, output).await,
        Command::Enable(args) => switch::run(&args, switch::Switch::On, &connect().await?, output).await,
        Command::Remove(args) => switch::run(&args, switch::Switch::Removed, &connect().await?, output).await,
        Command::Try(args) => attempt::run(&args, &connect().await?, output).await,
        Command::Replay(args) => replay::run(&args, &connect().await?, output).await,
        Command::Unmapped(args) => unmapped::run(&args, &connect().await?, output).await,
    }
}

/// The consumers of the inbox that nobody reads because their partners are switched off; none where nothing is said of any.
pub(crate) async fn inboxes_off(connection: &Connection) -> BTreeSet<String> {
    let Ok(said) = said::Said::open(connection).await else { return BTreeSet::new() };
    let mut off = BTreeSet::new();
    for token in said.tokens().await.unwrap_or_default() {
        let Ok(Some(saying)) = said.of(&token).await else { continue };
        off.extend(
            saying.kept.ok().filter(|kept| kept.disabled).map(|kept| durable(known::service(kept.system), &token)),
        );
    }
    off
}

#[cfg(test)]
mod tests;
