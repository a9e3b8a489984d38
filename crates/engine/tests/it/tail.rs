//! Following a stream from a checkpoint.

use engine::{Checkpoint, EntryId, Key, Tail, TailError};

use crate::kit::Library;
use crate::loan::{Fact, LAYOUT};

async fn some_entries(library: &Library, how_many: i64) {
    for number in 0..how_many {
        library.tell(&Key::of("Moby-Dick"), "desk", Fact::Borrowed { millis: number }).await;
    }
}

async fn follow(library: &Library, from: Option<&Checkpoint>) -> Result<Tail, TailError> {
    Tail::open(&library.js, LAYOUT.stream, &LAYOUT.all(), from).await
}

#[tokio::test]
async fn a_tail_goes_on_where_the_checkpoint_was_taken() {
    let library = Library::open().await;
    some_entries(&library, 10).await;
    let mut tail = follow(&library, None).await.expect("followed");
    assert_eq!(tail.checkpoint(), None);
    let mut seen = Vec::new();
    while seen.len() < 4 {
        seen.extend(tail.next_burst(1).await.into_iter().map(|message| message.sequence));
    }
    let checkpoint = tail.checkpoint().expect("something was seen");
    let mut tail = follow(&library, Some(&checkpoint)).await.expect("followed on");
    while seen.len() < 10 {
        seen.extend(tail.next_burst(100).await.into_iter().map(|message| message.sequence));
    }
    assert_eq!(seen, (1..=10).collect::<Vec<_>>());
    assert_eq!(tail.end().await.expect("known"), 10);
}

#[tokio::test]
async fn a_log_that_changed_underneath_is_noticed() {
    let library = Library::open().await;
    some_entries(&library, 3).await;
    let mut tail = follow(&library, None).await.expect("followed");
    while tail.checkpoint().is_none_or(|checkpoint| checkpoint.sequence < 3) {
        tail.next_burst(100).await;
    }
    let sound = tail.checkpoint().expect("three were seen");
    let other_message = Checkpoint { digest: EntryId([1; 16]), ..sound.clone() };
    let shorter = Checkpoint { sequence: 4, ..sound.clone() };
    let other_stream = Checkpoint { created: sound.created.plus_millis(1), ..sound.clone() };
    for (checkpoint, word) in [(other_message, "another"), (shorter, "ends at 3"), (other_stream, "created at")] {
        let error = follow(&library, Some(&checkpoint)).await.err().expect("refused");
        assert!(matches!(error, TailError::Changed { .. }) && error.to_string().contains(word), "{error}");
    }
}
