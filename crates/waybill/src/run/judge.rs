//! An independent replay: the whole log folded once more, and held against the partners' books and the projection.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use engine::{Content, Folded, Journal, Key, Tail};
use fulfilment::{Fulfilment, LAYOUT, State};
use model::{Decision, End, Fact, OrderId, Timestamp};
use rust_decimal::Decimal;
use service::Connection;
use simulator::Books;
use simulator::books::Lines;
use visibility::queries::{DIGEST, DigestGet, Digests, MOST};

use crate::exit::Failure;
use crate::reach::{ask, broker};

/// Up to so many orders are folded in one pass over the log; more are folded slot by slot, so that memory stays
/// bounded whatever the scale.
const ONE_PASS: u64 = 20_000;
/// Entries folded at once.
const BURST: usize = 4_096;
/// How often a service that does not answer is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// Verdicts kept in words; beyond that they are only counted.
const MAX_WRONG: usize = 20;

/// What the log says when it is folded once more.
#[derive(Debug, Default)]
pub struct Replay {
    /// Orders in the log.
    pub orders: u64,
    /// Entries in the log.
    pub entries: u64,
    /// Orders that were closed.
    pub closed: u64,
    /// Orders that were cancelled.
    pub cancelled: u64,
    /// Orders with an open exception, by its kind.
    pub exceptions: HashMap<String, u64>,
    /// The orders' lines.
    pub lines: Lines,
    /// When the first order was released.
    pub first: Option<Timestamp>,
    /// When the last order was closed.
    pub last: Option<Timestamp>,
    /// Milliseconds from release to closed of every closed order.
    pub took: Vec<i64>,
    digests: HashMap<String, String>,
    /// What differs from the books, in words; at most `MAX_WRONG`.
    wrong: Vec<String>,
    /// How often something differs from the books.
    wrong_count: u64,
    first_wrong: Option<OrderId>,
}

/// Folds the whole log and holds every order against the books.
pub(super) async fn replay(js: &jetstream::Context, books: &Books) -> Result<Replay, Failure> {
    let mut replay = Replay::default();
    if books.released <= ONE_PASS {
        pass(js, &LAYOUT.all(), books, &mut replay).await?;
    } else {
        for slot in 0..engine::SLOTS {
            pass(js, &format!("{}.{slot}.*.*", LAYOUT.name), books, &mut replay).await?;
        }
    }
    Ok(replay)
}

async fn pass(js: &jetstream::Context, filter: &str, books: &Books, replay: &mut Replay) -> Result<(), Failure> {
    let read = |error: String| broker("read stream ORDERS", error);
    let stream = js.get_stream_no_info(LAYOUT.stream).await.map_err(|error| read(error.to_string()))?;
    // Nothing is under this filter when there is no last message.
    let Ok(end) = stream.get_last_raw_message_by_subject(filter).await else { return Ok(()) };
    let journal = Journal::<Fulfilment>::new(js.clone(), LAYOUT);
    let mut tail = Tail::open(js, LAYOUT.stream, filter, None).await.map_err(|error| read(error.to_string()))?;
    let mut orders: HashMap<Key, Order> = HashMap::new();
    let mut last = 0;
    while last < end.sequence {
        for message in tail.next_burst(BURST).await {
            last = message.sequence;
            replay.entries += 1;
            let entry = journal.decode(&message.subject, message.sequence, message.recorded, &message.payload);
            let (key, entry) = entry.map_err(|error| read(error.to_string()))?;
            let order = orders.entry(key.clone()).or_insert_with(|| Order::new(&key, entry.recorded));
            if ends(&entry.entry.content) {
                order.closed = Some(entry.recorded);
            }
            order.folded.apply(&entry);
        }
    }
    for (key, order) in orders {
        replay.judge(&key, &order, books)?;
    }
    Ok(())
}

fn ends<F>(content: &Content<F, Decision>) -> bool {
    match content {
        Content::Decisions { decisions, .. } => decisions.iter().any(|decision| matches!(decision, Decision::End(_))),
        Content::Facts { .. } | Content::Due { .. } => false,
    }
}

struct Order {
    folded: Folded<Fulfilment>,
    released: Timestamp,
    closed: Option<Timestamp>,
}

impl Order {
    fn new(key: &Key, released: Timestamp) -> Self {
        Self { folded: Folded::new(key), released, closed: None }
    }
}

impl Replay {
    /// What differs from the books, in words; nothing when every order ended where it must.
    #[must_use]
    pub fn verdicts(&self) -> Vec<String> {
        let mut words = self.wrong.clone();
        if self.wrong_count > 0 {
            words.push(format!("{} orders ended elsewhere than the partners' books say", self.wrong_count));
        }
        words
    }

    /// An order that ended elsewhere than the books say, if one did.
    #[must_use]
    pub const fn first_wrong(&self) -> Option<&OrderId> {
        self.first_wrong.as_ref()
    }

    fn judge(&mut self, key: &Key, order: &Order, books: &Books) -> Result<(), Failure> {
        let state = order.folded.state();
        self.orders += 1;
        self.first = Some(self.first.map_or(order.released, |first| first.min(order.released)));
        if let Some(closed) = order.closed {
            match state.ended() {
                Some(End::Cancelled) => self.cancelled += 1,
                Some(End::Closed) | None => self.closed += 1,
            }
            self.last = self.last.max(Some(closed));
            self.took.push(closed.as_millis() - order.released.as_millis());
        }
        self.count_lines(state);
        let exceptions: Vec<String> = state.exceptions().map(|exception| exception.kind.to_string()).collect();
        for exception in state.exceptions() {
            *self.exceptions.entry(exception.kind.as_str().to_owned()).or_default() += 1;
        }
        let verdict = match state.id() {
            Some(id) => books.verdict(id, state.ended(), &exceptions).and_then(|()| books.freight(id, billed(state))),
            None => Err(format!("the subject token {} names no order", key.token())),
        };
        if let Err(words) = verdict {
            self.wrong_count += 1;
            self.first_wrong = self.first_wrong.take().or_else(|| state.id().cloned());
            if self.wrong.len() < MAX_WRONG {
                self.wrong.push(words);
            }
        }
        let digest = visibility::look::order_digest(state, order.folded.seen());
        self.digests.insert(key.text(), digest.map_err(anyhow::Error::new)?);
        Ok(())
    }

    fn count_lines(&mut self, state: &State) {
        for line in state.lines() {
            self.lines.released += 1;
            self.lines.delivered += u64::from(!line.delivered.is_zero());
            self.lines.late += u64::from(line.late);
            self.lines.returned += u64::from(!line.returned.is_zero());
        }
    }
}

/// What carriers bill for an order, in whatever currency: of a bill that came more than once, the last.
#[must_use]
pub fn billed(state: &State) -> Decimal {
    let bills = state.facts().filter_map(|(id, held)| {
        let Fact::FreightInvoiced(bill) = &held.fact else { return None };
        Some(((&bill.shipment, &bill.number), (held.received, held.inbox, id), bill))
    });
    let mut last = BTreeMap::new();
    for (number, came, bill) in bills {
        let latest = last.entry(number).or_insert((came, bill));
        if came >= latest.0 {
            *latest = (came, bill);
        }
    }
    last.values().map(|(_, bill)| bill.total.amount).sum()
}

/// Holds the projection's digest of every order against the replay's. Returns what differs, in words.
pub(super) async fn compare(
    connection: &Connection,
    replay: &Replay,
    patience: Duration,
) -> Result<Vec<String>, Failure> {
    let mut wrong = Vec::new();
    let (mut seen, mut differing) = (0, 0_u64);
    let mut after = None;
    loop {
        let question = DigestGet { each: true, limit: Some(MOST), after };
        let page: Digests = patiently(connection, &question, patience).await?;
        for order in page.each {
            seen += 1;
            if replay.digests.get(&order.order) != Some(&order.digest) {
                differing += 1;
                if wrong.len() < MAX_WRONG {
                    wrong.push(format!("the projection of order {} is not what its trail says", order.order));
                }
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if seen != replay.orders {
        wrong.push(format!("the projection holds {seen} orders, the log {}", replay.orders));
    }
    if differing > wrong.len() as u64 {
        wrong.push(format!("{differing} orders differ in all"));
    }
    Ok(wrong)
}

/// A service that is started again answers in a moment.
async fn patiently(connection: &Connection, question: &DigestGet, patience: Duration) -> Result<Digests, Failure> {
    let begun = Instant::now();
    loop {
        match ask(connection, DIGEST, question).await {
            Err(Failure::Unreachable(_)) if begun.elapsed() < patience => tokio::time::sleep(ASK_AGAIN).await,
            answered => return answered,
        }
    }
}
