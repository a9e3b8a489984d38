//! Shipped profiles on messages of their partners, and what bad messages and bad profiles get.

#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "in a test, what is not expected ends the test"
)]

mod acknowledged;
mod carriers;
mod conditions;
mod delivery;
mod edi;
mod edi_samples;
mod encode;
mod epcis;
mod events;
mod formats;
mod hostile;
mod hostile_edi;
mod hostile_profiles;
mod listed;
mod mapping;
mod odd_values;
mod profile_errors;
mod returned;
mod shops;
mod sim_erp;
mod sim_tms;
mod sim_wms;
mod trading;
mod written;

use std::path::PathBuf;

use model::{Date, LocationId, PartnerId, Progress, Quantity, Timestamp, Unit, When};
use partners::{ControlNumbers, Identified, Numbered, OrderRef, Profile, Sending, Told, shipped};

/// When every message of these tests was received.
fn received() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// How every ask of these tests is sent.
fn sending() -> Sending {
    Sending { asked: received(), number: ControlNumbers::new(Numbered::Orders, 1_234).nth(0) }
}

/// A real sample, or nothing, said plainly, where the samples are not at hand.
#[expect(clippy::disallowed_methods, reason = "a test may read its samples")]
fn sample(path: &str) -> Option<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    match std::fs::read_to_string(&file) {
        Ok(text) => Some(text),
        Err(error) => {
            eprintln!("skipped: {}: {error}", file.display());
            None
        }
    }
}

fn shipped_profile(name: &str) -> Profile {
    let (_, text) = shipped().iter().find(|(shipped, _)| *shipped == name).unwrap();
    Profile::load(name, text).unwrap()
}

fn template(name: &str) -> Profile {
    let (_, text) = partners::templates().iter().find(|(template, _)| *template == name).unwrap();
    Profile::load(name, text).unwrap()
}

fn decode(profile: &str, message: &str, raw: &str) -> Vec<Told> {
    shipped_profile(profile).decode(message, raw.as_bytes(), received()).unwrap()
}

/// The one order a message tells of: its reference, facts and cross-references.
fn one_order(told: Vec<Told>) -> (OrderRef, Vec<Identified>, Vec<partners::Xref>) {
    let [Told::Order { order, facts, xrefs, .. }] = <[Told; 1]>::try_from(told).unwrap() else { panic!("no order") };
    (order, facts, xrefs)
}

fn facts(told: Vec<Told>) -> Vec<model::Fact> {
    one_order(told).1.into_iter().map(|identified| identified.fact).collect()
}

fn when(text: &str) -> When {
    When::parse(text).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn partner(text: &str) -> PartnerId {
    PartnerId::new(text).unwrap()
}

fn quantity(amount: &str, unit: &str) -> Quantity {
    Quantity::new(amount.parse().unwrap(), Unit::new(unit).unwrap())
}

fn progress(line: &str, amount: &str, location: Option<&str>) -> Progress {
    Progress {
        line: model::LineId::new(line).unwrap(),
        quantity: quantity(amount, "EA"),
        location: location.map(|location| LocationId::new(location).unwrap()),
    }
}
