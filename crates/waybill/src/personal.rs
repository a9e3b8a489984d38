//! What is about a person, made readable for whoever may read the keys.

use std::collections::BTreeSet;

use engine::{Content, Recorded};
use model::{Decision, Fact, Personal, Place};
use privacy::{Keys, Owner, Ring, Unopened};
use service::Connection;

/// What stands for a text whose key was destroyed.
pub(crate) const FORGOTTEN: &str = "(forgotten)";

/// Makes what of these places is about a person readable; what is forgotten says so. Without access to the keys all stays
/// sealed, and is shown as that.
pub(crate) async fn reveal(connection: &Connection, places: Vec<&mut Place>) {
    open(connection, places, Some(FORGOTTEN)).await;
}

/// The same, but what is forgotten stays sealed.
pub(crate) async fn reveal_what_is_left(connection: &Connection, places: Vec<&mut Place>) {
    open(connection, places, None).await;
}

async fn open(connection: &Connection, places: Vec<&mut Place>, forgotten: Option<&str>) {
    let owners = places.iter().flat_map(|place| place.personal()).filter_map(|(_, text)| text.as_sealed());
    let owners: BTreeSet<Owner> = owners.map(|sealed| Owner::named(sealed.owner())).collect();
    if owners.is_empty() {
        return;
    }
    let Ok(keys) = Keys::open(&connection.js).await else { return };
    let Ok(ring) = keys.ring(owners).await else { return };
    places.into_iter().for_each(|place| open_with(&ring, place, forgotten));
}

fn open_with(ring: &Ring, place: &mut Place, forgotten: Option<&str>) {
    for (field, text) in place.personal_mut() {
        let Some(Personal::Sealed(sealed)) = text else { continue };
        match ring.open(field, sealed) {
            Ok(clear) => *text = Some(clear),
            Err(Unopened::Gone { .. }) => *text = forgotten.map(Personal::clear).or_else(|| text.take()),
            Err(Unopened::Damaged { .. }) => {}
        }
    }
}

/// The places that entries name.
pub(crate) fn places(entries: &mut [Recorded<Fact, Decision>]) -> Vec<&mut Place> {
    let mut places = Vec::new();
    for record in entries {
        match &mut record.entry.content {
            Content::Facts { facts, .. } => places.extend(facts.iter_mut().filter_map(|told| told.fact.place_mut())),
            Content::Decisions { decisions, .. } => places.extend(decisions.iter_mut().filter_map(asked)),
            Content::Due { .. } => {}
        }
    }
    places
}

/// The place that an ask names.
fn asked(decision: &mut Decision) -> Option<&mut Place> {
    match decision {
        Decision::Ask(ask) => ask.request.place_mut(),
        Decision::Commit(_)
        | Decision::Split(_)
        | Decision::Deadline(_)
        | Decision::Raise(_)
        | Decision::Resolve(_)
        | Decision::End(_) => None,
    }
}
