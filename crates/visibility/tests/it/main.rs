//! The projection against independent replays, damaged folders and a real broker.

#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod crash;
mod given;
mod queries;
mod rebuild;
mod rebuild_beside;
mod reconciling;
mod retention;
mod service_run;
mod stock;
mod world;
