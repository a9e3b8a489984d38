//! A broker, its streams, and adapters on it.

use std::path::Path;
use std::time::Duration;

use adapter::Settings;
use async_nats::jetstream;
use broker::{Broker, Options};
use engine::{Content, Entry, EntryId, Journal, Key, WorkflowRecord};
use fulfilment::Fulfilment;
use futures::{StreamExt, TryStreamExt};
use model::{Ask, AskId, Decision, Fact, System, Timestamp};
use service::quarantine::Quarantined;
use service::readiness::Readiness;
use service::settings::NatsSettings;
use service::streams::{self, Durability};
use service::{About, Connection, Host, Shutdown};
use tokio::task::JoinHandle;

/// How long anything may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// How often it is looked whether it has happened.
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub struct World {
    broker: Broker,
    /// As whom an adapter connects.
    adapters: NatsSettings,
    /// As whom the test connects, who may do everything.
    operator: NatsSettings,
    pub connection: Connection,
    pub journal: Journal<Fulfilment>,
}

/// An adapter at work.
pub struct Running {
    pub readiness: Readiness,
    pub metrics: service::metrics::Metrics,
    shutdown: Shutdown,
    task: JoinHandle<anyhow::Result<()>>,
}

impl World {
    pub async fn start() -> Self {
        Self::with(Options::default(), "").await
    }

    /// A world in which an adapter is a user of the broker, with these permissions to publish.
    pub async fn with_permissions(publish: &str) -> Self {
        let users = format!(
            "authorization {{ users: [ {{ user: all, password: x }}, \
             {{ user: adapter, password: x, permissions: {{ publish: {publish} }} }} ] }}"
        );
        Self::with(Options { extra_config: vec![users], ..Options::default() }, "adapter:x@").await
    }

    async fn with(options: Options, adapters: &str) -> Self {
        let broker = broker::start(options).await.unwrap();
        let as_user = |user: &str| NatsSettings::url(broker.url().replace("nats://", &format!("nats://{user}")));
        let operator = as_user(if adapters.is_empty() { "" } else { "all:x@" });
        let connection = connect(&operator).await;
        let adapters = as_user(adapters);
        assert_eq!(streams::declare(&connection.js, Durability::Demo).await.unwrap(), []);
        let journal = Journal::new(connection.js.clone(), fulfilment::LAYOUT);
        Self { broker, adapters, operator, connection, journal }
    }

    /// An adapter on a connection of its own, once it is ready.
    pub async fn adapter(&self, system: System, settings: Settings) -> Running {
        self.adapter_as(&self.adapters, system, settings).await
    }

    /// An adapter that is a user of the broker who may do everything.
    pub async fn adapter_of_another_user(&self, system: System, settings: Settings) -> Running {
        self.adapter_as(&self.operator, system, settings).await
    }

    /// An adapter that serves, and is not ready because something is wrong.
    pub async fn adapter_in_trouble(&self, system: System) -> Running {
        let running = self.begin(&self.adapters, system, Settings::default()).await;
        eventually("the adapter says what is wrong", || async {
            let inbox = running.readiness.state().latches.get("inbox")?.clone()?;
            (inbox != "starting").then_some(())
        })
        .await;
        running
    }

    async fn adapter_as(&self, user: &NatsSettings, system: System, settings: Settings) -> Running {
        let running = self.begin(user, system, settings).await;
        eventually("the adapter is ready", || async {
            let state = running.readiness.state();
            (state.ready && state.latches.len() == 3).then_some(())
        })
        .await;
        running
    }

    async fn begin(&self, user: &NatsSettings, system: System, settings: Settings) -> Running {
        let name = match system {
            System::Erp => "erp-adapter",
            System::Wms => "wms-adapter",
            System::Tms => "tms-adapter",
            System::View => panic!("no adapter"),
        };
        let about = About { name, version: "0.0.0", description: "under test" };
        let shutdown = Shutdown::new();
        let host = Host::in_process(about, connect(user).await, shutdown.clone()).await.unwrap();
        let (readiness, metrics) = (host.readiness.clone(), host.metrics.clone());
        let task = tokio::spawn(adapter::serve(system, settings, host));
        Running { readiness, metrics, shutdown, task }
    }

    /// The broker's process.
    pub fn broker_pid(&self) -> u32 {
        self.broker.pid().unwrap()
    }

    /// Says something of a partner, as `waybill partner` does. Returns its place in the bucket.
    pub async fn say(&self, kept: &adapter::Kept) -> u64 {
        self.say_raw(&kept.partner.token(), &kept.write().unwrap()).await
    }

    /// Puts any bytes where something is said of a partner.
    pub async fn say_raw(&self, token: &str, value: &[u8]) -> u64 {
        let bucket = self.connection.js.get_key_value(streams::PROFILES).await.unwrap();
        bucket.put(token, value.to_vec().into()).await.unwrap()
    }

    /// How an adapter says that it serves a partner, once it knows what was said of it at this place.
    pub async fn serves(&self, service: &str, token: &str, revision: u64) -> adapter::Served {
        let question = adapter::Question { partner: Some(token.to_owned()) };
        let question = serde_json::to_vec(&question).unwrap();
        eventually(&format!("{service} knows {token} as of {revision}"), || async {
            let answer =
                self.connection.client.request(adapter::served_subject(service), question.clone().into()).await;
            let served: Vec<adapter::Served> = serde_json::from_slice(&answer.unwrap().payload).unwrap();
            served.into_iter().next().filter(|served| served.revision >= revision)
        })
        .await
    }

    /// Publishes a raw message; returns its place in the inbox.
    pub async fn publish(&self, subject: &str, raw: &str) -> u64 {
        let ack = self.connection.js.publish(subject.to_owned(), raw.to_owned().into()).await.unwrap();
        ack.await.unwrap().sequence
    }

    /// The entries of an order, once there are this many.
    pub async fn entries(&self, order: &str, many: usize) -> Vec<WorkflowRecord<Fulfilment>> {
        let key = Key::of(order);
        eventually(&format!("{order} has {many} entries"), || async {
            let entries = self.journal.read(&key).await.unwrap();
            (entries.len() >= many).then_some(entries)
        })
        .await
    }

    /// What is in quarantine, once there is this much.
    pub async fn quarantine(&self, many: u64) -> Vec<Quarantined> {
        let messages = self.messages(streams::QUARANTINE, many).await;
        messages.iter().map(|m| Quarantined::from_message(m.headers.as_ref(), &m.payload).unwrap()).collect()
    }

    /// All messages of a stream, once there are this many.
    pub async fn messages(&self, stream: &str, many: u64) -> Vec<jetstream::Message> {
        let held = eventually(&format!("{stream} holds {many}"), || async {
            let held = self.held(stream).await;
            (held >= many).then_some(held)
        })
        .await;
        let stream = self.connection.js.get_stream(stream).await.unwrap();
        let consumer = stream.create_consumer(jetstream::consumer::pull::OrderedConfig::default()).await.unwrap();
        let messages = consumer.messages().await.unwrap();
        messages.take(usize::try_from(held).unwrap()).try_collect().await.unwrap()
    }

    /// How many messages a stream holds.
    pub async fn held(&self, stream: &str) -> u64 {
        self.connection.js.get_stream(stream).await.unwrap().cached_info().state.messages
    }

    /// The sequence of a stream's last message, whether or not that is still there.
    pub async fn last(&self, stream: &str) -> u64 {
        self.connection.js.get_stream(stream).await.unwrap().cached_info().state.last_sequence
    }

    /// Which partners a service says it spares.
    pub async fn restrained(&self, service: &str) -> Vec<adapter::Restrained> {
        let subject = adapter::restrained_subject(service);
        let answer = self.connection.client.request(subject, "".into()).await.unwrap();
        serde_json::from_slice(&answer.payload).unwrap()
    }

    /// Waits until a consumer has nothing left to do.
    pub async fn idle(&self, stream: &str, durable: &str) {
        let stream = self.connection.js.get_stream(stream).await.unwrap();
        eventually(&format!("{durable} is idle"), || async {
            let info = stream.consumer_info(durable).await.ok()?;
            (info.num_pending == 0 && info.num_ack_pending == 0).then_some(())
        })
        .await;
    }

    /// Appends decisions as the orchestrator does.
    pub async fn decide(&self, order: &str, decisions: Vec<Decision>) -> u64 {
        let key = Key::of(order);
        let before = self.journal.read(&key).await.unwrap();
        let expected = before.iter().rev().find(|entry| entry.lane == "flow").map_or(0, |entry| entry.sequence);
        let content = Content::Decisions { seen: expected, now: Timestamp::from_millis(1), decisions };
        let id = EntryId::of(&[order.as_bytes(), &expected.to_be_bytes()]);
        self.journal.decide(&key, expected, &Entry { id, content }).await.unwrap()
    }
}

impl Running {
    /// Ends it, with what it has begun finished.
    pub async fn stop(self) {
        self.shutdown.trigger();
        tokio::time::timeout(TIME_LIMIT, self.task).await.unwrap().unwrap().unwrap();
    }

    /// Ends it as a crash does: nothing it has begun is finished.
    pub async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

async fn connect(settings: &NatsSettings) -> Connection {
    service::connect::connect(settings, "test").await.unwrap()
}

/// What `look` finds, looking again and again until it finds something.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> F) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(TIME_LIMIT, found).await.unwrap_or_else(|_| panic!("in time: {what}"))
}

/// The kinds of the facts of an entry.
pub fn kinds(entry: &WorkflowRecord<Fulfilment>) -> Vec<&'static str> {
    facts(entry).iter().map(|told| told.fact.kind()).collect()
}

/// The facts of an entry.
pub fn facts(entry: &WorkflowRecord<Fulfilment>) -> &[engine::Told<Fact>] {
    match &entry.entry.content {
        Content::Facts { facts, .. } => facts,
        Content::Decisions { .. } | Content::Due { .. } => &[],
    }
}

/// Settings with the profiles of a folder.
pub fn with_profiles(folder: &Path) -> Settings {
    Settings { profiles: Some(folder.to_path_buf()), ..Settings::default() }
}

/// An ask to bill nothing in particular.
pub fn ask_to_bill(partner: &str, id: &str) -> Ask {
    Ask {
        id: AskId::new(id).unwrap(),
        system: System::Erp,
        partner: model::PartnerId::new(partner).unwrap(),
        request: model::Request::Bill { lines: Vec::new(), sale: None },
    }
}
