//! What the three adapters share: they turn partners' messages into facts, and asks into partners' messages.
//!
//! An adapter reads its partners' raw messages from the inbox, one consumer a partner, and appends what they tell to the
//! orders, or to the instances of [another workflow](WORKFLOWS); and it reads the asks for its system from their streams and
//! publishes them as its partners' messages. It keeps
//! no state of its own: any adapter may run twice at once, and everything it does may be done again.

mod adapter;
mod asked;
mod asks;
mod at_once;
mod bucket;
mod delivery;
mod inbox;
mod interchanges;
mod master;
mod ownership;
mod patience;
mod persons;
mod profiles;
mod publish;
mod pump;
mod restraint;
mod settings;
mod trouble;
mod workflows;
mod xref;

use std::sync::Arc;

use anyhow::Context as _;
use model::System;
use service::Host;

use adapter::{Adapter, Buckets};

pub use asks::{ASK_HEADER, ORDER_HEADER};
pub use bucket::BucketError;
pub use inbox::{Part, Reading, durable, read};
pub use interchanges::{Numbering, Series, Twice};
pub use profiles::{
    Action, Added, InForce, Kept, Origin, Profiles, ProfilesError, Question, Replay, SIMULATED, Served,
    check_workflows, served_subject,
};
pub use restraint::{Restrained, restrained_subject};
pub use settings::{Settings, SharedProfile};
pub use workflows::WORKFLOWS;
pub use xref::{Standing, Target, Xrefs};

/// Serves the partners of one kind of system until the host is told to end, with what was in flight finished.
///
/// # Errors
/// When a profile is wrong, or a stream or bucket it needs is not there.
pub async fn serve(system: System, settings: Settings, host: Host) -> anyhow::Result<()> {
    let profiles = settings.profiles_for(system)?;
    let start = host.start();
    let open = || async { Ok(Buckets::open(&host.connection.js, system).await?) };
    let opened = start.answered("its buckets", open).await.context("cannot take up work; are the streams declared?")?;
    let Some(buckets) = opened else { return Ok(()) };
    let read = || async { Ok(profiles::Follower::open(&host.connection.js, &profiles).await?) };
    let followed = start.answered("its profiles", read).await.context("cannot read what is said of partners")?;
    let Some(followed) = followed else { return Ok(()) };
    let asked = served_subject(host.about.name);
    let questions = host.service.endpoint_builder().name("partners").add(&asked).await;
    let questions = questions.map_err(|error| anyhow::anyhow!("cannot answer on {asked}: {error}"))?;
    let adapter = Arc::new(Adapter::new(system, profiles, buckets, &settings, &host));
    let inbox = Arc::new(trouble::Trouble::new(host.readiness.latch("inbox")));
    let asks = Arc::new(trouble::Trouble::new(host.readiness.latch("asks")));
    tokio::try_join!(
        inbox::run(Arc::clone(&adapter), Arc::clone(&inbox), host.shutdown.clone()),
        restraint::run(Arc::clone(&adapter), Arc::clone(&asks), host.service, host.shutdown.clone()),
        asks::run(Arc::clone(&adapter), asks, start, host.shutdown.clone()),
        profiles::run(Arc::clone(&adapter), followed, questions, inbox, host.shutdown.clone()),
        async {
            adapter.persons.follow(&host.shutdown).await;
            Ok(())
        },
    )?;
    Ok(())
}
