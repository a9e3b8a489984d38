//! The operators' work list on a whole installation: listed, given to somebody, put off, and resolved one by one and together.

use engine::{Content, Entry, EntryId, FactId, Journal, Key, Source, Told};
use fulfilment::Fulfilment;
use model::{Answer, AskId, End, Fact, Lane, Outcome, Reason, Timestamp};
use serde_json::json;
use visibility::queries::{EXCEPTION_LIST, ExceptionPage, Listed, ORDER_GET, OrderView};
use waybill::exit::{Failure, Verdict};
use waybill::house::{House, Plan};

use crate::kit::{eventually, open, partners, publish, release, waybill};

/// The order, by a customer that the master data do not know.
async fn release_to_a_stranger(house: &House, order: &str) {
    let text = String::from_utf8(release(order)).expect("text");
    publish(house, "in.erp.erp-main.order", text.replace("CUST-001", "NOBODY").as_bytes()).await;
}

async fn until_listed(house: &House, question: serde_json::Value, many: usize) -> Vec<Listed> {
    let is = |page: &ExceptionPage| page.exceptions.len() == many;
    let page: ExceptionPage = eventually(house, EXCEPTION_LIST, question, "listed", is).await;
    page.exceptions
}

async fn until_ended(house: &House, order: &str) -> OrderView {
    let ended = |view: &OrderView| view.composite.ended.is_some();
    eventually(house, ORDER_GET, json!({ "order": order }), "over", ended).await
}

/// The TMS that was asked says no, by a fact of its lane.
async fn refuses(house: &House, order: &str, partner: &str) {
    let ask = AskId::new(&format!("{order}/book/s1")).expect("an id");
    let outcome = Outcome::Refused { reason: Reason::CarrierCapacity, detail: Some("full".to_owned()) };
    let source = Source {
        service: "tms-adapter".to_owned(),
        partner: Some(partner.to_owned()),
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: "2026-03-01T00:00:00Z".parse().expect("a time"),
        operator: None,
    };
    let facts =
        vec![Told { id: FactId::of(&[ask.as_str().as_bytes()]), fact: Fact::Answered(Answer { ask, outcome }) }];
    let entry = Entry { id: EntryId::of(&[order.as_bytes()]), content: Content::Facts { source, facts } };
    let journal = Journal::<Fulfilment>::new(house.connection.js.clone(), fulfilment::LAYOUT);
    journal.append(&Key::of(order), Lane::Tms.as_str(), &entry).await.expect("appended");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_list_is_given_out_put_off_and_resolved_together() {
    let house = open(1).await;
    let _partners = partners(&house).await;
    let orders = ["SO 1/7.*", "注文 42", "SO 3"];
    for order in orders {
        release_to_a_stranger(&house, order).await;
    }
    let listed = until_listed(&house, json!({}), 3).await;
    assert!(listed.iter().all(|one| one.open.kind.as_str() == "invalid" && one.open.since > Timestamp::from_millis(0)));
    assert!(listed.iter().all(|one| one.open.at_stake.as_ref().is_some_and(|stake| stake.to_string() == "19.00 EUR")));
    for sort in ["age", "value", "deadline"] {
        let line = ["exception", "list", "--kind", "invalid", "--sort", sort, "--min-value", "19", "--limit", "2"];
        assert_eq!(waybill(&house, &line).await.expect("listed"), Verdict::Fine);
    }

    // Given to somebody, and put off.
    let by = ["--why", "the customer called", "--as", "ada"];
    let assign = [&["exception", "assign", orders[0], "invalid", "--to", "bob"], &by[..]].concat();
    assert_eq!(waybill(&house, &assign).await.expect("assigned"), Verdict::Fine);
    let snooze = [&["exception", "snooze", orders[1], "invalid", "--for", "1h"], &by[..]].concat();
    assert_eq!(waybill(&house, &snooze).await.expect("put off"), Verdict::Fine);
    let not_open = [&["exception", "assign", orders[0], "no_stock s1", "--to", "bob"], &by[..]].concat();
    let not_open = waybill(&house, &not_open).await.expect_err("it is not open");
    assert!(matches!(&not_open, Failure::NotFound(words) if words.contains("`invalid`")), "{not_open}");
    let bobs = until_listed(&house, json!({ "assigned": "bob" }), 1).await;
    assert_eq!(bobs[0].order, orders[0]);
    let awake = json!({ "awake_at": listed[0].open.since });
    assert!(until_listed(&house, awake.clone(), 2).await.iter().all(|one| one.order != orders[1]));
    assert_eq!(until_listed(&house, json!({}), 3).await.len(), 3, "it is still there");
    assert_eq!(waybill(&house, &["exception", "show", orders[0], "invalid"]).await.expect("shown"), Verdict::Fine);
    assert_eq!(waybill(&house, &["exception", "show", orders[0]]).await.expect("shown"), Verdict::Fine);

    // A dry run enters nothing; what does not apply is told.
    let all = ["exception", "resolve", "--kind", "invalid", "--cancel"];
    assert_eq!(waybill(&house, &all).await.expect("a dry run"), Verdict::Fine);
    assert_eq!(until_listed(&house, awake, 2).await.len(), 2);
    let as_is = [&["exception", "resolve", "--all", "--override", "--yes"], &by[..]].concat();
    assert_eq!(
        waybill(&house, &as_is).await.expect("tried"),
        Verdict::Wrong,
        "no order goes on with an unknown customer"
    );
    let one = [&["exception", "resolve", orders[0], "invalid", "--retry", "--yes"], &by[..]].concat();
    let one = waybill(&house, &one).await.expect_err("there is no ask");
    assert!(matches!(&one, Failure::Refused(words) if words.contains("is about no ask")), "{one}");

    // Those that are not put off are cancelled together, the last one by its name.
    let all = [&all[..], &["--yes"], &by[..]].concat();
    assert_eq!(waybill(&house, &all).await.expect("cancelled"), Verdict::Fine);
    for order in [orders[0], orders[2]] {
        assert_eq!(until_ended(&house, order).await.composite.ended, Some(End::Cancelled));
    }
    let left = until_listed(&house, json!({}), 1).await;
    assert_eq!(left[0].order, orders[1]);
    let last = [&["exception", "resolve", orders[1], "invalid", "--cancel", "--yes"], &by[..]].concat();
    assert_eq!(waybill(&house, &last).await.expect("cancelled"), Verdict::Fine);
    until_ended(&house, orders[1]).await;
    until_listed(&house, json!({}), 0).await;
    house.close().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_carrier_refuses_another_one_delivers() {
    let policy = "[transport]\ntms = \"tms-away\"\n";
    let house = House::open(&Plan { policy: Some(policy), ..Plan::default() }).await.expect("an installation");
    let _partners = partners(&house).await;
    let order = "SO 1/7.*";
    // Nobody serves that one, and no ask reaches it.
    refuses(&house, order, "tms-away").await;
    publish(&house, "in.erp.erp-main.order", &release(order)).await;
    let listed = until_listed(&house, json!({ "kind": "booking_refused", "partner": "tms-away" }), 1).await;
    assert_eq!(listed[0].open.at_stake.as_ref().map(ToString::to_string).as_deref(), Some("19.00 EUR"));
    let by = ["--yes", "--why", "they have a truck", "--as", "ada"];
    let instead =
        |partner| [&["exception", "resolve", order, "booking_refused s1", "--substitute", partner], &by[..]].concat();
    assert_eq!(waybill(&house, &instead("tms-main")).await.expect("asked"), Verdict::Fine);
    let view = until_ended(&house, order).await;
    assert_eq!(view.composite.ended, Some(End::Closed));
    let gone = waybill(&house, &instead("tms-main")).await.expect_err("it is resolved");
    assert!(matches!(&gone, Failure::NotFound(_)), "{gone}");
    house.close().await.expect("drained");
}
