//! The ERP: releases orders, and at their end posts the shipment and bills the customer.

use rust_decimal::Decimal;

use crate::books::{Books, Task};
use crate::course::{Course, Turn};
use crate::wire::Message;
use crate::wire::erp::{BillingRequest, Rejection, ShipmentConfirmation, confirmation, invoice};

/// The ERP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erp;

impl Erp {
    /// Posts a shipment, once.
    pub fn on_confirm(self, course: &mut Course, ask: &ShipmentConfirmation<'_>, books: &mut Books) -> Message {
        let lines: Vec<_> = ask.items.iter().map(|item| (&*item.posnr, item.lfimg)).collect();
        note(course, Task::ConfirmShipment, &ask.reference, &lines, books);
        confirmation(&course.plan.order, &ask.reference, "shpcon")
    }

    /// Closes an order as cancelled, once.
    pub fn on_rejection(self, course: &mut Course, ask: &Rejection<'_>, books: &mut Books) -> Message {
        let order = course.plan.order.clone();
        match course.turn(&ask.reference, Task::ConfirmCancellation, None) {
            Turn::Repeated => books.asks.repeated += 1,
            Turn::Twice => books.twice(format!("order {order}: asked to confirm its cancellation twice")),
            Turn::First => {
                course.act(&ask.reference, books);
                if let Some(words) =
                    books.forbids(order.as_str(), Task::ConfirmCancellation).filter(|_| !course.foreign)
                {
                    books.fault(words);
                }
                course.call_off();
            }
        }
        confirmation(&order, &ask.reference, "rejected")
    }

    /// Bills the customer, once.
    pub fn on_bill(self, course: &mut Course, ask: &BillingRequest<'_>, books: &mut Books) -> Message {
        let lines: Vec<_> = ask.items.iter().map(|item| (&*item.posnr, item.fkimg)).collect();
        if note(course, Task::Bill, &ask.reference, &lines, books) == Turn::First {
            course.bill();
        }
        invoice(&course.plan.order, &ask.reference, course.price_of(&lines), &lines)
    }
}

/// Keeps account of an ask and holds it against the plan.
fn note(course: &mut Course, task: Task, ask: &str, lines: &[(&str, Decimal)], books: &mut Books) -> Turn {
    let turn = course.turn(ask, task, None);
    if turn == Turn::First {
        course.act(ask, books);
    }
    let order = &course.plan.order;
    match turn {
        Turn::Repeated => books.asks.repeated += 1,
        Turn::Twice => books.twice(format!("order {order}: asked to {} twice, then as {ask}", task.as_str())),
        Turn::First => {
            if let Some(words) = books.forbids(order.as_str(), task).filter(|_| !course.foreign) {
                books.fault(words);
            }
            // What somebody else released is known by its shipments only, and perhaps not by all of them.
            let differs = course.differs(course.ordered().iter(), lines.iter().copied());
            if let Some(differs) = differs.filter(|_| !course.foreign) {
                books.fault(format!("order {order}: asked to {}: {differs}", task.as_str()));
            }
        }
    }
    turn
}
