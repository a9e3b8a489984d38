//! `waybill stock`

mod past;

use model::token::TokenError;
use model::{LocationId, Sku, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;
use service::Connection;
use service::settings::NatsSettings;
use visibility::queries::{MOST, STOCK, StockList, StockPage};

use crate::exit::{Failure, Verdict};
use crate::moment::{AsOf, PastArgs};
use crate::output::Output;
use crate::reach;
use crate::table::Table;
use crate::text::{bad, heading, line, or_dash};

/// The most balances that are shown.
const MOST_SHOWN: u64 = 100_000;

/// What to show of the stock.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Balances: on hand, reserved, and available to promise
    #[command(after_help = format!("{}\n\n{}", crate::moment::HELP, past::HELP))]
    Show(Args),
}

/// Which balances.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only at this location
    #[arg(long, value_parser = location_id)]
    location: Option<LocationId>,
    /// Only of this SKU
    #[arg(long, value_parser = sku)]
    sku: Option<Sku>,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=MOST_SHOWN))]
    limit: u64,
    #[command(flatten)]
    past: PastArgs,
}

/// The balances, and as of when they are.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    page: StockPage,
    /// Where it is not now.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<AsOf>,
    /// What was recorded before this time has left the streams, so that what it did to the stock is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete_before: Option<Timestamp>,
}

fn location_id(text: &str) -> Result<LocationId, TokenError> {
    LocationId::new(text)
}

fn sku(text: &str) -> Result<Sku, TokenError> {
    Sku::new(text)
}

pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let Command::Show(args) = command;
    let connection = reach::connect(nats).await?;
    let shown = match args.past.past() {
        Some(past) => past::gather(&connection, args, past).await?,
        None => Shown { page: gather(&connection, args).await?, as_of: None, incomplete_before: None },
    };
    output.show(&shown, render)?;
    Ok(Verdict::Fine)
}

/// Asks for page after page until there are enough.
async fn gather(connection: &Connection, args: Args) -> Result<StockPage, Failure> {
    let mut pages = Pages::of(args);
    while let Some(question) = pages.question() {
        pages.add(reach::ask(connection, STOCK, &question).await?);
    }
    Ok(pages.gathered)
}

/// Pages that are put together, up to as many balances as are wanted.
struct Pages {
    question: StockList,
    wanted: usize,
    gathered: StockPage,
    is_over: bool,
}

impl Pages {
    fn of(args: Args) -> Self {
        let wanted = usize::try_from(args.limit).unwrap_or(usize::MAX);
        let question = StockList { location: args.location, sku: args.sku, limit: None, after: None };
        Self { question, wanted, gathered: StockPage { balances: Vec::new(), next: None }, is_over: false }
    }

    /// What to ask for next, if anything.
    fn question(&self) -> Option<StockList> {
        let limit = Some((self.wanted - self.gathered.balances.len()).min(MOST));
        (!self.is_over).then(|| StockList { limit, after: self.gathered.next.clone(), ..self.question.clone() })
    }

    fn add(&mut self, page: StockPage) {
        self.gathered.balances.extend(page.balances);
        self.gathered.next = page.next;
        self.is_over = self.gathered.next.is_none() || self.gathered.balances.len() >= self.wanted;
    }
}

/// Balances as a text.
fn render(shown: &Shown) -> String {
    let (page, mut text) = (&shown.page, String::new());
    if let Some(as_of) = shown.as_of {
        line(&mut text, heading(&format!("Stock {as_of}")));
    }
    if let Some(before) = shown.incomplete_before {
        let words =
            format!("what was recorded before {before} has left the streams: what it did to the stock is missing");
        line(&mut text, bad(&words));
    }
    if page.balances.is_empty() {
        line(&mut text, "no stock");
    } else {
        let headings = ["LOCATION", "SKU", "UNIT", ">ON HAND", ">RESERVED", ">AVAILABLE", "COUNTED", "NOTE"];
        let mut table = Table::new(&headings);
        for balance in &page.balances {
            let unreadable = balance.unreadable.map(|entry| format!("may miss something since entry {entry}"));
            let short = (balance.available < Decimal::ZERO).then(|| "more promised than there is".to_owned());
            table.row([
                balance.location.to_string(),
                balance.sku.to_string(),
                balance.unit.to_string(),
                balance.on_hand.normalize().to_string(),
                balance.reserved.normalize().to_string(),
                balance.available.normalize().to_string(),
                or_dash(balance.counted),
                unreadable.or(short).unwrap_or_default(),
            ]);
        }
        line(&mut text, table.to_string().trim_end());
    }
    if page.next.is_some() {
        line(&mut text, "there are more; see them with a larger --limit");
    }
    text
}

#[cfg(test)]
mod tests {
    use model::Unit;
    use visibility::queries::StockBalance;

    use super::*;

    fn balance(sku: &str, on_hand: &str, reserved: &str) -> StockBalance {
        let (on_hand, reserved): (Decimal, Decimal) = (on_hand.parse().unwrap(), reserved.parse().unwrap());
        StockBalance {
            location: LocationId::new("W1").unwrap(),
            sku: Sku::new(sku).unwrap(),
            unit: Unit::new("KG").unwrap(),
            on_hand,
            reserved,
            available: on_hand - reserved,
            counted: None,
            unreadable: None,
        }
    }

    #[test]
    fn balances_stand_in_columns_and_what_was_promised_twice_is_noted() {
        let shown = |balances, next| {
            let page = StockPage { balances, next };
            Shown { page, as_of: None, incomplete_before: None }
        };
        let expected = "\
LOCATION  SKU  UNIT  ON HAND  RESERVED  AVAILABLE  COUNTED  NOTE
W1        A    KG       12.5         2       10.5  -
W1        B 2  KG          1         3         -2  -        more promised than there is
";
        assert_eq!(render(&shown(vec![balance("A", "12.50", "2"), balance("B 2", "1", "3")], None)), expected);
        assert_eq!(render(&shown(vec![], Some("x".to_owned()))).lines().count(), 2);
    }
}
