//! `waybill partner replay`: past messages are read again through the profile in force.
//!
//! The adapter reads them, as only it may write its lane: the broker has its consumer start over, and what was said in bucket
//! `PROFILES` tells the adapter which messages are read again, so that what is there already adds nothing.

use std::ops::ControlFlow;
use std::time::Duration;

use adapter::{Action, Kept, Replay, durable};
use async_nats::jetstream::consumer::Info;
use async_nats::jetstream::stream::Stream;
use engine::Operator;
use jiff::Timestamp;
use model::{PartnerId, System};
use serde::Serialize;
use service::{Connection, streams};

use super::add::ByArgs;
use super::inbox;
use super::known::{InForce, Known, Named, nobody, partner, served_by, service};
use super::said::Said;
use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::quarantine::filter::{Filter, each as each_quarantined, since};
use crate::quarantine::show::kept as quarantined;
use crate::reach::{self, broker};
use crate::text::{count, harmless, heading, line};

pub(super) const HELP: &str = "\
The adapter reads the messages again, in their order, before what comes in meanwhile. A fact that the order has already is not \
appended again, nor a stock movement; master data are written only where there are none; a message that still cannot be read, or \
that a person took out of quarantine, is not put there again. All messages are read, also those that the profile does not know: \
those of one name alone cannot be chosen, as the adapter starts over at a place of the inbox. What the broker has not delivered yet, or what waits for a \
reference, is read too: nothing is lost.

Ends with 0 when it has begun, and after a dry run.";

/// How long the adapter may take to hear of it.
const HEARD_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What other processes of the same adapter are given to hear of it.
const OTHERS_HEAR: Duration = Duration::from_millis(500);
/// The most messages in quarantine that are looked at.
const MOST_QUARANTINED: usize = 10_000;
/// How many of them are shown.
const MOST_SHOWN: usize = 20;

/// Whose messages, and since when.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The partner
    #[arg(value_name = "PARTNER", value_parser = partner)]
    pub(super) partner: PartnerId,
    /// What came in since then: a time such as 2026-03-01T14:00Z, or as long ago as `2h`
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(super) since: Timestamp,
    /// Do it; without this it says what it would do, and changes nothing
    #[arg(long, requires = "why")]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) by: ByArgs,
}

/// What is read again, or would be.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub partner: String,
    pub system: System,
    /// Through this profile.
    pub profile: Named,
    pub since: Timestamp,
    /// How many messages came in since then.
    pub messages: u64,
    /// How many of them are of no message that the profile reads.
    pub not_read: u64,
    /// The first that is read again, by its place in the inbox, and the last.
    pub from: u64,
    pub upto: u64,
    /// Whether it has begun.
    pub begun: bool,
    /// Whether the partner is switched off, so that it begins when it is switched on.
    pub disabled: bool,
    /// Whether no adapter answers, so that it begins when one runs.
    pub no_adapter: bool,
    /// How many of the messages are in quarantine.
    pub quarantined: u64,
    /// Those that the profile reads in full: their places in the quarantine.
    pub readable: Vec<u64>,
}

pub(super) async fn run(args: &Args, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let report = replay(args, connection).await?;
    output.show(&report, render)?;
    Ok(Verdict::Fine)
}

/// What is to be read again.
struct Plan {
    stream: Stream,
    durable: String,
    replay: Replay,
    messages: u64,
}

pub(super) async fn replay(args: &Args, connection: &Connection) -> Result<Report, Failure> {
    let said = Said::open(connection).await?;
    let known = Known::of(&args.partner, &said, connection).await?;
    let system = known.system().ok_or_else(|| nobody(&args.partner))?;
    let (before, revision) = (known.kept().cloned(), known.saying.as_ref().map(|saying| saying.revision));
    if revision.is_some() && before.is_none() {
        return Err(Failure::Refused("what is said of it cannot be read (`waybill partner show`)".to_owned()));
    }
    let in_force = known.profile(&args.partner)?;
    let plan = plan(args, system, connection).await?;
    let (token, names) = (args.partner.token(), in_force.profile.messages());
    let read = inbox::count_of(connection, system, &token, args.since, names).await?;
    let (quarantined, readable) = in_quarantine(args, system, &in_force, plan.replay, connection).await?;
    let mut report = Report {
        partner: args.partner.to_string(),
        system,
        profile: in_force.named,
        since: args.since,
        messages: plan.messages,
        not_read: plan.messages.saturating_sub(read),
        from: plan.replay.from,
        upto: plan.replay.upto,
        begun: false,
        disabled: before.as_ref().is_some_and(|kept| kept.disabled),
        no_adapter: false,
        quarantined,
        readable,
    };
    if args.yes && plan.messages > 0 {
        let by = args.by.operator_with_reason()?;
        let kept = kept(args, system, before, plan.replay, by);
        report.no_adapter = !begin(&plan, &kept, revision, &said, connection).await?;
        report.begun = true;
    }
    Ok(report)
}

/// Which messages: those since then, and whatever the broker still has to deliver before them, which must not be lost.
async fn plan(args: &Args, system: System, connection: &Connection) -> Result<Plan, Failure> {
    let stream = reach::stream(&connection.js, streams::INBOX).await?;
    let upto = stream.cached_info().state.last_sequence;
    let token = args.partner.token();
    let durable = durable(service(system), &token);
    let info = info(&stream, &durable).await.map_err(|error| {
        let adapter = service(system);
        Failure::NotFound(format!("{adapter} has never read messages of {}: {error}; is it running?", args.partner))
    })?;
    let (messages, first) = inbox::since_then(connection, system, &token, args.since).await?;
    let is_behind = info.num_pending > 0 || info.num_ack_pending > 0;
    let undelivered = match is_behind {
        true => next(&stream, &inbox::subjects(system, &token), info.ack_floor.stream_sequence + 1).await,
        false => None,
    };
    // What is read again of what came in before has its entries before, too.
    let earliest = first.into_iter().chain(undelivered).min_by_key(|(sequence, _)| *sequence);
    let (from, since) = earliest.unwrap_or((upto + 1, now()));
    Ok(Plan { stream, durable, replay: Replay { since, from, upto }, messages })
}

async fn info(stream: &Stream, durable: &str) -> Result<Info, async_nats::Error> {
    Ok(stream.consumer_info(durable).await?)
}

/// The first message under these subjects at a place or behind it: its place, and when it came in.
async fn next(stream: &Stream, subjects: &str, from: u64) -> Option<(u64, model::Timestamp)> {
    let message = stream.direct_get_next_for_subject(subjects, Some(from)).await.ok()?;
    let millis = message.time.unix_timestamp_nanos() / 1_000_000;
    Some((message.sequence, model::Timestamp::from_millis(i64::try_from(millis).ok()?)))
}

fn kept(args: &Args, system: System, before: Option<Kept>, replay: Replay, by: Operator) -> Kept {
    let (action, at, partner) = (Action::Replay, now(), args.partner.clone());
    let disabled = before.as_ref().is_some_and(|kept| kept.disabled);
    let profile = before.and_then(|kept| kept.profile);
    Kept { action, by, at, partner, system, profile, disabled, replay: Some(replay) }
}

/// Says what is read again, waits until the adapter knows, and has the broker start over. Returns whether an adapter answers.
async fn begin(
    plan: &Plan,
    kept: &Kept,
    before: Option<u64>,
    said: &Said,
    connection: &Connection,
) -> Result<bool, Failure> {
    let revision = said.say(kept, before).await?;
    let heard = heard(kept, revision, connection).await?;
    plan.stream
        .reset_consumer(&plan.durable, Some(plan.replay.from))
        .await
        .map_err(|error| broker(&format!("have {} start over (nats-server 2.14 or newer can)", plan.durable), error))?;
    Ok(heard)
}

/// Waits until the adapter knows what was said; false when none answers: one that starts reads it first.
async fn heard(kept: &Kept, revision: u64, connection: &Connection) -> Result<bool, Failure> {
    let token = kept.partner.token();
    let hears = async {
        loop {
            let Some(served) = served_by(kept.system, Some(&token), connection).await? else { return Ok(false) };
            if served.iter().any(|own| own.revision >= revision) {
                tokio::time::sleep(OTHERS_HEAR).await;
                return Ok(true);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(HEARD_WITHIN, hears).await.unwrap_or_else(|_| {
        let adapter = service(kept.system);
        Err(Failure::Unreachable(format!("{adapter} does not take notice of bucket PROFILES; nothing is read again")))
    })
}

/// How many of the messages are in quarantine, and the places of those that the profile reads in full.
async fn in_quarantine(
    args: &Args,
    system: System,
    in_force: &InForce,
    replay: Replay,
    connection: &Connection,
) -> Result<(u64, Vec<u64>), Failure> {
    let stream = reach::stream(&connection.js, streams::QUARANTINE).await?;
    let filter = Filter::of(service(system), args.partner.as_str());
    let first = stream.cached_info().state.first_sequence;
    let mut found = Vec::new();
    each_quarantined(&stream, &filter, first, |item| {
        let is_ours = item.about.stream == streams::INBOX && (replay.from..=replay.upto).contains(&item.about.sequence);
        found.extend(Some(item).filter(|_| is_ours).map(|item| (item.sequence, item.about)));
        if found.len() < MOST_QUARANTINED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .await?;
    let mut readable = Vec::new();
    for (sequence, about) in &found {
        // Who is about a reference that nobody knows was read in full, and waits for the reference.
        if about.reason.kind == service::quarantine::Kind::UnknownReference {
            continue;
        }
        let raw = match quarantined(*sequence, connection, &stream).await {
            Ok(kept) => kept.raw,
            Err(Failure::NotFound(_)) => None,
            Err(failure) => return Err(failure),
        };
        let Some(raw) = raw else { continue };
        let message = about.subject.rsplit('.').next().unwrap_or_default();
        let received = model::Timestamp::from_millis(about.received.as_millisecond());
        if adapter::read(system, &in_force.profile, message, &raw, received).wrong.is_empty() {
            readable.push(*sequence);
        }
    }
    Ok((found.len() as u64, readable))
}

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    let Report { partner, profile, messages, quarantined, readable, .. } = report;
    line(&mut text, heading(&format!("{partner} through {profile}, since {:.0}", report.since)));
    let verb = if report.begun { "are" } else { "would be" };
    line(&mut text, format!("{} {verb} read again, from INBOX {} on", count(*messages, "message"), report.from));
    if report.not_read > 0 {
        let words = "no message that this profile reads; they go to quarantine, unless they were there before";
        line(&mut text, format!("{} of these: {words}", report.not_read));
    }
    if report.disabled {
        line(&mut text, "The partner is switched off: they are read when it is switched on.");
    }
    if report.no_adapter {
        line(&mut text, "No adapter answers: they are read when one runs.");
    }
    if *quarantined > 0 {
        let (some, many) = (readable.len(), count(*quarantined, "message"));
        line(&mut text, format!("In quarantine: {many} of these, of which this profile reads {some} in full"));
    }
    if !readable.is_empty() {
        let shown: Vec<String> = readable.iter().take(MOST_SHOWN).map(ToString::to_string).collect();
        let more = if readable.len() > MOST_SHOWN { " … (all of them: --json)" } else { "" };
        let words = "When they are read, take them out: waybill quarantine discard";
        line(&mut text, format!("{words} {} --yes --why TEXT{more}", shown.join(" ")));
    }
    if report.begun {
        line(&mut text, "How many wait: waybill partner list");
    } else if *messages > 0 {
        line(&mut text, harmless("Nothing was done; do it with --yes --why TEXT"));
    }
    text
}
