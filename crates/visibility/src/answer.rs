//! Answers queries as a NATS micro service.

use std::future::Future;
use std::sync::Arc;

use anyhow::anyhow;
use async_nats::service::{Request, Service, error::Error};
use bytes::Bytes;
use engine::Key;
use fulfilment::Stage;
use futures::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::Shutdown;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::look;
use crate::projection::Applied;
use crate::queries::{self, DigestGet, ExceptionList, Lag, OrderGet, OrderList, RebuildAsk, RebuildReply, StockList};
use crate::rebuilds::{Rebuilds, State};
use crate::status::Board;
use crate::updates::Updates;
use crate::view::{View, ViewError};

/// Questions answered at once, per kind of question.
const AT_ONCE: usize = 32;
/// The most characters of an error.
const MOST_TEXT: usize = 500;
/// The question is not one.
const BAD_REQUEST: usize = 400;
/// There is no such thing.
const NOT_FOUND: usize = 404;
/// The answer cannot be given.
const FAILED: usize = 500;
/// The answer cannot be given now.
const NOT_NOW: usize = 503;

/// Answers until told to end.
pub struct Answers {
    /// Where it looks things up.
    pub view: View,
    /// How far the projection is behind.
    pub lag: watch::Receiver<Lag>,
    /// How far the projection has come.
    pub applied: watch::Receiver<Applied>,
    /// How far statuses are put.
    pub board: Arc<Board>,
    /// How far customers are told.
    pub updates: Updates,
    /// Where a rebuild is asked for.
    pub rebuilds: Rebuilds,
}

impl Answers {
    /// Adds the endpoints to a service and answers until told to end.
    ///
    /// # Errors
    /// When NATS does not take a subscription.
    pub async fn run(self, service: Service, shutdown: Shutdown) -> anyhow::Result<()> {
        let all = Arc::new(self);
        let mut tasks = JoinSet::new();
        endpoint(&mut tasks, &service, "order-get", queries::ORDER_GET, &all, Self::order).await?;
        endpoint(&mut tasks, &service, "order-list", queries::ORDER_LIST, &all, Self::orders).await?;
        endpoint(&mut tasks, &service, "exception-list", queries::EXCEPTION_LIST, &all, Self::exceptions).await?;
        endpoint(&mut tasks, &service, "stock", queries::STOCK, &all, Self::stock).await?;
        endpoint(&mut tasks, &service, "digest", queries::DIGEST, &all, Self::digest).await?;
        endpoint(&mut tasks, &service, "lag", queries::LAG, &all, Self::lag).await?;
        // What is asked of one instance, where several run.
        let id = service.info().await.id;
        let own = |subject: &str| queries::of_instance(subject, &id);
        endpoint(&mut tasks, &service, "order-kept", &own(queries::ORDER_KEPT), &all, Self::kept).await?;
        endpoint(&mut tasks, &service, "stock-kept", &own(queries::STOCK), &all, Self::stock).await?;
        endpoint(&mut tasks, &service, "digest-kept", &own(queries::DIGEST), &all, Self::digest).await?;
        endpoint(&mut tasks, &service, "lag-kept", &own(queries::LAG), &all, Self::lag).await?;
        endpoint(&mut tasks, &service, "rebuild", &own(queries::REBUILD), &all, Self::rebuild).await?;
        shutdown.triggered().await;
        tasks.shutdown().await;
        // It says of itself no longer that it is there. When NATS is gone, nobody asks.
        let _ = service.stop().await;
        Ok(())
    }

    async fn order(self: Arc<Self>, body: Bytes) -> Result<Bytes, Error> {
        let OrderGet { order } = question(&body)?;
        model::OrderId::new(&order).map_err(|error| bad(format!("order {error}")))?;
        let key = Key::of(&order);
        let found = self.view.read(move |store| look::order(store, &key)).await.map_err(failed)?;
        answer(&found.ok_or_else(|| refusal(NOT_FOUND, &format!("nobody knows order {order}")))?)
    }

    async fn kept(self: Arc<Self>, body: Bytes) -> Result<Bytes, Error> {
        let OrderGet { order } = question(&body)?;
        model::OrderId::new(&order).map_err(|error| bad(format!("order {error}")))?;
        let key = Key::of(&order);
        let found = self.view.read(move |store| look::kept(store, &key)).await.map_err(failed)?;
        answer(&found.ok_or_else(|| refusal(NOT_FOUND, &format!("the projection does not hold order {order}")))?)
    }

    async fn rebuild(self: Arc<Self>, body: Bytes) -> Result<Bytes, Error> {
        let RebuildAsk { begin } = question(&body)?;
        if begin {
            // One that is not there now is being built.
            self.view.read(|_| Ok(())).await.map_err(failed)?;
            self.rebuilds.ask();
        }
        let Applied { totals, .. } = *self.applied.borrow();
        let State { begun, running, last, .. } = self.rebuilds.state();
        let (orders, entries, movements) = (totals.orders, totals.entries, totals.movements);
        answer(&RebuildReply { orders, entries, movements, begun, running, last })
    }

    async fn orders(self: Arc<Self>, body: Bytes) -> Result<Bytes, Error> {
        let list: OrderList = question(&body)?;
        let limit = look::limit(list.limit).map_err(bad)?;
        answer(&self.view.read(move |store| look::orders(store, &list, limit)).await.map_err(failed)?)
    }

    async fn exceptions(self: Arc<Self>, body: Bytes) -> Result<Bytes, Error> {
        let list: ExceptionList = question(&body)?;
        let limit = look::limit(list.limit).map_err(bad)?;
        answer(&self.view.read(move |store| look::exceptions(store, &list, limit)).await.map_err(failed)?)
    }

    async fn stock(self: Arc<Self>, body: Bytes) -> Result<Bytes, Error> {
        let list: StockList = question(&body)?;
        let limit = look::limit(list.limit).map_err(bad)?;
        answer(&self.view.read(move |store| look::stock(store, &list, limit)).await.map_err(failed)?)
    }

    async fn digest(self: Arc<Self>, body: Bytes) -> Result<Bytes, Error> {
        let DigestGet { each, limit, after } = question(&body)?;
        let page = if each { Some(look::limit(limit).map_err(bad)?) } else { None };
        let found = self.view.read(move |store| look::digests(store, after.as_deref(), page)).await;
        answer(&found.map_err(failed)?)
    }

    async fn lag(self: Arc<Self>, _: Bytes) -> Result<Bytes, Error> {
        let Applied { totals, .. } = *self.applied.borrow();
        answer(&Lag {
            stages: Stage::ALL.into_iter().zip(totals.stages).collect(),
            exceptions: totals.exceptional,
            orders: totals.orders,
            entries: totals.entries,
            movements: totals.movements,
            status_to: self.board.put_to(),
            told_to: self.updates.told_to(),
            ..self.lag.borrow().clone()
        })
    }
}

async fn endpoint<A, F>(
    tasks: &mut JoinSet<()>,
    service: &Service,
    name: &str,
    subject: &str,
    answers: &Arc<Answers>,
    act: A,
) -> anyhow::Result<()>
where
    A: Fn(Arc<Answers>, Bytes) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Bytes, Error>> + Send,
{
    let added = service.endpoint_builder().name(name).add(subject).await;
    let requests = added.map_err(|error| anyhow!("cannot answer on {subject}: {error}"))?;
    let answers = Arc::clone(answers);
    tasks.spawn(async move {
        let act = &act;
        let each = |request: Request| {
            let answers = Arc::clone(&answers);
            async move {
                let answer = act(answers, request.message.payload.clone()).await;
                if let Err(error) = request.respond(answer).await {
                    let apology = refusal(FAILED, &format!("the answer cannot be sent: {error}; ask for less"));
                    // Without a subject to reply to, nobody waits for it.
                    let _ = request.respond(Err(apology)).await;
                }
            }
        };
        requests.for_each_concurrent(AT_ONCE, each).await;
    });
    Ok(())
}

/// Reads a question; an empty one asks for everything that may be left out.
fn question<Q: DeserializeOwned>(body: &[u8]) -> Result<Q, Error> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| bad(format!("this is not the question: {error}")))
}

fn answer<A: Serialize>(answer: &A) -> Result<Bytes, Error> {
    let json = serde_json::to_vec(answer).map_err(|error| refusal(FAILED, &error.to_string()))?;
    Ok(json.into())
}

fn bad(status: String) -> Error {
    refusal(BAD_REQUEST, &status)
}

fn failed(error: ViewError) -> Error {
    let code = match error {
        ViewError::Absent => NOT_NOW,
        ViewError::Store(_) => FAILED,
    };
    refusal(code, &error.to_string())
}

/// An error that fits into a header: it may repeat what was asked, which may hold anything.
fn refusal(code: usize, text: &str) -> Error {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    Error { status: text.chars().take(MOST_TEXT).map(visible).collect(), code }
}
