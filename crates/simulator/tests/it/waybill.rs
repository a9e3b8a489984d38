//! A Waybill that fits on a page: no streams, no policy, nothing goes wrong with it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use model::master::MasterRecord;
use model::{
    Ask, AskId, AskedLine, Country, End, Fact, LocationId, Milestone, MilestoneReached, Money, MovementKind, Order,
    OrderId, Outcome, PartnerId, Progress, Request, ShipmentId, Sku, System, Timestamp,
};
use partners::{ControlNumbers, Identified, Numbered, OrderRef, Outgoing, Profile, Sending, Told, price_of};
use rust_decimal::Decimal;
use simulator::wire::Message;
use simulator::{Partner, Scenario, Stage};

/// What is known of one order.
#[derive(Default)]
pub struct Known {
    pub order: Option<Order>,
    pub facts: Vec<Fact>,
    pub ids: BTreeSet<[u8; 16]>,
    pub asked: BTreeSet<String>,
    pub exceptions: Vec<String>,
    pub ended: Option<End>,
}

pub struct Waybill {
    profiles: HashMap<&'static str, Profile>,
    pub master: Vec<MasterRecord>,
    items: BTreeSet<Sku>,
    customers: BTreeSet<String>,
    locations: BTreeMap<LocationId, (Country, PartnerId)>,
    restricted: BTreeSet<(Country, Country)>,
    pub stock: BTreeMap<(LocationId, Sku), Decimal>,
    /// Several shipments share a load's number.
    xref: HashMap<String, Vec<(OrderId, ShipmentId, Option<Money>)>>,
    pub orders: BTreeMap<OrderId, Known>,
    /// Messages that name their order by number or tracking number.
    pub messages: usize,
}

fn profile(name: &str, partner: &'static str) -> (&'static str, Profile) {
    let (_, text) = partners::shipped().iter().find(|(own, _)| *own == name).unwrap();
    (partner, Profile::load_for(name, text, PartnerId::new(partner).unwrap()).unwrap())
}

impl Waybill {
    pub fn new() -> Self {
        let profiles = [
            profile("sim-erp", "erp-main"),
            profile("sim-wms", "wms-east"),
            profile("sim-wms", "wms-west"),
            profile("sim-tms", "tms-main"),
        ];
        Self {
            profiles: profiles.into_iter().collect(),
            master: Vec::new(),
            items: BTreeSet::new(),
            customers: BTreeSet::new(),
            locations: BTreeMap::new(),
            restricted: BTreeSet::new(),
            stock: BTreeMap::new(),
            xref: HashMap::new(),
            orders: BTreeMap::new(),
            messages: 0,
        }
    }

    /// Reads a message and asks for what comes next.
    pub fn hear(&mut self, partner: &str, name: &str, body: &[u8]) -> Vec<(Partner, Outgoing)> {
        self.messages += 1;
        let told = self.profiles[partner].decode(name, body, now());
        let told = told.unwrap_or_else(|why| panic!("{partner} {name}: {why}: {}", String::from_utf8_lossy(body)));
        told.into_iter().flat_map(|told| self.learn(told)).collect()
    }

    fn learn(&mut self, told: Told) -> Vec<(Partner, Outgoing)> {
        match told {
            Told::Rejected(rejected) => panic!("{rejected:?}"),
            Told::Snapshot(snapshot) => panic!("nobody was asked for a list: {snapshot:?}"),
            Told::Master(record) => {
                match &record {
                    MasterRecord::Item(sku, _) => drop(self.items.insert(sku.clone())),
                    MasterRecord::Customer(customer, _) => drop(self.customers.insert(customer.to_string())),
                    MasterRecord::Location(id, location) => {
                        self.locations.insert(id.clone(), (location.country, location.wms.clone()));
                    }
                    MasterRecord::Route(from, to, route) => {
                        assert!(route.restricted.is_some());
                        self.restricted.insert((*from, *to));
                    }
                }
                self.master.push(record);
                Vec::new()
            }
            Told::Stock { movement, .. } => {
                assert_eq!(movement.kind, MovementKind::Received);
                *self.stock.entry((movement.location, movement.sku)).or_default() += movement.quantity.amount;
                Vec::new()
            }
            Told::Order { order: OrderRef::Order(order), facts, xrefs, .. } => {
                for xref in xrefs {
                    let shipment = xref.shipment.unwrap();
                    let price = price_of(&facts, Some(&shipment));
                    let target = (order.clone(), shipment, price);
                    let sharing = self.xref.entry(xref.reference).or_default();
                    assert!(!sharing.contains(&target), "a shipment is booked once");
                    sharing.push(target);
                    assert!(sharing.len() <= 2, "two orders share a load");
                }
                self.know(&order, facts);
                self.decide(&order)
            }
            Told::Order { order: OrderRef::Reference(reference), facts, .. } => {
                let sharing = self.xref[&reference].clone();
                let mut asks = Vec::new();
                let prices: Vec<_> = sharing.iter().map(|(.., price)| price.clone()).collect();
                for (nth, (order, shipment, _)) in sharing.iter().enumerate() {
                    let mut facts = facts.clone();
                    facts.iter_mut().for_each(|told| told.on_a_load(shipment, (nth, &prices), 0));
                    self.know(order, facts);
                    asks.extend(self.decide(order));
                }
                asks
            }
        }
    }

    fn know(&mut self, order: &OrderId, facts: Vec<Identified>) {
        let known = self.orders.entry(order.clone()).or_default();
        for Identified { id, mut fact } in facts {
            if let Fact::Released(released) = &fact {
                known.order = Some(released.clone());
            }
            if let (Fact::Milestone(reached), Some(order)) = (&mut fact, &known.order) {
                all_of_it(reached, order);
            }
            assert!(known.ids.insert(id.0), "two facts of order {order} have the same id");
            known.facts.push(fact);
        }
    }

    fn decide(&mut self, id: &OrderId) -> Vec<(Partner, Outgoing)> {
        let known = &self.orders[id];
        let Some(order) = &known.order else { return Vec::new() };
        let mut asks = Vec::new();
        let mut exceptions = Vec::new();
        let mut called_off = false;
        if known.facts.iter().any(|fact| matches!(fact, Fact::CancelRequested(_))) {
            (asks, called_off) = self.undo(id, known, &shipments(order));
        } else if self.valid(order) {
            let shipments = shipments(order);
            for (shipment, location, lines) in &shipments {
                let (country_wms, about) = (&self.locations[location], Some(shipment));
                asks.push(ask(
                    id,
                    System::Wms,
                    country_wms.1.as_str(),
                    about,
                    Request::Allocate {
                        shipment: shipment.clone(),
                        location: location.clone(),
                        ship_on: None,
                        ship_to: order.ship_to.clone(),
                        lines: lines.clone(),
                    },
                ));
                match known.answer(id, "allocate", about) {
                    Some(Outcome::Accepted) => asks.push(ask(
                        id,
                        System::Tms,
                        "tms-main",
                        about,
                        Request::Book {
                            shipment: shipment.clone(),
                            from: location.clone(),
                            ship_to: order.ship_to.clone(),
                            ship_on: None,
                            mode: order.mode.clone(),
                            lines: lines.clone(),
                        },
                    )),
                    Some(_) => exceptions.push(format!("no_stock {shipment}")),
                    None => {}
                }
                if let Some(Outcome::Refused { .. }) = known.answer(id, "book", about) {
                    exceptions.push(format!("booking_refused {shipment}"));
                }
            }
            let all = |lines: &[_]| lines.len() == order.lines.len();
            let delivered = known.amounts(Milestone::TransportDelivered);
            if all(&delivered) && all(&known.amounts(Milestone::FulfilmentGoodsIssued)) {
                let lines = delivered.clone();
                asks.push(ask(id, System::Erp, "erp-main", None, Request::ConfirmShipment { lines, sale: None }));
                if known.answer(id, "confirm_shipment", None) == Some(&Outcome::Accepted) {
                    asks.push(ask(id, System::Erp, "erp-main", None, Request::Bill { lines: delivered, sale: None }));
                }
            }
        } else {
            exceptions.push("invalid".to_owned());
        }
        let billed = known.facts.iter().any(|fact| matches!(fact, Fact::Billed(_)));
        let known = self.orders.get_mut(id).unwrap();
        known.exceptions = exceptions;
        known.ended = match (called_off, billed && known.freight_is_as_booked()) {
            (true, _) => Some(End::Cancelled),
            (false, true) => Some(End::Closed),
            (false, false) => None,
        };
        asks.retain(|ask| known.asked.insert(ask.id.to_string()));
        let written = |ask: &Ask| self.profiles[ask.partner.as_str()].encode(id, ask, sending()).unwrap();
        asks.iter().map(|ask| (partner(ask.partner.as_str()), written(ask))).collect()
    }

    /// What is asked of an order that is cancelled, and whether it is over.
    fn undo(
        &self,
        id: &OrderId,
        known: &Known,
        shipments: &[(ShipmentId, LocationId, Vec<AskedLine>)],
    ) -> (Vec<Ask>, bool) {
        let mut asks = Vec::new();
        let mut undone = true;
        for (shipment, location, _) in shipments {
            let about = Some(shipment);
            let accepted = |kind| known.answer(id, kind, about) == Some(&Outcome::Accepted);
            let asked = |kind: &str| known.asked.contains(&format!("{id}/{kind}/{shipment}"));
            let undoes = |kind: &str| AskId::new(&format!("{id}/{kind}/{shipment}")).unwrap();
            if asked("book") {
                let request =
                    Request::CancelBooking { shipment: shipment.clone(), undoes: undoes("book"), tracking: None };
                asks.push(ask(id, System::Tms, "tms-main", about, request));
                undone &= accepted("cancel_booking");
            }
            if asked("allocate") && (!asked("book") || accepted("cancel_booking")) {
                let (undone, location) = (undoes("allocate"), location.clone());
                let wms = self.locations[&location].1.as_str();
                let request = Request::CancelAllocation { shipment: shipment.clone(), undoes: undone, location };
                asks.push(ask(id, System::Wms, wms, about, request));
            }
            undone &= !asked("allocate") || accepted("cancel_allocation");
        }
        if undone {
            let request = Request::ConfirmCancellation { reason: model::Reason::ShipperCancelled };
            asks.push(ask(id, System::Erp, "erp-main", None, request));
        }
        (asks, known.answer(id, "confirm_cancellation", None) == Some(&Outcome::Accepted))
    }

    fn valid(&self, order: &Order) -> bool {
        self.customers.contains(order.customer.as_str())
            && order.lines.iter().all(|line| {
                let from = self.locations.get(line.ship_from.as_ref().unwrap()).map(|(country, _)| *country);
                let to = order.ship_to.country.unwrap();
                self.items.contains(&line.sku) && from.is_some_and(|from| !self.restricted.contains(&(from, to)))
            })
    }

    /// Plays a whole scenario against a stage, oldest message first, with so many orders at once.
    pub fn play(&mut self, scenario: &Scenario, at_once: usize) -> Stage {
        let mut stage = Stage::new(scenario.clone());
        for message in scenario.opening().unwrap() {
            let message = message.unwrap();
            assert!(self.hear(message.partner, message.name, &message.body).is_empty());
        }
        let mut plans = scenario.plans().unwrap();
        loop {
            let some: Vec<_> = plans.by_ref().take(at_once).map(Result::unwrap).collect();
            if some.is_empty() {
                stage.end_of_orders();
                return stage;
            }
            let messages = some.into_iter().flat_map(|plan| stage.release(plan)).collect();
            self.work_off(&mut stage, messages);
        }
    }

    /// Hands messages and asks to and fro until nobody has anything to say.
    pub fn work_off(&mut self, stage: &mut Stage, mut messages: VecDeque<Message>) {
        while let Some(message) = messages.pop_front() {
            for (partner, ask) in self.hear(message.partner, message.name, &message.body) {
                messages.extend(stage.on_ask(partner, &ask.message, &ask.body, now()));
            }
        }
    }
}

pub fn sending() -> Sending {
    Sending { asked: now(), number: ControlNumbers::new(Numbered::Orders, 1).nth(0) }
}

pub fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub fn partner(id: &str) -> Partner {
    Partner::ALL.into_iter().find(|partner| partner.id() == id).unwrap()
}

pub fn ask(order: &OrderId, system: System, to: &str, about: Option<&ShipmentId>, request: Request) -> Ask {
    let about = about.map(|shipment| format!("/{shipment}")).unwrap_or_default();
    let id = AskId::new(&format!("{order}/{}{about}", request.kind())).unwrap();
    Ask { id, system, partner: PartnerId::new(to).unwrap(), request }
}

/// What is delivered without a word of how much is all of its shipment.
fn all_of_it(reached: &mut MilestoneReached, order: &Order) {
    if reached.milestone != Milestone::TransportDelivered || !reached.lines.is_empty() {
        return;
    }
    let own = shipments(order).into_iter().filter(|(id, ..)| Some(id) == reached.shipment.as_ref());
    let all = |line: AskedLine| Progress { line: line.line, quantity: line.quantity, location: None };
    reached.lines = own.flat_map(|(_, _, lines)| lines).map(all).collect();
}

fn shipments(order: &Order) -> Vec<(ShipmentId, LocationId, Vec<AskedLine>)> {
    let mut groups: BTreeMap<_, Vec<AskedLine>> = BTreeMap::new();
    for line in &order.lines {
        let asked = AskedLine { line: line.line.clone(), sku: line.sku.clone(), quantity: line.quantity.clone() };
        groups.entry((line.ship_from.clone().unwrap(), line.ship_on)).or_default().push(asked);
    }
    let number = |(nth, ((location, _), lines)): (usize, _)| {
        (ShipmentId::new(&format!("s{}", nth + 1)).unwrap(), location, lines)
    };
    groups.into_iter().enumerate().map(number).collect()
}

impl Known {
    fn answer(&self, order: &OrderId, kind: &str, about: Option<&ShipmentId>) -> Option<&Outcome> {
        let about = about.map(|shipment| format!("/{shipment}")).unwrap_or_default();
        let id = format!("{order}/{kind}{about}");
        self.facts.iter().find_map(|fact| match fact {
            Fact::Answered(answer) if answer.ask.as_str() == id => Some(&answer.outcome),
            _ => None,
        })
    }

    /// Each line that reached a milestone, and how much of it.
    pub fn amounts(&self, milestone: Milestone) -> Vec<Progress> {
        let reached = self.facts.iter().filter_map(|fact| match fact {
            Fact::Milestone(reached) if reached.milestone == milestone => Some(reached.lines.iter()),
            _ => None,
        });
        let mut lines: Vec<Progress> =
            reached.flatten().map(|part| Progress { location: None, ..part.clone() }).collect();
        lines.sort_by(|one, other| one.line.cmp(&other.line));
        lines
    }

    /// Lines delivered after the day they were promised for.
    pub fn late_lines(&self) -> u64 {
        let late = |line: &model::OrderLine| {
            self.facts.iter().any(|fact| match fact {
                Fact::Milestone(reached) if reached.milestone == Milestone::TransportDelivered => {
                    reached.lines.iter().any(|part| part.line == line.line)
                        && reached.occurred.local_date() > line.promised.unwrap().local_date()
                }
                _ => false,
            })
        };
        self.order.iter().flat_map(|order| &order.lines).filter(|line| late(line)).count() as u64
    }

    fn freight_is_as_booked(&self) -> bool {
        let of = |wanted: bool| {
            let charges = self.facts.iter().filter_map(|fact| match fact {
                Fact::Booked(booking) if !wanted => {
                    booking.charge.clone().map(|charge| (booking.shipment.clone(), charge))
                }
                Fact::FreightInvoiced(invoice) if wanted => Some((invoice.shipment.clone()?, invoice.total.clone())),
                _ => None,
            });
            charges.map(|(shipment, money)| (shipment, money.amount, money.currency)).collect::<BTreeSet<_>>()
        };
        !of(true).is_empty() && of(true) == of(false)
    }
}
