//! All partners together: hands each ask to its partner, and one partner's doing to the next.
//!
//! No I/O and no clock: messages go in, messages come out.

mod loads;
mod tender;
mod undo;

use std::collections::{HashMap, VecDeque};

use model::token::TokenError;
use model::{OrderId, Timestamp, When};

use crate::books::{Books, Task};
use crate::course::{Asked, AskedShipment, Course};
use crate::erp::Erp;
use crate::faults::{Faults, Level, Sent};
use crate::mishap::{Mishap, set_clock_back};
use crate::plan::{CancelledAt, ERP, Fate, Plan, SPARE_TMS, TMS, Warehouse};
use crate::returns;
use crate::scenario::Scenario;
use crate::times::HOUR;
use crate::warehouse::WarehouseSystem;
use crate::wire::erp::{BillingRequest, ShipmentConfirmation};
use crate::wire::wms::Release;
use crate::wire::{AskError, Message, erp};
use loads::Loads;

/// Orders of somebody else that are remembered at once; beyond it the oldest is forgotten.
const MAX_FOREIGN: usize = 1_000;
/// Orders that are remembered after their end where answers may be lost, to be given again; beyond it the oldest is
/// forgotten.
const MAX_DONE: usize = 10_000;

/// A partner, as the one an ask is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partner {
    /// The ERP.
    Erp,
    /// A warehouse system.
    Wms(Warehouse),
    /// The TMS.
    Tms,
    /// The TMS that is asked when the first one finds no carrier.
    SpareTms,
}

impl Partner {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Erp, Self::Wms(Warehouse::East), Self::Wms(Warehouse::West), Self::Tms, Self::SpareTms];

    /// Its id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Erp => ERP,
            Self::Wms(warehouse) => warehouse.partner(),
            Self::Tms => TMS,
            Self::SpareTms => SPARE_TMS,
        }
    }

    /// The kind of system it is.
    #[must_use]
    pub const fn system(self) -> model::System {
        match self {
            Self::Erp => model::System::Erp,
            Self::Wms(_) => model::System::Wms,
            Self::Tms | Self::SpareTms => model::System::Tms,
        }
    }
}

/// All partners together, the orders they are at work on, and their books.
#[derive(Debug)]
pub struct Stage {
    scenario: Scenario,
    /// Orders released and not finished. The caller bounds them by how many it releases.
    courses: HashMap<Box<str>, Course>,
    foreign: HashMap<Box<str>, Course>,
    foreign_by_age: VecDeque<Box<str>>,
    done: HashMap<Box<str>, Course>,
    done_by_age: VecDeque<Box<str>>,
    books: Books,
    loads: Loads,
    faults: Faults,
    all_released: bool,
}

impl Stage {
    /// A stage on which nothing has happened, and nothing goes wrong.
    #[must_use]
    pub fn new(scenario: Scenario) -> Self {
        Self::with_faults(scenario, Level::None)
    }

    /// A stage on which so much goes wrong.
    #[must_use]
    pub fn with_faults(scenario: Scenario, level: Level) -> Self {
        let faults = Faults::new(scenario.seed(), level);
        Self {
            scenario,
            courses: HashMap::new(),
            foreign: HashMap::new(),
            foreign_by_age: VecDeque::new(),
            done: HashMap::new(),
            done_by_age: VecDeque::new(),
            books: Books::default(),
            loads: Loads::default(),
            faults,
            all_released: false,
        }
    }

    /// The books so far.
    #[must_use]
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// What goes wrong, and what did.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What becomes of what a partner says, on its way.
    pub fn on_the_way(&mut self, message: Message) -> Vec<Sent> {
        self.faults.on_the_way(message)
    }

    /// Orders released and not finished.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.courses.len()
    }

    /// No more orders will be released.
    pub const fn end_of_orders(&mut self) {
        self.all_released = true;
    }

    /// All orders are released and finished.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.all_released && self.courses.is_empty()
    }

    /// Releases an order.
    pub fn release(&mut self, mut plan: Plan) -> Vec<Message> {
        self.books.release(&plan);
        let mut said = vec![erp::order(&plan)];
        let mishap = self.faults.mishap(&plan);
        match mishap {
            Some(Mishap::HeldBack) => {
                let later = When::exact(plan.ordered.at.plus_millis(HOUR));
                said.extend([erp::credit(&plan.order, true, plan.ordered), erp::credit(&plan.order, false, later)]);
            }
            Some(Mishap::SlowClock) => plan.shipments.iter_mut().for_each(set_clock_back),
            Some(
                Mishap::Lacks { .. }
                | Mishap::SentBack(_)
                | Mishap::Changed { .. }
                | Mishap::ClaimedEarly
                | Mishap::ToldAgain
                | Mishap::Declined,
            )
            | None => {}
        }
        if mishap.as_ref().is_some_and(Mishap::keeps_off_a_load) {
            said.extend(self.stay_off(&mut plan));
        }
        if plan.fate == Fate::Invalid {
            self.books.finished += 1;
        } else {
            let order = plan.order.as_str().into();
            self.courses.insert(order, Course::with(plan, mishap));
        }
        said
    }

    /// What the partners say when one of them is asked this. An ask that cannot be read is a fault in the books.
    pub fn on_ask(&mut self, partner: Partner, message: &str, body: &[u8], now: Timestamp) -> Vec<Message> {
        if self.faults.lose_answers() && asked(body).is_some_and(|ask| self.faults.ignores(&ask)) {
            return Vec::new();
        }
        let said = match (partner, message) {
            (Partner::Wms(warehouse), "release") => self.on_release(warehouse, body, now),
            (Partner::Tms | Partner::SpareTms, "tender") => self.on_tender(partner, body, now),
            (Partner::Erp, "shpcon") => self.on_confirm(body, now),
            (Partner::Erp, "billing") => self.on_bill(body, now),
            (Partner::Wms(warehouse), "cancel") => self.on_cancel(warehouse, body, now),
            (Partner::Tms | Partner::SpareTms, "withdrawal") => self.on_withdrawal(partner, body, now),
            (Partner::Erp, "rejection") => self.on_rejection(body, now),
            (Partner::Wms(warehouse), "expect_return") => {
                read(partner, message, body).map(|ask| returns::expected(warehouse, &ask, now))
            }
            (Partner::Wms(warehouse), "cancel_return") => {
                read(partner, message, body).map(|ask| returns::not_expected(warehouse, &ask))
            }
            (Partner::Erp, "credit") => read(partner, message, body).map(|ask| returns::credit(&ask)),
            (Partner::Tms | Partner::SpareTms, "collection") => {
                read(partner, message, body).map(|ask| returns::collection(&ask, now))
            }
            (Partner::Tms | Partner::SpareTms, "collection_withdrawal") => {
                read(partner, message, body).map(|ask| returns::not_collected(&ask))
            }
            (Partner::Erp | Partner::Wms(_) | Partner::Tms | Partner::SpareTms, _) => {
                Err(AskError::UnknownMessage { partner: partner.id(), message: message.to_owned() })
            }
        };
        said.unwrap_or_else(|error| {
            self.books.fault(error.to_string());
            Vec::new()
        })
    }

    fn on_release(&mut self, warehouse: Warehouse, body: &[u8], now: Timestamp) -> Result<Vec<Message>, AskError> {
        let partner = Partner::Wms(warehouse);
        let ask: Release<'_> = read(partner, "release", body)?;
        let no_id = |source| AskError::NoId { partner: partner.id(), message: "release".to_owned(), source };
        let Some(mut course) = self.take(&ask.order_no, Task::Allocate, now).map_err(no_id)? else {
            return Ok(Vec::new());
        };
        let lines: Vec<Asked<'_>> =
            ask.items.iter().map(|item| Asked { line: &item.line, sku: &item.article, quantity: item.qty }).collect();
        let wanted = AskedShipment { id: &ask.shipment_no, location: &ask.site, warehouse, lines: &lines };
        let said = match self.find(&mut course, wanted, now) {
            Ok(Some(nth)) if self.faults.fails(&ask.request) => {
                Ok(vec![WarehouseSystem(warehouse).fail(&course, nth, &ask.request)])
            }
            Ok(Some(nth)) => {
                let mut said = WarehouseSystem(warehouse).on_ask(&mut course, nth, &ask, &mut self.books);
                said.extend(course.cancels(CancelledAt::Allocation).then(|| erp::cancel(&course.plan.order)));
                said.extend(course.changes().map(|changed| erp::changed(&changed)));
                said.extend(course.claims().then(|| erp::shipped(&course.plan.order, course.plan.ordered)));
                Ok(said)
            }
            Ok(None) => Ok(Vec::new()),
            Err(source) => Err(no_id(source)),
        };
        self.put_back(course);
        said
    }

    fn on_confirm(&mut self, body: &[u8], now: Timestamp) -> Result<Vec<Message>, AskError> {
        let ask: ShipmentConfirmation<'_> = read(Partner::Erp, "shpcon", body)?;
        let taken = self.take(&ask.vbeln, Task::ConfirmShipment, now);
        let no_id = |source| AskError::NoId { partner: ERP, message: "shpcon".to_owned(), source };
        let Some(mut course) = taken.map_err(no_id)? else { return Ok(Vec::new()) };
        let said = if self.faults.fails(&ask.reference) {
            erp::failed(&course.plan.order, &ask.reference, "confirmation")
        } else {
            Erp.on_confirm(&mut course, &ask, &mut self.books)
        };
        self.put_back(course);
        Ok(vec![said])
    }

    fn on_bill(&mut self, body: &[u8], now: Timestamp) -> Result<Vec<Message>, AskError> {
        let ask: BillingRequest<'_> = read(Partner::Erp, "billing", body)?;
        let taken = self.take(&ask.vbeln, Task::Bill, now);
        let no_id = |source| AskError::NoId { partner: ERP, message: "billing".to_owned(), source };
        let Some(mut course) = taken.map_err(no_id)? else { return Ok(Vec::new()) };
        let said = if self.faults.fails(&ask.reference) {
            erp::failed(&course.plan.order, &ask.reference, "invoice")
        } else {
            Erp.on_bill(&mut course, &ask, &mut self.books)
        };
        self.put_back(course);
        Ok(vec![said])
    }

    /// Takes an order's course to work on; nothing when it is one of ours that is done with.
    fn take(&mut self, order: &str, task: Task, now: Timestamp) -> Result<Option<Course>, TokenError> {
        if let Some(course) = self.courses.remove(order).or_else(|| self.done.remove(order)) {
            return Ok(Some(course));
        }
        if self.scenario.owns(order) {
            self.books.late(order, task);
            // While the books are being kept it comes too late; afterwards somebody tries out what partners do.
            if !self.is_over() {
                return Ok(None);
            }
        }
        let id = OrderId::new(order)?;
        self.books.asks.foreign += 1;
        if let Some(course) = self.foreign.remove(order) {
            return Ok(Some(course));
        }
        self.foreign_by_age.push_back(order.into());
        if self.foreign_by_age.len() > MAX_FOREIGN
            && let Some(oldest) = self.foreign_by_age.pop_front()
        {
            self.foreign.remove(&oldest);
        }
        Ok(Some(Course::foreign(id, now)))
    }

    fn put_back(&mut self, mut course: Course) {
        let order = || course.plan.order.as_str().into();
        match (course.foreign, course.is_finished()) {
            (true, true) => {}
            (true, false) => drop(self.foreign.insert(order(), course)),
            (false, false) => drop(self.courses.insert(order(), course)),
            (false, true) => {
                let order: Box<str> = order();
                // One that stays open may yet be asked about.
                let is_kept = self.faults.lose_answers() || course.plan.fate.exception().is_some();
                if !std::mem::replace(&mut course.was_finished, true) {
                    self.books.finished += 1;
                    if is_kept {
                        self.done_by_age.push_back(order.clone());
                    }
                }
                if is_kept {
                    self.done.insert(order, course);
                }
                if self.done_by_age.len() > MAX_DONE
                    && let Some(oldest) = self.done_by_age.pop_front()
                {
                    self.done.remove(&oldest);
                }
            }
        }
    }

    /// The place of a shipment in its order. A shipment that one of our orders does not have is a fault; that of a foreign
    /// order is added.
    fn find(
        &mut self,
        course: &mut Course,
        wanted: AskedShipment<'_>,
        now: Timestamp,
    ) -> Result<Option<usize>, TokenError> {
        if let Some(nth) = course.plan.place_of(wanted.id) {
            return Ok(Some(nth));
        }
        if course.foreign {
            return course.add(wanted, self.scenario.seed(), now).map(Some);
        }
        if let Some(nth) = course.takes_on(&wanted) {
            return Ok(Some(nth));
        }
        self.books.fault(format!("order {} has no shipment `{}`", course.plan.order, wanted.id));
        Ok(None)
    }
}

/// The id of an ask, whatever a partner calls it.
fn asked(body: &[u8]) -> Option<Box<str>> {
    #[derive(serde::Deserialize)]
    struct Asked {
        #[serde(alias = "request", alias = "tender")]
        reference: Box<str>,
    }
    serde_json::from_slice::<Asked>(body).ok().map(|asked| asked.reference)
}

fn read<'a, T: serde::Deserialize<'a>>(partner: Partner, message: &str, body: &'a [u8]) -> Result<T, AskError> {
    let unreadable = |source| AskError::Unreadable { partner: partner.id(), message: message.to_owned(), source };
    serde_json::from_slice(body).map_err(unreadable)
}
