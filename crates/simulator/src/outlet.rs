//! Publishes the partners' messages to INBOX: in order but for those that are held back, many in flight, each until the
//! broker has it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::context::{PublishAckFuture, PublishError};
use async_nats::jetstream::message::PublishMessage;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use service::streams;
use tokio::sync::{mpsc, oneshot};

use crate::faults::Sent;
use crate::progress::Progress;
use crate::wire::Message;

/// Messages that wait to be sent; who adds more waits.
const WAITING: usize = 1_024;
/// Messages sent and not acknowledged. Fewer than the connection allows, so that other users of it get their turn.
const IN_FLIGHT: usize = 1_024;
/// Messages held back at once; who adds more waits.
const HELD: usize = 10_000;
/// How often a message is sent until the run fails.
const ATTEMPTS: u32 = 8;
/// Pauses between attempts, doubled each time: half a minute in all, so that a broker can restart meanwhile.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Where messages go in. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Outlet(mpsc::Sender<Command>);

#[derive(Debug)]
enum Command {
    Send(Sent),
    /// Say when all that came before is acknowledged.
    Flush(oneshot::Sender<()>),
}

/// Publishing has ended; the reason is what its task ended with.
#[derive(Debug, thiserror::Error)]
#[error("publishing has ended")]
pub(crate) struct Closed;

/// Why a message could not be published.
#[derive(Debug, thiserror::Error)]
#[error("cannot publish to {subject} after {ATTEMPTS} attempts: {source}; does stream INBOX exist, and may this user?")]
pub struct OutletError {
    /// Where to.
    pub subject: String,
    /// The client's words about the last attempt.
    pub source: PublishError,
}

impl Outlet {
    /// The outlet, and the work that must be run for it; that ends when the last clone is dropped.
    pub(crate) fn new(
        js: jetstream::Context,
        progress: Arc<Progress>,
    ) -> (Self, impl Future<Output = Result<(), OutletError>>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), publish(js, receiver, progress))
    }

    /// Hands a message over; waits while too many are waiting.
    pub(crate) async fn send(&self, message: Message) -> Result<(), Closed> {
        self.send_after(Sent { after: Duration::ZERO, message }).await
    }

    /// Hands a message over that is to be held back for a while.
    pub(crate) async fn send_after(&self, sent: Sent) -> Result<(), Closed> {
        self.0.send(Command::Send(sent)).await.map_err(|_| Closed)
    }

    /// Waits until the broker has all messages handed over before.
    pub(crate) async fn flush(&self) -> Result<(), Closed> {
        let (done, wait) = oneshot::channel();
        self.0.send(Command::Flush(done)).await.map_err(|_| Closed)?;
        wait.await.map_err(|_| Closed)
    }
}

async fn publish(
    js: jetstream::Context,
    mut commands: mpsc::Receiver<Command>,
    progress: Arc<Progress>,
) -> Result<(), OutletError> {
    let mut acks = FuturesUnordered::new();
    let mut held = FuturesUnordered::new();
    let mut flushes: Vec<oneshot::Sender<()>> = Vec::new();
    let mut is_closed = false;
    loop {
        if acks.is_empty() && held.is_empty() {
            // Who asked may have gone.
            for done in flushes.drain(..) {
                let _ = done.send(());
            }
            if is_closed {
                return Ok(());
            }
        }
        let letter = tokio::select! {
            Some(acknowledged) = acks.next(), if !acks.is_empty() => {
                acknowledged?;
                progress.published();
                continue;
            }
            Some(letter) = held.next(), if acks.len() < IN_FLIGHT => letter,
            command = commands.recv(), if !is_closed && acks.len() < IN_FLIGHT && held.len() < HELD => match command {
                Some(Command::Send(Sent { after, message })) if after.is_zero() => Letter::of(message),
                Some(Command::Send(Sent { after, message })) => {
                    held.push(async move {
                        tokio::time::sleep(after).await;
                        Letter::of(message)
                    });
                    continue;
                }
                Some(Command::Flush(done)) => {
                    flushes.push(done);
                    continue;
                }
                None => {
                    is_closed = true;
                    continue;
                }
            },
        };
        let sent = letter.send(&js).await;
        acks.push(letter.acknowledged(js.clone(), sent));
    }
}

/// A message with its address. Its bytes are shared by all attempts.
struct Letter {
    subject: String,
    id: String,
    body: bytes::Bytes,
}

impl Letter {
    fn of(message: Message) -> Self {
        Self {
            subject: streams::inbox(message.system.as_str(), message.partner, message.name),
            id: format!("{}/{}", message.partner, message.id),
            body: message.body.into(),
        }
    }

    async fn send(&self, js: &jetstream::Context) -> Result<PublishAckFuture, PublishError> {
        let message = PublishMessage::build().payload(self.body.clone()).message_id(&self.id);
        js.send_publish(self.subject.clone(), message).await
    }

    /// Waits for the acknowledgement, and sends again under the same id while there is none.
    async fn acknowledged(
        self,
        js: jetstream::Context,
        mut sent: Result<PublishAckFuture, PublishError>,
    ) -> Result<(), OutletError> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let acknowledged = match sent {
                Ok(sent) => sent.await.map(drop),
                Err(error) => Err(error),
            };
            match acknowledged {
                Ok(()) => break,
                Err(source) if attempt >= ATTEMPTS => return Err(OutletError { subject: self.subject, source }),
                Err(error) => tracing::warn!(subject = self.subject, attempt, %error, "publishing again"),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            sent = self.send(&js).await;
        }
        Ok(())
    }
}
