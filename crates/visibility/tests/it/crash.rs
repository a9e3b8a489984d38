//! What a crash, a damaged folder or another stream does to the projection: nothing that lasts.

use std::path::Path;

use visibility::look;
use visibility::projection::Projection;
use visibility::store::keys::Kind;
use visibility::store::{ENTRIES, Folder, Store, StoreError};

use crate::given::{burst, digest_of, log, projection};

fn digest(store: &Store) -> String {
    look::digests(store, None, None).unwrap().digest
}

pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy_folder(&item.path(), &target);
        } else {
            std::fs::copy(item.path(), target).unwrap();
        }
    }
}

#[test]
fn bursts_of_any_size_end_in_what_a_replay_says() {
    let log = log(40);
    for size in [1, 7, 1_000] {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::take(data.path()).unwrap();
        let (mut projection, store) = projection(&folder);
        for part in log.chunks(size) {
            let changes = projection.fold(&burst(part), true, None).unwrap();
            assert_eq!(changes.folded, part.len());
        }
        assert_eq!(digest(&store), digest_of(&log), "in bursts of {size}");
    }
}

#[test]
fn a_small_memory_and_repeats_change_nothing() {
    let log = log(40);
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (store, meta) = Store::open(&folder.path()).unwrap();
    let mut projection = Projection::new(store.clone(), meta, 2, 0);
    for part in log.chunks(5) {
        projection.fold(&burst(part), true, None).unwrap();
        let again = projection.fold(&burst(part), true, None).unwrap();
        assert_eq!((again.folded, again.statuses.len()), (0, 0), "an entry already folded changes nothing");
    }
    assert_eq!(digest(&store), digest_of(&log));
    assert_eq!(projection.meta().totals.entries, log.len() as u64);
}

#[test]
fn far_behind_many_bursts_are_one_batch_and_end_in_the_same() {
    let log = log(40);
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (store, meta) = Store::open(&folder.path()).unwrap();
    let mut projection = Projection::new(store.clone(), meta, 25, 0);
    let written = log.chunks(7).filter(|part| projection.fold(&burst(part), false, None).unwrap().is_written).count();
    assert!((1..20).contains(&written), "{written} batches for {} entries", log.len());
    projection.close().unwrap();
    assert_eq!(digest(&store), digest_of(&log));
    drop(store);
    assert_eq!(Store::open(&folder.path()).unwrap().1.totals.entries, log.len() as u64, "the rows add up");
}

/// The folder is copied while the projection is alive and unsynced: the copy is what a killed process leaves.
#[test]
fn a_process_killed_between_batch_and_sync_goes_on_from_its_checkpoint() {
    let log = log(60);
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (mut projection, store) = projection(&folder);
    let mut left = Vec::new();
    for (number, part) in log.chunks(30).enumerate() {
        projection.fold(&burst(part), true, None).unwrap();
        if number % 5 == 3 {
            store.flush().unwrap();
        }
        let at = data.path().join(format!("killed-{number}"));
        copy_folder(&folder.path(), &at);
        left.push(at);
    }
    let mut resumed_from = Vec::new();
    for killed in left {
        let (store, meta) = Store::open(&killed).unwrap();
        let from = meta.orders.as_ref().map_or(0, |checkpoint| checkpoint.sequence);
        let folded: Vec<_> = log.iter().filter(|entry| entry.sequence <= from).cloned().collect();
        assert_eq!(digest(&store), digest_of(&folded), "rows and checkpoint agree at {from}");
        let rest: Vec<_> = log.iter().filter(|entry| entry.sequence > from).cloned().collect();
        let mut projection = Projection::new(store.clone(), meta, 1_000, 0);
        projection.fold(&burst(&rest), true, None).unwrap();
        assert_eq!(digest(&store), digest_of(&log), "resumed from {from}");
        resumed_from.push(from);
    }
    assert!(resumed_from.iter().any(|from| *from > 0), "something had reached the disk: {resumed_from:?}");
}

#[test]
fn a_closed_projection_is_opened_where_it_was() {
    let log = log(30);
    let data = tempfile::tempdir().unwrap();
    let folder = Folder::take(data.path()).unwrap();
    let (mut projection, store) = projection(&folder);
    projection.fold(&burst(&log), true, None).unwrap();
    projection.flush().unwrap();
    let before = projection.meta().clone();
    drop((projection, store));
    let (store, meta) = Store::open(&folder.path()).unwrap();
    assert_eq!(meta, before);
    assert_eq!(digest(&store), digest_of(&log));
}

/// Fills a folder, closes it, damages it, and opens it again.
fn opened_after(damage: impl Fn(&Path)) -> Result<String, StoreError> {
    let log = log(60);
    let data = tempfile::tempdir().unwrap();
    let mut folder = Folder::take(data.path()).unwrap();
    let (mut projection, store) = projection(&folder);
    for part in log.chunks(100) {
        projection.fold(&burst(part), true, None).unwrap();
    }
    projection.flush().unwrap();
    drop((projection, store));
    damage(&folder.path());
    let opened = Store::open(&folder.path()).map(|(store, meta)| {
        let from = meta.orders.as_ref().map_or(0, |checkpoint| checkpoint.sequence);
        let folded: Vec<_> = log.iter().filter(|entry| entry.sequence <= from).cloned().collect();
        assert_eq!(digest(&store), digest_of(&folded), "what opens agrees with its own checkpoint, {from}");
        format!("sound up to {from}")
    });
    folder.set_aside().unwrap();
    let (store, meta) = Store::open(&folder.path()).unwrap();
    assert!(meta.orders.is_none(), "a folder moved aside leaves an empty one");
    let mut projection = Projection::new(store.clone(), meta, 1_000, 0);
    projection.fold(&burst(&log), true, None).unwrap();
    assert_eq!(digest(&store), digest_of(&log), "rebuilt");
    opened
}

#[test]
fn a_garbled_folder_never_opens_as_something_else() {
    let garble = |file: &'static str, at: f64| {
        move |path: &Path| {
            let file = path.join(file);
            let mut bytes = std::fs::read(&file).unwrap();
            let middle = (bytes.len() as f64 * at) as usize;
            let end = (middle + 20_000).min(bytes.len());
            bytes[middle..end].fill(0x5a);
            std::fs::write(&file, bytes).unwrap();
        }
    };
    for tenth in 0..10 {
        // sled goes back to before the damage, or gives up; what it opens is held against its own checkpoint.
        match opened_after(garble("db", f64::from(tenth) / 10.0)) {
            Ok(_) | Err(StoreError::Doubt { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    for at in [0.0, 0.3, 0.9] {
        let what = opened_after(garble(ENTRIES, at)).unwrap_err().to_string();
        assert!(what.contains("not those written"), "{what}");
    }
}

#[test]
fn a_truncated_folder_never_opens_as_something_else() {
    for keep in [0.2, 0.5, 0.8] {
        let truncate = |file: &'static str| {
            move |path: &Path| {
                let file = path.join(file);
                let length = std::fs::metadata(&file).unwrap().len();
                let file = std::fs::File::options().write(true).open(file).unwrap();
                file.set_len((length as f64 * keep) as u64).unwrap();
            }
        };
        let _ = opened_after(truncate("db"));
        let what = opened_after(truncate(ENTRIES)).unwrap_err().to_string();
        assert!(what.contains("its entries end at byte"), "{what}");
    }
}

#[test]
fn rows_without_their_checkpoint_or_of_another_layout_are_a_doubt() {
    let foreign = |meta: Option<visibility::store::Meta>| {
        opened_after(move |path| {
            let db = unlocked(path);
            match &meta {
                None => db.remove(b"!").unwrap(),
                Some(meta) => db.insert(b"!", visibility::store::encode(meta).unwrap()).unwrap(),
            };
            db.flush().unwrap();
        })
    };
    let what = |outcome: Result<String, StoreError>| outcome.unwrap_err().to_string();
    assert!(what(foreign(None)).contains("no checkpoint"));
    let other = visibility::store::Meta { schema: 99, ..visibility::store::Meta::default() };
    assert!(what(foreign(Some(other))).contains("layout 99"));
}

#[test]
fn a_lost_row_is_noticed() {
    let lost = opened_after(|path| {
        let db = unlocked(path);
        db.remove(Kind::Order.key(&["SO=207"])).unwrap().unwrap();
        db.flush().unwrap();
    });
    let what = lost.unwrap_err().to_string();
    assert!(what.contains("and should hold"), "{what}");
}

/// sled lets go of its lock a moment after its last handle is dropped.
pub fn unlocked(path: &Path) -> sled::Db {
    let begun = std::time::Instant::now();
    loop {
        match sled::open(path) {
            Ok(db) => return db,
            Err(error) => assert!(begun.elapsed().as_secs() < 10, "{error}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
