//! Partners that are spared: those with a rate, and those that fail.
//!
//! Asks for any other partner go straight to it. Those for one that is spared go to stream `HELD`, under a subject of its
//! own, and are released from there in order, as its rate and its breaker allow. So nobody waits behind a partner that
//! is slow or away, and nothing that is held is in any process. Where something is held, what is asked later goes behind it.
//! What its order has no more use for when its turn comes is dropped.
//!
//! Each process has its own view of a partner, from the answers that all processes tell each other without guarantee, and
//! begins with that of who held something last. It decides only when an ask goes, never whether.

mod allowance;
mod answers;
mod breaker;
mod gauges;
mod held;
mod partner;
mod release;
mod repeats;
mod restrained;
mod run;
mod trail;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_nats::jetstream::{self, message::PublishMessage};
use model::System;
use partners::delivery::Delivery;
use service::metrics::Metrics;
use tokio::sync::Notify;

use crate::profiles::Profiles;
use crate::publish::NotPublished;
use gauges::Gauges;

pub use held::{LookError, Place};
pub use partner::{Partner, Way};
pub use restrained::{Restrained, restrained_subject};
pub use run::run;

/// The partners of one system.
pub struct Restraints {
    system: System,
    js: jetstream::Context,
    gauges: Gauges,
    partners: Mutex<HashMap<Box<str>, Arc<Partner>>>,
    /// The broker's word with which the asks of each workflow's stream were last delivered.
    pins: Mutex<HashMap<&'static str, String>>,
    /// One look at a time.
    looking: tokio::sync::Mutex<()>,
    /// There is something to release.
    wanted: Notify,
}

impl Restraints {
    /// All partners with a profile.
    pub fn new(system: System, profiles: &Profiles, js: jetstream::Context, metrics: &Metrics) -> Self {
        let gauges = Gauges::register(metrics);
        let partner = |token: &str| {
            let partner = Partner::new(token, rules_of(profiles, token), gauges.of(token));
            if profiles.is_off(token) {
                partner.follow(rules_of(profiles, token), true, Instant::now());
            }
            (token.into(), Arc::new(partner))
        };
        let partners = Mutex::new(profiles.tokens().iter().map(|token| partner(token)).collect());
        let (pins, looking, wanted) = (Mutex::default(), tokio::sync::Mutex::default(), Notify::new());
        Self { system, js, gauges, partners, pins, looking, wanted }
    }

    /// The partner with this token. One without a profile is not spared, but what was held while it had one is released.
    pub fn partner(&self, token: &str) -> Arc<Partner> {
        let mut partners = lock(&self.partners);
        if let Some(partner) = partners.get(token) {
            return Arc::clone(partner);
        }
        let partner = Arc::new(Partner::new(token, Delivery::default(), self.gauges.of(token)));
        partners.insert(token.into(), Arc::clone(&partner));
        partner
    }

    /// Spares a partner as its profile says that is in force, and sends it nothing while it is switched off.
    pub fn follow(&self, profiles: &Profiles, token: &str) {
        let is_known = lock(&self.partners).contains_key(token);
        if !is_known && !profiles.tokens().contains(token) {
            return;
        }
        self.partner(token).follow(rules_of(profiles, token), profiles.is_off(token), Instant::now());
    }

    /// Which way an ask for a partner goes.
    ///
    /// # Errors
    /// [`LookError`] when it is not known whether something is held, and the broker does not tell.
    pub async fn way(&self, partner: &Partner) -> Result<Way, LookError> {
        loop {
            if let Some(way) = partner.way(Instant::now()) {
                return Ok(way);
            }
            let _one = self.looking.lock().await;
            if partner.way(Instant::now()).is_none() {
                self.look().await?;
            }
        }
    }

    /// Puts a message behind those that are held for a partner.
    ///
    /// # Errors
    /// [`NotPublished`] when the broker does not take it in time.
    pub async fn hold(
        &self,
        partner: &Partner,
        name: &str,
        place: Place<'_>,
        message: PublishMessage,
    ) -> Result<(), NotPublished> {
        // Before, so that no look at the same time finds nothing; after, so that no later one does.
        partner.puts();
        let put =
            held::put(&self.js, self.system, &partner.token, name, place, partner.why_held(Instant::now()), message)
                .await;
        partner.puts();
        self.wanted.notify_one();
        put
    }

    /// Notes with which word of the broker an entry of asks was delivered. A new one means that another process was served
    /// in between, which may have put asks with those that are held.
    pub fn delivered_with(&self, stream: &'static str, message: &jetstream::Message) {
        let word = message.headers.as_ref().and_then(|headers| headers.get(async_nats::header::NATS_PIN_ID));
        let Some(word) = word.map(async_nats::HeaderValue::as_str) else { return };
        let mut pins = lock(&self.pins);
        if pins.get(stream).map(String::as_str) != Some(word) {
            pins.insert(stream, word.to_owned());
            lock(&self.partners).values().for_each(|partner| partner.forget_backlog());
        }
    }

    /// Looks how much is held for each partner.
    async fn look(&self) -> Result<(), LookError> {
        let before: Vec<(Arc<Partner>, u64)> = self
            .all()
            .into_iter()
            .map(|partner| {
                let puts = partner.put_so_far();
                (partner, puts)
            })
            .collect();
        let mut held = held::count(&self.js, self.system).await?;
        for (partner, puts) in before {
            let held = held.remove(&partner.token).unwrap_or(0);
            if held > 0
                && partner.is_new()
                && let Some(why) = held::why(&self.js, self.system, &partner.token).await?
            {
                partner.was_held(why, Instant::now());
            }
            partner.counted(held, puts);
        }
        for (token, held) in held {
            self.partner(&token).counted(held, 0);
        }
        Ok(())
    }

    fn all(&self) -> Vec<Arc<Partner>> {
        lock(&self.partners).values().map(Arc::clone).collect()
    }
}

fn rules_of(profiles: &Profiles, token: &str) -> Delivery {
    profiles.get(token).map_or_else(Delivery::default, |profile| profile.delivery)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
