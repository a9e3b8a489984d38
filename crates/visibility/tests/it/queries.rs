//! Lists in pages, and one order.

use model::{
    Assignment, CustomerId, Decision, Exception, ExceptionKind, Fact, Lane, Milestone, PartnerId, ShipmentId, Snooze,
    Timestamp,
};
use visibility::look;
use visibility::projection::OrderEntry;
use visibility::queries::{ExceptionList, Listed, OrderList, Summary};
use visibility::store::{Folder, Store};

use crate::given::{burst, decisions, facts, key, log, milestone, projection, recorded};

fn paged(store: &Store, list: &OrderList, limit: usize) -> Vec<Summary> {
    let mut list = list.clone();
    let mut all = Vec::new();
    loop {
        let page = look::orders(store, &list, limit).unwrap();
        assert!(page.orders.len() <= limit);
        all.extend(page.orders);
        match page.next {
            Some(next) => list.after = Some(next),
            None => return all,
        }
    }
}

#[test]
fn a_list_is_whole_in_pages_of_any_size_and_by_any_condition() {
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (mut projection, store) = projection(&folder);
    let log = log(25);
    // Everything for the first five orders, and only the beginning for the others.
    let told: Vec<OrderEntry> = log.iter().filter(|e| e.sequence <= 50 || e.key < key(13)).cloned().collect();
    projection.fold(&burst(&told), true, None).unwrap();
    let raise = Decision::Raise(Exception { kind: ExceptionKind::Invalid, detail: "unknown item".to_owned() });
    let raised = [3, 20]
        .map(|number| recorded(number, Lane::Flow, 900 + number as u64, decisions(number, 900, vec![raise.clone()])));
    projection.fold(&burst(&raised), true, None).unwrap();

    let everything = paged(&store, &OrderList::default(), 1_000);
    assert_eq!(everything.len(), 25);
    assert!(everything.windows(2).all(|pair| pair[0].order < pair[1].order));
    let customer = Some(CustomerId::new("C1").unwrap());
    let lists = [
        OrderList::default(),
        OrderList { stage: Some(fulfilment::Stage::Closed), ..OrderList::default() },
        OrderList { stage: Some(fulfilment::Stage::Warehouse), ..OrderList::default() },
        OrderList { customer: customer.clone(), ..OrderList::default() },
        OrderList { exceptions_only: true, ..OrderList::default() },
        OrderList {
            exceptions_only: true,
            customer,
            stage: Some(fulfilment::Stage::Warehouse),
            ..OrderList::default()
        },
    ];
    for list in lists {
        let wanted = |summary: &&Summary| {
            list.stage.is_none_or(|stage| stage == summary.stage)
                && list.customer.as_ref().is_none_or(|customer| Some(customer) == summary.customer.as_ref())
                && (!list.exceptions_only || summary.exceptions > 0)
        };
        let expected: Vec<Summary> = everything.iter().filter(wanted).cloned().collect();
        for limit in [1, 2, 7, 1_000] {
            assert_eq!(paged(&store, &list, limit), expected, "{list:?} in pages of {limit}");
        }
    }
    let closed = OrderList { stage: Some(fulfilment::Stage::Closed), ..OrderList::default() };
    assert!(!paged(&store, &closed, 10).is_empty());
    let resolved = Decision::Resolve(ExceptionKind::Invalid);
    projection.fold(&burst(&[recorded(3, Lane::Flow, 990, decisions(3, 990, vec![resolved]))]), true, None).unwrap();
    let exceptional = paged(&store, &OrderList { exceptions_only: true, ..OrderList::default() }, 10);
    assert_eq!(exceptional.iter().map(|s| s.order.as_str()).collect::<Vec<_>>(), ["SO 20"]);
}

fn listed(store: &Store, list: &ExceptionList, limit: usize) -> Vec<Listed> {
    let mut list = list.clone();
    let mut all = Vec::new();
    loop {
        let page = look::exceptions(store, &list, limit).unwrap();
        all.extend(page.exceptions);
        match page.next {
            Some(next) => list.after = Some(next),
            None => return all,
        }
    }
}

#[test]
fn open_exceptions_are_listed_by_what_they_are_and_who_sees_to_them() {
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (mut projection, store) = projection(&folder);
    projection.fold(&burst(&log(9)), true, None).unwrap();
    let late = || ExceptionKind::Late(ShipmentId::new("s1").unwrap());
    let raise = |kind| Decision::Raise(Exception { kind, detail: "in words".to_owned() });
    let raised = [1, 4, 5].map(|number| {
        let both = vec![raise(ExceptionKind::Changed), raise(late())];
        recorded(number, Lane::Flow, 900 + number as u64, decisions(number, 900, both))
    });
    projection.fold(&burst(&raised), true, None).unwrap();
    let everything = listed(&store, &ExceptionList::default(), 1_000);
    assert_eq!(everything.len(), 6);
    assert!(everything.iter().any(|open| open.order == "SO\r\n5"), "however odd its number");
    for limit in [1, 2, 5] {
        assert_eq!(listed(&store, &ExceptionList::default(), limit), everything, "in pages of {limit}");
    }
    let since = everything[0].open.since;
    let until = since.plus_millis(60_000);
    let entered = vec![
        Fact::Assigned(Assignment { kind: late(), raised: since, to: "ada".to_owned() }),
        Fact::Snoozed(Snooze { kind: ExceptionKind::Changed, raised: since, until }),
        // Of one that was open before this one.
        Fact::Assigned(Assignment {
            kind: ExceptionKind::Changed,
            raised: Timestamp::from_millis(7),
            to: "bob".to_owned(),
        }),
    ];
    projection.fold(&burst(&[recorded(4, Lane::Ops, 950, facts(4, Lane::Ops, 950, entered))]), true, None).unwrap();
    let of = |list: ExceptionList| {
        listed(&store, &list, 2).iter().map(|open| format!("{} {}", open.order, open.open.kind)).collect::<Vec<_>>()
    };
    let any = ExceptionList::default;
    assert_eq!(of(ExceptionList { kind: Some("late".to_owned()), ..any() }).len(), 3);
    assert_eq!(of(ExceptionList { kind: Some("late s1".to_owned()), ..any() }).len(), 3);
    assert_eq!(of(ExceptionList { kind: Some("late s2".to_owned()), ..any() }), Vec::<String>::new());
    assert_eq!(of(ExceptionList { assigned: Some("ada".to_owned()), ..any() }), ["SO 4 late s1"]);
    assert_eq!(of(ExceptionList { assigned: Some("bob".to_owned()), ..any() }), Vec::<String>::new());
    assert_eq!(of(ExceptionList { unassigned: true, ..any() }).len(), 5);
    assert_eq!(of(ExceptionList { awake_at: Some(since), ..any() }).len(), 5, "one is put off");
    assert_eq!(of(ExceptionList { awake_at: Some(until), ..any() }).len(), 6);
    assert_eq!(of(ExceptionList { raised_by: Some(since), ..any() }).len(), 6);
    assert_eq!(of(ExceptionList { raised_by: Some(since.plus_millis(-1)), ..any() }), Vec::<String>::new());
    let customer = CustomerId::new("C1").ok();
    assert_eq!(
        of(ExceptionList { customer, ..any() }),
        ["SO 1 changed", "SO 1 late s1", "SO 4 changed", "SO 4 late s1"]
    );
    let partner = |name: &str| ExceptionList { partner: PartnerId::new(name).ok(), ..any() };
    assert_eq!(of(partner("erp1")).len(), 3, "the ERP changed them");
    assert_eq!(of(partner("nobody")), Vec::<String>::new());
    assert_eq!(of(ExceptionList { min_value: Some(1.into()), ..any() }), Vec::<String>::new(), "no line has a price");
    let resolved = vec![Decision::Resolve(late()), Decision::Resolve(ExceptionKind::Changed)];
    projection.fold(&burst(&[recorded(4, Lane::Flow, 990, decisions(4, 990, resolved))]), true, None).unwrap();
    assert_eq!(listed(&store, &any(), 9).len(), 4);
}

#[test]
fn one_order_is_shown_with_all_that_is_known() {
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (mut projection, store) = projection(&folder);
    projection.fold(&burst(&log(3)), true, None).unwrap();
    let shown = look::order(&store, &key(2)).unwrap().unwrap();
    assert_eq!(shown.order, "SO 2");
    assert_eq!(shown.composite.milestone, Some(Milestone::TransportDelivered));
    assert_eq!(shown.lines[0].delivered, shown.lines[0].ordered);
    let timeline: Vec<&str> = shown.timeline.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(timeline[0], "order.received");
    assert_eq!(timeline.last(), Some(&"transport.delivered"));
    assert_eq!(shown.lanes[&Lane::Flow], shown.sequence);
    assert!(look::order(&store, &key(99)).unwrap().is_none());
}

#[test]
fn an_order_with_an_entry_nobody_can_read_says_since_when_and_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (mut projection, store) = projection(&folder);
    projection.fold(&burst(&log(1)), true, None).unwrap();
    let unread = |sequence| OrderEntry {
        record: None,
        body: bytes::Bytes::new(),
        ..recorded(0, Lane::Tms, sequence, decisions(0, 0, Vec::new()))
    };
    let later = facts(0, Lane::Tms, 120, vec![milestone(Milestone::TransportPodReceived, 120)]);
    projection.fold(&burst(&[unread(50), unread(51), recorded(0, Lane::Tms, 52, later)]), true, None).unwrap();
    let shown = look::order(&store, &key(0)).unwrap().unwrap();
    assert_eq!(shown.unreadable, Some(50));
    assert_eq!(shown.composite.milestone, Some(Milestone::TransportPodReceived));
    assert_eq!(paged(&store, &OrderList::default(), 5)[0].unreadable, Some(50));
}
