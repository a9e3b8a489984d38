//! Puts the stage on a broker: a task for each partner, one that releases orders, one that publishes.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_nats::jetstream;
use async_nats::jetstream::consumer::DeliverPolicy;
use model::Timestamp;
use service::consume::{Bursts, Consume, ConsumeError};
use service::{Connection, Shutdown, streams};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use crate::books::Books;
use crate::faults::{Done, Level, Sent};
use crate::outlet::{Closed, Outlet, OutletError};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::scenario::Scenario;
use crate::stage::{Partner, Stage};
use crate::tpch::TpchError;
use crate::wire::Message;

/// Orders in flight when nobody says otherwise: enough to keep five services busy, and some 20 MB.
pub const IN_FLIGHT_ORDERS: u32 = 5_000;
/// Asks that a partner takes at once.
const BURST: usize = 256;
/// How often the time is looked at for loads that have waited too long.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Plans and opening messages read ahead of their publishing.
const READ_AHEAD: usize = 64;

/// How a scenario is played.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is played.
    pub scenario: Scenario,
    /// At most so many orders are released and not finished.
    pub in_flight: NonZeroU32,
    /// How much goes wrong.
    pub faults: Level,
}

/// Why a play ended before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// The input cannot be read.
    #[error(transparent)]
    Input(#[from] TpchError),
    /// A partner cannot read what it is asked.
    #[error(transparent)]
    Consume(#[from] ConsumeError),
    /// A message could not be published.
    #[error(transparent)]
    Publish(#[from] OutletError),
    /// A task ended in a way it never should.
    #[error("a partner has failed: {0}")]
    Task(#[from] JoinError),
    /// Somebody triggered the shutdown.
    #[error("stopped before the end")]
    Stopped,
}

/// A play on a broker. The partners answer until it is dropped or shut down, also orders that somebody else releases.
///
/// One play at a time on a broker: a second one would take the first one's asks. Order numbers that a scenario could have
/// given are taken to be its own, so somebody else's orders need other ones.
pub struct Play {
    shared: Arc<Shared>,
    scenario: Scenario,
    one_by_one: bool,
    js: jetstream::Context,
    outlet: Outlet,
    tasks: JoinSet<Result<(), PlayError>>,
    over: watch::Receiver<bool>,
    shutdown: Shutdown,
}

struct Shared {
    stage: Mutex<Stage>,
    progress: Arc<Progress>,
    in_flight: Semaphore,
    over: watch::Sender<bool>,
}

impl Shared {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        // A panic while an ask was acted on has lost that order only, and the verdict will show it.
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something on the stage, then tells who waits what changed.
    fn act<T>(&self, act: impl FnOnce(&mut Stage) -> T) -> T {
        let mut stage = self.stage();
        let before = stage.books().finished;
        let done = act(&mut stage);
        self.progress.note(stage.books());
        let finished = stage.books().finished - before;
        // At most one order finishes with each ask or release.
        self.in_flight.add_permits(usize::try_from(finished).unwrap_or(1));
        if stage.is_over() {
            self.over.send_replace(true);
        }
        done
    }

    /// Does something on the stage, and publishes what the partners say then.
    async fn say(&self, outlet: &Outlet, act: impl FnOnce(&mut Stage) -> Vec<Message>) -> Result<(), Closed> {
        let said: Vec<Sent> = self.act(|stage| {
            let said = act(stage);
            said.into_iter().flat_map(|message| stage.on_the_way(message)).collect()
        });
        for sent in said {
            outlet.send_after(sent).await?;
        }
        Ok(())
    }
}

impl Play {
    /// Takes the partners' places, and publishes master data and opening stock. Returns when the broker has them; Waybill
    /// may still be reading them. The streams must exist.
    ///
    /// # Errors
    /// When the input cannot be read, or the broker does not let the partners consume or publish.
    pub async fn start(connection: &Connection, settings: Settings, shutdown: Shutdown) -> Result<Self, PlayError> {
        let progress = Arc::new(Progress::default());
        let one_by_one = settings.in_flight == NonZeroU32::MIN;
        let (over_now, over) = watch::channel(false);
        let (outlet, publishing) = Outlet::new(connection.js.clone(), Arc::clone(&progress));
        let shared = Arc::new(Shared {
            stage: Mutex::new(Stage::with_faults(settings.scenario.clone(), settings.faults)),
            progress,
            in_flight: Semaphore::new(usize::try_from(settings.in_flight.get()).unwrap_or(Semaphore::MAX_PERMITS)),
            over: over_now,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(async { publishing.await.map_err(PlayError::from) });
        for partner in Partner::ALL {
            let asks = asks_for(partner).start(&connection.js, &shutdown).await?;
            tasks.spawn(answer(partner, asks, Arc::clone(&shared), outlet.clone()));
        }
        tasks.spawn(see_loads_off(Arc::clone(&shared), outlet.clone()));
        let js = connection.js.clone();
        let mut play = Self { shared, scenario: settings.scenario, one_by_one, js, outlet, tasks, over, shutdown };
        play.open().await?;
        Ok(play)
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.shared.progress)
    }

    /// The books so far.
    #[must_use]
    pub fn books(&self) -> Books {
        self.shared.stage().books().clone()
    }

    /// What went wrong so far, on purpose.
    #[must_use]
    pub fn faults(&self) -> Done {
        self.shared.stage().faults().done
    }

    /// Begins to release the orders, as fast as the bound on orders in flight allows.
    pub fn release_orders(&mut self) {
        let (sender, plans) = mpsc::channel(READ_AHEAD);
        let scenario = self.scenario.clone();
        let one_by_one = self.one_by_one;
        self.tasks.spawn_blocking(move || {
            for plan in scenario.plans()? {
                let mut plan = plan?;
                if one_by_one {
                    // Nobody would come to share it.
                    plan.load = None;
                }
                if sender.blocking_send(Some(plan)).is_err() {
                    return Ok(());
                }
            }
            // Who listens may have gone.
            let _ = sender.blocking_send(None);
            Ok(())
        });
        self.tasks.spawn(release(plans, Arc::clone(&self.shared), self.outlet.clone(), self.shutdown.clone()));
    }

    /// Waits until the partners have nothing left to do for any order and the broker has all they said. Afterwards they
    /// go on answering.
    ///
    /// # Errors
    /// When the input cannot be read, the broker refuses a message, or the shutdown is triggered.
    pub async fn finished(&mut self) -> Result<Books, PlayError> {
        let mut over = self.over.clone();
        let over = async move {
            // The sender lives as long as the play.
            let _ = over.wait_for(|over| *over).await;
        };
        self.unless_failed(over).await?;
        let outlet = self.outlet.clone();
        self.unless_failed(async move { outlet.flush().await }).await?.map_err(|Closed| PlayError::Stopped)?;
        Ok(self.books())
    }

    /// Takes the partners off the broker: they stop answering, and their consumers go.
    pub async fn end(mut self) {
        self.tasks.shutdown().await;
        let Ok(outbox) = self.js.get_stream_no_info(streams::OUTBOX).await else { return };
        for partner in Partner::ALL {
            let name = asks_for(partner).durable;
            if let Err(error) = outbox.delete_consumer(&name).await {
                tracing::debug!(name, %error, "a partner's consumer stays behind");
            }
        }
    }

    async fn open(&mut self) -> Result<(), PlayError> {
        let (sender, mut messages) = mpsc::channel(READ_AHEAD);
        let scenario = self.scenario.clone();
        let reading = tokio::task::spawn_blocking(move || {
            for message in scenario.opening()? {
                if sender.blocking_send(message?).is_err() {
                    break;
                }
            }
            Ok::<(), PlayError>(())
        });
        let outlet = self.outlet.clone();
        let publish = async move {
            while let Some(message) = messages.recv().await {
                outlet.send(message).await?;
            }
            outlet.flush().await
        };
        self.unless_failed(publish).await?.map_err(|Closed| PlayError::Stopped)?;
        reading.await?
    }

    /// Waits for something, unless a task fails or the shutdown is triggered before.
    async fn unless_failed<T>(&mut self, wait: impl Future<Output = T>) -> Result<T, PlayError> {
        tokio::pin!(wait);
        loop {
            tokio::select! {
                done = &mut wait => return Ok(done),
                () = self.shutdown.triggered() => return Err(PlayError::Stopped),
                Some(ended) = self.tasks.join_next() => ended??,
            }
        }
    }
}

/// What a partner is sent, from now on.
fn asks_for(partner: Partner) -> Consume {
    let subject = streams::outbox(partner.system().as_str(), partner.id(), "*");
    let consume = Consume::new(streams::OUTBOX, format!("sim-{}", partner.id())).only([subject]);
    Consume { deliver: DeliverPolicy::New, ..consume }
}

/// One partner: takes asks as they come and answers them.
async fn answer(partner: Partner, mut asks: Bursts, shared: Arc<Shared>, outlet: Outlet) -> Result<(), PlayError> {
    while let Some(burst) = asks.next_burst(BURST).await {
        for ask in burst {
            let name = ask.subject.rsplit('.').next().unwrap_or_default();
            let now = now();
            if let Err(Closed) = shared.say(&outlet, |stage| stage.on_ask(partner, name, &ask.payload, now)).await {
                return Ok(());
            }
            if let Err(error) = ask.ack().await {
                // It comes again and is answered again; nothing is done twice.
                tracing::debug!(partner = partner.id(), %error, "an ask was not acknowledged");
            }
        }
    }
    Ok(())
}

/// Loads that have waited too long for a shipment go without it.
async fn see_loads_off(shared: Arc<Shared>, outlet: Outlet) -> Result<(), PlayError> {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = now();
        if let Err(Closed) = shared.say(&outlet, |stage| stage.at(now)).await {
            return Ok(());
        }
    }
}

/// The ERP releases orders while there are not too many in flight, up to the `None` at their end. A channel that closes
/// without it means that the input could not be read to its end.
async fn release(
    mut plans: mpsc::Receiver<Option<Plan>>,
    shared: Arc<Shared>,
    outlet: Outlet,
    shutdown: Shutdown,
) -> Result<(), PlayError> {
    while let Some(plan) = plans.recv().await {
        let Some(plan) = plan else {
            shared.act(Stage::end_of_orders);
            break;
        };
        let room = tokio::select! {
            room = shared.in_flight.acquire() => room,
            () = shutdown.triggered() => return Ok(()),
        };
        match room {
            // Given back when the order is finished.
            Ok(room) => room.forget(),
            Err(_) => return Ok(()),
        }
        if let Err(Closed) = shared.say(&outlet, |stage| stage.release(plan)).await {
            return Ok(());
        }
    }
    Ok(())
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
