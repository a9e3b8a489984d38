use broker::Options;
use engine::{Layout, Recorded};
use model::{Answer, CancelRequest, Outcome, Reason, RetryRequest};
use service::streams::{Durability, declare};

use super::*;
use crate::sample;

fn by() -> ByArgs {
    let order = OrderArgs { order: sample::order_id() };
    ByArgs { order, why: "the customer called".to_owned(), who: "ada".to_owned() }
}

fn state() -> State {
    Folded::<Fulfilment>::replay(&sample::key(), &sample::entries()).state().clone()
}

fn settles(change: impl FnOnce(&mut OverrideArgs)) -> Result<Fact, Failure> {
    let (accepted, refused, exception, milestone, shipment) = (None, None, None, None, None);
    let mut args = OverrideArgs { by: by(), accepted, refused, exception, milestone, shipment };
    change(&mut args);
    settled(&args, &state())
}

fn ask(kind: &str) -> AskId {
    AskId::new(&format!("{}/{kind}/s1", sample::ORDER)).unwrap()
}

#[test]
fn only_what_was_refused_or_is_unanswered_is_asked_again() {
    let again = retries(None, &state()).unwrap();
    assert_eq!(again, [Fact::RetryRequested(RetryRequest { ask: ask("book") })]);
    assert_eq!(retries(Some(&ask("book")), &state()).unwrap(), again);
    let accepted = retries(Some(&ask("allocate")), &state()).unwrap_err();
    assert!(matches!(&accepted, Failure::Refused(words) if words.contains("was accepted")), "{accepted}");
    let unknown = retries(Some(&ask("bill")), &state()).unwrap_err();
    assert!(matches!(&unknown, Failure::NotFound(words) if words.contains("SO 1/7.*/book/s1")), "{unknown}");
}

#[test]
fn what_the_order_goes_on_without_is_not_asked_again() {
    let mut entries = sample::entries();
    let waived = settles(|args| args.exception = Some("booking_refused s1".to_owned())).unwrap();
    let entry = entry_of(&Operator { who: "ada".to_owned(), why: "fetched".to_owned() }, sample::ORDER, vec![waived]);
    let last = entries.last().unwrap();
    entries.push(Recorded { sequence: last.sequence + 1, recorded: last.recorded, lane: Lane::Ops.as_str(), entry });
    let state = Folded::<Fulfilment>::replay(&sample::key(), &entries).state().clone();
    let refused = retries(Some(&ask("book")), &state).unwrap_err();
    assert!(matches!(&refused, Failure::Refused(words) if words.contains("`booking_refused s1`")), "{refused}");
    assert!(matches!(retries(None, &state), Err(Failure::Refused(_))));
}

#[test]
fn an_operator_answers_in_a_partners_place() {
    let yes = settles(|args| args.accepted = Some(ask("book"))).unwrap();
    assert_eq!(yes, Fact::Answered(Answer { ask: ask("book"), outcome: Outcome::Accepted }));
    let no = settles(|args| args.refused = Some(ask("book"))).unwrap();
    let Fact::Answered(Answer { outcome: Outcome::Refused { detail, .. }, .. }) = no else { panic!("{no:?}") };
    assert_eq!(detail.as_deref(), Some("the customer called"));
}

#[test]
fn an_exception_is_taken_as_it_is_only_while_it_is_open() {
    let waived = settles(|args| args.exception = Some("booking_refused s1".to_owned())).unwrap();
    assert!(matches!(&waived, Fact::Waived(exception) if !exception.detail.is_empty()), "{waived:?}");
    let closed = settles(|args| args.exception = Some("no_stock s1".to_owned())).unwrap_err();
    assert!(matches!(&closed, Failure::NotFound(words) if words.contains("`booking_refused s1`")), "{closed}");
}

#[test]
fn a_milestone_is_of_a_shipment_that_the_order_has() {
    let shipment = |id: &str| ShipmentId::new(id).ok();
    let delivered = Some(Milestone::TransportDelivered);
    let cancelled = settles(|args| args.milestone = Some(Milestone::OrderCancelled)).unwrap_err();
    assert!(matches!(&cancelled, Failure::Usage(words) if words.contains("`order cancel`")), "{cancelled}");
    let told = settles(|args| (args.milestone, args.shipment) = (delivered, shipment("s1"))).unwrap();
    assert!(matches!(told, Fact::Milestone(reached) if reached.shipment == shipment("s1")));
    let unknown = settles(|args| (args.milestone, args.shipment) = (delivered, shipment("s9"))).unwrap_err();
    assert!(matches!(&unknown, Failure::NotFound(words) if words.contains("`s1`")), "{unknown}");
}

#[tokio::test]
async fn an_entry_says_who_entered_it_and_why() {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let wanted = || vec![Fact::CancelRequested(CancelRequest { reason: Reason::ShipperCancelled, detail: None })];
    let missing = append(&by().operator(), &sample::order_id(), &connection, |_| Ok(wanted())).await.unwrap_err();
    assert!(matches!(&missing, Failure::NotFound(words) if words.contains("SO 1/7.*")), "{missing}");

    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    let mut decided = 0;
    for (lane, entry) in sample::to_append() {
        if lane == Layout::FLOW {
            decided = journal.decide(&sample::key(), decided, &entry).await.unwrap();
        } else {
            journal.append(&sample::key(), lane, &entry).await.unwrap();
        }
    }
    append(&by().operator(), &sample::order_id(), &connection, |_| Ok(wanted())).await.unwrap();
    let trail = super::super::trail::read(&connection, &sample::order_id()).await.unwrap();
    let last = trail.entries.last().unwrap();
    assert_eq!(last.lane, "ops");
    let text = super::super::trail::render(&trail);
    assert!(text.contains("ada: the customer called"), "{text}");
    assert!(text.contains("wants the order cancelled"), "{text}");
}

#[test]
fn what_is_entered_twice_in_one_moment_is_two_entries() {
    let entered = || entry_of(&by().operator(), sample::ORDER, vec![on_hold(false)]);
    let mut ids: Vec<EntryId> = (0..200).map(|_| entered().id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 200);
}

#[test]
fn reasons_are_said_and_are_no_novels() {
    assert_eq!(words_of_a_person(" because ").as_deref(), Ok("because"));
    assert!(words_of_a_person("  ").is_err());
    assert!(words_of_a_person(&"x".repeat(MOST_WORDS + 1)).is_err());
    assert!(milestone("transport.delivered").is_ok() && milestone("delivered").is_err());
}
