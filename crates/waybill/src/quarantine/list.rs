//! `waybill quarantine list`

use std::collections::VecDeque;
use std::ops::ControlFlow;

use async_nats::jetstream::stream::Stream;
use serde::Serialize;

use super::cause::{Cause, Causes};
use super::filter::{Filter, Item, each};
use super::kind_name;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::table::Table;
use crate::text::{count, heading, line, or_dash};

/// The newest messages that are counted; those before are not looked at.
const MOST_COUNTED: u64 = 100_000;
/// The most that are listed one by one.
const MOST_LISTED: u64 = 10_000;

/// Which messages.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) filter: Filter,
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
    /// Why, the most frequent first.
    pub causes: Vec<Cause>,
    /// How many have causes beyond those.
    pub of_other_causes: u64,
    /// The latest, newest first.
    pub latest: Vec<Item>,
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
    let (mut tally, limit) = (Tally::default(), usize::try_from(args.limit).unwrap_or(usize::MAX));
    each(stream, &args.filter, start, |item| {
        tally.add(item, limit);
        ControlFlow::Continue(())
    })
    .await?;
    Ok(Listing { not_counted, ..tally.listing() })
}

/// Counts messages, given oldest first, and keeps the latest.
#[derive(Debug, Default)]
struct Tally {
    count: u64,
    causes: Causes,
    latest: VecDeque<Item>,
}

impl Tally {
    fn add(&mut self, item: Item, limit: usize) {
        self.count += 1;
        self.causes.add(&item);
        self.latest.push_front(item);
        self.latest.truncate(limit);
    }

    fn listing(self) -> Listing {
        let of_other_causes = self.causes.others;
        let causes = self.causes.into_most_frequent();
        Listing { count: self.count, not_counted: 0, causes, of_other_causes, latest: self.latest.into() }
    }
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
    causes(&mut text, &listing.causes, listing.of_other_causes);
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

/// The causes as a table.
pub(super) fn causes(text: &mut String, causes: &[Cause], others: u64) {
    line(text, heading("Causes"));
    let mut table =
        Table::new(&[">COUNT", "REASON", "SERVICE", "PARTNER", "FIRST", "LAST", ">EXAMPLE", "FIELD", "IT SAYS"]);
    for cause in causes {
        table.row([
            cause.count.to_string(),
            kind_name(cause.reason),
            cause.service.clone(),
            cause.partner.clone(),
            format!("{:.0}", cause.first),
            format!("{:.0}", cause.last),
            cause.example.to_string(),
            or_dash(cause.field.as_deref()),
            short(&cause.cause),
        ]);
    }
    line(text, &table);
    if others > 0 {
        line(text, format!("{} have other causes; name a partner to see them", count(others, "message")));
    }
}

/// The beginning of a text, as much as fits in a table.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 100;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use service::quarantine::{Kind, Meta};

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
            reason: service::quarantine::Reason::new(kind, text).at("date"),
            left_in_stream: false,
        }
    }

    fn items() -> Vec<Item> {
        let abouts = [
            about(Kind::Malformed, "c1", "`date` is\u{1b}[0m no JSON"),
            about(Kind::Invalid, "c=201", "expected a date"),
            about(Kind::Malformed, "c1", "`date` is\u{1b}[0m no JSON"),
        ];
        abouts.into_iter().zip(7..).map(|(about, sequence)| Item { sequence, about }).collect()
    }

    fn listing(items: Vec<Item>, limit: usize) -> Listing {
        let mut tally = Tally::default();
        items.into_iter().for_each(|item| tally.add(item, limit));
        tally.listing()
    }

    #[test]
    fn causes_are_counted_and_the_latest_come_first() {
        let listing = listing(items(), 2);
        assert_eq!(listing.count, 3);
        assert_eq!(listing.latest.iter().map(|item| item.sequence).collect::<Vec<_>>(), [9, 8]);
        let expected = "\
3 messages found in quarantine

Causes
COUNT  REASON     SERVICE      PARTNER  FIRST                 LAST                  EXAMPLE  FIELD  IT SAYS
    2  malformed  tms-adapter  c1       1970-01-01T00:00:01Z  1970-01-01T00:00:01Z        9  date   is\\u{1b}[0m no JSON
    1  invalid    tms-adapter  c 1      1970-01-01T00:00:01Z  1970-01-01T00:00:01Z        8  date   expected a date

Latest
SEQUENCE  RECEIVED                  SUBJECT              REASON     TRIES  FIELD  IT SAYS
       9  1970-01-01T00:00:01.500Z  in.tms.c1.status     malformed      2  date   `date` is\\u{1b}[0m no JSON
       8  1970-01-01T00:00:01.500Z  in.tms.c=201.status  invalid        2  date   expected a date

One of them in full: waybill quarantine show SEQUENCE
";
        assert_eq!(anstream::adapter::strip_str(&render(&listing)).to_string(), expected);
    }

    #[test]
    fn an_empty_quarantine_is_said_in_one_line() {
        assert_eq!(render(&listing(Vec::new(), 20)), "0 messages found in quarantine\n");
    }
}
