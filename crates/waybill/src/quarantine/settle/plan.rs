//! What would be taken out of quarantine, and what cannot be.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use async_nats::jetstream::stream::Stream;
use service::Connection;
use service::quarantine::{Action, Meta, NoWayBack, Settle};

use super::super::cause::Causes;
use super::super::filter::{Filter, Item, each};
use super::super::show::kept;
use super::Which;
use super::cannot::Cannot;
use crate::exit::Failure;

/// The most that are taken out at once.
pub(super) const MOST: usize = 100_000;
/// How many are shown one by one.
const EXAMPLES: usize = 3;

/// What would be taken out.
#[derive(Debug)]
pub(super) struct Plan {
    pub action: Action,
    /// Which.
    pub sequences: Vec<u64>,
    /// Why these are in quarantine.
    pub causes: Causes,
    /// The first of them.
    pub examples: Vec<Item>,
    /// What was chosen and cannot be taken out so.
    pub cannot: Cannot,
    /// Whether there are more than are taken out at once.
    pub more: bool,
}

/// Looks at what was chosen.
pub(super) async fn plan(
    which: &Which<'_>,
    settle: &Settle,
    connection: &Connection,
    stream: &Stream,
) -> Result<Plan, Failure> {
    let mut plan = Plan::new(settle.action());
    match which {
        Which::These(sequences) => plan.these(sequences, settle, connection, stream).await?,
        Which::All(filter) => plan.all(filter, settle, stream).await?,
    }
    Ok(plan)
}

impl Plan {
    fn new(action: Action) -> Self {
        Self {
            action,
            sequences: Vec::new(),
            causes: Causes::default(),
            examples: Vec::new(),
            cannot: Cannot::default(),
            more: false,
        }
    }

    async fn these(
        &mut self,
        sequences: &[u64],
        settle: &Settle,
        connection: &Connection,
        stream: &Stream,
    ) -> Result<(), Failure> {
        for sequence in sequences.iter().copied().collect::<BTreeSet<_>>() {
            match kept(sequence, connection, stream).await {
                Ok(kept) => match kept.allows(settle) {
                    Ok(()) => self.take(Item { sequence, about: kept.about }),
                    Err(why) => self.cannot.add(sequence, why.to_string()),
                },
                Err(Failure::NotFound(_)) => self.cannot.add(sequence, NOT_THERE.to_owned()),
                Err(Failure::Broken(why)) => self.cannot.add(sequence, crate::exit::in_full(&why)),
                Err(failure @ (Failure::Refused(_) | Failure::Usage(_) | Failure::Unreachable(_))) => {
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    async fn all(&mut self, filter: &Filter, settle: &Settle, stream: &Stream) -> Result<(), Failure> {
        let first = stream.cached_info().state.first_sequence;
        each(stream, filter, first, |item| self.choose(item, settle)).await
    }

    /// Takes one that the filter takes, until there are as many as are taken out at once.
    fn choose(&mut self, item: Item, settle: &Settle) -> ControlFlow<()> {
        if self.sequences.len() == MOST {
            self.more = true;
            return ControlFlow::Break(());
        }
        match way_out(&item.about, settle) {
            Ok(()) => self.take(item),
            Err(why) => self.cannot.add(item.sequence, why.to_string()),
        }
        ControlFlow::Continue(())
    }

    fn take(&mut self, item: Item) {
        self.causes.add(&item);
        self.sequences.push(item.sequence);
        if self.examples.len() < EXAMPLES {
            self.examples.push(item);
        }
    }
}

/// What is said of a sequence without a message.
pub(super) const NOT_THERE: &str = "it is not in quarantine, or no longer (`waybill quarantine list` shows what is)";

/// What can be said without its bytes.
fn way_out(about: &Meta, settle: &Settle) -> Result<(), NoWayBack> {
    match settle {
        Settle::Discard => Ok(()),
        Settle::Release | Settle::Edit(_) => about.way_back(),
    }
}

#[cfg(test)]
mod tests {
    use service::quarantine::Kind;

    use super::super::super::list::tests::about;
    use super::*;

    #[test]
    fn no_more_are_taken_out_at_once_than_so_many() {
        let mut plan = Plan::new(Action::Release);
        let about = about(Kind::Invalid, "c1", "expected a date");
        let mut chosen = (1..).map(|sequence| Item { sequence, about: about.clone() });
        let broke_off = chosen.find(|item| plan.choose(item.clone(), &Settle::Release).is_break());
        assert_eq!(broke_off.map(|item| item.sequence), Some(100_001));
        assert_eq!((plan.sequences.len(), plan.examples.len(), plan.more), (MOST, EXAMPLES, true));
    }
}
