//! The null pipeline: the same messages published, delivered and acknowledged as in the run, with no decoding and no
//! logic. Nothing built this way on this broker can be faster.

use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use futures::StreamExt;
use service::settings::NatsSettings;
use service::streams::{self, Durability};
use simulator::stage::Partner;
use tokio::task::JoinSet;

use super::captured::Captured;
use super::publish::publish_all;
use crate::exit::Failure;

/// How many publishes of one writer are under way at once.
const IN_FLIGHT: usize = 512;
/// How long a consumer waits for one more message before the run has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who reads what in a run: a stream, a filter, and whether messages are acknowledged.
struct Reader {
    stream: &'static str,
    filter: String,
    acknowledges: bool,
}

/// The readers of a run, one for each consumer of the five services and the partners.
fn readers() -> Vec<Reader> {
    let mut readers = Vec::new();
    for partner in Partner::ALL {
        let system = partner.system();
        let inbox = streams::inbox_of(system.as_str(), partner.id());
        let outbox = streams::outbox(system.as_str(), partner.id(), "*");
        readers.push(Reader { stream: streams::INBOX, filter: inbox, acknowledges: true });
        readers.push(Reader { stream: streams::OUTBOX, filter: outbox, acknowledges: true });
    }
    // The decide loop reads everything, three adapters and visibility the decisions, the projection everything.
    readers.push(Reader { stream: streams::ORDERS, filter: "order.>".to_owned(), acknowledges: true });
    let decisions = || Reader { stream: streams::ORDERS, filter: "order.*.*.flow".to_owned(), acknowledges: true };
    readers.extend([decisions(), decisions(), decisions(), decisions()]);
    readers.push(Reader { stream: streams::ORDERS, filter: "order.>".to_owned(), acknowledges: false });
    readers
}

/// Publishes, delivers and acknowledges everything once more, on a broker of its own. Returns how long it took.
pub(super) async fn run(captured: Vec<Captured>, fsync: broker::Fsync) -> Result<Duration, Failure> {
    let options = broker::Options { fsync, ..broker::Options::default() };
    let broker = broker::start(options).await.map_err(anyhow::Error::new)?;
    let nats = NatsSettings::url(broker.url());
    let connection = crate::reach::connect(&nats).await?;
    streams::declare(&connection.js, Durability::Demo).await.map_err(anyhow::Error::new)?;
    let mut tasks = JoinSet::new();
    for reader in readers() {
        let expected = expected(&captured, &reader);
        let connection = crate::reach::connect(&nats).await?;
        tasks.spawn(read(connection.js, reader, expected));
    }
    let begun = Instant::now();
    for stream in captured {
        let connection = crate::reach::connect(&nats).await?;
        tasks.spawn(publish_all(connection.js, stream.messages, IN_FLIGHT));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(anyhow::Error::new)??;
    }
    let took = begun.elapsed();
    broker.stop().await.map_err(anyhow::Error::new)?;
    Ok(took)
}

fn expected(captured: &[Captured], reader: &Reader) -> usize {
    let of = captured.iter().filter(|captured| captured.stream == reader.stream);
    of.flat_map(|captured| &captured.messages).filter(|message| matches(&reader.filter, &message.subject)).count()
}

fn matches(filter: &str, subject: &str) -> bool {
    let (mut filter, mut subject) = (filter.split('.'), subject.split('.'));
    loop {
        match (filter.next(), subject.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(one), Some(other)) if one == other => {}
            (Some(_) | None, _) => return false,
        }
    }
}

async fn read(js: jetstream::Context, reader: Reader, expected: usize) -> anyhow::Result<()> {
    if expected == 0 {
        return Ok(());
    }
    let ack_policy = if reader.acknowledges { AckPolicy::Explicit } else { AckPolicy::None };
    let max_ack_pending = if reader.acknowledges { 16_384 } else { 0 };
    let config = pull::Config { filter_subject: reader.filter, ack_policy, max_ack_pending, ..pull::Config::default() };
    let consumer = js.get_stream(reader.stream).await?.create_consumer(config).await?;
    let mut messages = consumer.stream().max_messages_per_batch(1_000).messages().await?;
    for _ in 0..expected {
        let message = tokio::time::timeout(PATIENCE, messages.next()).await?;
        let Some(message) = message.transpose()? else { anyhow::bail!("the consumer ended") };
        if reader.acknowledges {
            message.ack().await.map_err(anyhow::Error::from_boxed)?;
        }
    }
    js.client().flush().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_matches_as_the_brokers_does() {
        assert!(matches("order.>", "order.1.a.erp"));
        assert!(matches("order.*.*.flow", "order.1.a.flow"));
        assert!(!matches("order.*.*.flow", "order.1.a.erp"));
        assert!(!matches("order.*.*.flow", "order.1.flow"));
        assert!(!matches("order.>", "order"));
        assert!(!matches("order", "order.1"));
    }
}
