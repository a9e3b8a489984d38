//! `waybill order list`

use clap::builder::{PossibleValuesParser, TypedValueParser};
use fulfilment::Stage;
use model::CustomerId;
use model::token::TokenError;
use service::Connection;
use service::settings::NatsSettings;
use visibility::queries::{MOST, ORDER_LIST, OrderList, OrderPage};

use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;
use crate::table::Table;
use crate::text::{NOTHING, line, or_dash};

/// The most orders that are listed.
const MOST_LISTED: u64 = 100_000;

/// Which orders.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only those in this stage
    #[arg(long, value_parser = stages())]
    stage: Option<Stage>,
    /// Only those of this customer
    #[arg(long, value_parser = customer_id)]
    customer: Option<CustomerId>,
    /// Only those with an open exception
    #[arg(long)]
    exceptions: bool,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=MOST_LISTED))]
    limit: u64,
}

pub(crate) fn stages() -> impl TypedValueParser<Value = Stage> {
    let named = |name: String| Stage::ALL.into_iter().find(|stage| stage.as_str() == name).ok_or("no such stage");
    PossibleValuesParser::new(Stage::ALL.map(Stage::as_str)).try_map(named)
}

pub(crate) fn customer_id(text: &str) -> Result<CustomerId, TokenError> {
    CustomerId::new(text)
}

pub(super) async fn run(args: Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let page = gather(&connection, args).await?;
    output.show(&page, render)?;
    Ok(Verdict::Fine)
}

/// Asks for page after page until there are enough.
async fn gather(connection: &Connection, args: Args) -> Result<OrderPage, Failure> {
    let wanted = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut question = OrderList {
        stage: args.stage,
        customer: args.customer,
        exceptions_only: args.exceptions,
        limit: None,
        after: None,
    };
    let mut orders = Vec::new();
    loop {
        question.limit = Some((wanted - orders.len()).min(MOST));
        let page: OrderPage = reach::ask(connection, ORDER_LIST, &question).await?;
        orders.extend(page.orders);
        if page.next.is_none() || orders.len() >= wanted {
            return Ok(OrderPage { orders, next: page.next });
        }
        question.after = page.next;
    }
}

/// A list of orders as a text.
fn render(page: &OrderPage) -> String {
    let mut text = String::new();
    if page.orders.is_empty() {
        line(&mut text, "no orders");
    } else {
        let headings = [
            "ORDER",
            "STAGE",
            "MILESTONE",
            "CUSTOMER",
            "PROMISED",
            "EXPECTED",
            ">EXCEPTIONS",
            ">CONDITIONS",
            "UPDATED",
        ];
        let mut table = Table::new(&headings);
        for order in &page.orders {
            let unreadable = order.unreadable.map(|entry| format!(" (entry {entry} is unreadable)"));
            table.row([
                order.order.clone() + &unreadable.unwrap_or_default(),
                order.stage.as_str().to_owned(),
                or_dash(order.milestone) + if order.partial { " in part" } else { "" },
                or_dash(order.customer.as_ref()),
                or_dash(order.promised),
                or_dash(order.eta),
                some(order.exceptions),
                some(order.conditions),
                order.updated.to_string(),
            ]);
        }
        line(&mut text, table.to_string().trim_end());
    }
    if page.next.is_some() {
        line(&mut text, "there are more; see them with a larger --limit");
    }
    text
}

fn some(number: usize) -> String {
    if number == 0 { NOTHING.to_owned() } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use model::{Milestone, Timestamp, When};
    use visibility::queries::Summary;

    use super::*;

    fn summary(order: &str, exceptions: usize) -> Summary {
        Summary {
            order: order.to_owned(),
            stage: Stage::Transport,
            milestone: Some(Milestone::TransportInTransit),
            partial: exceptions > 0,
            customer: CustomerId::new("C 1").ok(),
            promised: When::parse("2026-03-05").ok(),
            eta: None,
            exceptions,
            conditions: 0,
            ended: None,
            sequence: 9,
            updated: Timestamp::from_millis(0),
            unreadable: None,
        }
    }

    #[test]
    fn orders_stand_in_columns_and_a_cut_list_says_so() {
        let page = OrderPage { orders: vec![summary("SO 1/7.*", 2), summary("注文", 0)], next: Some("x".to_owned()) };
        let expected = "\
ORDER     STAGE      MILESTONE                     CUSTOMER  PROMISED    EXPECTED  EXCEPTIONS  CONDITIONS  UPDATED
SO 1/7.*  transport  transport.in_transit in part  C 1       2026-03-05  -                  2           -  1970-01-01T00:00:00.000Z
注文      transport  transport.in_transit          C 1       2026-03-05  -                  -           -  1970-01-01T00:00:00.000Z
there are more; see them with a larger --limit
";
        assert_eq!(render(&page), expected);
        assert_eq!(render(&OrderPage { orders: vec![], next: None }), "no orders\n");
    }
}
