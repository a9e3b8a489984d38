//! What partners are asked to undo: a reservation, a booking, the order.

use model::Timestamp;

use super::{Partner, Stage, read};
use crate::books::Task;
use crate::course::Course;
use crate::erp::Erp;
use crate::plan::{ERP, Warehouse};
use crate::warehouse::WarehouseSystem;
use crate::wire::erp::Rejection;
use crate::wire::tms::Withdrawal;
use crate::wire::wms::Cancel;
use crate::wire::{AskError, Message};

impl Stage {
    pub(super) fn on_cancel(
        &mut self,
        warehouse: Warehouse,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Message>, AskError> {
        let ask: Cancel<'_> = read(Partner::Wms(warehouse), "cancel", body)?;
        let taken = self.take(&ask.order_no, Task::CancelAllocation, now);
        let no_id = |source| AskError::NoId { partner: warehouse.partner(), message: "cancel".to_owned(), source };
        let Some(mut course) = taken.map_err(no_id)? else { return Ok(Vec::new()) };
        let place = self.place_of(&course, &ask.shipment_no);
        let said = place.map(|nth| WarehouseSystem(warehouse).on_cancel(&mut course, nth, &ask, &mut self.books));
        self.put_back(course);
        Ok(said.into_iter().collect())
    }

    pub(super) fn on_withdrawal(
        &mut self,
        tms: Partner,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Message>, AskError> {
        let ask: Withdrawal<'_> = read(tms, "withdrawal", body)?;
        let taken = self.take(&ask.shipper_ref.order, Task::CancelBooking, now);
        let no_id = |source| AskError::NoId { partner: tms.id(), message: "withdrawal".to_owned(), source };
        let Some(mut course) = taken.map_err(no_id)? else { return Ok(Vec::new()) };
        let (place, carrier) = (self.place_of(&course, &ask.shipper_ref.shipment), self.carrier(tms));
        let said = place.map(|nth| carrier.on_withdrawal(&mut course, nth, &ask, &mut self.books));
        self.put_back(course);
        Ok(said.into_iter().collect())
    }

    pub(super) fn on_rejection(&mut self, body: &[u8], now: Timestamp) -> Result<Vec<Message>, AskError> {
        let ask: Rejection<'_> = read(Partner::Erp, "rejection", body)?;
        let taken = self.take(&ask.vbeln, Task::ConfirmCancellation, now);
        let no_id = |source| AskError::NoId { partner: ERP, message: "rejection".to_owned(), source };
        let Some(mut course) = taken.map_err(no_id)? else { return Ok(Vec::new()) };
        let said = Erp.on_rejection(&mut course, &ask, &mut self.books);
        self.put_back(course);
        Ok(vec![said])
    }

    /// The place of a shipment that something is to be undone of; one that was never asked for is a fault.
    fn place_of(&mut self, course: &Course, shipment: &str) -> Option<usize> {
        let place = course.plan.place_of(shipment);
        if place.is_none() {
            self.books.fault(format!("order {}: asked to undo `{shipment}`, which it has not", course.plan.order));
        }
        place
    }
}
