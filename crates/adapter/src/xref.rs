//! Cross-references: what a partner's tracking, delivery or shipment number means.
//!
//! Bucket `XREF`, key `<system>.<partner>.<reference>`, value [`Target`] as JSON.

use std::time::Duration;

use async_nats::jetstream;
use bytes::Bytes;
use model::{AskId, Money, OrderId, PartnerId, ShipmentId, System, Timestamp, token};
use serde::{Deserialize, Serialize};

use crate::bucket::{Bucket, BucketError};

/// The longest reference that is looked up, in bytes.
pub const MAX_REFERENCE: usize = token::MAX_COMPOSED;
/// How many references are cached: those of some days' shipments.
const CACHED: usize = 50_000;
/// Another process's write is seen within this time. The messages about one shipment come hours apart, or at once.
const FRESH_FOR: Duration = Duration::from_secs(2);
/// When so much time has gone by since a reference was written, no process takes it to mean less.
pub const KNOWN_TO_ALL_AFTER: Duration = Duration::from_secs(3);

/// A reference that means something else this much later was given anew: carriers use their numbers again.
const GIVEN_ANEW_AFTER: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Shipments on one load. A number that means more is none of a load's.
const MOST_ON_A_LOAD: usize = 500;
/// How often a value is read and written before others that write it too are given way to.
const MOST_TRIES: u32 = 8;

/// What a reference means; a load's means several at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Target {
    /// The workflow, where it is another than that of orders.
    #[serde(default = "of_orders", skip_serializing_if = "is_of_orders")]
    pub workflow: Box<str>,
    /// The order, or the other workflow's instance.
    pub order: OrderId,
    /// The shipment of the order; the whole order when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<ShipmentId>,
    /// When it was told; long ago when absent.
    #[serde(default)]
    pub told: Timestamp,
    /// What its transport was booked at, where that was told with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// The ask that went out under it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<AskId>,
    /// Its partner has taken it back: while the reference means others too, it is not about this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
}

impl Target {
    /// Whether it is the same shipment, order or instance.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.workflow, &self.order, &self.shipment) == (&other.workflow, &other.order, &other.shipment)
    }
}

/// What the transport of each on a load was booked at.
pub(crate) fn prices(aboard: &[Target]) -> Vec<Option<Money>> {
    aboard.iter().map(|target| target.price.clone()).collect()
}

/// Whether others have a reference too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It meant nothing before.
    First,
    /// It means another shipment from now on, as it meant others before.
    Joined,
    /// It meant this and others already.
    Aboard,
}

/// A value of the bucket: one target, or the list of a load's.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    One(Target),
    Several(Vec<Target>),
}

/// What this process knows a reference to mean.
#[derive(Clone)]
struct Known {
    targets: Vec<Target>,
    /// Whether the bucket has no more of it; else it is only what this process was told.
    whole: bool,
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
    bucket: Bucket<Known>,
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
    pub async fn find(&self, partner: &PartnerId, reference: &str) -> Result<Vec<Target>, BucketError> {
        let key = self.key(partner, reference);
        let told = match self.bucket.cached(key.as_str()) {
            Some(known) if known.whole => return Ok(aboard(known.targets)),
            Some(known) => known.targets,
            None => Vec::new(),
        };
        let mut targets = self.bucket.read(&key).await?.map(|value| read(&key, &value)).unwrap_or_default();
        let whole = told.is_empty();
        told.into_iter().for_each(|target| add(&mut targets, target));
        if whole && !targets.is_empty() {
            self.bucket.remember(&key, Known { targets: targets.clone(), whole });
        }
        Ok(aboard(targets))
    }

    /// Knows a reference in this process from now on, ahead of [`Xrefs::write`].
    pub fn remember(&self, partner: &PartnerId, reference: &str, target: Target) {
        let key = self.key(partner, reference);
        let mut known = self.bucket.cached(key.as_str()).unwrap_or_else(|| Known { targets: Vec::new(), whole: false });
        if known.targets.iter().any(|own| own.is_same(&target)) {
            return;
        }
        add(&mut known.targets, target);
        known.whole = false;
        self.bucket.remember(&key, known);
    }

    /// Writes a reference down for every process, beside what else it means. Returns where its target stands among them.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not take it.
    pub async fn write(&self, partner: &PartnerId, reference: &str, target: &Target) -> Result<Standing, BucketError> {
        let key = self.key(partner, reference);
        if let Some(known) = self.bucket.cached(key.as_str()).filter(|known| known.whole)
            && let Some(standing) = standing(&known.targets, target)
        {
            return Ok(standing);
        }
        let (mut targets, mut revision) = (Vec::new(), None);
        let mut is_new = true;
        for tries in 1.. {
            add(&mut targets, target.clone());
            match self.bucket.write_over(&key, revision, written(&targets)).await {
                Ok(()) => break,
                Err(error) if tries == MOST_TRIES => return Err(error),
                // It is there already, or another process was faster, or the broker's answer was lost: the next look tells.
                Err(_) => {}
            }
            (targets, revision) = match self.bucket.entry(&key).await? {
                Some((value, revision)) => (read(&key, &value), Some(revision)),
                None => (Vec::new(), None),
            };
            if standing(&targets, target).is_some() {
                // After the first try it may be what was written here, and the broker's answer was lost.
                is_new = tries > 1;
                break;
            }
        }
        let standing = match standing(&targets, target) {
            Some(Standing::Aboard) if is_new => Standing::Joined,
            Some(standing) => standing,
            // It was left out.
            None => Standing::First,
        };
        self.bucket.remember(&key, Known { targets, whole: true });
        Ok(standing)
    }

    /// Marks a target as taken back. It stays known, so that a booking that is told again does not put it there anew.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not take it.
    pub async fn leave(&self, partner: &PartnerId, reference: &str, target: &Target) -> Result<(), BucketError> {
        let key = self.key(partner, reference);
        for tries in 1.. {
            let Some((value, revision)) = self.bucket.entry(&key).await? else { return Ok(()) };
            let mut targets = read(&key, &value);
            let Some(own) = targets.iter_mut().find(|own| own.is_same(target) && !own.left) else { return Ok(()) };
            own.left = true;
            match self.bucket.write_over(&key, Some(revision), written(&targets)).await {
                Ok(()) => {
                    self.bucket.remember(&key, Known { targets, whole: true });
                    return Ok(());
                }
                Err(error) if tries == MOST_TRIES => return Err(error),
                // Another process was faster, or the broker's answer was lost: the next look tells.
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn key(&self, partner: &PartnerId, reference: &str) -> String {
        format!("{}.{}.{}", self.system, partner.token(), token::escape(reference))
    }
}

/// Those that a reference is about. One that means nobody but who was taken back is about them all the same: goods may be on
/// their way that nobody wants.
fn aboard(mut targets: Vec<Target>) -> Vec<Target> {
    if targets.iter().any(|target| !target.left) {
        targets.retain(|target| !target.left);
    }
    targets
}

/// Where a target stands among those that are known already, if it is one of them.
fn standing(targets: &[Target], target: &Target) -> Option<Standing> {
    let place = targets.iter().position(|own| own.is_same(target))?;
    Some(if place == 0 { Standing::First } else { Standing::Aboard })
}

/// A target beside the others: not those that were told so long before that the number must have been given anew.
fn add(targets: &mut Vec<Target>, target: Target) {
    if targets.iter().any(|own| own.is_same(&target)) {
        return;
    }
    targets.retain(|own| own.told.plus_millis(GIVEN_ANEW_AFTER) > target.told);
    if targets.len() < MOST_ON_A_LOAD {
        targets.push(target);
    } else {
        tracing::error!(order = %target.order, "a reference means {MOST_ON_A_LOAD} shipments already; this one is left out");
    }
}

/// The targets of a value. One that cannot be read is as good as unknown: the next message that tells the reference writes it
/// anew.
fn read(key: &str, value: &[u8]) -> Vec<Target> {
    match serde_json::from_slice(value) {
        Ok(Stored::One(target)) => vec![target],
        Ok(Stored::Several(targets)) => targets,
        Err(error) => {
            tracing::error!(key, %error, "a cross-reference cannot be read");
            Vec::new()
        }
    }
}

/// The bytes of a value. Plain texts and numbers always have a JSON form.
fn written(targets: &[Target]) -> Bytes {
    let bytes = match targets {
        [one] => serde_json::to_vec(one),
        several => serde_json::to_vec(several),
    };
    Bytes::from(bytes.unwrap_or_default())
}
