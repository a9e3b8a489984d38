//! All there is of a customer, and what is told of it.

use async_nats::jetstream::kv::Operation;
use futures::{StreamExt, TryStreamExt, stream};
use model::CustomerId;
use model::master::CustomerMaster;
use privacy::{Erased, Erasure, Keys, Owner, Tombstone};
use serde::Serialize;
use service::{Connection, streams};

use super::instances::{self, Instance};
use super::raw::{self, Raw};
use crate::exit::Failure;
use crate::personal::FORGOTTEN;
use crate::reach::broker;
use crate::table::Table;
use crate::text::{bad, count, harmless, heading, line};

/// How many keys are looked up at once.
const AT_ONCE: usize = 32;
/// How many places of messages are shown to a person.
const SHOWN: usize = 10;

/// All there is of a customer.
pub(super) struct Found {
    pub instances: Vec<Instance>,
    /// Whose keys are there.
    pub owners: Vec<Owner>,
    pub raw: Raw,
    /// Its key in bucket MASTER, where that still names it.
    pub master: Option<String>,
    is_in_master: bool,
    pub tombstone: Option<Tombstone>,
}

impl Found {
    /// Whether anything names the customer.
    pub fn is_known(&self) -> bool {
        !self.instances.is_empty() || !self.owners.is_empty() || self.is_in_master || self.tombstone.is_some()
    }

    /// Whether the customer was forgotten, and nothing came since.
    pub fn is_forgotten(&self) -> bool {
        self.tombstone.is_some() && self.owners.is_empty() && self.master.is_none() && self.erased().messages() == 0
    }

    /// Takes in messages that only hold the customer's number, by the word of a person who has looked at them.
    pub fn take_in(&mut self, also: &[(String, u64)]) -> Result<(), Failure> {
        for (stream, sequence) in also {
            let named = self.raw.named.iter_mut().find(|(name, _)| **name == stream.as_str());
            if !named.is_some_and(|(_, named)| named.remove(sequence)) {
                let words = "is none of the messages that are named because they hold the customer's number";
                return Err(Failure::Refused(format!("{stream}:{sequence} {words}")));
            }
            let taken = if stream == streams::QUARANTINE { &mut self.raw.quarantine } else { &mut self.raw.inbox };
            taken.insert(*sequence);
        }
        self.raw.named.retain(|_, named| !named.is_empty());
        Ok(())
    }

    /// How much there is to erase.
    pub fn erased(&self) -> Erased {
        let of = |workflow| number(self.instances.iter().filter(|own| own.workflow == workflow).count());
        Erased {
            orders: of(fulfilment::LAYOUT.name),
            returns: of(returns::LAYOUT.name),
            keys: number(self.owners.len()),
            inbox: number(self.raw.inbox.len()),
            outbox: number(self.raw.outbox.len()),
            held: number(self.raw.held.len()),
            quarantine: number(self.raw.quarantine.len()),
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

pub(super) async fn find(connection: &Connection, keys: &Keys, customer: &CustomerId) -> Result<Found, Failure> {
    let read = |error| broker("read bucket KEYS", error);
    let instances = instances::of_customer(connection, customer).await?;
    let raw = raw::of(connection, customer, &instances).await?;
    let own = Owner::customer(customer);
    let all = std::iter::once(own.clone()).chain(instances.iter().map(Instance::owner));
    let owners = stream::iter(all.collect::<Vec<_>>())
        .map(async |owner| Ok((keys.find(&owner).await?.is_some(), owner)))
        .buffered(AT_ONCE)
        .try_filter_map(async |(is_there, owner)| Ok(is_there.then_some(owner)))
        .try_collect()
        .await
        .map_err(read)?;
    let tombstone = keys.tombstone(&own).await.map_err(read)?;
    let (master, is_in_master) = master(connection, customer).await?;
    Ok(Found { instances, owners, raw, master, is_in_master, tombstone })
}

/// The customer's key in bucket MASTER where that still names it, and whether there is such a record.
async fn master(connection: &Connection, customer: &CustomerId) -> Result<(Option<String>, bool), Failure> {
    let read = |error: async_nats::Error| broker("read bucket MASTER", error);
    let bucket = connection.js.get_key_value(streams::MASTER).await.map_err(|error| read(error.into()))?;
    let key = format!("customer.{}", customer.token());
    let entry = bucket.entry(&key).await.map_err(|error| read(error.into()))?;
    let Some(entry) = entry.filter(|entry| entry.operation == Operation::Put) else { return Ok((None, false)) };
    let is_named = serde_json::from_slice(&entry.value).map_or(true, |own: CustomerMaster| own.name != FORGOTTEN);
    Ok((is_named.then_some(key), true))
}

/// What is told of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Who it is.
    pub customer: CustomerId,
    /// Orders and returns that still go on.
    pub open: Vec<String>,
    /// How much there is, or was.
    pub found: Erased,
    /// Whether the master data name the customer.
    pub named_in_master_data: bool,
    /// Orders and returns with entries from before texts were sealed: those stay readable.
    pub in_clear: Vec<String>,
    /// Places in QUARANTINE_LOG of bytes that stay there for ten years.
    pub quarantine_log: Vec<u64>,
    /// Places of messages that hold the customer's number, by stream; whether they are about it only a person can tell.
    pub only_named: std::collections::BTreeMap<&'static str, Vec<u64>>,
    /// Each time that it was forgotten before.
    pub before: Vec<Erasure>,
    /// Whether nothing has come since.
    pub is_forgotten: bool,
    /// What was done now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<Erasure>,
}

impl Report {
    pub(super) fn of(customer: &CustomerId, found: &Found) -> Self {
        let such = |is: fn(&Instance) -> bool| {
            let such = found.instances.iter().filter(|own| is(own));
            such.map(|own| format!("{} {}", own.workflow, own.key)).collect()
        };
        let places = |places: &std::collections::BTreeSet<u64>| places.iter().copied().collect::<Vec<_>>();
        Self {
            customer: customer.clone(),
            open: such(|own| own.is_open),
            found: found.erased(),
            named_in_master_data: found.master.is_some(),
            in_clear: such(|own| own.is_in_clear),
            quarantine_log: places(&found.raw.logged),
            only_named: found.raw.named.iter().map(|(stream, named)| (*stream, places(named))).collect(),
            before: found.tombstone.iter().flat_map(|tombstone| tombstone.erasures.clone()).collect(),
            is_forgotten: found.is_forgotten(),
            done: None,
        }
    }
}

/// The report as a text.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    line(&mut text, heading(&format!("Customer {}", report.customer)));
    for Erasure { who, why, at, .. } in &report.before {
        line(&mut text, harmless(&format!("was forgotten at {at} by {who}: {why}")));
    }
    if report.is_forgotten {
        line(&mut text, "nothing has come since; nothing is changed");
    } else {
        let Erased { orders, returns, keys, inbox, outbox, held, quarantine } = report.found;
        line(
            &mut text,
            Table::of_pairs(&[
                ("orders", orders.to_string()),
                ("returns", returns.to_string()),
                ("keys", keys.to_string()),
                ("messages in INBOX", inbox.to_string()),
                ("messages in OUTBOX", outbox.to_string()),
                ("messages in HELD", held.to_string()),
                ("messages in QUARANTINE", quarantine.to_string()),
                ("in master data", if report.named_in_master_data { "yes" } else { "no" }.to_owned()),
            ]),
        );
        left(&mut text, report);
    }
    match &report.done {
        Some(Erasure { who, at, .. }) => {
            line(
                &mut text,
                harmless(&format!("forgotten at {at} by {who}: the keys are destroyed, the messages erased")),
            );
        }
        None if report.is_forgotten => {}
        None if report.open.is_empty() => line(&mut text, "nothing is changed; --yes --why TEXT does it"),
        None => {
            line(&mut text, "nothing is changed; --yes --why TEXT does it, while these are open only with --even-open")
        }
    }
    text
}

/// What a person is to know beside: what is open, and what stays.
fn left(text: &mut String, report: &Report) {
    if !report.open.is_empty() {
        line(text, bad(&format!("open: {}", some(&report.open))));
    }
    if !report.in_clear.is_empty() {
        line(text, bad(&format!("written before texts were sealed, and stays readable: {}", some(&report.in_clear))));
    }
    if !report.quarantine_log.is_empty() {
        let entries = some(&report.quarantine_log);
        line(text, bad(&format!("QUARANTINE_LOG keeps raw bytes for ten years, at {entries}")));
    }
    for (stream, places) in &report.only_named {
        let messages = count(number(places.len()), "message");
        let places = some(places);
        line(
            text,
            format!("{messages} of {stream} hold the number and are left, but for --also {stream}:SEQUENCE: {places}"),
        );
    }
    line(text, "not reached: backups, partners' own systems, free texts, what left the streams already");
}

fn some(all: &[impl ToString]) -> String {
    let shown: Vec<String> = all.iter().take(SHOWN).map(|own| harmless(&own.to_string()).into_owned()).collect();
    let more = all.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
