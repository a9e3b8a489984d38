//! What is about a person: sealed on its way into a stream, opened on its way to a partner.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_nats::jetstream;
use engine::{Content, ReadError};
use model::{Ask, CustomerId, Lane, OrderId, Personal};
use partners::Identified;
use privacy::{Key, Keys, KeysError, Owner, Unopened};
use quick_cache::sync::Cache;
use service::Shutdown;

use crate::workflows::Entries;

/// How many orders' customers are cached: those of some days.
const CACHED: usize = 50_000;

/// Why nothing can be sealed or opened just now. Trying again may help.
#[derive(Debug, thiserror::Error)]
pub enum PersonsError {
    /// The keys cannot be read or made.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Whose the order is cannot be read.
    #[error(transparent)]
    Trail(#[from] ReadError),
}

/// The customers' keys, and which order is whose.
pub struct Persons {
    keys: Keys,
    customers: Cache<Owner, CustomerId>,
}

impl Persons {
    /// Opens bucket `KEYS`.
    ///
    /// # Errors
    /// [`KeysError`] when it is not there.
    pub async fn open(js: &jetstream::Context) -> Result<Self, KeysError> {
        Ok(Self { keys: Keys::open(js).await?, customers: Cache::new(CACHED) })
    }

    /// Forgets whom it is told to forget, until shutdown.
    pub async fn follow(&self, shutdown: &Shutdown) {
        self.keys.follow(shutdown).await;
    }

    /// Seals what is told of an order, or of another workflow's instance: under the key of its customer; as long as nobody has
    /// said who that is, under a key of its own.
    ///
    /// # Errors
    /// [`PersonsError`] when the broker does not do its part. Doing it again is safe.
    pub async fn seal(&self, entries: &Entries, order: &OrderId, told: &mut [Identified]) -> Result<(), PersonsError> {
        let instance = Owner::instance(entries.layout().name, &order.token());
        if let Some(customer) = told.iter().find_map(|told| told.fact.customer()) {
            self.customers.insert(instance.clone(), customer.clone());
        }
        let mut of_instance: Option<Arc<Key>> = None;
        for Identified { fact, .. } in told {
            let own = fact.customer().map(Owner::customer);
            let Some(place) = fact.place_mut().filter(|place| place.personal().next().is_some()) else { continue };
            let key = match (own, &of_instance) {
                (Some(own), _) => self.keys.find_or_make(&own).await?,
                (None, Some(known)) => Arc::clone(known),
                (None, None) => {
                    let owner = self.whose(entries, order, &instance).await?;
                    Arc::clone(of_instance.insert(self.keys.find_or_make(&owner).await?))
                }
            };
            key.seal(place);
        }
        Ok(())
    }

    /// The ask with all its texts readable.
    ///
    /// # Errors
    /// [`KeysError`] when the broker does not answer. The inner one says that a text stays sealed for ever.
    pub async fn opened(&self, ask: &Ask) -> Result<Result<Ask, Unopened>, KeysError> {
        let sealed = |text: &Personal| text.as_sealed().map(|sealed| Owner::named(sealed.owner()));
        let texts = ask.request.place().into_iter().flat_map(model::Place::personal);
        let ring = self.keys.ring(texts.filter_map(|(_, text)| sealed(text)).collect::<BTreeSet<_>>()).await?;
        let mut opened = ask.clone();
        for (field, text) in opened.request.place_mut().into_iter().flat_map(model::Place::personal_mut) {
            if let Some(Personal::Sealed(sealed)) = text {
                match ring.open(field, sealed) {
                    Ok(clear) => *text = Some(clear),
                    Err(unopened) => return Ok(Err(unopened)),
                }
            }
        }
        Ok(Ok(opened))
    }

    /// Whose key seals what others than its ERP tell of an order.
    async fn whose(&self, entries: &Entries, order: &OrderId, instance: &Owner) -> Result<Owner, PersonsError> {
        if let Some(customer) = self.customers.get(instance) {
            return Ok(Owner::customer(&customer));
        }
        let key = engine::Key::of(order.as_str());
        for lane in [Lane::Erp, Lane::Ops] {
            let trail = entries.read_lane(&key, lane.as_str()).await?;
            let facts = trail.iter().rev().flat_map(|record| match &record.entry.content {
                Content::Facts { facts, .. } => facts.as_slice(),
                Content::Decisions { .. } | Content::Due { .. } => &[],
            });
            if let Some(customer) = facts.into_iter().find_map(|told| told.fact.customer()) {
                self.customers.insert(instance.clone(), customer.clone());
                return Ok(Owner::customer(customer));
            }
        }
        Ok(instance.clone())
    }
}

#[cfg(test)]
mod tests;
