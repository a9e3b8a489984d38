//! The workflow and the partners in one process, in virtual time, with everything going wrong between them: seeded, so that
//! a run that fails can be had again. The judge is the partners' own books.

mod master;
mod world;

use std::fmt::Write as _;

use simulator::{Level, Seed, Traffic};
use world::World;

/// Seeds that are run.
const SEEDS: u64 = 20;
/// Orders of a seed, unless `WAYBILL_SIMULATED_ORDERS` says otherwise.
const ORDERS: u64 = 40;

fn orders() -> u64 {
    std::env::var("WAYBILL_SIMULATED_ORDERS").ok().and_then(|orders| orders.parse().ok()).unwrap_or(ORDERS)
}

fn run(seed: u64, level: Level) -> World {
    let started = "2026-03-01T12:00:00Z".parse().expect("a time");
    let mut world = World::new(Traffic { seed: Seed(seed), orders: orders(), started }, level);
    world.run();
    world
}

#[test]
fn every_order_ends_where_the_books_say_whatever_goes_wrong() {
    let mut on_loads = 0;
    for seed in 1..=SEEDS {
        for level in [Level::Low, Level::High] {
            let world = run(seed, level);
            let wrong = world.wrong();
            let mut report = String::new();
            for (order, words) in wrong.iter().take(3) {
                let _ = writeln!(report, "{words}\n{}", world.trail(order));
            }
            assert!(wrong.is_empty(), "seed {seed}, {}: {} orders\n{report}", level.as_str(), wrong.len());
            let done = world.faults();
            assert_eq!(world.quarantined, done.cut, "seed {seed}: what was cut short, and nothing else");
            assert!(done.delayed > 0 && done.doubled > 0 && done.mishaps > 0, "{done:?}");
            assert!(done.ignored > 0 || level == Level::Low, "{done:?}");
            on_loads += world.on_loads();
        }
    }
    assert!(on_loads > 100, "{on_loads} shipments shared a load");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let (one, other) = (run(7, Level::High), run(7, Level::High));
    assert_eq!(one.entries(), other.entries());
}
