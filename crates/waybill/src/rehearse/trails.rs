//! Reading whole trails, several at once.

use engine::{Journal, Key, ReadError, ReadErrorKind, Workflow, WorkflowRecord};
use futures::StreamExt;

use crate::bar::bar;
use crate::exit::Failure;

/// How many are read at once; the broker does two thousand a second of them, and each takes it half a millisecond.
const AT_ONCE: usize = 16;

/// Reads the trail of each instance and gives it to `each`, or why an entry of it cannot be read. In no order.
pub(super) async fn each<W: Workflow>(
    journal: &Journal<W>,
    keys: impl ExactSizeIterator<Item = Key>,
    mut each: impl FnMut(&Key, Result<Vec<WorkflowRecord<W>>, ReadError>),
) -> Result<(), Failure> {
    let bar = bar(keys.len() as u64);
    let reads = futures::stream::iter(keys).map(|key| async {
        let read = journal.read(&key).await;
        (key, read)
    });
    let mut trails = reads.buffer_unordered(AT_ONCE);
    while let Some((key, read)) = trails.next().await {
        bar.inc(1);
        match &read {
            Err(error) if matches!(error.kind(), ReadErrorKind::Unanswered | ReadErrorKind::Answer) => {
                bar.finish_and_clear();
                return Err(Failure::Unreachable(format!("cannot read {key}: {error}; do it again")));
            }
            Ok(_) | Err(_) => each(&key, read),
        }
    }
    bar.finish_and_clear();
    Ok(())
}
