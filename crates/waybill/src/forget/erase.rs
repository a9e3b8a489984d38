//! Erasing: the keys first, which is what counts, then the raw messages.

use std::collections::BTreeSet;

use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use futures::{StreamExt, TryStreamExt, stream};
use model::CustomerId;
use model::master::CustomerMaster;
use privacy::{Erasure, Keys, Owner};
use service::{Connection, streams};

use super::found::Found;
use crate::exit::Failure;
use crate::personal::FORGOTTEN;
use crate::reach::{self, broker};

/// How many messages are erased at once: each makes the broker rewrite a block of its stream.
const AT_ONCE: usize = 4;

/// Destroys the keys, then overwrites the messages and the name in the master data. What breaks off in between is done by doing
/// it again.
pub(super) async fn all(
    connection: &Connection,
    keys: &Keys,
    customer: &CustomerId,
    found: &Found,
    erasure: &Erasure,
) -> Result<(), Failure> {
    let destroy = |error| broker("write to bucket KEYS", error);
    let own = Owner::customer(customer);
    keys.destroy(&own, erasure).await.map_err(destroy)?;
    for owner in found.owners.iter().filter(|owner| **owner != own) {
        keys.destroy(owner, erasure).await.map_err(destroy)?;
    }
    let raw = &found.raw;
    for (name, places) in [
        (streams::INBOX, &raw.inbox),
        (streams::OUTBOX, &raw.outbox),
        (streams::HELD, &raw.held),
        (streams::QUARANTINE, &raw.quarantine),
    ] {
        erase(connection, name, places).await?;
    }
    if let Some(key) = &found.master {
        rename(connection, key).await?;
    }
    Ok(())
}

/// Has the broker overwrite messages on its disk. Those that are gone already are as good.
async fn erase(connection: &Connection, name: &str, places: &BTreeSet<u64>) -> Result<(), Failure> {
    if places.is_empty() {
        return Ok(());
    }
    let stream = &reach::stream(&connection.js, name).await?;
    let erase = |sequence: &u64| one(stream, name, *sequence);
    stream::iter(places).map(erase).buffer_unordered(AT_ONCE).try_collect().await
}

async fn one(stream: &Stream, name: &str, sequence: u64) -> Result<(), Failure> {
    let Err(error) = stream.delete_message(sequence).await else { return Ok(()) };
    match stream.get_raw_message(sequence).await {
        Err(gone) if gone.kind() == RawMessageErrorKind::NoMessageFound => Ok(()),
        Ok(_) | Err(_) => {
            let words = "the keys are destroyed already; do it again";
            Err(broker(&format!("erase message {sequence} of {name} ({words})"), error))
        }
    }
}

/// Puts a name in the place of the customer's that says why there is none: orders are still validated against the record.
async fn rename(connection: &Connection, key: &str) -> Result<(), Failure> {
    let write = |error: async_nats::Error| broker("write to bucket MASTER", error);
    let bucket = connection.js.get_key_value(streams::MASTER).await.map_err(|error| write(error.into()))?;
    let nobody = CustomerMaster { name: FORGOTTEN.to_owned() };
    let value = serde_json::to_vec(&nobody).map_err(anyhow::Error::new)?;
    bucket.put(key, value.into()).await.map(drop).map_err(|error| write(error.into()))
}
