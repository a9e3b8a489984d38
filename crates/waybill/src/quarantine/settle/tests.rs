use std::collections::BTreeMap;
use std::io::Write;

use async_nats::HeaderMap;
use broker::{Broker, Options};
use clap::Parser;
use jiff::Timestamp;
use service::quarantine::{Action, Kind, Meta, Quarantined, Reason, Record, quarantine};
use service::settings::NatsSettings;
use service::streams::{self, Durability, INBOX, QUARANTINE, declare};

use super::super::list::tests::about;
use super::super::{Command, log};
use super::*;

struct World {
    _broker: Broker,
    connection: Connection,
}

impl World {
    async fn start() -> Self {
        let broker = broker::start(Options::default()).await.unwrap();
        let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
        declare(&connection.js, Durability::Demo).await.unwrap();
        Self { _broker: broker, connection }
    }

    /// Has a partner send a message that cannot be read; returns its place in the quarantine.
    async fn quarantined(&self, partner: &str, raw: &str, text: &str) -> u64 {
        let subject = streams::inbox("tms", partner, "status");
        let mut headers = HeaderMap::new();
        headers.append("Content-Type", "text/odd");
        let sent = self.connection.js.publish_with_headers(subject.clone(), headers, raw.to_owned().into()).await;
        let sequence = sent.unwrap().await.unwrap().sequence;
        let headers = BTreeMap::from([("Content-Type".to_owned(), vec!["text/odd".to_owned()])]);
        let reason = Reason::new(Kind::Invalid, text).at("code");
        let about = Meta { sequence, subject, headers, reason, ..about(Kind::Invalid, partner, text) };
        self.put(about, raw).await
    }

    async fn put(&self, about: Meta, raw: &str) -> u64 {
        quarantine(&self.connection.js, &Quarantined { about, raw: raw.to_owned().into() }).await.unwrap()
    }

    async fn stream(&self, name: &str) -> Stream {
        reach::stream(&self.connection.js, name).await.unwrap()
    }

    async fn held(&self, name: &str) -> u64 {
        self.stream(name).await.cached_info().state.messages
    }

    /// What a command line does.
    async fn does(&self, line: &[&str]) -> (Report, Option<Failure>) {
        let stream = self.stream(QUARANTINE).await;
        let line = ["quarantine"].iter().chain(line);
        match Line::try_parse_from(line).unwrap().command {
            Command::Release(args) => self.some(&args, Settle::Release, &stream).await,
            Command::Discard(args) => self.some(&args, Settle::Discard, &stream).await,
            Command::Edit(args) => {
                let edited = Settle::Edit(read(&args.file).await.unwrap());
                let which = Which::These(&[args.sequence]);
                report(&which, &edited, &args.by, &self.connection, &stream).await.unwrap()
            }
            Command::List(_) | Command::Show(_) | Command::Log(_) => panic!("takes nothing out"),
        }
    }

    async fn some(&self, args: &SomeArgs, settle: Settle, stream: &Stream) -> (Report, Option<Failure>) {
        let these = Which::These(&args.sequences);
        let which = if args.sequences.is_empty() { Which::All(&args.filter) } else { these };
        report(&which, &settle, &args.by, &self.connection, stream).await.unwrap()
    }

    async fn log(&self) -> log::Log {
        let args = log::Args { action: None, partner: None, limit: 20, raw: None };
        log::gather(&args, &self.stream(QUARANTINE_LOG).await).await.unwrap()
    }

    async fn records(&self) -> Vec<Record> {
        self.log().await.latest.into_iter().map(|entry| entry.record).collect()
    }
}

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

const BY: [&str; 5] = ["--yes", "--as", "ada", "--why", "mended"];
const UNKNOWN: &str = "`code` holds `X7`, which is not in the table `status`";

fn with<'a>(line: &[&'a str]) -> Vec<&'a str> {
    line.iter().chain(&BY).copied().collect()
}

fn refused(line: &[&str]) -> String {
    Line::try_parse_from(["quarantine"].iter().chain(line)).unwrap_err().to_string()
}

#[test]
fn what_is_to_be_done_needs_who_and_why_and_which() {
    assert!(refused(&["release"]).contains("required"));
    assert!(refused(&["discard", "7", "--yes", "--as", "ada"]).contains("--why"));
    assert!(refused(&["release", "7", "--partner", "c1"]).contains("cannot be used with"));
    assert!(refused(&["edit", "7", "--yes"]).contains("--file"));
    assert!(Line::try_parse_from(["quarantine", "release", "7", "8"]).is_ok());
    assert!(Line::try_parse_from(["quarantine", "release", "--since", "2h"]).is_ok());
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_done_and_changes_nothing() {
    let world = World::start().await;
    for n in 0..5 {
        world.quarantined("c1", &format!("raw {n}"), UNKNOWN).await;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    for line in [&["release", "--partner", "c1"][..], &["discard", "1", "2"], &["edit", "1", "--file", path]] {
        let (report, stopped) = world.does(line).await;
        assert!(report.done.is_none() && report.cannot.is_empty() && stopped.is_none(), "{report:?}");
    }
    let held = [world.held(INBOX).await, world.held(QUARANTINE).await, world.held(QUARANTINE_LOG).await];
    assert_eq!(held, [5, 5, 0]);

    let (report, _) = world.does(&["release", "--partner", "c1"]).await;
    let text = anstream::adapter::strip_str(&report::render(&report)).to_string();
    let expected = "\
would release 5 messages

Causes
COUNT  REASON   SERVICE      PARTNER  FIRST                 LAST                  EXAMPLE  FIELD  IT SAYS
    5  invalid  tms-adapter  c1       1970-01-01T00:00:01Z  1970-01-01T00:00:01Z        5  code   holds `X7`, which is not in the table `status`

Some of them
1  in.tms.c1.status  `code` holds `X7`, which is not in the table `status`
2  in.tms.c1.status  `code` holds `X7`, which is not in the table `status`
3  in.tms.c1.status  `code` holds `X7`, which is not in the table `status`

Nothing was changed; --yes --why TEXT does it.
";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn what_is_released_is_in_the_inbox_once_more_as_it_came() {
    let world = World::start().await;
    let sequence = world.quarantined("c1", "raw\r\n\u{fffd}", UNKNOWN).await;
    let (report, stopped) = world.does(&with(&["release", "1"])).await;
    assert!(report.done == Some(1) && report.cannot.is_empty() && stopped.is_none(), "{report:?}");
    let again = world.stream(INBOX).await.direct_get(2).await.unwrap();
    assert_eq!((again.subject.as_str(), again.payload.as_ref()), ("in.tms.c1.status", "raw\r\n\u{fffd}".as_bytes()));
    assert_eq!(again.headers.get("Content-Type").unwrap().as_str(), "text/odd");
    assert_eq!(world.held(QUARANTINE).await, 0);

    let records = world.records().await;
    let Record { action, by, sequence: of, inbox, sha256, .. } = &records[0];
    assert_eq!((*action, by.who.as_str(), by.why.as_str()), (Action::Release, "ada", "mended"));
    assert_eq!((*of, *inbox, sha256.as_ref().map(String::len)), (sequence, Some(2), Some(64)));
    assert_eq!(records[0].about.reason.text, UNKNOWN);

    // Once more: it is gone, and nothing is published.
    let (report, _) = world.does(&with(&["release", "1"])).await;
    assert_eq!((report.done, report.cannot.count(), world.held(INBOX).await), (Some(0), 1, 2));
}

#[tokio::test]
async fn a_release_that_broke_off_before_removing_doubles_nothing() {
    let world = World::start().await;
    let sequence = world.quarantined("c1", "raw", UNKNOWN).await;
    let stream = world.stream(QUARANTINE).await;
    let message = stream.direct_get(sequence).await.unwrap();
    world.does(&with(&["release", "1"])).await;
    // What was there before, as if it had not been removed: under a sequence of its own, so it is settled as the first.
    let Quarantined { about, raw } = Quarantined::from_message(Some(&message.headers), &message.payload).unwrap();
    let kept = service::quarantine::Kept { sequence, about, raw: Some(raw) };
    let by = Operator { who: "ada".to_owned(), why: "again".to_owned() };
    let record = kept.settle(&world.connection.js, &stream, &Settle::Release, &by, Timestamp::now()).await.unwrap();
    assert_eq!((record.inbox, world.held(INBOX).await, world.held(QUARANTINE_LOG).await), (Some(2), 2, 1));
}

#[tokio::test]
async fn what_is_discarded_is_kept_in_the_log_alone() {
    let world = World::start().await;
    world.quarantined("c1", "raw", UNKNOWN).await;
    let (report, _) = world.does(&with(&["discard", "1"])).await;
    assert_eq!(report.done, Some(1));
    assert_eq!((world.held(INBOX).await, world.held(QUARANTINE).await), (1, 0));
    assert_eq!(log::raw(1, &world.stream(QUARANTINE_LOG).await).await.unwrap(), "raw");
    let text = anstream::adapter::strip_str(&log::render(&world.log().await)).to_string();
    assert!(text.starts_with("1 message taken out of quarantine\n"), "{text}");
    for said in ["discard", "ada", "mended", "in.tms.c1.status", "invalid", "holds `X7`"] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[tokio::test]
async fn what_is_edited_comes_in_in_its_place_and_says_who_changed_what() {
    let world = World::start().await;
    let sequence = world.quarantined("c1", "raw", UNKNOWN).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"raw").unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let (report, _) = world.does(&with(&["edit", "1", "--file", &path])).await;
    let because = &report.cannot.iter().next().unwrap().why;
    assert!(report.done == Some(0) && because.contains("release the message as it is"), "{because}");

    file.write_all(b" mended").unwrap();
    let (report, _) = world.does(&with(&["edit", "1", "--file", &path])).await;
    assert!(report.done == Some(1) && report.cannot.is_empty(), "{report:?}");
    let edited = world.stream(INBOX).await.direct_get(2).await.unwrap();
    assert_eq!((edited.subject.as_str(), edited.payload.as_ref()), ("in.tms.c1.status", b"raw mended".as_slice()));
    let again = edited.headers.get(service::quarantine::RELEASED_HEADER).unwrap();
    let again: service::quarantine::Again = serde_json::from_str(again.as_str()).unwrap();
    assert_eq!((again.action, again.by.who.as_str(), again.by.why.as_str()), (Action::Edit, "ada", "mended"));
    let record = &world.records().await[0];
    assert_eq!((again.quarantine, &again.sha256), (sequence, &record.sha256));
    assert!(record.edited_sha256.is_some() && record.edited_sha256 != record.sha256);
    assert_eq!(log::raw(1, &world.stream(QUARANTINE_LOG).await).await.unwrap(), "raw");
    assert_eq!(world.held(QUARANTINE).await, 0);
}

#[tokio::test]
async fn a_filter_takes_those_it_means_and_leaves_the_others() {
    let world = World::start().await;
    for n in 0..30 {
        let code = if n % 3 == 0 { "`code` holds `Y8`, which is not in the table `status`" } else { UNKNOWN };
        world.quarantined("c1", &format!("raw {n}"), code).await;
    }
    world.quarantined("c2", "other", UNKNOWN).await;
    let mut entry = about(Kind::UnknownEvent, "c1", "an event of a later version");
    (entry.stream, entry.service) = ("ORDERS".to_owned(), "orchestrator".to_owned());
    let entry = world.put(entry, "entry").await;
    let line = ["release", "--partner", "c1", "--reason", "invalid", "--field", "code", "--text", "holds `X7`"];
    let (report, _) = world.does(&with(&line)).await;
    assert!(report.done == Some(20) && report.cannot.is_empty() && report.causes.len() == 1, "{report:?}");
    let inbox = world.stream(INBOX).await;
    let mut released = Vec::new();
    for sequence in 32..=51 {
        released.push(inbox.direct_get(sequence).await.unwrap().payload);
    }
    released.sort();
    let mut expected: Vec<Bytes> = (0..30).filter(|n| n % 3 > 0).map(|n| format!("raw {n}").into()).collect();
    expected.sort();
    assert_eq!(released, expected);
    assert_eq!((world.held(INBOX).await, world.held(QUARANTINE).await, world.held(QUARANTINE_LOG).await), (51, 12, 20));

    // What stays says why, and what to do instead.
    let (report, _) = world.does(&with(&["release", "--partner", "c1"])).await;
    let because = report.cannot.iter().next().unwrap();
    assert_eq!((report.done, because.example, because.count), (Some(10), entry, 1));
    assert!(because.why.contains("upgrade orchestrator"), "{}", because.why);
    let (report, _) = world.does(&with(&["discard", &entry.to_string()])).await;
    assert_eq!((report.done, world.held(QUARANTINE).await), (Some(1), 1));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let world = World::start().await;
    world.quarantined("c1", "raw", UNKNOWN).await;
    world.connection.js.delete_stream(QUARANTINE_LOG).await.unwrap();
    let stream = world.stream(QUARANTINE).await;
    let Command::Release(args) =
        Line::try_parse_from(["quarantine"].iter().chain(&with(&["release", "1"]))).unwrap().command
    else {
        panic!("not a release")
    };
    let which = Which::These(&args.sequences);
    let failure = report(&which, &Settle::Release, &args.by, &world.connection, &stream).await.unwrap_err();
    assert_eq!(failure.status(), 3);
    assert_eq!((world.held(INBOX).await, world.held(QUARANTINE).await), (1, 1));
}

#[tokio::test]
async fn a_broker_that_takes_no_more_stops_it_and_keeps_the_rest() {
    let world = World::start().await;
    for n in 0..40 {
        world.quarantined("c1", &format!("raw {n}"), UNKNOWN).await;
    }
    let mut full = world.stream(INBOX).await.cached_info().config.clone();
    full.max_messages = 40;
    world.connection.js.update_stream(full).await.unwrap();
    let (report, stopped) = world.does(&with(&["release", "--partner", "c1"])).await;
    let failure = stopped.unwrap();
    assert!(failure.status() == 1 && failure.to_string().contains("stopped at message"), "{failure}");
    assert_eq!((report.done, world.held(QUARANTINE).await, world.held(QUARANTINE_LOG).await), (Some(0), 40, 0));
}

#[tokio::test]
async fn what_was_too_large_for_the_quarantine_goes_back_from_where_it_was_left() {
    let world = World::start().await;
    let large = "x".repeat(7_000_000);
    let left = async |sequence: u64| {
        let headers = BTreeMap::from([("X-Long".to_owned(), vec!["y".repeat(1_400_000)])]);
        let reason = Reason::new(Kind::Oversized, "too large");
        world.put(Meta { sequence, headers, reason, ..about(Kind::Oversized, "c1", "") }, &large).await
    };
    let subject = streams::inbox("tms", "c1", "status");
    let sent = world.connection.js.publish(subject, large.clone().into()).await.unwrap().await.unwrap();
    assert_eq!((left(sent.sequence).await, left(sent.sequence + 7).await), (1, 2));
    let (report, _) = world.does(&with(&["release", "1", "2"])).await;
    assert_eq!((report.done, report.cannot.count(), world.held(INBOX).await), (Some(1), 1, 2));
    assert_eq!(world.stream(INBOX).await.direct_get(2).await.unwrap().payload, large.as_bytes());
    let because = report.cannot.iter().next().unwrap();
    assert!(because.example == 2 && because.why.contains("INBOX no longer has them"), "{}", because.why);
    world.does(&with(&["discard", "2"])).await;
    let missing = log::raw(2, &world.stream(QUARANTINE_LOG).await).await.unwrap_err();
    assert!(matches!(&missing, Failure::NotFound(_)), "{missing}");
    assert_eq!(world.records().await.iter().map(|record| record.size).collect::<Vec<_>>(), [None, Some(7_000_000)]);
}
