//! Each process in turn and the broker too, killed in the middle of a run.

use serde_json::json;
use simulator::Seed;

use super::broker_side::BrokerSide;
use super::demo::{Demo, SERVICES, kill, programs};
use crate::kit::{generated, open, play};

const ORDERS: u64 = 300;
/// Orders under way at once: few enough that the run has a middle.
const IN_FLIGHT: &str = "60";
/// The first kill comes when so many orders are billed,
const FIRST: u64 = 8;
/// each further one so many later, or a few more,
const APART: u64 = 14;
const JITTER: u32 = 6;
/// and the last one while so many are not billed yet.
const LEFT: u64 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn each_process_and_the_broker_killed_twice_in_the_middle_of_300_orders() {
    let flags = ["--in-flight", IN_FLIGHT];
    let demo = Demo::start_with("killed-each", programs("killed-each"), 300, &flags, None);
    for name in SERVICES {
        demo.child(name).await;
    }
    let broker = BrokerSide::of_demo(&demo.temporary).await;
    broker.billed(1).await;
    broker.hurry().await;

    let moments = Seed(20).about("kills");
    for nth in 0..12_u32 {
        let name = SERVICES.iter().chain(&["nats-server"]).nth(nth as usize % 6).expect("one of six");
        let moment = FIRST + u64::from(nth) * APART + u64::from(moments.within(&nth.to_string(), 0..=JITTER));
        let far = broker.billed(moment).await;
        let is_middle = far.billed < far.released && far.billed < ORDERS - LEFT;
        assert!(is_middle, "{name} was to be killed in the middle of the run, not at {far:?}");
        kill(demo.child(name).await);
        eprintln!("killed {name} at {far:?}");
    }
    let (report, _) = demo.sound(ORDERS).await;
    let twice = json!({
        "erp-adapter": 2, "wms-adapter": 2, "tms-adapter": 2, "orchestrator": 2, "visibility": 2, "nats-server": 2,
    });
    assert_eq!(report["restarts"], twice, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_under_services_of_one_process_is_started_again() {
    let house = open(1).await;
    let broker = BrokerSide::at(&house.url()).await;
    let (_, pid) = house.processes().iter().find(|(name, _)| name == "nats-server").expect("an own broker");
    let killing = async {
        broker.billed(1).await;
        broker.hurry().await;
        let far = broker.billed(FIRST).await;
        assert!(far.billed < far.released && far.billed < ORDERS - LEFT, "not in the middle, at {far:?}");
        kill(*pid);
    };
    let (run, ()) = tokio::join!(play(&house, generated(20, ORDERS)), killing);
    assert_eq!(run.wrong, Vec::<String>::new());
    assert_eq!((run.replay.orders, run.books.asks.twice), (ORDERS, 0));
    assert_eq!(house.restarts().await, [("nats-server".to_owned(), 1)].into());
    house.close().await.expect("drained");
}
