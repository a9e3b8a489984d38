//! A folder of TPC-H CSV files as real input: orders and lines become ERP orders, suppliers warehouses, the dates of the
//! lines the history of the shipments. Everything is read row by row, so the scale does not matter.

mod expected;
mod nations;
mod orders;
mod stock;
mod table;

use std::path::PathBuf;

use model::master::{CustomerMaster, ItemMaster, LocationMaster, MasterRecord};
use model::{CustomerId, Date, LocationId, PartnerId, Sku, When};

pub use expected::{Expected, expected};
pub use orders::Orders;
pub use stock::OpeningStock;
pub use table::TpchError;

use crate::plan::Warehouse;
use crate::world::sound;
use table::Table;

/// Begins the order numbers.
const PREFIX: &str = "TPCH-";
/// The day before the first order of TPC-H, when the opening stock came in.
const OPENED: &str = "1991-12-31";

/// A folder of TPC-H CSV files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tpch {
    /// The folder.
    pub dir: PathBuf,
    /// Only so many orders, from the first.
    pub limit: Option<u64>,
}

/// What the rows of one file become, one after the other.
pub type Rows<T> = Box<dyn Iterator<Item = Result<T, TpchError>> + Send>;

impl Tpch {
    /// Every order's plan, by order key.
    ///
    /// # Errors
    /// When a file is missing, lacks a column or is not sorted.
    pub fn plans(&self) -> Result<Orders, TpchError> {
        Orders::open(&self.dir, self.limit)
    }

    /// The items, customers and locations.
    ///
    /// # Errors
    /// When a file is missing or lacks a column.
    pub fn master(&self) -> Result<Rows<MasterRecord>, TpchError> {
        let countries = nations::countries(&self.dir)?;
        let items = rows(Table::open(&self.dir, "part", ["p_partkey", "p_name"])?, |part| {
            let description = part.text(1).to_owned();
            Ok(MasterRecord::Item(sku(part.number(0)?), ItemMaster { description }))
        });
        let customers = rows(Table::open(&self.dir, "customer", ["c_custkey", "c_name"])?, |customer| {
            let name = customer.text(1).to_owned();
            Ok(MasterRecord::Customer(customer_id(customer.number(0)?), CustomerMaster { name }))
        });
        let suppliers = Table::open(&self.dir, "supplier", ["s_suppkey", "s_name", "s_nationkey"])?;
        let locations = rows(suppliers, move |supplier| {
            let key = supplier.number(0)?;
            let country = countries.get(supplier.number::<usize>(2)?).copied();
            let country = country.ok_or_else(|| supplier.wrong("its nation is not in nation.csv".to_owned()))?;
            let wms = sound(PartnerId::new(warehouse_of_supplier(key).partner()));
            let record = LocationMaster { name: supplier.text(1).to_owned(), country, wms };
            Ok(MasterRecord::Location(location_id(key), record))
        });
        Ok(Box::new(items.chain(customers).chain(locations)))
    }

    /// A receipt for each part at each supplier that an order wants, covering all of them.
    ///
    /// # Errors
    /// When a file is missing or lacks a column.
    pub fn opening_stock(&self) -> Result<OpeningStock, TpchError> {
        OpeningStock::open(&self.dir, self.limit, opened())
    }

    /// Whether an order of this number can be one of ours.
    #[must_use]
    pub fn owns(&self, order: &str) -> bool {
        order.starts_with(PREFIX)
    }
}

fn rows<T: Send + 'static, const N: usize>(
    mut table: Table<N>,
    read: impl Fn(&Table<N>) -> Result<T, TpchError> + Send + 'static,
) -> Rows<T> {
    Box::new(std::iter::from_fn(move || match table.advance() {
        Ok(true) => Some(read(&table)),
        Ok(false) => None,
        Err(error) => Some(Err(error)),
    }))
}

fn opened() -> When {
    // The literal is a date; the epoch keeps it total.
    When::day(OPENED.parse::<Date>().unwrap_or_else(|_| model::Timestamp::default().date()))
}

/// The system that runs a location, if it is a supplier.
pub(crate) fn warehouse_of_location(location: &str) -> Option<Warehouse> {
    location.strip_prefix("SUPP-")?.parse().ok().map(warehouse_of_supplier)
}

const fn warehouse_of_supplier(key: u64) -> Warehouse {
    if key.is_multiple_of(2) { Warehouse::West } else { Warehouse::East }
}

fn sku(part: u64) -> Sku {
    sound(Sku::new(&format!("PART-{part}")))
}

fn location_id(supplier: u64) -> LocationId {
    sound(LocationId::new(&format!("SUPP-{supplier}")))
}

fn customer_id(customer: u64) -> CustomerId {
    sound(CustomerId::new(&format!("CUST-{customer}")))
}
