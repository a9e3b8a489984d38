//! The projection against independent replays, damaged folders and a real broker.

mod crash;
mod given;
mod queries;
mod service_run;
mod stock;
