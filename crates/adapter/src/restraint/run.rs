//! What goes on beside the asks: looking what is held, releasing it, hearing of answers, and saying how things stand.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use async_nats::service::{Request, Service};
use bytes::Bytes;
use futures::StreamExt;
use model::{Answer, Outcome, PartnerId};
use service::Shutdown;
use service::failure::in_one_line;
use tokio::task::JoinSet;

use super::{Restrained, Restraints, answers, release, restrained_subject};
use crate::adapter::Adapter;
use crate::trouble::Trouble;

/// How often it is looked what is held, while something is and while nothing is: another process may hold something.
const LOOK_WHILE_HELD: Duration = Duration::from_secs(1);
const LOOK_WHILE_NOT: Duration = Duration::from_secs(5);
/// What is wrong when it is not known what is held.
const LOOKING: &str = "looking what is held";

/// Releases what is held, until shutdown.
///
/// # Errors
/// When NATS does not take a subscription.
pub async fn run(
    adapter: Arc<Adapter>,
    trouble: Arc<Trouble>,
    service: Service,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let heard = answers::subject(adapter.system, "*");
    let heard =
        adapter.js.client().subscribe(heard.clone()).await.map_err(|error| anyhow!("cannot hear {heard}: {error}"))?;
    let asked = restrained_subject(adapter.service);
    let questions = service.endpoint_builder().name("restrained").add(&asked).await;
    let questions = questions.map_err(|error| anyhow!("cannot answer on {asked}: {error}"))?;
    let (mut heard, mut questions) = (heard.fuse(), questions.fuse());
    let mut releases =
        Releases { adapter, trouble, shutdown: shutdown.clone(), served: HashSet::new(), tasks: JoinSet::new() };
    let mut look_at = tokio::time::Instant::now();
    loop {
        tokio::select! {
            biased;
            () = shutdown.triggered() => break,
            Some(message) = heard.next() => releases.hear(&message.subject, &message.payload),
            Some(question) = questions.next() => releases.answer(question).await,
            // A release ends at shutdown, or by a defect that must not go unseen.
            Some(ended) = releases.tasks.join_next() => ended?,
            () = releases.adapter.restraints.wanted.notified() => releases.begin().await,
            () = tokio::time::sleep_until(look_at) => {
                let pause = releases.look().await;
                look_at = tokio::time::Instant::now() + pause;
            }
        }
    }
    while let Some(ended) = releases.tasks.join_next().await {
        ended?;
    }
    Ok(())
}

struct Releases {
    adapter: Arc<Adapter>,
    trouble: Arc<Trouble>,
    shutdown: Shutdown,
    served: HashSet<Box<str>>,
    tasks: JoinSet<()>,
}

impl Releases {
    /// Looks what is held and has it released. Returns when to look again.
    async fn look(&mut self) -> Duration {
        let looked = self.adapter.restraints.look().await;
        match looked {
            Ok(()) => self.trouble.over(LOOKING),
            Err(error) => self.trouble.has(LOOKING.to_owned(), in_one_line(&error), LOOK_WHILE_NOT),
        }
        self.begin().await;
        let now = Instant::now();
        let held = self.adapter.restraints.all().iter().any(|partner| partner.look(now).is_behind);
        if held { LOOK_WHILE_HELD } else { LOOK_WHILE_NOT }
    }

    /// Begins to release for the partners for which that has not begun.
    async fn begin(&mut self) {
        for partner in self.adapter.restraints.all() {
            if self.served.contains(&partner.token) || !partner.is_to_be_released() {
                continue;
            }
            let what = format!("releasing what is held for {}", partner.token);
            match release::open(&self.adapter, &partner, &self.shutdown).await {
                Ok(bursts) => {
                    self.trouble.over(&what);
                    self.served.insert(partner.token.clone());
                    let (adapter, trouble) = (Arc::clone(&self.adapter), Arc::clone(&self.trouble));
                    let shutdown = self.shutdown.clone();
                    self.tasks.spawn(async move {
                        release::release(&adapter, &partner, &trouble, shutdown, bursts).await;
                    });
                }
                Err(error) => self.trouble.has(what, in_one_line(&error), LOOK_WHILE_NOT),
            }
        }
    }

    fn hear(&self, subject: &str, payload: &[u8]) {
        if let Some(token) = subject.rsplit('.').next() {
            answers::hear(&self.adapter.restraints.partner(token), payload);
        }
    }

    async fn answer(&self, question: Request) {
        let now = Instant::now();
        let partners = self.adapter.restraints.all();
        let mut restrained: Vec<Restrained> =
            partners.iter().filter_map(|partner| Restrained::of(partner, now)).collect();
        restrained.sort_by(|left, right| left.partner.cmp(&right.partner));
        // A list of plain values always has a JSON form.
        let answer = Bytes::from(serde_json::to_vec(&restrained).unwrap_or_default());
        if let Err(error) = question.respond(Ok(answer)).await {
            tracing::debug!(%error, "an answer was not sent");
        }
    }
}

impl Restraints {
    /// A partner has answered an ask, as this process was told.
    pub async fn answered(&self, partner: &PartnerId, answer: &Answer) {
        let token = partner.token();
        let failed = match answer.outcome {
            Outcome::Failed { .. } => true,
            Outcome::Accepted | Outcome::Refused { .. } => false,
        };
        if self.partner(&token).answered(answer.ask.as_str(), failed, Instant::now()) {
            answers::tell(&self.js.client(), self.system, &token, answer.ask.as_str(), failed).await;
        }
    }
}
