//! `waybill rehearse`: what a changed policy or profile would have decided of the past.

mod course;
mod facts;
mod orders;
mod report;
mod tally;
#[cfg(test)]
mod tests;
mod threshold;
mod trails;
mod worth;

use std::path::PathBuf;

use fulfilment::Fulfilment;
use jiff::Timestamp;
use model::{OrderId, PartnerId};
use returns::Returns;
use service::Connection;
use service::settings::NatsSettings;

use crate::exit::{Failure, Verdict};
use crate::order::order_id;
use crate::output::Output;
use crate::partner::known::Text;
use crate::partner::retold::retold;
use crate::policy_file::PolicyFile;
use crate::quarantine::filter::since;
use crate::reach;
use crate::words::Subject;
use course::Course;
pub use report::{Facts, Report};
pub use tally::{Example, Rule, Tally};
pub use threshold::Threshold;
pub use worth::Worth;

pub(crate) const HELP: &str = "\
The facts of the past are folded again as they came, and it is decided where it was decided then, with what was known then, but \
by the changed file; what it decides is held against what was decided. Deadlines that it sets pass at their own time. Nothing is \
written.

What partners answered, they answered to what they were asked: what an order parts with first is certain, and what follows from \
that is as far as the facts of the past can tell. History that was decided by another policy than the one in force, or by \
another version, differs for that too. Orders that the log holds no more are not looked at.

A profile is tried beside the one in force: it is decided twice by the same policy, on the facts as they were told and on those \
that the changed profile makes of the partner's messages since then. Which policy decided them is not recorded: give it with \
--policy. References mean what they mean today, and what is told of returns is left out.

Ends with 0 when no more orders than the threshold would have been decided otherwise, with 1 when more would, or when an order \
cannot be read.";

/// The most examples of one rule.
const MOST_EXAMPLES: u64 = 100;

/// What to try, and on what.
#[derive(Debug, Clone, clap::Args)]
#[command(group(clap::ArgGroup::new("change").required(true).args(["policy", "returns_policy"])))]
pub struct Args {
    /// The changed policy, a TOML file as the orchestrator reads it
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The changed policy of returns
    #[arg(long, value_name = "FILE", conflicts_with_all = ["policy", "profile"])]
    pub returns_policy: Option<PathBuf>,
    /// A changed profile: what its partner sent since then is read through it, and it is decided on those facts by --policy, else
    /// by the default policy, beside what the same policy decides on the facts as they were told
    #[arg(long, value_name = "FILE", requires = "since")]
    pub profile: Option<String>,
    /// The partner of the profile, whichever it names
    #[arg(long, value_name = "PARTNER", value_parser = PartnerId::new, requires = "profile")]
    pub partner: Option<PartnerId>,
    /// As if it had been in force since then, a time such as 2026-03-01T14:00Z, or as long ago as `30days`; else from the start
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<Timestamp>,
    /// Only this order, or return; may be said more than once
    #[arg(long, value_name = "ORDER", value_parser = order_id)]
    pub order: Vec<OrderId>,
    /// How many orders may be decided otherwise, such as `20`, or `2.5%` of those looked at
    #[arg(long, value_name = "N|P%", default_value = "0")]
    pub threshold: Threshold,
    /// How many examples of each rule to show
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=MOST_EXAMPLES))]
    pub examples: u64,
}

/// What is changed.
enum Change {
    Policy(PolicyFile<fulfilment::Policy>),
    Profile(String, Timestamp, Option<PolicyFile<fulfilment::Policy>>),
    Returns(PolicyFile<returns::Policy>),
}

impl Change {
    fn of(args: &Args) -> Result<Self, Failure> {
        let policy = args.policy.as_ref().map(|file| PolicyFile::read(file, fulfilment::Policy::load)).transpose()?;
        match (&args.profile, args.since, policy, &args.returns_policy) {
            (Some(profile), Some(since), policy, _) => {
                // A mistake in it is told before anything is connected to.
                Text::find(profile)?.compile(args.partner.as_ref())?;
                Ok(Self::Profile(profile.clone(), since, policy))
            }
            (Some(_), None, ..) => {
                Err(Failure::Usage("say since when the profile is to be tried: --since TIME".to_owned()))
            }
            (None, _, Some(policy), _) => Ok(Self::Policy(policy)),
            (None, _, None, Some(file)) => Ok(Self::Returns(PolicyFile::read(file, returns::Policy::load)?)),
            (None, _, None, None) => {
                Err(Failure::Usage("say what to try: --policy, --returns-policy or --profile FILE".to_owned()))
            }
        }
    }
}

pub(crate) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let change = Change::of(args)?;
    let report = rehearsed(args, change, &reach::connect(nats).await?).await?;
    output.show(&report, Report::text)?;
    Ok(if report.passes { Verdict::Fine } else { Verdict::Wrong })
}

/// Rehearses.
///
/// # Errors
/// [`Failure::Usage`] for a wrong file, with its line; [`Failure::Unreachable`] when the broker does not answer.
pub async fn report(args: &Args, connection: &Connection) -> Result<Report, Failure> {
    rehearsed(args, Change::of(args)?, connection).await
}

async fn rehearsed(args: &Args, change: Change, connection: &Connection) -> Result<Report, Failure> {
    let until = crate::clock::now();
    let since = args.since.map(|since| model::Timestamp::from_millis(since.as_millisecond()));
    let examples = usize::try_from(args.examples).unwrap_or(usize::MAX);
    let (change, of, tally, told) = match change {
        Change::Policy(changed) => {
            let course = Course::<Fulfilment>::new(connection, fulfilment::LAYOUT, since, until);
            let worth = Worth::of_order;
            let tally = course.policy(args, &changed.policy, (Subject::Order, worth), examples).await?;
            (beside_record(&changed.file), Subject::Order, tally, None)
        }
        Change::Returns(changed) => {
            let course = Course::<Returns>::new(connection, returns::LAYOUT, since, until);
            let worth = |_: &[_]| Worth::default();
            let tally = course.policy(args, &changed.policy, (Subject::Return, worth), examples).await?;
            (beside_record(&changed.file), Subject::Return, tally, None)
        }
        Change::Profile(named, from, policy) => {
            let course = Course::<Fulfilment>::new(connection, fulfilment::LAYOUT, since, until);
            let retold = retold(&named, args.partner.as_ref(), from, connection).await?;
            let by =
                policy.as_ref().map_or_else(|| "the default policy".to_owned(), |own| format!("policy {}", own.file));
            let policy = policy.map(|own| own.policy).unwrap_or_default();
            let (tally, facts) = course.profile(args, &policy, &retold, examples).await?;
            let (messages, differing) = (retold.messages, retold.differing.len() as u64);
            let told = Facts { partner: retold.partner.to_string(), messages, differing, facts };
            let beside = format!("what {by} decides on the facts as they were told");
            ((format!("profile {}", retold.file), beside), Subject::Order, tally, Some(told))
        }
    };
    Ok(Report::new(change, of.as_str(), (since, until), tally, args.threshold).with(told))
}

fn beside_record(file: &str) -> (String, String) {
    (format!("policy {file}"), "what was decided".to_owned())
}
