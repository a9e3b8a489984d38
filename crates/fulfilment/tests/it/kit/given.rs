//! Given these facts, when that happens, then this is decided.

use engine::{Content, Entry, EntryId, Folded, Key, Layout, Source, WorkflowRecord};
use fulfilment::{Composite, Fulfilment, LineStatus, Policy, State, composite, decide};
use model::{Ask, Decision, LocationId, Place, Request, System, Timestamp};

use super::facts::{News, ask_id, shipment_id};
use super::orders::{ORDER, hour};
use super::words::in_words;

/// An entry as the stream holds it.
pub type Record = WorkflowRecord<Fulfilment>;

/// What is known of an order, and the policy.
#[derive(Clone)]
pub struct Given {
    folded: Folded<Fulfilment>,
    policy: Policy,
    next: u64,
}

/// Given that this was told, each in an entry of its own.
pub fn given(news: impl IntoIterator<Item = News>) -> Given {
    Given::key(&Key::of(ORDER)).then(news)
}

impl Given {
    /// Given nothing yet of the order this key names.
    pub fn key(key: &Key) -> Self {
        Self { folded: Folded::new(key), policy: Policy::default(), next: 1 }
    }

    /// Under this policy, in TOML.
    pub fn policy(mut self, toml: &str) -> Self {
        self.policy = Policy::load("policy.toml", toml).unwrap();
        self
    }

    /// The policy that is in force.
    pub const fn policy_in_force(&self) -> &Policy {
        &self.policy
    }

    /// And then this was told, each in an entry of its own.
    pub fn then(mut self, news: impl IntoIterator<Item = News>) -> Self {
        for news in news {
            self.fold(|sequence| record(sequence, &news));
        }
        self
    }

    /// And the orchestrator decided; deciding again adds nothing.
    pub fn decided(mut self) -> Self {
        let decisions = self.decisions();
        if !decisions.is_empty() {
            let now = self.folded.now();
            self.fold(|sequence| flow(sequence, now, decisions));
        }
        assert_eq!(in_words(&self.decisions(), self.now()), Vec::<String>::new(), "deciding again adds something");
        self
    }

    /// And the TMS was asked to book these shipments.
    pub fn booking_asked(mut self, shipments: usize) -> Self {
        let asks = (1..=shipments).map(|number| Decision::Ask(booking_of(&format!("s{number}")))).collect();
        self.fold(|sequence| flow(sequence, hour(0), asks));
        self
    }

    /// And this deadline passed.
    pub fn due(mut self, name: &str) -> Self {
        let at = *self.state().deadlines().get(name).unwrap_or_else(|| panic!("there is no deadline {name}"));
        self.fold(|sequence| clock(sequence, name, at));
        self
    }

    /// And this entry came.
    pub fn fold(&mut self, entry: impl FnOnce(u64) -> Record) {
        let entry = entry(self.next);
        self.next += 1;
        assert!(self.folded.apply(&entry));
    }

    /// What is decided now.
    pub fn decisions(&self) -> Vec<Decision> {
        decide(self.state(), &self.policy, self.now())
    }

    /// Then this is decided, and nothing else.
    #[track_caller]
    pub fn decides(&self, expected: &[&str]) {
        assert_eq!(in_words(&self.decisions(), self.now()), expected);
    }

    /// Then this is among what is decided.
    #[track_caller]
    pub fn decides_among_others(&self, expected: &str) {
        let decided = in_words(&self.decisions(), self.now());
        assert!(decided.iter().any(|words| words == expected), "{expected}\nis not among {decided:#?}");
    }

    /// The open exceptions.
    pub fn problems(&self) -> Vec<String> {
        self.state().exceptions().map(|open| open.kind.to_string()).collect()
    }

    /// How far each line has come.
    pub fn lines(&self) -> Vec<LineStatus> {
        self.state().lines()
    }

    pub fn state(&self) -> &State {
        self.folded.state()
    }

    pub fn now(&self) -> Timestamp {
        self.folded.now()
    }

    pub fn composite(&self) -> Composite {
        composite(self.state())
    }
}

/// The ask to book a shipment.
pub fn booking_of(shipment: &str) -> Ask {
    let request = Request::Book {
        shipment: shipment_id(shipment),
        from: LocationId::new("dc-1").unwrap(),
        ship_to: Place::default(),
        ship_on: None,
        mode: None,
        lines: Vec::new(),
    };
    let partner = Policy::default().transport.tms;
    Ask { id: ask_id(&format!("book/{shipment}")), system: System::Tms, partner, request }
}

/// The entry that tells something.
pub fn record(sequence: u64, news: &News) -> Record {
    let source = Source {
        service: format!("{}-adapter", news.lane),
        partner: news.partner(),
        message: None,
        profile: None,
        profile_name: None,
        inbox: news.inbox,
        received: news.received,
        operator: None,
    };
    let content = Content::Facts { source, facts: vec![news.told()] };
    entry(sequence, news.received, news.lane.as_str(), content)
}

/// The entry that decides something.
pub fn flow(sequence: u64, now: Timestamp, decisions: Vec<Decision>) -> Record {
    entry(sequence, now, Layout::FLOW, Content::Decisions { seen: sequence - 1, now, decisions })
}

/// The entry of a deadline that passed.
pub fn clock(sequence: u64, name: &str, at: Timestamp) -> Record {
    entry(sequence, at, Layout::CLOCK, Content::Due { name: name.to_owned(), at })
}

/// An entry in any lane.
fn entry(sequence: u64, recorded: Timestamp, lane: &'static str, content: Content<model::Fact, Decision>) -> Record {
    let id = EntryId::of(&[lane.as_bytes(), &sequence.to_be_bytes()]);
    Record { sequence, recorded, lane, entry: Entry { id, content } }
}
