//! Events of a part, each read for itself: the table `[in.<message>.events]`.
//!
//! Carriers answer with a shipment and all that has happened to it. One code nobody knows, or one date that is none, must not
//! cost the rest.
//!
//! | key | means |
//! |---|---|
//! | `each` | where the events are, from the part: `scanEvents[*]`, `package[*].activity[*]` |
//! | `skip` | [guards](crate::guard): an event they hold for says nothing of interest |
//! | `facts` | the rules, `[[in.<message>.events.facts]]`: [facts](crate::fact), no records |
//!
//! An event that cannot be read, or that no rule applies to, is rejected alone, and the reason names its code. What the others
//! say is told with the part's own facts. The message's `event_id` is the part's: a rule for events names its own.

use super::{Reads, Rule};
use crate::compiler::Compiler;
use crate::guard::Guards;
use crate::scope::Each;
use crate::source::{Node, ProfileError};

/// How the events of a part are read.
#[derive(Debug)]
pub(super) struct Events {
    pub(super) each: Each,
    pub(super) skip: Guards,
    pub(super) rules: Vec<Rule>,
}

impl Events {
    pub(super) fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let each = compiler.each(section.required("each")?)?;
        let skip = Guards::read(&mut section, "skip", compiler)?;
        let node = section.required("facts")?;
        let rules: Vec<_> =
            node.list()?.into_iter().map(|rule| Rule::compile(rule, compiler)).collect::<Result<_, _>>()?;
        if rules.is_empty() || rules.iter().any(|rule| !matches!(rule.reads, Reads::Fact(_))) {
            return Err(node.error("expected at least one rule here, and rules for facts only"));
        }
        section.finish()?;
        Ok(Self { each, skip, rules })
    }
}
