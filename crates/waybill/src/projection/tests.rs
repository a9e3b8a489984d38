use std::path::Path;
use std::time::{Duration, Instant};

use broker::Broker;
use engine::{EntryId, Journal, Key, Layout};
use fulfilment::{Fulfilment, LAYOUT};
use model::CustomerId;
use rust_decimal::Decimal;
use service::settings::NatsSettings;
use service::streams::{Durability, declare};
use service::{Connection, Host, Shutdown};
use tokio::task::JoinHandle;
use visibility::queries::{LAG, Lag};
use visibility::store::keys::Kind;
use visibility::store::{Balance, Head, Meta, decode, encode};

use super::verify::{Shown, Verified, render, verified};
use super::{stock, verify};
use crate::exit::{Failure, Verdict};
use crate::{cli, reach, sample};

const ORDERS: [&str; 4] = ["SO 1", "SO 2", "SO 3", "SO 4"];
const PATIENCE: Duration = Duration::from_secs(60);

/// A broker, and a folder for the projection.
struct World {
    broker: Broker,
    connection: Connection,
    data: tempfile::TempDir,
}

/// The visibility service.
struct Running {
    shutdown: Shutdown,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    async fn end(self) {
        self.shutdown.trigger();
        self.task.await.unwrap().unwrap();
    }
}

impl World {
    async fn begin() -> Self {
        let broker = broker::start(broker::Options::default()).await.unwrap();
        let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
        declare(&connection.js, Durability::Demo).await.unwrap();
        Self { broker, connection, data: tempfile::tempdir().unwrap() }
    }

    async fn order(&self, order: &str) {
        let journal = Journal::<Fulfilment>::new(self.connection.js.clone(), LAYOUT);
        let mut decided = 0;
        for (lane, mut entry) in sample::to_append() {
            // The broker takes an entry of one id for a repeat.
            entry.id = EntryId::of(&[order.as_bytes(), &entry.id.0]);
            if lane == Layout::FLOW {
                decided = journal.decide(&Key::of(order), decided, &entry).await.unwrap();
            } else {
                journal.append(&Key::of(order), lane, &entry).await.unwrap();
            }
        }
    }

    /// Serves, and has caught up.
    async fn serve(&self) -> Running {
        let shutdown = Shutdown::new();
        let connection = reach::connect(&NatsSettings::url(self.broker.url())).await.unwrap();
        let host = Host::in_process(visibility::ABOUT, connection, shutdown.clone()).await.unwrap();
        let task = tokio::spawn(visibility::serve(visibility::Settings::in_folder(self.data.path()), host));
        let begun = Instant::now();
        let lag = async || reach::ask::<_, Lag>(&self.connection, LAG, &serde_json::json!({})).await;
        while !lag().await.is_ok_and(|lag| lag.caught_up) {
            assert!(begun.elapsed() < PATIENCE, "it does not catch up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Running { shutdown, task }
    }

    /// How a command ends.
    async fn waybill(&self, words: &[&str]) -> Result<Verdict, Failure> {
        let url = self.broker.url();
        let line = ["waybill", "--json", "--nats-url", &url].into_iter().chain(words.iter().copied());
        crate::execute(cli::parse(line.map(Into::into)).unwrap()).await
    }

    async fn verified(&self) -> Verified {
        let instances = super::instances::InstanceArgs::default().found(&self.connection).await.unwrap();
        assert_eq!(instances.len(), 1);
        let mut found = verified(&self.connection, instances[0].clone(), &[]).await.unwrap();
        found.stock = Some(stock::verified(&self.connection, &instances[0]).await.unwrap());
        found
    }
}

/// Edits rows of a projection that nobody has open.
fn edit(data: &Path, change: impl Fn(&sled::Db)) {
    let begun = Instant::now();
    let db = loop {
        match sled::open(data.join("projection-1")) {
            Ok(db) => break db,
            // It lets go of its files a moment after it is closed.
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    change(&db);
    db.flush().unwrap();
}

fn head(db: &sled::Db, order: &str) -> Head {
    decode(&db.get(Kind::Order.key(&[Key::of(order).token()])).unwrap().unwrap()).unwrap()
}

/// Another customer in an order's row, an order left out so that all adds up, and more of a balance reserved.
fn edited(db: &sled::Db) {
    let mut other = head(db, "SO 2");
    other.summary.customer = Some(CustomerId::new("SOMEBODY").unwrap());
    db.insert(Kind::Order.key(&[Key::of("SO 2").token()]), encode(&other).unwrap()).unwrap();

    let gone = head(db, "SO 3");
    let mut meta: Meta = decode(&db.get(Kind::Meta.prefix()).unwrap().unwrap()).unwrap();
    meta.totals.orders -= 1;
    meta.totals.entries -= gone.progress.entries;
    meta.totals.discount(gone.summary.standing());
    db.remove(Kind::Order.key(&[Key::of("SO 3").token()])).unwrap();
    db.insert(Kind::Meta.prefix(), encode(&meta).unwrap()).unwrap();

    let (key, row) = db.scan_prefix(Kind::Balance.prefix()).next().unwrap().unwrap();
    let mut balance: Balance = decode(&row).unwrap();
    balance.reserved += Decimal::ONE;
    db.insert(key, encode(&balance).unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_edited_behind_its_back_is_detected_and_named_and_a_rebuild_heals_it() {
    let world = World::begin().await;
    for order in ORDERS {
        world.order(order).await;
    }
    let running = world.serve().await;
    let found = world.verified().await;
    assert_eq!((found.orders, found.differs.len(), found.beyond, found.aged), (4, 0, 0, 0));
    assert!(found.stock.as_ref().is_some_and(|stock| stock.balances > 0 && stock.differs.is_empty()), "{found:?}");
    let sound = found.digest;
    assert_eq!(world.waybill(&["projection", "verify"]).await.unwrap(), Verdict::Fine);
    running.end().await;

    edit(world.data.path(), edited);
    let running = world.serve().await;
    let found = world.verified().await;
    let named: Vec<(&str, &str)> =
        found.differs.iter().map(|order| (order.order.as_str(), order.differs[0].path.as_str())).collect();
    assert_eq!(named, [("SO 2", "listed.customer"), ("SO 3", "the whole order")]);
    let stock = found.stock.as_ref().unwrap();
    assert_eq!((stock.differs.len(), stock.moving), (1, 0));
    let paths: Vec<&str> = stock.differs[0].differs.iter().map(|place| place.path.as_str()).collect();
    assert_eq!(paths, ["available", "reserved"]);
    let text = anstream::adapter::strip_str(&render(&Shown { instances: vec![found] })).to_string();
    assert!(text.contains("3 orders, not equal to what the log says"), "{text}");
    assert!(text.contains("order SO 2, listed.customer: the projection holds SOMEBODY, the log says"), "{text}");

    for (words, verdict) in [
        (vec!["projection", "verify"], Verdict::Wrong),
        (vec!["projection", "verify", "--order", "SO 2"], Verdict::Wrong),
        (vec!["projection", "verify", "--order", "SO 1"], Verdict::Fine),
        (vec!["projection", "diff", "SO 2"], Verdict::Wrong),
        (vec!["projection", "diff", "SO 1"], Verdict::Fine),
        (vec!["reconcile", "--projection", "--kind", "projection"], Verdict::Wrong),
        (vec!["projection", "rebuild"], Verdict::Fine),
        (vec!["projection", "verify"], Verdict::Wrong),
        (vec!["projection", "rebuild", "--yes"], Verdict::Fine),
        (vec!["projection", "verify"], Verdict::Fine),
        (vec!["projection", "diff", "SO 2"], Verdict::Fine),
        (vec!["reconcile", "--projection", "--kind", "projection"], Verdict::Fine),
    ] {
        assert_eq!(world.waybill(&words).await.unwrap(), verdict, "{words:?}");
    }
    assert_eq!(world.verified().await.digest, sound);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_orders_come_in_what_is_sound_is_never_called_wrong() {
    let world = World::begin().await;
    world.order("SO 1").await;
    let running = world.serve().await;
    let come_in = async {
        for number in 2..40 {
            world.order(&format!("SO {number}")).await;
        }
    };
    let verify = async {
        for _ in 0..4 {
            let found = world.verified().await;
            assert!(found.differs.is_empty() && found.beyond == 0, "{found:?}");
            assert!(found.stock.as_ref().is_some_and(|stock| stock.differs.is_empty()), "{found:?}");
        }
    };
    futures::future::join(come_in, verify).await;
    running.end().await;
}

#[tokio::test]
async fn without_a_service_nothing_can_be_said_and_an_unknown_order_is_named() {
    let world = World::begin().await;
    let quick = ["--wait", "50ms"];
    for command in
        [vec!["projection", "verify"], vec!["projection", "rebuild", "--yes"], vec!["projection", "diff", "SO 1"]]
    {
        let words: Vec<&str> = command.into_iter().chain(quick).collect();
        assert_eq!(world.waybill(&words).await.unwrap_err().status(), 3, "{words:?}");
    }
    let running = world.serve().await;
    let unknown = world.waybill(&["projection", "diff", "SO 9"]).await.unwrap_err();
    assert!(matches!(unknown, Failure::NotFound(_)), "{unknown}");
    let nobody = world.waybill(&["projection", "verify", "--instance", "NOBODY"]).await.unwrap_err();
    assert!(matches!(nobody, Failure::NotFound(_)), "{nobody}");
    assert_eq!(verify::shown(Some(&"x".repeat(100).into())).chars().count(), 61);
    running.end().await;
}
