//! Adapters against a real broker: what partners publish becomes entries, and what is asked becomes their messages.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on may panic")]

mod asks;
mod inbox;
mod interchanges;
mod lists;
mod master;
mod once;
mod order;
mod outage;
mod profiles;
mod receipts;
mod references;
mod replay;
mod restraint;
mod world;
