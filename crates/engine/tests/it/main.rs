//! The engine against a real broker, with a workflow that has nothing to do with logistics.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod deadlines;
mod decider;
mod journal;
mod kit;
mod loan;
mod tail;
