//! One order's entries, as tests need them: released, allocated, refused by the carrier.

use engine::{Content, Entry, EntryId, FactId, Folded, Key, Source, Told, WorkflowEntry, WorkflowRecord};
use fulfilment::{Fulfilment, Policy};
use model::{
    Answer, AskId, Country, Currency, CustomerId, Decision, Fact, LineId, LocationId, Milestone, MilestoneReached,
    Money, Order, OrderId, OrderLine, Outcome, PartnerId, Place, Quantity, Reason, ShipmentId, Sku, Timestamp,
    Validation, When,
};

/// The order's number: one that needs escaping everywhere.
pub(crate) const ORDER: &str = "SO 1/7.*";
/// When the first entry was recorded.
pub(crate) const START: i64 = 1_772_355_600_000;

pub(crate) fn order_id() -> OrderId {
    OrderId::new(ORDER).unwrap()
}

pub(crate) fn key() -> Key {
    Key::of(ORDER)
}

pub(crate) fn order() -> Order {
    let line = |number: &str, sku: &str, amount| OrderLine {
        line: LineId::new(number).unwrap(),
        sku: Sku::new(sku).unwrap(),
        quantity: Quantity::each(amount),
        unit_price: Some(Money { amount: "9.50".parse().unwrap(), currency: Currency::new("EUR").unwrap() }),
        ship_from: LocationId::new("W1").ok(),
        ship_on: None,
        promised: None,
    };
    Order {
        erp: PartnerId::new("erp-1").unwrap(),
        customer: CustomerId::new("C-1").unwrap(),
        currency: Currency::new("EUR").unwrap(),
        ship_to: Place { city: Some("Köln".to_owned()), country: Country::new("DE").ok(), ..Place::default() },
        ordered: When::parse("2026-03-01").ok(),
        promised: When::parse("2026-03-05").ok(),
        mode: None,
        lines: vec![line("1", "SKU-A", 3), line("2", "SKU-B", 1)],
    }
}

fn validation() -> Validation {
    let source = model::Source {
        location: LocationId::new("W1").unwrap(),
        wms: PartnerId::new("wms-1").unwrap(),
        country: Country::new("DE").unwrap(),
    };
    Validation { findings: Vec::new(), sources: vec![source] }
}

fn answer(ask: &str, outcome: Outcome) -> Fact {
    Fact::Answered(Answer { ask: AskId::new(ask).unwrap(), outcome })
}

fn allocated() -> Fact {
    Fact::Milestone(MilestoneReached {
        milestone: Milestone::FulfilmentAllocated,
        classifier: model::Classifier::Actual,
        occurred: When::parse("2026-03-01T09:00:00Z").unwrap(),
        shipment: ShipmentId::new("s1").ok(),
        parcel: None,
        place: None,
        lines: Vec::new(),
        code: Some("AL".to_owned()),
    })
}

/// The entries without their places.
pub(crate) struct Writer {
    folded: Folded<Fulfilment>,
    pub written: Vec<WorkflowRecord<Fulfilment>>,
}

impl Writer {
    fn new() -> Self {
        Self { folded: Folded::new(&key()), written: Vec::new() }
    }

    fn write(&mut self, lane: &'static str, after: i64, content: Content<Fact, Decision>) {
        let number = self.written.len() as u64;
        let recorded = self.written.last().map_or(START, |last| last.recorded.as_millis());
        let record = WorkflowRecord::<Fulfilment> {
            sequence: 10 + 3 * number,
            recorded: Timestamp::from_millis(recorded + after),
            lane,
            entry: Entry { id: EntryId::of(&[&number.to_be_bytes()]), content },
        };
        self.folded.apply(&record);
        self.written.push(record);
    }

    fn tell(&mut self, lane: &'static str, after: i64, partner: &str, facts: Vec<Fact>) {
        let now = self.written.last().map_or(START, |last| last.recorded.as_millis()) + after;
        let source = Source {
            service: format!("{lane}-adapter"),
            partner: Some(partner.to_owned()),
            message: Some("status".to_owned()),
            profile: Some(2),
            profile_name: Some("sim".to_owned()),
            inbox: Some(100 + self.written.len() as u64),
            received: Timestamp::from_millis(now - 4),
            operator: None,
        };
        let told = |fact: Fact| {
            let words = format!("{fact:?}");
            Told { id: FactId::of(&[words.as_bytes()]), fact }
        };
        let facts = facts.into_iter().map(told).collect();
        self.write(lane, after, Content::Facts { source, facts });
    }

    fn decide(&mut self, after: i64) {
        let (seen, now) = (self.folded.seen(), self.folded.now());
        let decisions = fulfilment::decide(self.folded.state(), &Policy::default(), now);
        assert!(!decisions.is_empty());
        self.write("flow", after, Content::Decisions { seen, now, decisions });
    }
}

/// The entries as the stream would hold them.
pub(crate) fn entries() -> Vec<WorkflowRecord<Fulfilment>> {
    let mut order = Writer::new();
    order.tell("erp", 0, "erp-1", vec![Fact::Released(self::order()), Fact::Validated(validation())]);
    order.decide(3);
    order.tell("wms", 900, "wms-1", vec![answer("SO 1/7.*/allocate/s1", Outcome::Accepted), allocated()]);
    order.decide(2);
    let refused = Outcome::Refused { reason: Reason::CarrierCapacity, detail: Some("no \u{1b}[31mtruck".to_owned()) };
    order.tell("tms", 65_000, "tms-main", vec![answer("SO 1/7.*/book/s1", refused), allocated()]);
    order.decide(1);
    order.write(
        "clock",
        3_600_000,
        Content::Due {
            name: "book-s1".to_owned(),
            at: Timestamp::from_millis(order.written[0].recorded.as_millis() + 3_665_900),
        },
    );
    order.written
}

/// The entries as they are appended.
pub(crate) fn to_append() -> Vec<(&'static str, WorkflowEntry<Fulfilment>)> {
    entries().into_iter().map(|record| (record.lane, record.entry)).collect()
}
