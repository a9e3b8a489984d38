//! What holds of every order, whatever is told of it and in whichever order.

use std::collections::BTreeMap;

use engine::{FactId, Folded, Key};
use fulfilment::policy::Undelivered;
use fulfilment::state::AskState;
use fulfilment::{Fulfilment, Held, State, StockEffectKind, composite};
use model::{Commitment, Decision, ExceptionKind, Fact, Lane, Milestone, Order, Quantity, Reason, Request, Unit};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::Decimal;

use crate::kit::{
    Given, News, ORDER, Record, STAGES, accepted, allocated, assigned, billed, booked, cancel_requested, cancelled,
    delayed, delivered, eur, failed, flow, found, freight_invoiced, given, good_path, goods_issued, held, hour,
    in_words, kilos, let_go, no_longer_delayed, order_of, packed, partly_delivered, picked, progress,
    proof_of_delivery, reached, record, refused, released, retry_requested, returned, returning, shipment_id, snoozed,
    substituted, until, validated, waived,
};

/// Something that happens to an order.
#[derive(Debug, Clone)]
pub enum Step {
    /// This policy is in force from the start.
    Under(&'static str),
    /// Something is told.
    Told(Box<News>),
    /// The orchestrator decides.
    Decided,
    /// One of the deadlines passes.
    Due(Index),
}

fn orders() -> impl Strategy<Value = Order> {
    proptest::collection::vec(1_usize..3, 1..4).prop_map(|shipments| order_of(&shipments))
}

/// Quantities of some lines, in the order's unit and sometimes in another.
fn parts() -> impl Strategy<Value = Vec<model::Progress>> {
    let part = (1_u32..6, 0_i64..14, prop::bool::weighted(0.1)).prop_map(|(line, amount, in_kilos)| {
        let quantity = if in_kilos { kilos(amount) } else { Quantity::each(amount) };
        progress(&line.to_string(), quantity)
    });
    proptest::collection::vec(part, 0..4)
}

/// A milestone of any kind, told by anybody, of any shipment, parcel and part.
fn milestones() -> impl Strategy<Value = News> {
    let told_by = select(vec![Lane::Erp, Lane::Wms, Lane::Tms, Lane::Ops]);
    let of = select(vec!["s1", "s2", "s3", "s9"]);
    let parcel = proptest::option::weighted(0.3, select(vec!["p1", "p2"]));
    let whole = prop::bool::weighted(0.1);
    (select(Milestone::ALL.to_vec()), told_by, of, parcel, parts(), whole).prop_map(
        |(milestone, lane, shipment, parcel, parts, whole)| {
            // Most are told by the system that may.
            let own = milestone.authority().map_or(Lane::Tms, model::System::lane);
            let lane = if lane == Lane::Erp { own } else { lane };
            let news = reached(lane, milestone, shipment).parts(parts);
            let news = parcel.map_or(news.clone(), |parcel| news.parcel(parcel));
            if whole { news.of_the_order() } else { news }
        },
    )
}

/// What may go wrong, or be told in parts, with one shipment.
fn incidents() -> impl Strategy<Value = News> {
    let shipment = select(vec!["s1", "s2", "s3", "s4"]);
    (shipment, 0_usize..18, parts()).prop_map(|(s, kind, parts)| match kind {
        0 => allocated(s).parts(parts),
        1 => picked(s).parts(parts),
        2 => goods_issued(s).parts(parts),
        3 => delivered(s).parts(parts),
        4 => partly_delivered(s).parts(parts),
        5 => returned(s).parts(parts),
        6 => refused(&format!("allocate/{s}"), Reason::QuantityShort, None),
        7 => refused(&format!("book/{s}"), Reason::CarrierCapacity, None),
        8 => failed("bill", "no account"),
        9 => accepted(&format!("book/{s}")),
        10 => freight_invoiced(s, eur("150")),
        11 => booked(s, None),
        12 => delayed(s),
        13 => no_longer_delayed(s),
        14 => proof_of_delivery(s),
        15 => returning(s),
        16 => accepted(&format!("allocate/{s}")),
        _ => billed().parts(parts),
    })
}

/// What the ERP or an operator wants of the order, and what partners say to being asked to undo.
fn calls() -> impl Strategy<Value = News> {
    let shipment = select(vec!["s1", "s2", "s3", "s4"]);
    (shipment, 0_usize..23).prop_map(|(s, kind)| match kind {
        0 => cancel_requested(),
        1 => cancel_requested().by(Lane::Ops),
        2 => held(),
        3 | 4 => let_go(),
        5 => retry_requested(&format!("book/{s}")),
        6 => retry_requested(&format!("allocate/{s}")),
        7 => accepted(&format!("cancel_booking/{s}")),
        8 => accepted(&format!("cancel_allocation/{s}")),
        9 => refused(&format!("cancel_allocation/{s}"), Reason::Unknown, None),
        10 => waived(ExceptionKind::NoStock(shipment_id(s)), "less was reserved than ordered"),
        11 => waived(ExceptionKind::BookingRefused(shipment_id(s)), "tms-main: refused, carrier.capacity"),
        12 => accepted(&format!("book/{s}")).by(Lane::Ops),
        13 => failed(&format!("allocate/{s}"), "down"),
        14 | 15 => substituted(&format!("book/{s}"), "tms-b"),
        16 => substituted(&format!("book/{s}#2"), "tms-main"),
        17 => accepted(&format!("book/{s}#2")).from("tms-b"),
        18 => accepted(&format!("cancel_booking/{s}#2")).from("tms-b"),
        19 => refused(&format!("cancel_booking/{s}"), Reason::Unknown, None),
        20 => assigned(ExceptionKind::NoStock(shipment_id(s)), hour(1), "ada"),
        21 => snoozed(ExceptionKind::BookingRefused(shipment_id(s)), hour(1), hour(50)),
        _ => accepted("confirm_cancellation"),
    })
}

/// What somebody tells who was not asked, or not that.
fn strangers() -> impl Strategy<Value = News> {
    let teller = select(vec!["wms-1", "wms-2", "wms-9", "tms-9", "erp-9"]);
    (prop_oneof![incidents(), milestones()], teller).prop_map(|(news, teller)| news.from(teller))
}

/// The order released again with another quantity, found valid.
fn changed(order: &Order) -> [News; 2] {
    let mut changed = order.clone();
    changed.lines[0].quantity = Quantity::each(7);
    [released(&changed), validated(&changed)].map(|news| news.message(3))
}

/// Times that tie, lie apart, are dates only or lie in the future.
fn timed(news: impl Strategy<Value = News>) -> impl Strategy<Value = News> {
    let said = select(vec!["2026-03-03", "2026-03-03T10:00", "2026-03-04T02:00:00+05:00", "2027-01-01T00:00:00Z"]);
    (news, 0_i64..40, proptest::option::weighted(0.3, said), 0_u8..2).prop_map(|(news, hours, said, message)| {
        let news = news.at(hours).message(message);
        said.map_or(news.clone(), |said| news.said(said))
    })
}

/// An order and what happens to it: much of the good path, in any order, with incidents, decisions and deadlines.
pub fn histories() -> impl Strategy<Value = (Order, Vec<Step>)> {
    orders().prop_flat_map(|order| {
        let lines = order.lines.len() as u32;
        let path = good_path(&order);
        let told = proptest::sample::subsequence(path.clone(), path.len() / 2..=path.len());
        let late = select(path);
        let invalid = found(&order, vec![model::Finding::NoLocation { line: order.lines[0].line.clone() }]);
        let incident = prop_oneof![
            8 => timed(incidents()),
            3 => timed(milestones()),
            4 => timed(calls()),
            2 => timed(late),
            1 => Just(invalid.at(15)),
            1 => Just(cancelled().at(8)),
            2 => timed(strangers()),
            2 => (select(changed(&order).to_vec()), 0_i64..12).prop_map(|(news, hours)| news.at(hours)),
        ];
        let between = prop_oneof![
            3 => Just(Step::Decided),
            1 => any::<Index>().prop_map(Step::Due),
            2 => incident.prop_map(|news| Step::Told(Box::new(news))),
        ];
        let between = proptest::collection::vec((any::<Index>(), between), 0..14);
        let amounts = proptest::collection::vec(
            prop_oneof![6 => Just(None), 3 => Just(Some(10)), 1 => Just(Some(8)), 1 => Just(Some(12))],
            5,
        );
        (Just(order), told, amounts, between, any::<bool>(), any::<u64>(), policies()).prop_map(
            move |(order, told, amounts, between, mixed, seed, policy)| {
                let told = told.into_iter().map(|news| measured(news, lines, &amounts));
                let mut steps: Vec<Step> = told.map(|news| Step::Told(Box::new(news))).collect();
                if mixed {
                    shuffle(&mut steps, seed);
                }
                for (at, step) in between {
                    let at = at.index(steps.len() + 1);
                    steps.insert(at, step);
                }
                steps.insert(0, Step::Under(policy));
                (order, steps)
            },
        )
    })
}

/// The steps in which quantities are told, each with its own idea of how much of every line there is; or of none.
fn measured(news: News, lines: u32, amounts: &[Option<i64>]) -> News {
    let steps = [allocated("s1"), picked("s1"), packed("s1"), goods_issued("s1"), delivered("s1")];
    let Some(reached) = news.milestone() else { return news };
    let step = steps.iter().position(|step| step.milestone() == Some(reached));
    match step.and_then(|step| amounts[step]) {
        Some(amount) => news.of(&(1..=lines).map(|line| (line, amount)).collect::<Vec<_>>()),
        None => news,
    }
}

/// Some other order of things, the same for the same seed.
fn shuffle<T>(things: &mut [T], mut seed: u64) {
    for last in (1..things.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        things.swap(last, (seed >> 33) as usize % (last + 1));
    }
}

/// Policies that decide differently about what goes wrong.
pub fn policies() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "[allocation]\nshort = \"ship\"\n[picking]\nshort = \"ship\"\n[delivery]\nshort = \"accept\"",
        "[allocation]\nshort = \"back_order\"\n[picking]\nshort = \"back_order\"\n[delivery]\nshort = \"send_again\"",
        "[transport]\nbook_at = \"pick\"\nthen = [\"tms-9\"]\n[delivery]\nshort = \"send_again\"",
    ])
}

fn play(steps: Vec<Step>) -> Given {
    go_on(given([]), steps)
}

fn go_on(given: Given, steps: Vec<Step>) -> Given {
    steps.into_iter().fold(given, |given, step| match step {
        Step::Under(policy) => given.policy(policy),
        Step::Told(news) => given.then([*news]),
        Step::Decided => given.decided(),
        Step::Due(index) => {
            let names: Vec<String> = given.state().deadlines().keys().cloned().collect();
            if names.is_empty() { given } else { given.due(&names[index.index(names.len())]) }
        }
    })
}

fn replay(records: Vec<Record>) -> State {
    let numbered = records.into_iter().zip(1..).map(|(record, sequence)| Record { sequence, ..record });
    let records: Vec<Record> = numbered.collect();
    Folded::<Fulfilment>::replay(&Key::of(ORDER), &records).state().clone()
}

/// The amount of each line that is asked for.
fn asked(request: &Request) -> Vec<(&str, &Quantity)> {
    match request {
        Request::Allocate { lines, .. } | Request::Book { lines, .. } => {
            lines.iter().map(|line| (line.line.as_str(), &line.quantity)).collect()
        }
        Request::ConfirmShipment { lines, .. } | Request::Bill { lines, .. } => {
            lines.iter().map(|part| (part.line.as_str(), &part.quantity)).collect()
        }
        Request::CancelAllocation { .. }
        | Request::CancelBooking { .. }
        | Request::ConfirmCancellation { .. }
        | Request::UpdateCustomer { .. }
        | Request::ExpectReturn { .. }
        | Request::Collect { .. }
        | Request::CancelReturn { .. }
        | Request::CancelCollection { .. }
        | Request::Credit { .. }
        | Request::UpdateReturn { .. } => Vec::new(),
    }
}

/// A stage of the good path, a policy, and up to twelve things that are told there, between which it is decided.
fn from_any_stage() -> impl Strategy<Value = (&'static str, &'static str, Vec<Step>)> {
    let told = prop_oneof![
        6 => timed(incidents()),
        3 => timed(milestones()),
        4 => timed(calls()),
        3 => timed(select(good_path(&order_of(&[2, 1])))),
        2 => timed(strangers()),
        1 => (select(changed(&order_of(&[2, 1])).to_vec()), 0_i64..12).prop_map(|(news, hours)| news.at(hours)),
    ];
    let step = prop_oneof![
        4 => told.prop_map(|news| Step::Told(Box::new(news))),
        2 => Just(Step::Decided),
        2 => any::<Index>().prop_map(Step::Due),
    ];
    (select(STAGES.to_vec()), policies(), proptest::collection::vec(step, 0..=12))
}

/// Whether somebody speaks of an order that nobody released as if somebody had.
fn is_told_as_released(state: &State) -> bool {
    let cancels = |held: &Held| matches!(held.fact, Fact::CancelRequested(_));
    let tells = |held: &Held| matches!(held.fact, Fact::Milestone(_) | Fact::Booked(_) | Fact::FreightInvoiced(_));
    state.facts().any(|(_, held)| tells(held)) && !state.facts().any(|(_, held)| cancels(held))
}

/// Whether an order ended, waits with a deadline, or has an exception that a person sees.
fn is_seen_to(given: &Given) -> bool {
    let state = given.state();
    let waits = |name: &str| fulfilment::decide::awaits(state, given.policy_in_force(), name) && !state.is_due(name);
    state.order().is_none() && !is_told_as_released(state)
        || state.ended().is_some()
        || state.exceptions().next().is_some()
        || state.deadlines().keys().any(|name| waits(name))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn deciding_twice_adds_nothing((_, steps) in histories()) {
        let given = play(steps);
        let decisions = given.decisions();
        let mut after = given.clone();
        after.fold(|sequence| flow(sequence, given.now(), decisions));
        prop_assert_eq!(in_words(&after.decisions(), after.now()), Vec::<String>::new());
        // Nor does the passing of time alone.
        let later = fulfilment::decide(after.state(), after.policy_in_force(), hour(9_000));
        prop_assert_eq!(later, Vec::new());
    }

    #[test]
    fn facts_may_come_in_any_order_and_more_than_once(
        (order, steps) in histories(), seed in any::<u64>(), repeats in proptest::collection::vec(any::<Index>(), 0..12),
    ) {
        // What was decided, and when, is part of what is known: it stays as it is, among facts that come anyhow.
        let decided = play(steps.clone());
        let decisions = decided.state().asks().cloned().map(Decision::Ask);
        let open = decided.state().exceptions().cloned().map(Decision::Raise);
        let release = decided.state().committed();
        let commitment = |release: FactId| Commitment { release: release.to_string(), first_shipment: 1 };
        let commit = release.into_iter().map(commitment).map(Decision::Commit);
        let flow = flow(1, hour(1), commit.chain(decisions).chain(open).collect());
        let news: Vec<News> = steps
            .into_iter()
            .filter_map(|step| match step {
                Step::Told(news) => Some(*news),
                Step::Under(_) | Step::Decided | Step::Due(_) => None,
            })
            .collect();
        let straight: Vec<Record> = news.iter().map(|news| record(1, news)).chain([flow]).collect();
        let mut shuffled = straight.clone();
        for (index, days) in repeats.into_iter().zip(0..) {
            if !news.is_empty() {
                let again = index.get(&news);
                shuffled.push(record(1, &again.clone().received(again.received.plus_millis(days * 86_400_000))));
            }
        }
        shuffle(&mut shuffled, seed);
        let (one, other) = (replay(straight), replay(shuffled));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(composite(&one), composite(&other));
        prop_assert_eq!(one.lines(), other.lines());
        prop_assert_eq!(one.stock_effects(), other.stock_effects());
        let released = |known: &Order| known.lines.len() == order.lines.len();
        prop_assert!(one.order().is_none_or(released));
    }

    #[test]
    fn no_order_is_left_alone((_, steps) in histories()) {
        let given = play(steps).decided();
        prop_assert!(is_seen_to(&given), "{:?}", in_words(&given.decisions(), given.now()));
    }

    #[test]
    fn whatever_is_told_at_any_stage_leads_to_an_end_a_deadline_or_an_exception(
        (stage, policy, steps) in from_any_stage()
    ) {
        let given = until(stage, &order_of(&[2, 1])).policy(policy);
        let given = go_on(given, steps).decided();
        prop_assert!(is_seen_to(&given), "{:?}", in_words(&given.decisions(), given.now()));
    }

    #[test]
    fn a_cancelled_order_leaves_nothing_committed((order, steps) in histories()) {
        let mut given = play(steps).then([cancel_requested().at(50)]).decided();
        // Everybody does what they are asked to.
        for round in 51..60 {
            let asks: Vec<_> = given.state().asks().cloned().collect();
            let yes = asks.iter().filter_map(|ask| ask.id.as_str().strip_prefix(ORDER)?.strip_prefix('/'));
            let yes = yes.filter(|ask| !ask.starts_with("allocate") && !ask.starts_with("book"));
            given = given.then(yes.map(|ask| accepted(ask).at(round)).collect::<Vec<_>>()).decided();
        }
        let state = given.state();
        if state.ended() != Some(model::End::Cancelled) {
            return Ok(());
        }
        for ask in state.asks().filter(|ask| matches!(ask.request, Request::Allocate { .. } | Request::Book { .. })) {
            let undone = state.asks().any(|undo| {
                undo.request.undoes() == Some(&ask.id) && state.ask_state(&undo.id) == AskState::Accepted
            });
            let refused = matches!(state.ask_state(&ask.id), AskState::Refused(_));
            prop_assert!(undone || refused, "{:?} of {} lines", ask, order.lines.len());
        }
    }

    #[test]
    fn stock_is_neither_made_nor_lost((order, steps) in histories()) {
        let state = play(steps).state().clone();
        let mut held: BTreeMap<(&str, bool), Decimal> = BTreeMap::new();
        let effects = state.stock_effects();
        for effect in effects.iter().filter(|effect| effect.unit == Unit::each()) {
            let issued = effect.kind == StockEffectKind::Issued;
            *held.entry((effect.sku.as_str(), issued)).or_default() += effect.quantity;
            prop_assert!(effect.quantity >= Decimal::ZERO);
        }
        let order = state.order().unwrap_or(&order);
        for (line, status) in order.lines.iter().zip(state.lines()) {
            let of = |issued| held.get(&(line.sku.as_str(), issued)).copied().unwrap_or_default();
            prop_assert!(of(true) + of(false) <= status.allocated.max(status.shipped));
            // Of a planned shipment, everything that left is booked as gone.
            if !state.shipments().is_empty() {
                prop_assert_eq!(of(true), status.shipped);
            }
        }
    }

    #[test]
    fn all_that_is_asked_is_asked_for_one_release((_, steps) in histories()) {
        let given = play(steps).decided();
        let Some(order) = given.state().order() else { return Ok(()) };
        let shipments = given.state().shipments();
        let is_current = |ask: &&model::Ask| {
            ask.request.shipment().is_none_or(|asked| shipments.iter().any(|own| own.id == *asked))
        };
        // What was asked for an earlier release is undone.
        for ask in given.state().asks().filter(is_current) {
            for (number, quantity) in asked(&ask.request) {
                let line = order.lines.iter().find(|line| line.line.as_str() == number).unwrap();
                prop_assert_eq!(&quantity.unit, &line.quantity.unit);
                prop_assert!(quantity.amount <= line.quantity.amount, "{:?}", ask);
                if matches!(ask.request, Request::Allocate { .. }) {
                    let of = shipments.iter().find(|own| Some(&own.id) == ask.request.shipment()).unwrap();
                    let all = of.asked_lines().into_iter().find(|all| all.line.as_str() == number).unwrap();
                    prop_assert_eq!(quantity.amount, all.quantity.amount);
                }
            }
        }
    }

    #[test]
    fn strangers_move_nothing((_, steps) in histories(), news in timed(strangers()), partner in select(vec!["x-1", "x-2"])) {
        // An operator is no stranger, and before its release nobody is known to be one.
        prop_assume!(news.lane != Lane::Ops);
        let given = play(steps);
        prop_assume!(given.state().order().is_some());
        let after = given.clone().then([news.from(partner)]);
        prop_assert_eq!(in_words(&after.decisions(), after.now()), in_words(&given.decisions(), given.now()));
        prop_assert_eq!(after.lines(), given.lines());
        prop_assert_eq!(after.state().stock_effects(), given.state().stock_effects());
        let (mut shown, was) = (after.composite(), given.composite());
        shown.claims = was.claims.clone();
        prop_assert_eq!(shown, was);
    }

    #[test]
    fn what_is_confirmed_and_billed_was_delivered_and_shipped((_, steps) in histories()) {
        let given = play(steps);
        let decisions = given.decisions();
        let given = given.decided();
        for decision in decisions {
            let Decision::Ask(ask) = decision else { continue };
            if !matches!(ask.request, Request::ConfirmShipment { .. } | Request::Bill { .. }) {
                continue;
            }
            for line in given.lines() {
                prop_assert!(line.delivered <= line.shipped && line.delivered <= line.ordered);
                let may_lack = given.policy_in_force().delivery.short != Undelivered::Wait;
                prop_assert!(may_lack || line.delivered == line.shipped);
                let named = asked(&ask.request).into_iter().find(|(number, _)| *number == line.line.as_str());
                prop_assert_eq!(named.map_or(Decimal::ZERO, |(_, quantity)| quantity.amount), line.delivered);
            }
        }
    }
}
