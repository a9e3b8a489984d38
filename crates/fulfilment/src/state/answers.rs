//! What became of an ask. The first answer settles it; a later one that says otherwise is a claim, and a person must see it.

use model::{Answer, Ask, AskId, Fact, Lane, Milestone, Outcome, Progress, Request, Timestamp};

use super::actual::{Event, is_of_nothing};
use super::{Came, Held, Known, Shipment, State};

/// What became of an ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskState<'a> {
    /// Nobody asked yet.
    NotAsked,
    /// Asked, and no answer yet.
    Waiting,
    /// Done, or will be.
    Accepted,
    /// Refused or failed.
    Refused(&'a Outcome),
}

/// Every answer, in the order they came in.
#[derive(Default)]
pub(crate) struct Answers<'a>(Vec<(Came, &'a Held, &'a Answer)>);

/// A reservation that came with a later answer to the same ask.
pub(crate) struct RepeatedQuantity<'a> {
    pub event: Event<'a>,
    /// What the later answer reserves, in words, when the first one said otherwise.
    pub differs: Option<String>,
}

impl State {
    /// The ask with this id, if it was made.
    #[must_use]
    pub fn ask(&self, id: &AskId) -> Option<&Ask> {
        self.asks.iter().find(|ask| ask.id == *id)
    }

    /// What became of an ask. Only the partner that was asked can answer; its first word counts.
    #[must_use]
    pub fn ask_state(&self, id: &AskId) -> AskState<'_> {
        let Some(ask) = self.ask(id) else { return AskState::NotAsked };
        let mut answers = Answers::default();
        for (id, held) in &self.facts {
            if let Fact::Answered(answer) = &held.fact {
                answers.add(held.came(*id), held, answer);
            }
        }
        answers.sort();
        answers.to(ask)
    }
}

impl<'a> Answers<'a> {
    pub(super) fn add(&mut self, came: Came, held: &'a Held, answer: &'a Answer) {
        self.0.push((came, held, answer));
    }

    pub(super) fn sort(&mut self) {
        self.0.sort_by_key(|(came, ..)| *came);
    }

    /// What became of an ask that was made, or is being made now: the answer may be known before the ask.
    pub fn to(&self, ask: &Ask) -> AskState<'a> {
        match self.outcomes(ask).next() {
            None => AskState::Waiting,
            Some(Outcome::Accepted) => AskState::Accepted,
            Some(refused @ (Outcome::Refused { .. } | Outcome::Failed { .. })) => AskState::Refused(refused),
        }
    }

    /// Every word of the partner that was asked, in the order they came in. An operator's last word stands before them:
    /// somebody who has talked to the partner knows better.
    pub fn outcomes(&self, ask: &Ask) -> impl Iterator<Item = &'a Outcome> {
        let of_ask = || self.0.iter().filter(|(_, _, answer)| answer.ask == ask.id);
        let entered = of_ask().rfind(|(_, held, _)| held.lane == Lane::Ops);
        let is_entered = entered.is_some();
        let own = of_ask().filter(move |(_, held, _)| !is_entered && is_from_asked(held, ask));
        entered.into_iter().chain(own).map(|(_, _, answer)| &answer.outcome)
    }
}

/// Whether the partner that was asked says something.
pub(super) fn is_from_asked(held: &Held, ask: &Ask) -> bool {
    ask.is_put_to(held.lane, held.partner.as_deref())
}

impl<'a> Known<'a> {
    /// What a partner said on an ask that is not what it said first, in words.
    pub fn contradictions(&self, ask: &Ask) -> Vec<String> {
        let mut outcomes = self.answers.outcomes(ask);
        let first = outcomes.next();
        let others = outcomes.filter(|other| first.is_some_and(|first| first.is_accepted() != other.is_accepted()));
        let mut words: Vec<String> = others.map(|other| format!("later {other}")).collect();
        match &ask.request {
            Request::Allocate { shipment, .. } => {
                let nth = self.shipments.iter().position(|own| own.id == *shipment);
                let again = self.repeated.iter().filter(|repeated| Some(repeated.event.shipment) == nth);
                words.extend(again.filter_map(|repeated| repeated.differs.clone()));
            }
            Request::Book { shipment, .. } => {
                let first = self.booking(shipment);
                let others = self.bookings_of(shipment).filter(|other| first.is_some_and(|first| first != *other));
                words.extend(others.map(|other| {
                    let charge = other.charge.as_ref().map_or("no charge".to_owned(), ToString::to_string);
                    format!("later booked with {} as {} at {charge}", other.carrier, other.tracking)
                }));
            }
            Request::ConfirmShipment { .. }
            | Request::Bill { .. }
            | Request::CancelAllocation { .. }
            | Request::CancelBooking { .. }
            | Request::ConfirmCancellation { .. }
            | Request::UpdateCustomer { .. }
            | Request::ExpectReturn { .. }
            | Request::Collect { .. }
            | Request::CancelReturn { .. }
            | Request::CancelCollection { .. }
            | Request::Credit { .. }
            | Request::UpdateReturn { .. } => {}
        }
        words.sort();
        words.dedup();
        if let (Some(first), false) = (first, words.is_empty()) {
            words.insert(0, first.to_string());
        }
        words
    }

    /// A warehouse that answers an ask again tells again what it reserved: that is not to be added to what it told first.
    pub(super) fn set_aside_repeated_quantities(&mut self) {
        let Some(order) = self.state.id() else { return };
        for shipment in &self.shipments {
            let is_own = |ask: &AskId| is_ask(ask.as_str(), order.as_str(), "allocate", shipment.id.as_str());
            let answers = self.answers.0.iter().filter(|(_, held, answer)| {
                answer.outcome.is_accepted() && held.lane == Lane::Wms && is_own(&answer.ask) && shipment.heeds(held)
            });
            let mut messages: Vec<(Timestamp, u64)> =
                answers.map(|((received, inbox, _), ..)| (*received, *inbox)).collect();
            messages.dedup();
            if messages.len() < 2 {
                continue;
            }
            let told = |message: (Timestamp, u64)| -> Vec<Event<'a>> {
                let reserved = self.actual.of(shipment, &[Milestone::FulfilmentAllocated]);
                reserved.filter(|event| (event.held.received, event.held.inbox) == message).collect()
            };
            // One that reserved nothing yet, as of a back-order, is not held against what it reserved then.
            let is_nothing = |events: &Vec<Event<'a>>| events.iter().all(|event| is_of_nothing(event.reached));
            let mut reservations =
                messages.into_iter().map(told).skip_while(is_nothing).filter(|told| !told.is_empty());
            let first = reservations.next().map(|events| reserved(shipment, &events));
            let later: Vec<RepeatedQuantity<'a>> = reservations
                .flat_map(|events| {
                    let words = reserved(shipment, &events);
                    let differs = (Some(&words) != first.as_ref()).then(|| format!("later reserved {words}"));
                    events.into_iter().map(move |event| RepeatedQuantity { event, differs: differs.clone() })
                })
                .collect();
            self.actual.0.retain(|event| {
                later.iter().all(|again| (again.event.fact, again.event.shipment) != (event.fact, event.shipment))
            });
            self.repeated.extend(later);
        }
    }
}

/// What these events reserve, in words that are the same for the same quantities.
fn reserved(shipment: &Shipment<'_>, events: &[Event<'_>]) -> String {
    let parts = |event: &Event<'_>| -> Vec<String> {
        let words = |part: &Progress| format!("{} of line {}", part.quantity, part.line);
        if event.reached.lines.is_empty() {
            shipment
                .lines
                .iter()
                .map(|part| format!("{} of line {}", part.quantity(part.wanted), part.line.line))
                .collect()
        } else {
            event.reached.lines.iter().map(words).collect()
        }
    };
    let mut words: Vec<String> = events.iter().flat_map(parts).collect();
    words.sort();
    words.join(", ")
}

/// Whether an id is that of an ask of this kind for a shipment, made for the first time or again; see [`ask_id`].
fn is_ask(id: &str, order: &str, kind: &str, shipment: &str) -> bool {
    let own = id.strip_prefix(order).and_then(|rest| rest.strip_prefix('/'));
    let of_kind = own.and_then(|rest| rest.strip_prefix(kind)).and_then(|rest| rest.strip_prefix('/'));
    of_kind.and_then(|rest| rest.strip_prefix(shipment)).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
}

/// The id of the ask of a kind, for a shipment or for the order: the same however often it is decided. One that is made
/// anew, because the one before was refused, has its number behind it. `None` when the order's number leaves no room for
/// it; the longest number does, see `model::token::MAX_COMPOSED`.
pub(crate) fn ask_id(
    order: &model::OrderId,
    kind: &str,
    shipment: Option<&model::ShipmentId>,
    attempt: usize,
) -> Option<AskId> {
    let mut text = match shipment {
        Some(shipment) => format!("{order}/{kind}/{shipment}"),
        None => format!("{order}/{kind}"),
    };
    if attempt > 1 {
        text = format!("{text}#{attempt}");
    }
    AskId::new(&text).ok()
}
