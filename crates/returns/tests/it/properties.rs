//! What holds of every return, whatever is told of it and in whichever order.

use engine::{Folded, Key};
use model::{Decision, Fact, Grade, Lane, Milestone, Request};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use returns::state::Held;
use returns::{Policy, Returns, State, status};

use crate::kit::{
    Given, News, RMA, Record, accepted, all_sound, authorised, booked, cancelled, credited, failed, flow, given, goods,
    hour, in_words, inspected, mismatch, picked_up, reached, received, record, refused, waived, wanted_again,
};

/// Something that happens to a return.
#[derive(Debug, Clone)]
enum Step {
    /// Something is told.
    Told(Box<News>),
    /// The orchestrator decides.
    Decided,
    /// One of the deadlines passes.
    Due(Index),
}

const KINDS: [&str; 8] = [
    "expect_return",
    "collect",
    "credit",
    "update_return",
    "cancel_return",
    "cancel_collection",
    "expect_return#2",
    "credit#2",
];

fn news() -> impl Strategy<Value = News> {
    let kind = || select(KINDS.to_vec());
    let amounts = proptest::collection::vec((select(vec!["1", "2", "9"]), 0_i64..7), 0..3);
    let found = (select(vec!["1", "2", "9"]), 0_i64..7, select(Grade::ALL.to_vec()));
    let mut lone = goods(None);
    lone.lines.truncate(1);
    let told = prop_oneof![
        2 => select(vec![goods(None), goods(Some("tms-1")), lone]).prop_map(|goods| authorised(&goods)),
        1 => Just(authorised(&goods(None)).by(Lane::Erp).from("erp-1")),
        8 => kind().prop_map(accepted),
        2 => kind().prop_map(refused),
        2 => kind().prop_map(failed),
        2 => kind().prop_map(wanted_again),
        3 => amounts.clone().prop_map(|amounts| received(&amounts)),
        2 => Just(received(&[("1", 5), ("2", 2)])),
        3 => Just(all_sound()),
        3 => proptest::collection::vec(found, 0..3).prop_map(|found| inspected(&found)),
        1 => amounts.prop_map(|amounts| credited(&amounts)),
        1 => Just(booked()),
        1 => Just(picked_up()),
        1 => select(Milestone::ALL.to_vec()).prop_map(|milestone| reached(milestone.authority().map_or(Lane::Tms, model::System::lane), milestone, &[])),
        1 => Just(cancelled()),
        1 => Just(waived(mismatch(), "line 1: 4 received, 5 authorised")),
    ];
    (told, 1_i64..40, prop::bool::weighted(0.05)).prop_map(|(news, hour, strange)| {
        let news = news.at(hour);
        if strange { news.from("x-9") } else { news }
    })
}

fn histories() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => news().prop_map(|news| Step::Told(Box::new(news))),
        3 => Just(Step::Decided),
        1 => any::<Index>().prop_map(Step::Due),
    ];
    let first = prop::option::weighted(0.9, Just(Step::Told(Box::new(authorised(&goods(Some("tms-1")))))));
    (first, proptest::collection::vec(step, 0..30)).prop_map(|(first, steps)| first.into_iter().chain(steps).collect())
}

fn play(steps: Vec<Step>) -> Given {
    steps.into_iter().fold(given([]), |given, step| match step {
        Step::Told(news) => given.then([*news]),
        Step::Decided => given.decided(),
        Step::Due(index) => {
            let open = given.state().deadlines().keys();
            let open: Vec<String> = open
                .filter(|name| returns::decide::awaits(given.state(), &returns::Policy::default(), name))
                .cloned()
                .collect();
            if open.is_empty() { given } else { given.due(&open[index.index(open.len())]) }
        }
    })
}

fn replay(records: Vec<Record>) -> State {
    let numbered = records.into_iter().zip(1..).map(|(record, sequence)| Record { sequence, ..record });
    let records: Vec<Record> = numbered.collect();
    Folded::<Returns>::replay(&Key::of(RMA), &records).state().clone()
}

fn shuffle<T>(things: &mut [T], mut seed: u64) {
    for last in (1..things.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        things.swap(last, (seed >> 33) as usize % (last + 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn deciding_twice_adds_nothing(steps in histories()) {
        let given = play(steps).decided();
        // Nor does the passing of time alone.
        let later = returns::decide(given.state(), &Policy::default(), hour(90_000));
        prop_assert_eq!(later, Vec::new());
    }

    #[test]
    fn facts_may_come_in_any_order_and_more_than_once(
        steps in histories(), seed in any::<u64>(), repeats in proptest::collection::vec(any::<Index>(), 0..12),
    ) {
        let decided = play(steps.clone());
        let asks = decided.state().asks().cloned().map(Decision::Ask);
        let open = decided.state().exceptions().cloned().map(Decision::Raise);
        let flow = flow(1, hour(1), asks.chain(open).collect());
        let told = |step| match step {
            Step::Told(news) => Some(*news),
            Step::Decided | Step::Due(_) => None,
        };
        let news: Vec<News> = steps.into_iter().filter_map(told).collect();
        let straight: Vec<Record> = news.iter().map(|news| record(1, news)).chain([flow]).collect();
        let mut shuffled = straight.clone();
        for index in repeats.iter().filter(|_| !news.is_empty()) {
            let again = index.get(&news);
            shuffled.push(record(1, &again.clone().at(again.hour + 50)));
        }
        shuffle(&mut shuffled, seed);
        let (one, other) = (replay(straight), replay(shuffled));
        prop_assert_eq!(status(&one), status(&other));
        prop_assert_eq!(
            in_words(&returns::decide(&one, &Policy::default(), hour(100)), hour(100)),
            in_words(&returns::decide(&other, &Policy::default(), hour(100)), hour(100))
        );
        prop_assert_eq!(one, other);
    }

    #[test]
    fn no_return_is_left_alone(steps in histories()) {
        let given = play(steps).decided();
        let state = given.state();
        let waits = |name: &str| returns::decide::awaits(state, &returns::Policy::default(), name) && !state.is_due(name);
        let comes_back = |held: &Held| matches!(held.fact, Fact::Milestone(_) | Fact::Inspected(_) | Fact::Booked(_));
        let is_seen_to = (state.authorised().is_none() && !state.facts().any(comes_back))
            || state.ended().is_some()
            || state.exceptions().next().is_some()
            || state.deadlines().keys().any(|name| waits(name));
        prop_assert!(is_seen_to, "{:?}", status(state));
    }

    #[test]
    fn never_more_is_credited_than_was_authorised_and_found(steps in histories()) {
        let given = play(steps);
        for decision in given.decisions() {
            let Decision::Ask(ask) = decision else { continue };
            let Request::Credit { lines, .. } = &ask.request else { continue };
            for part in lines {
                let status = status(given.state()).unwrap();
                let line = status.lines.iter().find(|line| line.line == part.line).unwrap();
                prop_assert!(part.quantity.amount <= line.authorised.min(line.received));
                prop_assert!(part.quantity.amount <= line.sound + line.damaged);
            }
        }
    }

    #[test]
    fn a_cancelled_return_leaves_nothing_asked(steps in histories()) {
        let mut given = play(steps).then([cancelled().at(50)]).decided();
        // Everybody does what they are asked to.
        for round in 51..60 {
            let asks: Vec<String> = given.state().asks().filter(|ask| ask.request.undoes().is_some())
                .filter_map(|ask| Some(ask.id.as_str().split_once('/')?.1.to_owned())).collect();
            given = given.then(asks.iter().map(|kind| accepted(kind).at(round))).decided();
        }
        let state = given.state();
        // An answer that turns out to have come before the one that was acted on is for a person.
        if state.ended() != Some(model::End::Cancelled) || state.exceptions().next().is_some() {
            return Ok(());
        }
        for ask in state.asks().filter(|ask| matches!(ask.request, Request::ExpectReturn { .. } | Request::Collect { .. })) {
            let undone = state.asks().any(|undo| {
                undo.request.undoes() == Some(&ask.id) && state.ask_state(&undo.id) == returns::state::AskState::Accepted
            });
            let refused = matches!(state.ask_state(&ask.id), returns::state::AskState::Refused(_));
            prop_assert!(undone || refused, "{:?}", ask);
        }
    }
}
