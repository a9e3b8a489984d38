//! Ids: any text of 1 to 120 bytes, as the outside world writes it.

use model::{AskId, CustomerId, LineId, LocationId, OrderId, ParcelId, PartnerId, ShipmentId, Sku};

use super::Word;

impl Word for OrderId {
    const EXPECTED: &'static str = "an order number of 1 to 120 bytes";

    fn word(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}

impl Word for CustomerId {
    const EXPECTED: &'static str = "a customer number of 1 to 120 bytes";

    fn word(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}

impl Word for Sku {
    const EXPECTED: &'static str = "an item number of 1 to 120 bytes";

    fn word(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}

impl Word for LocationId {
    const EXPECTED: &'static str = "a location of 1 to 120 bytes";

    fn word(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}

impl Word for LineId {
    const EXPECTED: &'static str = "a line number of 1 to 120 bytes";

    fn word(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}

impl Word for ShipmentId {
    const EXPECTED: &'static str = "a shipment number of 1 to 120 bytes";

    fn word(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}

impl Word for ParcelId {
    const EXPECTED: &'static str = "a parcel number of 1 to 120 bytes";

    fn word(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}

impl Word for PartnerId {
    const EXPECTED: &'static str = "a partner of 1 to 120 bytes";

    fn word(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}

impl Word for AskId {
    const EXPECTED: &'static str = "the id of an ask of 1 to 120 bytes";

    fn word(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}
