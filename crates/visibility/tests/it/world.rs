//! A broker, and the service on it.

use std::time::Duration;

use async_nats::jetstream;
use broker::{Broker, Options};
use engine::{Content, Entry, EntryId, FactId, Folded, Journal, Source, Told};
use fulfilment::{Fulfilment, LAYOUT};
use model::{Decision, Fact, Lane, Movement, MovementKind, Quantity};
use service::settings::NatsSettings;
use service::streams::{self, Durability};
use service::{Connection, Host, Shutdown};
use tokio::task::JoinHandle;
use visibility::Settings;
use visibility::queries::{self, Digests, Lag};
use visibility::updates::CloudEvent;

use crate::given::{at, key, life, location, sku};

/// How long anything may take here.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct World {
    pub broker: Broker,
    pub connection: Connection,
    pub data: tempfile::TempDir,
}

pub struct Running {
    shutdown: Shutdown,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub async fn end(self) {
        self.shutdown.trigger();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap().unwrap();
    }
}

impl World {
    pub async fn begin() -> Self {
        let broker = broker::start(Options::default()).await.unwrap();
        let connection = service::connect::connect(&NatsSettings::url(broker.url()), "test").await.unwrap();
        streams::declare(&connection.js, Durability::Demo).await.unwrap();
        Self { broker, connection, data: tempfile::tempdir().unwrap() }
    }

    pub fn journal(&self) -> Journal<Fulfilment> {
        Journal::new(self.connection.js.clone(), LAYOUT)
    }

    pub async fn serve(&self) -> Running {
        self.serve_with(Settings::in_folder(self.data.path())).await
    }

    pub async fn serve_with(&self, settings: Settings) -> Running {
        let shutdown = Shutdown::new();
        let connection = service::connect::connect(&NatsSettings::url(self.broker.url()), "visibility").await.unwrap();
        let host = Host::in_process(visibility::ABOUT, connection, shutdown.clone()).await.unwrap();
        let readiness = host.readiness.clone();
        let task = tokio::spawn(visibility::serve(settings, host));
        tokio::time::timeout(PATIENCE, async {
            while !readiness.state().latches.contains_key("caught up") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            readiness.ready().await;
        })
        .await
        .unwrap();
        Running { shutdown, task }
    }

    pub async fn live(&self, number: usize) {
        let journal = self.journal();
        let mut flow = 0;
        for (lane, entry) in life(number) {
            if lane == Lane::Flow {
                flow = journal.decide(&key(number), flow, &entry).await.unwrap();
            } else {
                journal.append(&key(number), lane.as_str(), &entry).await.unwrap();
            }
        }
    }

    pub async fn receive(&self, id: u8, amount: i64) {
        let (kind, quantity) = (MovementKind::Received, Quantity::each(amount));
        let movement = Movement { location: location(), sku: sku(), kind, quantity, occurred: at(0) };
        let told = Told { id: FactId([id; 16]), fact: movement };
        let source = Source {
            service: "wms-adapter".to_owned(),
            partner: None,
            message: None,
            profile: None,
            profile_name: None,
            inbox: None,
            received: at(0).at,
            operator: None,
        };
        let content = Content::Facts { source, facts: vec![told] };
        let entry: Entry<Movement, Decision> = Entry { id: EntryId([id; 16]), content };
        let subject = streams::stock(&location().token(), &sku().token());
        self.publish(subject, engine::codec::encode(&entry).unwrap()).await;
    }

    pub async fn publish(&self, subject: String, payload: Vec<u8>) {
        self.connection.js.publish(subject, payload.into()).await.unwrap().await.unwrap();
    }

    pub async fn ask<A: serde::de::DeserializeOwned>(&self, subject: &'static str, question: serde_json::Value) -> A {
        let answer = self.connection.client.request(subject, question.to_string().into()).await.unwrap();
        let error = answer.headers.as_ref().and_then(|headers| headers.get("Nats-Service-Error"));
        assert!(error.is_none(), "{subject}: {error:?}");
        serde_json::from_slice(&answer.payload).unwrap()
    }

    /// Waits until everything asked is answered and folded.
    pub async fn settled(&self, orders: usize) {
        let settled = async {
            loop {
                let mut archived = 0;
                for number in 0..orders {
                    let trail = self.journal().read(&key(number)).await.unwrap();
                    archived += usize::from(facts_of(&trail).any(|fact| matches!(fact, Fact::Archived(_))));
                }
                let lag: Lag = self.ask(queries::LAG, serde_json::json!({})).await;
                let end = stream(self, streams::ORDERS).await.cached_info().state.last_sequence;
                if archived == orders && lag.status_to == end && lag.entries == end {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, settled).await.unwrap();
    }

    pub async fn updates(&self) -> Vec<CloudEvent> {
        let stream = stream(self, streams::UPDATES).await;
        let last = stream.cached_info().state.last_sequence;
        let mut events = Vec::new();
        for sequence in 1..=last {
            let message = stream.get_raw_message(sequence).await.unwrap();
            events.push(serde_json::from_slice(&message.payload).unwrap());
        }
        events
    }
}

pub async fn stream(world: &World, name: &str) -> jetstream::stream::Stream {
    world.connection.js.get_stream(name).await.unwrap()
}

pub fn facts_of(trail: &[engine::WorkflowRecord<Fulfilment>]) -> impl Iterator<Item = &Fact> {
    trail.iter().flat_map(|record| match &record.entry.content {
        Content::Facts { facts, .. } => facts.iter().map(|told| &told.fact).collect::<Vec<_>>(),
        Content::Decisions { .. } | Content::Due { .. } => Vec::new(),
    })
}

pub async fn independent(world: &World, orders: usize) -> Digests {
    let mut digests = Vec::new();
    for number in 0..orders {
        let trail = world.journal().read(&key(number)).await.unwrap();
        let fold = Folded::<Fulfilment>::replay(&key(number), &trail);
        let digest = visibility::look::order_digest(fold.state(), fold.seen()).unwrap();
        digests.push((key(number).token().to_owned(), digest));
    }
    digests.sort();
    let digest = visibility::look::sum(digests.iter().map(|(token, digest)| (token.as_str(), digest.as_str())));
    Digests { orders: orders as u64, digest, each: Vec::new(), next: None }
}
