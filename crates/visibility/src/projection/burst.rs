//! What the tails hand to the projection: entries read once, in stream order, with how far they reach.

use bytes::Bytes;
use engine::{Checkpoint, Content, Entry, FactId, Journal, Key, Tailed, WorkflowRecord};
use fulfilment::Fulfilment;
use model::{Decision, Lane, Movement, Timestamp, token};

/// An entry of STOCK: an entry of facts, each a movement.
pub type StockEntry = Entry<Movement, Decision>;

/// Entries of one stream, in order, and how far they reach.
#[derive(Debug, Default)]
pub struct Burst {
    /// Entries of ORDERS.
    pub orders: Vec<OrderEntry>,
    /// Movements of STOCK.
    pub stock: Vec<StockItem>,
    /// How far ORDERS is read with this burst.
    pub orders_to: Option<Checkpoint>,
    /// How far STOCK is read with this burst.
    pub stock_to: Option<Checkpoint>,
    /// How many messages it was made of.
    pub messages: usize,
}

/// An entry of ORDERS.
#[derive(Debug, Clone)]
pub struct OrderEntry {
    /// The order.
    pub key: Key,
    /// The lane it was written in.
    pub lane: Lane,
    /// Its place in the stream.
    pub sequence: u64,
    /// When the broker took it in.
    pub recorded: Timestamp,
    /// What it says; `None` when nobody here can read it.
    pub record: Option<WorkflowRecord<Fulfilment>>,
    /// Its bytes; none when nobody here can read it.
    pub body: Bytes,
}

/// What a message of STOCK says.
#[derive(Debug, Clone)]
pub enum StockItem {
    /// A movement or count.
    Moved {
        /// The fact's id.
        fact: FactId,
        /// The movement.
        movement: Movement,
        /// Its place in the stream.
        sequence: u64,
    },
    /// Nobody here can read it; the balances of this SKU may miss something.
    Unreadable {
        /// The location's token.
        location: String,
        /// The SKU's token.
        sku: String,
        /// Its place in the stream.
        sequence: u64,
    },
}

/// A message nobody here can read, and why.
#[derive(Debug)]
pub struct Unread {
    /// The message.
    pub message: Tailed,
    /// Why it cannot be read, for people.
    pub why: String,
}

impl Burst {
    /// True when there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// Adds messages of ORDERS; those that cannot be read are also returned.
    pub fn add_orders(
        &mut self,
        journal: &Journal<Fulfilment>,
        messages: Vec<Tailed>,
        to: Option<Checkpoint>,
    ) -> Vec<Unread> {
        let mut unread = Vec::new();
        self.messages += messages.len();
        self.orders.reserve(messages.len());
        for message in messages {
            let Tailed { subject, sequence, recorded, payload } = &message;
            match journal.decode(subject, *sequence, *recorded, payload) {
                Ok((key, record)) => self.orders.extend(order_entry(key, record, payload.clone())),
                Err(error) => {
                    self.orders.extend(unreadable_entry(journal, &message));
                    unread.push(Unread { why: words(&error), message });
                }
            }
        }
        self.orders_to = to.or(self.orders_to.take());
        unread
    }

    /// Adds messages of STOCK; those that cannot be read are also returned.
    pub fn add_stock(&mut self, messages: Vec<Tailed>, to: Option<Checkpoint>) -> Vec<Unread> {
        let mut unread = Vec::new();
        self.messages += messages.len();
        for message in messages {
            match movements(&message) {
                Ok(movements) => self.stock.extend(movements),
                Err(why) => {
                    self.stock.extend(unreadable_stock(&message));
                    unread.push(Unread { message, why });
                }
            }
        }
        self.stock_to = to.or(self.stock_to.take());
        unread
    }
}

fn order_entry(key: Key, record: WorkflowRecord<Fulfilment>, body: Bytes) -> Option<OrderEntry> {
    // The layout's lanes are all lanes of the model, so there always is one.
    let lane = Lane::from_token(record.lane)?;
    Some(OrderEntry { key, lane, sequence: record.sequence, recorded: record.recorded, record: Some(record), body })
}

/// The order a message nobody can read is about; `None` when its subject names none.
fn unreadable_entry(journal: &Journal<Fulfilment>, message: &Tailed) -> Option<OrderEntry> {
    let (key, lane) = journal.layout().parse(&message.subject)?;
    let lane = Lane::from_token(lane)?;
    let Tailed { sequence, recorded, .. } = *message;
    Some(OrderEntry { key, lane, sequence, recorded, record: None, body: Bytes::new() })
}

fn movements(message: &Tailed) -> Result<Vec<StockItem>, String> {
    let entry: StockEntry = engine::codec::decode(&message.payload).map_err(|error| words(&error))?;
    let Content::Facts { facts, .. } = entry.content else {
        return Err("an entry of STOCK holds movements, and this one holds none".to_owned());
    };
    let (location, sku) = place(&message.subject).ok_or("its subject is not stock.<location>.<sku>")?;
    let strays = |movement: &Movement| {
        movement.location.token() != token::escape(&location) || movement.sku.token() != token::escape(&sku)
    };
    if let Some(stray) = facts.iter().find(|told| strays(&told.fact)) {
        let Movement { location, sku, .. } = &stray.fact;
        return Err(format!("it tells of {sku} at {location}, which its subject does not name"));
    }
    let sequence = message.sequence;
    Ok(facts.into_iter().map(|told| StockItem::Moved { fact: told.id, movement: told.fact, sequence }).collect())
}

fn unreadable_stock(message: &Tailed) -> Option<StockItem> {
    let (location, sku) = place(&message.subject)?;
    Some(StockItem::Unreadable { location, sku, sequence: message.sequence })
}

/// The location and SKU a subject names.
fn place(subject: &str) -> Option<(String, String)> {
    let mut tokens = subject.strip_prefix("stock.")?.split('.');
    let (location, sku) = (tokens.next()?, tokens.next()?);
    let read = |text| token::unescape(text).ok();
    tokens.next().is_none().then_some(())?;
    Some((read(location)?, read(sku)?))
}

/// An error and its causes, in one line.
fn words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
