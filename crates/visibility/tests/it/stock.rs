//! Balances: counts, late movements, and what orders do.

use engine::FactId;
use model::{Lane, Milestone, Movement, MovementKind, Quantity};
use rust_decimal::Decimal;
use visibility::look;
use visibility::projection::{Burst, Projection, StockItem};
use visibility::queries::{StockBalance, StockList};
use visibility::store::{Folder, Store};

use crate::given::{at, burst, facts, life, location, milestone, projection, recorded, sku};

fn moved(id: u8, kind: MovementKind, amount: i64, minutes: i64) -> StockItem {
    let quantity = Quantity::each(amount);
    let movement = Movement { location: location(), sku: sku(), kind, quantity, occurred: at(minutes) };
    StockItem::Moved { fact: FactId([id; 16]), movement, sequence: u64::from(id) }
}

fn fold_stock(projection: &mut Projection, items: Vec<StockItem>) {
    let burst = Burst { messages: items.len(), stock: items, ..Burst::default() };
    projection.fold(&burst, true, None).unwrap();
}

fn balance(store: &Store) -> StockBalance {
    let mut page = look::stock(store, &StockList::default(), 10).unwrap();
    assert_eq!(page.balances.len(), 1);
    page.balances.remove(0)
}

fn numbers(store: &Store) -> [Decimal; 3] {
    let StockBalance { on_hand, reserved, available, .. } = balance(store);
    [on_hand, reserved, available]
}

fn of(numbers: [i64; 3]) -> [Decimal; 3] {
    numbers.map(Decimal::from)
}

#[test]
fn a_movement_told_otherwise_the_second_time_counts_once_and_is_flagged() {
    use MovementKind::Received;
    let otherwise = [moved(1, Received, 70, 0), moved(1, Received, 100, 5)];
    for other in otherwise {
        for bursts in [true, false] {
            let data = tempfile::tempdir().unwrap();
            let folder = Folder::take(data.path()).unwrap();
            let (mut projection, store) = projection(&folder);
            let mut told = vec![moved(1, Received, 100, 0), moved(1, Received, 100, 0)];
            if bursts {
                fold_stock(&mut projection, std::mem::take(&mut told));
                assert_eq!(balance(&store).unreadable, None, "a repeat is no contradiction");
            }
            told.push(other.clone());
            fold_stock(&mut projection, told);
            assert_eq!(numbers(&store), of([100, 0, 100]));
            assert_eq!(balance(&store).unreadable, Some(1));
        }
    }
}

#[test]
fn a_count_replaces_what_occurred_before_it_however_late_that_is_told() {
    use MovementKind::{Adjusted, Counted, Received};
    let items = || {
        vec![
            moved(1, Received, 100, 0),
            moved(2, Counted, 40, 50),
            moved(3, Received, 7, 60),
            moved(4, Adjusted, -2, 10),
            moved(5, Counted, 90, 20),
            moved(6, Adjusted, -3, 70),
        ]
    };
    // Every rotation, each item twice, in one burst and in many: 40 counted, then 7 in and 3 out.
    for rotation in 0..items().len() {
        for bursts in [1, 3, 100] {
            let data = tempfile::tempdir().unwrap();
            let folder = Folder::take(data.path()).unwrap();
            let (mut projection, store) = projection(&folder);
            let mut told = items();
            told.rotate_left(rotation);
            told.extend(items());
            while !told.is_empty() {
                let rest = told.split_off(told.len().min(bursts));
                fold_stock(&mut projection, std::mem::replace(&mut told, rest));
            }
            assert_eq!(numbers(&store), of([44, 0, 44]), "rotated by {rotation}, {bursts} a burst");
            assert_eq!(projection.meta().totals.movements, 6);
            assert_eq!(balance(&store).counted, Some(at(50).at));
        }
    }
}

#[test]
fn an_order_reserves_and_issues_once_however_its_facts_come() {
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (mut projection, store) = projection(&folder);
    fold_stock(&mut projection, vec![moved(1, MovementKind::Received, 20, 0)]);
    let life = life(1);
    let entries = |from: usize, to: usize| -> Vec<_> {
        let numbered = life.iter().enumerate().skip(from).take(to - from);
        numbered.map(|(n, (lane, entry))| recorded(1, *lane, n as u64 + 1, entry.clone())).collect()
    };
    projection.fold(&burst(&entries(0, 3)), true, None).unwrap();
    assert_eq!(numbers(&store), of([20, 5, 15]), "allocated");
    projection.fold(&burst(&entries(3, 9)), true, None).unwrap();
    assert_eq!(numbers(&store), of([15, 0, 15]), "issued");
    // The same goods issue, told again under its own id.
    let again = recorded(1, Lane::Wms, 20, life[4].1.clone());
    projection.fold(&burst(&[again]), true, None).unwrap();
    assert_eq!(numbers(&store), of([15, 0, 15]), "told again");
    // A count of before the issue is reduced by it; one of after it is not.
    fold_stock(&mut projection, vec![moved(2, MovementKind::Counted, 30, 30)]);
    assert_eq!(numbers(&store), of([25, 0, 25]), "counted before the issue");
    fold_stock(&mut projection, vec![moved(3, MovementKind::Counted, 30, 50)]);
    assert_eq!(numbers(&store), of([30, 0, 30]), "counted after the issue");
}

#[test]
fn an_issue_that_is_told_before_the_allocation_is_the_same_in_the_end() {
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (mut projection, store) = projection(&folder);
    fold_stock(&mut projection, vec![moved(1, MovementKind::Received, 20, 0)]);
    let mut told =
        vec![recorded(1, Lane::Wms, 1, facts(1, Lane::Wms, 41, vec![milestone(Milestone::FulfilmentGoodsIssued, 41)]))];
    told.push(recorded(1, Lane::Erp, 2, life(1)[0].1.clone()));
    told.push(recorded(1, Lane::Wms, 3, facts(1, Lane::Wms, 10, vec![milestone(Milestone::FulfilmentAllocated, 10)])));
    for entry in told {
        projection.fold(&burst(&[entry]), true, None).unwrap();
    }
    assert_eq!(numbers(&store), of([15, 0, 15]));
}

#[test]
fn a_balance_that_misses_an_entry_says_so() {
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (mut projection, store) = projection(&folder);
    let unread = |sequence| StockItem::Unreadable { location: "W1".to_owned(), sku: "A-1".to_owned(), sequence };
    fold_stock(&mut projection, vec![moved(1, MovementKind::Received, 20, 0), unread(8)]);
    fold_stock(&mut projection, vec![unread(9)]);
    assert_eq!(balance(&store).unreadable, Some(8));
}
