//! Reconciliation over real streams: the same whatever room there is, wherever the cut-off falls; and a log that lacks something.

use async_nats::jetstream::stream::Config;
use model::{Archived, Currency, Fact, Invoice, Lane, Money};
use reconcile::{Kind, Policy};
use service::streams;
use visibility::reconciling::{CutOff, Filter, Gap, MOST_BYTES, Plan, Reconciled, reconcile};

use crate::given::{at, facts, key, life, number_of};
use crate::world::World;

const ORDERS: usize = 40;

async fn reconciled(world: &World, most_bytes: usize, cut_off: CutOff) -> Reconciled {
    let plan = Plan { policy: Policy::default(), filter: Filter::default(), cut_off, most_bytes };
    reconcile(&world.connection.js, &plan, |done, of| assert!(done <= of)).await.unwrap()
}

/// A day after all of it.
fn end() -> CutOff {
    CutOff::End(at(100 * 24 * 60).at)
}

fn about(found: &Reconciled) -> Vec<String> {
    found.discrepancies.iter().map(reconcile::Discrepancy::id).collect()
}

/// Orders that live one beside the other and are archived; every third is billed, when it is over or before.
async fn orders(world: &World) {
    let journal = world.journal();
    let mut flows = vec![0; ORDERS];
    for step in 0..9 {
        for (number, flow) in flows.iter_mut().enumerate() {
            let (lane, entry) = life(number).swap_remove(step);
            if lane == Lane::Flow {
                *flow = journal.decide(&key(number), *flow, &entry).await.unwrap();
            } else {
                journal.append(&key(number), lane.as_str(), &entry).await.unwrap();
            }
        }
    }
    let archived = || Fact::Archived(Archived { digest: "d".to_owned(), entries: 9 });
    let currency = Currency::new("EUR").unwrap();
    let bill = |number| Invoice {
        number: format!("I{number}"),
        total: Money { amount: 9.into(), currency },
        lines: Vec::new(),
    };
    for number in 0..ORDERS {
        let entry = facts(number, Lane::View, 200, vec![archived()]);
        journal.append(&key(number), Lane::View.as_str(), &entry).await.unwrap();
        // Some time after the order is over: by then it may have made room for others.
        if let Some(earlier) = number.checked_sub(ORDERS / 2).filter(|earlier| earlier % 3 == 0) {
            let entry = facts(earlier, Lane::Erp, 300, vec![Fact::Billed(bill(earlier))]);
            journal.append(&key(earlier), Lane::Erp.as_str(), &entry).await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_same_is_found_whatever_room_there_is_and_wherever_the_cut_off_falls() {
    let world = World::begin().await;
    orders(&world).await;
    let all = reconciled(&world, MOST_BYTES, end()).await;
    assert_eq!((all.orders, all.entries, all.sequence), (40, 407, 407));
    let unbilled: Vec<usize> = (0..ORDERS).filter(|number| *number >= ORDERS / 2 || number % 3 != 0).collect();
    let mut expected: Vec<String> =
        unbilled.iter().map(|number| format!("not_billed order {}", number_of(*number))).collect();
    let mut found = about(&all);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    for cut_off in [end(), CutOff::Sequence(380), CutOff::Sequence(100)] {
        let roomy = reconciled(&world, MOST_BYTES, cut_off).await;
        for tight in [1, 5_000, 40_000] {
            let narrow = reconciled(&world, tight, cut_off).await;
            assert_eq!(narrow.discrepancies, roomy.discrepancies, "{cut_off:?} within {tight} bytes");
            assert_eq!((narrow.orders, narrow.entries), (roomy.orders, roomy.entries), "{cut_off:?} within {tight}");
        }
    }
}

#[tokio::test]
async fn orders_that_are_named_are_looked_at_alone() {
    let world = World::begin().await;
    orders(&world).await;
    let order = model::OrderId::new(&number_of(5)).unwrap();
    let filter = Filter { orders: [order].into(), ..Filter::default() };
    let plan = Plan { policy: Policy::default(), filter, cut_off: end(), most_bytes: MOST_BYTES };
    let found = reconcile(&world.connection.js, &plan, |_, _| ()).await.unwrap();
    assert_eq!(found.orders, 1);
    assert_eq!(found.discrepancies.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::NotBilled]);
}

#[tokio::test]
async fn a_log_that_lacks_entries_in_the_middle_or_holds_what_nobody_reads_is_named() {
    let broker = broker::start(broker::Options::default()).await.unwrap();
    let settings = service::settings::NatsSettings::url(broker.url());
    let connection = service::connect::connect(&settings, "test").await.unwrap();
    // Not as Waybill declares it: somebody has taken the protection away.
    for (name, subjects) in [(streams::ORDERS, streams::ORDERS_SUBJECTS), (streams::STOCK, streams::STOCK_SUBJECTS)] {
        let config = Config {
            name: name.to_owned(),
            subjects: vec![subjects.to_owned()],
            allow_direct: true,
            ..Config::default()
        };
        connection.js.create_stream(config).await.unwrap();
    }
    let world = World { broker, connection, data: tempfile::tempdir().unwrap() };
    world.live(1).await;
    let stream = crate::world::stream(&world, streams::ORDERS).await;
    for sequence in [3, 4, 6] {
        stream.delete_message(sequence).await.unwrap();
    }
    let subject = world.journal().layout().subject(&key(1), Lane::Wms.as_str());
    world.publish(subject, b"nonsense".to_vec()).await;
    let found = reconciled(&world, MOST_BYTES, end()).await;
    assert_eq!(found.gaps, [Gap { from: 3, to: 4 }, Gap { from: 6, to: 6 }]);
    assert_eq!(found.unreadable, [10]);
}
