//! Going through the instances of one workflow.

use std::collections::HashSet;

use engine::rehearse::{Span, differences, recorded, rehearsed};
use engine::{Journal, Key, Layout, Workflow, WorkflowRecord};
use fulfilment::{Fulfilment, rule};
use model::{Decision, Fact, Timestamp};
use service::Connection;

use super::facts::Instead;
use super::tally::{Counting, Looked, Tally};
use super::worth::Worth;
use super::{Args, facts, orders, trails};
use crate::exit::Failure;
use crate::partner::retold::Retold;
use crate::words::Subject;

/// The instances of a workflow, in a time.
pub(super) struct Course<'a, W: Workflow> {
    connection: &'a Connection,
    journal: Journal<W>,
    span: Span,
}

impl<'a, W: Workflow<Fact = Fact, Decision = Decision>> Course<'a, W> {
    pub fn new(connection: &'a Connection, layout: Layout, since: Option<Timestamp>, until: Timestamp) -> Self {
        let span = Span { since: since.unwrap_or(Timestamp::from_millis(i64::MIN)), until };
        Self { connection, journal: Journal::new(connection.js.clone(), layout), span }
    }

    /// The instances that are named, or all that have entries in this time.
    async fn keys(&self, args: &Args) -> Result<Vec<Key>, Failure> {
        if args.order.is_empty() {
            let found = orders::since(self.connection, self.journal.layout(), args.since).await?;
            return Ok(found.into_iter().collect());
        }
        let mut keys: Vec<Key> = args.order.iter().map(|order| Key::of(order.as_str())).collect();
        keys.sort();
        keys.dedup();
        Ok(keys)
    }

    /// Holds what a policy decides against what was decided.
    pub async fn policy(
        &self,
        args: &Args,
        policy: &W::Policy,
        (of, worth): (Subject, impl Fn(&[WorkflowRecord<W>]) -> Worth),
        examples: usize,
    ) -> Result<Tally, Failure> {
        let mut counting = Counting::of(of, examples);
        let mut missing = None;
        let keys = self.keys(args).await?;
        trails::each(&self.journal, keys.into_iter(), |key, read| match read {
            Ok(trail) if trail.is_empty() => missing = Some(key.clone()),
            Ok(trail) => {
                let before = recorded::<W>(&trail, self.span);
                let decisions = before.len() as u64;
                let then = rehearsed::<W>(key, &trail, policy, self.span);
                counting.add(&Looked {
                    order: key.text(),
                    entries: trail.len() as u64,
                    decisions,
                    worth: worth(&trail),
                    differences: differences(before, then, rule::name),
                });
            }
            Err(error) => counting.unread(&key.text(), &error.to_string()),
        })
        .await?;
        match missing {
            None => Ok(counting.done()),
            Some(key) => {
                let (of, stream) = (of.as_str(), self.journal.layout().stream);
                Err(Failure::NotFound(format!(
                    "no entries of {of} {:?} in stream {stream}; is this its number?",
                    key.text()
                )))
            }
        }
    }
}

impl Course<'_, Fulfilment> {
    /// Holds what a policy decides on the facts of a changed profile against what it decides on those that were told. Only the
    /// orders of which something else is told are read; the others are decided alike.
    pub async fn profile(
        &self,
        args: &Args,
        policy: &fulfilment::Policy,
        retold: &Retold,
        examples: usize,
    ) -> Result<(Tally, u64), Failure> {
        let mut counting = Counting::of(Subject::Order, examples);
        let mut changes = facts::by_order(self.connection, retold).await?;
        let mut keys: HashSet<Key> = self.keys(args).await?.into_iter().collect();
        if args.order.is_empty() {
            // Of an order that only the changed profile knows there are no entries.
            keys.extend(changes.keys().cloned());
        } else {
            changes.retain(|key, _| keys.contains(key));
        }
        counting.alike((keys.len() - changes.len()) as u64);
        let differing = changes.values().flatten().map(Instead::differing).sum();
        let concerned: Vec<Key> = changes.keys().cloned().collect();
        trails::each(&self.journal, concerned.into_iter(), |key, read| match read {
            Ok(trail) => {
                let told = changes.get(key).map_or(&[][..], Vec::as_slice);
                let other = facts::instead(&trail, (retold.system, &retold.partner), told);
                let before = rehearsed::<Fulfilment>(key, &trail, policy, self.span);
                let decisions = before.len() as u64;
                let then = rehearsed::<Fulfilment>(key, &other, policy, self.span);
                counting.add(&Looked {
                    order: key.text(),
                    entries: trail.len() as u64,
                    decisions,
                    worth: Worth::of_order(&other),
                    differences: differences(before, then, rule::name),
                });
            }
            Err(error) => counting.unread(&key.text(), &error.to_string()),
        })
        .await?;
        Ok((counting.done(), differing))
    }
}
