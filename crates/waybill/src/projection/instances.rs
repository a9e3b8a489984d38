//! The instances of the visibility service: each has a projection of its own.

use std::time::Duration;

use async_nats::service::PingResponse;
use futures::StreamExt;
use service::Connection;

use crate::exit::Failure;
use crate::reach::broker;

/// The most instances that are looked at.
const MOST: usize = 100;

/// Which instances.
#[derive(Debug, Clone, clap::Args)]
pub struct InstanceArgs {
    /// Only this instance of the visibility service, by its id; all that run when absent
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
    /// How long to wait for instances to say that they run
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = humantime::parse_duration)]
    wait: Duration,
}

impl Default for InstanceArgs {
    fn default() -> Self {
        Self { instance: None, wait: Duration::from_secs(1) }
    }
}

impl InstanceArgs {
    /// Their ids, sorted.
    pub async fn found(&self, connection: &Connection) -> Result<Vec<String>, Failure> {
        let mut ids = running(&connection.client, self.wait).await?;
        if let Some(only) = &self.instance {
            ids.retain(|id| id == only);
        }
        match (&self.instance, ids.is_empty()) {
            (_, false) => Ok(ids),
            (Some(only), true) => Err(Failure::NotFound(format!(
                "no instance {only} of the visibility service answers; leave --instance out"
            ))),
            (None, true) => {
                Err(Failure::Unreachable("no visibility service answers: is it running? (`waybill status`)".to_owned()))
            }
        }
    }
}

/// Who answers within the time.
async fn running(client: &async_nats::Client, wait: Duration) -> Result<Vec<String>, Failure> {
    let inbox = client.new_inbox();
    let asked = async {
        let answers = client.subscribe(inbox.clone()).await?;
        client.publish_with_reply(format!("$SRV.PING.{}", visibility::ABOUT.name), inbox, "".into()).await?;
        client.flush().await?;
        Ok::<_, async_nats::Error>(answers)
    };
    let answers = asked.await.map_err(|error| broker("ask who runs ($SRV.PING)", error))?;
    // Nobody says when all have answered, so the time is always waited for.
    let answers = answers.take_until(tokio::time::sleep(wait)).take(MOST);
    let ids = answers.filter_map(|message| async move {
        let answer: PingResponse = serde_json::from_slice(&message.payload).ok()?;
        Some(answer.id)
    });
    let mut ids: Vec<String> = ids.collect().await;
    ids.sort();
    Ok(ids)
}
