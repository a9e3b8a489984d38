//! What another policy would have decided of the past, and that the same one would have decided the same.

use engine::Key;
use engine::rehearse::{Difference, Span, What, differences, recorded, rehearsed};
use fulfilment::{Fulfilment, Policy, rule};
use model::{Decision, Order, Reason, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::kit::{
    Live, News, ORDER, Record, accepted, allocated, eur, freight_invoiced, good_path, hour, order_of, refused,
    released, validated,
};
use crate::properties::{Step, histories, policies};

/// Something that happens, and how the decide loop comes to hear of it.
#[derive(Debug, Clone)]
struct Turn {
    news: News,
    /// Milliseconds until then.
    after: i64,
    /// How often it decides then, having heard so many of what it had not heard.
    heard: Vec<usize>,
}

/// Turns of a course, some at once and some long after each other.
fn turns() -> impl Strategy<Value = (Vec<Turn>, &'static str)> {
    let pauses = prop_oneof![4 => Just(0), 3 => 1_i64..3_000, 2 => 60_000_i64..90_000_000, 1 => 1_i64..800_000_000];
    let hearing = proptest::collection::vec(0_usize..3, 0..4);
    let how = proptest::collection::vec((pauses, hearing), 40);
    (histories(), how, policies()).prop_map(|((_, steps), how, policy)| {
        let told = steps.into_iter().filter_map(|step| match step {
            Step::Told(news) => Some(*news),
            Step::Under(_) | Step::Decided | Step::Due(_) => None,
        });
        let turns = told.zip(how).map(|(news, (after, heard))| Turn { news, after, heard });
        (turns.collect(), policy)
    })
}

/// The order as it went: a decision may be overtaken by the fact that comes next.
fn lived(turns: &[Turn], policy: &str) -> Live {
    let mut live = Live::under(policy);
    let mut turns = turns.iter().peekable();
    while let Some(turn) = turns.next() {
        live.wait(turn.after);
        live.told(&turn.news);
        for heard in &turn.heard {
            let overtaking = turns.next_if(|next| next.after == 0).map(|next| next.news.clone());
            live.decided(*heard, overtaking.as_slice());
        }
    }
    live.wait(engine::rehearse::QUIET);
    live
}

fn differ(trail: &[Record], policy: &Policy, span: Span) -> Vec<Difference<Decision>> {
    let then = rehearsed::<Fulfilment>(&Key::of(ORDER), trail, policy, span);
    differences(recorded::<Fulfilment>(trail, span), then, rule::name)
}

fn policy(toml: &str) -> Policy {
    Policy::load("policy.toml", toml).unwrap()
}

fn whole(until: Timestamp) -> Span {
    Span { since: Timestamp::from_millis(i64::MIN), until }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(120) })]

    #[test]
    fn the_policy_that_was_in_force_decides_what_is_recorded((turns, toml) in turns(), since in any::<Index>()) {
        let live = lived(&turns, toml);
        let mut span = whole(live.time);
        prop_assert_eq!(differ(&live.trail, &policy(toml), span), Vec::new());
        // So it does from any time on.
        span.since = live.trail[since.index(live.trail.len())].recorded;
        prop_assert_eq!(differ(&live.trail, &policy(toml), span), Vec::new());
    }
}

/// The order as it goes when each is decided on at once.
fn at_once(news: impl IntoIterator<Item = News>) -> Live {
    let mut live = Live::under("");
    for news in news {
        let passed = news.received.as_millis() - live.time.as_millis();
        live.wait(passed.max(0));
        live.told(&news);
        while live.decided(usize::MAX, &[]) {}
    }
    live
}

fn one_shipment() -> Order {
    order_of(&[1])
}

fn of_rules(found: &[Difference<Decision>]) -> Vec<(What, &str)> {
    found.iter().map(|own| (own.what(), own.name.rule.as_str())).collect()
}

#[test]
fn a_lower_tolerance_leaves_an_order_open_that_was_closed() {
    let order = one_shipment();
    let dearer = freight_invoiced("s1", eur("101.00")).at(13);
    let path = good_path(&order).into_iter().filter(|news| !matches!(news.fact, model::Fact::FreightInvoiced(_)));
    let mut live = at_once(path.chain([dearer]));
    live.wait(3_600_000);
    assert_eq!(differ(&live.trail, &policy(""), whole(live.time)), []);
    let found = differ(&live.trail, &policy("[tolerance]\nfreight_percent = 0"), whole(live.time));
    assert_eq!(of_rules(&found), [(What::Fewer, "close"), (What::More, "exception freight_mismatch")]);
    assert_eq!(found[0].place(), found[1].place());
}

#[test]
fn a_shorter_wait_passes_at_its_own_time_and_is_told_of_once() {
    let order = one_shipment();
    let start = [released(&order), validated(&order), accepted("allocate/s1"), allocated("s1")];
    let mut live = at_once(start.into_iter().chain([accepted("book/s1").at(2)]));
    live.wait(40 * 3_600_000);
    let longer = "[deadlines]\nship = \"30h\"";
    let found = differ(&live.trail, &policy(longer), whole(live.time));
    assert_eq!(of_rules(&found), [(What::Other, "deadline ship"), (What::More, "exception overdue ship")]);
    let raised = found[1].then.as_ref().expect("raised");
    let set = found[0].then.as_ref().expect("set");
    assert_eq!(raised.now, set.now.plus_millis(30 * 3_600_000), "at the time it was set for");
    // The time has not come yet.
    let early = live.time.plus_millis(-20 * 3_600_000);
    assert_eq!(of_rules(&differ(&live.trail, &policy(longer), whole(early))), [(What::Other, "deadline ship")]);
    // What was decided before the change stands.
    let since = Span { since: live.time.plus_millis(-1), until: live.time };
    assert_eq!(differ(&live.trail, &policy(longer), since), []);
}

#[test]
fn where_what_there_is_may_leave_a_shortage_is_no_problem() {
    let order = one_shipment();
    let short = allocated("s1").of(&[(1, 6)]);
    let mut live = at_once([released(&order), validated(&order), accepted("allocate/s1"), short]);
    live.wait(5 * 3_600_000);
    let found = differ(&live.trail, &policy("[allocation]\nshort = \"ship\""), whole(live.time));
    let first: Vec<_> = found.iter().filter(|own| own.place() == found[0].place()).cloned().collect();
    assert!(of_rules(&first).contains(&(What::More, "book")), "{:?}", of_rules(&found));
}

#[test]
fn what_is_decided_late_for_the_decide_loop_was_away_is_no_difference() {
    let order = one_shipment();
    let mut live = Live::under("");
    live.told(&released(&order));
    live.told(&validated(&order));
    // Nobody decides for two hours; then all is decided at once.
    live.time = hour(2);
    live.told(&refused("allocate/s1", Reason::QuantityShort, None));
    while live.decided(usize::MAX, &[]) {}
    assert_eq!(differ(&live.trail, &policy(""), whole(hour(3))), []);
}
