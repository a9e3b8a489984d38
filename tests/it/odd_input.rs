//! Odd and bad input: odd order numbers stay distinct orders, nonsense is quarantined byte for byte, and what is sound
//! goes on beside it.

use serde_json::json;
use visibility::queries::{ORDER_GET, ORDER_LIST, OrderPage, OrderView};

use crate::kit::{eventually, open, partners, publish, quarantined, release};

const ODD: [&str; 7] = ["SO 1/7.*", "SO.1.7", "SO>1", "so 1", "SO 1", "Bestellung-ü", "注文 42"];

#[tokio::test(flavor = "multi_thread")]
async fn odd_order_numbers_stay_distinct_orders_and_all_close() {
    let house = open(1).await;
    let _partners = partners(&house).await;
    for number in ODD {
        publish(&house, "in.erp.erp-main.order", &release(number)).await;
    }
    for number in ODD {
        let closed = |order: &OrderView| order.composite.ended.is_some();
        let order: OrderView = eventually(&house, ORDER_GET, json!({ "order": number }), "closed", closed).await;
        assert_eq!(order.order, number);
        assert_eq!(order.lines.len(), 1);
    }
    let page: OrderPage = eventually(&house, ORDER_LIST, json!({}), "listed", |_| true).await;
    assert_eq!(page.orders.len(), ODD.len());
    house.close().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_quarantined_byte_for_byte_and_stops_nobody() {
    let house = open(1).await;
    let _partners = partners(&house).await;
    let deep = "[".repeat(100_000);
    let big = vec![b' '; 7_200_000];
    let cases: [(&str, &[u8], &str); 9] = [
        ("in.erp.erp-main.order", b"{\"documents\": [", "json"),
        ("in.erp.erp-main.order", b"\xff\xfe\x00binary", "utf-8"),
        ("in.erp.erp-main.order", deep.as_bytes(), "recursion limit"),
        ("in.erp.erp-main.order", br#"{"documents":[{"vbeln":"A"}]}"#, "documents[0]"),
        ("in.erp.erp-main.novelty", b"{}", "novelty"),
        ("in.erp.nobody.order", b"{}", "nobody"),
        ("in.wms.wms-east.status", br#"{"event":"1","order_no":"A","shipment_no":"s1","code":"FLEW","at":1}"#, "FLEW"),
        ("in.tms.tms-main.event", br#"{"id":"1","pro":"T-1","code":"DLV","at":"CCYYMMDD"}"#, "CCYYMMDD"),
        ("in.tms.tms-main.event", &big, "JSON"),
    ];
    for (subject, body, _) in &cases {
        publish(&house, subject, body).await;
    }
    publish(&house, "in.erp.erp-main.order", &release("sound")).await;
    let closed = |order: &OrderView| order.composite.ended.is_some();
    eventually::<OrderView>(&house, ORDER_GET, json!({ "order": "sound" }), "closed", closed).await;

    let found = quarantined(&house, cases.len() as u64).await;
    assert_eq!(found.len(), cases.len());
    for (subject, body, word) in cases {
        let kept = found.iter().find(|kept| kept.about.subject == subject && kept.raw == body);
        let kept = kept.unwrap_or_else(|| panic!("{subject} with {} bytes is not in quarantine", body.len()));
        let reason = format!("{} {:?}", kept.about.reason.text, kept.about.reason.field).to_lowercase();
        assert!(reason.contains(&word.to_lowercase()), "{subject}: {reason} does not name {word}");
    }
    house.close().await.expect("drained");
}
