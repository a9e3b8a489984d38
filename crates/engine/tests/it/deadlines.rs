//! Deadlines: they pass once, also when everything was down when they should have.

use std::sync::atomic::Ordering;
use std::time::Duration;

use broker::Restart;
use engine::Key;

use crate::kit::{Library, Running};
use crate::loan::{Decision, Fact};

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
    running.drain().await;
}
