//! What a decision is called where decisions are counted: the rule in the words of the page of rules, and what it is about.

use engine::rehearse::Name;
use model::{Decision, End, ExceptionKind};

/// The rule that took a decision, and what of the order it is about. Holds for returns too, whose decisions are the same.
#[must_use]
pub fn name(decision: &Decision) -> Name {
    match decision {
        Decision::Commit(_) => named("commit", "order"),
        Decision::Split(split) => named("split", &format!("{} {}", split.of, split.lacking.as_str())),
        Decision::Ask(ask) => named(ask.request.kind(), ask.id.as_str()),
        Decision::Deadline(deadline) => named(&format!("deadline {}", wait(&deadline.name)), &deadline.name),
        Decision::Raise(exception) => of_problem("exception", &exception.kind),
        Decision::Resolve(kind) => of_problem("resolve", kind),
        Decision::End(End::Closed) => named("close", "order"),
        Decision::End(End::Cancelled) => named("call_off", "order"),
    }
}

fn named(rule: &str, about: &str) -> Name {
    Name { rule: rule.to_owned(), about: about.to_owned() }
}

fn of_problem(what: &str, kind: &ExceptionKind) -> Name {
    let rule = match kind {
        ExceptionKind::Overdue(name) => format!("{what} {} {}", kind.as_str(), wait(name)),
        ExceptionKind::Invalid
        | ExceptionKind::NoStock(_)
        | ExceptionKind::BookingRefused(_)
        | ExceptionKind::AskRefused(_)
        | ExceptionKind::GoodsIssueMissing(_)
        | ExceptionKind::QuantityMismatch(_)
        | ExceptionKind::FreightMismatch(_)
        | ExceptionKind::Changed
        | ExceptionKind::Contradicted(_)
        | ExceptionKind::Unmatched
        | ExceptionKind::Flooded
        | ExceptionKind::CancelTooLate(_)
        | ExceptionKind::Undeliverable(_)
        | ExceptionKind::ShippedShort(_)
        | ExceptionKind::DeliveryFailing(_)
        | ExceptionKind::Late(_)
        | ExceptionKind::Disagreement(_) => format!("{what} {}", kind.as_str()),
    };
    named(&rule, &kind.to_string())
}

/// What a deadline waits for, without the shipment and the number: `ship` of `ship-s1`, `retry book` of `retry-book-s1-2`.
fn wait(deadline: &str) -> String {
    let mut parts = deadline.split('-');
    let first = parts.next().unwrap_or(deadline);
    match (first, parts.next()) {
        ("retry", Some(kind)) => format!("{first} {kind}"),
        (_, Some(_) | None) => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Deadline, Exception, ShipmentId, Timestamp};

    fn rule(decision: &Decision) -> String {
        name(decision).rule
    }

    fn deadline(name: &str) -> Decision {
        Decision::Deadline(Deadline { name: name.to_owned(), at: Timestamp::default() })
    }

    #[test]
    fn a_rule_is_named_without_the_shipment_and_the_number() {
        assert_eq!(rule(&deadline("ship-s1")), "deadline ship");
        assert_eq!(rule(&deadline("rest_reserved-s12")), "deadline rest_reserved");
        assert_eq!(rule(&deadline("retry-book-s1-2")), "deadline retry book");
        assert_eq!(rule(&deadline("close")), "deadline close");
        let overdue = || ExceptionKind::Overdue("ship-s1".to_owned());
        let raised = Decision::Raise(Exception { kind: overdue(), detail: "s1 has not left the warehouse".to_owned() });
        assert_eq!(rule(&raised), "exception overdue ship");
        assert_eq!(rule(&Decision::Resolve(overdue())), "resolve overdue ship");
        let freight = ExceptionKind::FreightMismatch(ShipmentId::new("s1").unwrap());
        assert_eq!(rule(&Decision::Resolve(freight)), "resolve freight_mismatch");
        assert_eq!([End::Closed, End::Cancelled].map(|end| rule(&Decision::End(end))), ["close", "call_off"]);
    }

    #[test]
    fn decisions_of_one_rule_on_two_shipments_are_about_two_things() {
        assert_ne!(name(&deadline("ship-s1")), name(&deadline("ship-s2")));
        assert_eq!(name(&deadline("ship-s1")), name(&deadline("ship-s1")));
    }
}
