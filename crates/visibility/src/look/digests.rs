//! Digests over the folded orders, which an independent replay must arrive at too.

use engine::{Key, codec};
use fulfilment::State;
use sha2::{Digest, Sha256};

use super::kept::rows_digest;
use crate::archive::hex;
use crate::queries::{Digests, OrderDigest};
use crate::store::keys::{self, Kind};
use crate::store::{Folded, Store, StoreError};

/// The digest of an order's fold whose last entry is `sequence`.
///
/// # Errors
/// When the state cannot be encoded; plain data always can.
pub fn order_digest(state: &State, sequence: u64) -> Result<String, codec::EncodeError> {
    let state = codec::encode(state)?;
    Ok(hex(&Sha256::new().chain_update(sequence.to_be_bytes()).chain_update(state).finalize()))
}

/// One digest over those of many orders, which must be sorted by token.
#[must_use]
pub fn sum<'a>(orders: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let sum = orders.into_iter().fold(Sha256::new(), |sum, (token, digest)| add(sum, token, digest));
    hex(&sum.finalize())
}

/// The digest over all orders after one, or over a page of them with the digest of each.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub fn digests(store: &Store, after: Option<&str>, page: Option<usize>) -> Result<Digests, StoreError> {
    let prefix = Kind::Order.prefix();
    let mut from = prefix.to_vec();
    if let Some(after) = after {
        from.extend_from_slice(Key::of(after).token().as_bytes());
        from.push(1);
    }
    let mut found = Digests { orders: 0, digest: String::new(), each: Vec::new(), next: None };
    let mut all = Sha256::new();
    for item in store.scan(&from, &prefix) {
        let (key, _) = item?;
        if page.is_some_and(|limit| found.each.len() == limit) {
            found.next = found.each.last().map(|order| order.order.clone());
            break;
        }
        let tokens = keys::tokens(&key);
        let token = tokens.first().copied().unwrap_or_default();
        let order = Key::of_token(token);
        let Some(Folded { head, state }) = store.folded(&order)? else { continue };
        let sequence = head.progress.sequence();
        let digest = order_digest(&state, sequence).map_err(|error| StoreError::doubt(error.to_string()))?;
        all = add(all, token, &digest);
        found.orders += 1;
        if page.is_some() {
            let rows = rows_digest(store, &order, &head)?;
            found.each.push(OrderDigest { order: order.text(), sequence, digest, rows });
        }
    }
    found.digest = hex(&all.finalize());
    Ok(found)
}

/// Adds an order to the digest over many.
pub(crate) fn add(sum: Sha256, token: &str, digest: &str) -> Sha256 {
    sum.chain_update(token).chain_update(" ").chain_update(digest).chain_update("\n")
}
