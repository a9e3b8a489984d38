//! `waybill archive verify`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use engine::{Content, Journal, Key};
use fulfilment::{Fulfilment, LAYOUT};
use model::{Archived, Fact, Lane, OrderId};
use serde::Serialize;
use service::Connection;
use service::settings::NatsSettings;
use visibility::archive::{ArchiveError, Verified, is_several, open, verify, verify_several};

use super::held::{stored, words};
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach::{self, broker};
use crate::table::Table;
use crate::text::{NOTHING, line, or_dash};

/// How it works.
pub(super) const HELP: &str = "\
A FILE is an archive as it is stored, packed with gzip, or its JSON lines; `-` is standard input. Each line ends with a SHA-256 over \
the link before it and itself, so a line that was changed, dropped, added or moved is named. Nothing is connected to. That lines are \
missing at the end only shows against the last link, which the order's `archived` entry states: --order ORDER asks for it. A file that `waybill archive export` wrote holds many orders, each \
with its own chain and the link it must end with: the first order that is wrong is named.

Ends with 0 when every file is sound, with 1 when one is not.";

/// The most bytes of one file.
const MOST: u64 = 1024 * 1024 * 1024;

/// Which files.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Archives, packed or as JSON lines; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Hold the file against what this order's entries state of its archive; this connects
    #[arg(long, value_name = "ORDER", value_parser = crate::order::order_id)]
    order: Option<OrderId>,
}

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Checked {
    pub files: Vec<Sound>,
}

/// One file.
#[derive(Debug, Serialize)]
pub(super) struct Sound {
    pub file: String,
    /// How many orders it holds, where it was exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<u64>,
    /// How many entries it holds.
    pub entries: Option<usize>,
    /// The first, and the last.
    pub first: Option<u64>,
    pub last: Option<u64>,
    /// The last link.
    pub digest: Option<String>,
    /// What is wrong with it; nothing when it is sound.
    pub wrong: Option<String>,
    /// What it was held against besides itself.
    pub against: Option<String>,
}

/// What is stated of an order's archive.
#[derive(Debug)]
pub(super) struct Stated {
    /// The order.
    pub order: String,
    /// The last link.
    pub digest: String,
    /// How many entries there are, where that is said.
    pub entries: Option<u32>,
    /// Where it is stated.
    pub at: String,
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    if args.order.is_some() && args.files.len() > 1 {
        return Err(Failure::Usage("--order is about one file; several were given".to_owned()));
    }
    let stated = match &args.order {
        Some(order) => Some(stated(&reach::connect(nats).await?, order).await?),
        None => None,
    };
    let mut files = Vec::new();
    for file in &args.files {
        files.push(check(file, stated.as_ref())?);
    }
    let is_sound = files.iter().all(|file| file.wrong.is_none());
    output.show(&Checked { files }, render)?;
    Ok(if is_sound { Verdict::Fine } else { Verdict::Wrong })
}

/// What the order's own entries state; where those are gone, what is stated beside the stored archive.
pub(super) async fn stated(connection: &Connection, order: &OrderId) -> Result<Stated, Failure> {
    let key = Key::of(order.as_str());
    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    let told = journal.read_lane(&key, Lane::View.as_str()).await;
    let told = told.map_err(|error| broker(&format!("read order {order}"), error))?;
    let last = told.iter().rev().find_map(|entry| Some((entry.sequence, archived(&entry.entry.content)?)));
    if let Some((sequence, Archived { digest, entries })) = last {
        let at = format!("entry {sequence} of stream {}", LAYOUT.stream);
        return Ok(Stated { order: order.to_string(), digest: digest.clone(), entries: Some(*entries), at });
    }
    let beside = stored(connection, &key).await?.and_then(|stored| stored.digest);
    let Some(digest) = beside else {
        return Err(Failure::NotFound(format!(
            "nothing states how the archive of order {order} ends: stream {} has no `archived` entry of it, and object store \
             ARCHIVE no archive",
            LAYOUT.stream
        )));
    };
    Ok(Stated { order: order.to_string(), digest, entries: None, at: "object store ARCHIVE".to_owned() })
}

fn archived(content: &Content<Fact, model::Decision>) -> Option<&Archived> {
    let Content::Facts { facts, .. } = content else { return None };
    facts.iter().find_map(|told| if let Fact::Archived(archived) = &told.fact { Some(archived) } else { None })
}

fn check(path: &Path, stated: Option<&Stated>) -> Result<Sound, Failure> {
    let failed = |error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
    let mut file: Box<dyn BufRead> = match path.as_os_str() == "-" {
        true => Box::new(io::stdin().lock()),
        false => Box::new(BufReader::new(File::open(path).map_err(failed)?)),
    };
    if is_several(file.fill_buf().map_err(failed)?) {
        return exported(path.display().to_string(), file, stated).map_err(failed);
    }
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST {
        return Err(Failure::Usage(format!("{} has more than {MOST} bytes, which is the limit", path.display())));
    }
    let verified = open(&bytes).and_then(|lines| verify(&lines));
    Ok(sound(path.display().to_string(), verified, stated))
}

/// What there is to say of a file of many orders' archives.
pub(super) fn exported(file: String, lines: impl BufRead, stated: Option<&Stated>) -> io::Result<Sound> {
    let mut found =
        Sound { orders: Some(0), ..sound(file, Ok(Verified { digest: String::new(), entries: Vec::new() }), None) };
    found.digest = None;
    let mut is_there = false;
    verify_several(lines, |heading, verified| {
        let order = heading.map(|heading| format!("order {}: ", heading.order)).unwrap_or_default();
        let own = stated.filter(|stated| heading.is_some_and(|heading| heading.order == stated.order));
        is_there |= own.is_some();
        let one = sound(String::new(), verified, own);
        found.orders = found.orders.map(|orders| orders + u64::from(heading.is_some()));
        found.entries = found.entries.map(|entries| entries + one.entries.unwrap_or_default());
        if found.wrong.is_none() {
            found.wrong = one.wrong.map(|wrong| format!("{order}{wrong}"));
        }
    })?;
    if let Some(stated) = stated {
        found.against = Some(stated.at.clone());
        if found.wrong.is_none() && !is_there {
            found.wrong = Some(format!("order {} is not in it", stated.order));
        }
    }
    Ok(found)
}

/// What there is to say of an archive, held against itself and what is stated of it.
pub(super) fn sound(file: String, verified: Result<Verified, ArchiveError>, stated: Option<&Stated>) -> Sound {
    let against = stated.map(|stated| stated.at.clone());
    match verified {
        Err(error) => {
            let wrong = Some(words(error));
            Sound { file, orders: None, entries: None, first: None, last: None, digest: None, wrong, against }
        }
        Ok(Verified { digest, entries }) => Sound {
            file,
            orders: None,
            wrong: stated.and_then(|stated| differs(stated, &digest, entries.len())),
            entries: Some(entries.len()),
            first: entries.first().map(|entry| entry.sequence),
            last: entries.last().map(|entry| entry.sequence),
            digest: Some(digest),
            against,
        },
    }
}

/// How an archive that is sound in itself differs from what is stated of it.
fn differs(stated: &Stated, digest: &str, entries: usize) -> Option<String> {
    let at = &stated.at;
    match stated.entries {
        Some(number) if entries < number as usize => {
            Some(format!("it ends too early: {at} states {number} entries, and it has {entries}"))
        }
        Some(number) if entries > number as usize => {
            Some(format!("it has {entries} entries, and {at} states {number}"))
        }
        _ if stated.digest == digest => None,
        Some(_) => Some(format!("it is another one: its last link is not {}, which {at} states", stated.digest)),
        None => Some(format!(
            "it is cut at the end, or another one: its last link is not {}, as {at} states",
            stated.digest
        )),
    }
}

fn render(checked: &Checked) -> String {
    let mut text = String::new();
    let mut table = Table::new(&["FILE", ">ORDERS", ">ENTRIES", ">FIRST", ">LAST", "LAST LINK", "VERDICT"]);
    for file in &checked.files {
        let against =
            file.against.as_ref().map_or_else(|| "sound".to_owned(), |at| format!("sound, and as {at} states"));
        table.row([
            file.file.clone(),
            file.orders.unwrap_or(1).to_string(),
            or_dash(file.entries),
            or_dash(file.first),
            or_dash(file.last),
            file.digest.clone().unwrap_or_else(|| NOTHING.to_owned()),
            file.wrong.clone().unwrap_or(against),
        ]);
    }
    line(&mut text, table.to_string().trim_end());
    text
}
