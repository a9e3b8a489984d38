//! TPC-H files as real input.

use std::path::Path;

use simulator::tpch::{Tpch, expected};
use simulator::{Scenario, books::Lines};

use crate::kit::{open, play};

#[tokio::test(flavor = "multi_thread")]
async fn delivered_late_and_returned_lines_are_those_of_the_files() {
    played(1, 300).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_each_service_deliver_the_same_lines() {
    played(2, 150).await;
}

/// Plays the first orders of the sample, if it is there, and holds the log's lines against the files'.
async fn played(instances: u8, orders: u64) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/tpch");
    if !dir.is_dir() {
        eprintln!("skipped: {} is not there", dir.display());
        return;
    }
    let limit = Some(orders);
    let of_files = expected(&dir, limit).expect("sound files");
    let house = open(instances).await;
    let run = play(&house, Scenario::Tpch(Tpch { dir, limit })).await;
    assert_eq!(run.wrong, Vec::<String>::new());
    assert_eq!((run.replay.orders, run.replay.closed), (of_files.orders, of_files.orders));
    let lines = Lines {
        released: of_files.lines,
        delivered: of_files.delivered,
        late: of_files.late,
        returned: of_files.returned,
    };
    assert_eq!(run.replay.lines, lines);
    assert!(lines.late > 0 && lines.returned > 0);
    house.close().await.expect("drained");
}
