//! `waybill projection verify`: the projection against a fold of the streams that owes nothing to it.

use engine::Key;
use fulfilment::LAYOUT;
use model::OrderId;
use serde::Serialize;
use serde_json::Value;
use service::Connection;
use service::settings::NatsSettings;
use visibility::queries::{DIGEST, DigestGet, Digests, MOST, OrderDigest, of_instance};
use visibility::reconciling::ReconcileError;
use visibility::verifying::Verifier;

use super::instances::InstanceArgs;
use super::sides::{Sides, reached, sides};
use super::stock::{self, Stock};
use super::tree::Difference;
use crate::bar::bar;
use crate::exit::{Failure, Verdict, in_full};
use crate::order::order_id;
use crate::output::Output;
use crate::reach::{self, broker};
use crate::text::{NOTHING, bad, count, line};

pub(super) const HELP: &str = "\
It reads the streams themselves, up to where the service has folded them, while all goes on: each order whole, in bounded memory, some \
50 bytes for each of two million orders at most; then the balances of stock, for which it needs as much room in the folder that TMPDIR \
names as `waybill stock show --as-of`. Named orders are looked at alone.

Ends with 0 when it is equal, with 1 when something differs, or cannot be verified because it cannot be read.";

/// The most orders that are named with what differs.
const MOST_NAMED: usize = 1_000;
/// The most characters of a value that are shown to people.
const MOST_SHOWN: usize = 60;

/// What to verify.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this order, and no stock; may be repeated
    #[arg(long = "order", value_name = "ORDER", value_parser = order_id)]
    orders: Vec<OrderId>,
    #[command(flatten)]
    instances: InstanceArgs,
}

/// What was verified.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub instances: Vec<Verified>,
}

/// What was verified of one instance.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Verified {
    /// Its id.
    pub instance: String,
    /// How many orders were looked at.
    pub orders: u64,
    /// The digest over what the projection states of all of them; of named ones there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Those that differ, the first thousand by number.
    pub differs: Vec<Order>,
    /// How many more were not looked at closely, or not named.
    pub beyond: u64,
    /// How many have entries that have left the stream: the log alone does not say what they are.
    pub aged: u64,
    /// Entries that cannot be read here, in words.
    pub unreadable: Vec<String>,
    /// The balances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<Stock>,
}

/// An order that differs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Order {
    /// Its number.
    pub order: String,
    /// The last entry that was folded for it.
    pub sequence: u64,
    /// Where it differs.
    pub differs: Vec<Difference>,
}

impl Verified {
    fn is_equal(&self) -> bool {
        let stock = self.stock.as_ref().is_none_or(|stock| stock.differs.is_empty());
        self.differs.is_empty() && self.beyond == 0 && self.unreadable.is_empty() && stock
    }
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let mut instances = Vec::new();
    for instance in args.instances.found(&connection).await? {
        let mut verified = verified(&connection, instance, &args.orders).await?;
        if args.orders.is_empty() {
            verified.stock = Some(stock::verified(&connection, &verified.instance).await?);
        }
        instances.push(verified);
    }
    let is_equal = instances.iter().all(Verified::is_equal);
    output.show(&Shown { instances }, render)?;
    Ok(if is_equal { Verdict::Fine } else { Verdict::Wrong })
}

/// The orders of every instance that runs, for those who look at more than that.
pub(crate) async fn all(connection: &Connection, orders: &[OrderId]) -> Result<Vec<Verified>, Failure> {
    let mut all = Vec::new();
    for instance in InstanceArgs::default().found(connection).await? {
        all.push(verified(connection, instance, orders).await?);
    }
    Ok(all)
}

/// Verifies the orders that are named, or all of them.
pub(super) async fn verified(
    connection: &Connection,
    instance: String,
    named: &[OrderId],
) -> Result<Verified, Failure> {
    let first = reach::stream(&connection.js, LAYOUT.stream).await?.cached_info().state.first_sequence;
    let mut found = Verified { instance, ..Verified::default() };
    if !named.is_empty() {
        found.orders = named.len() as u64;
        for order in named {
            look_at(connection, first, &Key::of(order.as_str()), &mut found, true).await?;
        }
        return Ok(found);
    }
    // Before it states anything: all up to here must be in what it states.
    let until = reached(connection, &found.instance).await?;
    let mut verifier = Verifier::default();
    each(connection, &found.instance, |order| {
        verifier.state(order).map_err(|error| Failure::Refused(error.to_string()))
    })
    .await?;
    let bar = bar(0);
    let read = verifier.read(&connection.js, until, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    read.await.map_err(failed)?;
    bar.finish_and_clear();
    if verifier.lacks_any() {
        each(connection, &found.instance, |order| {
            verifier.note_if_lacking(order);
            Ok(())
        })
        .await?;
    }
    found.orders = verifier.orders();
    found.digest = Some(verifier.total());
    found.unreadable =
        verifier.unreadable().iter().map(|entry| format!("entry {entry} of {}", LAYOUT.stream)).collect();
    let (suspects, beyond) = verifier.suspects();
    found.beyond = beyond;
    for key in suspects {
        look_at(connection, first, key, &mut found, false).await?;
    }
    Ok(found)
}

/// What the projection states of each order, page by page.
async fn each(
    connection: &Connection,
    instance: &str,
    mut take: impl FnMut(&OrderDigest) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut question = DigestGet { each: true, limit: Some(MOST), after: None };
    loop {
        let page: Digests = reach::ask(connection, &of_instance(DIGEST, instance), &question).await?;
        page.each.iter().try_for_each(&mut take)?;
        match page.next {
            Some(next) => question.after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn look_at(
    connection: &Connection,
    first: u64,
    key: &Key,
    found: &mut Verified,
    is_named: bool,
) -> Result<(), Failure> {
    match sides(connection, &found.instance, first, key).await? {
        Sides::Compared(differs, _) if differs.is_empty() => {}
        Sides::Compared(..) if found.differs.len() == MOST_NAMED => found.beyond += 1,
        Sides::Compared(differs, sequence) => found.differs.push(Order { order: key.text(), sequence, differs }),
        Sides::Aged => found.aged += 1,
        Sides::Unreadable(words) => found.unreadable.push(words),
        Sides::Unknown if is_named => return Err(Failure::NotFound(format!("nobody knows order {}", key.text()))),
        Sides::Unknown => {}
    }
    Ok(())
}

fn failed(error: ReconcileError) -> Failure {
    match error {
        ReconcileError::Broker { stream, source } => broker(&format!("read stream {stream}"), source),
        ReconcileError::Snapshots(_)
        | ReconcileError::Tail(_)
        | ReconcileError::Read(_)
        | ReconcileError::CutOff { .. } => Failure::Unreachable(in_full(&anyhow::Error::new(error))),
    }
}

/// What stands somewhere, for people.
pub(super) fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => return NOTHING.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    match text.char_indices().nth(MOST_SHOWN) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

pub(super) fn render(found: &Shown) -> String {
    let mut text = String::new();
    for verified in &found.instances {
        let (instance, orders) = (&verified.instance, count(verified.orders, "order"));
        if verified.is_equal() {
            line(&mut text, format!("instance {instance}: {orders}, equal to what the log says"));
        } else {
            line(&mut text, bad(&format!("instance {instance}: {orders}, not equal to what the log says")));
        }
        if let Some(digest) = &verified.digest {
            line(&mut text, format!("  digest {digest}"));
        }
        orders_in(verified, &mut text);
        if let Some(stock) = &verified.stock {
            stock_in(stock, &mut text);
        }
    }
    text
}

fn orders_in(verified: &Verified, text: &mut String) {
    let Verified { differs, beyond, aged, unreadable, .. } = verified;
    if let Some(first) = differs.first() {
        line(
            text,
            format!(
                "  {} differ; the first, by its entries up to {}:",
                count(differs.len() as u64, "order"),
                first.sequence
            ),
        );
        differing(&format!("order {}", first.order), &first.differs, text);
        line(text, "  `waybill projection diff ORDER` shows all of one, `waybill projection rebuild` heals it");
    }
    if *beyond > 0 {
        line(text, format!("  {beyond} more differ, or were not looked at"));
    }
    if *aged > 0 {
        line(text, format!("  {aged} cannot be folded anew: entries of theirs have left the stream by age"));
    }
    for words in unreadable {
        line(text, format!("  cannot be read here: {words}"));
    }
}

fn stock_in(stock: &Stock, text: &mut String) {
    if let Some(skipped) = stock.skipped {
        line(text, format!("  stock is not verified: {skipped}"));
        return;
    }
    line(text, format!("  {} of stock", count(stock.balances, "balance")));
    if let Some(first) = stock.differs.first() {
        line(text, format!("  {} differ; the first:", count(stock.differs.len() as u64, "balance")));
        differing(&first.balance, &first.differs, text);
    }
    if stock.moving > 0 {
        line(text, format!("  {} moved while they were looked at; ask again", count(stock.moving, "balance")));
    }
}

/// The first field that differs.
fn differing(of: &str, differs: &[Difference], text: &mut String) {
    let Some(Difference { path, holds, should }) = differs.first() else { return };
    let (holds, should) = (shown(holds.as_ref()), shown(should.as_ref()));
    line(text, format!("  {of}, {path}: the projection holds {holds}, the log says {should}"));
}
