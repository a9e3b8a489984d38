//! Archiving again: an archive ends with the entry that ended the order, and what came later, such as a late bill, is in the stream
//! alone. Before that leaves the stream, the archive is put anew with all of it.
//!
//! The new archive begins with what the old one holds, also where the stream has lost that, and a new `archived` fact states its last
//! link. So the fold only gains a fact that moves nothing, the last such fact is always that of the archive that is there, and whatever
//! a crash interrupts is done at the next check.

use anyhow::Context as _;
use engine::{Content, EntryId, FactId, Journal, Key, Source, Told, WorkflowEntry};
use fulfilment::Fulfilment;
use model::{Archived, Fact, System};
use service::streams;

use super::alert::Cause;
use super::standing::{Record, archived, ends};
use super::{Retention, now};
use crate::archive::ArchivedEntry;

/// What there is to do about an archive.
#[derive(Debug, PartialEq, Eq)]
enum Todo {
    /// The instance is under way.
    Wait,
    /// The archive holds all, and its last link is stated.
    Nothing,
    /// This is to be put.
    Put(Vec<Record>),
}

impl Retention {
    /// Sees to it that what ended is in the archive with all its entries; says why it may not leave the stream, if it may not.
    pub(super) async fn see_to(
        &self,
        journal: &Journal<Fulfilment>,
        key: &Key,
        entries: Option<Vec<Record>>,
    ) -> anyhow::Result<Option<Cause>> {
        let name = archived_as(journal, key);
        let stored = self.reader.get_named(&name).await?;
        let Some(entries) = entries else {
            tracing::warn!(order = %key, "it has entries that this version cannot read, and is not archived; upgrade it");
            return Ok(Some(Cause::Unarchived));
        };
        let kept = match stored.map(|stored| stored.verify()).transpose() {
            Ok(kept) => kept.map(|kept| kept.entries).unwrap_or_default(),
            Err(error) => {
                tracing::error!(order = %key, %error, "its archive cannot be trusted, and is left as it is");
                return Ok(Some(Cause::Unarchived));
            }
        };
        match todo(kept, &entries) {
            Todo::Wait => Ok(Some(Cause::Open)),
            Todo::Nothing => Ok(None),
            Todo::Put(trail) => match self.put(journal, key, &name, &trail).await {
                Ok(()) => Ok(None),
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(order = %key, error, "cannot archive it again; trying again at the next check");
                    Ok(Some(Cause::Unarchived))
                }
            },
        }
    }

    async fn put(&self, journal: &Journal<Fulfilment>, key: &Key, name: &str, trail: &[Record]) -> anyhow::Result<()> {
        let archived = self.keeper.keep(name, trail, true).await?;
        let entries = archived.entries;
        journal
            .append(key, System::View.lane().as_str(), &entry(key, archived))
            .await
            .context("the archive is there, and cannot be stated")?;
        self.metrics.appended.inc();
        self.gauges.again();
        tracing::info!(order = %key, entries, "archived again, with what came after its end");
        Ok(())
    }
}

/// What there is to do, by what the archive holds, if there is one, and the entries that are known.
fn todo(kept: Vec<ArchivedEntry>, entries: &[Record]) -> Todo {
    let last = kept.last().map_or(0, |entry| entry.sequence);
    if kept.is_empty() && !entries.iter().any(ends) {
        return Todo::Wait;
    }
    let is_stated =
        entries.iter().any(|entry| archived(entry).is_some_and(|stated| stated.entries as usize == kept.len()));
    let is_late = |entry: &&Record| entry.sequence > last && archived(entry).is_none();
    if !kept.is_empty() && is_stated && !entries.iter().any(|entry| is_late(&entry)) {
        return Todo::Nothing;
    }
    let held = kept.into_iter().filter_map(ArchivedEntry::record);
    let later = entries.iter().filter(|entry| entry.sequence > last).cloned();
    Todo::Put(held.chain(later).collect())
}

fn entry(key: &Key, archived: Archived) -> WorkflowEntry<Fulfilment> {
    let digest = archived.digest.clone().into_bytes();
    let source = Source::service(crate::ABOUT.name, now());
    let told = Told { id: FactId::of(&[b"archived", &digest]), fact: Fact::Archived(archived) };
    let id = EntryId::of(&[b"archived again", key.token().as_bytes(), &digest]);
    WorkflowEntry::<Fulfilment> { id, content: Content::Facts { source, facts: vec![told] } }
}

/// The name of a trail in the archive: an order's token, and of another workflow the workflow's name before it.
fn archived_as(journal: &Journal<Fulfilment>, key: &Key) -> String {
    let layout = journal.layout();
    if layout.stream == streams::ORDERS { key.token().to_owned() } else { format!("{}.{}", layout.name, key.token()) }
}

#[cfg(test)]
mod tests {
    use engine::Recorded;
    use model::{Decision, End, Note, Timestamp};

    use super::super::standing::is_settled;
    use super::*;
    use crate::archive::{chain, verify};

    fn record(sequence: u64, content: Content<Fact, Decision>) -> Record {
        let entry = WorkflowEntry::<Fulfilment> { id: EntryId::of(&[&sequence.to_be_bytes()]), content };
        Recorded { sequence, recorded: Timestamp::from_millis(i64::try_from(sequence).unwrap()), lane: "view", entry }
    }

    fn noted(sequence: u64) -> Record {
        let mut noted = entry(&Key::of("SO 1"), Archived { digest: sequence.to_string(), entries: 0 }).content;
        let Content::Facts { facts, .. } = &mut noted else { panic!() };
        facts[0].fact = Fact::Noted(Note { text: "a late word".to_owned(), opens: None });
        record(sequence, noted)
    }

    fn ended(sequence: u64) -> Record {
        let decisions = vec![Decision::End(End::Closed)];
        record(sequence, Content::Decisions { seen: sequence - 1, now: Timestamp::default(), decisions })
    }

    fn stated(sequence: u64, trail: &[Record]) -> Record {
        let chained = chain(trail).unwrap();
        let archived = Archived { digest: chained.digest, entries: chained.entries };
        record(sequence, entry(&Key::of("SO 1"), archived).content)
    }

    fn kept(trail: &[Record]) -> Vec<ArchivedEntry> {
        verify(&chain(trail).unwrap().bytes).unwrap().entries
    }

    #[test]
    fn what_is_under_way_is_waited_for() {
        let entries = [noted(1), noted(2)];
        assert!(!is_settled(&entries));
        assert_eq!(todo(Vec::new(), &entries), Todo::Wait);
    }

    #[test]
    fn what_ended_and_is_in_no_archive_is_archived() {
        let entries = [noted(1), ended(2)];
        assert!(!is_settled(&entries));
        assert_eq!(todo(Vec::new(), &entries), Todo::Put(entries.to_vec()));
    }

    #[test]
    fn what_came_after_the_archive_is_archived_once() {
        let trail = [noted(1), ended(2)];
        let mut entries = trail.to_vec();
        entries.push(stated(3, &trail));
        assert!(is_settled(&entries));
        assert_eq!(todo(kept(&trail), &entries), Todo::Nothing);

        entries.push(noted(9));
        assert!(!is_settled(&entries));
        let Todo::Put(again) = todo(kept(&trail), &entries) else { panic!() };
        assert_eq!(again, entries);
        let put = kept(&again);
        assert_eq!(
            todo(put.clone(), &entries),
            Todo::Put(entries.clone()),
            "it is put, and a crash came before it was stated"
        );
        entries.push(stated(10, &again));
        assert_eq!(todo(put, &entries), Todo::Nothing);
    }

    #[test]
    fn what_the_stream_has_lost_stays_in_the_archive() {
        let trail = [noted(1), ended(2)];
        let late = [stated(3, &trail), noted(9)];
        let Todo::Put(again) = todo(kept(&trail), &late) else { panic!() };
        assert_eq!(again.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1, 2, 3, 9]);
        let Todo::Put(again) = todo(kept(&trail), &late[1..]) else { panic!() };
        assert_eq!(again.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1, 2, 9]);
    }
}
