//! A whole shipment as EPCIS events, as `tests/golden/shipment.epcis.json` has it.
//!
//! That file was held against the JSON schema that GS1 publishes for EPCIS 2.0; it must not change unseen.

use model::{
    Classifier, Country, LineId, LocationId, Milestone, MilestoneReached, OrderId, ParcelId, Place, ShipmentId, Sku,
};
use partners::epcis::{Base, Event, Line, document, events, step};

use crate::trading::hold;
use crate::{progress, quantity, received, when};

fn reached(milestone: Milestone, at: &str) -> MilestoneReached {
    MilestoneReached {
        milestone,
        classifier: Classifier::Actual,
        occurred: when(at),
        shipment: ShipmentId::new("s1").ok(),
        parcel: None,
        place: None,
        lines: Vec::new(),
        code: None,
    }
}

fn at(location: &str) -> Option<Place> {
    Some(Place { location: LocationId::new(location).ok(), ..Place::default() })
}

fn shipment() -> Vec<MilestoneReached> {
    let city = |city: &str, country: &str| {
        Some(Place { city: Some(city.to_owned()), country: Country::new(country).ok(), ..Place::default() })
    };
    let parcel = ParcelId::new("00340123450000000018").ok();
    let packed = vec![progress("10", "3", None), progress("20", "0", None)];
    vec![
        MilestoneReached { place: at("W1"), ..reached(Milestone::FulfilmentAllocated, "2026-03-01T10:00:00Z") },
        MilestoneReached {
            place: at("4012345000009"),
            ..reached(Milestone::FulfilmentPicked, "2026-03-01T11:00:00+01:00")
        },
        MilestoneReached {
            parcel: parcel.clone(),
            lines: packed,
            place: at("W1"),
            ..reached(Milestone::FulfilmentPacked, "2026-03-01T12:00:00+01:00")
        },
        MilestoneReached {
            lines: vec![progress("20", "2.5", None)],
            ..reached(Milestone::FulfilmentStaged, "2026-03-01")
        },
        MilestoneReached { place: at("W1"), ..reached(Milestone::FulfilmentGoodsIssued, "2026-03-01T14:00") },
        MilestoneReached {
            parcel: parcel.clone(),
            code: Some("AF".to_owned()),
            place: city("TROY", "US"),
            ..reached(Milestone::TransportPickedUp, "2026-03-01T15:30-05:00")
        },
        MilestoneReached {
            place: city("Köln", "DE"),
            ..reached(Milestone::TransportInTransit, "2026-03-02T06:00:00Z")
        },
        MilestoneReached { classifier: Classifier::Estimated, ..reached(Milestone::TransportDelivered, "2026-03-05") },
        reached(Milestone::TransportDeliveryAttempted, "2026-03-03T09:00:00Z"),
        MilestoneReached { parcel, ..reached(Milestone::TransportDelivered, "2026-03-04T09:00:00Z") },
        MilestoneReached { shipment: None, ..reached(Milestone::TransportPodReceived, "2026-03-04T09:05:00Z") },
    ]
}

#[test]
fn a_shipment_is_a_document_of_events() {
    let line = |line: &str, sku: &str, amount: &str, unit: &str| Line {
        line: LineId::new(line).unwrap(),
        sku: Sku::new(sku).unwrap(),
        quantity: quantity(amount, unit),
    };
    let holds = [line("10", "4006381333931", "3", "EA"), line("20", "FLOUR 550", "2.50", "KGM")];
    let told = shipment();
    let event =
        |(nth, reached)| Event { id: [u8::try_from(nth).unwrap(); 16], reached, received: received(), holds: &holds };
    let base = Base::new("https://id.example.com").unwrap();
    let events = events(&base, &OrderId::new("SO 1/7").unwrap(), told.iter().enumerate().map(event));
    let document = document(&base, events, received());
    assert_eq!(document["epcisBody"]["eventList"].as_array().unwrap().len(), told.len() - 2, "no estimate, no attempt");
    hold("shipment.epcis.json", &format!("{document:#}\n"));
}

#[test]
fn what_a_step_is_called_is_read_back_as_the_milestone_of_its_partner() {
    let table = |name: &str| {
        format!(
            "partner = \"p\"\nsystem = \"tms\"\nversion = 1\n[in.epcis]\nformat = \"json\"\n\
             order = {{ reference = \"order\" }}\n[[in.epcis.facts]]\nkind = \"milestone\"\n\
             when = {{ path = \"bizStep\", in_table = \"epcis.{name}\" }}\n\
             milestone = {{ path = \"bizStep\", table = \"epcis.{name}\" }}\n"
        )
    };
    let read = |name: &str, step: &str| {
        let raw = format!(r#"{{"order": "1", "bizStep": "{step}"}}"#);
        let told = partners::Profile::load("p.toml", &table(name)).unwrap().decode("epcis", raw.as_bytes(), received());
        let (_, facts, _) = crate::one_order(told.unwrap());
        let model::Fact::Milestone(reached) = facts[0].fact.clone() else { panic!() };
        reached.milestone
    };
    for (name, milestone) in [
        ("warehouse", Milestone::FulfilmentAllocated),
        ("warehouse", Milestone::FulfilmentPicked),
        ("warehouse", Milestone::FulfilmentPacked),
        ("warehouse", Milestone::FulfilmentStaged),
        ("warehouse", Milestone::FulfilmentGoodsIssued),
        ("transport", Milestone::TransportPickedUp),
        ("transport", Milestone::TransportInTransit),
        ("transport", Milestone::TransportDelivered),
        ("transport", Milestone::TransportPodReceived),
    ] {
        let (word, _) = step(milestone).unwrap();
        for step in [
            word.to_owned(),
            format!("urn:epcglobal:cbv:bizstep:{word}"),
            format!("https://ref.gs1.org/cbv/BizStep-{word}"),
        ] {
            assert_eq!(read(name, &step), milestone, "{step}");
        }
    }
}
