//! What the order-to-delivery workflow decides and shows, rule by rule, as tables and as properties.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod again;
mod answers;
mod asks;
mod cancels;
mod changes;
mod closing;
mod composite;
mod decisions;
mod entries;
mod golden;
mod handed_over;
mod kit;
mod lines;
mod problems;
mod properties;
mod rehearsed;
mod rest;
mod stock;
mod strangers;
mod substitutes;
mod told;
mod truth;
mod undelivered;
mod waits;
mod work_list;
