//! Asks in the formats of partners, and read back by the reader.

mod edi;
mod odd;
mod rows;
mod samples;
mod templates;
mod warehouse;
mod wrong;
mod xml;

use model::decision::AskedLine;
use model::{Ask, AskId, Country, LineId, LocationId, OrderId, Place, Request, ShipmentId, Sku, System};
use partners::format::Plain;
use partners::{EncodeError, Profile, ProfileError};
use serde_json::Value;

use crate::{date, partner, quantity, sending};

/// A profile with this section for bookings, and one that reads what it writes.
fn profile(out: &str, reads: &str) -> Result<Profile, ProfileError> {
    let text = format!(
        "partner = \"carrier\"\nsystem = \"tms\"\nversion = 1\nzone = \"America/Chicago\"\n\
         [table.unit]\nEA = \"PC\"\nKGM = \"KG\"\nelse = {{ reject = true }}\n\
         [out.book]\nmessage = \"tender\"\n{out}\n\
         [in.tender]\n{reads}\norder = \"x\"\n[[in.tender.facts]]\nkind = \"cancel_requested\"\nreason = {{ value = \"unknown\" }}\n"
    );
    Profile::load("carrier.toml", &text)
}

fn place() -> Place {
    Place {
        location: None,
        name: Some("Ada & Söhne".into()),
        street: Some("12 Main St".into()),
        city: Some("Troy".into()),
        region: None,
        postal_code: Some("12180".into()),
        country: Country::new("US").ok(),
    }
}

/// The booking of a shipment of two lines to this place.
fn booking(ship_to: Place) -> Ask {
    let line = |line: &str, sku: &str, amount: &str| AskedLine {
        line: LineId::new(line).unwrap(),
        sku: Sku::new(sku).unwrap(),
        quantity: quantity(amount, "EA"),
    };
    let request = Request::Book {
        shipment: ShipmentId::new("SO-1-1").unwrap(),
        from: LocationId::new("EAST").unwrap(),
        ship_to,
        ship_on: Some(date("2026-03-05")),
        mode: None,
        lines: vec![line("10", "BOLT-8", "5"), line("20", "NUT-8", "2.50")],
    };
    Ask { id: AskId::new("SO-1/book").unwrap(), system: System::Tms, partner: partner("carrier"), request }
}

fn try_written(profile: &Profile, ask: &Ask) -> Result<Vec<u8>, EncodeError> {
    profile.encode(&OrderId::new("SO-1").unwrap(), ask, sending()).map(|outgoing| outgoing.body)
}

fn written(profile: &Profile, ask: &Ask) -> String {
    String::from_utf8(try_written(profile, ask).unwrap()).unwrap()
}

/// What was written, read back: nothing may be wrong with it.
fn read_back(profile: &Profile, raw: &[u8]) -> Value {
    let Plain { tree, wrong, forgiven } = profile.plain("tender", raw).unwrap();
    assert_eq!((wrong, forgiven), (vec![], vec![]), "{}", String::from_utf8_lossy(raw));
    tree
}

/// Why an ask cannot be written: the field, and what is wrong with it.
fn refused(profile: &Profile, ask: &Ask) -> (String, String) {
    match try_written(profile, ask).unwrap_err() {
        EncodeError::Unwritable { why, .. } => (why.field, why.detail),
        error @ (EncodeError::NoSection { .. } | EncodeError::Sealed { .. }) => panic!("{error}"),
    }
}
