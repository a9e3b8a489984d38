#![allow(missing_docs, clippy::unwrap_used)]
#[path = "../tests/it/given.rs"]
#[allow(dead_code)]
mod given;
use engine::{Journal};
use fulfilment::LAYOUT;
use futures::StreamExt;
use model::Lane;
use std::time::Instant;
use engine::WorkflowEntry;
#[tokio::main]
async fn main() {
    let n: usize = std::env::args().nth(1).map_or(20_000, |a| a.parse().unwrap());
    let inter: usize = std::env::args().nth(2).map_or(500, |a| a.parse().unwrap());
    let broker = broker::start(broker::Options::default()).await.unwrap();
    let connection = service::connect::connect(&service::settings::NatsSettings::url(&broker.url()), "bench").await.unwrap();
    let js = connection.js.clone();
    service::streams::declare(&js, service::streams::Durability::Demo).await.unwrap();
    let t = Instant::now();
    let mut acks = Vec::new();
    for chunk in (0..n).collect::<Vec<_>>().chunks(inter) {
        let lives: Vec<_> = chunk.iter().map(|n| (*n, full(*n))).collect();
        let longest = lives.iter().map(|l| l.1.len()).max().unwrap();
        for step in 0..longest {
            for (number, life) in &lives {
                let Some((lane, entry)) = life.get(step) else { continue };
                let payload = engine::codec::encode(entry).unwrap();
                acks.push(js.publish(LAYOUT.subject(&given::key(*number), lane.as_str()), payload.into()).await.unwrap());
                if acks.len() > 1500 { for a in acks.drain(..) { a.await.unwrap(); } }
            }
        }
    }
    for a in acks.drain(..) { a.await.unwrap(); }
    let info = js.get_stream("ORDERS").await.unwrap().cached_info().state.clone();
    println!("published {} messages {} MB in {:?}", info.messages, info.bytes >> 20, t.elapsed());
    // raw read
    let t = Instant::now();
    let mut tail = engine::Tail::open(&js, "ORDERS", "order.>", None).await.unwrap();
    let mut got = 0; while got < info.messages { got += tail.next_burst(8192).await.len() as u64; }
    println!("raw read {:.0}/s", got as f64 / t.elapsed().as_secs_f64());
    let t = Instant::now();
    let journal: Journal<fulfilment::Fulfilment> = Journal::new(js.clone(), LAYOUT);
    let mut tail = engine::Tail::open(&js, "ORDERS", "order.>", None).await.unwrap();
    let mut b = visibility::projection::Burst::default();
    let mut got = 0; while got < info.messages { let m = tail.next_burst(8192).await; got += m.len() as u64; b.add_orders(&journal, m, None); b.orders.clear(); }
    println!("read+decode {:.0}/s", got as f64 / t.elapsed().as_secs_f64());
    for _ in 0..2 {
        let dir = tempfile::tempdir().unwrap();
        let cpu0 = cpu();
        let r = visibility::replay(&js, dir.path(), 4096).await.unwrap();
        println!("replay {} in {:?}: {:.0}/s; own cpu {:.2}s; rss {} MB; disk {} MB", r.entries, r.elapsed, r.entries as f64 / r.elapsed.as_secs_f64(), cpu()-cpu0, service::process::usage().unwrap().resident_bytes>>20, du(dir.path())>>20);
    }
    let _ = futures::stream::iter(0..1).next().await;
}
fn du(p: &std::path::Path) -> u64 { std::fs::read_dir(p).unwrap().map(|e| { let e = e.unwrap(); let m = e.metadata().unwrap(); if m.is_dir() { du(&e.path()) } else { m.len() } }).sum() }
fn cpu() -> f64 { service::process::usage().unwrap().cpu_seconds }
fn full(n: usize) -> Vec<(Lane, WorkflowEntry<fulfilment::Fulfilment>)> {
    let mut life = given::life(n);
    // more entries per order as in a real life: decisions between facts
    let mut all = Vec::new();
    for (i, (lane, entry)) in life.drain(..).enumerate() {
        all.push((lane, entry));
        all.push((Lane::Flow, given::decisions(n, 100 + i as u64, vec![
            model::Decision::Ask(model::Ask{ id: model::AskId::new(&format!("SO {n}/ask{i}")).unwrap(), system: model::System::Wms, partner: model::PartnerId::new("wms1").unwrap(), request: model::Request::ConfirmShipment{lines: vec![]}}),
            model::Decision::Deadline(model::Deadline{name: format!("wait-{i}"), at: given::at(1000).at}),
        ])));
        let ans = model::Fact::Answered(model::Answer{ask: model::AskId::new(&format!("SO {n}/ask{i}")).unwrap(), outcome: model::Outcome::Accepted});
        all.push((Lane::Wms, given::facts(n, Lane::Wms, 500 + i as i64, vec![ans])));
    }
    all
}
