//! `waybill archive get`

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use engine::Key;
use model::OrderId;
use serde::Serialize;
use service::settings::NatsSettings;
use visibility::archive::open;

use super::held::{absent, stored, words};
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;
use crate::text::{bytes, count};

/// Which archive, and where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The order's number as its ERP writes it; quote spaces and `*` for the shell
    #[arg(value_name = "ORDER", value_parser = crate::order::order_id)]
    order: OrderId,
    /// Into this file, which must not exist yet; to standard output when absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What was written to a file.
#[derive(Debug, Serialize)]
struct Written {
    order: OrderId,
    file: String,
    entries: usize,
    bytes: usize,
    digest: String,
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let stored = stored(&connection, &Key::of(args.order.as_str())).await?.ok_or_else(|| absent(&args.order))?;
    let unsound = |error| {
        let words = words(error);
        Failure::Broken(anyhow::anyhow!("the archive of order {} cannot be trusted: {words}", args.order))
    };
    let lines = open(&stored.bytes).map_err(unsound)?;
    match &args.out {
        None => Output::bytes(&lines)?,
        Some(file) => write(file, &lines)?,
    }
    // Who wants to see what is wrong with it gets the bytes all the same.
    let verified = stored.verify().map_err(unsound)?;
    if let Some(file) = &args.out {
        let (order, file) = (args.order.clone(), file.display().to_string());
        let (entries, bytes, digest) = (verified.entries.len(), lines.len(), verified.digest);
        output.show(&Written { order, file, entries, bytes, digest }, render)?;
    }
    Ok(Verdict::Fine)
}

fn write(path: &Path, lines: &[u8]) -> Result<(), Failure> {
    let written = File::create_new(path).and_then(|mut file| file.write_all(lines));
    written.map_err(|error| Failure::Usage(format!("cannot write {}: {error}", path.display())))
}

fn render(written: &Written) -> String {
    let (entries, size) = (count(written.entries as u64, "line"), bytes(written.bytes as u64));
    format!("{entries}, {size}, in {}; the last link is {}\n", written.file, written.digest)
}
