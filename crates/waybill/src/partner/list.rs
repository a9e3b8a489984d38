//! `waybill partner list`

use std::collections::BTreeMap;

use adapter::{Kept, Origin, Served, durable};
use async_nats::jetstream::stream::Stream;
use futures::{StreamExt, TryStreamExt};
use model::{PartnerId, System, Timestamp};
use serde::Serialize;
use service::{Connection, streams};

use super::known::{SYSTEMS, served_by, service, shipped};
use super::numbers;
use super::said::{Said, plain};
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach::{self, broker};
use crate::table::Table;
use crate::text::{bad, count, harmless, line, or_dash};

/// How many consumers are looked up at once.
const AT_ONCE: usize = 16;

/// Which partners.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// Only those of this kind of system: erp, wms or tms
    #[arg(long, value_name = "SYSTEM", value_parser = system)]
    pub(super) system: Option<System>,
}

/// The partners.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    pub partners: Vec<Partner>,
    /// The adapters that do not answer: what is in their folders is not known.
    pub silent: Vec<String>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Partner {
    pub partner: String,
    pub system: System,
    pub profile: Option<String>,
    pub version: Option<u32>,
    pub from: Option<Origin>,
    /// Where the one is from that would serve if this one were removed.
    pub before: Option<Origin>,
    pub disabled: bool,
    /// What is wrong with what was said of it last.
    pub wrong: Option<String>,
    pub reads: Vec<String>,
    pub writes: Vec<String>,
    /// Who said something of it last, when, and why.
    pub who: Option<String>,
    pub why: Option<String>,
    pub at: Option<Timestamp>,
    /// Messages that wait in the inbox; nothing where nobody reads them.
    pub waiting: Option<u64>,
    /// Messages in quarantine.
    pub quarantined: u64,
    /// Control numbers of interchanges that are missing.
    pub interchanges_missing: u64,
    /// Interchanges that came twice, and those of them with other content.
    pub interchanges_repeated: u64,
    pub interchanges_differing: u64,
}

fn system(text: &str) -> Result<System, String> {
    SYSTEMS.into_iter().find(|system| system.as_str() == text).ok_or_else(|| "expected erp, wms or tms".to_owned())
}

pub(super) async fn run(args: &Args, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let listing = gather(args, connection).await?;
    let is_wrong = listing.partners.iter().any(|partner| partner.wrong.is_some());
    output.show(&listing, render)?;
    Ok(if is_wrong { Verdict::Wrong } else { Verdict::Fine })
}

pub(super) async fn gather(args: &Args, connection: &Connection) -> Result<Listing, Failure> {
    let said = Said::open(connection).await?;
    let mut all = BTreeMap::new();
    let mut silent = Vec::new();
    for system in SYSTEMS.into_iter().filter(|system| args.system.is_none_or(|wanted| wanted == *system)) {
        match served_by(system, None, connection).await? {
            Some(served) => all.extend(
                served
                    .into_iter()
                    .map(|own| ((system, model::token::escape(&own.partner).into_owned()), of_served(own))),
            ),
            None => silent.push(service(system).to_owned()),
        }
        for (partner, text) in shipped() {
            let Ok(profile) = text.compile(Some(&partner)) else { continue };
            if profile.system == system && silent.last().is_some_and(|silent| silent == service(system)) {
                all.insert((system, partner.token().into_owned()), of_profile(&text.name, &profile, Origin::Shipped));
            }
        }
    }
    for token in said.tokens().await? {
        let Some(saying) = said.of(&token).await? else { continue };
        match saying.kept {
            Ok(kept) if args.system.is_none_or(|wanted| wanted == kept.system) => note(&mut all, &token, &kept),
            Ok(_) => {}
            Err(why) => all
                .values_mut()
                .filter(|own| own.partner == plain(&token))
                .for_each(|own| own.wrong = Some(why.clone())),
        }
    }
    for ((system, token), numbers) in numbers::gather(None, connection).await? {
        let own = all.iter_mut().find(|((of, own), _)| of.as_str() == system && *own == token);
        if let Some((_, own)) = own {
            own.interchanges_missing += numbers.missing();
            own.interchanges_repeated += numbers.repeated + numbers.differing;
            own.interchanges_differing += numbers.differing;
        }
    }
    let partners = counted(all, connection).await?;
    Ok(Listing { partners, silent })
}

fn of_served(served: Served) -> Partner {
    let Served { partner, system, profile, version, from, before, disabled, wrong, reads, writes, .. } = served;
    Partner {
        partner,
        system,
        profile,
        version,
        from,
        before,
        disabled,
        wrong,
        reads,
        writes,
        who: None,
        why: None,
        at: None,
        waiting: None,
        quarantined: 0,
        interchanges_missing: 0,
        interchanges_repeated: 0,
        interchanges_differing: 0,
    }
}

fn of_profile(name: &str, profile: &partners::Profile, from: Origin) -> Partner {
    let sorted = |names: &mut dyn Iterator<Item = &str>| {
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        names
    };
    Partner {
        profile: Some(name.to_owned()),
        version: Some(profile.version),
        from: Some(from),
        reads: sorted(&mut profile.messages()),
        writes: sorted(&mut profile.requests()),
        ..without_profile(&profile.partner, profile.system)
    }
}

/// A partner of which nothing else is known.
fn without_profile(partner: &PartnerId, system: System) -> Partner {
    of_served(Served {
        partner: partner.to_string(),
        system,
        profile: None,
        version: None,
        from: None,
        before: None,
        disabled: false,
        wrong: None,
        reads: Vec::new(),
        writes: Vec::new(),
        text: None,
        revision: 0,
    })
}

/// Adds what people said of a partner. Where its adapter does not answer, that is all that is known.
fn note(all: &mut BTreeMap<(System, String), Partner>, token: &str, kept: &Kept) {
    let key = (kept.system, token.to_owned());
    let compiled = kept.compile();
    if !all.get(&key).is_some_and(|own| own.from == Some(Origin::Bucket) || own.wrong.is_some()) {
        match &compiled {
            Ok(Some(profile)) => {
                let before = all.get(&key).and_then(|own| own.from);
                let own = Partner { before, ..of_profile(&profile.name, profile, Origin::Bucket) };
                all.insert(key.clone(), own);
            }
            // A partner of which nothing is said any more but that it was removed is none.
            Ok(None) if !all.contains_key(&key) && !kept.disabled => return,
            Ok(None) | Err(_) => {}
        }
    }
    let own = all.entry(key).or_insert_with(|| without_profile(&kept.partner, kept.system));
    own.disabled = kept.disabled;
    own.wrong = compiled.err().or(own.wrong.take());
    (own.who, own.why, own.at) = (Some(kept.by.who.clone()), Some(kept.by.why.clone()), Some(kept.at));
}

/// The partners with what waits for each, and what of it is in quarantine.
async fn counted(all: BTreeMap<(System, String), Partner>, connection: &Connection) -> Result<Vec<Partner>, Failure> {
    let inbox = reach::stream(&connection.js, streams::INBOX).await?;
    let quarantined = quarantined(connection).await?;
    let counted = all.into_iter().map(|((system, token), own)| {
        let (inbox, service) = (&inbox, service(system));
        let held = quarantined.get(&streams::quarantine(service, &token)).copied().unwrap_or_default();
        async move { Partner { waiting: waiting(inbox, service, &token).await, quarantined: held, ..own } }
    });
    Ok(futures::stream::iter(counted).buffered(AT_ONCE).collect().await)
}

/// How many messages of a partner wait; nothing where it has no consumer.
async fn waiting(inbox: &Stream, service: &str, token: &str) -> Option<u64> {
    let info = inbox.consumer_info(durable(service, token)).await.ok()?;
    Some(info.num_pending + info.num_ack_pending as u64)
}

async fn quarantined(connection: &Connection) -> Result<BTreeMap<String, u64>, Failure> {
    let failed = |error: async_nats::Error| broker("count what is in quarantine", error);
    let stream = reach::stream(&connection.js, streams::QUARANTINE).await?;
    let mut subjects =
        stream.info_with_subjects(streams::QUARANTINE_SUBJECTS).await.map_err(|error| failed(error.into()))?;
    let mut counts = BTreeMap::new();
    while let Some((subject, messages)) = subjects.try_next().await.map_err(|error| failed(error.into()))? {
        counts.insert(subject, messages as u64);
    }
    Ok(counts)
}

/// Where its profile is from, and the one it goes before.
fn from(own: &Partner) -> String {
    let from = or_dash(own.from.map(Origin::as_str));
    own.before.map_or_else(|| from.clone(), |before| format!("{from}, before {}", before.as_str()))
}

/// What is wrong with the numbers of its interchanges.
fn of_interchanges(own: &Partner) -> Option<String> {
    let counts = [
        (own.interchanges_missing, "missing"),
        (own.interchanges_repeated, "came twice"),
        (own.interchanges_differing, "of them with other content"),
    ];
    let said: Vec<String> =
        counts.iter().filter(|(many, _)| *many > 0).map(|(many, what)| format!("{many} {what}")).collect();
    (!said.is_empty()).then(|| format!("interchanges: {}", said.join(", ")))
}

pub(super) fn render(listing: &Listing) -> String {
    let mut text = String::new();
    let headings =
        ["PARTNER", "SYSTEM", "PROFILE", ">VERSION", "FROM", "STATE", ">WAITING", ">QUARANTINED", "READS", "WRITES"];
    let mut table = Table::new(&headings);
    for own in &listing.partners {
        let state = match (&own.wrong, own.disabled) {
            (_, true) => "off",
            (Some(_), false) => "wrong",
            (None, false) => "on",
        };
        table.row([
            own.partner.clone(),
            own.system.to_string(),
            or_dash(own.profile.as_deref()),
            or_dash(own.version),
            from(own),
            state.to_owned(),
            or_dash(own.waiting),
            own.quarantined.to_string(),
            own.reads.join(" "),
            own.writes.join(" "),
        ]);
    }
    line(&mut text, &table);
    for own in &listing.partners {
        if let Some(why) = &own.wrong {
            line(&mut text, format!("{} {}: {}", bad("wrong"), harmless(&own.partner), harmless(why)));
        }
    }
    for own in &listing.partners {
        if let Some(words) = of_interchanges(own) {
            line(&mut text, format!("{}: {words}; which: waybill partner show", harmless(&own.partner)));
        }
    }
    for silent in &listing.silent {
        line(&mut text, format!("{silent} does not answer: what is in its folder of profiles is not shown"));
    }
    line(
        &mut text,
        format!("{}; one of them: waybill partner show PARTNER", count(listing.partners.len() as u64, "partner")),
    );
    text
}
