//! Orders: ten pieces a line, one shipment for each warehouse.

use model::{
    Country, Currency, CustomerId, LineId, LocationId, Order, OrderLine, PartnerId, Place, Quantity, Sku, Timestamp,
    When,
};

/// The number of the order all tests are about.
pub const ORDER: &str = "SO-1001";

/// This many hours after the order was released.
pub fn hour(hours: i64) -> Timestamp {
    let released: Timestamp = "2026-03-02T06:00:00Z".parse().unwrap();
    released.plus_millis(hours * 3_600_000)
}

/// An order of so many lines from one warehouse: one shipment, `s1`.
pub fn order(lines: usize) -> Order {
    order_of(&[lines])
}

/// An order with so many lines from each warehouse: shipments `s1`, `s2`, … from `dc-1`, `dc-2`, …
pub fn order_of(shipments: &[usize]) -> Order {
    let warehouses = shipments.iter().zip(1..).flat_map(|(lines, number)| std::iter::repeat_n(number, *lines));
    let lines = warehouses.zip(1..).map(|(warehouse, number)| line(number, warehouse)).collect();
    Order {
        erp: PartnerId::new("erp-1").unwrap(),
        customer: CustomerId::new("acme").unwrap(),
        currency: Currency::new("EUR").unwrap(),
        ship_to: Place { country: Some(Country::new("FR").unwrap()), ..Place::default() },
        ordered: Some(When::exact(hour(0))),
        promised: Some(When::day("2026-03-06".parse().unwrap())),
        mode: Some("TRUCK".to_owned()),
        lines,
    }
}

fn line(number: usize, warehouse: usize) -> OrderLine {
    OrderLine {
        line: LineId::new(&number.to_string()).unwrap(),
        sku: Sku::new(&format!("sku-{number}")).unwrap(),
        quantity: Quantity::each(10),
        unit_price: None,
        ship_from: Some(LocationId::new(&format!("dc-{warehouse}")).unwrap()),
        ship_on: Some("2026-03-03".parse().unwrap()),
        promised: None,
    }
}
