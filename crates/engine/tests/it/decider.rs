//! The decide loop: conflicts, redelivery, two at once, entries nobody can read.

use engine::{Content, Entry, EntryId, FactId, Key, Source, Told, codec};
use model::Timestamp;

use crate::kit::{Library, Running, connect, decided};
use crate::loan::{Decision, Fact, LAYOUT, LaterFact};

const WEEK: i64 = 7 * 86_400_000;

#[tokio::test]
async fn facts_lead_to_decisions_once() {
    let library = Library::open().await;
    let running = Running::start(library.journal());
    let key = Key::of("Moby-Dick");
    library.tell(&key, "desk", Fact::Borrowed { millis: WEEK }).await;
    library.tell(&key, "desk", Fact::Borrowed { millis: WEEK }).await;
    library.eventually(&key, "lent", |state| state.decisions.len() == 1).await;
    library.tell(&key, "letterbox", Fact::Returned).await;
    let state = library.eventually(&key, "closed", |state| state.decisions.contains(&Decision::Close)).await;
    assert_eq!(state.decisions.len(), 2);
    running.drain().await;
}

#[tokio::test]
async fn what_a_crashed_process_did_not_acknowledge_is_decided_by_the_next() {
    let library = Library::open().await;
    let keys: Vec<Key> = (0..200).map(|number| Key::of(&format!("book {number}"))).collect();
    let first = Running::start(library.journal());
    for key in &keys {
        library.tell(key, "desk", Fact::Borrowed { millis: WEEK }).await;
    }
    first.crash();
    let second = Running::start(library.journal());
    for key in &keys {
        library.tell(key, "letterbox", Fact::Returned).await;
    }
    for key in &keys {
        let state = library.eventually(key, "closed", |state| state.decisions.contains(&Decision::Close)).await;
        assert_eq!(state.decisions.len(), 2, "{key}: {:?}", state.decisions);
    }
    second.drain().await;
}

#[tokio::test]
async fn two_at_once_decide_everything_once() {
    let library = Library::open().await;
    let other = engine::Journal::new(connect(&library.broker).await, LAYOUT);
    let one = Running::start(library.journal());
    let two = Running::start(other);
    let keys: Vec<Key> = (0..300).map(|number| Key::of(&format!("book {number}"))).collect();
    for key in &keys {
        library.tell(key, "desk", Fact::Borrowed { millis: WEEK }).await;
        library.tell(key, "letterbox", Fact::Returned).await;
    }
    for key in &keys {
        let state = library.eventually(key, "closed", |state| state.decisions.contains(&Decision::Close)).await;
        let lent = state.decisions.iter().filter(|decision| matches!(decision, Decision::LendUntil(_))).count();
        assert_eq!((state.decisions.len(), lent), (2, 1), "{key}: {:?}", state.decisions);
    }
    one.drain().await;
    two.drain().await;
}

#[tokio::test]
async fn a_decision_of_another_process_is_seen_before_deciding_again() {
    let library = Library::open().await;
    let running = Running::start(library.journal());
    let key = Key::of("Moby-Dick");
    library.tell(&key, "desk", Fact::Borrowed { millis: WEEK }).await;
    library.eventually(&key, "lent", |state| state.decisions.len() == 1).await;
    let last = library.journal().read(&key).await.expect("read").pop().expect("the decision").sequence;
    let other = decided(Decision::Fine);
    library.journal().decide(&key, last, &other).await.expect("another process decided");
    library.tell(&key, "letterbox", Fact::Returned).await;
    let state = library.eventually(&key, "closed", |state| state.decisions.contains(&Decision::Close)).await;
    assert_eq!(state.decisions.len(), 3, "{:?}", state.decisions);
    running.drain().await;
}

#[tokio::test]
async fn an_unknown_fact_parks_its_instance_and_no_other() {
    let library = Library::open().await;
    let mut running = Running::start(library.journal());
    let (odd, sound) = (Key::of("odd"), Key::of("sound"));
    library.tell(&odd, "desk", Fact::Borrowed { millis: WEEK }).await;
    library.eventually(&odd, "lent", |state| state.decisions.len() == 1).await;
    let decided_at = library.last_decision(&odd).await;

    let source = Source {
        service: "a later version".to_owned(),
        partner: None,
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: Timestamp::default(),
        operator: None,
    };
    let fact = Told { id: FactId([7; 16]), fact: LaterFact::Lost { where_to: "sea".to_owned() } };
    let entry: Entry<LaterFact, Decision> =
        Entry { id: EntryId([7; 16]), content: Content::Facts { source, facts: vec![fact] } };
    let payload = codec::encode(&entry).expect("encoded");
    library.js.publish(LAYOUT.subject(&odd, "desk"), payload.into()).await.expect("sent").await.expect("stored");
    let parked = running.parked.recv().await.expect("parked");
    assert!(parked.reason.contains("upgrade") && parked.reason.contains("Lost"), "{}", parked.reason);

    library.tell(&odd, "letterbox", Fact::Returned).await;
    library.tell(&sound, "desk", Fact::Borrowed { millis: WEEK }).await;
    library.tell(&sound, "letterbox", Fact::Returned).await;
    library.eventually(&sound, "closed", |state| state.decisions.contains(&Decision::Close)).await;
    let again = running.parked.recv().await.expect("the instance is parked as a whole");
    assert_eq!((again.subject, again.sequence), (parked.subject, parked.sequence));
    assert_eq!(library.last_decision(&odd).await, decided_at, "nothing is decided on what cannot be read");
    running.drain().await;
}
