//! `waybill stock`

use model::token::TokenError;
use model::{LocationId, Sku};
use rust_decimal::Decimal;
use service::Connection;
use service::settings::NatsSettings;
use visibility::queries::{MOST, STOCK, StockList, StockPage};

use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;
use crate::table::Table;
use crate::text::{line, or_dash};

/// The most balances that are shown.
const MOST_SHOWN: u64 = 100_000;

/// What to show of the stock.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Balances: on hand, reserved, and available to promise
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
    let page = gather(&connection, args).await?;
    output.show(&page, render)?;
    Ok(Verdict::Fine)
}

/// Asks for page after page until there are enough.
async fn gather(connection: &Connection, args: Args) -> Result<StockPage, Failure> {
    let wanted = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut question = StockList { location: args.location, sku: args.sku, limit: None, after: None };
    let mut balances = Vec::new();
    loop {
        question.limit = Some((wanted - balances.len()).min(MOST));
        let page: StockPage = reach::ask(connection, STOCK, &question).await?;
        balances.extend(page.balances);
        if page.next.is_none() || balances.len() >= wanted {
            return Ok(StockPage { balances, next: page.next });
        }
        question.after = page.next;
    }
}

/// Balances as a text.
fn render(page: &StockPage) -> String {
    let mut text = String::new();
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
        let page = StockPage { balances: vec![balance("A", "12.50", "2"), balance("B 2", "1", "3")], next: None };
        let expected = "\
LOCATION  SKU  UNIT  ON HAND  RESERVED  AVAILABLE  COUNTED  NOTE
W1        A    KG       12.5         2       10.5  -
W1        B 2  KG          1         3         -2  -        more promised than there is
";
        assert_eq!(render(&page), expected);
        assert_eq!(render(&StockPage { balances: vec![], next: Some("x".to_owned()) }).lines().count(), 2);
    }
}
