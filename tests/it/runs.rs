//! Generated orders run to where the partners' books say they must end.

use serde_json::json;
use visibility::queries::{ORDER_GET, OrderView};

use crate::kit::{eventually, generated, open, play, publish, release};

#[tokio::test(flavor = "multi_thread")]
async fn every_order_ends_where_the_books_say() {
    let house = open(1).await;
    let run = play(&house, generated(11, 150)).await;
    assert_eq!(run.wrong, Vec::<String>::new());
    assert_eq!(run.replay.orders, 150);
    assert_eq!(run.replay.closed + run.books.must_stay_open(), 150);
    assert!(run.books.must_stay_open() > 0, "the seed gives exceptions too");

    // The partners go on answering: an order of one's own gets through as well.
    publish(&house, "in.erp.erp-main.order", &release("one's own")).await;
    let closed = |order: &OrderView| order.composite.ended.is_some();
    eventually::<OrderView>(&house, ORDER_GET, json!({ "order": "one's own" }), "closed", closed).await;
    house.close().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_each_service_come_to_the_same_end() {
    let house = open(2).await;
    let run = play(&house, generated(12, 100)).await;
    assert_eq!(run.wrong, Vec::<String>::new());
    assert_eq!(run.books.asks.repeated, 0, "nothing was asked twice");
    house.close().await.expect("drained");
}
