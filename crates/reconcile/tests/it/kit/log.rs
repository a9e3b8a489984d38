//! A log of orders: entries in stream order, and what the orchestrator decides on them.

use std::collections::BTreeMap;

use engine::{Content, Entry, EntryId, FactId, Folded, Key, Layout, Source, Told, WorkflowRecord, codec};
use fulfilment::{Fulfilment, Policy, decide};
use model::{Fact, Lane, Timestamp};

/// An entry as the stream holds it.
pub type Record = WorkflowRecord<Fulfilment>;

/// Something told, and when it came in.
#[derive(Clone)]
pub struct Telling {
    pub order: String,
    pub lane: Lane,
    pub partner: Option<&'static str>,
    pub received: Timestamp,
    pub facts: Vec<Fact>,
}

/// A log that grows.
#[derive(Default)]
pub struct Log {
    pub entries: Vec<(Key, Record)>,
    folded: BTreeMap<String, Folded<Fulfilment>>,
    policy: Policy,
}

impl Log {
    /// Everything that is told, in the order in which it comes in; the orchestrator decides after each.
    pub fn of(mut tellings: Vec<Telling>) -> Self {
        tellings.sort_by_key(|telling| telling.received);
        let mut log = Self::default();
        tellings.iter().for_each(|telling| log.tell(telling));
        log
    }

    pub fn tell(&mut self, telling: &Telling) {
        let partner = telling.partner.unwrap_or_default();
        let told = |fact: &Fact| {
            let content = codec::encode(fact).unwrap();
            let id = FactId::of(&[telling.lane.as_str().as_bytes(), partner.as_bytes(), &content]);
            Told { id, fact: fact.clone() }
        };
        let source = Source {
            service: "test".to_owned(),
            partner: telling.partner.map(str::to_owned),
            message: None,
            profile: None,
            profile_name: None,
            inbox: None,
            received: telling.received,
            operator: None,
        };
        let facts = telling.facts.iter().map(told).collect();
        self.append(&telling.order, telling.lane.as_str(), telling.received, Content::Facts { source, facts });
        self.decide(&telling.order);
    }

    /// Time passes: every deadline that is over by then comes due.
    pub fn pass(&mut self, now: Timestamp) {
        let orders: Vec<String> = self.folded.keys().cloned().collect();
        for order in orders {
            let due = self.folded[&order].deadlines().iter().filter(|(_, at)| *at <= now).cloned().collect::<Vec<_>>();
            for (name, at) in due {
                self.append(&order, Layout::CLOCK, at.max(self.folded[&order].now()), Content::Due { name, at });
                self.decide(&order);
            }
        }
    }

    /// The lines that an ask names.
    pub fn asked(&self, order: &str, ask: &str) -> Vec<model::Progress> {
        let asked = self.folded[order].state().asks().rfind(|own| own.id.as_str() == ask).unwrap();
        let model::Request::Bill { lines, .. } = &asked.request else { panic!("{ask} bills nothing") };
        lines.clone()
    }

    fn decide(&mut self, order: &str) {
        let folded = &self.folded[order];
        let (now, seen) = (folded.now(), folded.seen());
        let decisions = decide(folded.state(), &self.policy, now);
        if !decisions.is_empty() {
            self.append(order, Layout::FLOW, now, Content::Decisions { seen, now, decisions });
        }
    }

    fn append(&mut self, order: &str, lane: &str, recorded: Timestamp, content: Content<Fact, model::Decision>) {
        let sequence = self.entries.len() as u64 + 1;
        let lane = Lane::from_token(lane).unwrap().as_str();
        let entry = Entry { id: EntryId::of(&[&sequence.to_be_bytes()]), content };
        let (key, record) = (Key::of(order), Record { sequence, recorded, lane, entry });
        self.folded.entry(order.to_owned()).or_insert_with(|| Folded::new(&key)).apply(&record);
        self.entries.push((key, record));
    }

    /// The entries of each order up to a cut-off.
    pub fn until(&self, cut_off: Timestamp) -> BTreeMap<Key, Vec<&Record>> {
        let mut trails: BTreeMap<Key, Vec<&Record>> = BTreeMap::new();
        for (key, record) in self.entries.iter().filter(|(_, record)| record.recorded <= cut_off) {
            trails.entry(key.clone()).or_default().push(record);
        }
        trails
    }
}
