//! Balances of stock as a projection holds them, against those that the streams come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use service::Connection;
use visibility::past::{Past, PastStock, StockError, stock};
use visibility::queries::{MOST, STOCK, StockBalance, StockList, StockPage, of_instance};

use super::tree::{Difference, differences};
use crate::bar::bar;
use crate::exit::{Failure, in_full};
use crate::reach;

/// The most balances that are verified.
const MOST_BALANCES: usize = 1_000_000;
/// The most that are named.
const MOST_NAMED: usize = 1_000;

/// How the balances stand.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Stock {
    /// How many the projection holds.
    pub balances: u64,
    /// Those that differ, the first thousand by location and SKU.
    pub differs: Vec<Balance>,
    /// How many moved while they were looked at, each time: nothing is said of them.
    pub moving: u64,
    /// Why they were not looked at, if they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<&'static str>,
}

/// A balance that differs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Balance {
    /// Its location, SKU and unit.
    pub balance: String,
    /// Where it differs.
    pub differs: Vec<Difference>,
}

/// Balances by location, SKU and unit.
type Balances = BTreeMap<String, StockBalance>;

/// Folds the streams, asks, and where something differs folds once more: what says the same before and after cannot have been
/// moved in between.
pub(super) async fn verified(connection: &Connection, instance: &str) -> Result<Stock, Failure> {
    let Some(before) = folded(connection).await? else {
        let skipped = Some("the streams have lost their oldest end by age, so the balances cannot be summed up anew");
        return Ok(Stock { skipped, ..Stock::default() });
    };
    let holds = held(connection, instance).await?;
    let mut found = Stock { balances: holds.len() as u64, ..Stock::default() };
    if before == holds {
        return Ok(found);
    }
    let after = folded(connection).await?.unwrap_or_default();
    for name in names(&before, &holds) {
        let (one, other, held) = (before.get(&name), after.get(&name), holds.get(&name));
        if held == one || held == other {
            continue;
        }
        if one != other {
            found.moving += 1;
        } else if found.differs.len() < MOST_NAMED {
            let tree = |side: Option<&StockBalance>| serde_json::to_value(side).map_err(anyhow::Error::new);
            found.differs.push(Balance { balance: name, differs: differences(&tree(held)?, &tree(one)?) });
        }
    }
    Ok(found)
}

fn names(one: &Balances, other: &Balances) -> Vec<String> {
    let mut names: Vec<String> = one.keys().chain(other.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names
}

/// What the projection holds.
async fn held(connection: &Connection, instance: &str) -> Result<Balances, Failure> {
    let mut question = StockList { limit: Some(MOST), ..StockList::default() };
    let mut balances = Balances::new();
    loop {
        let page: StockPage = reach::ask(connection, &of_instance(STOCK, instance), &question).await?;
        question.after = page.next.clone();
        add(&mut balances, page)?;
        if question.after.is_none() {
            return Ok(balances);
        }
    }
}

/// What the streams come to now; nothing when they do not hold all there was.
async fn folded(connection: &Connection) -> Result<Option<Balances>, Failure> {
    let folder = tempfile::tempdir().map_err(anyhow::Error::new)?;
    let bar = bar(0);
    let read = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let folded = stock(&connection.js, folder.path(), Past::default(), read).await;
    bar.finish_and_clear();
    let folded = Arc::new(folded.map_err(failed)?);
    if folded.incomplete_before.is_some() {
        return Ok(None);
    }
    let pages = tokio::task::spawn_blocking(move || pages(&folded));
    pages.await.map_err(anyhow::Error::new)?.map(Some)
}

fn pages(folded: &PastStock) -> Result<Balances, Failure> {
    let mut question = StockList::default();
    let mut balances = Balances::new();
    loop {
        let page = folded.page(&question, MOST).map_err(anyhow::Error::new)?;
        question.after = page.next.clone();
        add(&mut balances, page)?;
        if question.after.is_none() {
            return Ok(balances);
        }
    }
}

fn add(balances: &mut Balances, page: StockPage) -> Result<(), Failure> {
    for balance in page.balances {
        let StockBalance { location, sku, unit, .. } = &balance;
        balances.insert(format!("{location} {sku} {unit}"), balance);
    }
    if balances.len() > MOST_BALANCES {
        return Err(Failure::Refused(format!(
            "there are more than {MOST_BALANCES} balances, the most that are verified"
        )));
    }
    Ok(())
}

fn failed(error: StockError) -> Failure {
    match error {
        StockError::Broker { .. } | StockError::Tail(_) => Failure::Unreachable(in_full(&anyhow::Error::new(error))),
        StockError::Folder(_) | StockError::Store(_) => anyhow::Error::new(error).into(),
    }
}
