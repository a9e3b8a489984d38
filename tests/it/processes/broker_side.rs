//! What the broker knows of a run, asked over its API: how far the run is, and how long it waits to deliver again.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use service::Connection;
use service::settings::NatsSettings;

/// How long a run may take to come from one moment to the next.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
/// How soon the broker answers when it is there.
const AT_ONCE: Duration = Duration::from_secs(1);
/// How long what a killed process took with it stays away: long enough for a slow machine to work on it.
const ACK_WAIT: Duration = Duration::from_secs(4);
const STREAMS: [&str; 4] = ["INBOX", "ORDERS", "OUTBOX", "TIMERS"];

pub struct BrokerSide(Connection);

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Far {
    /// Orders that the ERP has released.
    pub released: u64,
    /// Orders that it has billed; with most of them the partners are done then.
    pub billed: u64,
}

impl BrokerSide {
    pub async fn at(url: &str) -> Self {
        Self(service::connect::connect(&NatsSettings::url(url), "test").await.expect("connected"))
    }

    /// Of a demo that keeps its temporary files in this folder.
    pub async fn of_demo(temporary: &Path) -> Self {
        Self::at(&url_in(temporary).expect("the broker has written where it listens")).await
    }

    async fn ask(&self, subject: &str, question: &Value) -> Option<Value> {
        let asked = self.0.client.request(format!("$JS.API.{subject}"), question.to_string().into());
        // What is asked of a broker that is away waits for it, and the answer for nobody.
        let answer = tokio::time::timeout(AT_ONCE, asked).await.ok()?.ok()?;
        let answer: Value = serde_json::from_slice(&answer.payload).expect("JSON");
        answer.get("error").is_none().then_some(answer)
    }

    /// How far the run is; nothing while the broker is away.
    async fn far(&self) -> Option<Far> {
        let info = self.ask("STREAM.INFO.INBOX", &json!({ "subjects_filter": "in.erp.erp-main.*" })).await?;
        let count = |name: &str| info["state"]["subjects"][format!("in.erp.erp-main.{name}")].as_u64().unwrap_or(0);
        Some(Far { released: count("order"), billed: count("invoice") })
    }

    /// Waits until so many orders are billed.
    pub async fn billed(&self, orders: u64) -> Far {
        let begun = Instant::now();
        let mut last = None;
        loop {
            last = self.far().await.or(last);
            if let Some(far) = last.filter(|far| far.billed >= orders) {
                return far;
            }
            assert!(begun.elapsed() < PATIENCE, "{orders} orders are not billed in time, but {last:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Has every consumer deliver again soon what was not acknowledged, so that a run with many deaths is no long one.
    pub async fn hurry(&self) {
        for stream in STREAMS {
            let listed = self.ask(&format!("CONSUMER.LIST.{stream}"), &json!({})).await.expect("listed");
            for consumer in listed["consumers"].as_array().expect("a list") {
                let mut config = consumer["config"].clone();
                // The ordered consumers of those who only look wait for no acknowledgement.
                if config["ack_policy"] != "explicit" {
                    continue;
                }
                config["ack_wait"] = u64::try_from(ACK_WAIT.as_nanos()).expect("it fits").into();
                let question = json!({ "stream_name": stream, "config": config, "action": "update" });
                let name = config["durable_name"].as_str().expect("a durable one").to_owned();
                let updated = self.ask(&format!("CONSUMER.DURABLE.CREATE.{stream}.{name}"), &question).await;
                assert!(updated.is_some(), "{stream} > {name}");
            }
        }
    }
}

/// The address in the file that the server writes once it listens.
fn url_in(temporary: &Path) -> Option<String> {
    let folders = std::fs::read_dir(temporary).ok()?.filter_map(Result::ok);
    let ports = folders.filter_map(|folder| std::fs::read_dir(folder.path().join("ports")).ok());
    let file = ports.flatten().filter_map(Result::ok).next()?;
    let text = std::fs::read_to_string(file.path()).ok()?;
    let ports: Value = serde_json::from_str(&text).ok()?;
    Some(ports["nats"][0].as_str()?.to_owned())
}
