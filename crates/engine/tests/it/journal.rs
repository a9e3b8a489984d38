//! Appending and reading.

use engine::{AppendErrorKind, Key};

use crate::kit::{Library, decided, told};
use crate::loan::{Decision, Fact};

#[tokio::test]
async fn only_one_of_two_decisions_wins() {
    let library = Library::open().await;
    let (journal, key) = (library.journal(), Key::of("Moby-Dick"));
    let first = journal.decide(&key, 0, &decided(Decision::Fine)).await.expect("the first decision");
    let lost = journal.decide(&key, 0, &decided(Decision::Close)).await.expect_err("the second lost");
    assert_eq!(lost.kind(), AppendErrorKind::Conflict);
    journal.decide(&key, first, &decided(Decision::Close)).await.expect("decided again, having seen the first");
    assert_eq!(library.state(&key).await.decisions, [Decision::Fine, Decision::Close]);
}

#[tokio::test]
async fn a_fact_in_between_does_not_disturb_a_decision() {
    let library = Library::open().await;
    let (journal, key) = (library.journal(), Key::of("Moby-Dick"));
    let first = journal.decide(&key, 0, &decided(Decision::Fine)).await.expect("decided");
    library.tell(&key, "letterbox", Fact::Returned).await;
    journal.decide(&key, first, &decided(Decision::Close)).await.expect("only decisions are fenced");
}

#[tokio::test]
async fn what_is_concluded_from_a_lane_is_appended_only_behind_what_was_seen_of_it() {
    let library = Library::open().await;
    let (journal, key) = (library.journal(), Key::of("Moby-Dick"));
    let facts: Vec<_> = (0..3).map(|millis| told(&key, Fact::Borrowed { millis })).collect();
    let first = journal.append_behind(&key, "desk", 0, &facts[0]).await.expect("nothing was there");
    let lost = journal.append_behind(&key, "desk", 0, &facts[1]).await.expect_err("something is there");
    assert_eq!(lost.kind(), AppendErrorKind::Conflict);
    library.tell(&key, "letterbox", Fact::Returned).await;
    journal.append_behind(&key, "desk", first, &facts[2]).await.expect("another lane does not matter");
    assert_eq!(journal.read(&key).await.expect("read").len(), 3);
}

#[tokio::test]
async fn appending_the_same_entry_again_is_the_same_append() {
    let library = Library::open().await;
    let (journal, key) = (library.journal(), Key::of("Moby-Dick"));
    let fact = told(&key, Fact::Returned);
    let once = journal.append(&key, "desk", &fact).await.expect("appended");
    assert_eq!(journal.append(&key, "desk", &fact).await.expect("known"), once);
    // As after a lost acknowledgement: the expected sequence is no longer the last, but the last is our own.
    let decision = decided(Decision::Fine);
    let once = journal.decide(&key, 0, &decision).await.expect("decided");
    assert_eq!(journal.decide(&key, 0, &decision).await.expect("ours"), once);
    assert_eq!(journal.read(&key).await.expect("read").len(), 2);
}

#[tokio::test]
async fn an_instance_is_read_back_whole_and_in_order() {
    let library = Library::open().await;
    let (journal, key, other) = (library.journal(), Key::of("War and Peace / 2.*>"), Key::of("other"));
    for number in 0..1_200 {
        let lane = if number % 3 == 0 { "desk" } else { "letterbox" };
        journal.append(&key, lane, &told(&key, Fact::Borrowed { millis: number })).await.expect("appended");
        journal.append(&other, lane, &told(&other, Fact::Borrowed { millis: number })).await.expect("appended");
    }
    let entries = journal.read(&key).await.expect("read");
    let expected: Vec<_> = (0..1_200).map(|number| told(&key, Fact::Borrowed { millis: number })).collect();
    assert_eq!(entries.iter().map(|recorded| recorded.entry.clone()).collect::<Vec<_>>(), expected);
    assert!(entries.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
    assert!(journal.read(&Key::of("nobody's")).await.expect("read").is_empty());
    let desk = journal.read_lane(&key, "desk").await.expect("read");
    assert_eq!(desk, entries.into_iter().filter(|recorded| recorded.lane == "desk").collect::<Vec<_>>());
    assert!(journal.read_lane(&Key::of("nobody's"), "desk").await.expect("read").is_empty());
}

#[tokio::test]
async fn the_first_entry_of_a_lane_is_known_as_such_and_a_later_one_is_appended_all_the_same() {
    let library = Library::open().await;
    let (journal, key) = (library.journal(), Key::of("Moby-Dick"));
    let facts: Vec<_> = (0..3).map(|millis| told(&key, Fact::Borrowed { millis })).collect();
    let first = journal.append_first(&key, "desk", &facts[0]).await.expect("appended");
    assert_eq!(journal.read(&key).await.expect("read").len(), 1);
    assert_eq!(journal.append_first(&key, "desk", &facts[0]).await.expect("known"), first);
    journal.append_first(&key, "desk", &facts[1]).await.expect("appended without the condition");
    journal.append_first(&key, "letterbox", &facts[2]).await.expect("appended");
    let read = journal.read(&key).await.expect("read");
    assert_eq!(read.into_iter().map(|recorded| recorded.entry).collect::<Vec<_>>(), facts);
}
