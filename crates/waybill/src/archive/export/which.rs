//! Which orders are exported.

use std::collections::BTreeMap;

use engine::Key;
use fulfilment::State;
use model::{CustomerId, OrderId, Timestamp, token};
use service::Connection;
use visibility::queries::{MOST, ORDER_LIST, OrderList, OrderPage};

use crate::archive::held::{failed, open};
use crate::exit::Failure;
use crate::quarantine::filter;
use crate::reach;

/// The most orders of one export; their numbers are in memory.
const MOST_ORDERS: usize = 2_000_000;

/// Which orders.
#[derive(Debug, Default, clap::Args)]
pub(in crate::archive) struct Which {
    /// These orders; all that are archived when none is named
    #[arg(value_name = "ORDER", value_parser = crate::order::order_id)]
    orders: Vec<OrderId>,
    /// Also orders under way, from stream ORDERS
    #[arg(long)]
    pub open: bool,
    /// Only those that ended at this time or later: a time, or as long ago as `7days`
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// Only those that ended by this time
    #[arg(long, value_name = "TIME", value_parser = crate::moment::before)]
    until: Option<Timestamp>,
    /// Only those of this customer
    #[arg(long, value_parser = customer)]
    customer: Option<CustomerId>,
}

fn since(text: &str) -> Result<Timestamp, String> {
    filter::since(text).map(|at| Timestamp::from_millis(at.as_millisecond()))
}

fn customer(text: &str) -> Result<CustomerId, token::TokenError> {
    CustomerId::new(text)
}

impl Which {
    /// The orders that may be meant, by number; whether they are can only be told from their trails.
    pub async fn orders(&self, connection: &Connection) -> Result<Vec<OrderId>, Failure> {
        let mut found: BTreeMap<String, OrderId> = BTreeMap::new();
        if !self.orders.is_empty() {
            found.extend(self.orders.iter().map(|order| (order.as_str().to_owned(), order.clone())));
            return Ok(found.into_values().collect());
        }
        let (listed, are_more) = open(connection).await?.list(MOST_ORDERS).await.map_err(failed)?;
        // What was stored before a time ended before it. Other workflows have a point in their objects' names.
        let late = |stored: Option<Timestamp>| self.since.is_none_or(|since| stored.is_none_or(|at| at >= since));
        let orders = listed.iter().filter(|listed| !listed.name.contains('.') && late(listed.stored));
        found.extend(orders.filter_map(|listed| of_token(&listed.name)));
        if self.open {
            self.under_way(connection, &mut found).await?;
        }
        if are_more || found.len() > MOST_ORDERS {
            let words =
                format!("there are more than {MOST_ORDERS} orders, the most of one export; name those you want");
            return Err(Failure::Refused(words));
        }
        Ok(found.into_values().collect())
    }

    /// Adds the orders that the projection knows and that have not ended, or are not archived yet.
    async fn under_way(&self, connection: &Connection, found: &mut BTreeMap<String, OrderId>) -> Result<(), Failure> {
        let mut question = OrderList { customer: self.customer.clone(), limit: Some(MOST), ..OrderList::default() };
        while found.len() <= MOST_ORDERS {
            let page: OrderPage = reach::ask(connection, ORDER_LIST, &question).await?;
            let open = page.orders.iter().filter(|order| order.ended.is_none());
            found.extend(open.filter_map(|order| of_token(Key::of(&order.order).token())));
            let Some(next) = page.next else { return Ok(()) };
            question.after = Some(next);
        }
        Ok(())
    }

    /// Whether an order that ended then, or was last told of then, is meant.
    pub fn means(&self, ended: Timestamp, state: &State) -> bool {
        self.since.is_none_or(|since| ended >= since)
            && self.until.is_none_or(|until| ended < until)
            && self
                .customer
                .as_ref()
                .is_none_or(|customer| state.order().map(|order| &order.customer) == Some(customer))
    }
}

fn of_token(token: &str) -> Option<(String, OrderId)> {
    let order = OrderId::from_token(token).ok()?;
    Some((order.as_str().to_owned(), order))
}
