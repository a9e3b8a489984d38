//! `waybill order diff`: what became of an order between two moments.

mod facets;

use engine::{Folded, Key, WorkflowRecord};
use fulfilment::Fulfilment;
use model::{OrderId, Timestamp};
use serde::Serialize;
use service::settings::NatsSettings;

use self::facets::{Change, changes};
use super::as_of::cut;
use super::step::{Step, steps};
use super::trail::{self, FromArchive, Whole, whole};
use crate::exit::{Failure, Verdict};
use crate::moment::{AsOf, Moment, OccurredArgs};
use crate::output::Output;
use crate::reach;
use crate::table::Table;
use crate::text::{NOTHING, heading, line};

/// Which moment is which, and how it ends.
pub(super) const HELP: &str = "\
Whichever of the two moments is given first, what is shown leads from the earlier to the later.

Ends with 0 whether something differs or not, with 1 when one of the moments is before the order's first entry.";

/// Which order, and between which moments.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The order's number as its ERP writes it; quote spaces and `*` for the shell
    #[arg(value_name = "ORDER", value_parser = super::order_id)]
    pub order: OrderId,
    /// One moment: as the order was known then
    #[arg(value_name = "A: TIME|SEQ")]
    from: Moment,
    /// The other one
    #[arg(value_name = "B: TIME|SEQ")]
    to: Moment,
    #[command(flatten)]
    occurred: OccurredArgs,
}

/// What differs.
#[derive(Debug, Serialize)]
struct Diff {
    order: OrderId,
    from: Side,
    to: Side,
    /// Which of its entries came from the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<FromArchive>,
    /// The first of its entries are gone, and no archive has them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_cut: bool,
    /// What differs, by what it is about.
    changes: Vec<Change>,
    /// The entries that came between, oldest first.
    entries: Vec<Step>,
}

/// One of the two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Side {
    as_of: AsOf,
    /// The last entry that counts.
    entry: u64,
    /// When it was recorded.
    recorded: Timestamp,
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    output.show(&diff(args, whole(&connection, &args.order).await?)?, render)?;
    Ok(Verdict::Fine)
}

fn diff(args: &Args, whole: Whole) -> Result<Diff, Failure> {
    let Whole { entries, archive, is_cut } = whole;
    let side = |moment: Moment| {
        let past = moment.past(args.occurred.occurred);
        let entries = cut(&args.order, &entries, &past)?;
        Ok::<_, Failure>((AsOf::from(past), entries))
    };
    let (mut earlier, mut later) = (side(args.from)?, side(args.to)?);
    // Both are beginnings of the same entries: the shorter one is the earlier.
    if earlier.1.len() > later.1.len() {
        (earlier, later) = (later, earlier);
    }
    let key = Key::of(args.order.as_str());
    let (mut between, _) = steps(&later.1, &mut Folded::new(&key));
    let between = between.split_off(earlier.1.len());
    let changes = changes(&key, &earlier.1, &later.1);
    Ok(Diff {
        order: args.order.clone(),
        from: Side::of(&earlier),
        to: Side::of(&later),
        archive,
        is_cut,
        changes,
        entries: between,
    })
}

impl Side {
    fn of((as_of, entries): &(AsOf, Vec<WorkflowRecord<Fulfilment>>)) -> Self {
        let last = entries.last().map(|last| (last.sequence, last.recorded));
        let (entry, recorded) = last.unwrap_or_default();
        Self { as_of: *as_of, entry, recorded }
    }

    fn words(self) -> String {
        format!("entry {} of {}, {}", self.entry, self.recorded, self.as_of)
    }
}

fn render(diff: &Diff) -> String {
    let mut text = String::new();
    line(&mut text, heading(&format!("Order {}", diff.order)));
    line(&mut text, Table::of_pairs(&[("from", diff.from.words()), ("to", diff.to.words())]));
    text.push_str(&trail::kept(diff.archive.as_ref(), diff.is_cut));
    if diff.entries.is_empty() {
        line(&mut text, "nothing came between");
        return text;
    }
    if diff.changes.is_empty() {
        line(&mut text, "nothing of the order differs");
    } else {
        let mut table = Table::new(&["ABOUT", "WHAT", "BEFORE", "AFTER"]);
        let or_nothing = |value: &Option<String>| value.clone().unwrap_or_else(|| NOTHING.to_owned());
        for change in &diff.changes {
            let (before, after) = (or_nothing(&change.from), or_nothing(&change.to));
            table.row([change.about.clone(), change.what.clone(), before, after]);
        }
        line(&mut text, heading("What differs"));
        line(&mut text, table);
    }
    line(&mut text, heading("What came between"));
    text + &trail::table(&diff.entries).to_string()
}

#[cfg(test)]
mod tests;
