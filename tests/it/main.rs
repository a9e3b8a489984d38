//! The whole installation against a real broker: five services, four simulated partners, and their books.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod exceptions;
mod forgotten;
mod kit;
mod odd_input;
#[cfg(target_os = "linux")]
mod processes;
mod reconciled;
mod rehearsal;
mod returned;
mod runs;
mod simulation;
mod tpch;
mod trading;
