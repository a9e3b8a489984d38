#![allow(missing_docs, clippy::unwrap_used)]
#[path = "../tests/it/given.rs"]
#[allow(dead_code)]
mod given;
use fulfilment::LAYOUT;
use model::Lane;
use std::time::Instant;
use engine::WorkflowEntry;
use visibility::projection::*;
use visibility::store::*;
fn main() {
    let n: usize = std::env::args().nth(1).map_or(20_000, |a| a.parse().unwrap());
    let inter: usize = std::env::args().nth(2).map_or(500, |a| a.parse().unwrap());
    let size: usize = std::env::args().nth(3).map_or(8192, |a| a.parse().unwrap());
    let cache: usize = std::env::args().nth(4).map_or(4096, |a| a.parse().unwrap());
    let mut log = Vec::new();
    for chunk in (0..n).collect::<Vec<_>>().chunks(inter) {
        let lives: Vec<_> = chunk.iter().map(|n| (*n, full(*n))).collect();
        for step in 0..27 { for (number, life) in &lives {
            let (lane, entry) = &life[step];
            log.push(given::recorded(*number, *lane, log.len() as u64 + 1, entry.clone()));
        } }
    }
    println!("made {}; rss {}", log.len(), service::process::usage().unwrap().resident_bytes>>20);
    let key = given::key(1);
    let mut st = fulfilment::State::new(&key);
    for e in full(1).into_iter().enumerate().map(|(i,(l,e))| given::recorded(1, l, i as u64+1, e)) { st.evolve(e.record.as_ref().unwrap()); }
    let time = |name: &str, f: &mut dyn FnMut()| { let t = Instant::now(); for _ in 0..2000 { f(); } println!("{name}: {:.1} us", t.elapsed().as_secs_f64()/2000.0*1e6); };
    let bytes = engine::codec::encode(&st).unwrap();
    println!("state bytes {}", bytes.len());
    time("encode", &mut || { std::hint::black_box(engine::codec::encode(&st).unwrap()); });
    time("decode", &mut || { std::hint::black_box(engine::codec::decode::<fulfilment::State>(&bytes).unwrap()); });
    time("composite", &mut || { std::hint::black_box(fulfilment::composite(&st)); });
    time("effects", &mut || { std::hint::black_box(st.stock_effects()); });
    let eb = engine::codec::encode(&log[inter].record.as_ref().unwrap().entry).unwrap();
    println!("entry bytes {}", eb.len());
    time("entry decode", &mut || { std::hint::black_box(engine::codec::decode::<WorkflowEntry<fulfilment::Fulfilment>>(&eb).unwrap()); });
    let dir = tempfile::tempdir().unwrap();
    let (store, meta) = Store::open(dir.path()).unwrap();
    let mut p = Projection::new(store.clone(), meta, cache, u64::MAX);
    let bursts: Vec<_> = log.chunks(size).map(given::burst).collect();
    let rss = service::process::usage().unwrap().resident_bytes;
    let cpu = service::process::usage().unwrap().cpu_seconds;
    let t = Instant::now();
    for b in &bursts { p.fold(b, false, None).unwrap(); }
    p.flush().unwrap();
    let e = t.elapsed();
    println!("fold {:.0}/s  {:.1} us/entry, cpu {:.1} us/entry; rss +{} MB", log.len() as f64 / e.as_secs_f64(), e.as_secs_f64()/log.len() as f64*1e6, (service::process::usage().unwrap().cpu_seconds-cpu)/log.len() as f64*1e6, (service::process::usage().unwrap().resident_bytes-rss)>>20);
    let _ = LAYOUT;
}
fn full(n: usize) -> Vec<(Lane, WorkflowEntry<fulfilment::Fulfilment>)> {
    let mut life = given::life(n);
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
