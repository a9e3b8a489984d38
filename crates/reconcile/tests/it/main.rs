//! Reconciliation against a world in which every discrepancy is known.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod found;
mod kit;
mod standing;
mod stock;
