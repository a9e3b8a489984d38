//! Whether an ask that was held is still wanted when its turn comes, as the trail of its order says.
//!
//! The trail is read for nothing but what every workflow has: asks and their answers. Only an ask after which something was
//! written is looked up in it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use async_nats::jetstream::stream::DirectGetErrorKind;
use engine::{Key, Layout, ReadError, ReadErrorKind, WorkflowRecord};
use fulfilment::Fulfilment;
use model::Ask;

use super::held::{Held, Place};
use super::repeats::{self, Gone, MarkError};
use crate::adapter::Adapter;
use crate::asked::{answers, asks};
use crate::workflows::Entries;

/// Whether a held ask goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes, and with it those that ask the same, if they are held too.
    Goes { again: Option<Gone> },
    /// Nobody wants it any more.
    Dropped(Why),
}

/// Why a held ask is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It has its answer.
    Answered,
    /// Another ask of its kind was made for the same shipment.
    Replaced,
    /// The same ask was held before it, and went.
    Repeated,
}

/// It is not known what became of the order meanwhile.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The trail is not read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Nor its end.
    #[error("cannot look what was written last in {stream}: {error}")]
    End { stream: &'static str, error: async_nats::Error },
    /// Nor which of several went.
    #[error(transparent)]
    Mark(#[from] MarkError),
}

/// The trails of the orders whose asks are released. The last one is kept: one order may have many asks.
#[derive(Default)]
pub struct Trails(Option<(Key, &'static str, Arc<Trail>)>);

impl Trails {
    /// Whether what is held is to go.
    ///
    /// # Errors
    /// [`TrailError`] when the broker does not answer.
    pub async fn verdict(&mut self, adapter: &Adapter, held: Held<'_>) -> Result<Verdict, TrailError> {
        let goes = Verdict::Goes { again: None };
        let Some(Place { workflow, sequence }) = held.place else { return Ok(goes) };
        let Some(entries) = adapter.workflows.get(workflow) else { return Ok(goes) };
        let key = Key::of_token(held.order);
        let mark = async { Ok(repeats::gone(&adapter.js, held).await?) };
        let (gone, last) = tokio::try_join!(mark, last(adapter, entries.layout(), &key))?;
        let verdict = match gone {
            Some(gone) if gone.covers(sequence) => Verdict::Dropped(Why::Repeated),
            Some(_) | None if last <= sequence => goes,
            Some(_) | None => self.look_up(entries, key, last, held.ask, sequence).await?,
        };
        if gone.is_some_and(|gone| sequence >= gone.through) {
            repeats::forget(&adapter.js, held).await?;
        }
        Ok(verdict)
    }

    /// Looks up an ask in a trail that goes on behind it, up to `last` at least.
    async fn look_up(
        &mut self,
        entries: &Entries,
        key: Key,
        last: u64,
        ask: &str,
        sequence: u64,
    ) -> Result<Verdict, TrailError> {
        let stream = entries.layout().stream;
        let known = self.0.as_ref().filter(|(own, of, trail)| *own == key && *of == stream && trail.last >= last);
        let trail = match known {
            Some((_, _, trail)) => Arc::clone(trail),
            None => match entries.read_at_least(&key, last).await {
                Ok(records) => Arc::new(Trail::of(&records)),
                Err(error) if error.kind() == ReadErrorKind::Entry => {
                    tracing::warn!(order = %key, %error, "it is not known whether a held ask is still wanted; it goes");
                    return Ok(Verdict::Goes { again: None });
                }
                Err(error) => return Err(error.into()),
            },
        };
        let verdict = trail.verdict(ask, sequence);
        self.0 = Some((key, stream, trail));
        Ok(verdict)
    }
}

/// The sequence of the last entry of an order.
async fn last(adapter: &Adapter, layout: &Layout, key: &Key) -> Result<u64, TrailError> {
    let looked = async {
        let stream = adapter.js.get_stream_no_info(layout.stream).await?;
        match stream.direct_get_last_for_subject(layout.subjects_of(key)).await {
            Ok(message) => Ok(message.sequence),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    };
    looked.await.map_err(|error| TrailError::End { stream: layout.stream, error })
}

/// The asks of an order, and what became of them.
#[derive(Default)]
struct Trail {
    last: u64,
    /// By the ask's token: where it was made last, and why it is not wanted any more.
    asks: HashMap<String, (u64, Option<Why>)>,
}

impl Trail {
    fn of(records: &[WorkflowRecord<Fulfilment>]) -> Self {
        let mut made: HashMap<&str, (&Ask, u64)> = HashMap::new();
        let mut newest = HashMap::new();
        for (sequence, ask) in records.iter().flat_map(asks) {
            let first = made.insert(ask.id.as_str(), (ask, sequence)).is_none();
            if let (Some(shipment), true) = (ask.request.shipment(), first) {
                newest.insert((ask.request.kind(), shipment), ask.id.as_str());
            }
        }
        let answers = records.iter().flat_map(answers);
        let settled =
            answers.filter(|said| made.get(said.answer.ask.as_str()).is_some_and(|(ask, _)| said.settles(ask)));
        let answered: HashSet<&str> = settled.map(|said| said.answer.ask.as_str()).collect();
        let became = |ask: &Ask| {
            let is_newest = |shipment| newest.get(&(ask.request.kind(), shipment)) == Some(&ask.id.as_str());
            if answered.contains(ask.id.as_str()) {
                Some(Why::Answered)
            } else if ask.request.shipment().is_some_and(|shipment| !is_newest(shipment)) {
                Some(Why::Replaced)
            } else {
                None
            }
        };
        let asks = made.values().map(|(ask, last)| (ask.id.token().into_owned(), (*last, became(ask)))).collect();
        Self { last: records.last().map_or(0, |record| record.sequence), asks }
    }

    /// Whether the ask with this token, made at this place, goes.
    fn verdict(&self, ask: &str, sequence: u64) -> Verdict {
        match self.asks.get(ask) {
            Some((_, Some(why))) => Verdict::Dropped(*why),
            Some((last, None)) => {
                let again = (*last > sequence).then_some(Gone { went: sequence, through: *last });
                Verdict::Goes { again }
            }
            None => Verdict::Goes { again: None },
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Answered => "it has its answer",
            Self::Replaced => "another was made in its place",
            Self::Repeated => "the same one went before it",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{Content, Entry, EntryId, FactId, Recorded, Source, Told};
    use model::{Answer, AskId, Decision, Fact, Outcome, PartnerId, Request, ShipmentId, System, Timestamp};

    fn record(sequence: u64, lane: &'static str, content: Content<Fact, Decision>) -> WorkflowRecord<Fulfilment> {
        let entry = Entry { id: EntryId::of(&[&sequence.to_be_bytes()]), content };
        Recorded { sequence, recorded: Timestamp::from_millis(1), lane, entry }
    }

    /// An ask about a shipment.
    fn asked(sequence: u64, ask: &str, shipment: &str) -> WorkflowRecord<Fulfilment> {
        let request = Request::CancelBooking {
            shipment: ShipmentId::new(shipment).unwrap(),
            undoes: AskId::new("book").unwrap(),
            tracking: None,
        };
        let (id, partner) = (AskId::new(ask).unwrap(), PartnerId::new("acme").unwrap());
        let decisions = vec![Decision::Ask(Ask { id, system: System::Tms, partner, request })];
        record(sequence, "flow", Content::Decisions { seen: 0, now: Timestamp::from_millis(1), decisions })
    }

    fn answered(sequence: u64, ask: &str, lane: &'static str, partner: Option<&str>) -> WorkflowRecord<Fulfilment> {
        let source = Source {
            service: "test".to_owned(),
            partner: partner.map(str::to_owned),
            message: None,
            profile: None,
            profile_name: None,
            inbox: None,
            received: Timestamp::from_millis(1),
            operator: None,
        };
        let answer = Answer { ask: AskId::new(ask).unwrap(), outcome: Outcome::Accepted };
        let facts = vec![Told { id: FactId::of(&[&sequence.to_be_bytes()]), fact: Fact::Answered(answer) }];
        record(sequence, lane, Content::Facts { source, facts })
    }

    const GOES: Verdict = Verdict::Goes { again: None };

    #[test]
    fn an_ask_goes_until_who_may_has_answered_it() {
        let mut trail = vec![asked(1, "a", "s1"), asked(2, "b", "s2")];
        trail.push(answered(3, "a", "tms", Some("other")));
        trail.push(answered(4, "a", "wms", Some("acme")));
        assert_eq!(Trail::of(&trail).verdict("a", 1), GOES, "nobody who was asked said so");
        trail.push(answered(5, "a", "tms", Some("acme")));
        assert_eq!(Trail::of(&trail).verdict("a", 1), Verdict::Dropped(Why::Answered));
        assert_eq!(Trail::of(&trail).verdict("b", 2), GOES);
        trail.push(answered(6, "b", "ops", None));
        assert_eq!(Trail::of(&trail).verdict("b", 2), Verdict::Dropped(Why::Answered));
    }

    #[test]
    fn another_ask_replaces_it_only_for_its_own_shipment_and_a_repeat_does_not() {
        let trail = [asked(1, "a", "s1"), asked(2, "b", "s2"), asked(3, "a#2", "s1"), asked(4, "a", "s1")];
        let trail = Trail::of(&trail);
        assert_eq!(trail.verdict("a", 1), Verdict::Dropped(Why::Replaced));
        assert_eq!((trail.verdict("b", 2), trail.verdict("a=232", 3)), (GOES, GOES));
    }

    #[test]
    fn what_goes_stands_for_the_same_asked_before_it_went_and_for_none_asked_later() {
        let trail = Trail::of(&[asked(1, "a", "s1"), asked(4, "a", "s1"), asked(6, "a", "s1")]);
        let gone = Gone { went: 4, through: 6 };
        assert_eq!(trail.verdict("a", 4), Verdict::Goes { again: Some(gone) });
        assert_eq!([1, 4, 6, 7].map(|sequence| gone.covers(sequence)), [false, false, true, false]);
    }
}
