//! What the returns workflow decides and shows, rule by rule, as a table and as properties.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod kit;
mod properties;
mod rules;
mod table;
