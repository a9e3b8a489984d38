//! Looking for what nears an age limit: orders in the projection, which knows when each began; returns at the old end of their stream.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Journal, Key, ReadErrorKind, Tail};
use fulfilment::Fulfilment;
use model::Timestamp;
use service::streams;

use super::alert::Cause;
use super::check::{Found, Rules};
use super::limit::Kept;
use super::standing::{Record, is_settled};
use super::{Retention, now};
use crate::store::keys::{self, Kind};
use crate::store::{self, Head, Store, StoreError, decode};

/// How many rows are looked at in one reading of the projection, which holds up whoever would replace it.
const ROWS: usize = 5_000;
/// How many returns are looked at; those beyond are younger.
const MOST_RETURNS: usize = 200_000;
/// How many messages are taken at once.
const BURST: usize = 512;
/// How long the next of the messages that are there may take to come.
const NEXT_WITHIN: Duration = Duration::from_secs(10);

/// An order that nears the limit, and may not be settled.
struct Candidate {
    key: Key,
    began: Timestamp,
    updated: Timestamp,
}

/// What a part of the projection holds of those.
struct Page {
    candidates: Vec<Candidate>,
    /// Where the next part begins.
    next: Option<Vec<u8>>,
}

impl Retention {
    /// The orders that near the limit and are open or not archived. Each that ended is archived with all it has.
    pub(super) async fn look_at_orders(&self, rules: Rules, begins: Option<Timestamp>) -> anyhow::Result<Found> {
        let near = rules.near(now());
        let mut found = Found::default();
        let mut from = Some(Kind::Order.prefix().to_vec());
        while let Some(start) = from {
            let page = self.view.read(move |store| page(store, &start, near, begins)).await?;
            for Candidate { key, began, updated } in page.candidates {
                let of = key.clone();
                let entries = self.view.read(move |store| records(store, &of)).await?;
                if let Some(cause) = self.see_to(&self.orders, &key, entries).await? {
                    let kept = begins.filter(|begins| updated >= *begins).map(|begins| begins.max(began));
                    found.note(cause, key.text(), began, kept);
                }
            }
            from = page.next;
        }
        Ok(found)
    }

    /// The same of returns, which no projection folds.
    pub(super) async fn look_at_returns(
        &self,
        journal: &Journal<Fulfilment>,
        rules: Rules,
        kept: &Kept,
    ) -> anyhow::Result<Found> {
        let near = rules.near(now());
        let mut found = Found::default();
        if kept.begins.is_none_or(|begins| begins > near) {
            return Ok(found);
        }
        for (key, began) in self.oldest_returns(near, kept.last).await? {
            let cause = match journal.read(&key).await {
                Ok(entries) if is_settled(&entries) => None,
                Ok(entries) => self.see_to(journal, &key, Some(entries)).await?,
                Err(error) if error.kind() == ReadErrorKind::Entry => Some(Cause::Unarchived),
                Err(error) => return Err(error.into()),
            };
            if let Some(cause) = cause {
                found.note(cause, key.text(), began, Some(began));
            }
        }
        Ok(found)
    }

    /// The returns that have entries recorded by then, and when the first of those was.
    async fn oldest_returns(&self, near: Timestamp, end: u64) -> anyhow::Result<BTreeMap<Key, Timestamp>> {
        let mut tail = Tail::open(&self.js, streams::RETURNS, streams::RETURNS_SUBJECTS, None).await?;
        let mut oldest = BTreeMap::new();
        loop {
            // Where all that was there has left meanwhile, nothing comes.
            let Ok(burst) = tokio::time::timeout(NEXT_WITHIN, tail.next_burst(BURST)).await else { return Ok(oldest) };
            for message in burst {
                if message.recorded > near || oldest.len() == MOST_RETURNS {
                    return Ok(oldest);
                }
                if let Some((key, _)) = returns::LAYOUT.parse(&message.subject) {
                    oldest.entry(key).or_insert(message.recorded);
                }
                if message.sequence >= end {
                    return Ok(oldest);
                }
            }
        }
    }
}

/// The orders among some rows that began by `near` and are not settled. Of one that ended and has left the stream, nothing is looked at.
fn page(store: &Store, from: &[u8], near: Timestamp, begins: Option<Timestamp>) -> Result<Page, StoreError> {
    let mut candidates = Vec::new();
    for (number, row) in store.scan(from, &Kind::Order.prefix()).enumerate() {
        let (row_key, row) = row?;
        if number == ROWS {
            return Ok(Page { candidates, next: Some(row_key.to_vec()) });
        }
        let head: Head = decode(&row)?;
        let (began, updated) = (head.progress.began, head.progress.updated);
        let has_left = head.summary.ended.is_some() && begins.is_none_or(|begins| updated < begins);
        if began > near || has_left {
            continue;
        }
        let entries = read(store.history(&head)?)?;
        if !entries.is_some_and(|entries| is_settled(&entries)) {
            let token = keys::tokens(&row_key).first().copied().unwrap_or_default().to_owned();
            candidates.push(Candidate { key: Key::of_token(&token), began, updated });
        }
    }
    Ok(Page { candidates, next: None })
}

/// An order's entries as the projection keeps them; nothing when nobody here can read one of them.
fn records(store: &Store, key: &Key) -> Result<Option<Vec<Record>>, StoreError> {
    let Some(head) = store.head(key)? else { return Ok(None) };
    read(store.history(&head)?)
}

fn read(history: Vec<store::Kept>) -> Result<Option<Vec<Record>>, StoreError> {
    history.iter().map(store::Kept::record).collect()
}
