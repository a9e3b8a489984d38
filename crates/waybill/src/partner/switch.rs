//! `waybill partner disable|enable|remove`

use adapter::{Action, Kept};
use model::{PartnerId, System};
use serde::Serialize;
use service::Connection;

use super::add::ByArgs;
use super::known::{Known, Named, nobody, partner};
use super::said::Said;
use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::text::{harmless, line};

/// Which partner, who says so, and why.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The partner
    #[arg(value_name = "PARTNER", value_parser = partner)]
    pub(super) partner: PartnerId,
    #[command(flatten)]
    pub(super) by: ByArgs,
}

/// What is to become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    Off,
    On,
    /// The profile that was added is taken away.
    Removed,
}

/// What became of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub partner: String,
    pub system: System,
    pub action: Action,
    /// Whether it was so already, and nothing was done.
    pub unchanged: bool,
    pub disabled: bool,
    /// The profile that it is served through from now on, as far as this command knows.
    pub profile: Option<Named>,
}

pub(super) async fn run(
    args: &Args,
    switch: Switch,
    connection: &Connection,
    output: Output,
) -> Result<Verdict, Failure> {
    let report = act(args, switch, connection).await?;
    output.show(&report, render)?;
    Ok(Verdict::Fine)
}

pub(super) async fn act(args: &Args, switch: Switch, connection: &Connection) -> Result<Report, Failure> {
    let by = args.by.operator_with_reason()?;
    let said = Said::open(connection).await?;
    let known = Known::of(&args.partner, &said, connection).await?;
    let system = known.system().ok_or_else(|| nobody(&args.partner))?;
    if let Some(Err(why)) = known.saying.as_ref().map(|saying| &saying.kept) {
        return Err(Failure::Refused(format!("{why}; replace it with `waybill partner add --replace`")));
    }
    let before = known.kept();
    let (profile, was_off) = (before.and_then(|kept| kept.profile.clone()), before.is_some_and(|kept| kept.disabled));
    if switch == Switch::Removed && profile.is_none() {
        let words = "has no profile that was added; its own is in the adapters' folder, or comes with Waybill";
        return Err(Failure::NotFound(format!("partner {} {words}", args.partner)));
    }
    let (action, disabled, profile) = match switch {
        Switch::Off => (Action::Disable, true, profile),
        Switch::On => (Action::Enable, false, profile),
        Switch::Removed => (Action::Remove, was_off, None),
    };
    let unchanged = switch != Switch::Removed && disabled == was_off;
    if !unchanged {
        let (partner, at, replay) = (args.partner.clone(), now(), before.and_then(|kept| kept.replay));
        let kept = Kept { action, by, at, partner, system, profile, disabled, replay };
        said.say(&kept, known.saying.as_ref().map(|saying| saying.revision)).await?;
    }
    let profile = match switch {
        Switch::Off | Switch::On => known.in_force.map(|own| own.named),
        Switch::Removed => shipped(&args.partner),
    };
    Ok(Report { partner: args.partner.to_string(), system, action, unchanged, disabled, profile })
}

fn shipped(partner: &PartnerId) -> Option<Named> {
    let (_, text) = super::known::shipped().into_iter().find(|(of, _)| of == partner)?;
    let version = text.compile(Some(partner)).ok()?.version;
    Some(Named { name: text.name, version, from: adapter::Origin::Shipped })
}

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    let partner = harmless(&report.partner);
    let words = match (report.action, report.unchanged) {
        (Action::Disable, false) => "is switched off: what it sends waits in INBOX, what it is asked waits in HELD",
        (Action::Disable, true) => "is switched off already; nothing was done",
        (Action::Enable, false) => "is switched on, and goes on where it stopped",
        (Action::Enable, true) => "is switched on already; nothing was done",
        (Action::Remove | Action::Add | Action::Replay | Action::Other, _) => "has no profile any more that was added",
    };
    line(&mut text, format!("{partner} {words}"));
    if report.action == Action::Remove {
        line(
            &mut text,
            match (report.disabled, &report.profile) {
                (true, _) => {
                    "  it is still switched off: what it sends and what it is asked waits (`waybill partner enable`)"
                        .to_owned()
                }
                (false, Some(own)) => {
                    harmless(&format!("  {own} serves it, unless the adapters' folder has one")).into_owned()
                }
                (false, None) => {
                    "  what it sends goes to quarantine, unless the adapters' folder has a profile for it".to_owned()
                }
            },
        );
    }
    text
}
