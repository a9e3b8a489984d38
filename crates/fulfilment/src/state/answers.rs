//! What became of an ask.

use model::{Ask, AskId, Fact, Outcome};

use super::State;

/// What became of an ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskState<'a> {
    /// Nobody asked yet.
    NotAsked,
    /// Asked, and no answer yet.
    Waiting,
    /// Done, or will be.
    Accepted,
    /// Refused or failed.
    Refused(&'a Outcome),
}

impl State {
    /// The ask with this id, if it was made.
    #[must_use]
    pub fn ask(&self, id: &AskId) -> Option<&Ask> {
        self.asks.iter().find(|ask| ask.id == *id)
    }

    /// What became of an ask. Only the system that was asked can answer; its last word counts.
    #[must_use]
    pub fn ask_state(&self, id: &AskId) -> AskState<'_> {
        let Some(ask) = self.ask(id) else { return AskState::NotAsked };
        let answer = self.newest(ask.system.lane(), |fact| {
            if let Fact::Answered(answer) = fact { (answer.ask == *id).then_some(&answer.outcome) } else { None }
        });
        match answer {
            None => AskState::Waiting,
            Some(Outcome::Accepted) => AskState::Accepted,
            Some(refused @ (Outcome::Refused { .. } | Outcome::Failed { .. })) => AskState::Refused(refused),
        }
    }
}
