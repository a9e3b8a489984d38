//! `waybill partner show`

use adapter::{Action, Served};
use model::{PartnerId, System, Timestamp};
use serde::Serialize;
use service::Connection;

use super::known::{Known, Named, nobody, partner};
use super::numbers::{self, Numbers};
use super::said::Said;
use super::subjects::Subjects;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::table::Table;
use crate::text::{bad, harmless, heading, line, or_dash};

/// Which partner.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The partner
    #[arg(value_name = "PARTNER", value_parser = partner)]
    pub(super) partner: PartnerId,
    /// Only the text of its profile, as a file would hold it
    #[arg(long)]
    pub(super) toml: bool,
    /// The profile as it was said at this place of its history
    #[arg(long, value_name = "REVISION", requires = "toml")]
    pub(super) revision: Option<u64>,
}

/// A partner.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub partner: String,
    pub system: Option<System>,
    pub profile: Option<Named>,
    /// Where its messages go.
    pub subjects: Option<Subjects>,
    pub disabled: bool,
    /// What is wrong with what was said last.
    pub wrong: Option<String>,
    /// How it numbers its interchanges, and what is wrong with that.
    pub interchanges: Vec<Numbers>,
    /// What was said of it, newest first.
    pub history: Vec<Step>,
    /// The text of the profile in force.
    pub text: Option<String>,
}

/// What was said once.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub revision: u64,
    pub at: Option<Timestamp>,
    pub action: Action,
    pub who: Option<String>,
    pub why: Option<String>,
    pub profile: Option<String>,
    pub version: Option<u32>,
    pub disabled: bool,
    /// Why this version cannot read it.
    pub wrong: Option<String>,
}

pub(super) async fn run(args: &Args, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    if args.toml {
        Output::bytes(toml(args, connection).await?.as_bytes())?;
        return Ok(Verdict::Fine);
    }
    let shown = gather(&args.partner, connection).await?;
    output.show(&shown, render)?;
    Ok(if shown.wrong.is_some() { Verdict::Wrong } else { Verdict::Fine })
}

/// The text of the profile in force, or of one that was added before.
pub(super) async fn toml(args: &Args, connection: &Connection) -> Result<String, Failure> {
    let said = Said::open(connection).await?;
    let Some(revision) = args.revision else {
        return Ok(Known::of(&args.partner, &said, connection).await?.profile(&args.partner)?.text.text);
    };
    let history = said.history(&args.partner.token()).await?;
    let found =
        history.into_iter().find(|saying| saying.revision == revision).and_then(|saying| saying.kept.ok()?.profile);
    found.map(|added| added.text).ok_or_else(|| {
        let partner = &args.partner;
        Failure::NotFound(format!(
            "no profile of {partner} at revision {revision} (`waybill partner show {partner}` lists them)"
        ))
    })
}

pub(super) async fn gather(partner: &PartnerId, connection: &Connection) -> Result<Shown, Failure> {
    let said = Said::open(connection).await?;
    let known = Known::of(partner, &said, connection).await?;
    let history = said.history(&partner.token()).await?;
    if known.system().is_none() && history.is_empty() {
        return Err(nobody(partner));
    }
    let unreadable = known.saying.as_ref().and_then(|saying| saying.kept.as_ref().err().cloned());
    let uncompiled = known.kept().and_then(|kept| kept.compile().err());
    let wrong =
        unreadable.or(uncompiled).or_else(|| known.served.as_ref().and_then(|Served { wrong, .. }| wrong.clone()));
    let numbers = numbers::gather(Some(&partner.token()), connection).await?;
    let mut steps: Vec<Step> = history.into_iter().map(step).collect();
    steps.reverse();
    Ok(Shown {
        partner: partner.to_string(),
        system: known.system(),
        disabled: known.kept().is_some_and(|kept| kept.disabled),
        wrong,
        interchanges: numbers.into_iter().map(|(_, numbers)| numbers).collect(),
        history: steps,
        profile: known.in_force.as_ref().map(|own| own.named.clone()),
        subjects: known.in_force.as_ref().map(|own| Subjects::of(&own.profile)),
        text: known.in_force.map(|own| own.text.text),
    })
}

fn step(saying: super::said::Saying) -> Step {
    let super::said::Saying { revision, kept } = saying;
    match kept {
        Ok(kept) => Step {
            revision,
            at: Some(kept.at),
            action: kept.action,
            who: Some(kept.by.who),
            why: Some(kept.by.why),
            version: kept.profile.as_ref().map(|added| added.version),
            profile: kept.profile.map(|added| added.name),
            disabled: kept.disabled,
            wrong: None,
        },
        Err(why) => {
            let (at, who, profile, version, disabled) = (None, None, None, None, false);
            Step { revision, at, action: Action::Other, who, why: None, profile, version, disabled, wrong: Some(why) }
        }
    }
}

pub(super) fn render(shown: &Shown) -> String {
    let mut text = String::new();
    line(&mut text, heading(&format!("Partner {}", shown.partner)));
    let known = [
        ("system", or_dash(shown.system)),
        ("profile", or_dash(shown.profile.as_ref())),
        ("state", if shown.disabled { "off: what it sends and what it is asked waits" } else { "on" }.to_owned()),
    ];
    line(&mut text, Table::of_pairs(&known));
    if let Some(subjects) = &shown.subjects {
        line(&mut text, harmless(&subjects.words()));
        line(&mut text, "");
    }
    if let Some(why) = &shown.wrong {
        line(&mut text, format!("{} {}\n", bad("wrong"), harmless(why)));
    }
    for numbers in &shown.interchanges {
        line(&mut text, harmless(&numbers.words()));
    }
    if !shown.interchanges.is_empty() {
        line(&mut text, "");
    }
    if !shown.history.is_empty() {
        line(&mut text, heading("What was said of it"));
        let mut table = Table::new(&[">REVISION", "AT", "WHO", "ACTION", "PROFILE", ">VERSION", "STATE", "WHY"]);
        for step in &shown.history {
            table.row([
                step.revision.to_string(),
                or_dash(step.at),
                or_dash(step.who.as_deref()),
                step.action.as_str().to_owned(),
                or_dash(step.profile.as_deref()),
                or_dash(step.version),
                if step.disabled { "off" } else { "on" }.to_owned(),
                or_dash(step.why.as_deref().or(step.wrong.as_deref())),
            ]);
        }
        line(&mut text, &table);
    }
    if let Some(profile) = &shown.text {
        line(&mut text, heading("Its profile"));
        profile.lines().for_each(|shown| line(&mut text, harmless(shown)));
    }
    text
}
