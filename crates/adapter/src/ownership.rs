//! Which system may tell what: each statement has one system of record.
//!
//! Milestones and conditions pass from everyone: the fold keeps another system's as a claim. What only its owner may
//! state, such as the commercial fields of an order, is turned away here, and again by the broker's permissions.

use model::{Fact, PartnerId, System};

/// Why a partner may not tell something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOwned {
    /// Another kind of system is its system of record.
    #[error("{system} may not tell `{told}`; its system of record is the {owner}")]
    OtherSystem {
        /// Who told it.
        system: System,
        /// What.
        told: &'static str,
        /// Who may.
        owner: &'static str,
    },
    /// It is told in the name of another partner.
    #[error("{partner} may not tell `{told}` in the name of {of}")]
    OtherPartner {
        /// Who told it.
        partner: PartnerId,
        /// What.
        told: &'static str,
        /// In whose name.
        of: PartnerId,
    },
}

/// Whether `partner`, a `system`, may tell this fact of an order.
///
/// # Errors
/// [`NotOwned`] names who may.
pub fn fact(system: System, partner: &PartnerId, fact: &Fact) -> Result<(), NotOwned> {
    let told = fact.kind();
    let by = |owner: System| owned_by(system, told, owner);
    match fact {
        Fact::Answered(_) | Fact::Milestone(_) | Fact::Condition(_) => Ok(()),
        Fact::Released(order) => by(System::Erp).and_then(|()| in_own_name(partner, told, &order.erp)),
        Fact::Billed(_) | Fact::CancelRequested(_) | Fact::HandedOver(_) | Fact::Credited(_) => by(System::Erp),
        Fact::ReturnAuthorised(authorised) => {
            by(System::Erp).and_then(|()| in_own_name(partner, told, &authorised.erp))
        }
        Fact::Inspected(_) => by(System::Wms),
        Fact::Booked(booking) => by(System::Tms).and_then(|()| in_own_name(partner, told, &booking.tms)),
        Fact::FreightInvoiced(_) => by(System::Tms),
        // Waybill concludes these itself.
        Fact::Validated(_) => Err(NotOwned::OtherSystem { system, told, owner: "erp adapter" }),
        Fact::Archived(_) => Err(NotOwned::OtherSystem { system, told, owner: "visibility service" }),
        Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_) => Err(NotOwned::OtherSystem { system, told, owner: "operator" }),
    }
}

/// Whether a `system` may move stock.
///
/// # Errors
/// [`NotOwned`] names who may.
pub fn stock(system: System) -> Result<(), NotOwned> {
    owned_by(system, "stock", System::Wms)
}

/// Whether a `system` may state master data.
///
/// # Errors
/// [`NotOwned`] names who may.
pub fn master(system: System) -> Result<(), NotOwned> {
    owned_by(system, "master data", System::Erp)
}

fn owned_by(system: System, told: &'static str, owner: System) -> Result<(), NotOwned> {
    if system == owner { Ok(()) } else { Err(NotOwned::OtherSystem { system, told, owner: owner.as_str() }) }
}

fn in_own_name(partner: &PartnerId, told: &'static str, of: &PartnerId) -> Result<(), NotOwned> {
    if partner == of { Ok(()) } else { Err(NotOwned::OtherPartner { partner: partner.clone(), told, of: of.clone() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Answer, AskId, Booking, Currency, FreightInvoice, Invoice, Money, Order, Outcome, Place, ShipmentId};

    const OUTSIDE: [System; 3] = [System::Erp, System::Wms, System::Tms];

    fn partner(name: &str) -> PartnerId {
        PartnerId::new(name).unwrap()
    }

    fn owners(told: &Fact) -> Vec<System> {
        OUTSIDE.into_iter().filter(|system| fact(*system, &partner("acme"), told).is_ok()).collect()
    }

    fn released(erp: &str) -> Fact {
        Fact::Released(Order {
            erp: partner(erp),
            customer: model::CustomerId::new("c").unwrap(),
            currency: Currency::new("EUR").unwrap(),
            ship_to: Place::default(),
            ordered: None,
            promised: None,
            mode: None,
            lines: Vec::new(),
        })
    }

    #[test]
    fn commercial_facts_come_from_the_erp_and_freight_from_the_tms() {
        let total = Money { amount: 1.into(), currency: Currency::new("EUR").unwrap() };
        let shipment = ShipmentId::new("s1").unwrap();
        let billed = Fact::Billed(Invoice { number: "1".to_owned(), total: total.clone(), lines: Vec::new() });
        let freight =
            Fact::FreightInvoiced(FreightInvoice { shipment: Some(shipment.clone()), number: "1".to_owned(), total });
        let booked = Fact::Booked(Booking {
            shipment,
            tms: partner("acme"),
            carrier: "c".to_owned(),
            tracking: "t".to_owned(),
            charge: None,
        });
        assert_eq!(owners(&released("acme")), [System::Erp]);
        assert_eq!(owners(&billed), [System::Erp]);
        assert_eq!(owners(&booked), [System::Tms]);
        assert_eq!(owners(&freight), [System::Tms]);
        assert_eq!(owners(&Fact::Validated(model::Validation::default())), []);
        let answered = Fact::Answered(Answer { ask: AskId::new("a").unwrap(), outcome: Outcome::Accepted });
        assert_eq!(owners(&answered), OUTSIDE);
    }

    #[test]
    fn nobody_speaks_for_another_partner() {
        let error = fact(System::Erp, &partner("acme"), &released("other")).unwrap_err();
        assert_eq!(error.to_string(), "acme may not tell `released` in the name of other");
    }

    #[test]
    fn a_reason_names_the_owner() {
        assert_eq!(
            stock(System::Erp).unwrap_err().to_string(),
            "erp may not tell `stock`; its system of record is the wms"
        );
        assert!(stock(System::Wms).is_ok() && master(System::Erp).is_ok() && master(System::Tms).is_err());
    }
}
