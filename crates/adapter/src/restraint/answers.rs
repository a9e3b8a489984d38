//! What the processes of one service tell each other of their partners' answers.
//!
//! An answer is taken in by one process, and asks are sent by another. What is lost on the way delays when a breaker opens
//! or closes, and nothing else.

use async_nats::Client;
use bytes::Bytes;
use model::System;
use serde::{Deserialize, Serialize};

use super::Partner;

/// A partner has answered an ask.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    ask: String,
    failed: bool,
}

/// Where the answers of a partner are told.
pub fn subject(system: System, partner: &str) -> String {
    format!("answered.{system}.{partner}")
}

/// Tells the other processes.
pub async fn tell(client: &Client, system: System, partner: &str, ask: &str, failed: bool) {
    // A value of plain texts always has a JSON form.
    let told = serde_json::to_vec(&Told { ask: ask.to_owned(), failed }).unwrap_or_default();
    if let Err(error) = client.publish(subject(system, partner), Bytes::from(told)).await {
        tracing::debug!(partner, %error, "an answer was not told to the other processes");
    }
}

/// Takes in what another process told.
pub fn hear(partner: &Partner, payload: &[u8]) {
    match serde_json::from_slice::<Told>(payload) {
        Ok(Told { ask, failed }) => {
            partner.answered(&ask, failed, std::time::Instant::now());
        }
        Err(error) => tracing::debug!(partner = %partner.token, %error, "an answer of another version was told"),
    }
}
