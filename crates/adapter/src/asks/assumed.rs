//! What counts as answered because it was sent: the partner's profile says `assume = "accepted"`. Partners that only ever report
//! what they did, as most do by EDI, give no other word.

use model::{Answer, Ask, Classifier, Fact, Milestone, MilestoneReached, Outcome, Place, Progress, Request, When};

use crate::delivery::Delivery;

/// What is told in the partner's place, each with the word that sets it apart.
pub fn accepted(ask: &Ask, delivery: Delivery) -> Vec<(&'static str, Fact)> {
    let answer = Fact::Answered(Answer { ask: ask.id.clone(), outcome: Outcome::Accepted });
    let mut told = vec![("assumed", answer)];
    if let Request::Allocate { shipment, location, lines, .. } = &ask.request {
        let all = lines.iter().map(|line| Progress {
            line: line.line.clone(),
            quantity: line.quantity.clone(),
            location: Some(location.clone()),
        });
        let reserved = MilestoneReached {
            milestone: Milestone::FulfilmentAllocated,
            classifier: Classifier::Actual,
            occurred: When::exact(delivery.received),
            shipment: Some(shipment.clone()),
            parcel: None,
            place: Some(Place { location: Some(location.clone()), ..Place::default() }),
            lines: all.collect(),
            code: Some("assumed".to_owned()),
        };
        told.push(("assumed to be reserved", Fact::Milestone(reserved)));
    }
    told
}
