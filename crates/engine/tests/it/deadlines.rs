//! Deadlines: they pass once, also when everything was down when they should have.

use std::sync::atomic::Ordering;
use std::time::Duration;

use broker::Restart;
use engine::{Content, Journal, Key, timers};
use model::Timestamp;

use crate::kit::{Library, Running, connect};
use crate::loan::{Decision, Fact, LAYOUT};

const WEEK: i64 = 7 * 86_400_000;

#[tokio::test]
async fn a_deadline_passes_once() {
    let library = Library::open().await;
    let running = Running::start(library.journal());
    let key = Key::of("Moby-Dick");
    library.tell(&key, "desk", Fact::Borrowed { millis: 300 }).await;
    let state = library.eventually(&key, "fined", |state| state.decisions.contains(&Decision::Fine)).await;
    assert_eq!(state.decisions.len(), 2);
    assert_eq!(running.tally.due.load(Ordering::Relaxed), 1);
    running.drain().await;
}

#[tokio::test]
async fn a_deadline_nobody_waits_for_leaves_no_entry() {
    let library = Library::open().await;
    let running = Running::start(library.journal());
    let key = Key::of("Moby-Dick");
    library.tell(&key, "desk", Fact::Borrowed { millis: 400 }).await;
    library.tell(&key, "letterbox", Fact::Returned).await;
    library.eventually(&key, "closed", |state| state.decisions.contains(&Decision::Close)).await;
    let other = Key::of("a later one");
    library.tell(&other, "desk", Fact::Borrowed { millis: 800 }).await;
    library.eventually(&other, "fined", |state| state.due).await;
    assert!(!library.state(&key).await.due);
    running.drain().await;
}

#[tokio::test]
async fn a_deadline_outlives_the_broker() {
    let mut library = Library::open().await;
    let running = Running::start(library.journal());
    let key = Key::of("Moby-Dick");
    library.tell(&key, "desk", Fact::Borrowed { millis: 2_000 }).await;
    library.eventually(&key, "lent", |state| state.decisions.len() == 1).await;
    let begun = std::time::Instant::now();
    while running.tally.deadlines.load(Ordering::Relaxed) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the deadline was never set");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    library.broker.down(Restart::Kill).await.expect("killed");
    tokio::time::sleep(Duration::from_secs(3)).await;
    library.broker.up().await.expect("up again");
    let state = library.eventually(&key, "fined", |state| state.decisions.contains(&Decision::Fine)).await;
    assert_eq!(state.decisions.len(), 2);
    running.drain().await;
}

#[tokio::test]
async fn one_timer_serves_several_deadlines_whichever_was_set_first() {
    let library = Library::open().await;
    let running = Running::start(library.journal());
    let (sooner, later) = (Key::of("told before it is due"), Key::of("due before it is told"));
    for (key, lent, told) in [(&sooner, 1_500, 300), (&later, 300, 1_500)] {
        library.tell(key, "desk", Fact::Borrowed { millis: lent }).await;
        library.eventually(key, "lent", |state| state.decisions.len() == 1).await;
        library.tell(key, "letterbox", Fact::Reserved { millis: told }).await;
    }
    library.eventually(&sooner, "told", |state| state.told && !state.due).await;
    library.eventually(&later, "fined", |state| state.due && !state.told).await;
    for key in [&sooner, &later] {
        library
            .eventually(key, "told and fined", |state| state.told && state.decisions.contains(&Decision::Fine))
            .await;
    }
    assert_eq!(running.tally.due.load(Ordering::Relaxed), 4);
    // The later of two deadlines needs no word to the broker when it is set.
    assert_eq!(running.tally.deadlines.load(Ordering::Relaxed), 3);
    // One process alone reads an instance back when it first hears of it, and not when a timer fires.
    assert_eq!(running.tally.loaded.load(Ordering::Relaxed), 2);
    running.drain().await;
}

#[tokio::test]
async fn who_knows_of_no_timer_puts_none_off() {
    let library = Library::open().await;
    let key = Key::of("Moby-Dick");
    let set = |in_millis: i64, known: u64, fired: Option<Timestamp>| {
        let at = now().plus_millis(in_millis);
        let (js, key) = (&library.js, &key);
        async move { timers::set(js, &LAYOUT, key, at, known, fired).await.expect("set") }
    };
    let first = set(600_000, 0, None).await;
    assert_eq!(set(900_000, 0, None).await, first, "the one that fires earlier stays");
    let sooner = set(300_000, 0, None).await;
    assert!(sooner.at < first.at && sooner.sequence > first.sequence);
    assert_eq!(set(600_000, first.sequence, None).await, sooner, "who knows of the first does not put off the second");
    let soonest = set(200, sooner.sequence, None).await;
    // What is about to fire is not counted on by one who was told that it fired.
    let next = set(600_000, 0, Some(soonest.at)).await;
    assert!(next.at > soonest.at && next.sequence > soonest.sequence);
    let timers = library.js.get_stream(LAYOUT.timers).await.expect("the stream");
    let due = timers.get_last_raw_message_by_subject("timer.due.>").await.expect("it has fired");
    assert_eq!(due.payload, soonest.at.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_of_which_one_is_killed_lose_no_deadline_and_pass_none_twice() {
    const BOOKS: u64 = 600;
    let library = Library::open().await;
    let one = Running::start(library.journal());
    let first = Key::of("the one that shows who is served");
    library.tell(&first, "desk", Fact::Borrowed { millis: WEEK }).await;
    library.eventually(&first, "lent", |state| state.decisions.len() == 1).await;
    let two = Running::start(Journal::new(connect(&library.broker).await, LAYOUT));
    library.redeliver_due_after(Duration::from_secs(3)).await;
    let keys: Vec<Key> = (0..BOOKS).map(|number| Key::of(&format!("book {number}"))).collect();
    // Who is told that a timer fired sets it for the week, and at about the same time the one who is served for an answer.
    let begun = tokio::time::Instant::now();
    let tell = |(number, key): (u64, &Key)| {
        let (library, key) = (&library, key.clone());
        async move {
            let begin = begun + Duration::from_millis(number * 5);
            tokio::time::sleep_until(begin).await;
            library.tell(&key, "desk", Fact::Borrowed { millis: WEEK }).await;
            library.tell(&key, "letterbox", Fact::Reserved { millis: 500 }).await;
            tokio::time::sleep_until(begin + Duration::from_millis(500 + number % 50 * 5)).await;
            library.tell(&key, "desk", Fact::Asked { millis: 300 }).await;
        }
    };
    let kill = async {
        tokio::time::sleep_until(begun + Duration::from_millis(BOOKS * 4)).await;
        one.crash();
    };
    tokio::join!(futures::future::join_all((0..).zip(&keys).map(tell)), kill);
    for key in &keys {
        library.eventually(key, "told and answered", |state| state.told && state.answered).await;
        let entries = library.journal().read(key).await.expect("read");
        let names: Vec<&str> = entries.iter().filter_map(|entry| due(&entry.entry.content)).collect();
        assert_eq!(names, ["tell", "answer"], "{key}");
    }
    two.drain().await;
}

fn due<F, D>(content: &Content<F, D>) -> Option<&str> {
    match content {
        Content::Due { name, .. } => Some(name),
        Content::Facts { .. } | Content::Decisions { .. } => None,
    }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Timestamp::from_millis(i64::try_from(since.as_millis()).expect("it fits"))
}
