//! The partners against a Waybill that fits on a page: it reads their messages through the shipped profiles, and asks
//! them what the good path asks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on may panic")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks for the facts it is about")]

mod generated;
mod loads;
mod play;
mod tpch;
mod waybill;
