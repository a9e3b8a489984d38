//! What all parts of one adapter work with.

use async_nats::jetstream::{self, kv::Store};
use engine::EntryId;
use model::System;
use privacy::KeysError;
use quick_cache::sync::Cache;
use service::Host;
use service::metrics::Metrics;

use crate::bucket::BucketError;
use crate::inbox::{Replays, UnmappedCodes};
use crate::interchanges::Interchanges;
use crate::master::Master;
use crate::patience;
use crate::persons::Persons;
use crate::profiles::Profiles;
use crate::restraint::Restraints;
use crate::settings::Settings;
use crate::workflows::{WORKFLOWS, Workflows};
use crate::xref::Xrefs;

/// How many entries are remembered as appended while the rest of their message waits.
const REMEMBERED: usize = 16_384;

/// What all parts of one adapter work with.
pub struct Adapter {
    /// The kind of system it serves.
    pub system: System,
    /// Its own name.
    pub service: &'static str,
    /// The broker's streams.
    pub js: jetstream::Context,
    /// The orders, and the instances of every other workflow.
    pub workflows: Workflows,
    /// Its partners' profiles.
    pub profiles: Profiles,
    /// Which of its partners are spared.
    pub restraints: Restraints,
    /// What its partners' references mean.
    pub xrefs: Xrefs,
    /// How its partners number their interchanges.
    pub interchanges: Interchanges,
    /// Messages that are read again.
    pub replays: Replays,
    /// The keys that seal what is about a person.
    pub persons: Persons,
    /// The master data: the ERP's adapter keeps them, the warehouses' looks up who runs a location.
    pub master: Option<Master>,
    /// What it counts.
    pub metrics: Metrics,
    /// How many codes nobody has mapped.
    pub unmapped: UnmappedCodes,
    /// How often a message is tried whose reference nobody knows.
    pub tries: u64,
    /// How many messages are worked on at once, for each partner and for the asks.
    pub in_flight: usize,
    taken: Cache<EntryId, ()>,
}

/// A bucket is not there.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// One of those that every adapter reads.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// That of the keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// The buckets of one adapter.
pub struct Buckets {
    xrefs: Xrefs,
    master: Option<Master>,
    interchanges: Store,
    persons: Persons,
}

impl Buckets {
    /// Opens the buckets that an adapter of this system needs.
    ///
    /// # Errors
    /// [`OpenError`] when a bucket is not there.
    pub async fn open(js: &jetstream::Context, system: System) -> Result<Self, OpenError> {
        let master = match system {
            System::Erp | System::Wms => Some(Master::open(js).await?),
            System::Tms | System::View => None,
        };
        let (xrefs, interchanges) = (Xrefs::open(js, system).await?, Interchanges::open(js).await?);
        Ok(Self { xrefs, master, interchanges, persons: Persons::open(js).await? })
    }
}

impl Adapter {
    /// Takes up an adapter's work.
    pub fn new(system: System, profiles: Profiles, buckets: Buckets, settings: &Settings, host: &Host) -> Self {
        let js = host.connection.js.clone();
        Self {
            system,
            service: host.about.name,
            workflows: Workflows::new(&js, WORKFLOWS),
            restraints: Restraints::new(system, &profiles, js.clone(), &host.metrics),
            profiles,
            xrefs: buckets.xrefs,
            interchanges: Interchanges::new(system, buckets.interchanges, &host.metrics),
            replays: Replays::default(),
            persons: buckets.persons,
            master: buckets.master,
            metrics: host.metrics.clone(),
            unmapped: UnmappedCodes::register(&host.metrics),
            tries: patience::tries_within(settings.patience),
            in_flight: usize::try_from(settings.in_flight).unwrap_or(1).max(1),
            taken: Cache::new(REMEMBERED),
            js,
        }
    }

    /// Remembers entries the broker has, because their message will come again for another part of it. Without this a
    /// message with one unknown reference would append all its other entries at each try.
    pub fn remember_taken(&self, entries: impl IntoIterator<Item = EntryId>) {
        entries.into_iter().for_each(|entry| self.taken.insert(entry, ()));
    }

    /// Whether the broker has an entry, as far as this process remembers.
    pub fn has_taken(&self, entry: EntryId) -> bool {
        self.taken.get(&entry).is_some()
    }
}
