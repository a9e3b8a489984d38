//! The raw messages that concern a customer: where its orders came from, and what partners were sent.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;

use adapter::{ASK_HEADER, ORDER_HEADER};
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{DirectGetErrorKind, Stream};
use async_nats::{HeaderMap, HeaderValue};
use engine::EntryId;
use futures::{StreamExt, TryStreamExt, stream};
use model::{CustomerId, PartnerId, System, token};
use partners::Profile;
use service::quarantine::{Action, LOG_HEADER, Quarantined, Record};
use service::{Connection, streams};

use super::instances::Instance;
use super::mentions::{names, tells_of};
use crate::exit::Failure;
use crate::partner;
use crate::quarantine::scan::{Read, headers, messages};
use crate::reach::{self, broker};

/// How many messages are read at once.
const AT_ONCE: usize = 32;
/// The most places that are told of messages that only name the customer.
pub(super) const MOST_MENTIONS: usize = 1_000;

/// Places of messages.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub inbox: BTreeSet<u64>,
    pub outbox: BTreeSet<u64>,
    pub held: BTreeSet<u64>,
    pub quarantine: BTreeSet<u64>,
    /// Entries of QUARANTINE_LOG that keep the bytes of such a message, which nothing can take out of there.
    pub logged: BTreeSet<u64>,
    /// Messages of INBOX and of QUARANTINE that hold the customer's number, and nobody can tell whether they are about it.
    pub named: BTreeMap<&'static str, BTreeSet<u64>>,
}

pub(super) async fn of(connection: &Connection, customer: &CustomerId, own: &[Instance]) -> Result<Raw, Failure> {
    let mut raw = Raw::default();
    let mut told: BTreeSet<u64> = own.iter().flat_map(|instance| instance.inbox.iter().copied()).collect();
    taken_out(connection, &mut told, &mut raw).await?;
    inbox(connection, customer, told, &mut raw).await?;
    quarantine(connection, customer, &mut raw).await?;
    raw.outbox = sent(connection, own).await?;
    raw.held = held(connection, own).await?;
    Ok(raw)
}

/// Adds where a message stood before it was taken out of quarantine: there are its bytes too.
async fn taken_out(connection: &Connection, told: &mut BTreeSet<u64>, raw: &mut Raw) -> Result<(), Failure> {
    let log = reach::stream(&connection.js, streams::QUARANTINE_LOG).await?;
    headers(&log, streams::QUARANTINE_LOG_SUBJECTS.to_owned(), 0, |sequence, headers| {
        let text = headers.and_then(|headers| headers.get(LOG_HEADER));
        let record = text.and_then(|text| serde_json::from_str::<Record>(text.as_str()).ok());
        if let Some(record) = record.filter(|record| record.about.stream == streams::INBOX)
            && (told.contains(&record.about.sequence) || record.inbox.is_some_and(|again| told.contains(&again)))
        {
            told.insert(record.about.sequence);
            if record.action != Action::Release {
                raw.logged.insert(sequence);
            }
        }
        ControlFlow::Continue(())
    })
    .await
}

/// Of INBOX: the messages by which something was told, those of the same bytes, and those that their partner's profile reads as
/// being about the customer, such as master data.
async fn inbox(
    connection: &Connection,
    customer: &CustomerId,
    told: BTreeSet<u64>,
    raw: &mut Raw,
) -> Result<(), Failure> {
    let stream = reach::stream(&connection.js, streams::INBOX).await?;
    let fetched = stream::iter(&told).map(|sequence| message(&stream, *sequence)).buffer_unordered(AT_ONCE);
    let there: Vec<(u64, EntryId)> = fetched
        .try_filter_map(async |found| Ok(found.map(|found| (found.sequence, EntryId::of(&[&found.payload])))))
        .try_collect()
        .await?;
    raw.inbox.extend(there.iter().map(|(sequence, _)| *sequence));
    let same: HashSet<EntryId> = there.into_iter().map(|(_, bytes)| bytes).collect();
    let mut named = BTreeSet::new();
    messages(&stream, "in.>".to_owned(), 0, Read::Whole, |sequence, message| {
        if same.contains(&EntryId::of(&[&message.payload])) {
            raw.inbox.insert(sequence);
        } else if named.len() < MOST_MENTIONS && names(&message.payload, customer) {
            named.insert(sequence);
        }
        ControlFlow::Continue(())
    })
    .await?;
    let mut profiles = BTreeMap::new();
    for sequence in named {
        let Some(message) = message(&stream, sequence).await? else { continue };
        if is_about(connection, &mut profiles, &message, customer).await? {
            raw.inbox.insert(sequence);
        } else {
            raw.named.entry(streams::INBOX).or_default().insert(sequence);
        }
    }
    Ok(())
}

async fn message(stream: &Stream, sequence: u64) -> Result<Option<StreamMessage>, Failure> {
    match stream.direct_get(sequence).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
        Err(error) => Err(broker("read the inbox", error)),
    }
}

/// Whether a message of an ERP is about the customer, by the profile in force of who sent it.
async fn is_about(
    connection: &Connection,
    profiles: &mut BTreeMap<String, Option<Profile>>,
    message: &StreamMessage,
    customer: &CustomerId,
) -> Result<bool, Failure> {
    let mut subject = message.subject.split('.').skip(1);
    let (system, partner, name) = (subject.next(), subject.next(), subject.next());
    let (Some("erp"), Some(partner), Some(name)) = (system, partner, name) else { return Ok(false) };
    if !profiles.contains_key(partner) {
        let known = token::unescape(partner).ok().and_then(|text| PartnerId::new(&text).ok());
        let profile = match known {
            Some(partner) => partner::profile_in_force(connection, &partner).await?,
            None => None,
        };
        profiles.insert(partner.to_owned(), profile);
    }
    let Some(Some(profile)) = profiles.get(partner) else { return Ok(false) };
    let received = model::Timestamp::from_nanos(message.time.unix_timestamp_nanos());
    Ok(tells_of(&adapter::read(System::Erp, profile, name, &message.payload, received), customer))
}

/// Of QUARANTINE: what came from such a message of the inbox.
async fn quarantine(connection: &Connection, customer: &CustomerId, raw: &mut Raw) -> Result<(), Failure> {
    let stream = reach::stream(&connection.js, streams::QUARANTINE).await?;
    let mut named = BTreeSet::new();
    messages(&stream, streams::QUARANTINE_SUBJECTS.to_owned(), 0, Read::Whole, |sequence, message| {
        let known = Quarantined::from_message(message.headers.as_ref(), &message.payload);
        let is_own =
            known.is_ok_and(|known| known.about.stream == streams::INBOX && raw.inbox.contains(&known.about.sequence));
        if is_own {
            raw.quarantine.insert(sequence);
        } else if named.len() < MOST_MENTIONS && names(&message.payload, customer) {
            named.insert(sequence);
        }
        ControlFlow::Continue(())
    })
    .await?;
    if !named.is_empty() {
        raw.named.insert(streams::QUARANTINE, named);
    }
    Ok(())
}

/// What partners were sent for these orders and returns.
async fn sent(connection: &Connection, own: &[Instance]) -> Result<BTreeSet<u64>, Failure> {
    let (asked, mut found) = (asked(own), BTreeSet::new());
    let stream = reach::stream(&connection.js, streams::OUTBOX).await?;
    headers(&stream, streams::OUTBOX_SUBJECTS.to_owned(), 0, |sequence, headers| {
        if headers.is_some_and(|headers| is_one_of(headers, &asked)) {
            found.insert(sequence);
        }
        ControlFlow::Continue(())
    })
    .await?;
    Ok(found)
}

/// What partners are to be sent for them. Only who takes messages out of this stream may have a consumer there; so one is read
/// after the other.
async fn held(connection: &Connection, own: &[Instance]) -> Result<BTreeSet<u64>, Failure> {
    let (asked, mut found, mut from) = (asked(own), BTreeSet::new(), 1);
    let stream = reach::stream(&connection.js, streams::HELD).await?;
    loop {
        let message = match stream.direct_get_next_for_subject(streams::HELD_SUBJECTS, Some(from)).await {
            Ok(message) => message,
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(broker("read stream HELD", error)),
        };
        from = message.sequence + 1;
        if is_one_of(&message.headers, &asked) {
            found.insert(message.sequence);
        }
    }
}

/// The orders and returns with what partners were asked for each.
fn asked(own: &[Instance]) -> HashSet<(&str, &str)> {
    own.iter().flat_map(|own| own.asks.iter().map(|ask| (own.key.token(), ask.as_str()))).collect()
}

/// Whether a message to a partner is one of these asks.
fn is_one_of(headers: &HeaderMap, asked: &HashSet<(&str, &str)>) -> bool {
    let text = |name| headers.get(name).map(HeaderValue::as_str);
    text(ORDER_HEADER).zip(text(ASK_HEADER)).is_some_and(|ask| asked.contains(&ask))
}
