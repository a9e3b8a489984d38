//! The workflows whose instances the adapters serve: one line each.
//!
//! Their words are the model's, so an adapter needs to know nothing else of them: a profile says by a workflow's name what
//! a message is about, and asks are found in the lane of decisions of every workflow's stream.

use async_nats::jetstream;
use engine::{Journal, Layout};
use fulfilment::Fulfilment;

/// Every workflow, orders first.
pub const WORKFLOWS: &[Layout] = &[fulfilment::LAYOUT, returns::LAYOUT];

/// The entries of any workflow whose facts and decisions are the model's.
pub type Entries = Journal<Fulfilment>;

/// The workflows of one installation.
pub struct Workflows(Vec<Entries>);

impl Workflows {
    /// The workflows of these layouts.
    pub fn new(js: &jetstream::Context, layouts: &[Layout]) -> Self {
        Self(layouts.iter().map(|layout| Journal::new(js.clone(), *layout)).collect())
    }

    /// The entries of the workflow with this name; nothing when this version has none of the name.
    pub fn get(&self, name: &str) -> Option<&Entries> {
        self.0.iter().find(|entries| entries.layout().name == name)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Entries> {
        self.0.iter()
    }
}
