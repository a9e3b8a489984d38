//! `waybill archive export`: many orders' trails in one file, for others to keep or to mine.

mod epcis;
mod jsonl;
mod ocel;
mod read;
mod which;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use futures::StreamExt;
use partners::epcis::Base;
use serde::Serialize;
use service::Connection;
use service::settings::NatsSettings;

use crate::bar::bar;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;
use crate::text::{bytes, count, line};
use read::{Read, Trail, read};
pub(super) use which::Which;

/// How it works.
pub(super) const HELP: &str = "\
jsonl: before each order a line that names it, how many lines follow and what the last link is; then its entries as they are archived, \
each chained to the one before. `waybill archive verify FILE` holds every order against its own chain.
ocel: OCEL 2.0 JSON (https://www.ocel-standard.org) for process mining, by `pm4py.read_ocel2_json` for one. Objects are orders, lines, \
shipments, items, locations, customers and partners; events are facts, as they occurred, and decisions. Texts that people wrote, \
names and addresses are left out.
epcis: one EPCIS 2.0 document (GS1) of what happened to the goods.

An order counts from --since to --until by when it ended; one under way by its last entry. Orders come by their numbers, and the same \
archive gives the same file, but for the time in an EPCIS document's head. Eight trails are in memory at once; OCEL's events and \
objects are gathered in two temporary files as large as what is written. An archive that cannot be trusted is left out and named.

Ends with 0 when all is written, with 1 when an archive was left out.";

/// How many trails are read at once.
const AT_ONCE: usize = 8;

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The chained lines, order after order
    Jsonl,
    /// OCEL 2.0 JSON
    Ocel,
    /// EPCIS 2.0
    Epcis,
}

/// Which orders, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// The form of the file
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,
    /// The URI under which an EPCIS document names what has no number of GS1's
    #[arg(long, value_name = "URI", default_value = "urn:waybill", value_parser = crate::order::epcis::base)]
    base: Base,
    /// Into this file, which must not exist yet; to standard output when absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Default, Serialize)]
struct Exported {
    /// The file; nothing for standard output.
    file: Option<String>,
    orders: u64,
    entries: u64,
    /// Orders that are left out because their archives cannot be trusted, and why.
    left_out: Vec<String>,
    /// Orders whose first entries are gone, and no archive has them.
    cut: Vec<String>,
}

/// A file that is being written.
enum Document {
    Jsonl,
    Ocel(Box<ocel::Document>),
    Epcis(epcis::Document),
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let mut out: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(BufWriter::new(File::create_new(path).map_err(|error| unwritable(path, &error))?)),
        None => Box::new(BufWriter::new(io::stdout())),
    };
    let exported = async {
        let connection = reach::connect(nats).await?;
        write(args, &connection, &mut out).await
    };
    let mut exported = match exported.await {
        Ok(exported) => exported,
        Err(failed) => {
            if let Some(path) = &args.out {
                // Half a file must not be taken for a whole one; that it failed is said in any case.
                let _ = std::fs::remove_file(path);
            }
            return failed.into_failure(args.out.as_deref());
        }
    };
    exported.file = args.out.as_ref().map(|path| path.display().to_string());
    if exported.file.is_some() {
        output.show(&exported, render)?;
    } else {
        anstream::eprint!("{}", render(&exported));
    }
    Ok(if exported.left_out.is_empty() { Verdict::Fine } else { Verdict::Wrong })
}

/// Why nothing was written.
enum Failed {
    Writing(io::Error),
    Other(Failure),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Writing(error)
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl Failed {
    fn into_failure(self, path: Option<&Path>) -> Result<Verdict, Failure> {
        match (self, path) {
            (Self::Other(failure), _) => Err(failure),
            // Who reads only the beginning, as `head` does, has what they want.
            (Self::Writing(error), None) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Verdict::Fine),
            (Self::Writing(error), path) => {
                let target = path.unwrap_or_else(|| Path::new("standard output"));
                Err(Failure::Broken(anyhow::anyhow!(
                    "cannot write {}: {error}; nothing is left of it",
                    target.display()
                )))
            }
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("cannot write {}: {error}", path.display()))
}

async fn write(args: &Args, connection: &Connection, out: &mut dyn Write) -> Result<Exported, Failed> {
    let orders = args.which.orders(connection).await?;
    let bar = bar(orders.len() as u64);
    let mut document = Document::begin(args, out)?;
    let mut exported = Exported::default();
    let reads = orders.into_iter().map(|order| read(connection, &args.which, order));
    let mut reads = futures::stream::iter(reads).buffered(AT_ONCE);
    while let Some(read) = reads.next().await {
        bar.inc(1);
        match read? {
            Read::Untrusted(why) => exported.left_out.push(why),
            Read::Other => {}
            Read::Trail(trail) => {
                document.add(&trail, out)?;
                exported.orders += 1;
                exported.entries += trail.entries.len() as u64;
                if trail.is_cut {
                    exported.cut.push(trail.key.text());
                }
            }
        }
    }
    bar.finish_and_clear();
    document.end(out)?;
    out.flush()?;
    Ok(exported)
}

impl Document {
    fn begin(args: &Args, out: &mut dyn Write) -> io::Result<Self> {
        Ok(match args.format {
            Format::Jsonl => Self::Jsonl,
            Format::Ocel => Self::Ocel(Box::new(ocel::Document::begin()?)),
            Format::Epcis => Self::Epcis(epcis::Document::begin(&args.base, out)?),
        })
    }

    fn add(&mut self, trail: &Trail, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Jsonl => jsonl::add(trail, out),
            Self::Ocel(document) => document.add(trail),
            Self::Epcis(document) => document.add(trail, out),
        }
    }

    fn end(self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Jsonl => Ok(()),
            Self::Ocel(document) => document.end(out),
            Self::Epcis(document) => document.end(out),
        }
    }
}

fn render(exported: &Exported) -> String {
    let mut text = String::new();
    for why in &exported.left_out {
        line(&mut text, crate::text::bad(why));
    }
    for order in &exported.cut {
        line(&mut text, format!("of order {order} the first entries have left stream ORDERS, and no archive has them"));
    }
    let orders = count(exported.orders, "order");
    let entries = if exported.entries == 1 { "1 entry".to_owned() } else { format!("{} entries", exported.entries) };
    let place = exported.file.as_ref().map(|file| format!(" in {file}")).unwrap_or_default();
    let size = exported.file.as_ref().and_then(|file| std::fs::metadata(file).ok());
    let size = size.map(|file| format!(", {}", bytes(file.len()))).unwrap_or_default();
    line(&mut text, format!("{orders}, {entries}{size}{place}"));
    text
}

#[cfg(test)]
mod tests;
