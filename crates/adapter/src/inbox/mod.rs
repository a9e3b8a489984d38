//! The inbox: one consumer and one task for each partner, so that a partner that is slow or floods holds up nobody else.

mod again;
mod attend;
mod entry;
mod joined;
mod left;
mod partner;
mod read;
mod receipt;
mod replays;
mod route;
mod snapshot;
mod unmapped;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use futures::TryStreamExt;
use service::failure::in_one_line;
use service::{Shutdown, streams};
use tokio::task::JoinSet;

use crate::adapter::Adapter;
use crate::profiles::MOST_PARTNERS;
use crate::trouble::Trouble;
use attend::{Stretch, attend};
use partner::Partner;

pub use partner::durable;
pub use read::{Part, Reading, read};
pub use replays::Replays;
pub use unmapped::UnmappedCodes;

/// How often the inbox is looked at for partners that were not there before.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Serves every partner of the adapter's system until shutdown: those with a profile, and those that turn up in the
/// inbox without one.
pub async fn run(adapter: Arc<Adapter>, trouble: Arc<Trouble>, shutdown: Shutdown) -> anyhow::Result<()> {
    let (served, wrong, tasks) = (HashSet::new(), HashSet::new(), JoinSet::new());
    let mut changes = adapter.profiles.changes();
    let mut inbox = Inbox { adapter, trouble, shutdown, served, wrong, tasks };
    inbox.look_at_profiles().await;
    inbox.trouble.opened();
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let shutdown = inbox.shutdown.clone();
    loop {
        tokio::select! {
            biased;
            () = shutdown.triggered() => break,
            Some(ended) = inbox.tasks.join_next() => {
                // A partner's task ends at shutdown, or by a defect that must not go unseen.
                ended?;
            }
            // An error would mean that the sender is gone, and the adapter holds it.
            Ok(()) = changes.changed() => inbox.look_at_profiles().await,
            _ = looks.tick() => inbox.look().await,
        }
    }
    while let Some(ended) = inbox.tasks.join_next().await {
        ended?;
    }
    Ok(())
}

struct Inbox {
    adapter: Arc<Adapter>,
    trouble: Arc<Trouble>,
    shutdown: Shutdown,
    served: HashSet<Box<str>>,
    /// What is wrong with what was said of partners, as far as it is told.
    wrong: HashSet<String>,
    tasks: JoinSet<()>,
}

impl Inbox {
    /// Serves the partners that were given a profile since the last look, and says what is wrong with what was said of others.
    async fn look_at_profiles(&mut self) {
        let wrong = self.adapter.profiles.wrong();
        let what = |token: &str| format!("profile of partner {token}");
        let known: HashSet<String> = wrong.iter().map(|(token, _)| what(token)).collect();
        self.wrong.difference(&known).for_each(|gone| self.trouble.over(gone));
        wrong.into_iter().for_each(|(token, why)| self.trouble.has(what(&token), why, LOOK_EVERY));
        self.wrong = known;
        for token in self.adapter.profiles.tokens() {
            if !self.served.contains(&token) {
                self.serve(token).await;
            }
        }
    }

    /// Serves the partners that have turned up since the last look.
    async fn look(&mut self) {
        const WHAT: &str = "looking for partners in the inbox";
        self.trouble.forget_old();
        self.adapter.interchanges.write_waiting(&self.trouble).await;
        let tokens = match partners_in(&self.adapter.js, self.adapter.system.as_str()).await {
            Ok(tokens) => tokens,
            Err(error) => return self.trouble.has(WHAT.to_owned(), in_one_line(error.as_ref()), LOOK_EVERY),
        };
        self.trouble.over(WHAT);
        // A profile whose consumer could not be started is tried again too.
        self.look_at_profiles().await;
        for token in tokens {
            if !self.served.contains(&token) {
                self.serve(token).await;
            }
        }
    }

    /// Starts the consumer and the task of a partner.
    async fn serve(&mut self, token: Box<str>) {
        let partner = Partner::new(self.adapter.service, &token);
        let what = format!("partner {token}");
        if self.served.len() >= MOST_PARTNERS {
            let why = format!("is not served; one adapter serves at most {MOST_PARTNERS} partners");
            return self.trouble.has(what, why, LOOK_EVERY);
        }
        match Stretch::begin(&partner, &self.adapter, &self.shutdown).await {
            Ok(first) => {
                self.trouble.over(&what);
                tracing::info!(partner = %token, consumer = partner.durable, "serving");
                self.served.insert(token);
                let (adapter, trouble) = (Arc::clone(&self.adapter), Arc::clone(&self.trouble));
                let shutdown = self.shutdown.clone();
                self.tasks.spawn(async move { attend(&partner, &adapter, &trouble, &shutdown, first).await });
            }
            Err(error) => self.trouble.has(what, in_one_line(&error), LOOK_EVERY),
        }
    }
}

/// The subject tokens of all partners of a system that have messages in the inbox.
async fn partners_in(js: &jetstream::Context, system: &str) -> Result<HashSet<Box<str>>, async_nats::Error> {
    let stream = js.get_stream_no_info(streams::INBOX).await?;
    let mut subjects = stream.info_with_subjects(streams::inbox(system, "*", "*")).await?;
    let mut tokens = HashSet::new();
    while let Some((subject, _)) = subjects.try_next().await? {
        if let Some(token) = partner::token_of(&subject)
            && !tokens.contains(token)
        {
            tokens.insert(token.into());
        }
    }
    Ok(tokens)
}
