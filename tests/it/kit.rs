//! An installation for a test, and the few words the tests are written in.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use model::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::json;
use service::{Shutdown, streams};
use simulator::{Level, Play, Scenario, Seed, Traffic};
use waybill::exit::{Failure, Verdict};
use waybill::house::{House, Plan};
use waybill::run::{self, Run};

/// How long a test waits for something to become true.
const PATIENCE: Duration = Duration::from_secs(60);
const AT_ONCE: NonZeroU32 = NonZeroU32::new(100).expect("not 0");

pub async fn open(instances: u8) -> House {
    House::open(&Plan { instances, ..Plan::default() }).await.expect("an installation")
}

pub fn generated(seed: u64, orders: u64) -> Scenario {
    let started: Timestamp = "2026-03-01T00:00:00Z".parse().expect("a time");
    Scenario::Generated(Traffic { seed: Seed(seed), orders, started })
}

pub async fn play(house: &House, scenario: Scenario) -> Run {
    play_with(house, scenario, Level::None).await
}

pub async fn play_with(house: &House, scenario: Scenario, faults: Level) -> Run {
    let settings = simulator::Settings { scenario, in_flight: AT_ONCE, faults };
    run::play(house, settings, &Shutdown::new(), |_| ()).await.expect("played to the end").0
}

/// Runs a command line against an installation, without what would end it where no terminal is.
pub async fn waybill(house: &House, line: &[&str]) -> Result<Verdict, Failure> {
    let url = house.url();
    let line = ["waybill", "--json", "--nats-url", &url].into_iter().chain(line.iter().copied());
    let cli = waybill::cli::parse(line.map(OsString::from)).expect("a command line");
    waybill::execute(cli).await
}

/// The partners in their places, with master data and stock but without orders of their own.
pub async fn partners(house: &House) -> Play {
    let settings = simulator::Settings { scenario: generated(7, 1), in_flight: AT_ONCE, faults: Level::None };
    let play = Play::start(&house.connection, settings, Shutdown::new()).await.expect("partners");
    house.settle(PATIENCE).await.expect("master data is known");
    play
}

pub async fn publish(house: &House, subject: &str, body: &[u8]) {
    let published = house.connection.js.publish(subject.to_owned(), body.to_vec().into()).await.expect("sent");
    published.await.expect("stored");
}

/// An order as the simulated ERP releases it.
pub fn release(number: &str) -> Vec<u8> {
    let item = json!({
        "posnr": "10", "matnr": "ITEM-0007", "menge": "2", "meins": "ST", "netpr": "9.50", "werks": "HAM",
    });
    let order = json!({
        "vbeln": number, "kunnr": "CUST-001", "waerk": "EUR", "erdat": "20260301", "vdatu": "20260310",
        "partner_we": { "name1": "Alte Post", "ort01": "Berlin", "land1": "DE" }, "items": [item],
    });
    json!({ "documents": [order] }).to_string().into_bytes()
}

/// Asks a service until its answer is as it should be.
pub async fn eventually<A: DeserializeOwned>(
    house: &House,
    subject: &str,
    question: serde_json::Value,
    what: &str,
    is: impl Fn(&A) -> bool,
) -> A {
    let begun = Instant::now();
    loop {
        let body = question.to_string().into();
        let answer = house.connection.client.request(subject.to_owned(), body).await;
        let text = answer.map(|message| message.payload).unwrap_or_default();
        if let Ok(answer) = serde_json::from_slice::<A>(&text)
            && is(&answer)
        {
            return answer;
        }
        let said = String::from_utf8_lossy(&text);
        assert!(begun.elapsed() < PATIENCE, "not {what} in time; {subject} says {said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What is in quarantine once there are so many messages.
pub async fn quarantined(house: &House, messages: u64) -> Vec<service::quarantine::Quarantined> {
    let stream = house.connection.js.get_stream(streams::QUARANTINE).await.expect("the stream");
    let begun = Instant::now();
    let state = loop {
        let state = stream.get_info().await.expect("known").state;
        if state.messages >= messages {
            break state;
        }
        assert!(begun.elapsed() < PATIENCE, "{} of {messages} messages are in quarantine", state.messages);
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let mut found = Vec::new();
    for sequence in state.first_sequence..=state.last_sequence {
        let message = stream.direct_get(sequence).await.expect("there");
        let read = service::quarantine::Quarantined::from_message(Some(&message.headers), &message.payload);
        found.push(read.expect("ours"));
    }
    found
}
