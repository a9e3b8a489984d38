//! A broker of its own for each test, and the few words the tests are written in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, consumer, stream};
use engine::{
    Content, Decider, Entry, EntryId, FactId, Folded, Journal, Key, Limits, Parked, Source, Tally, Told, WorkflowEntry,
};
use model::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::loan::{Decision, Fact, LAYOUT, Loan, State};

/// How long a test waits for something to become true.
const PATIENCE: Duration = Duration::from_secs(40);

pub struct Library {
    pub broker: broker::Broker,
    pub js: jetstream::Context,
}

impl Library {
    pub async fn open() -> Self {
        let broker = broker::start(broker::Options::default()).await.expect("a broker");
        let js = connect(&broker).await;
        let streams = [(LAYOUT.stream, "loan.>", false), (LAYOUT.timers, "timer.>", true)];
        for (name, subjects, allow_message_schedules) in streams {
            let config = stream::Config {
                name: name.to_owned(),
                subjects: vec![subjects.to_owned()],
                allow_direct: true,
                allow_rollup: allow_message_schedules,
                allow_message_schedules,
                ..Default::default()
            };
            js.create_stream(config).await.expect("a stream");
        }
        Self { broker, js }
    }

    pub fn journal(&self) -> Journal<Loan> {
        Journal::new(self.js.clone(), LAYOUT)
    }

    /// Has due messages that were not acknowledged delivered again soon.
    pub async fn redeliver_due_after(&self, ack_wait: Duration) {
        let stream = self.js.get_stream(LAYOUT.timers).await.expect("the stream");
        let due = format!("decider_{}_due", LAYOUT.name);
        let info = stream.consumer_info(&due).await.expect("the consumer");
        let config = consumer::Config { ack_wait, ..info.config };
        stream.update_consumer(config).await.expect("updated");
    }

    pub async fn tell(&self, key: &Key, lane: &str, fact: Fact) -> u64 {
        self.journal().append(key, lane, &told(key, fact)).await.expect("appended")
    }

    pub async fn state(&self, key: &Key) -> State {
        Folded::<Loan>::replay(key, &self.journal().read(key).await.expect("read")).state().clone()
    }

    /// The sequence of the last decision on an instance.
    pub async fn last_decision(&self, key: &Key) -> u64 {
        let stream = self.js.get_stream(LAYOUT.stream).await.expect("the stream");
        let subject = LAYOUT.subject(key, engine::Layout::FLOW);
        stream.get_last_raw_message_by_subject(&subject).await.expect("a decision").sequence
    }

    /// Waits until the state of an instance is as it should be, and returns it.
    pub async fn eventually(&self, key: &Key, what: &str, is: impl Fn(&State) -> bool) -> State {
        let begun = Instant::now();
        loop {
            let state = self.state(key).await;
            if is(&state) {
                return state;
            }
            assert!(begun.elapsed() < PATIENCE, "not {what} in time: {state:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

pub async fn connect(broker: &broker::Broker) -> jetstream::Context {
    jetstream::new(async_nats::connect(broker.url()).await.expect("a connection"))
}

/// A decide loop that runs until it is dropped.
pub struct Running {
    pub tally: Arc<Tally>,
    pub parked: mpsc::Receiver<Parked>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    pub fn start(journal: Journal<Loan>) -> Self {
        let (sender, parked) = mpsc::channel(100);
        let decider = Decider::new(journal, (), Limits::default(), sender);
        let tally = decider.tally();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let task = tokio::spawn(async move { decider.run(stop).await.expect("the streams are there") });
        Self { tally, parked, shutdown, task }
    }

    /// Ends it as a crash would: at once, with nothing acknowledged.
    pub fn crash(self) {
        self.task.abort();
    }

    pub async fn drain(self) {
        self.shutdown.cancel();
        self.task.await.expect("drained");
    }
}

pub fn told(key: &Key, fact: Fact) -> WorkflowEntry<Loan> {
    let id = format!("{key} {fact:?}");
    let source = Source {
        service: "test".to_owned(),
        partner: None,
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: Timestamp::default(),
        operator: None,
    };
    let facts = vec![Told { id: FactId::of(&[id.as_bytes()]), fact }];
    Entry { id: EntryId::of(&[id.as_bytes()]), content: Content::Facts { source, facts } }
}

pub fn decided(decision: Decision) -> WorkflowEntry<Loan> {
    let id = EntryId::of(&[format!("{decision:?}").as_bytes()]);
    let content = Content::Decisions { seen: 0, now: Timestamp::default(), decisions: vec![decision] };
    Entry { id, content }
}
