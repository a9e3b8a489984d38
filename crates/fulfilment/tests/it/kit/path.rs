//! The good path: from released to closed, stage by stage.

use model::Order;

use super::facts::*;
use super::given::{Given, given};

/// The stages of the good path, and what is told to get there from the one before.
pub const STAGES: [&str; 16] = [
    "unreleased",
    "released",
    "validated",
    "allocate asked",
    "allocated",
    "booked",
    "picked",
    "packed",
    "staged",
    "picked up",
    "goods issued",
    "delivered",
    "confirmed",
    "billed",
    "freight invoiced",
    "closed",
];

/// What is told to reach a stage, hour by hour.
fn told(stage: &str, order: &Order) -> Vec<News> {
    let shipments: Vec<String> = shipments(order);
    let of_each = |news: &dyn Fn(&str) -> Vec<News>| shipments.iter().flat_map(|shipment| news(shipment)).collect();
    let news: Vec<News> = match stage {
        "unreleased" | "allocate asked" => Vec::new(),
        "released" => vec![released(order)],
        "validated" => vec![validated(order)],
        "allocated" => of_each(&|s| vec![accepted(&format!("allocate/{s}")), allocated(s)]),
        "booked" => of_each(&|s| vec![accepted(&format!("book/{s}")), booked(s, Some(eur("100.00")))]),
        "picked" => of_each(&|s| vec![picked(s)]),
        "packed" => of_each(&|s| vec![packed(s)]),
        "staged" => of_each(&|s| vec![staged(s)]),
        "picked up" => of_each(&|s| vec![picked_up(s)]),
        "goods issued" => of_each(&|s| vec![goods_issued(s)]),
        "delivered" => of_each(&|s| vec![delivered(s)]),
        "confirmed" => vec![accepted("confirm_shipment"), accepted("update_customer")],
        "billed" => vec![accepted("bill"), billed()],
        "freight invoiced" => of_each(&|s| vec![freight_invoiced(s, eur("100.00"))]),
        // The orchestrator gets there by itself.
        "closed" => Vec::new(),
        other => panic!("{other} is no stage"),
    };
    let hour = i64::try_from(STAGES.iter().position(|known| *known == stage).unwrap()).unwrap() - 1;
    news.into_iter().map(|news| news.at(hour)).collect()
}

/// What is told on the good path, stage by stage.
pub fn steps(order: &Order) -> Vec<(&'static str, Vec<News>)> {
    STAGES.iter().map(|stage| (*stage, told(stage, order))).collect()
}

/// Everything that is told on the good path.
pub fn good_path(order: &Order) -> Vec<News> {
    steps(order).into_iter().flat_map(|(_, news)| news).collect()
}

/// Given an order at this stage of the good path. At `validated` and `freight invoiced` the orchestrator has yet to
/// decide; at every other stage it has.
pub fn until(stage: &str, order: &Order) -> Given {
    let mut given = given([]);
    for (reached, news) in steps(order) {
        given = given.then(news);
        let deciding = reached == stage && ["validated", "freight invoiced"].contains(&stage);
        // A release and what the master data say of it come in one entry.
        let coming = reached == "released" && stage != "released";
        if !(deciding || coming) {
            given = given.decided();
        }
        if reached == stage {
            return given;
        }
    }
    panic!("{stage} is no stage")
}

fn shipments(order: &Order) -> Vec<String> {
    let mut locations: Vec<_> = order.lines.iter().map(|line| line.ship_from.clone()).collect();
    locations.sort();
    locations.dedup();
    (1..=locations.len()).map(|number| format!("s{number}")).collect()
}
