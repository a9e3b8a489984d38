//! Partners that are spared: held asks, rates and breakers.

use std::time::{Duration, Instant};

use async_nats::jetstream;
use model::{Decision, System};
use tempfile::TempDir;

use crate::order::acted_on;
use crate::world::{Running, World, ask_to_bill, eventually, with_profiles};

/// Two ERPs of one make: `slow` is to be spared, `quick` is not.
pub fn profiles(delivery: &str) -> TempDir {
    let (_, text) = partners::shipped().iter().find(|(name, _)| *name == "sim-erp").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (partner, delivery) in [("slow", delivery), ("quick", "")] {
        let text = text.replace("\"erp-main\"", &format!("\"{partner}\""));
        std::fs::write(folder.path().join(format!("{partner}.toml")), format!("{text}\n{delivery}")).unwrap();
    }
    folder
}

async fn start(world: &World, profiles: &TempDir) -> Running {
    world.adapter(System::Erp, with_profiles(profiles.path())).await
}

/// One entry of asks for one partner: numbers of `numbers`, for the order of the partner's name.
pub async fn ask(world: &World, partner: &str, numbers: std::ops::Range<usize>) {
    let asks = numbers.map(|n| Decision::Ask(ask_to_bill(partner, &format!("{partner}-{n}"))));
    world.decide(&format!("SO-{partner}"), asks.collect()).await;
}

/// The partner answers an ask: 53 accepted, 51 refused, 56 failed.
async fn answer(world: &World, partner: &str, n: usize, status: &str) {
    let raw = format!(
        r#"{{"docnum": "{n}-{status}", "vbeln": "SO-{partner}", "reference": "{partner}-{n}", "status": "{status}", "text": "x"}}"#
    );
    world.publish(&format!("in.erp.{partner}.confirmation"), &raw).await;
}

/// What a partner was sent, once it is this much.
pub async fn sent(world: &World, partner: &str, many: usize) -> Vec<jetstream::Message> {
    let subject = format!("out.erp.{partner}.billing");
    let stream = world.connection.js.get_stream("OUTBOX").await.unwrap();
    eventually(&format!("{many} sent to {partner}"), || async {
        use futures::TryStreamExt;
        let counts = stream.info_with_subjects(&subject).await.unwrap();
        let counts: Vec<(String, usize)> = counts.try_collect().await.unwrap();
        counts.iter().any(|(_, count)| *count >= many).then_some(())
    })
    .await;
    let all = world.messages("OUTBOX", 1).await;
    all.into_iter().filter(|message| message.subject.as_str() == subject).collect()
}

fn assert_all_in_order(messages: &[jetstream::Message], partner: &str, many: usize) {
    let expected: Vec<String> = (0..many).map(|n| format!("{partner}-{n}")).collect();
    assert_eq!(acted_on(messages)[&format!("SO-{partner}")], expected);
}

fn metric(adapter: &Running, line: &str) -> bool {
    adapter.metrics.encode().unwrap().contains(&format!("waybill_{line}"))
}

#[tokio::test]
async fn a_rate_holds_and_slows_nobody_else() {
    let world = World::start().await;
    let profiles = profiles("[delivery]\nrate = \"20/s\"\nburst = 1");
    let adapter = start(&world, &profiles).await;
    let begun = Instant::now();
    ask(&world, "slow", 0..60).await;
    ask(&world, "quick", 0..60).await;
    assert_all_in_order(&sent(&world, "quick", 60).await, "quick", 60);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(world.held("HELD").await > 20);
    let slow = sent(&world, "slow", 60).await;
    assert_all_in_order(&slow, "slow", 60);
    let at: Vec<i128> = slow.iter().map(|m| m.info().unwrap().published.unix_timestamp_nanos() / 1_000_000).collect();
    assert!(at[59] - at[0] >= 2_900, "{at:?}");
    assert!(at.windows(20).all(|window| window[19] - window[0] >= 900), "{at:?}");
    assert!(adapter.readiness.state().ready);
    assert!(metric(&adapter, r#"rate_waits_total{service="erp-adapter",partner="slow"} "#));
    eventually("nothing is held", || async { (world.held("HELD").await == 0).then_some(()) }).await;
    adapter.stop().await;
}

#[tokio::test]
async fn a_partner_that_fails_is_held_tried_and_sent_to_again() {
    let world = World::start().await;
    let profiles = profiles("[delivery]\nbreaker = { failures = 3, pause = \"1s\" }");
    let adapter = start(&world, &profiles).await;
    ask(&world, "slow", 0..4).await;
    sent(&world, "slow", 4).await;
    answer(&world, "slow", 0, "56").await;
    answer(&world, "slow", 1, "51").await;
    for n in 1..4 {
        answer(&world, "slow", n, "56").await;
    }
    let open = r#"breaker_state{service="erp-adapter",partner="slow"} 1"#;
    eventually("it is held", || async { metric(&adapter, open).then_some(()) }).await;
    for n in 4..9 {
        ask(&world, "slow", n..n + 1).await;
    }
    ask(&world, "quick", 0..1).await;
    sent(&world, "quick", 1).await;
    let said = world.restrained("erp-adapter").await;
    assert!(said[0].partner == "slow" && said[0].why.starts_with("3 asks in a row failed; one is"), "{said:?}");
    assert!(said.len() == 1 && said[0].since.is_some() && adapter.readiness.state().ready, "{said:?}");
    assert_eq!(sent(&world, "slow", 5).await.len(), 5, "one is sent as a try");
    answer(&world, "slow", 4, "56").await;
    assert_eq!(sent(&world, "slow", 6).await.len(), 6, "and after twice the pause another");
    assert!(metric(&adapter, r#"breaker_state{service="erp-adapter",partner="slow"} 2"#));
    answer(&world, "slow", 5, "53").await;
    assert_all_in_order(&sent(&world, "slow", 9).await, "slow", 9);
    eventually("nobody is held", || async { world.restrained("erp-adapter").await.is_empty().then_some(()) }).await;
    let puts = world.last("HELD").await;
    ask(&world, "slow", 9..10).await;
    assert_all_in_order(&sent(&world, "slow", 10).await, "slow", 10);
    assert_eq!(world.last("HELD").await, puts, "it went straight again");
    adapter.stop().await;
}

#[tokio::test]
async fn many_held_for_one_hold_up_nobody_else_and_are_released_in_order() {
    const HELD: usize = 10_000;
    let world = World::start().await;
    let profiles = profiles("[delivery]\nbreaker = { failures = 1, pause = \"1h\" }");
    let adapter = start(&world, &profiles).await;
    ask(&world, "slow", 0..1).await;
    sent(&world, "slow", 1).await;
    answer(&world, "slow", 0, "56").await;
    let open = r#"breaker_state{service="erp-adapter",partner="slow"} 1"#;
    eventually("it is held", || async { metric(&adapter, open).then_some(()) }).await;
    for hundred in 0..HELD / 100 {
        ask(&world, "slow", 1 + hundred * 100..101 + hundred * 100).await;
    }
    eventually("all are held", || async { (world.held("HELD").await == HELD as u64).then_some(()) }).await;
    let begun = Instant::now();
    ask(&world, "quick", 0..1).await;
    sent(&world, "quick", 1).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let held = r#"held_asks{service="erp-adapter",partner="slow"} 10000"#;
    eventually("it is counted", || async { metric(&adapter, held).then_some(()) }).await;
    world.idle("ORDERS", "erp-adapter_asks").await;
    assert_eq!(world.held("OUTBOX").await, 2);
    answer(&world, "slow", 0, "53").await;
    let begun = Instant::now();
    assert_all_in_order(&sent(&world, "slow", 1 + HELD).await, "slow", 1 + HELD);
    println!("{HELD} released in {:?}", begun.elapsed());
    adapter.stop().await;
}

#[tokio::test]
async fn what_is_held_outlives_its_process_and_is_released_once() {
    const ASKS: usize = 600;
    let world = World::start().await;
    let profiles = profiles("[delivery]\nrate = \"200/s\"");
    let first = start(&world, &profiles).await;
    for hundred in 0..ASKS / 100 {
        ask(&world, "slow", hundred * 100..(hundred + 1) * 100).await;
    }
    sent(&world, "slow", 150).await;
    first.crash().await;
    assert!(world.held("OUTBOX").await < ASKS as u64, "it died in the middle");
    let second = start(&world, &profiles).await;
    let messages = sent(&world, "slow", ASKS).await;
    assert_all_in_order(&messages, "slow", ASKS);
    eventually("nothing is held", || async { (world.held("HELD").await == 0).then_some(()) }).await;
    assert_eq!(world.held("OUTBOX").await, ASKS as u64, "each once");
    second.stop().await;
    // One that ends gives back what waits, and the next goes on with it at once.
    ask(&world, "slow", ASKS..ASKS + 300).await;
    let third = start(&world, &profiles).await;
    sent(&world, "slow", ASKS + 50).await;
    third.stop().await;
    let fourth = start(&world, &profiles).await;
    assert_all_in_order(&sent(&world, "slow", ASKS + 300).await, "slow", ASKS + 300);
    assert_eq!(world.held("OUTBOX").await, (ASKS + 300) as u64, "each once");
    fourth.stop().await;
}

#[tokio::test]
async fn every_process_knows_of_answers_that_another_took_in() {
    let world = World::start().await;
    let profiles = profiles("[delivery]\nbreaker = { failures = 4, pause = \"1h\" }");
    let (first, second) = (start(&world, &profiles).await, start(&world, &profiles).await);
    ask(&world, "slow", 0..4).await;
    sent(&world, "slow", 4).await;
    for n in 0..4 {
        answer(&world, "slow", n, "56").await;
    }
    let open = r#"breaker_state{service="erp-adapter",partner="slow"} 1"#;
    eventually("both know", || async { (metric(&first, open) && metric(&second, open)).then_some(()) }).await;
    first.stop().await;
    ask(&world, "slow", 4..6).await;
    eventually("two are held", || async { (world.held("HELD").await == 2).then_some(()) }).await;
    answer(&world, "slow", 3, "53").await;
    assert_all_in_order(&sent(&world, "slow", 6).await, "slow", 6);
    second.stop().await;
}

/// What a partner was sent, each time it was.
fn asks(messages: &[jetstream::Message]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message.headers.as_ref().unwrap().get(adapter::ASK_HEADER).unwrap().as_str())
        .collect()
}

/// Holds the asks of a partner by letting its first one fail.
async fn hold(world: &World, adapter: &Running) {
    ask(world, "slow", 0..1).await;
    sent(world, "slow", 1).await;
    answer(world, "slow", 0, "56").await;
    let open = r#"breaker_state{service="erp-adapter",partner="slow"} 1"#;
    eventually("it is held", || async { metric(adapter, open).then_some(()) }).await;
}

#[tokio::test]
async fn a_held_ask_goes_once_and_not_after_its_answer() {
    let world = World::start().await;
    let profiles = profiles("[delivery]\nbreaker = { failures = 1, pause = \"1h\" }");
    let adapter = start(&world, &profiles).await;
    hold(&world, &adapter).await;
    // Each is asked again when its time is over, and one of them has an answer before it goes: another is asked for it.
    for n in [1, 2, 3, 1, 2, 3] {
        ask(&world, "slow", n..n + 1).await;
    }
    let before = world.entries("SO-slow", 8).await.len();
    answer(&world, "slow", 2, "56").await;
    world.entries("SO-slow", before + 1).await;
    ask(&world, "slow", 4..5).await;
    eventually("all are held", || async { (world.held("HELD").await == 7).then_some(()) }).await;
    answer(&world, "slow", 0, "53").await;
    eventually("nothing is held", || async { (world.held("HELD").await == 0).then_some(()) }).await;
    assert_eq!(asks(&sent(&world, "slow", 4).await), ["slow-0", "slow-1", "slow-3", "slow-4"]);
    assert!(metric(&adapter, r#"dropped_asks_total{service="erp-adapter",partner="slow"} 4"#));
    // What is asked again after it went is another matter.
    ask(&world, "slow", 3..4).await;
    assert_eq!(asks(&sent(&world, "slow", 5).await)[4], "slow-3");
    adapter.stop().await;
}

#[tokio::test]
async fn a_process_that_dies_leaves_word_what_went() {
    let world = World::start().await;
    let profiles = profiles("[delivery]\nbreaker = { failures = 1, pause = \"3s\" }");
    let first = start(&world, &profiles).await;
    hold(&world, &first).await;
    for n in [1, 2, 1, 2] {
        ask(&world, "slow", n..n + 1).await;
    }
    eventually("all are held", || async { (world.held("HELD").await == 4).then_some(()) }).await;
    sent(&world, "slow", 2).await;
    first.crash().await;
    let second = start(&world, &profiles).await;
    sent(&world, "slow", 3).await;
    answer(&world, "slow", 1, "53").await;
    eventually("nothing is held", || async { (world.held("HELD").await == 0).then_some(()) }).await;
    assert_eq!(asks(&sent(&world, "slow", 3).await), ["slow-0", "slow-1", "slow-2"]);
    second.stop().await;
}

#[tokio::test]
async fn who_starts_while_asks_of_a_failing_partner_are_held_tries_it_with_one() {
    let world = World::start().await;
    let profiles = profiles("[delivery]\nrate = \"100/s\"\nbreaker = { failures = 3, pause = \"1h\" }");
    let first = start(&world, &profiles).await;
    ask(&world, "slow", 0..3).await;
    sent(&world, "slow", 3).await;
    for n in 0..3 {
        answer(&world, "slow", n, "56").await;
    }
    let open = r#"breaker_state{service="erp-adapter",partner="slow"} 1"#;
    eventually("it is held", || async { metric(&first, open).then_some(()) }).await;
    for n in 3..8 {
        ask(&world, "slow", n..n + 1).await;
    }
    eventually("five are held", || async { (world.held("HELD").await == 5).then_some(()) }).await;
    first.crash().await;
    ask(&world, "slow", 8..9).await;
    let second = start(&world, &profiles).await;
    sent(&world, "slow", 4).await;
    world.idle("ORDERS", "erp-adapter_asks").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((world.held("OUTBOX").await, world.held("HELD").await), (4, 5), "one is sent as a try");
    let said = world.restrained("erp-adapter").await;
    assert_eq!(said[0].why, "3 asks in a row failed; one is out as a try");
    // The next one begins so too, and then the partner works again.
    second.stop().await;
    let third = start(&world, &profiles).await;
    sent(&world, "slow", 5).await;
    answer(&world, "slow", 4, "53").await;
    assert_all_in_order(&sent(&world, "slow", 9).await, "slow", 9);
    third.stop().await;
}

#[tokio::test]
async fn what_no_adapter_put_there_is_quarantined_and_holds_up_nothing() {
    let world = World::start().await;
    world.publish("held.erp.slow", "from somewhere").await;
    let profiles = profiles("[delivery]\nrate = \"100/s\"");
    let adapter = start(&world, &profiles).await;
    ask(&world, "slow", 0..1).await;
    assert_eq!(world.quarantine(1).await[0].about.reason.text, "no adapter put this with what is held");
    sent(&world, "slow", 1).await;
    adapter.stop().await;
}
