//! `waybill partner try`: what a changed profile would have made of the past.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use model::PartnerId;
use partners::Profile;
use serde::Serialize;
use serde_json::Value;
use service::Connection;

use super::difference::{Difference, What, differences};
use super::inbox::{self, Raw};
use super::known::{Known, Named, Text, partner};
use super::said::Said;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::quarantine::filter::since;
use crate::table::Table;
use crate::text::{count, harmless, heading, line};

pub(super) const HELP: &str = "\
Each raw message of the partner since then is read through the profile in force and through the one given, and the facts are held \
against each other: by order, or the reference that stands for one, and by what they say. Nothing is written. A fact that only \
says other words under the id it had is not told again by a replay: the first word counts.

Ends with 0 when nothing differs, with 1 when something does.";

/// The most causes that are told apart.
const MOST_CAUSES: usize = 1_000;
/// The most examples of one cause.
const MOST_EXAMPLES: u64 = 100;

/// Which profile, and on what to try it.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The changed profile: a TOML file, or the name of one that comes with Waybill
    #[arg(value_name = "PROFILE")]
    pub(super) profile: String,
    /// What came in since then: a time such as 2026-03-01T14:00Z, or as long ago as `2h`
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(super) since: Timestamp,
    /// On the messages of this partner, whichever the profile names
    #[arg(long, value_name = "PARTNER", value_parser = partner)]
    pub(super) partner: Option<PartnerId>,
    /// How many examples of each cause to show
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=MOST_EXAMPLES))]
    pub(super) examples: u64,
}

/// What would differ.
#[derive(Debug, Serialize)]
pub(super) struct Tried {
    pub partner: String,
    /// The profile in force; nothing where the partner has none yet.
    pub now: Option<Named>,
    /// The changed one: its file and version.
    pub profile: String,
    pub version: u32,
    pub since: Timestamp,
    /// How many messages were read.
    pub messages: u64,
    /// How many of them would say something else.
    pub differ: u64,
    /// How many the profile in force cannot read at least a part of, and how many the changed one cannot.
    pub wrong_now: u64,
    pub wrong_changed: u64,
    /// What differs, the most frequent first.
    pub causes: Vec<Cause>,
    /// How much differs for causes beyond those.
    pub of_other_causes: u64,
}

/// One thing that differs, in however many messages.
#[derive(Debug, Serialize)]
pub(super) struct Cause {
    pub what: What,
    pub message: String,
    pub about: String,
    pub cause: String,
    pub count: u64,
    pub first: model::Timestamp,
    pub last: model::Timestamp,
    pub examples: Vec<Example>,
}

/// One of them.
#[derive(Debug, Serialize)]
pub(super) struct Example {
    /// Its place in the inbox.
    pub inbox: u64,
    pub order: Option<String>,
    pub now: Option<Value>,
    pub changed: Option<Value>,
}

pub(super) async fn run(args: &Args, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let tried = attempt(args, connection).await?;
    output.show(&tried, render)?;
    Ok(if tried.differ > 0 { Verdict::Wrong } else { Verdict::Fine })
}

/// A changed profile, and what is known of the partner whose messages it is to read.
pub(super) struct Pair {
    pub text: Text,
    pub changed: Profile,
    pub known: Known,
}

impl Pair {
    pub async fn of(named: &str, partner: Option<&PartnerId>, connection: &Connection) -> Result<Self, Failure> {
        let text = Text::find(named)?;
        let changed = text.compile(partner)?;
        let said = Said::open(connection).await?;
        let known = Known::of(&changed.partner, &said, connection).await?;
        if let Some(of) = known.system().filter(|of| *of != changed.system) {
            let (partner, system) = (&changed.partner, changed.system);
            return Err(Failure::Refused(format!(
                "partner {partner} is one of the {of}, and this profile is for the {system}"
            )));
        }
        Ok(Self { text, changed, known })
    }
}

pub(super) async fn attempt(args: &Args, connection: &Connection) -> Result<Tried, Failure> {
    let Pair { text, changed, known } = Pair::of(&args.profile, args.partner.as_ref(), connection).await?;
    let mut tally = Tally { examples: usize::try_from(args.examples).unwrap_or(usize::MAX), ..Tally::default() };
    let from = inbox::since(args.since)?;
    let messages = inbox::each(connection, changed.system, &changed.partner.token(), from, |raw| {
        let read = |profile| adapter::read(changed.system, profile, &raw.message, &raw.body, raw.received);
        let (now, then) = (known.in_force.as_ref().map(|own| read(&own.profile)), read(&changed));
        tally.wrong_now += u64::from(now.as_ref().is_none_or(|now| !now.wrong.is_empty()));
        tally.wrong_changed += u64::from(!then.wrong.is_empty());
        tally.add(&raw, differences(now.unwrap_or_default(), then));
        ControlFlow::Continue(())
    })
    .await?;
    if messages == 0 && !inbox::holds_any(connection, changed.system, &changed.partner.token()).await? {
        let (partner, subjects) = (&changed.partner, inbox::subjects(changed.system, &changed.partner.token()));
        return Err(Failure::NotFound(format!(
            "there is nothing to try it on: stream INBOX holds no message of partner {partner} ({subjects}); say whose with \
             `--partner`"
        )));
    }
    let mut causes: Vec<Cause> = tally.causes.into_values().collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
    Ok(Tried {
        partner: changed.partner.to_string(),
        now: known.in_force.map(|own| own.named),
        profile: text.file,
        version: changed.version,
        since: args.since,
        messages,
        differ: tally.differ,
        wrong_now: tally.wrong_now,
        wrong_changed: tally.wrong_changed,
        causes,
        of_other_causes: tally.others,
    })
}

/// What differs, by cause. Its size is bounded, whatever the number of messages.
#[derive(Default)]
struct Tally {
    examples: usize,
    differ: u64,
    wrong_now: u64,
    wrong_changed: u64,
    causes: BTreeMap<(What, String, String, String), Cause>,
    others: u64,
}

impl Tally {
    fn add(&mut self, raw: &Raw, found: Vec<Difference>) {
        self.differ += u64::from(!found.is_empty());
        for own in found {
            let Difference { what, about, cause, order, now, changed } = own;
            let key = (what, raw.message.clone(), about.clone(), cause.clone());
            if self.causes.len() >= MOST_CAUSES && !self.causes.contains_key(&key) {
                self.others += 1;
                continue;
            }
            let (message, received) = (raw.message.clone(), raw.received);
            let cause = self.causes.entry(key).or_insert_with(|| Cause {
                what,
                message,
                about,
                cause,
                count: 0,
                first: received,
                last: received,
                examples: Vec::new(),
            });
            cause.count += 1;
            cause.last = received;
            if cause.examples.len() < self.examples {
                cause.examples.push(Example { inbox: raw.sequence, order, now, changed });
            }
        }
    }
}

const fn words(what: What) -> &'static str {
    match what {
        What::OnlyNow => "told no more",
        What::OnlyChanged => "told as well",
        What::Changed => "told otherwise",
        What::Readable => "can be read",
        What::Unreadable => "cannot be read",
    }
}

pub(super) fn render(tried: &Tried) -> String {
    let mut text = String::new();
    let now = tried.now.as_ref().map_or_else(|| "no profile".to_owned(), ToString::to_string);
    let title = format!("{} instead of {now}, for {}, since {:.0}", tried.profile, tried.partner, tried.since);
    line(&mut text, heading(&title));
    let (messages, differ) = (count(tried.messages, "message"), tried.differ);
    let (now, changed) = (tried.wrong_now, tried.wrong_changed);
    line(
        &mut text,
        format!("{messages} read, {differ} would say something else; not read in full: {now} now, {changed} then"),
    );
    if tried.causes.is_empty() {
        return text;
    }
    line(&mut text, "");
    let mut table = Table::new(&[">COUNT", "WITH IT", "MESSAGE", "WHAT", "FIELDS OR REASON", "FIRST", "LAST"]);
    for cause in &tried.causes {
        table.row([
            cause.count.to_string(),
            words(cause.what).to_owned(),
            cause.message.clone(),
            cause.about.clone(),
            cause.cause.clone(),
            cause.first.to_string(),
            cause.last.to_string(),
        ]);
    }
    line(&mut text, &table);
    if tried.of_other_causes > 0 {
        line(&mut text, format!("{} more differ for other causes", tried.of_other_causes));
    }
    for cause in tried.causes.iter().filter(|cause| !cause.examples.is_empty()) {
        let named = [cause.about.as_str(), cause.cause.as_str()].join(" ");
        line(&mut text, heading(&format!("{}: {}", words(cause.what), named.trim())));
        for example in &cause.examples {
            let order = example.order.as_deref().map(|order| format!(", order {order}")).unwrap_or_default();
            line(&mut text, format!("  INBOX {}{}", example.inbox, harmless(&order)));
            for (name, value) in [("now", &example.now), ("then", &example.changed)] {
                if let Some(value) = value {
                    line(&mut text, format!("    {name:<5} {}", harmless(&shown(value))));
                }
            }
        }
    }
    text
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
