//! `waybill archive list`

use model::{Timestamp, token};
use serde::Serialize;
use service::settings::NatsSettings;
use visibility::archive::Listed;

use super::held::{failed, open};
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;
use crate::table::Table;
use crate::text::{bytes, line, or_dash};

/// The most archives that are shown.
const MOST_SHOWN: u64 = 1_000_000;

/// How many.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=MOST_SHOWN))]
    limit: u64,
}

/// Archives.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    pub archives: Vec<Archive>,
    /// There are more than were asked for.
    pub are_more: bool,
}

/// One archive.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Archive {
    /// What it is the trail of: an order, or a return.
    pub of: String,
    /// Its number.
    pub number: String,
    /// When it was stored.
    pub stored: Option<Timestamp>,
    /// Its size, packed.
    pub bytes: u64,
    /// The last link of its chain.
    pub digest: Option<String>,
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let most = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let (listed, are_more) = open(&connection).await?.list(most).await.map_err(failed)?;
    let archives = listed.into_iter().map(Archive::of).collect();
    output.show(&Found { archives, are_more }, render)?;
    Ok(Verdict::Fine)
}

impl Archive {
    pub fn of(listed: Listed) -> Self {
        let Listed { name, stored, bytes, digest } = listed;
        let (of, number) = name.split_once('.').unwrap_or((fulfilment::LAYOUT.name, &name));
        let number = token::unescape(number).unwrap_or_else(|_| number.to_owned());
        Self { of: of.to_owned(), number, stored, bytes, digest }
    }
}

fn render(found: &Found) -> String {
    let mut text = String::new();
    if found.archives.is_empty() {
        line(&mut text, "nothing is archived");
        return text;
    }
    let mut table = Table::new(&["OF", "NUMBER", "STORED", ">SIZE", "DIGEST"]);
    for archive in &found.archives {
        table.row([
            archive.of.clone(),
            archive.number.clone(),
            or_dash(archive.stored),
            bytes(archive.bytes),
            or_dash(archive.digest.as_deref()),
        ]);
    }
    line(&mut text, table.to_string().trim_end());
    if found.are_more {
        line(&mut text, "there are more; see them with a larger --limit");
    }
    text
}
