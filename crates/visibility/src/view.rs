//! Reading the projection while it is there.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::store::{Store, StoreError};

/// How many read at once; others wait. Each thread that has ever read sled holds some of its garbage until it reads
/// again: a thread for each of hundreds of readers held hundreds of megabytes.
const READERS: usize = 4;
/// How often it is looked whether somebody still reads what is hidden.
const POLL: Duration = Duration::from_millis(5);

/// Where the projection is read. Clones see the same one.
#[derive(Debug, Clone)]
pub struct View {
    slot: Arc<RwLock<Option<Arc<Store>>>>,
    readers: Arc<Semaphore>,
}

impl Default for View {
    fn default() -> Self {
        Self { slot: Arc::default(), readers: Arc::new(Semaphore::new(READERS)) }
    }
}

/// Why the projection could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// There is none now.
    #[error("the projection is being opened or rebuilt; ask again in a moment")]
    Absent,
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl View {
    /// Shows a projection. Who reads another at this moment reads that to the end; it is returned.
    pub fn show(&self, store: Store) -> Option<Arc<Store>> {
        self.slot.write().unwrap_or_else(PoisonError::into_inner).replace(Arc::new(store))
    }

    /// Shows nothing any more; returns when nobody reads it.
    pub fn hide(&self) {
        let shown = self.slot.write().unwrap_or_else(PoisonError::into_inner).take();
        while shown.as_ref().is_some_and(|shown| Arc::strong_count(shown) > 1) {
            std::thread::sleep(POLL);
        }
    }

    /// Reads the projection on a thread where waiting for the disk holds up nobody.
    ///
    /// # Errors
    /// [`ViewError`] when there is no projection now, or it cannot be read.
    pub async fn read<T, R>(&self, read: R) -> Result<T, ViewError>
    where
        T: Send + 'static,
        R: FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    {
        let slot = Arc::clone(&self.slot);
        // Nobody closes the semaphore.
        let reader = Arc::clone(&self.readers).acquire_owned().await.map_err(|_| ViewError::Absent)?;
        let reading = tokio::task::spawn_blocking(move || {
            let _reader = reader;
            // The slot is not held while it is read, so that another can be shown meanwhile.
            let shown = slot.read().unwrap_or_else(PoisonError::into_inner).clone();
            shown.as_ref().map_or(Err(ViewError::Absent), |store| Ok(read(store)?))
        });
        reading.await.unwrap_or_else(|_| Err(StoreError::doubt("reading it failed halfway").into()))
    }
}
