//! What can be done about a discrepancy. Nothing is ever corrected by editing history: it is asked again, or an operator says
//! what is so.

use model::{AskId, Exception, Fact, MilestoneReached, RetryRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be done about a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Ask a partner again for what it has not done.
    AskAgain(AskId),
    /// Enter the milestone that follows from what is known.
    Tell(Box<MilestoneReached>),
    /// Take the order's open exception as it is, if that is how it is.
    TakeAsItIs(Exception),
    /// Build the projection anew.
    Rebuild,
    /// A person has to find out; in words.
    Person(String),
}

impl Remedy {
    /// The fact to enter in the order's lane `ops`, if that is what heals it.
    #[must_use]
    pub fn fact(&self) -> Option<Fact> {
        match self {
            Self::AskAgain(ask) => Some(Fact::RetryRequested(RetryRequest { ask: ask.clone() })),
            Self::Tell(reached) => Some(Fact::Milestone((**reached).clone())),
            Self::TakeAsItIs(exception) => Some(Fact::Waived(exception.clone())),
            Self::Rebuild | Self::Person(_) => None,
        }
    }

    /// Whether it adds no opinion to what is known, so that a policy may have it done by itself: asking again costs nothing when it
    /// was done already, and the milestone follows from another.
    #[must_use]
    pub const fn is_safe(&self) -> bool {
        match self {
            Self::AskAgain(_) | Self::Tell(_) => true,
            Self::TakeAsItIs(_) | Self::Rebuild | Self::Person(_) => false,
        }
    }

    /// The remedy in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::AskAgain(ask) => format!("ask again: {ask}"),
            Self::Tell(reached) => format!("enter {} at {}", reached.milestone, reached.occurred),
            Self::TakeAsItIs(exception) => format!("if it is so, take it as it is: exception {}", exception.kind),
            Self::Rebuild => "rebuild the projection: waybill projection rebuild".to_owned(),
            Self::Person(words) => words.clone(),
        }
    }
}
