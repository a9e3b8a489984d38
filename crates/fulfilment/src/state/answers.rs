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
        self.ask(id).map_or(AskState::NotAsked, |ask| self.answer_to(ask))
    }

    /// What became of an ask that was made, or is being made now: the answer may be known before the ask.
    pub(crate) fn answer_to(&self, ask: &Ask) -> AskState<'_> {
        let answer = self.newest(ask.system.lane(), |fact| {
            if let Fact::Answered(answer) = fact { (answer.ask == ask.id).then_some(&answer.outcome) } else { None }
        });
        match answer {
            None => AskState::Waiting,
            Some(Outcome::Accepted) => AskState::Accepted,
            Some(refused @ (Outcome::Refused { .. } | Outcome::Failed { .. })) => AskState::Refused(refused),
        }
    }
}
