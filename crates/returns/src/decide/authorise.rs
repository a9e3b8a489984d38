//! Before its authorisation: systems tell of a return that nobody authorised. The authorisation may be on its way; after a while
//! a person must see it, for the goods may be at a warehouse already.

use std::collections::BTreeSet;

use model::{Deadline, Decision, Exception, ExceptionKind, Fact, Timestamp};

use super::{changes, problems};
use crate::policy::Policy;
use crate::state::{Held, State};

/// The wait for the authorisation of a return that is told of.
pub(super) const AUTHORISE: &str = "authorise";

/// What is decided of a return before its authorisation: nothing is asked, and nobody is left in the dark.
pub(super) fn before(state: &State, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    let mut problems = problems::flooded(state);
    let mut decisions = Vec::new();
    if is_awaited(state) {
        if !state.deadlines().contains_key(AUTHORISE) {
            let at = now.plus_millis(policy.deadlines.authorise.millis());
            decisions.push(Decision::Deadline(Deadline { name: AUTHORISE.to_owned(), at }));
        }
        problems.extend(overdue(state));
    }
    decisions.extend(changes(state, problems));
    decisions
}

/// Whether a return is told of as if it had been authorised. That it is not wanted any more does not send the goods back.
pub(super) fn is_awaited(state: &State) -> bool {
    state.id().is_some() && state.facts().any(|held| is_progress(&held.fact))
}

fn overdue(state: &State) -> Option<Exception> {
    let telling = state.facts().filter(|held| is_progress(&held.fact));
    let tellers: BTreeSet<&str> = telling.map(Held::teller).collect();
    let tellers: Vec<&str> = tellers.into_iter().take(problems::NAMED).collect();
    let kind = ExceptionKind::Overdue(AUTHORISE.to_owned());
    let problem =
        Exception { kind, detail: format!("told of by {}, and nobody has authorised it", tellers.join(", ")) };
    (state.is_due(AUTHORISE) && !state.is_waived(&problem)).then_some(problem)
}

/// Whether a fact says that something is done about a return. Before its authorisation it may be called off, and anybody may
/// note something of it.
const fn is_progress(fact: &Fact) -> bool {
    match fact {
        // An authorisation that counts for nothing is one by another ERP than it names.
        Fact::ReturnAuthorised(_)
        | Fact::Milestone(_)
        | Fact::Condition(_)
        | Fact::Answered(_)
        | Fact::Booked(_)
        | Fact::FreightInvoiced(_)
        | Fact::Inspected(_)
        | Fact::Credited(_) => true,
        Fact::Released(_)
        | Fact::Validated(_)
        | Fact::Billed(_)
        | Fact::Archived(_)
        | Fact::CancelRequested(_)
        | Fact::HandedOver(_)
        | Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_) => false,
    }
}
