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

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{Content, Entry, EntryId, Key};
    use model::{Decision, End, Timestamp};

    /// A workflow that this crate has never heard of.
    const THIRD: Layout = Layout {
        stream: "REPAIRS",
        name: "repair",
        lanes: &["wms", "ops"],
        timers: "REPAIR_TIMERS",
        timer: "repair_timer",
    };

    #[test]
    fn no_two_workflows_share_a_stream_or_a_subject() {
        let names: std::collections::BTreeSet<_> = WORKFLOWS.iter().flat_map(|own| [own.name, own.timer]).collect();
        let streams: std::collections::BTreeSet<_> =
            WORKFLOWS.iter().flat_map(|own| [own.stream, own.timers]).collect();
        assert_eq!((names.len(), streams.len()), (2 * WORKFLOWS.len(), 2 * WORKFLOWS.len()));
        assert_eq!(WORKFLOWS[0].name, partners::ORDER);
        let mut numbers = WORKFLOWS.iter().map(|own| partners::Numbered::of_workflow(own.name));
        assert!(
            numbers.next() == Some(partners::Numbered::Orders) && numbers.next() == Some(partners::Numbered::Returns)
        );
        assert_eq!(numbers.next(), None, "a workflow more needs control numbers of its own");
    }

    #[tokio::test]
    async fn another_layout_is_all_that_a_third_workflow_needs() {
        let broker = broker::start(broker::Options::default()).await.unwrap();
        let settings = service::settings::NatsSettings::url(broker.url());
        let js = service::connect::connect(&settings, "test").await.unwrap().js;
        let subjects = vec![THIRD.all()];
        let config = jetstream::stream::Config {
            name: THIRD.stream.to_owned(),
            subjects,
            allow_direct: true,
            ..Default::default()
        };
        js.create_stream(config).await.unwrap();
        let workflows = Workflows::new(&js, &[WORKFLOWS, &[THIRD]].concat());
        let repairs = workflows.get("repair").unwrap();
        let decided =
            Content::Decisions { seen: 0, now: Timestamp::from_millis(1), decisions: vec![Decision::End(End::Closed)] };
        let (key, entry) = (Key::of("W 1"), Entry { id: EntryId::of(&[b"x"]), content: decided });
        repairs.decide(&key, 0, &entry).await.unwrap();
        assert_eq!(repairs.read(&key).await.unwrap()[0].entry, entry);
        assert!(workflows.get("loan").is_none());
        assert_eq!(workflows.iter().count(), WORKFLOWS.len() + 1);
    }
}
