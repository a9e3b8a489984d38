//! Generated orders run to where the partners' books say they must end.

use serde_json::json;
use simulator::Level;
use visibility::queries::{ORDER_GET, OrderView};
use waybill::house::{House, Plan};

use crate::kit::{eventually, generated, open, play, play_with, publish, release};

#[tokio::test(flavor = "multi_thread")]
async fn every_order_ends_where_the_books_say() {
    let house = open(1).await;
    let run = play(&house, generated(14, 150)).await;
    assert_eq!(run.wrong, Vec::<String>::new());
    assert_eq!(run.replay.orders, 150);
    assert_eq!(run.replay.closed + run.replay.cancelled + run.books.must_stay_open(), 150);
    assert!(run.replay.cancelled > 0, "the seed cancels some");
    assert!(run.books.must_stay_open() > 0, "the seed gives exceptions too");

    // The partners go on answering: an order of one's own gets through as well.
    publish(&house, "in.erp.erp-main.order", &release("one's own")).await;
    let closed = |order: &OrderView| order.composite.ended.is_some();
    eventually::<OrderView>(&house, ORDER_GET, json!({ "order": "one's own" }), "closed", closed).await;
    house.close().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_on_the_way_every_order_ends_where_the_books_say() {
    let plan = Plan { policy: Some(waybill::demo::HURRIED), ..Plan::default() };
    let house = House::open(&plan).await.expect("an installation");
    let run = play_with(&house, generated(13, 100), Level::High).await;
    assert_eq!(run.wrong, Vec::<String>::new());
    let done = run.partners.faults();
    assert!(done.lost > 0 && done.doubled > 0 && done.delayed > 0 && done.failed > 0, "{done:?}");
    let quarantine = house.connection.js.get_stream("QUARANTINE").await.expect("declared");
    assert_eq!(quarantine.cached_info().state.messages, done.cut);
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
