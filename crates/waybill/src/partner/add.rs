//! `waybill partner add`

use std::collections::{BTreeMap, BTreeSet};

use adapter::{Action, Added, Kept, Origin};
use engine::Operator;
use model::{PartnerId, System};
use partners::Profile;
use serde::Serialize;
use service::Connection;

use super::known::{Known, Named, Text, partner, service};
use super::said::{Said, Saying};
use super::subjects::Subjects;
use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::order::enter::words_of_a_person;
use crate::output::Output;
use crate::text::{count, harmless, line};

pub(super) const HELP: &str = "\
The profile is compiled first; a mistake is said with its line. It goes before one of the same partner in the adapters' folder \
(`--profiles`) and before one that comes with Waybill. The adapters serve it within a second; a message that is being worked on \
is finished with the profile it began with. What was asked already and is held keeps its form.

A profile that was added before is replaced by one of a higher version; with --replace by any. What was there stays in \
`waybill partner show`.";

/// Which profile, and for whom.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// A profile: a TOML file, or the name of one that comes with Waybill
    #[arg(value_name = "FILE|TEMPLATE")]
    pub(super) profile: String,
    /// For this partner, whichever the profile names
    #[arg(long = "as", id = "for", value_name = "PARTNER", value_parser = partner)]
    pub(super) partner: Option<PartnerId>,
    /// Take the place of one that was added before, whatever its version
    #[arg(long)]
    pub(super) replace: bool,
    #[command(flatten)]
    pub(super) by: ByArgs,
}

/// Who says something of a partner, and why.
#[derive(Debug, Clone, clap::Args)]
pub struct ByArgs {
    /// Why; it stays in `waybill partner show`
    #[arg(long, value_name = "TEXT", value_parser = words_of_a_person)]
    pub(super) why: Option<String>,
    /// Who does it
    #[arg(long = "by", env = "USER", id = "who", value_name = "NAME", value_parser = words_of_a_person)]
    pub(super) who: Option<String>,
}

impl ByArgs {
    /// Who, and why.
    ///
    /// # Errors
    /// [`Failure::Usage`] when nobody says who.
    pub fn operator(&self) -> Result<Operator, Failure> {
        let who = self.who.clone().ok_or_else(|| Failure::Usage("say who does it, with `--by`".to_owned()))?;
        Ok(Operator { who, why: self.why.clone().unwrap_or_else(|| "no reason given".to_owned()) })
    }

    /// Who, and why, where a reason must be given.
    ///
    /// # Errors
    /// [`Failure::Usage`] says what is missing.
    pub fn operator_with_reason(&self) -> Result<Operator, Failure> {
        if self.why.is_none() {
            return Err(Failure::Usage("say why, with `--why`; it stays in `waybill partner show`".to_owned()));
        }
        self.operator()
    }
}

/// What was added.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub partner: String,
    pub system: System,
    pub profile: Named,
    /// What it takes the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<Named>,
    /// Whether it was there already, so that nothing was done.
    pub unchanged: bool,
    /// Its place in the bucket.
    pub revision: u64,
    pub reads: Changes,
    pub writes: Changes,
    pub subjects: Subjects,
    /// Lines of the text that are new, and that are gone.
    pub lines_added: u64,
    pub lines_removed: u64,
    /// Whether the partner is switched off.
    pub disabled: bool,
}

/// Names, those that are new among them, and those that are gone.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Changes {
    pub now: Vec<String>,
    pub new: Vec<String>,
    pub gone: Vec<String>,
}

pub(super) async fn run(args: &Args, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let report = add(args, connection).await?;
    output.show(&report, render)?;
    Ok(Verdict::Fine)
}

pub(super) async fn add(args: &Args, connection: &Connection) -> Result<Report, Failure> {
    let text = Text::find(&args.profile)?;
    let profile = text.compile(args.partner.as_ref())?;
    let by = args.by.operator()?;
    let said = Said::open(connection).await?;
    let known = Known::of(&profile.partner, &said, connection).await?;
    may_be_added(args, &profile, &known)?;
    let kept = known.kept();
    let disabled = kept.is_some_and(|kept| kept.disabled);
    let unchanged =
        kept.and_then(|kept| kept.profile.as_ref()).is_some_and(|own| own.name == text.name && own.text == text.text);
    let mut revision = known.saying.as_ref().map_or(0, |saying| saying.revision);
    if !unchanged {
        let kept = Kept {
            action: Action::Add,
            by,
            at: now(),
            partner: profile.partner.clone(),
            system: profile.system,
            profile: Some(Added { name: text.name.clone(), version: profile.version, text: text.text.clone() }),
            disabled,
            replay: kept.and_then(|kept| kept.replay),
        };
        revision = said.say(&kept, known.saying.as_ref().map(|saying| saying.revision)).await?;
    }
    let before = known.in_force.as_ref();
    let (lines_added, lines_removed) = lines(before.map_or("", |before| &before.text.text), &text.text);
    Ok(Report {
        partner: profile.partner.to_string(),
        system: profile.system,
        profile: Named { name: text.name, version: profile.version, from: Origin::Bucket },
        instead_of: before.map(|before| before.named.clone()),
        unchanged,
        revision,
        reads: changes(before.map(|before| before.profile.messages().collect()), profile.messages().collect()),
        writes: changes(before.map(|before| before.profile.requests().collect()), profile.requests().collect()),
        subjects: Subjects::of(&profile),
        lines_added,
        lines_removed,
        disabled,
    })
}

/// Whether a profile may be added: a partner's kind of system stays, and an earlier version takes nobody's place by mistake.
fn may_be_added(args: &Args, profile: &Profile, known: &Known) -> Result<(), Failure> {
    let (partner, system) = (&profile.partner, profile.system);
    if let Some(of) = known.system().filter(|of| *of != system) {
        return Err(Failure::Refused(format!(
            "partner {partner} is one of the {of}, and this profile is for the {system}; a partner's system does not change: \
             give the new one another name, with `--as`"
        )));
    }
    let Some(Saying { kept, .. }) = &known.saying else { return Ok(()) };
    let added = match kept {
        Ok(kept) => kept.profile.as_ref(),
        Err(why) if !args.replace => return Err(Failure::Refused(format!("{why}; replace it with `--replace`"))),
        Err(_) => None,
    };
    let Some(added) = added.filter(|added| !args.replace && added.version >= profile.version) else { return Ok(()) };
    let is_same = added.text == known_text(args)?;
    if is_same {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "partner {partner} has profile {} version {}, and this is version {}; give it a higher one, or say `--replace`",
        added.name, added.version, profile.version
    )))
}

fn known_text(args: &Args) -> Result<String, Failure> {
    Ok(Text::find(&args.profile)?.text)
}

fn changes(before: Option<Vec<&str>>, now: Vec<&str>) -> Changes {
    let before: BTreeSet<&str> = before.unwrap_or_default().into_iter().collect();
    let now: BTreeSet<&str> = now.into_iter().collect();
    let owned = |names: &mut dyn Iterator<Item = &&str>| names.map(|name| (*name).to_owned()).collect();
    Changes {
        now: owned(&mut now.iter()),
        new: owned(&mut now.difference(&before)),
        gone: owned(&mut before.difference(&now)),
    }
}

/// How many lines a text has that the other has not, each way.
fn lines(before: &str, now: &str) -> (u64, u64) {
    let mut balance: BTreeMap<&str, i64> = BTreeMap::new();
    now.lines().for_each(|line| *balance.entry(line).or_default() += 1);
    before.lines().for_each(|line| *balance.entry(line).or_default() -= 1);
    let added = balance.values().filter(|count| **count > 0).map(|count| count.unsigned_abs()).sum();
    let removed = balance.values().filter(|count| **count < 0).map(|count| count.unsigned_abs()).sum();
    (added, removed)
}

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    let Report { partner, system, profile, instead_of, .. } = report;
    line(&mut text, format!("{}: {system}, {}", harmless(partner), harmless(&profile.to_string())));
    let subjects = format!("  {}", report.subjects.words());
    if report.unchanged {
        line(&mut text, "  it is there already; nothing was done");
        line(&mut text, harmless(&subjects));
        return text;
    }
    if let Some(before) = instead_of {
        let words =
            format!("  instead of {before}: {} new, {} gone", count(report.lines_added, "line"), report.lines_removed);
        line(&mut text, harmless(&words));
    }
    line(&mut text, format!("  reads {}", shown(&report.reads)));
    line(&mut text, format!("  writes {}", shown(&report.writes)));
    line(&mut text, harmless(&subjects));
    if report.disabled {
        line(&mut text, "  the partner is switched off (`waybill partner enable`)");
    }
    let adapter = service(*system);
    line(&mut text, format!("  {adapter} serves it within a second; `waybill partner list` shows what it says of it"));
    text
}

fn shown(changes: &Changes) -> String {
    let names = |names: &[String]| names.iter().map(|name| harmless(name)).collect::<Vec<_>>().join(", ");
    if changes.now.is_empty() && changes.gone.is_empty() {
        return "nothing".to_owned();
    }
    let mut words = if changes.now.is_empty() { "nothing".to_owned() } else { names(&changes.now) };
    if changes.new != changes.now && !changes.new.is_empty() {
        words += &format!("; new: {}", names(&changes.new));
    }
    if !changes.gone.is_empty() {
        words += &format!("; no longer: {}", names(&changes.gone));
    }
    words
}
