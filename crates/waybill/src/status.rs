//! `waybill status`: is everything there, and does it keep up?

mod gather;
mod render;
mod retention;
mod stalled;

use adapter::Restrained;
use model::Timestamp;
use serde::Serialize;
use service::settings::NatsSettings;
use visibility::queries::Lag;

use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::partner;
use crate::reach;

/// The services an installation consists of.
const SERVICES: [&str; 5] = ["erp-adapter", "wms-adapter", "tms-adapter", "orchestrator", "visibility"];

/// How to look.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Ends with 1 when a stream or a service is missing, an event store has a gap, a consumer is stalled, or orders near the age \
limit of their stream and are open or not archived. Messages in quarantine \
are counted and do not make it 1: they wait for a person, and hold up nobody. Nor do asks that are held for a partner \
that fails or has a rate.")]
pub struct Args {
    /// How long to wait for services to answer, and between two looks at each consumer
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = humantime::parse_duration)]
    wait: std::time::Duration,
}

/// The state of the whole installation.
#[derive(Debug, Serialize)]
pub struct Status {
    /// What is wrong, in words; nothing when all is well.
    pub problems: Vec<String>,
    /// The services that should be there, and any other that answered.
    pub services: Vec<Service>,
    /// The streams that should be there.
    pub streams: Vec<Stream>,
    /// Who reads them.
    pub consumers: Vec<Consumer>,
    /// The partners whose asks do not all go at once, because they have a rate or fail.
    pub restrained: Vec<Restrained>,
    /// How far the projection is behind; nothing when visibility does not answer.
    pub projection: Option<Lag>,
    /// How many messages are in quarantine.
    pub quarantined: u64,
}

/// A service and its running instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Each version that runs, with how many instances.
    pub versions: Vec<Version>,
}

/// One version of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The version.
    pub version: String,
    /// How many instances of it answered.
    pub instances: u64,
}

/// A stream, bucket or object store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stream {
    /// The stream's name.
    pub name: String,
    /// What it holds; nothing when it is missing.
    pub state: Option<State>,
}

/// What a stream holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// Messages in it.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The oldest message's sequence.
    pub first_sequence: u64,
    /// The newest message's sequence.
    pub last_sequence: u64,
    /// When the newest message came.
    pub last_recorded: Option<Timestamp>,
    /// Messages that are gone between the oldest and the newest.
    pub deleted: u64,
    /// Whether nothing may ever be deleted from it.
    pub append_only: bool,
}

/// A consumer of a stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Consumer {
    /// What it reads.
    pub stream: String,
    /// Its name.
    pub name: String,
    /// Whether it outlives who reads through it.
    pub durable: bool,
    /// Messages it has not been given yet.
    pub lag: u64,
    /// Messages it was given and has not acknowledged.
    pub ack_pending: u64,
    /// The most of these there may be; nothing when there is no limit.
    pub max_ack_pending: Option<u64>,
    /// Messages among these that it was given more than once.
    pub redelivered: u64,
    /// Requests for messages that wait to be served: 0 when nobody reads.
    pub waiting: u64,
    /// Deliveries so far, those of the same message again included.
    pub deliveries: u64,
    /// How many deliveries from the first on are all acknowledged.
    pub acknowledged: u64,
    /// When it was last given a message.
    pub last_delivered: Option<Timestamp>,
    /// When its oldest unacknowledged message was stored, if that was delivered more than once.
    pub oldest_redelivered: Option<Timestamp>,
}

pub(crate) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let (_, before) = gather::streams(&connection.js).await?;
    let services = gather::services(&connection.client, args.wait).await?;
    let (streams, consumers) = gather::streams(&connection.js).await?;
    let projection = gather::projection(&connection, &services).await;
    let restrained = gather::restrained(&connection, &services).await;
    // Nobody reads what a partner sends that is switched off.
    let off = partner::inboxes_off(&connection).await;
    let judged = consumers.iter().filter(|own| !(own.stream == service::streams::INBOX && off.contains(&own.name)));
    let stalled = stalled::stalled(&before, &judged.cloned().collect::<Vec<_>>(), now());
    let mut status = Status::new(streams, consumers, services, projection);
    status.restrained = restrained;
    status.problems.extend(stalled);
    status
        .problems
        .extend(status.projection.iter().flat_map(|lag| retention::problems(&lag.retention)).collect::<Vec<_>>());
    output.show(&status, render::render)?;
    Ok(if status.problems.is_empty() { Verdict::Fine } else { Verdict::Wrong })
}

impl Status {
    fn new(streams: Vec<Stream>, consumers: Vec<Consumer>, services: Vec<Service>, projection: Option<Lag>) -> Self {
        let quarantine = streams.iter().find(|stream| stream.name == service::streams::QUARANTINE);
        let quarantined = quarantine.and_then(|stream| stream.state.as_ref()).map_or(0, |state| state.messages);
        let mut status = Self {
            problems: Vec::new(),
            services,
            streams,
            consumers,
            restrained: Vec::new(),
            projection,
            quarantined,
        };
        status.problems = problems(&status);
        status
    }
}

fn problems(status: &Status) -> Vec<String> {
    let missing: Vec<&str> =
        status.streams.iter().filter(|stream| stream.state.is_none()).map(|stream| stream.name.as_str()).collect();
    let mut problems = Vec::new();
    if !missing.is_empty() {
        problems.push(format!("missing: {}; any service creates them when it starts", missing.join(", ")));
    }
    for stream in &status.streams {
        if let Some(state) = stream.state.as_ref().filter(|state| state.append_only && state.deleted > 0) {
            problems.push(format!(
                "{} has lost {} between {} and {}: nothing may ever be deleted there, restore it from a backup",
                stream.name,
                crate::text::count(state.deleted, "message"),
                state.first_sequence,
                state.last_sequence
            ));
        }
    }
    for service in status.services.iter().filter(|service| service.versions.is_empty()) {
        problems.push(format!("{} does not answer: start it, or look at its log", service.name));
    }
    problems
}

#[cfg(test)]
mod tests;
