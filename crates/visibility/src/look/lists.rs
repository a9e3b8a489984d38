//! Lists of orders and of balances, in pages.

use engine::Key;
use model::{LocationId, Sku, Unit, token};

use super::SCAN;
use crate::queries::{OrderList, OrderPage, StockBalance, StockList, StockPage, Summary};
use crate::store::keys::{self, Kind};
use crate::store::{Balance, Head, Store, StoreError, decode};

/// A page of at most `limit` orders, found by the narrowest index that the question allows.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub fn orders(store: &Store, list: &OrderList, limit: usize) -> Result<OrderPage, StoreError> {
    let prefix = match list {
        OrderList { exceptions_only: true, .. } => Kind::Exceptional.key(&[]),
        OrderList { customer: Some(customer), .. } => Kind::Customer.key(&[&customer.token()]),
        OrderList { stage: Some(stage), .. } => Kind::Stage.key(&[stage.as_str()]),
        OrderList { .. } => Kind::Order.key(&[]),
    };
    let mut from = prefix.clone();
    if let Some(after) = &list.after {
        from.extend_from_slice(Key::of(after).token().as_bytes());
        // One more than the zero byte that ends a token: what stands after that order.
        from.push(1);
    }
    let mut page = OrderPage { orders: Vec::new(), next: None };
    let mut last = None;
    for (examined, item) in store.scan(&from, &prefix).enumerate() {
        let (key, row) = item?;
        if page.orders.len() == limit || examined == SCAN {
            page.next = last;
            break;
        }
        let Some(summary) = summary(store, &key, &row)? else { continue };
        last = Some(summary.order.clone());
        if matches(list, &summary) {
            page.orders.push(summary);
        }
    }
    Ok(page)
}

/// The summary in a row, or in the row of the order that an index row names.
fn summary(store: &Store, key: &[u8], row: &[u8]) -> Result<Option<Summary>, StoreError> {
    if Kind::of(key) == Some(Kind::Order) {
        return Ok(Some(decode::<Head>(row)?.summary));
    }
    let tokens = keys::tokens(key);
    let Some(order) = tokens.last() else { return Ok(None) };
    let row = store.get(&Kind::Order.key(&[order]))?;
    Ok(row.map(|row| decode::<Head>(&row)).transpose()?.map(|head| head.summary))
}

fn matches(list: &OrderList, summary: &Summary) -> bool {
    list.stage.is_none_or(|stage| summary.stage == stage)
        && list.customer.as_ref().is_none_or(|customer| summary.customer.as_ref() == Some(customer))
        && (!list.exceptions_only || summary.exceptions > 0)
}

/// A page of at most `limit` balances.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub fn stock(store: &Store, list: &StockList, limit: usize) -> Result<StockPage, StoreError> {
    let prefix = match (&list.location, &list.sku) {
        (Some(location), Some(sku)) => Kind::Balance.key(&[&location.token(), &sku.token()]),
        (Some(location), None) => Kind::Balance.key(&[&location.token()]),
        (None, _) => Kind::Balance.key(&[]),
    };
    let after = list.after.as_deref().map(|after| Kind::Balance.key(&after.split('.').collect::<Vec<_>>()));
    let from = after.as_deref().map_or(prefix.as_slice(), |after| after.max(&prefix));
    let mut page = StockPage { balances: Vec::new(), next: None };
    let mut last = None;
    for (examined, item) in store.scan(from, &prefix).enumerate() {
        let (key, row) = item?;
        if after.as_deref() == Some(key.as_ref()) {
            continue;
        }
        if page.balances.len() == limit || examined > SCAN {
            page.next = last;
            break;
        }
        last = Some(keys::tokens(&key).join("."));
        let balance = balance(store, &key, &decode(&row)?)?;
        if list.sku.as_ref().is_none_or(|sku| balance.sku == *sku) {
            page.balances.push(balance);
        }
    }
    Ok(page)
}

fn balance(store: &Store, key: &[u8], balance: &Balance) -> Result<StockBalance, StoreError> {
    let tokens = keys::tokens(key);
    let &[location, sku, unit] = tokens.as_slice() else {
        return Err(StoreError::doubt("a balance is not of a location, a SKU and a unit"));
    };
    let named = || -> Option<(LocationId, Sku, Unit)> {
        let text = |token| token::unescape(token).ok();
        Some((LocationId::new(&text(location)?).ok()?, Sku::new(&text(sku)?).ok()?, Unit::new(unit).ok()?))
    };
    let (location_id, sku_id, unit) =
        named().ok_or_else(|| StoreError::doubt("a balance is of a location or SKU that has no name"))?;
    let unreadable = store.get(&Kind::Unreadable.key(&[location, sku]))?;
    Ok(StockBalance {
        location: location_id,
        sku: sku_id,
        unit,
        on_hand: balance.on_hand(),
        reserved: balance.reserved,
        available: balance.available(),
        counted: balance.count.as_ref().map(|count| count.occurred),
        unreadable: unreadable.and_then(|row| row.as_ref().try_into().ok()).map(u64::from_be_bytes),
    })
}
