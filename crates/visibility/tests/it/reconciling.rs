//! Reconciliation over real streams: the same whatever room there is, wherever the cut-off falls; and a log that lacks something.

use std::time::Duration;

use async_nats::jetstream::stream::Config;
use model::{Archived, Currency, Fact, Invoice, Lane, Money};
use reconcile::standing::Entry;
use reconcile::{Change, Kind, Policy};
use service::streams;
use visibility::Settings;
use visibility::reconciling::{
    Alert, CutOff, Filter, Gap, History, MOST_BYTES, Plan, Reconciled, Recorded, entries, reconcile,
};

use crate::given::{at, facts, key, life, number_of};
use crate::world::{PATIENCE, World};

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
    let ours = [
        (streams::ORDERS, streams::ORDERS_SUBJECTS),
        (streams::STOCK, streams::STOCK_SUBJECTS),
        (streams::SNAPSHOTS, streams::SNAPSHOTS_SUBJECTS),
    ];
    for (name, subjects) in ours {
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

#[tokio::test]
async fn by_the_clock_what_is_found_is_recorded_alerted_healed_as_the_policy_says_and_gone() {
    let world = World::begin().await;
    let journal = world.journal();
    let is_goods_issue = |step: usize| step == 4;
    for (step, (lane, entry)) in life(1).into_iter().enumerate() {
        if !is_goods_issue(step) && lane != Lane::Flow {
            journal.append(&key(1), lane.as_str(), &entry).await.unwrap();
        }
    }
    let policy = world.data.path().join("reconcile.toml");
    std::fs::write(&policy, "[heal]\nauto = [\"milestone_missing\"]\n").unwrap();
    let mut settings = Settings::in_folder(world.data.path().join("projection"));
    settings.reconcile_every = Duration::from_secs(1);
    settings.reconcile_policy = Some(policy);
    let running = world.serve_with(settings).await;
    let name = format!("milestone_missing order {} s1 fulfilment.goods_issued", number_of(1));
    let became = async || {
        let mut became = Vec::new();
        let each = |read: Recorded| {
            let Entry::Change { change, .. } = read.entry else { return };
            if change.id() == name {
                became.push(match change {
                    Change::Found(_) => "found",
                    Change::Healed { .. } => "healed",
                    Change::Accepted { .. } => "accepted",
                    Change::Gone { .. } => "gone",
                });
            }
        };
        entries(&world.connection.js, each).await.unwrap();
        became
    };
    let gone = async {
        while became().await != ["found", "healed", "gone"] {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    running.end().await;
    let trail = journal.read(&key(1)).await.unwrap();
    let entered: Vec<_> = trail.iter().filter(|entry| entry.lane == Lane::Ops.as_str()).collect();
    assert_eq!(entered.len(), 1, "once, by the policy");
    let alerts = crate::world::stream(&world, streams::ALERTS).await;
    let alert = alerts.get_last_raw_message_by_subject("alert.discrepancies").await.unwrap();
    let alert: Alert = serde_json::from_slice(&alert.payload).unwrap();
    assert!(alert.new.contains_key(&Kind::MilestoneMissing) && !alert.first.is_empty());
    let history = History::read(&world.connection.js).await.unwrap();
    assert!(history.standing().get(&name).is_none() && history.last_run().unwrap().orders == 1);
}

#[tokio::test]
async fn of_two_who_record_the_same_change_one_does() {
    let world = World::begin().await;
    orders(&world).await;
    let found = reconciled(&world, MOST_BYTES, end()).await.discrepancies;
    let mut one = History::read(&world.connection.js).await.unwrap();
    let mut other = History::read(&world.connection.js).await.unwrap();
    let changes = one.standing().changes(&found, |_| true);
    assert_eq!(one.record(changes.clone(), at(0).at).await.unwrap().len(), found.len());
    assert_eq!(other.record(changes, at(0).at).await.unwrap().len(), 0);
    let again = History::read(&world.connection.js).await.unwrap();
    assert_eq!(again.standing().iter().count(), found.len());
    assert!(again.standing().changes(&found, |_| true).is_empty());
}
