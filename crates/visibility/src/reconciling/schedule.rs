//! Reconciliation by the clock: all is held against each other once in a while, what became of each discrepancy is recorded, people
//! are alerted of what is new, and what the policy names is healed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use engine::{Content, EntryId, FactId, Journal, Key, Operator, Source, Told, WorkflowEntry};
use fulfilment::{Fulfilment, LAYOUT};
use model::{Fact, Lane, Timestamp};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use reconcile::{Change, Discrepancy, Kind, Policy, Run, Standing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service::metrics::Metrics;
use service::{Shutdown, streams};

use super::{CutOff, Filter, History, MOST_BYTES, Plan, reconcile};

/// The longest it sleeps before it looks whether it is time: clocks are set, and other processes reconcile too.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// How long to wait before what failed is tried again.
const PAUSE: Duration = Duration::from_secs(300);
/// How many discrepancies an alert shows.
const SHOWN: usize = 10;
/// The last token of the subject that new discrepancies are alerted under.
const ALERT: &str = "discrepancies";

/// Reconciles by the clock for as long as the service runs.
pub(crate) struct Schedule {
    js: jetstream::Context,
    policy: Policy,
    every: Duration,
    gauges: Gauges,
}

/// What is alerted when there are new discrepancies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// The time of the cut-off.
    pub as_of: Timestamp,
    /// How many are new or say something else, by kind.
    pub new: BTreeMap<Kind, u64>,
    /// How many stand that nobody takes as they are.
    pub standing: u64,
    /// The first of those that are new.
    pub first: Vec<Discrepancy>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

#[derive(Debug, Clone, Default)]
struct Gauges {
    standing: Family<ByKind, Gauge>,
    last: Gauge,
}

impl Schedule {
    /// A schedule that was not kept yet.
    pub fn new(js: jetstream::Context, policy: Policy, every: Duration, metrics: &Metrics) -> Self {
        let gauges = Gauges::default();
        let words = "Discrepancies that stand and that nobody takes as they are, by kind";
        metrics.register("discrepancies", words, gauges.standing.clone());
        let words = "When all was last held against each other, in seconds since 1970";
        metrics.register("reconciled_at", words, gauges.last.clone());
        Self { js, policy, every, gauges }
    }

    /// Keeps the schedule until told to end.
    pub async fn run(self, shutdown: Shutdown) -> anyhow::Result<()> {
        let work = async {
            loop {
                let pause = match self.turn().await {
                    Ok(next) => next.min(LONGEST),
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::warn!(error, "cannot reconcile; trying again in {}s", PAUSE.as_secs());
                        PAUSE
                    }
                };
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            () = shutdown.triggered() => {}
            () = work => {}
        }
        Ok(())
    }

    /// Reconciles, if it is time and no other process of this service did; returns how long it is until the next time.
    async fn turn(&self) -> anyhow::Result<Duration> {
        let now = now();
        let mut history = History::read(&self.js).await?;
        let every = i64::try_from(self.every.as_millis()).unwrap_or(i64::MAX);
        let next = history.last_run().map(|run| run.as_of.plus_millis(every).as_millis() - now.as_millis());
        if let Some(next @ 1..) = next {
            self.gauges.show(history.standing(), history.last_run());
            return Ok(Duration::from_millis(next.unsigned_abs()));
        }
        let began = Instant::now();
        let cut_off = CutOff::End(now);
        let plan = Plan { policy: self.policy.clone(), filter: Filter::default(), cut_off, most_bytes: MOST_BYTES };
        let found = reconcile(&self.js, &plan, |_, _| ()).await?;
        for gap in &found.gaps {
            tracing::error!(from = gap.from, to = gap.to, "ORDERS lacks entries: restore it from a replica");
        }
        // Those beyond the most that are named may be among those that stand.
        let is_all = found.beyond == 0;
        let changes = history.standing().changes(&found.discrepancies, |_| is_all);
        let recorded = history.record(changes, now).await?;
        let new: Vec<&Discrepancy> = recorded.iter().filter_map(found_in).collect();
        let run = Run {
            as_of: now,
            sequence: found.sequence,
            orders: found.orders,
            found: found.discrepancies.len() as u64 + found.beyond,
            new: new.len() as u64,
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        tracing::info!(orders = run.orders, found = run.found, new = run.new, took_ms = run.took_ms, "reconciled");
        if !new.is_empty() {
            self.alert(now, &new, history.standing()).await?;
        }
        history.record_run(run).await?;
        self.heal(&mut history, now).await?;
        self.gauges.show(history.standing(), history.last_run());
        Ok(self.every)
    }

    async fn alert(&self, as_of: Timestamp, new: &[&Discrepancy], standing: &Standing) -> anyhow::Result<()> {
        let mut by_kind = BTreeMap::new();
        new.iter().for_each(|one| *by_kind.entry(one.kind).or_default() += 1);
        let open = standing.iter().filter(|stands| stands.accepted.is_none()).count() as u64;
        let first = new.iter().take(SHOWN).map(|one| (*one).clone()).collect();
        let alert = Alert { as_of, new: by_kind, standing: open, first };
        let json = serde_json::to_vec(&alert)?;
        self.js.publish(streams::alert(ALERT), json.into()).await?.await?;
        Ok(())
    }

    /// Enters the remedies that the policy has entered by itself, each once for what it says.
    async fn heal(&self, history: &mut History, now: Timestamp) -> anyhow::Result<()> {
        let journal = Journal::<Fulfilment>::new(self.js.clone(), LAYOUT);
        let is_due = |stands: &&reconcile::Stands| {
            let one = &stands.discrepancy;
            let is_open = stands.healed.is_none() && stands.accepted.is_none();
            is_open && one.remedy.is_safe() && self.policy.heal.auto.contains(&one.kind)
        };
        let due: Vec<Discrepancy> =
            history.standing().iter().filter(is_due).map(|stands| stands.discrepancy.clone()).collect();
        for one in due {
            let (Some(order), Some(fact)) = (one.about.order(), one.remedy.fact()) else { continue };
            let entry = entry(&one, fact, now);
            let sequence = journal.append(&Key::of(order.as_str()), Lane::Ops.as_str(), &entry).await?;
            tracing::info!(%order, kind = %one.kind, sequence, "healed by policy: {}", one.remedy.words());
            let (kind, about, remedy) = (one.kind, one.about.clone(), one.remedy.words());
            let Operator { who, why } = by_policy(kind);
            history.record(vec![Change::Healed { kind, about, remedy, who, why }], now).await?;
        }
        Ok(())
    }
}

impl Gauges {
    fn show(&self, standing: &Standing, last: Option<&Run>) {
        let mut by_kind: BTreeMap<Kind, i64> = Kind::ALL.into_iter().map(|kind| (kind, 0)).collect();
        for stands in standing.iter().filter(|stands| stands.accepted.is_none()) {
            *by_kind.entry(stands.discrepancy.kind).or_default() += 1;
        }
        for (kind, number) in by_kind {
            self.standing.get_or_create(&ByKind { kind: kind.as_str() }).set(number);
        }
        self.last.set(last.map_or(0, |run| run.as_of.as_millis() / 1_000));
    }
}

fn found_in(change: &Change) -> Option<&Discrepancy> {
    match change {
        Change::Found(found) => Some(found),
        Change::Healed { .. } | Change::Accepted { .. } | Change::Gone { .. } => None,
    }
}

/// In whose name the policy acts.
fn by_policy(kind: Kind) -> Operator {
    Operator { who: "reconciliation policy".to_owned(), why: format!("[heal] auto names {kind}") }
}

/// The entry that heals a discrepancy: the same however often it is made for what it says.
fn entry(one: &Discrepancy, fact: Fact, received: Timestamp) -> WorkflowEntry<Fulfilment> {
    let parts = [one.id(), one.one.says.clone(), one.other.says.clone(), one.since.to_string()];
    let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    let source = Source { operator: Some(by_policy(one.kind)), ..Source::service(crate::ABOUT.name, received) };
    let facts = vec![Told { id: FactId::of(&parts), fact }];
    engine::Entry { id: EntryId::of(&parts), content: Content::Facts { source, facts } }
}

fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}
