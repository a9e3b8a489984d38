//! The control numbers of partners' interchanges: what is missing, and what came twice, is noted and told. It changes nothing of
//! what is read.
//!
//! Bucket `INTERCHANGES`, key `<system>.<partner>.<digest of sender and receiver>`, value [`Numbering`] as JSON, written on
//! condition that nobody wrote it meanwhile. While the bucket does not answer, messages go on without it, and what came waits
//! here; what waits is lost with the process, and looks missing then.

mod counters;
mod numbering;
mod pair;
mod series;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, kv::Store};
use engine::EntryId;
use model::{PartnerId, System};
use partners::Interchange;
use service::failure::in_one_line;
use service::metrics::Metrics;
use service::streams::INTERCHANGES;

use crate::bucket::BucketError;
use crate::trouble::Trouble;
use counters::Counters;
use numbering::{Came, Noticed};
use pair::Pair;

pub use numbering::{Numbering, Twice};
pub use series::Series;

/// How many pairs of sender and receiver are noted of one partner. What is beyond is read, and not noted.
const MOST_PAIRS: usize = 200;
/// How long a message waits for what it tells to be noted. Others of its partner go on meanwhile.
const NOTED_WITHIN: Duration = Duration::from_secs(2);
/// How long after a failure nobody tries.
const PAUSE: Duration = Duration::from_secs(5);

/// The numbers of the partners of one kind of system.
pub struct Interchanges {
    system: System,
    store: Store,
    partners: Mutex<HashMap<Box<str>, Pairs>>,
    paused_until: Mutex<Option<Instant>>,
    counters: Counters,
}

/// The pairs of one partner, by their digests.
#[derive(Default)]
struct Pairs {
    pairs: HashMap<EntryId, Arc<Pair>>,
    has_more: bool,
}

impl Interchanges {
    /// Opens the bucket.
    ///
    /// # Errors
    /// [`BucketError`] when it is not there.
    pub async fn open(js: &jetstream::Context) -> Result<Store, BucketError> {
        js.get_key_value(INTERCHANGES)
            .await
            .map_err(|why| BucketError::new("open any", "*", INTERCHANGES, Box::new(why)))
    }

    /// The numbers of a system's partners.
    pub fn new(system: System, store: Store, metrics: &Metrics) -> Self {
        let counters = Counters::register(metrics);
        Self { system, store, partners: Mutex::default(), paused_until: Mutex::default(), counters }
    }

    /// Takes in what a message holds, in the order of delivery: to be called before anything is waited for. Returns what is to
    /// be [written down](Self::write).
    pub fn take_in(&self, partner: &PartnerId, own: &[Interchange], inbox: u64, again: bool) -> Vec<Arc<Pair>> {
        let mut touched: Vec<Arc<Pair>> = Vec::new();
        if own.is_empty() {
            return touched;
        }
        let token = partner.token();
        let mut all = lock(&self.partners);
        let pairs = all.entry(token.as_ref().into()).or_default();
        for interchange in own {
            let Interchange { sender, receiver, number, digest } = interchange;
            let id = EntryId::of(&[sender.as_bytes(), receiver.as_bytes()]);
            if !pairs.pairs.contains_key(&id) && pairs.pairs.len() >= MOST_PAIRS {
                if !std::mem::replace(&mut pairs.has_more, true) {
                    tracing::warn!(%partner, sender, receiver, "more than {MOST_PAIRS} pairs of sender and receiver; the others are not noted");
                }
                continue;
            }
            let pair = pairs.pairs.entry(id).or_insert_with(|| {
                let key = format!("{}.{token}.{id}", self.system);
                Arc::new(Pair::new(partner, key, sender, receiver))
            });
            pair.take_in(Came::new(number, *digest, inbox, again));
            if !touched.iter().any(|own| Arc::ptr_eq(own, pair)) {
                touched.push(Arc::clone(pair));
            }
        }
        touched
    }

    /// Writes down what waits of these pairs, and tells what turns out. Where the bucket does not answer that is shown as
    /// trouble, and done later.
    pub async fn write(&self, pairs: &[Arc<Pair>], trouble: &Trouble) {
        for pair in pairs {
            if lock(&self.paused_until).is_some_and(|until| Instant::now() < until) {
                return;
            }
            let what = format!("noting the interchanges of {}", pair.partner);
            let written = tokio::time::timeout(NOTED_WITHIN, pair.write(&self.store)).await;
            let why = match written {
                Ok(Ok(noticed)) => {
                    trouble.over(&what);
                    noticed.iter().for_each(|(came, noticed)| self.tell(pair, came, noticed));
                    continue;
                }
                Ok(Err(error)) => in_one_line(&error),
                Err(_) => format!("bucket {INTERCHANGES} did not answer within {} s", NOTED_WITHIN.as_secs()),
            };
            *lock(&self.paused_until) = Some(Instant::now() + PAUSE);
            trouble.has(what, why, PAUSE);
        }
    }

    /// Writes down what still waits.
    pub async fn write_waiting(&self, trouble: &Trouble) {
        let waiting: Vec<Arc<Pair>> = {
            let all = lock(&self.partners);
            let pairs = all.values().flat_map(|own| own.pairs.values());
            pairs.filter(|pair| pair.waits()).map(Arc::clone).collect()
        };
        self.write(&waiting, trouble).await;
    }

    fn tell(&self, pair: &Pair, came: &Came, noticed: &Noticed) {
        let Pair { partner, sender, receiver, .. } = pair;
        let inbox = came.inbox;
        match noticed {
            Noticed::Known | Noticed::Sound => {}
            Noticed::Missing(first, last) => {
                tracing::warn!(%partner, sender, receiver, first, last, inbox, "interchanges are missing");
                self.counters.missing(partner, last - first + 1);
            }
            Noticed::Repeated(Twice { number, before, .. }) => {
                tracing::warn!(%partner, sender, receiver, number, inbox, before, "an interchange came twice");
                self.counters.repeated(partner);
            }
            Noticed::Differs(Twice { number, before, .. }) => {
                tracing::warn!(%partner, sender, receiver, number, inbox, before, "an interchange came twice, with other content; both are read");
                self.counters.repeated(partner);
            }
            Noticed::StartsAgain(highest) => {
                tracing::warn!(%partner, sender, receiver, highest, inbox, "the numbers of interchanges start again");
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
