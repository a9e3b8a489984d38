//! What is being waited for, and for how long at most.

use engine::policy::Wait as Span;

use super::authorise::{AUTHORISE, is_awaited};
use super::case::{Case, Kind};
use crate::policy::Policy;
use crate::state::{AskState, State};

/// Something that is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// A partner's answer, by how often it was asked.
    Answer(Kind, usize),
    /// Some time before a failed ask is made again, by how often it was made.
    Retry(Kind, usize),
    /// That the goods are on their way.
    Transit,
    /// That the warehouse has them.
    Receive,
    /// That they are inspected, by how many times some came in.
    Inspect(usize),
    /// That what is inspected is credited or refused, by how many times some came in.
    Close(usize),
    /// That what is called off is undone.
    CallOff,
}

impl Wait {
    /// The deadline's name. A wait that begins again is another wait, with a deadline of its own.
    pub fn name(self) -> String {
        let (name, number) = match self {
            Self::Answer(kind, number) => (kind.as_str().to_owned(), number),
            Self::Retry(kind, number) => (format!("retry-{}", kind.as_str()), number),
            Self::Transit => ("transit".to_owned(), 1),
            Self::Receive => ("receive".to_owned(), 1),
            Self::Inspect(number) => ("inspect".to_owned(), number),
            Self::Close(number) => ("close".to_owned(), number),
            Self::CallOff => ("cancel".to_owned(), 1),
        };
        if number > 1 { format!("{name}-{number}") } else { name }
    }

    /// How long the policy allows it to take.
    pub const fn limit(self, policy: &Policy) -> Span {
        match self {
            Self::Answer(..) => policy.deadlines.answer,
            Self::Retry(..) => policy.retries.pause,
            Self::Transit => policy.deadlines.transit,
            Self::Receive => policy.deadlines.receive,
            Self::Inspect(_) => policy.deadlines.inspect,
            Self::Close(_) | Self::CallOff => policy.deadlines.close,
        }
    }

    /// What is missing, in words for a person; nothing where nobody is waited for.
    pub fn words(self, case: &Case<'_>) -> Option<String> {
        let wms = &case.known.authorised.wms;
        Some(match self {
            Self::Answer(kind, _) => {
                format!("{} has not answered {}", case.ask(kind)?.partner, kind.as_str())
            }
            Self::Retry(..) => return None,
            Self::Transit => "the goods are not on their way".to_owned(),
            Self::Receive => format!("{wms} has not received the goods"),
            Self::Inspect(_) => format!("{wms} has not inspected the goods"),
            Self::Close(_) => "it is inspected, and neither credited nor refused".to_owned(),
            Self::CallOff => "it is called off, and not all that was asked is undone".to_owned(),
        })
    }
}

/// Whether a deadline of this name is still being waited for.
#[must_use]
pub fn awaits(state: &State, policy: &Policy, deadline: &str) -> bool {
    if state.ended().is_some() {
        return false;
    }
    let Some(case) = Case::of(state, policy) else { return deadline == AUTHORISE && is_awaited(state) };
    let failed = Kind::ALL.into_iter().filter(|kind| super::has_failed(case.answer(*kind)));
    let retries = failed.map(|kind| Wait::Retry(kind, case.times(kind)));
    open(&case).into_iter().chain(retries).any(|wait| wait.name() == deadline)
}

/// Everything that is being waited for now.
pub(super) fn open(case: &Case<'_>) -> Vec<Wait> {
    let known = &case.known;
    let unanswered = Kind::ALL.into_iter().filter(|kind| case.answer(*kind) == AskState::Waiting);
    let mut waits: Vec<Wait> = unanswered.map(|kind| Wait::Answer(kind, case.times(kind))).collect();
    let failed = Kind::ALL.into_iter().filter(|kind| case.may_be_retried(*kind));
    waits.extend(failed.map(|kind| Wait::Retry(kind, case.times(kind))));
    let receipts = known.received.len();
    waits.push(if known.is_called_off() {
        Wait::CallOff
    } else if !known.has_left() {
        Wait::Transit
    } else if receipts == 0 {
        Wait::Receive
    } else if known.is_inspected() {
        Wait::Close(receipts)
    } else {
        Wait::Inspect(receipts)
    });
    waits
}
