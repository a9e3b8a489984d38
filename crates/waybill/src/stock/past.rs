//! `waybill stock show --as-of`: the balances at a time in the past, folded here from the streams.

use service::Connection;
use visibility::past::{Past, PastStock, StockError, stock};

use super::{Args, Pages, Shown};
use crate::bar::bar;
use crate::exit::Failure;
use crate::moment::{self, AsOf};
use crate::reach;

/// What a place in ORDERS means for the stock, and what looking back costs.
pub(super) const HELP: &str = "\
With SEQ, movements of stock count up to the time of that entry.

Looking back reads stream ORDERS from its beginning up to then, and STOCK; `waybill bench replay` measures how fast. It needs as much \
room as they have for the time it takes, in the folder that TMPDIR names, and memory for some thousand orders however long they are.";

/// Folds what counts, and puts pages of it together.
pub(super) async fn gather(connection: &Connection, args: Args, past: Past) -> Result<Shown, Failure> {
    for name in [service::streams::ORDERS, service::streams::STOCK] {
        reach::stream(&connection.js, name).await?;
    }
    let as_of = AsOf::from(past);
    let past = moment::timed(connection, past).await?;
    let folder = tempfile::tempdir().map_err(anyhow::Error::new)?;
    let bar = bar(0);
    let read = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let folded = stock(&connection.js, folder.path(), past, read).await;
    bar.finish_and_clear();
    let folded = folded.map_err(failed)?;
    if folded.entries == 0 {
        return Err(Failure::NotFound(format!("nothing is told of stock or orders {as_of}")));
    }
    let page = tokio::task::spawn_blocking(move || {
        let mut pages = Pages::of(args);
        while let Some(question) = pages.question() {
            // Every question states how many it wants.
            pages.add(page(&folded, &question)?);
        }
        Ok::<_, Failure>((pages.gathered, folded.incomplete_before))
    });
    let (page, incomplete_before) = page.await.map_err(anyhow::Error::new)??;
    Ok(Shown { page, as_of: Some(as_of), incomplete_before })
}

fn page(
    folded: &PastStock,
    question: &visibility::queries::StockList,
) -> Result<visibility::queries::StockPage, Failure> {
    let limit = question.limit.unwrap_or(visibility::queries::DEFAULT);
    Ok(folded.page(question, limit).map_err(anyhow::Error::new)?)
}

fn failed(error: StockError) -> Failure {
    match error {
        StockError::Broker { .. } | StockError::Tail(_) => {
            Failure::Unreachable(crate::exit::in_full(&anyhow::Error::new(error)))
        }
        StockError::Folder(_) | StockError::Store(_) => anyhow::Error::new(error).into(),
    }
}

#[cfg(test)]
mod tests;
