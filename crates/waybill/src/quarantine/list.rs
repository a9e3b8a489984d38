//! `waybill quarantine list`

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull::OrderedConfig};
use async_nats::jetstream::stream::Stream;
use futures::StreamExt;
use model::token::escape;
use serde::Serialize;
use service::quarantine::{Kind, Meta, Quarantined};
use service::streams::quarantine as subject;

use super::{kind_name, plain};
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach::broker;
use crate::table::Table;
use crate::text::{count, heading, line, or_dash};

/// The newest messages that are counted; those before are not looked at.
const MOST_COUNTED: u64 = 100_000;
/// The most that are listed one by one.
const MOST_LISTED: u64 = 10_000;
/// How long the broker may take to send the next message.
const PAUSE_LIMIT: Duration = Duration::from_secs(5);

/// Which messages.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what this service could not read
    #[arg(long)]
    pub(super) service: Option<String>,
    /// Only what came from this partner
    #[arg(long)]
    pub(super) partner: Option<String>,
    /// Only for this reason, such as `malformed` or `unknown_reference`
    #[arg(long, value_parser = kind)]
    pub(super) reason: Option<Kind>,
    /// How many of the latest to list
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=MOST_LISTED))]
    pub(super) limit: u64,
}

/// What is in quarantine.
#[derive(Debug, Default, Serialize)]
pub(super) struct Listing {
    /// How many messages match.
    pub count: u64,
    /// How many older ones were not looked at.
    pub not_counted: u64,
    /// How many for which reason, the most frequent first.
    pub reasons: Vec<Reason>,
    /// The latest, newest first.
    pub latest: Vec<Item>,
}

/// A reason and how often it is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Reason {
    pub reason: Kind,
    pub service: String,
    pub partner: String,
    pub count: u64,
    /// The newest of them.
    pub last_sequence: u64,
    /// What it says.
    pub last_text: String,
}

/// One message in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Item {
    /// Its place in the quarantine.
    pub sequence: u64,
    /// What is known about it.
    pub about: Meta,
}

fn kind(text: &str) -> Result<Kind, String> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(|error| error.to_string())
}

pub(super) async fn run(args: &Args, stream: &Stream, output: Output) -> Result<Verdict, Failure> {
    let listing = gather(args, stream).await?;
    output.show(&listing, render)?;
    Ok(Verdict::Fine)
}

pub(super) async fn gather(args: &Args, stream: &Stream) -> Result<Listing, Failure> {
    let state = &stream.cached_info().state;
    let start = state.first_sequence.max((state.last_sequence + 1).saturating_sub(MOST_COUNTED)).max(1);
    let not_counted = start.saturating_sub(state.first_sequence.max(1));
    let token =
        |given: &Option<String>| given.as_ref().map_or_else(|| "*".to_owned(), |text| escape(text).into_owned());
    let config = OrderedConfig {
        filter_subject: subject(&token(&args.service), &token(&args.partner)),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: start },
        // The raw messages may be large, and all that is listed is in the headers.
        headers_only: true,
        ..OrderedConfig::default()
    };
    let failed = |error: async_nats::Error| broker("read the quarantine", error);
    let mut consumer = stream.create_consumer(config).await.map_err(|error| failed(error.into()))?;
    let waiting = consumer.info().await.map_err(|error| failed(error.into()))?.num_pending;
    let mut messages = consumer
        .messages()
        .await
        .map_err(|error| failed(error.into()))?
        .take(usize::try_from(waiting).unwrap_or(usize::MAX));
    let mut items = Vec::new();
    while let Some(message) =
        tokio::time::timeout(PAUSE_LIMIT, messages.next()).await.map_err(|slow| failed(slow.into()))?
    {
        let message = message.map_err(|error| failed(error.into()))?;
        let sequence = message.info().map_err(failed)?.stream_sequence;
        // What somebody else put into the stream says nothing about itself; `status` counts it.
        if let Ok(Quarantined { about, .. }) = Quarantined::from_message(message.headers.as_ref(), &message.payload) {
            items.push(Item { sequence, about });
        }
    }
    let wanted = items.into_iter().filter(|item| args.reason.is_none_or(|kind| item.about.reason.kind == kind));
    Ok(Listing { not_counted, ..listing(wanted, usize::try_from(args.limit).unwrap_or(usize::MAX)) })
}

/// Counts messages, given oldest first, and keeps the latest.
pub(super) fn listing(items: impl Iterator<Item = Item>, limit: usize) -> Listing {
    let mut reasons: BTreeMap<(String, String, String), Reason> = BTreeMap::new();
    let mut latest: VecDeque<Item> = VecDeque::new();
    let mut total = 0;
    for item in items {
        total += 1;
        let about = &item.about;
        let key = (kind_name(about.reason.kind), about.service.clone(), about.partner.clone());
        let reason = reasons.entry(key).or_insert_with(|| Reason {
            reason: about.reason.kind,
            service: about.service.clone(),
            partner: plain(&about.partner),
            count: 0,
            last_sequence: 0,
            last_text: String::new(),
        });
        reason.count += 1;
        reason.last_sequence = item.sequence;
        reason.last_text.clone_from(&about.reason.text);
        latest.push_front(item);
        latest.truncate(limit);
    }
    let mut reasons: Vec<Reason> = reasons.into_values().collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
    Listing { count: total, not_counted: 0, reasons, latest: latest.into() }
}

/// The listing as a text.
pub(super) fn render(listing: &Listing) -> String {
    let mut text = String::new();
    line(&mut text, format!("{} found in quarantine", count(listing.count, "message")));
    if listing.not_counted > 0 {
        line(&mut text, format!("{} older were not looked at", count(listing.not_counted, "message")));
    }
    if listing.count == 0 {
        return text;
    }
    line(&mut text, "");
    line(&mut text, heading("Reasons"));
    let mut table = Table::new(&[">COUNT", "REASON", "SERVICE", "PARTNER", ">LATEST", "IT SAYS"]);
    for reason in &listing.reasons {
        let (kind, last) = (kind_name(reason.reason), reason.last_sequence.to_string());
        let (service, partner) = (reason.service.clone(), reason.partner.clone());
        table.row([reason.count.to_string(), kind, service, partner, last, short(&reason.last_text)]);
    }
    line(&mut text, &table);
    if listing.latest.is_empty() {
        return text;
    }
    line(&mut text, heading("Latest"));
    let mut table = Table::new(&[">SEQUENCE", "RECEIVED", "SUBJECT", "REASON", ">TRIES", "FIELD", "IT SAYS"]);
    for Item { sequence, about } in &listing.latest {
        table.row([
            sequence.to_string(),
            format!("{:.3}", about.received),
            about.subject.clone(),
            kind_name(about.reason.kind),
            about.tries.to_string(),
            or_dash(about.reason.field.as_deref()),
            short(&about.reason.text),
        ]);
    }
    line(&mut text, &table);
    line(&mut text, "One of them in full: waybill quarantine show SEQUENCE");
    text
}

/// The beginning of a text, as much as fits in a table.
fn short(text: &str) -> String {
    const MOST: usize = 100;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::*;

    pub fn about(kind: Kind, partner: &str, text: &str) -> Meta {
        Meta {
            service: "tms-adapter".to_owned(),
            partner: partner.to_owned(),
            stream: "INBOX".to_owned(),
            sequence: 4,
            subject: format!("in.tms.{partner}.status"),
            headers: BTreeMap::new(),
            received: jiff::Timestamp::from_millisecond(1_500).unwrap(),
            tries: 2,
            reason: service::quarantine::Reason::new(kind, text).at("$.date"),
            left_in_stream: false,
        }
    }

    fn items() -> Vec<Item> {
        let abouts = [
            about(Kind::Malformed, "c1", "not JSON"),
            about(Kind::Invalid, "c=201", "expected a date"),
            about(Kind::Malformed, "c1", "still\u{1b}[0m not JSON"),
        ];
        abouts.into_iter().zip(7..).map(|(about, sequence)| Item { sequence, about }).collect()
    }

    #[test]
    fn reasons_are_counted_and_the_latest_come_first() {
        let listing = listing(items().into_iter(), 2);
        assert_eq!(listing.count, 3);
        assert_eq!(listing.latest.iter().map(|item| item.sequence).collect::<Vec<_>>(), [9, 8]);
        let expected = "\
3 messages found in quarantine

Reasons
COUNT  REASON     SERVICE      PARTNER  LATEST  IT SAYS
    2  malformed  tms-adapter  c1            9  still\\u{1b}[0m not JSON
    1  invalid    tms-adapter  c 1           8  expected a date

Latest
SEQUENCE  RECEIVED                  SUBJECT              REASON     TRIES  FIELD   IT SAYS
       9  1970-01-01T00:00:01.500Z  in.tms.c1.status     malformed      2  $.date  still\\u{1b}[0m not JSON
       8  1970-01-01T00:00:01.500Z  in.tms.c=201.status  invalid        2  $.date  expected a date

One of them in full: waybill quarantine show SEQUENCE
";
        assert_eq!(anstream::adapter::strip_str(&render(&listing)).to_string(), expected);
    }

    #[test]
    fn an_empty_quarantine_is_said_in_one_line() {
        assert_eq!(render(&listing(std::iter::empty(), 20)), "0 messages found in quarantine\n");
    }

    #[test]
    fn an_unknown_reason_is_refused_with_those_there_are() {
        assert_eq!(kind("unknown_reference"), Ok(Kind::UnknownReference));
        let error = kind("nonsense").unwrap_err();
        assert!(error.contains("malformed"), "{error}");
    }
}
