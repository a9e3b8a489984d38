//! Returns on a whole installation: opened by the operator's command or by the ERP, and ended by what the partners tell.

use std::time::{Duration, Instant};

use engine::{Folded, Journal, Key};
use model::{LineId, OrderId, PartnerId, Reason, RmaId};
use returns::{LAYOUT, Returns, Stage, State, Status};
use serde_json::{Value, json};
use service::streams;
use visibility::queries::{ORDER_GET, OrderView};
use waybill::house::House;
use waybill::returns::open::{Args, open as open_return};
use waybill::returns::settle::{ByArgs, OverrideArgs, settle};
use waybill::returns::{Entered, RmaArgs};

use crate::kit::{eventually, open, partners, publish, release};

const PATIENCE: Duration = Duration::from_secs(60);

async fn sold(house: &House, order: &str) {
    publish(house, "in.erp.erp-main.order", &release(order)).await;
    let closed = |view: &OrderView| view.composite.ended.is_some();
    eventually::<OrderView>(house, ORDER_GET, json!({ "order": order }), "closed", closed).await;
}

fn args(order: &str, quantity: i64, rma: Option<&str>) -> Args {
    Args {
        order: OrderId::new(order).expect("an id"),
        lines: vec![LineId::new("10").expect("an id")],
        quantities: vec![quantity.into()],
        reason: Reason::RecipientRefused,
        rma: rma.map(|rma| RmaId::new(rma).expect("an id")),
        fetch: None,
        why: "the customer called".to_owned(),
        who: "ada".to_owned(),
    }
}

async fn opened(house: &House, args: &Args) -> Entered {
    open_return(args, &house.connection).await.expect("opened")
}

/// Reads a return until it is as it should be.
async fn until(house: &House, rma: &str, what: &str, is: impl Fn(&State, &Status) -> bool) -> Status {
    let journal = Journal::<Returns>::new(house.connection.js.clone(), LAYOUT);
    let (key, begun) = (Key::of(rma), Instant::now());
    loop {
        let entries = journal.read(&key).await.expect("read");
        let folded = Folded::<Returns>::replay(&key, &entries);
        let status = returns::status(folded.state());
        if let Some(status) = status.as_ref().filter(|status| is(folded.state(), status)) {
            return status.clone();
        }
        assert!(begun.elapsed() < PATIENCE, "not {what} in time: {status:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn ended(house: &House, rma: &str) -> Status {
    until(house, rma, "over and archived", |state, _| <Returns as engine::Workflow>::is_over(state)).await
}

async fn asked(house: &House, rma: &str, kind: &str) {
    let is_asked = |state: &State, _: &Status| state.asks().any(|ask| ask.request.kind() == kind);
    until(house, rma, kind, is_asked).await;
}

/// What the warehouse tells of a return of one line, played by hand.
async fn warehouse_tells(house: &House, rma: &str, message: &str, quantity: i64, grade: &str) {
    let item = json!({ "line": "10", "qty": quantity, "uom": "PC", "grade": grade });
    let body = json!({
        "event": format!("{rma}-{message}"), "rma_no": rma, "at": 1_772_500_000_000_i64, "site": "HAM",
        "request": format!("{rma}/expect_return"), "result": "EXPECTED", "items": [item],
    });
    tell(house, "in.wms.wms-east", message, &body).await;
}

async fn erp_tells(house: &House, message: &str, body: &Value) {
    tell(house, "in.erp.erp-main", message, body).await;
}

async fn tell(house: &House, from: &str, message: &str, body: &Value) {
    publish(house, &format!("{from}.{message}"), body.to_string().as_bytes()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_that_a_carrier_fetches_is_credited_by_the_partners_themselves() {
    let house = open(1).await;
    let _partners = partners(&house).await;
    sold(&house, "SO 1").await;
    let fetched = Args { fetch: PartnerId::new("tms-main").ok(), ..args("SO 1", 2, None) };
    let rma = opened(&house, &fetched).await.rma;
    assert_eq!(rma.as_str(), "SO 1-R1");
    let status = ended(&house, rma.as_str()).await;
    assert_eq!((status.stage, status.exceptions.len()), (Stage::Credited, 0));
    assert_eq!((status.lines[0].sound, status.lines[0].credited), (2.into(), 2.into()));

    let again = open_return(&args("SO 1", 1, None), &house.connection).await.expect_err("nothing is left to return");
    assert!(again.to_string().contains("2 delivered, 0 back already, 2 in other returns"), "{again}");
    let updates = house.connection.js.get_stream(streams::UPDATES).await.expect("the stream");
    let update = updates.direct_get_last_for_subject("update.CUST-001.SO=201-R1").await.expect("told");
    let event: Value = serde_json::from_slice(&update.payload).expect("JSON");
    assert_eq!((&event["type"], &event["data"]["order"]), (&json!("waybill.return.credited"), &json!("SO 1")));
    let archive = house.connection.js.get_object_store(streams::ARCHIVE).await.expect("the store");
    archive.info("return.SO=201-R1").await.expect("archived");
    house.close().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_return_is_refused_and_one_goes_on_by_the_word_of_a_person() {
    let house = open(1).await;
    let play = partners(&house).await;
    sold(&house, "SO-2").await;
    play.end().await;
    let warehouse = async |rma: &str, quantity, grade| {
        for message in ["return_reply", "return_received", "return_inspected"] {
            warehouse_tells(&house, rma, message, quantity, grade).await;
        }
    };

    // Opened by an operator; nothing of it is accepted.
    opened(&house, &args("SO-2", 1, Some("RMA-1"))).await;
    asked(&house, "RMA-1", "expect_return").await;
    warehouse("RMA-1", 1, "C").await;
    assert_eq!(ended(&house, "RMA-1").await.stage, Stage::Refused);

    // Opened by the ERP; twice as much comes back.
    let item = json!({ "vgpos": "10", "matnr": "ITEM-0007", "menge": "1", "meins": "ST", "augru": "WRG" });
    let authorised = json!({
        "docnum": "1", "vbeln": "60001", "vgbel": "SO-2", "kunnr": "CUST-001", "lgsystem": "wms-east", "werks": "HAM",
        "items": [item],
    });
    erp_tells(&house, "return_authorised", &authorised).await;
    asked(&house, "60001", "expect_return").await;
    warehouse("60001", 2, "A").await;
    let status = until(&house, "60001", "an exception", |_, status| !status.exceptions.is_empty()).await;
    assert_eq!(status.exceptions[0].detail, "line 10: 2 received, 1 authorised");
    let rma = RmaArgs { rma: RmaId::new("60001").expect("an id") };
    let by = ByArgs { rma, why: "a gift".to_owned(), who: "ada".to_owned() };
    let taken = OverrideArgs { by, accepted: None, refused: None, exception: Some("quantity_mismatch r1".to_owned()) };
    settle(&taken, &house.connection).await.expect("entered");
    asked(&house, "60001", "credit").await;
    let item = json!({ "vgpos": "10", "fkimg": "1", "meins": "ST" });
    let memo = json!({
        "docnum": "2", "vbeln": "60001", "reference": "60001/credit", "status": "53", "vbeln_vf": "CM-1",
        "netwr": "9.50", "waerk": "EUR", "items": [item],
    });
    erp_tells(&house, "credit_memo", &memo).await;
    let status = ended(&house, "60001").await;
    assert_eq!((status.stage, status.lines[0].credited), (Stage::Credited, 1.into()));
    let quarantine = house.connection.js.get_stream(streams::QUARANTINE).await.expect("the stream");
    assert_eq!(quarantine.cached_info().state.messages, 0);
    house.close().await.expect("drained");
}
