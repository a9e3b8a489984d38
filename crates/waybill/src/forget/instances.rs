//! The orders and returns of a customer, and what each of them holds.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use engine::{Content, Entry, Folded, Journal, Key, Layout, Workflow, WorkflowRecord, codec};
use fulfilment::Fulfilment;
use futures::{StreamExt, TryStreamExt, stream};
use model::{CustomerId, Decision, Fact, Lane, Place};
use privacy::Owner;
use returns::Returns;
use service::Connection;

use super::mentions::{holds, is_of};
use crate::exit::Failure;
use crate::personal;
use crate::quarantine::scan::{Read, messages};
use crate::reach::{self, broker};

/// How many trails are read at once.
const AT_ONCE: usize = 32;

/// An order or a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    /// Of which workflow.
    pub workflow: &'static str,
    pub key: Key,
    /// Whether it still goes on.
    pub is_open: bool,
    /// The places in the inbox of the messages that told something of it.
    pub inbox: BTreeSet<u64>,
    /// What partners were asked for it, as subject tokens.
    pub asks: BTreeSet<String>,
    /// Whether an entry names a person in clear: it was written before texts were sealed.
    pub is_in_clear: bool,
}

impl Instance {
    /// Whose key sealed what was told before its customer was known.
    pub fn owner(&self) -> Owner {
        Owner::instance(self.workflow, self.key.token())
    }

    fn of(layout: Layout, key: Key, trail: &mut [WorkflowRecord<Fulfilment>], is_open: bool) -> Self {
        let (mut inbox, mut asks) = (BTreeSet::new(), BTreeSet::new());
        for record in &*trail {
            match &record.entry.content {
                Content::Facts { source, .. } => inbox.extend(source.inbox),
                Content::Decisions { decisions, .. } => asks.extend(decisions.iter().filter_map(asked)),
                Content::Due { .. } => {}
            }
        }
        let is_clear = |place: &mut Place| place.personal().any(|(_, text)| text.as_clear().is_some());
        let is_in_clear = personal::places(trail).into_iter().any(is_clear);
        Self { workflow: layout.name, key, is_open, inbox, asks, is_in_clear }
    }
}

fn asked(decision: &Decision) -> Option<String> {
    match decision {
        Decision::Ask(ask) => Some(ask.id.token().into_owned()),
        Decision::Commit(_)
        | Decision::Split(_)
        | Decision::Deadline(_)
        | Decision::Raise(_)
        | Decision::Resolve(_)
        | Decision::End(_) => None,
    }
}

/// The orders and returns that were ever this customer's, as far back as their streams go.
pub(super) async fn of_customer(connection: &Connection, customer: &CustomerId) -> Result<Vec<Instance>, Failure> {
    let orders = keys(connection, fulfilment::LAYOUT, &[Lane::Erp], customer).await?;
    let orders = each::<Fulfilment>(connection, fulfilment::LAYOUT, orders, |order| order.ended().is_none());
    let returns = keys(connection, returns::LAYOUT, &[Lane::Erp, Lane::Ops], customer).await?;
    let is_open = |state: &returns::State| returns::status(state).is_none_or(|status| !status.ended);
    let returns = each::<Returns>(connection, returns::LAYOUT, returns, is_open);
    let (mut orders, returns) = tokio::try_join!(orders, returns)?;
    orders.extend(returns);
    Ok(orders)
}

/// The instances in whose lanes a fact names the customer.
async fn keys(
    connection: &Connection,
    layout: Layout,
    lanes: &[Lane],
    customer: &CustomerId,
) -> Result<BTreeSet<Key>, Failure> {
    let stream = reach::stream(&connection.js, layout.stream).await?;
    let (mut found, mut unreadable) = (BTreeSet::new(), None);
    for lane in lanes {
        messages(&stream, layout.lane(lane.as_str()), 0, Read::Whole, |sequence, message| {
            if !holds(&message.payload, customer) {
                return ControlFlow::Continue(());
            }
            let Some((key, _)) = layout.parse(&message.subject) else { return ControlFlow::Continue(()) };
            match codec::decode::<Entry<Fact, Decision>>(&message.payload) {
                Ok(Entry { content: Content::Facts { facts, .. }, .. }) => {
                    if facts.iter().any(|told| is_of(&told.fact, customer)) {
                        found.insert(key);
                    }
                    ControlFlow::Continue(())
                }
                Ok(_) => ControlFlow::Continue(()),
                Err(error) => {
                    unreadable = Some((sequence, error));
                    ControlFlow::Break(())
                }
            }
        })
        .await?;
    }
    unreadable.map_or(Ok(found), |(sequence, error)| {
        let stream = layout.stream;
        let words = "and this version cannot read it; upgrade this command";
        Err(Failure::Refused(format!("entry {sequence} of {stream} may name the customer, {words}: {error}")))
    })
}

async fn each<W: Workflow<Fact = Fact, Decision = Decision>>(
    connection: &Connection,
    layout: Layout,
    keys: BTreeSet<Key>,
    is_open: impl Fn(&W::State) -> bool,
) -> Result<Vec<Instance>, Failure> {
    let journal = Journal::<W>::new(connection.js.clone(), layout);
    let (journal, is_open) = (&journal, &is_open);
    let read = |key: Key| async move {
        let trail = journal.read(&key).await;
        let mut trail = trail.map_err(|error| broker(&format!("read stream {}", layout.stream), error))?;
        let is_open = is_open(Folded::<W>::replay(&key, &trail).state());
        Ok(Instance::of(layout, key, &mut trail, is_open))
    };
    stream::iter(keys.into_iter().map(read)).buffered(AT_ONCE).try_collect().await
}
