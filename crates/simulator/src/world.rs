//! The small world of the generated traffic: what is sold, to whom, from where, and which way nothing may travel.

use model::master::{CustomerMaster, ItemMaster, LocationMaster, MasterRecord, RouteMaster};
use model::token::TokenError;
use model::{Country, CustomerId, LocationId, PartnerId, Personal, Place, Sku};
use rust_decimal::Decimal;

use crate::plan::Warehouse;
use crate::seed::Seed;

/// Items that are sold and held in stock, `ITEM-0001` on.
pub const ITEMS: u32 = 200;
/// Customers, `CUST-001` on.
pub const CUSTOMERS: u32 = 100;
/// An item that the ERP knows and no warehouse has.
pub const OUT_OF_STOCK: u32 = 0;
/// The country that nothing may travel to.
const RESTRICTED: &str = "AQ";

/// A place that holds stock.
#[derive(Debug)]
pub struct Site {
    /// Its id.
    pub id: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// The country it stands in.
    pub country: &'static str,
    /// The system that runs it.
    pub warehouse: Warehouse,
}

/// Two locations for each warehouse system.
pub const SITES: [Site; 4] = [
    Site { id: "HAM", name: "Hamburg", country: "DE", warehouse: Warehouse::East },
    Site { id: "WAW", name: "Warsaw", country: "PL", warehouse: Warehouse::East },
    Site { id: "RTM", name: "Rotterdam", country: "NL", warehouse: Warehouse::West },
    Site { id: "LYS", name: "Lyon", country: "FR", warehouse: Warehouse::West },
];

/// City, postal code, country.
pub const DESTINATIONS: [(&str, &str, &str); 10] = [
    ("Berlin", "10115", "DE"),
    ("München", "80331", "DE"),
    ("Praha", "110 00", "CZ"),
    ("Wien", "1010", "AT"),
    ("Paris", "75001", "FR"),
    ("Bruxelles", "1000", "BE"),
    ("København", "1050", "DK"),
    ("Kraków", "30-001", "PL"),
    ("Milano", "20121", "IT"),
    ("Eindhoven", "5611", "NL"),
];

const STREETS: [&str; 6] =
    ["Market Street", "Harbour Road", "Station Lane", "Mill Yard", "Church Square", "Canal Quay"];
const MATERIALS: [&str; 5] = ["steel", "oak", "linen", "ceramic", "copper"];
const THINGS: [&str; 8] = ["shelf", "lamp", "table", "chair", "bowl", "frame", "hook", "box"];

/// How an order may travel.
pub const MODES: [&str; 4] = ["TRUCK", "RAIL", "AIR", "PARCEL"];

#[expect(clippy::expect_used, reason = "every name made here is short and holds at least one letter")]
pub(crate) fn sound<T>(made: Result<T, TokenError>) -> T {
    made.expect("a short text is a sound id")
}

/// The item of this number.
#[must_use]
pub fn item(number: u32) -> Sku {
    sound(Sku::new(&format!("ITEM-{number:04}")))
}

/// The customer of this number.
#[must_use]
pub fn customer(number: u32) -> CustomerId {
    sound(CustomerId::new(&format!("CUST-{number:03}")))
}

/// The price of one piece of an item.
#[must_use]
pub fn price(seed: Seed, sku: &Sku) -> Decimal {
    Decimal::new(i64::from(seed.about(sku.as_str()).within("price", 199..=24_999)), 2)
}

/// The door of a customer.
#[must_use]
pub fn destination(seed: Seed, customer: &CustomerId) -> Place {
    let dice = seed.about(customer.as_str());
    let (city, postal_code, country) = *dice.pick("city", &DESTINATIONS);
    Place {
        location: None,
        name: Some(Personal::clear(format!("{customer} Ltd."))),
        street: Some(Personal::clear(format!("{} {}", dice.within("house", 1..=199), dice.pick("street", &STREETS)))),
        city: Some(city.to_owned()),
        region: None,
        postal_code: Some(Personal::clear(postal_code)),
        country: Country::new(country).ok(),
    }
}

/// A door that nothing may travel to.
#[must_use]
pub fn forbidden_destination() -> Place {
    Place {
        name: Some(Personal::clear("Research station")),
        street: Some(Personal::clear("1 Ice Shelf")),
        city: Some("Penguin Bay".to_owned()),
        region: None,
        postal_code: Some(Personal::clear("0000")),
        country: Country::new(RESTRICTED).ok(),
        location: None,
    }
}

/// The system that runs a location, if it is one of ours.
#[must_use]
pub fn warehouse_of(location: &str) -> Option<Warehouse> {
    SITES.iter().find(|site| site.id == location).map(|site| site.warehouse)
}

/// The master data the ERP publishes before it releases an order.
pub fn master(seed: Seed) -> impl Iterator<Item = MasterRecord> {
    let items = (OUT_OF_STOCK..=ITEMS).map(move |number| {
        let sku = item(number);
        let dice = seed.about(sku.as_str());
        let description = format!("{} {}", dice.pick("material", &MATERIALS), dice.pick("thing", &THINGS));
        MasterRecord::Item(sku, ItemMaster { description })
    });
    let customers = (1..=CUSTOMERS).map(|number| {
        let id = customer(number);
        let name = format!("{id} Ltd.");
        MasterRecord::Customer(id, CustomerMaster { name })
    });
    let locations = SITES.iter().filter_map(|site| {
        let country = Country::new(site.country).ok()?;
        let record = LocationMaster {
            name: site.name.to_owned(),
            country,
            wms: sound(PartnerId::new(site.warehouse.partner())),
        };
        Some(MasterRecord::Location(sound(LocationId::new(site.id)), record))
    });
    let routes = SITES.iter().filter_map(|site| {
        let record = RouteMaster { restricted: Some("no carrier goes there".to_owned()) };
        Some(MasterRecord::Route(Country::new(site.country).ok()?, Country::new(RESTRICTED).ok()?, record))
    });
    items.chain(customers).chain(locations).chain(routes)
}
