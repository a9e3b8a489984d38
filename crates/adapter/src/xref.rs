//! Cross-references: what a partner's tracking, delivery or shipment number means.
//!
//! Bucket `XREF`, key `<system>.<partner>.<reference>`, value [`Target`] as JSON.

use std::time::Duration;

use async_nats::jetstream;
use bytes::Bytes;
use model::{OrderId, PartnerId, ShipmentId, System, token};
use serde::{Deserialize, Serialize};

use crate::bucket::{Bucket, BucketError};

/// The longest reference that is looked up, in bytes.
pub const MAX_REFERENCE: usize = token::MAX_COMPOSED;
/// How many references are cached: those of some days' shipments.
const CACHED: usize = 50_000;
/// A carrier that uses a number again does so after months; another process's write is seen within this time.
const FRESH_FOR: Duration = Duration::from_secs(600);

/// What a reference means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The workflow, where it is another than that of orders.
    #[serde(default = "of_orders", skip_serializing_if = "is_of_orders")]
    pub workflow: Box<str>,
    /// The order, or the other workflow's instance.
    pub order: OrderId,
    /// The shipment of the order; the whole order when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<ShipmentId>,
}

fn of_orders() -> Box<str> {
    partners::ORDER.into()
}

fn is_of_orders(workflow: &str) -> bool {
    workflow == partners::ORDER
}

/// The cross-references of one kind of system.
pub struct Xrefs {
    system: System,
    bucket: Bucket<Target>,
}

impl Xrefs {
    /// The cross-references of a system.
    ///
    /// # Errors
    /// [`BucketError`] when the bucket is not there.
    pub async fn open(js: &jetstream::Context, system: System) -> Result<Self, BucketError> {
        Ok(Self { system, bucket: Bucket::open(js, service::streams::XREF, CACHED, FRESH_FOR).await? })
    }

    /// What a partner's reference means; nothing while nobody has said so.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not answer.
    pub async fn find(&self, partner: &PartnerId, reference: &str) -> Result<Option<Target>, BucketError> {
        let key = self.key(partner, reference);
        if let Some(target) = self.bucket.cached(key.as_str()) {
            return Ok(Some(target));
        }
        let Some(value) = self.bucket.read(&key).await? else { return Ok(None) };
        match serde_json::from_slice::<Target>(&value) {
            Ok(target) => {
                self.bucket.remember(&key, target.clone());
                Ok(Some(target))
            }
            // As good as unknown: the next message that tells the reference writes it anew.
            Err(error) => {
                tracing::error!(key, %error, "a cross-reference cannot be read");
                Ok(None)
            }
        }
    }

    /// Knows a reference in this process from now on, ahead of [`Xrefs::write`].
    pub fn remember(&self, partner: &PartnerId, reference: &str, target: Target) {
        let key = self.key(partner, reference);
        if let Some(before) = self.bucket.cached(key.as_str())
            && before != target
        {
            tracing::warn!(key, was = %before.order, is = %target.order, "a reference means another order now");
        }
        self.bucket.remember(&key, target);
    }

    /// Writes a reference down for every process.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not take it.
    pub async fn write(&self, partner: &PartnerId, reference: &str, target: &Target) -> Result<(), BucketError> {
        // A value of plain texts always has a JSON form.
        let value = serde_json::to_vec(target).unwrap_or_default();
        self.bucket.write(&self.key(partner, reference), Bytes::from(value)).await
    }

    fn key(&self, partner: &PartnerId, reference: &str) -> String {
        format!("{}.{}.{}", self.system, partner.token(), token::escape(reference))
    }
}
