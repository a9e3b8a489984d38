//! `waybill quarantine log`

use std::collections::VecDeque;
use std::ops::ControlFlow;

use async_nats::jetstream::stream::Stream;
use model::token::escape;
use serde::Serialize;
use service::quarantine::{Action, Record};
use service::streams::{QUARANTINE_LOG, quarantine_log};

use super::list::short;
use super::{kind_name, plain, scan, show};
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::table::Table;
use crate::text::{count, heading, line};

/// The newest records that are looked at.
const MOST_READ: u64 = 100_000;
/// The most that are listed.
const MOST_LISTED: u64 = 10_000;

/// Which records.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what was done so: `release`, `discard` or `edit`
    #[arg(long, value_parser = action)]
    pub(super) action: Option<Action>,
    /// Only what came from this partner
    #[arg(long)]
    pub(super) partner: Option<String>,
    /// How many of the latest to list
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=MOST_LISTED))]
    pub(super) limit: u64,
    /// Print the message that was discarded or edited, as it came, byte for byte, and nothing else
    #[arg(long, value_name = "ENTRY", conflicts_with_all = ["json", "action", "partner", "limit"],
        value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) raw: Option<u64>,
}

/// What was taken out of quarantine.
#[derive(Debug, Serialize)]
pub(super) struct Log {
    /// How many records match.
    pub count: u64,
    /// How many older ones were not looked at.
    pub not_counted: u64,
    /// The latest, newest first.
    pub latest: Vec<Entry>,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    /// Its place in the log.
    pub entry: u64,
    #[serde(flatten)]
    pub record: Record,
}

fn action(text: &str) -> Result<Action, String> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(|error| error.to_string())
}

pub(super) async fn run(args: &Args, stream: &Stream, output: Output) -> Result<Verdict, Failure> {
    match args.raw {
        Some(entry) => Output::bytes(&raw(entry, stream).await?)?,
        None => output.show(&gather(args, stream).await?, render)?,
    }
    Ok(Verdict::Fine)
}

pub(super) async fn gather(args: &Args, stream: &Stream) -> Result<Log, Failure> {
    let state = &stream.cached_info().state;
    let start = state.first_sequence.max((state.last_sequence + 1).saturating_sub(MOST_READ)).max(1);
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let (mut count, mut latest) = (0, VecDeque::new());
    let partner = args.partner.as_deref().map_or("*".into(), escape);
    let subject = quarantine_log(args.action.map_or("*", Action::as_str), &partner);
    scan::headers(stream, subject, start, |entry, headers| {
        // What somebody else put into the stream says nothing about itself.
        if let Ok(record) = Record::from_headers(headers) {
            count += 1;
            latest.push_front(Entry { entry, record });
            latest.truncate(limit);
        }
        ControlFlow::Continue(())
    })
    .await?;
    Ok(Log { count, not_counted: start - state.first_sequence.max(1), latest: latest.into() })
}

/// The bytes that were kept with a record.
pub(super) async fn raw(entry: u64, stream: &Stream) -> Result<bytes::Bytes, Failure> {
    let kept = stream.direct_get(entry).await.map_err(|error| show::unread(QUARANTINE_LOG, entry, &error))?;
    let record = Record::from_headers(Some(&kept.headers)).map_err(anyhow::Error::new)?;
    match (record.action, record.inbox, record.size) {
        (Action::Release, Some(inbox), _) => {
            Err(Failure::NotFound(format!("what was released is in stream INBOX, as message {inbox}")))
        }
        (_, _, None) => Err(Failure::NotFound("its bytes were no longer anywhere when it was taken out".to_owned())),
        _ => Ok(kept.payload),
    }
}

/// The log as a text.
pub(super) fn render(log: &Log) -> String {
    let mut text = String::new();
    line(&mut text, format!("{} taken out of quarantine", count(log.count, "message")));
    if log.not_counted > 0 {
        line(&mut text, format!("{} older were not looked at", count(log.not_counted, "message")));
    }
    if log.latest.is_empty() {
        return text;
    }
    line(&mut text, "");
    line(&mut text, heading("Latest"));
    let headings = [
        ">ENTRY",
        "AT",
        "ACTION",
        "WHO",
        "WHY",
        ">SEQUENCE",
        "PARTNER",
        "SUBJECT",
        "REASON",
        "INBOX",
        "SHA-256",
        "IT SAID",
    ];
    let mut table = Table::new(&headings);
    for Entry { entry, record } in &log.latest {
        let about = &record.about;
        table.row([
            entry.to_string(),
            format!("{:.0}", record.at),
            record.action.as_str().to_owned(),
            record.by.who.clone(),
            short(&record.by.why),
            record.sequence.to_string(),
            plain(&about.partner),
            about.subject.clone(),
            kind_name(about.reason.kind),
            crate::text::or_dash(record.inbox),
            crate::text::or_dash(record.sha256.as_deref().map(|digest| &digest[..digest.len().min(SHOWN)])),
            short(&about.reason.text),
        ]);
    }
    line(&mut text, &table);
    line(&mut text, "The bytes of what was discarded or edited: waybill quarantine log --raw ENTRY");
    text
}

/// Digits of a digest that are shown; `--json` gives all.
const SHOWN: usize = 12;
