//! A library lends books: a workflow small enough to see through.

use engine::{Content, Key, Layout, Workflow, WorkflowRecord};
use model::Timestamp;
use serde::{Deserialize, Serialize};

pub const LAYOUT: Layout =
    Layout { stream: "LOANS", name: "loan", lanes: &["desk", "letterbox"], timers: "TIMERS", timer: "timer" };

/// The deadline by which the one who waits is told.
const TELL: &str = "tell";
/// The deadline by which one who asks gets an answer.
const ANSWER: &str = "answer";

pub struct Loan;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    Borrowed {
        millis: i64,
    },
    /// Somebody else wants the book, and is to be told within this time how it stands.
    Reserved {
        millis: i64,
    },
    /// The one who has the book asks for something, and is to be answered within this time.
    Asked {
        millis: i64,
    },
    Returned,
}

/// What a later version of this library might tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaterFact {
    Lost { where_to: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    LendUntil(Timestamp),
    TellBy(Timestamp),
    AnswerBy(Timestamp),
    Fine,
    Close,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    pub borrowed: Option<i64>,
    pub reserved: Option<i64>,
    pub asked: Option<i64>,
    pub returned: bool,
    pub due: bool,
    pub told: bool,
    pub answered: bool,
    pub decisions: Vec<Decision>,
}

impl Workflow for Loan {
    type Fact = Fact;
    type Decision = Decision;
    type State = State;
    type Policy = ();

    fn start(_: &Key) -> State {
        State::default()
    }

    fn evolve(state: &mut State, entry: &WorkflowRecord<Self>) {
        match &entry.entry.content {
            Content::Facts { facts, .. } => facts.iter().for_each(|told| match &told.fact {
                Fact::Borrowed { millis } => state.borrowed = Some(*millis),
                Fact::Reserved { millis } => state.reserved = Some(*millis),
                Fact::Asked { millis } => state.asked = Some(*millis),
                Fact::Returned => state.returned = true,
            }),
            Content::Decisions { decisions, .. } => state.decisions.extend(decisions.iter().cloned()),
            Content::Due { name, .. } if name == TELL => state.told = true,
            Content::Due { name, .. } if name == ANSWER => state.answered = true,
            Content::Due { .. } => state.due = true,
        }
    }

    fn decide(state: &State, (): &(), now: Timestamp) -> Vec<Decision> {
        let Some(millis) = state.borrowed else { return Vec::new() };
        let mut decisions = Vec::new();
        let lent = state.decisions.iter().any(|decision| matches!(decision, Decision::LendUntil(_)));
        if !lent {
            decisions.push(Decision::LendUntil(now.plus_millis(millis)));
        }
        let telling = state.decisions.iter().any(|decision| matches!(decision, Decision::TellBy(_)));
        if let Some(millis) = state.reserved.filter(|_| !telling) {
            decisions.push(Decision::TellBy(now.plus_millis(millis)));
        }
        let answering = state.decisions.iter().any(|decision| matches!(decision, Decision::AnswerBy(_)));
        if let Some(millis) = state.asked.filter(|_| !answering) {
            decisions.push(Decision::AnswerBy(now.plus_millis(millis)));
        }
        if state.due && !state.returned && !state.decisions.contains(&Decision::Fine) {
            decisions.push(Decision::Fine);
        }
        if state.returned && !state.decisions.contains(&Decision::Close) {
            decisions.push(Decision::Close);
        }
        decisions
    }

    fn deadline(decision: &Decision) -> Option<(&str, Timestamp)> {
        match decision {
            Decision::LendUntil(at) => Some(("bring back", *at)),
            Decision::TellBy(at) => Some((TELL, *at)),
            Decision::AnswerBy(at) => Some((ANSWER, *at)),
            Decision::Fine | Decision::Close => None,
        }
    }

    fn awaits(state: &State, (): &(), _: &str) -> bool {
        !state.returned
    }

    fn is_over(state: &State) -> bool {
        state.decisions.contains(&Decision::Close)
    }
}
