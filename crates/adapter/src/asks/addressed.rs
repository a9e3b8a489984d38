//! Which decisions of an entry are asks for one kind of system.
//!
//! Every adapter sees every entry of decisions, and most hold nothing for it. So an entry is first read no further than
//! to whom its asks are addressed, and only one that holds an ask for this system is read whole.

use engine::codec::{self, DecodeError};
use engine::{Content, Entry};
use model::{Ask, Decision, Fact, System};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A decision as far as it says to whom it is addressed. A kind this build does not know is refused, not passed over:
/// it may be meant for this system.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Glimpse {
    Commit(IgnoredAny),
    Split(IgnoredAny),
    Ask(Addressee),
    Deadline(IgnoredAny),
    Raise(IgnoredAny),
    Resolve(IgnoredAny),
    End(IgnoredAny),
}

#[derive(Deserialize)]
struct Addressee {
    system: System,
}

/// The asks of an entry that are addressed to `system`.
///
/// # Errors
/// [`DecodeError`] for an entry of a version this build does not know.
pub fn asks_for(system: System, payload: &[u8]) -> Result<Vec<Ask>, DecodeError> {
    let glimpse: Entry<IgnoredAny, Glimpse> = codec::decode(payload)?;
    let ours = match &glimpse.content {
        Content::Decisions { decisions, .. } => decisions.iter().any(|decision| decision.is_for(system)),
        Content::Facts { .. } | Content::Due { .. } => false,
    };
    if !ours {
        return Ok(Vec::new());
    }
    let entry: Entry<Fact, Decision> = codec::decode(payload)?;
    Ok(match entry.content {
        Content::Decisions { decisions, .. } => {
            decisions.into_iter().filter_map(ask).filter(|ask| ask.system == system).collect()
        }
        Content::Facts { .. } | Content::Due { .. } => Vec::new(),
    })
}

impl Glimpse {
    fn is_for(&self, system: System) -> bool {
        match self {
            Self::Ask(addressee) => addressee.system == system,
            Self::Commit(_) | Self::Split(_) | Self::Deadline(_) | Self::Raise(_) | Self::Resolve(_) | Self::End(_) => {
                false
            }
        }
    }
}

fn ask(decision: Decision) -> Option<Ask> {
    match decision {
        Decision::Ask(ask) => Some(ask),
        Decision::Commit(_)
        | Decision::Split(_)
        | Decision::Deadline(_)
        | Decision::Raise(_)
        | Decision::Resolve(_)
        | Decision::End(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::EntryId;
    use model::{
        Ask, AskId, Commitment, Deadline, End, Exception, ExceptionKind, Lacking, Milestone, PartnerId, Request,
        ShipmentId, Split, Timestamp,
    };

    fn ask_of(system: System) -> Ask {
        Ask {
            id: AskId::new(&format!("ask {system}")).unwrap(),
            system,
            partner: PartnerId::new("acme").unwrap(),
            request: Request::UpdateCustomer {
                customer: model::CustomerId::new("C1").unwrap(),
                milestone: Milestone::TransportDelivered,
            },
        }
    }

    fn payload(decisions: Vec<Decision>) -> Vec<u8> {
        let content = Content::Decisions { seen: 7, now: Timestamp::from_millis(1), decisions };
        codec::encode(&Entry::<Fact, Decision> { id: EntryId::of(&[b"x"]), content }).unwrap()
    }

    #[test]
    fn every_kind_of_decision_is_glimpsed_and_only_own_asks_are_read() {
        let all = payload(vec![
            Decision::Commit(Commitment { release: "00".to_owned(), first_shipment: 1 }),
            Decision::Split(Split {
                shipment: ShipmentId::new("s2").unwrap(),
                of: ShipmentId::new("s1").unwrap(),
                lacking: Lacking::Shipped,
                lines: Vec::new(),
            }),
            Decision::Deadline(Deadline { name: "wait".to_owned(), at: Timestamp::from_millis(2) }),
            Decision::Ask(ask_of(System::Wms)),
            Decision::Raise(Exception { kind: ExceptionKind::Invalid, detail: "why".to_owned() }),
            Decision::Resolve(ExceptionKind::Overdue("wait".to_owned())),
            Decision::Ask(ask_of(System::Erp)),
            Decision::End(End::Closed),
        ]);
        assert_eq!(asks_for(System::Erp, &all).unwrap(), [ask_of(System::Erp)]);
        assert_eq!(asks_for(System::Tms, &all).unwrap(), []);
    }

    #[test]
    fn an_entry_of_another_version_is_refused_whoever_it_is_for() {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        enum Later {
            Teleport(String),
        }
        let content = Content::<Fact, Later>::Decisions {
            seen: 1,
            now: Timestamp::from_millis(1),
            decisions: vec![Later::Teleport("now".to_owned())],
        };
        let bytes = codec::encode(&Entry { id: EntryId::of(&[b"y"]), content }).unwrap();
        assert!(asks_for(System::Erp, &bytes).is_err());
        assert!(asks_for(System::Erp, b"nonsense").is_err());
    }
}
