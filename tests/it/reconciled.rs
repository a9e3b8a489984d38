//! Reconciliation on a whole installation: an ERP's list is held against the orders, found, recorded, taken as it is.

use std::collections::BTreeSet;

use serde_json::json;
use visibility::queries::{ORDER_GET, OrderView};
use visibility::reconciling::{CutOff, Filter, History, MOST_BYTES, Plan, reconcile};
use waybill::exit::Verdict;
use waybill::house::House;

use crate::kit::{eventually, open, partners, publish, release, waybill};

const ORDER: &str = "SO 1/7.*";

/// What does not agree now, by name.
async fn found(house: &House) -> BTreeSet<String> {
    let now = model::Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let (policy, filter) = (reconcile::Policy::default(), Filter::default());
    let plan = Plan { policy, filter, cut_off: CutOff::End(now), most_bytes: MOST_BYTES };
    let found = reconcile(&house.connection.js, &plan, |_, _| ()).await.expect("reconciled");
    assert!(found.gaps.is_empty() && found.unreadable.is_empty());
    found.discrepancies.iter().map(reconcile::Discrepancy::id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_erp_lists_otherwise_is_found_recorded_and_taken_as_it_is() {
    let house = open(1).await;
    let _partners = partners(&house).await;
    publish(&house, "in.erp.erp-main.order", &release(ORDER)).await;
    let ended = |view: &OrderView| view.composite.ended.is_some();
    let _: OrderView = eventually(&house, ORDER_GET, json!({ "order": ORDER }), "over", ended).await;
    assert!(!found(&house).await.iter().any(|name| name.contains("order_")), "nobody lists anything yet");

    // An hour later the ERP still has open what is over, and something that nobody told of.
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let items = json!([{ "posnr": "10", "menge": "2", "meins": "ST" }]);
    let list = json!({ "at": at.to_string(), "documents": [
        { "vbeln": ORDER, "items": items },
        { "vbeln": "XX-9", "items": items },
    ]});
    publish(&house, "in.erp.erp-main.open_orders", list.to_string().as_bytes()).await;
    let over = format!("order_over order {ORDER} erp-main");
    let unknown = "order_not_known erp-main XX-9".to_owned();
    let until_found = async {
        while !found(&house).await.is_superset(&BTreeSet::from([over.clone(), unknown.clone()])) {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), until_found).await.expect("found");

    let run = async |line: &[&str]| waybill(&house, line).await.expect("done");
    assert_eq!(run(&["reconcile", "--kind", "order_over"]).await, Verdict::Wrong);
    assert_eq!(run(&["reconcile", "--kind", "quantity"]).await, Verdict::Fine);
    assert_eq!(run(&["reconcile", ORDER, "--kind", "order_over"]).await, Verdict::Wrong);
    assert_eq!(run(&["discrepancy", "list", "--order", ORDER]).await, Verdict::Fine, "nothing was recorded");
    run(&["reconcile", "--record"]).await;
    assert_eq!(run(&["discrepancy", "list", "--order", ORDER]).await, Verdict::Wrong);
    let accept = ["discrepancy", "accept", "--name", &over];
    assert_eq!(run(&accept).await, Verdict::Fine, "a dry run");
    assert_eq!(run(&["reconcile", "--kind", "order_over"]).await, Verdict::Wrong);
    run(&[&accept[..], &["--yes", "--why", "the ERP closes at night", "--as", "ada"]].concat()).await;
    assert_eq!(run(&["reconcile", "--kind", "order_over"]).await, Verdict::Fine);
    assert_eq!(run(&["reconcile", "--kind", "order_over", "--accepted"]).await, Verdict::Wrong);
    assert_eq!(run(&["reconcile", "--kind", "order_not_known"]).await, Verdict::Wrong);
    assert_eq!(run(&["discrepancy", "history"]).await, Verdict::Fine);

    // The next list has neither.
    let list = json!({ "at": (at + jiff::SignedDuration::from_mins(1)).to_string(), "documents": [] });
    publish(&house, "in.erp.erp-main.open_orders", list.to_string().as_bytes()).await;
    let until_gone = async {
        while !found(&house).await.is_disjoint(&BTreeSet::from([over.clone(), unknown.clone()])) {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), until_gone).await.expect("gone");
    run(&["reconcile", "--record"]).await;
    let history = History::read(&house.connection.js).await.expect("read");
    assert!(history.standing().get(&over).is_none() && history.standing().get(&unknown).is_none());
    house.close().await.expect("drained");
}
