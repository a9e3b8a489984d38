//! Before its release: systems tell of an order that no ERP has released. The release may be on its way; after a while a person
//! must see it.

use std::collections::BTreeSet;

use model::{Deadline, Decision, Exception, ExceptionKind, Fact, Timestamp};

use super::{changes, problems};
use crate::policy::Policy;
use crate::state::{Held, RELEASE, State};

/// What is decided of an order before its release: nothing is asked, and nobody is left in the dark.
pub(super) fn before(state: &State, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    let mut problems = problems::flooded(state);
    let mut decisions = Vec::new();
    if is_awaited(state) {
        if !state.deadlines().contains_key(RELEASE) {
            let at = now.plus_millis(policy.deadlines.release.millis());
            decisions.push(Decision::Deadline(Deadline { name: RELEASE.to_owned(), at }));
        }
        problems.extend(overdue(state));
    }
    decisions.extend(changes(state, problems));
    decisions
}

/// Whether an order is told of as if it had been released.
pub(super) fn is_awaited(state: &State) -> bool {
    // One that its ERP does not want needs no release.
    let is_wanted = state.facts().all(|(_, held)| !matches!(held.fact, Fact::CancelRequested(_)));
    is_wanted && state.facts().any(|(_, held)| is_progress(&held.fact))
}

fn overdue(state: &State) -> Option<Exception> {
    let telling: Vec<&Held> = state.facts().map(|(_, held)| held).filter(|held| is_progress(&held.fact)).collect();
    let tellers: BTreeSet<&str> = telling.iter().map(|held| held.teller()).collect();
    let tellers: Vec<&str> = tellers.into_iter().take(problems::NAMED).collect();
    let kind = ExceptionKind::Overdue(RELEASE.to_owned());
    // What is told later is not covered by a person's word on what was told before.
    let (number, tellers) = (telling.len(), tellers.join(", "));
    let problem = Exception { kind, detail: format!("{number} facts by {tellers}, and no ERP has released it") };
    (state.is_due(RELEASE) && !state.is_waived(&problem)).then_some(problem)
}

/// Whether a fact says that an order is being worked on. Before its release, an ERP may hold it back or let it be, and anybody
/// may note something of it.
const fn is_progress(fact: &Fact) -> bool {
    match fact {
        // A release that counts for nothing is one by another ERP than the order names.
        Fact::Released(_)
        | Fact::Milestone(_)
        | Fact::Answered(_)
        | Fact::Booked(_)
        | Fact::Billed(_)
        | Fact::FreightInvoiced(_) => true,
        Fact::Validated(_)
        | Fact::Condition(_)
        | Fact::Archived(_)
        | Fact::CancelRequested(_)
        | Fact::HandedOver(_)
        | Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_)
        | Fact::ReturnAuthorised(_)
        | Fact::Inspected(_)
        | Fact::Credited(_) => false,
    }
}
