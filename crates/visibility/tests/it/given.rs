//! Orders with a life, and the bursts they come in.

use engine::{Checkpoint, Content, Entry, EntryId, FactId, Folded, Key, Recorded, Source, Told};
use fulfilment::Fulfilment;
use model::master::Source as StockSource;
use model::{
    Ask, AskId, Classifier, Country, Currency, CustomerId, Decision, End, Fact, Lane, LineId, LocationId, Milestone,
    MilestoneReached, Order, OrderLine, PartnerId, Place, Progress, Quantity, Request, ShipmentId, Sku, System,
    Timestamp, Validation, When,
};
use visibility::projection::{Burst, OrderEntry, Projection};
use visibility::store::{Folder, Store};

/// The first moment of the tests' world.
pub const START: i64 = 1_772_000_000_000;

pub type FactEntry = Entry<Fact, Decision>;

pub fn at(minutes: i64) -> When {
    When::exact(Timestamp::from_millis(START + minutes * 60_000))
}

/// An order's number; one of them is as odd as a number can be.
pub fn number_of(order: usize) -> String {
    if order == 5 { "SO\r\n5".to_owned() } else { format!("SO {order}") }
}

pub fn key(number: usize) -> Key {
    Key::of(&number_of(number))
}

pub fn released(number: usize) -> Order {
    Order {
        erp: PartnerId::new("erp1").unwrap(),
        customer: CustomerId::new(&format!("C{}", number % 3)).unwrap(),
        currency: Currency::new("EUR").unwrap(),
        ship_to: Place::default(),
        ordered: Some(at(0)),
        promised: Some(at(10_000)),
        mode: None,
        lines: vec![OrderLine {
            line: LineId::new("1").unwrap(),
            sku: sku(),
            quantity: Quantity::each(5),
            unit_price: None,
            ship_from: Some(location()),
            ship_on: None,
            promised: None,
        }],
    }
}

pub fn sku() -> Sku {
    Sku::new("A-1").unwrap()
}

pub fn location() -> LocationId {
    LocationId::new("W1").unwrap()
}

fn validation() -> Validation {
    let country = Country::new("DE").unwrap();
    let source = StockSource { location: location(), wms: PartnerId::new("wms1").unwrap(), country };
    Validation { findings: Vec::new(), sources: vec![source] }
}

pub fn milestone(milestone: Milestone, minutes: i64) -> Fact {
    Fact::Milestone(MilestoneReached {
        milestone,
        classifier: Classifier::Actual,
        occurred: at(minutes),
        shipment: Some(ShipmentId::new("s1").unwrap()),
        parcel: None,
        place: None,
        lines: Vec::<Progress>::new(),
        code: None,
    })
}

pub fn facts(number: usize, lane: Lane, minutes: i64, facts: Vec<Fact>) -> FactEntry {
    let parts = |n: usize| [format!("{number}").into_bytes(), format!("{lane}{minutes}.{n}").into_bytes()];
    let told = facts.into_iter().enumerate().map(|(n, fact)| {
        let [order, place] = parts(n);
        Told { id: FactId::of(&[&order, &place]), fact }
    });
    let source = Source {
        service: format!("{lane}-adapter"),
        partner: None,
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: at(minutes).at,
        operator: None,
    };
    let [order, place] = parts(99);
    Entry { id: EntryId::of(&[&order, &place]), content: Content::Facts { source, facts: told.collect() } }
}

pub fn decisions(number: usize, seen: u64, decisions: Vec<Decision>) -> FactEntry {
    let id = EntryId::of(&[b"flow", &number.to_be_bytes(), &seen.to_be_bytes()]);
    Entry { id, content: Content::Decisions { seen, now: at(0).at, decisions } }
}

pub fn tell_customer(number: usize) -> Decision {
    Decision::Ask(Ask {
        id: AskId::new(&format!("{}/tell", number_of(number))).unwrap(),
        system: System::View,
        partner: PartnerId::new("view").unwrap(),
        request: Request::UpdateCustomer {
            customer: CustomerId::new("C1").unwrap(),
            milestone: Milestone::TransportDelivered,
        },
    })
}

/// An order from release to its end, lane by lane.
pub fn life(number: usize) -> Vec<(Lane, FactEntry)> {
    let told = |lane, minutes, fact| (lane, facts(number, lane, minutes, vec![fact]));
    vec![
        (Lane::Erp, facts(number, Lane::Erp, 0, vec![Fact::Released(released(number)), Fact::Validated(validation())])),
        told(Lane::Wms, 10, milestone(Milestone::FulfilmentAllocated, 10)),
        told(Lane::Wms, 20, milestone(Milestone::FulfilmentPicked, 20)),
        told(Lane::Tms, 40, milestone(Milestone::TransportPickedUp, 40)),
        told(Lane::Wms, 41, milestone(Milestone::FulfilmentGoodsIssued, 41)),
        told(Lane::Tms, 90, milestone(Milestone::TransportOutForDelivery, 90)),
        told(Lane::Tms, 99, milestone(Milestone::TransportDelivered, 99)),
        (Lane::Flow, decisions(number, 7, vec![tell_customer(number)])),
        (Lane::Flow, decisions(number, 8, vec![Decision::End(End::Closed)])),
    ]
}

/// The lives of many orders, interleaved as a stream would hold them.
pub fn log(orders: usize) -> Vec<OrderEntry> {
    let lives: Vec<_> = (0..orders).map(life).collect();
    let longest = lives.iter().map(Vec::len).max().unwrap_or(0);
    let mut log = Vec::new();
    for step in 0..longest {
        for (number, life) in lives.iter().enumerate() {
            let Some((lane, entry)) = life.get(step) else { continue };
            log.push(recorded(number, *lane, log.len() as u64 + 1, entry.clone()));
        }
    }
    log
}

pub fn recorded(number: usize, lane: Lane, sequence: u64, entry: FactEntry) -> OrderEntry {
    let recorded = Timestamp::from_millis(START + sequence as i64);
    let body = engine::codec::encode(&entry).unwrap().into();
    let record = Recorded { sequence, recorded, lane: lane.as_str(), entry };
    OrderEntry { key: key(number), lane, sequence, recorded, record: Some(record), body }
}

pub fn burst(entries: &[OrderEntry]) -> Burst {
    let to = entries.last().map(|entry| Checkpoint {
        created: Timestamp::from_millis(START),
        sequence: entry.sequence,
        digest: EntryId::of(&[&entry.sequence.to_be_bytes()]),
    });
    Burst { orders: entries.to_vec(), orders_to: to, messages: entries.len(), ..Burst::default() }
}

/// A projection in a folder of its own.
pub fn projection(folder: &Folder) -> (Projection, Store) {
    let (store, meta) = Store::open(&folder.path()).unwrap();
    (Projection::new(store.clone(), meta, 1_000, 0), store)
}

/// What an independent replay of a log says: the token and digest of every order, by token.
pub fn replayed(log: &[OrderEntry]) -> Vec<(String, String)> {
    let mut folds = std::collections::BTreeMap::new();
    for entry in log {
        let fold = folds.entry(entry.key.clone()).or_insert_with(|| Folded::<Fulfilment>::new(&entry.key));
        fold.apply(entry.record.as_ref().unwrap());
    }
    let digest = |fold: &Folded<Fulfilment>| visibility::look::order_digest(fold.state(), fold.seen()).unwrap();
    let mut digests: Vec<_> = folds.iter().map(|(key, fold)| (key.token().to_owned(), digest(fold))).collect();
    digests.sort();
    digests
}

/// The one digest over an independent replay.
pub fn digest_of(log: &[OrderEntry]) -> String {
    let digests = replayed(log);
    visibility::look::sum(digests.iter().map(|(token, digest)| (token.as_str(), digest.as_str())))
}
