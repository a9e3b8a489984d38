//! A warehouse system: reserves, picks, packs and loads what it is asked to; issues the goods when the truck is there.

use model::Lacking;

use crate::books::{Books, Task};
use crate::course::{Course, Turn};
use crate::plan::Warehouse;
use crate::wire::Message;
use crate::wire::wms::{Cancel, Code, Job, Release, Word};
use crate::world;

/// One warehouse system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarehouseSystem(pub Warehouse);

impl WarehouseSystem {
    /// Answers an ask to ship. What is reserved is picked, packed and brought to the dock; an ask that comes again gets
    /// the same answer and no more.
    pub fn on_ask(self, course: &mut Course, nth: usize, ask: &Release<'_>, books: &mut Books) -> Vec<Message> {
        let turn = course.turn(&ask.request, Task::Allocate, Some(nth));
        if turn == Turn::First {
            self.check(course, nth, ask, books);
            course.act(&ask.request, books);
        }
        let word = word(course, nth);
        let job = self.job(course, nth);
        let (reserved, picked) = (course.lines_at(nth, Lacking::Reserved), course.lines_at(nth, Lacking::Shipped));
        let mut said = vec![job.reply(&ask.request, word, &reserved)];
        match turn {
            Turn::Repeated => books.asks.repeated += 1,
            Turn::Twice => books.twice(twice(course, nth, &ask.request)),
            Turn::First => {
                if matches!(word, Word::Allocated(_)) {
                    let steps = &job.shipment.steps;
                    said.push(job.status(Code::PickStart, steps.pick_started, &[]));
                    said.push(job.status(Code::Picked, steps.picked, &picked));
                    said.push(job.status(Code::Packed, steps.packed, &picked));
                    said.push(job.status(Code::Staged, steps.staged, &[]));
                } else {
                    course.settle(nth);
                }
            }
        }
        said
    }

    /// Says that it could not do what it was asked, and does nothing.
    pub fn fail(self, course: &Course, nth: usize, ask: &str) -> Message {
        self.job(course, nth).reply(ask, Word::Error, &[])
    }

    /// Gives back what it reserved, unless the goods have left.
    pub fn on_cancel(self, course: &mut Course, nth: usize, ask: &Cancel<'_>, books: &mut Books) -> Message {
        let turn = course.turn(&ask.request, Task::CancelAllocation, Some(nth));
        note_undo(course, nth, turn, (Task::CancelAllocation, &ask.request), books);
        let word = if course.has_left(nth) { Word::Gone } else { Word::Cancelled };
        self.job(course, nth).reply(&ask.request, word, &[])
    }

    /// The truck is there: the goods are loaded and written off.
    pub fn on_truck(self, course: &Course, nth: usize) -> Message {
        let job = self.job(course, nth);
        job.status(Code::Shipped, job.shipment.steps.goods_issued, &course.lines_at(nth, Lacking::Shipped))
    }

    /// Lines of a shipment come back, on the days they do.
    pub fn on_return(self, course: &Course, nth: usize) -> Vec<Message> {
        let job = self.job(course, nth);
        let back = course.plan.lines_of(job.shipment).filter_map(|line| Some((line.returned?, line)));
        back.map(|(at, line)| job.returned(at, line)).collect()
    }

    fn job(self, course: &Course, nth: usize) -> Job<'_> {
        Job { warehouse: self.0, order: &course.plan.order, shipment: &course.plan.shipments[nth] }
    }

    fn check(self, course: &Course, nth: usize, ask: &Release<'_>, books: &mut Books) {
        let shipment = &course.plan.shipments[nth];
        let fault = |what: &str| format!("order {}, {}: {what}", course.plan.order, shipment.id);
        if shipment.warehouse != self.0 {
            books.fault(fault(&format!("{} was asked to allocate it", self.0.partner())));
        }
        if shipment.location.as_str() != ask.site {
            books.fault(fault(&format!("is at {} and was asked for at {}", shipment.location, ask.site)));
        }
        let asked = ask.items.iter().map(|item| (&*item.line, item.qty));
        if let Some(differs) = course.differs(course.plan.lines_of(shipment), asked) {
            books.fault(fault(&format!("asked to allocate: {differs}")));
        }
    }
}

/// Keeps account of an ask to undo something.
pub(crate) fn note_undo(course: &mut Course, nth: usize, turn: Turn, (task, ask): (Task, &str), books: &mut Books) {
    if turn == Turn::First {
        course.act(ask, books);
    }
    let (order, shipment) = (&course.plan.order, &course.plan.shipments[nth].id);
    match turn {
        Turn::Repeated => books.asks.repeated += 1,
        Turn::Twice => books.twice(format!("order {order}, {shipment}: asked to {} twice", task.as_str())),
        Turn::First => {
            let may_be_undone = course.foreign || course.is_replaced(nth);
            if let Some(words) = books.forbids(order.as_str(), task).filter(|_| !may_be_undone) {
                books.fault(words);
            }
        }
    }
}

/// There is enough of everything but of one item.
fn word(course: &Course, nth: usize) -> Word {
    let shipment = &course.plan.shipments[nth];
    let none = world::item(world::OUT_OF_STOCK);
    let lacking = course.plan.lines_of(shipment).find(|line| line.sku == none);
    match lacking {
        None => Word::Allocated(shipment.steps.allocated),
        // Some warehouses say how short they are, others just refuse.
        Some(line) if line.quantity.mantissa() % 2 == 0 => Word::Short,
        Some(_) => Word::Rejected,
    }
}

fn twice(course: &Course, nth: usize, ask: &str) -> String {
    let shipment = &course.plan.shipments[nth].id;
    format!("order {}, {shipment}: asked to allocate it twice, the second time as {ask}", course.plan.order)
}
