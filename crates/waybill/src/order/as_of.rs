//! An order as it was known at a time in the past, folded here from its entries.

use engine::{Key, WorkflowRecord};
use fulfilment::Fulfilment;
use model::OrderId;
use service::Connection;
use visibility::look::order_of;
use visibility::past::Past;

use super::show::Shown;
use super::trail::{Whole, whole};
use crate::exit::Failure;
use crate::moment::{self, AsOf};
use crate::returns::of_order::{Returned, of_entries};

/// What was known of an order.
pub(super) async fn past_view(connection: &Connection, order: &OrderId, past: Past) -> Result<Shown, Failure> {
    let Whole { entries, archive, is_cut } = whole(connection, order).await?;
    let entries = cut(order, &entries, &past)?;
    let view = order_of(&Key::of(order.as_str()), &entries);
    let returns = returns(connection, order, &entries, past).await;
    Ok(Shown { as_of: Some(AsOf::from(past)), archive, is_cut, ..Shown::new(view, returns) })
}

/// The returns it had then. Only who asks by a place in ORDERS needs to know when that was.
async fn returns(
    connection: &Connection,
    order: &OrderId,
    entries: &[WorkflowRecord<Fulfilment>],
    past: Past,
) -> Result<Vec<Returned>, Failure> {
    let past = match moment::timed(connection, past).await {
        Ok(past) => past,
        // A place that the stream does not hold: then it was no later than what is shown.
        Err(Failure::NotFound(_)) => {
            let last = entries.last().map(|entry| entry.recorded.plus_millis(1));
            Past { recorded_before: last, ..past }
        }
        Err(failure) => return Err(failure),
    };
    of_entries(connection, order, entries, &past).await
}

/// What counts of an order's entries: at least one.
pub(super) fn cut(
    order: &OrderId,
    entries: &[WorkflowRecord<Fulfilment>],
    past: &Past,
) -> Result<Vec<WorkflowRecord<Fulfilment>>, Failure> {
    let counting = past.of(entries);
    if !counting.is_empty() {
        return Ok(counting);
    }
    let first = entries.first().map(|first| format!("; its first entry is {}, of {}", first.sequence, first.recorded));
    let as_of = AsOf::from(*past);
    Err(Failure::NotFound(format!("nothing is told of order {order} {as_of}{}", first.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use model::{Milestone, Timestamp};

    use super::*;
    use crate::sample;

    fn known(past: Past) -> Result<visibility::queries::OrderView, Failure> {
        let entries = cut(&sample::order_id(), &sample::entries(), &past)?;
        Ok(order_of(&sample::key(), &entries))
    }

    fn millis_after_start(millis: i64) -> Past {
        Past { recorded_before: Some(Timestamp::from_millis(sample::START + millis)), ..Past::default() }
    }

    #[test]
    fn an_order_is_known_as_far_as_it_had_been_recorded() {
        let released = known(millis_after_start(903)).unwrap();
        assert_eq!((released.sequence, released.composite.milestone), (13, Some(Milestone::OrderReceived)));
        let allocated = known(millis_after_start(904)).unwrap();
        assert_eq!((allocated.sequence, allocated.composite.milestone), (16, Some(Milestone::FulfilmentAllocated)));
        let up_to = |last| known(Past { up_to: Some(last), ..Past::default() }).unwrap();
        assert_eq!(up_to(18), allocated);
        assert_eq!(up_to(u64::MAX), known(Past::default()).unwrap());
    }

    #[test]
    fn what_had_not_occurred_by_then_is_left_out() {
        let occurred =
            |millis| Past { occurred_before: Some(Timestamp::from_millis(sample::START + millis)), ..Past::default() };
        // The allocation occurred at the start, and was told 903 milliseconds later.
        let milestone = |past| known(past).unwrap().composite.milestone;
        assert_eq!(milestone(occurred(0)), Some(Milestone::OrderReceived));
        assert_eq!(milestone(occurred(1)), Some(Milestone::FulfilmentAllocated));
        let told_later = Past { up_to: Some(13), ..occurred(1) };
        assert_eq!(milestone(told_later), Some(Milestone::OrderReceived), "nobody knew of it yet");
    }

    #[test]
    fn before_its_first_entry_there_is_nothing_of_an_order() {
        let failure = known(millis_after_start(0)).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "nothing is told of order SO 1/7.* as it was known at 2026-03-01T08:59:59.999Z; its first entry is 10, of \
             2026-03-01T09:00:00.000Z"
        );
        assert_eq!(failure.status(), 1);
        assert!(known(Past { up_to: Some(9), ..Past::default() }).is_err());
    }
}
