//! Looking things up in the projection.

mod digests;
mod exceptions;
mod kept;
mod lists;
mod order;

pub(crate) use digests::add;
pub use digests::{digests, order_digest, sum};
pub use exceptions::exceptions;
pub use kept::{Independent, kept};
pub use lists::{orders, stock};
pub use order::{order, order_of};

use crate::queries::{DEFAULT, MOST};

/// The most rows one question examines; what is beyond is for the next page.
const SCAN: usize = 50_000;

/// How many items an answer holds.
///
/// # Errors
/// Says what is wrong with the limit asked for.
pub fn limit(asked: Option<usize>) -> Result<usize, String> {
    match asked {
        None => Ok(DEFAULT),
        Some(limit @ 1..=MOST) => Ok(limit),
        Some(limit) => Err(format!("limit is {limit}; expected 1 to {MOST}")),
    }
}
