//! What is played: generated traffic, or a folder of TPC-H files.

use model::Movement;
use model::master::MasterRecord;

use crate::plan::{Plan, Warehouse};
use crate::seed::Seed;
use crate::tpch::{self, Tpch, TpchError};
use crate::traffic::Traffic;
use crate::wire::{Message, erp, wms};
use crate::world;

/// Master records or stock receipts in one message.
const BATCH: usize = 100;

/// What is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scenario {
    /// Generated orders.
    Generated(Traffic),
    /// The orders of a folder of TPC-H files.
    Tpch(Tpch),
}

/// Orders' plans, one after the other.
pub type Plans = Box<dyn Iterator<Item = Result<Plan, TpchError>> + Send>;
/// Messages, one after the other.
pub type Messages = Box<dyn Iterator<Item = Result<Message, TpchError>> + Send>;

impl Scenario {
    /// What all choices follow from.
    #[must_use]
    pub const fn seed(&self) -> Seed {
        match self {
            Self::Generated(traffic) => traffic.seed,
            Self::Tpch(_) => Seed(0),
        }
    }

    /// How many orders there are, when that is known beforehand.
    #[must_use]
    pub const fn orders(&self) -> Option<u64> {
        match self {
            Self::Generated(traffic) => Some(traffic.orders),
            Self::Tpch(_) => None,
        }
    }

    /// Every order's plan.
    ///
    /// # Errors
    /// When a file is missing, lacks a column or holds what it should not.
    pub fn plans(&self) -> Result<Plans, TpchError> {
        Ok(match self {
            Self::Generated(traffic) => Box::new(traffic.plans().map(Ok)),
            Self::Tpch(tpch) => Box::new(tpch.plans()?),
        })
    }

    /// What the partners publish before the first order: master data, then opening stock.
    ///
    /// # Errors
    /// When a file is missing or lacks a column.
    pub fn opening(&self) -> Result<Messages, TpchError> {
        let (master, stock): (tpch::Rows<MasterRecord>, tpch::Rows<Movement>) = match self {
            Self::Generated(traffic) => {
                (Box::new(world::master(traffic.seed).map(Ok)), Box::new(traffic.opening_stock().into_iter().map(Ok)))
            }
            Self::Tpch(tpch) => (tpch.master()?, Box::new(tpch.opening_stock()?)),
        };
        let master = batches(master).zip(1..).map(|(batch, nth)| batch.map(|records| erp::master(nth, &records)));
        let this = self.clone();
        let stock = batches(stock).zip(1..).flat_map(move |(batch, nth)| match batch {
            Ok(movements) => this.receipts(nth, &movements).into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        });
        Ok(Box::new(master.chain(stock)))
    }

    /// Each warehouse system tells its own receipts.
    fn receipts(&self, nth: u64, movements: &[Movement]) -> Vec<Message> {
        let of = |warehouse: Warehouse| -> Vec<Movement> {
            let own = movements.iter().filter(|movement| self.warehouse_of(movement.location.as_str()) == warehouse);
            own.cloned().collect()
        };
        let split = Warehouse::ALL.map(|warehouse| (warehouse, of(warehouse)));
        let told = split.into_iter().filter(|(_, own)| !own.is_empty());
        told.map(|(warehouse, own)| wms::receipts(warehouse, nth, &own)).collect()
    }

    /// The system that runs a location; the first one for a location nobody knows.
    #[must_use]
    pub fn warehouse_of(&self, location: &str) -> Warehouse {
        let known = match self {
            Self::Generated(_) => world::warehouse_of(location),
            Self::Tpch(_) => tpch::warehouse_of_location(location),
        };
        known.unwrap_or(Warehouse::East)
    }

    /// Whether an order of this number can be one of this scenario's.
    #[must_use]
    pub fn owns(&self, order: &str) -> bool {
        match self {
            Self::Generated(traffic) => traffic.owns(order),
            Self::Tpch(tpch) => tpch.owns(order),
        }
    }
}

/// Cuts rows into batches. The first error ends them.
fn batches<T: Send + 'static>(mut rows: tpch::Rows<T>) -> impl Iterator<Item = Result<Vec<T>, TpchError>> + Send {
    let mut failed = false;
    std::iter::from_fn(move || {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH && !failed {
            match rows.next() {
                Some(Ok(row)) => batch.push(row),
                Some(Err(error)) => {
                    failed = true;
                    return Some(Err(error));
                }
                None => break,
            }
        }
        (!batch.is_empty()).then_some(Ok(batch))
    })
}
