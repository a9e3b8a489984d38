//! Returns on a whole installation: opened by the operator's command or by the ERP, and ended by what the partners tell.

use std::time::{Duration, Instant};

use engine::{Content, Entry, EntryId, FactId, Folded, Journal, Key, Operator, Source, Told};
use fulfilment::Fulfilment;
use futures::future::join_all;
use model::{
    CustomerId, Fact, Lane, LineId, LocationId, Note, OpenedReturn, OrderId, PartnerId, Quantity, Reason,
    ReturnAuthorisation, ReturnLine, RmaId, Sku, Unit,
};
use returns::{LAYOUT, Returns, Stage, State, Status};
use serde_json::{Value, json};
use service::streams;
use visibility::queries::{ORDER_GET, OrderView};
use waybill::house::House;
use waybill::returns::of_order::{Returned, of_order};
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

/// What `waybill return open` enters in the order, without what it enters in the return after that.
async fn cut_off(house: &House, order: &str, rma: &str) {
    let line = ReturnLine {
        line: LineId::new("10").expect("an id"),
        sku: Sku::new("ITEM-0007").expect("an id"),
        quantity: Quantity::new(1.into(), Unit::new("PC").expect("a unit")),
        reason: Reason::RecipientRefused,
    };
    let authorised = ReturnAuthorisation {
        order: OrderId::new(order).expect("an id"),
        erp: PartnerId::new("erp-main").expect("an id"),
        customer: CustomerId::new("CUST-001").expect("an id"),
        wms: PartnerId::new("wms-east").expect("an id"),
        location: LocationId::new("HAM").expect("an id"),
        tms: None,
        from: None,
        lines: vec![line],
    };
    let opened = OpenedReturn { rma: RmaId::new(rma).expect("an id"), authorised };
    let note = Fact::Noted(Note { text: format!("opens return {rma}"), opens: Some(Box::new(opened)) });
    let source = Source {
        service: "waybill".to_owned(),
        partner: None,
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: "2026-03-20T00:00:00Z".parse().expect("a time"),
        operator: Some(Operator { who: "ada".to_owned(), why: "the customer called".to_owned() }),
    };
    let facts = vec![Told { id: FactId::of(&[rma.as_bytes()]), fact: note }];
    let entry = Entry { id: EntryId::of(&[rma.as_bytes()]), content: Content::Facts { source, facts } };
    let journal = Journal::<Fulfilment>::new(house.connection.js.clone(), fulfilment::LAYOUT);
    journal.append(&Key::of(order), Lane::Ops.as_str(), &entry).await.expect("appended");
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
    let nobodys = Args { fetch: PartnerId::new("nobody").ok(), ..args("SO 1", 2, None) };
    let unknown = open_return(&nobodys, &house.connection).await.expect_err("nobody fetches it");
    let served = "no TMS adapter serves partner nobody; --fetch names one that it serves: `tms-main`, `tms-spare`";
    assert_eq!((unknown.status(), unknown.to_string().as_str()), (1, served));
    let fetched = Args { fetch: PartnerId::new("tms-main").ok(), ..args("SO 1", 2, None) };
    let rma = opened(&house, &fetched).await.rma;
    assert_eq!(rma.as_str(), "SO 1-R1");
    let status = ended(&house, rma.as_str()).await;
    assert_eq!((status.stage, status.exceptions.len()), (Stage::Credited, 0));
    assert_eq!((status.lines[0].sound, status.lines[0].credited), (2.into(), 2.into()));

    let again = open_return(&args("SO 1", 1, None), &house.connection).await.expect_err("nothing is left to return");
    assert!(again.to_string().contains("2 delivered, 0 back already, 2 in other returns"), "{again}");
    assert_eq!(again.status(), 1, "the command line is right, the goods are not there");
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

#[tokio::test(flavor = "multi_thread")]
async fn returns_opened_at_once_have_each_a_number_and_bring_back_no_more_than_was_delivered() {
    let house = open(1).await;
    let _partners = partners(&house).await;
    sold(&house, "SO-3").await;
    let one = args("SO-3", 1, None);
    let outcomes = join_all((0..6).map(|_| open_return(&one, &house.connection))).await;
    let (opened, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    let mut opened: Vec<Entered> = opened.into_iter().flatten().collect();
    opened.sort_by(|left, right| left.rma.cmp(&right.rma));
    let numbers: Vec<&str> = opened.iter().map(|opened| opened.rma.as_str()).collect();
    assert_eq!(numbers, ["SO-3-R1", "SO-3-R2"], "two were delivered");
    assert_ne!(opened[0].sequence, opened[1].sequence);
    for refused in refused.into_iter().filter_map(Result::err) {
        assert_eq!((refused.kind(), refused.status()), ("refused", 1));
        assert!(refused.to_string().contains("2 delivered, 0 back already, 2 in other returns"), "{refused}");
    }
    for number in numbers {
        assert_eq!(until(&house, number, "authorised", |_, _| true).await.lines[0].authorised, 1.into());
    }

    // The same number wanted by several: it is given once.
    sold(&house, "SO-4").await;
    let named = args("SO-4", 1, Some("RMA-4"));
    let outcomes = join_all((0..4).map(|_| open_return(&named, &house.connection))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(refused.to_string().contains("there is a return RMA-4 already"), "{refused}");
    }
    house.close().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_whose_opening_was_cut_off_counts_and_is_authorised_by_the_next_who_opens_one() {
    let house = open(1).await;
    let _partners = partners(&house).await;
    sold(&house, "SO-5").await;
    cut_off(&house, "SO-5", "RMA-5").await;
    let order = OrderId::new("SO-5").expect("an id");
    let shown = of_order(&house.connection, &order).await.expect("read");
    assert_eq!(shown, [Returned { rma: RmaId::new("RMA-5").expect("an id"), stage: None, ended: false }]);
    let too_much = open_return(&args("SO-5", 2, None), &house.connection).await.expect_err("one is coming back");
    assert!(too_much.to_string().contains("2 delivered, 0 back already, 1 in other returns"), "{too_much}");
    assert_eq!(until(&house, "RMA-5", "authorised", |_, _| true).await.lines[0].authorised, 1.into());
    assert_eq!(opened(&house, &args("SO-5", 1, None)).await.rma.as_str(), "SO-5-R2");
    let shown = of_order(&house.connection, &order).await.expect("read");
    let shown: Vec<_> = shown.iter().map(|returned| (returned.rma.as_str(), returned.stage.is_some())).collect();
    assert_eq!(shown, [("RMA-5", true), ("SO-5-R2", true)], "as `waybill order show` shows them");
    house.close().await.expect("drained");
}
