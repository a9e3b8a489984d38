//! What a TMS is asked to have carried.

use model::Timestamp;

use super::{Partner, Stage, read};
use crate::books::Task;
use crate::carrier::Carrier;
use crate::course::{Asked, AskedShipment, Course};
use crate::plan::CancelledAt;
use crate::warehouse::WarehouseSystem;
use crate::wire::tms::Tender;
use crate::wire::{AskError, Message, erp};

impl Stage {
    pub(super) fn on_tender(&mut self, tms: Partner, body: &[u8], now: Timestamp) -> Result<Vec<Message>, AskError> {
        let ask: Tender<'_> = read(tms, "tender", body)?;
        let no_id = |source| AskError::NoId { partner: tms.id(), message: "tender".to_owned(), source };
        let Some(mut course) = self.take(&ask.shipper_ref.order, Task::Book, now).map_err(no_id)? else {
            return Ok(Vec::new());
        };
        let lines: Vec<Asked<'_>> = ask
            .goods
            .iter()
            .map(|goods| Asked { line: &goods.line, sku: &goods.article, quantity: goods.count })
            .collect();
        let warehouse = self.scenario.warehouse_of(&ask.pickup.site);
        let wanted =
            AskedShipment { id: &ask.shipper_ref.shipment, location: &ask.pickup.site, warehouse, lines: &lines };
        let mut load = None;
        let said = match self.find(&mut course, wanted, now) {
            Ok(Some(nth)) if self.faults.fails(&ask.tender) => {
                Ok(vec![self.carrier(tms).fail(&course, nth, &ask.tender)])
            }
            Ok(Some(nth)) => {
                load = self.board(tms, &mut course, nth, now);
                Ok(self.transport(tms, &mut course, nth, &ask))
            }
            Ok(None) => Ok(Vec::new()),
            Err(source) => Err(no_id(source)),
        };
        self.put_back(course);
        let mut said = said?;
        said.extend(load.into_iter().flat_map(|load| self.go(&load)));
        Ok(said)
    }

    pub(super) const fn carrier(&self, tms: Partner) -> Carrier {
        Carrier { seed: self.scenario.seed(), tms: tms.id() }
    }

    /// The tender is answered; the truck comes and is loaded, drives and delivers; some of it comes back. That of a load comes
    /// when it [goes](Self::go).
    fn transport(&mut self, tms: Partner, course: &mut Course, nth: usize, ask: &Tender<'_>) -> Vec<Message> {
        let carrier = self.carrier(tms);
        let reaction = carrier.on_ask(course, nth, ask, &mut self.books);
        let mut said = vec![reaction.answer];
        if !course.is_wanted(nth) {
            // The truck would come tomorrow.
            said.extend(course.cancels(CancelledAt::Booking).then(|| erp::cancel(&course.plan.order)));
            return said;
        }
        if let Some(booked) = reaction.truck.filter(|booked| booked.load.is_none()) {
            let warehouse = WarehouseSystem(course.plan.shipments[nth].warehouse);
            said.push(warehouse.on_truck(course, nth));
            said.extend(carrier.on_the_road(course, nth, &booked));
            said.extend(warehouse.on_return(course, nth));
            self.books.carry(course, nth, booked.charge);
        }
        said
    }
}
