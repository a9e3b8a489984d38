//! What the projection holds of one order beside its entries, and what it must hold by them.

use engine::{Key, Workflow, WorkflowRecord};
use fulfilment::{Fulfilment, State};
use model::Lane;
use sha2::{Digest, Sha256};

use super::order::view;
use crate::archive::hex;
use crate::queries::{Listed, OrderKept, Summary};
use crate::store::keys::{self, Kind};
use crate::store::{Folded, Head, Problems, Progress, Store, StoreError, decode, encode};

/// What the projection holds of an order; `None` when nothing is known of it.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub fn kept(store: &Store, key: &Key) -> Result<Option<OrderKept>, StoreError> {
    let Some(Folded { head, state }) = store.folded(key)? else { return Ok(None) };
    let first = store.history(&head)?.first().map_or(0, |kept| kept.sequence);
    Ok(Some(Rows::of(store, key, &head)?.kept(key, &state, head.progress, first)))
}

/// The digest of the rows that the projection holds of an order.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub fn rows_digest(store: &Store, key: &Key, head: &Head) -> Result<String, StoreError> {
    Rows::of(store, key, head)?.digest(&head.progress)
}

/// An order folded from its entries, in stream order, and from nothing else.
#[derive(Debug)]
pub struct Independent {
    state: State,
    progress: Progress,
    first: u64,
}

impl Independent {
    /// Folds the entries.
    #[must_use]
    pub fn of(key: &Key, entries: &[WorkflowRecord<Fulfilment>]) -> Self {
        let first = entries.first().map_or(0, |entry| entry.sequence);
        let (mut state, mut progress) = (State::new(key), Progress::default());
        for entry in entries {
            // The layout's lanes are all lanes of the model, so there always is one.
            let Some(lane) = Lane::from_token(entry.lane) else { continue };
            if progress.admit(lane, entry.sequence, entry.recorded) {
                Fulfilment::evolve(&mut state, entry);
            }
        }
        Self { state, progress, first }
    }

    /// The last entry folded; 0 when there was none.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.progress.sequence()
    }

    /// What the projection must hold of the order.
    #[must_use]
    pub fn kept(&self, key: &Key) -> OrderKept {
        Rows::by(key, &self.state, &self.progress).kept(key, &self.state, self.progress.clone(), self.first)
    }

    /// The digests that the projection must state of the order: of its fold, and of its rows.
    ///
    /// # Errors
    /// [`StoreError::Doubt`] when it has no bytes; plain data always has.
    pub fn digests(&self, key: &Key) -> Result<(String, String), StoreError> {
        let fold = super::order_digest(&self.state, self.sequence());
        let fold = fold.map_err(|error| StoreError::doubt(error.to_string()))?;
        Ok((fold, Rows::by(key, &self.state, &self.progress).digest(&self.progress)?))
    }
}

/// What is kept of an order beside its entries.
struct Rows {
    listed: Summary,
    problems: Option<Problems>,
    found_by: Vec<String>,
}

impl Rows {
    /// As they stand in the projection.
    fn of(store: &Store, key: &Key, head: &Head) -> Result<Self, StoreError> {
        let listed = head.summary.clone();
        let mut found_by = Vec::new();
        let mut problems = None;
        for index in listed.index_keys(key.token()) {
            let Some(row) = store.get(&index)? else { continue };
            found_by.push(index_name(&index));
            if Kind::of(&index) == Some(Kind::Exceptional) {
                problems = Some(decode(&row)?);
            }
        }
        Ok(Self { listed, problems, found_by })
    }

    /// As they must stand by the fold.
    fn by(key: &Key, state: &State, progress: &Progress) -> Self {
        let listed = Summary::of(key, &fulfilment::composite(state), progress);
        let problems = Problems::of(state, &listed);
        let found_by = listed.index_keys(key.token()).iter().map(|index| index_name(index)).collect();
        Self { listed, problems, found_by }
    }

    fn digest(&self, progress: &Progress) -> Result<String, StoreError> {
        let rows = encode(&(&self.listed, &self.problems, &self.found_by, progress))?;
        Ok(hex(&Sha256::digest(rows)))
    }

    fn kept(self, key: &Key, state: &State, progress: Progress, first: u64) -> OrderKept {
        let Self { listed, problems, found_by } = self;
        let exceptions: Vec<Listed> = problems.iter().flat_map(Problems::listed).collect();
        let entries = progress.entries;
        OrderKept { view: view(key, state, progress), listed, exceptions, found_by, entries, first }
    }
}

/// An index as people may read it: what it is by, and the value.
fn index_name(index: &[u8]) -> String {
    let kind = match Kind::of(index) {
        Some(Kind::Stage) => "stage",
        Some(Kind::Customer) => "customer",
        Some(Kind::Exceptional) => "exceptions",
        Some(
            Kind::Meta | Kind::Order | Kind::Outbox | Kind::Balance | Kind::Movement | Kind::Told | Kind::Unreadable,
        )
        | None => "unknown",
    };
    let tokens = keys::tokens(index);
    // The last token is the order's own.
    tokens
        .split_last()
        .map_or(&[][..], |(_, before)| before)
        .iter()
        .fold(kind.to_owned(), |name, token| name + " " + token)
}
