//! What the trail of any workflow's instance says of asks: which were made, and who answered them.

use engine::{Content, Source, WorkflowRecord};
use fulfilment::Fulfilment;
use model::{Answer, Ask, Decision, Fact, Lane};

/// An answer, and who gives it.
pub struct Said<'a> {
    pub lane: Option<Lane>,
    pub source: &'a Source,
    pub answer: &'a Answer,
}

impl Said<'_> {
    /// Whether it settles an ask: by the word of the partner that was asked, or of an operator in its place.
    pub fn settles(&self, ask: &Ask) -> bool {
        self.lane.is_some_and(|lane| lane == Lane::Ops || ask.is_put_to(lane, self.source.partner.as_deref()))
    }
}

/// The asks of an entry, with its place.
pub fn asks(record: &WorkflowRecord<Fulfilment>) -> impl Iterator<Item = (u64, &Ask)> {
    let decisions = match &record.entry.content {
        Content::Decisions { decisions, .. } => decisions.as_slice(),
        Content::Facts { .. } | Content::Due { .. } => &[],
    };
    decisions.iter().filter_map(|decision| {
        let Decision::Ask(ask) = decision else { return None };
        Some((record.sequence, ask))
    })
}

/// The facts of an entry, and who told them.
pub fn facts(record: &WorkflowRecord<Fulfilment>) -> impl Iterator<Item = (&Source, &Fact)> {
    let told = match &record.entry.content {
        Content::Facts { source, facts } => Some((source, facts.as_slice())),
        Content::Decisions { .. } | Content::Due { .. } => None,
    };
    told.into_iter().flat_map(|(source, facts)| facts.iter().map(move |told| (source, &told.fact)))
}

/// The answers of an entry.
pub fn answers(record: &WorkflowRecord<Fulfilment>) -> impl Iterator<Item = Said<'_>> {
    facts(record).filter_map(|(source, fact)| {
        let Fact::Answered(answer) = fact else { return None };
        Some(Said { lane: Lane::from_token(record.lane), source, answer })
    })
}
