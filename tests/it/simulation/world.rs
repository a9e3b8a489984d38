//! Waybill and its partners in virtual time: one queue of what happens when, and the fold of every order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use engine::{Content, Entry, EntryId, FactId, Folded, Key, Recorded, Source, Told, WorkflowRecord};
use fulfilment::{Fulfilment, Policy, decide};
use model::{
    Answer, Archived, Ask, Decision, Fact, Lane, Money, OrderId, Outcome, PartnerId, ShipmentId, System, Timestamp,
};
use partners::{ControlNumbers, Identified, Numbered, OrderRef, Profile, Sending, price_of};
use simulator::faults::Done;
use simulator::wire::Message;
use simulator::{Level, Partner, Scenario, Stage, Traffic};
use waybill::run::billed;

use super::master::Master;

/// Short waits, so that what is lost is asked again within the run.
const POLICY: &str = "
[deadlines]
allocate = \"1m\"
book = \"1m\"
answer = \"1m\"
undo = \"1m\"
short = \"10s\"
[transport]
then = [\"tms-spare\"]
[allocation]
short = \"back_order\"
[picking]
short = \"back_order\"
[delivery]
short = \"send_again\"
[retries]
pause = \"10s\"
unanswered = 3
";
/// Deadlines further off than this are not waited for: an order that must stay open would only be overdue as well.
const LONGEST_WAIT: i64 = 3_600_000;
/// How often and how far apart a message with an unknown reference is tried: longer than a lost booking takes to be told again.
const TRIES: u32 = 600;
const PAUSE: i64 = 1_000;
/// Orders are released so far apart.
const BETWEEN: i64 = 20;
/// How long a message takes, and an ask.
const HOP: i64 = 2;

/// Something that is to happen.
enum Event {
    /// A partner's message arrives, for the nth time.
    Message(Message, u32),
    /// An ask reaches its partner.
    Ask(OrderId, Ask),
    /// A deadline passes.
    Due(OrderId, String, Timestamp),
    /// The ERP releases the next order.
    Release,
}

/// One order: its entries, and their fold.
struct Case {
    entries: Vec<WorkflowRecord<Fulfilment>>,
    folded: Folded<Fulfilment>,
}

/// A shipment on a load, and what it is booked at.
type Aboard = (OrderId, ShipmentId, Option<Money>);

pub struct World {
    now: Timestamp,
    queue: BinaryHeap<Reverse<(Timestamp, u64)>>,
    events: HashMap<u64, Event>,
    number: u64,
    sequence: u64,
    stage: Stage,
    plans: simulator::scenario::Plans,
    profiles: HashMap<&'static str, Profile>,
    master: Master,
    /// What a reference means; a load's means several shipments.
    xref: HashMap<String, Vec<Aboard>>,
    /// What was told under a reference, for the shipments that turn out to be on its load later.
    told: HashMap<String, Vec<Message>>,
    orders: BTreeMap<OrderId, Case>,
    policy: Policy,
    pub quarantined: u64,
}

impl World {
    pub fn new(traffic: Traffic, level: Level) -> Self {
        let scenario = Scenario::Generated(traffic);
        let profile = |name: &str, partner: &'static str| {
            let (_, text) = partners::shipped().iter().find(|(own, _)| *own == name).expect("it is shipped");
            let id = PartnerId::new(partner).expect("an id");
            (partner, Profile::load_for(name, text, id).expect("a sound profile"))
        };
        let profiles = [
            profile("sim-erp", "erp-main"),
            profile("sim-wms", "wms-east"),
            profile("sim-wms", "wms-west"),
            profile("sim-tms", "tms-main"),
            profile("sim-tms", "tms-spare"),
        ];
        let mut world = Self {
            now: traffic.started,
            queue: BinaryHeap::new(),
            events: HashMap::new(),
            number: 0,
            sequence: 0,
            stage: Stage::with_faults(scenario.clone(), level),
            plans: scenario.plans().expect("generated"),
            profiles: profiles.into_iter().collect(),
            master: Master::default(),
            xref: HashMap::new(),
            told: HashMap::new(),
            orders: BTreeMap::new(),
            policy: Policy::load("policy", POLICY).expect("a sound policy"),
            quarantined: 0,
        };
        for message in scenario.opening().expect("generated") {
            world.arrive(message.expect("generated"), 1);
        }
        world.after(0, Event::Release);
        world
    }

    /// Lets everything happen, until nothing is left to.
    pub fn run(&mut self) {
        while let Some(Reverse((at, number))) = self.queue.pop() {
            self.now = at;
            match self.events.remove(&number).expect("queued with its event") {
                Event::Release => self.release(),
                Event::Message(message, tries) => self.arrive(message, tries),
                Event::Ask(order, ask) => self.ask(&order, &ask),
                Event::Due(order, name, at) => self.due(&order, name, at),
            }
        }
    }

    fn after(&mut self, millis: i64, event: Event) {
        self.number += 1;
        self.queue.push(Reverse((self.now.plus_millis(millis), self.number)));
        self.events.insert(self.number, event);
    }

    fn release(&mut self) {
        match self.plans.next() {
            Some(plan) => {
                let said = self.stage.release(plan.expect("generated"));
                self.say(said);
                self.after(BETWEEN, Event::Release);
            }
            None => self.stage.end_of_orders(),
        }
    }

    /// Partners say something, one thing after the other, and the network does to it what it does.
    fn say(&mut self, messages: Vec<Message>) {
        for (message, hop) in messages.into_iter().zip(1..) {
            for sent in self.stage.on_the_way(message) {
                let after = i64::try_from(sent.after.as_millis()).expect("seconds");
                self.after(after + hop * HOP, Event::Message(sent.message, 1));
            }
        }
    }

    fn arrive(&mut self, message: Message, tries: u32) {
        let Ok(parts) = self.profiles[message.partner].decode(message.name, &message.body, self.now) else {
            self.quarantined += 1;
            return;
        };
        let mut unknown = false;
        for part in parts {
            match part {
                partners::Told::Master(record) => self.master.learn(record),
                partners::Told::Stock { .. } | partners::Told::Snapshot(_) => {}
                partners::Told::Rejected(_) => self.quarantined += 1,
                partners::Told::Order { order: OrderRef::Order(order), facts, xrefs, .. } => {
                    for xref in xrefs {
                        let shipment = xref.shipment.expect("the TMS names it");
                        let price = price_of(&facts, Some(&shipment));
                        self.refer(xref.reference, (order.clone(), shipment, price));
                    }
                    self.hear(&order, &message, facts);
                }
                partners::Told::Order { order: OrderRef::Reference(reference), facts, .. } => {
                    let sharing = self.xref.get(&reference).cloned().unwrap_or_default();
                    unknown |= sharing.is_empty();
                    let prices: Vec<_> = sharing.iter().map(|(.., price)| price.clone()).collect();
                    for (nth, (order, shipment, _)) in sharing.iter().enumerate() {
                        let mut facts = facts.clone();
                        facts.iter_mut().for_each(|told| told.on_a_load(shipment, (nth, &prices), 0));
                        self.hear(order, &message, facts);
                    }
                    let told = self.told.entry(reference).or_default();
                    if !sharing.is_empty() && !told.contains(&message) {
                        told.push(message.clone());
                    }
                }
            }
        }
        match (unknown, tries < TRIES) {
            (true, true) => self.after(PAUSE, Event::Message(message, tries + 1)),
            (true, false) => self.quarantined += 1,
            (false, _) => {}
        }
    }

    /// A reference means a shipment from now on; what was told under it before is told again.
    fn refer(&mut self, reference: String, target: Aboard) {
        let sharing = self.xref.entry(reference.clone()).or_default();
        if !sharing.contains(&target) {
            sharing.push(target);
            for message in self.told.remove(&reference).unwrap_or_default() {
                self.after(HOP, Event::Message(message, 1));
            }
        }
    }

    fn hear(&mut self, order: &OrderId, message: &Message, facts: Vec<Identified>) {
        let facts = facts.into_iter().map(|told| Told { id: FactId(told.id.0), fact: told.fact }).collect();
        self.tell(order, message.system.lane(), Some(message.partner), facts);
    }

    fn tell(&mut self, order: &OrderId, lane: Lane, partner: Option<&str>, mut facts: Vec<Told<Fact>>) {
        let releases: Vec<Told<Fact>> = facts
            .iter()
            .filter_map(|told| {
                let Fact::Released(released) = &told.fact else { return None };
                let validation = self.master.validate(released);
                Some(Told { id: FactId::of(&[b"validated", &told.id.0]), fact: Fact::Validated(validation) })
            })
            .collect();
        facts.extend(releases);
        let source = Source {
            service: format!("{lane}-adapter"),
            partner: partner.map(str::to_owned),
            message: None,
            profile: None,
            profile_name: None,
            inbox: Some(self.sequence),
            received: self.now,
            operator: None,
        };
        self.append(order, lane.as_str(), Content::Facts { source, facts });
        self.decide(order);
    }

    fn append(&mut self, order: &OrderId, lane: &str, content: Content<Fact, Decision>) {
        self.sequence += 1;
        let lane = Lane::from_token(lane).expect("a lane").as_str();
        let id = EntryId::of(&[&self.sequence.to_be_bytes()]);
        let entry = Recorded { sequence: self.sequence, recorded: self.now, lane, entry: Entry { id, content } };
        let new = || Case { entries: Vec::new(), folded: Folded::new(&Key::of(order.as_str())) };
        let case = self.orders.entry(order.clone()).or_insert_with(new);
        case.folded.apply(&entry);
        case.entries.push(entry);
    }

    fn decide(&mut self, order: &OrderId) {
        let case = &self.orders[order];
        let decisions = decide(case.folded.state(), &self.policy, self.now);
        if decisions.is_empty() {
            return;
        }
        let (seen, now) = (case.folded.seen(), self.now);
        self.append(order, "flow", Content::Decisions { seen, now, decisions: decisions.clone() });
        let left = decide(self.orders[order].folded.state(), &self.policy, self.now);
        assert!(left.is_empty(), "deciding again on {order} adds {left:?}\n{}", self.trail(order));
        for decision in decisions {
            match decision {
                Decision::Ask(ask) => {
                    // Delivered at least once means sometimes twice.
                    if self.number.is_multiple_of(17) {
                        self.after(5 * HOP, Event::Ask(order.clone(), ask.clone()));
                    }
                    self.after(HOP, Event::Ask(order.clone(), ask));
                }
                Decision::Deadline(deadline) => {
                    let millis = deadline.at.as_millis() - self.now.as_millis();
                    if millis <= LONGEST_WAIT {
                        self.after(millis, Event::Due(order.clone(), deadline.name, deadline.at));
                    }
                }
                Decision::End(_) => {
                    let archived = Fact::Archived(Archived { digest: "00".to_owned(), entries: 1 });
                    let facts = vec![Told { id: FactId::of(&[b"archived"]), fact: archived }];
                    self.tell(order, Lane::View, None, facts);
                }
                Decision::Commit(_) | Decision::Split(_) | Decision::Raise(_) | Decision::Resolve(_) => {}
            }
        }
    }

    fn ask(&mut self, order: &OrderId, ask: &Ask) {
        if ask.system == System::View {
            let fact = Fact::Answered(Answer { ask: ask.id.clone(), outcome: Outcome::Accepted });
            let facts = vec![Told { id: FactId::of(&[b"answered", ask.id.as_str().as_bytes()]), fact }];
            return self.tell(order, Lane::View, None, facts);
        }
        let sending = Sending { asked: self.now, number: ControlNumbers::new(Numbered::Orders, self.number).nth(0) };
        let profile = &self.profiles[ask.partner.as_str()];
        let outgoing = profile.encode(order, ask, sending).expect("every ask can be written");
        let own = |partner: &Partner| partner.id() == ask.partner.as_str();
        let partner = Partner::ALL.into_iter().find(own).expect("a partner of the stage");
        let said = self.stage.on_ask(partner, &outgoing.message, &outgoing.body, self.now);
        self.say(said);
    }

    fn due(&mut self, order: &OrderId, name: String, at: Timestamp) {
        if decide::awaits(self.orders[order].folded.state(), &self.policy, &name) {
            self.append(order, "clock", Content::Due { name, at });
            self.decide(order);
        }
    }

    /// The orders that ended elsewhere than the books say, and how; and what the partners hold against the whole run.
    pub fn wrong(&self) -> Vec<(OrderId, String)> {
        let books = self.stage.books();
        let mut wrong: Vec<(OrderId, String)> = Vec::new();
        for (order, case) in &self.orders {
            let state = case.folded.state();
            let exceptions: Vec<String> = state.exceptions().map(|open| open.kind.to_string()).collect();
            wrong.extend(books.verdict(order, state.ended(), &exceptions).err().map(|words| (order.clone(), words)));
            wrong.extend(books.freight(order, billed(state)).err().map(|words| (order.clone(), words)));
            let again = Folded::<Fulfilment>::replay(&Key::of(order.as_str()), &case.entries);
            if again.state() != state {
                wrong.push((order.clone(), "folds to something else when it is replayed".to_owned()));
            }
        }
        if let (Err(words), Some(order)) = (books.sound(), self.orders.keys().next()) {
            let named = self.orders.keys().find(|order| words.contains(&format!("order {order}")));
            wrong.push((named.unwrap_or(order).clone(), words));
        }
        wrong
    }

    /// What happened to an order, entry by entry.
    pub fn trail(&self, order: &OrderId) -> String {
        let entries = self.orders[order].entries.iter().map(|entry| {
            let content = match &entry.entry.content {
                Content::Facts { source, facts } => {
                    let facts: Vec<String> =
                        facts.iter().map(|told| format!("{:.220}", format!("{:?}", told.fact))).collect();
                    format!("{} {}", source.partner.as_deref().unwrap_or("-"), facts.join("; "))
                }
                Content::Decisions { decisions, .. } => {
                    let decisions = decisions.iter().map(|decision| format!("{:.160}", format!("{decision:?}")));
                    decisions.collect::<Vec<_>>().join("; ")
                }
                Content::Due { name, .. } => name.clone(),
            };
            format!("{} {:6} {content}", entry.recorded, entry.lane)
        });
        entries.collect::<Vec<_>>().join("\n")
    }

    /// Shipments that shared a load.
    pub fn on_loads(&self) -> u64 {
        self.stage.books().on_loads
    }

    /// What went wrong on purpose.
    pub fn faults(&self) -> Done {
        self.stage.faults().done
    }

    /// Every entry in words, in order of their sequence.
    pub fn entries(&self) -> BTreeSet<(u64, String)> {
        let all = self.orders.values().flat_map(|case| &case.entries);
        all.map(|entry| (entry.sequence, format!("{:?}", entry.entry.content))).collect()
    }
}
