//! Lists of open exceptions, in pages.

use engine::Key;

use super::SCAN;
use crate::queries::{ExceptionList, ExceptionPage, Listed};
use crate::store::keys::Kind;
use crate::store::{Problems, Store, StoreError, decode};

/// A page of about `limit` open exceptions: what there is of an order's is never cut in two.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub fn exceptions(store: &Store, list: &ExceptionList, limit: usize) -> Result<ExceptionPage, StoreError> {
    let prefix = Kind::Exceptional.prefix();
    let mut from = prefix.to_vec();
    if let Some(after) = &list.after {
        from.extend_from_slice(Key::of(after).token().as_bytes());
        // One more than the zero byte that ends a token: what stands after that order.
        from.push(1);
    }
    let mut page = ExceptionPage { exceptions: Vec::new(), next: None };
    let mut last = None;
    for (examined, item) in store.scan(&from, &prefix).enumerate() {
        let (_, row) = item?;
        if page.exceptions.len() >= limit || examined == SCAN {
            page.next = last;
            break;
        }
        let problems: Problems = decode(&row)?;
        page.exceptions.extend(problems.listed().filter(|listed| matches(list, listed)));
        last = Some(problems.order().to_owned());
    }
    Ok(page)
}

fn matches(list: &ExceptionList, listed: &Listed) -> bool {
    let open = &listed.open;
    let is_kind = |kind: &String| open.kind.as_str() == kind || open.kind.to_string() == *kind;
    let is_awake = |at| open.snoozed.is_none_or(|until| until <= at);
    list.kind.as_ref().is_none_or(is_kind)
        && list.customer.as_ref().is_none_or(|customer| listed.customer.as_ref() == Some(customer))
        && list.partner.as_ref().is_none_or(|partner| open.partners.contains(partner))
        && list.raised_by.is_none_or(|time| open.since <= time)
        && list.assigned.as_ref().is_none_or(|who| open.assigned.as_ref() == Some(who))
        && !(list.unassigned && open.assigned.is_some())
        && list.awake_at.is_none_or(is_awake)
        && list.min_value.is_none_or(|least| open.at_stake.as_ref().is_some_and(|stake| stake.amount >= least))
}
