//! `waybill partner unmapped`: codes that nobody has mapped.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use model::PartnerId;
use partners::Profile;
use partners::unmapped::unmapped;
use serde::Serialize;
use service::Connection;

use super::inbox::{self, Raw};
use super::known::{Known, Named, SYSTEMS, partner, served_by, shipped};
use super::said::Said;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::quarantine::cause::in_any_list;
use crate::quarantine::filter::since;
use crate::table::Table;
use crate::text::{count, line};

/// The most codes that are told apart; a partner that makes up values could send any number of them.
const MOST_CODES: usize = 10_000;
/// The most characters of a code that are kept.
const MOST_LETTERS: usize = 100;

/// Whose codes.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The partner; all of them when absent
    #[arg(value_name = "PARTNER", value_parser = partner)]
    pub(super) partner: Option<PartnerId>,
    /// In what came in since then: a time such as 2026-03-01T14:00Z, or as long ago as `2h`
    #[arg(long, value_name = "TIME", default_value = "7days", value_parser = since)]
    pub(super) since: Timestamp,
}

/// The codes.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    pub since: Timestamp,
    /// How many messages were read.
    pub messages: u64,
    /// The codes, the most frequent first.
    pub codes: Vec<Code>,
    /// How many more there are, of others.
    pub of_other_codes: u64,
    /// The profiles they were read through.
    pub profiles: BTreeMap<String, Named>,
}

/// A code that nobody has mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Code {
    pub partner: String,
    pub message: String,
    /// Where it stands, in any element of its lists.
    pub field: String,
    pub code: String,
    pub count: u64,
    pub first: model::Timestamp,
    pub last: model::Timestamp,
    /// The place in the inbox of one that holds it.
    pub example: u64,
}

pub(super) async fn run(args: &Args, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let found = gather(args, connection).await?;
    output.show(&found, render)?;
    Ok(Verdict::Fine)
}

pub(super) async fn gather(args: &Args, connection: &Connection) -> Result<Found, Failure> {
    let said = Said::open(connection).await?;
    let partners = match &args.partner {
        Some(partner) => vec![partner.clone()],
        None => everybody(&said, connection).await?,
    };
    let (mut tally, mut profiles, mut messages) = (Tally::default(), BTreeMap::new(), 0);
    for partner in partners {
        let known = Known::of(&partner, &said, connection).await?;
        let own = match known.profile(&partner) {
            Ok(own) => own,
            // Of all partners, one that has just lost its profile is none to stop at.
            Err(Failure::NotFound(_)) if args.partner.is_none() => continue,
            Err(failure) => return Err(failure),
        };
        let (system, token) = (own.profile.system, partner.token());
        messages += inbox::each(connection, system, &token, inbox::since(args.since)?, |raw| {
            tally.read(&own.profile, &raw);
            ControlFlow::Continue(())
        })
        .await?;
        profiles.insert(partner.to_string(), own.named);
    }
    let mut codes: Vec<Code> = tally.codes.into_values().collect();
    codes.sort_by_key(|code| std::cmp::Reverse(code.count));
    Ok(Found { since: args.since, messages, codes, of_other_codes: tally.others, profiles })
}

/// All partners that have a profile.
async fn everybody(said: &Said, connection: &Connection) -> Result<Vec<PartnerId>, Failure> {
    let mut all: Vec<PartnerId> = shipped().into_iter().map(|(partner, _)| partner).collect();
    for token in said.tokens().await? {
        let saying = said.of(&token).await?;
        all.extend(saying.and_then(|saying| saying.kept.ok()).map(|kept| kept.partner));
    }
    for system in SYSTEMS {
        let served = served_by(system, None, connection).await?.unwrap_or_default();
        all.extend(served.iter().filter_map(|own| PartnerId::new(&own.partner).ok()));
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// Counts codes. Its size is bounded, whatever the number of messages.
#[derive(Default)]
struct Tally {
    codes: BTreeMap<[String; 4], Code>,
    others: u64,
}

impl Tally {
    fn read(&mut self, profile: &Profile, raw: &Raw) {
        for own in unmapped(&profile.decode(&raw.message, &raw.body, raw.received)) {
            let code: String = own.code.chars().take(MOST_LETTERS).collect();
            let (partner, message, field) = (profile.partner.to_string(), raw.message.clone(), in_any_list(&own.field));
            let key = [partner.clone(), message.clone(), field.clone(), code.clone()];
            if self.codes.len() >= MOST_CODES && !self.codes.contains_key(&key) {
                self.others += 1;
                continue;
            }
            let (first, last, example) = (raw.received, raw.received, raw.sequence);
            let counted =
                self.codes.entry(key).or_insert(Code { partner, message, field, code, count: 0, first, last, example });
            counted.count += 1;
            (counted.last, counted.example) = (raw.received, raw.sequence);
        }
    }
}

pub(super) fn render(found: &Found) -> String {
    let mut text = String::new();
    let (messages, codes) = (count(found.messages, "message"), count(found.codes.len() as u64, "code"));
    line(&mut text, format!("{codes} that nobody has mapped, in {messages} since {:.0}", found.since));
    if found.codes.is_empty() {
        return text;
    }
    line(&mut text, "");
    let mut table = Table::new(&[">COUNT", "PARTNER", "MESSAGE", "FIELD", "CODE", "FIRST", "LAST", ">INBOX"]);
    for code in &found.codes {
        table.row([
            code.count.to_string(),
            code.partner.clone(),
            code.message.clone(),
            code.field.clone(),
            code.code.clone(),
            code.first.to_string(),
            code.last.to_string(),
            code.example.to_string(),
        ]);
    }
    line(&mut text, &table);
    if found.of_other_codes > 0 {
        line(&mut text, format!("{} more, of other codes; name a partner to see them", found.of_other_codes));
    }
    line(
        &mut text,
        "Map them in the profile, then: waybill partner try PROFILE --since TIME, waybill partner add PROFILE",
    );
    text
}
