//! What carriers answer when they are asked where a shipment is.

mod answers;
mod samples;

use model::{Classifier, Fact, Milestone, When};
use partners::{FactKey, OrderRef, Profile, Rejected, Told, Unreadable, templates};

use crate::received;

/// What an answer says of one tracking number.
struct Tracked {
    number: String,
    facts: Vec<(FactKey, Fact)>,
}

/// What an answer says, and what of it could not be read.
struct Answer {
    tracked: Vec<Tracked>,
    rejected: Vec<Unreadable>,
}

fn template(name: &str) -> Profile {
    let (_, text) = templates().iter().find(|(own, _)| *own == name).unwrap();
    Profile::load(name, text).unwrap()
}

fn ask(carrier: &str, raw: &str) -> Answer {
    let mut answer = Answer { tracked: vec![], rejected: vec![] };
    match template(carrier).decode("tracking", raw.as_bytes(), received()) {
        Err(why) => answer.rejected.push(why),
        Ok(told) => {
            for told in told {
                match told {
                    Told::Order { order: OrderRef::Reference(number), facts, .. } => {
                        let facts = facts.into_iter().map(|told| (told.id, told.fact)).collect();
                        answer.tracked.push(Tracked { number, facts });
                    }
                    Told::Rejected(Rejected { why, .. }) => answer.rejected.push(why),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    answer
}

impl Answer {
    /// The one shipment it is about.
    fn only(self) -> Tracked {
        assert_eq!(self.rejected, []);
        let [tracked] = <[Tracked; 1]>::try_from(self.tracked).unwrap_or_else(|_| panic!("not one shipment"));
        tracked
    }

    /// The reasons in words.
    fn reasons(&self) -> Vec<String> {
        self.rejected.iter().map(ToString::to_string).collect()
    }
}

impl Tracked {
    /// The facts a line each.
    fn lines(&self) -> Vec<String> {
        self.facts.iter().map(|(_, fact)| line(fact)).collect()
    }

    fn ids(&self) -> Vec<FactKey> {
        self.facts.iter().map(|(id, _)| *id).collect()
    }

    /// When it is expected.
    fn expected(&self) -> Vec<When> {
        let expected = |fact: &Fact| match fact {
            Fact::Milestone(told) if told.classifier == Classifier::Estimated => {
                assert_eq!(told.milestone, Milestone::TransportDelivered);
                Some(told.occurred)
            }
            _ => None,
        };
        self.facts.iter().filter_map(|(_, fact)| expected(fact)).collect()
    }

    /// When something happened, and the carrier's code for it.
    fn happened(&self) -> Vec<(When, String)> {
        let happened = |fact: &Fact| match fact {
            Fact::Milestone(told) if told.classifier == Classifier::Actual => {
                Some((told.occurred, told.code.clone().unwrap()))
            }
            _ => None,
        };
        self.facts.iter().filter_map(|(_, fact)| happened(fact)).collect()
    }
}

/// A fact in short: when, what, code, where.
fn line(fact: &Fact) -> String {
    let (occurred, what, code, place) = match fact {
        Fact::Milestone(told) if told.classifier == Classifier::Estimated => {
            return format!("{} {} expected", told.occurred, told.milestone);
        }
        Fact::Milestone(told) => (told.occurred, told.milestone.to_string(), &told.code, &told.place),
        Fact::Condition(told) => {
            (told.occurred, format!("{}: {}", told.kind.as_str(), told.reason), &told.code, &told.place)
        }
        other => panic!("{other:?}"),
    };
    let mut line = format!("{occurred} {what} ({})", code.as_deref().unwrap());
    if let Some(place) = place {
        let text = |personal: &Option<model::Personal>| personal.as_ref().map(ToString::to_string);
        let parts = [text(&place.name), text(&place.street), place.city.clone(), text(&place.postal_code)];
        let country = place.country.map(|country| country.to_string());
        for part in parts.into_iter().chain([country]).flatten() {
            line.push(' ');
            line.push_str(&part);
        }
    }
    line
}
