//! A world of orders with known discrepancies among them.

pub mod chance;
pub mod facts;
pub mod lists;
pub mod log;
pub mod planted;
pub mod story;
pub mod world;

pub use world::World;
