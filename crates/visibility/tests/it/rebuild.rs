//! The service as a process, and what may happen to its folder: it is noticed, said in words, and mended by itself.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use engine::EntryId;
use model::Timestamp;
use visibility::queries::{self, Digests, Lag};
use visibility::store::{ENTRIES, Meta, SCHEMA, decode, encode};

use crate::crash::{copy_folder, unlocked};
use crate::world::{PATIENCE, World, independent};

/// What is said of a projection that is moved aside.
pub const DOUBT: &str = "cannot be trusted";
/// What is said of one that is not there.
pub const NOTHING: &str = "there is no projection";
/// What is said when the rows speak of less than was kept.
const LESS: &str = "it is folded again";
/// How many folders aside are kept at the most.
const ASIDES: usize = 2;

/// The service as a process of its own.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    pub fn start(world: &World) -> Self {
        let log = world.broker.data_dir().join("visibility.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_visibility"));
        command.args(["--nats-url", &world.broker.url(), "--log", "info", "--data-dir"]).arg(world.data.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap());
        Self { child: command.spawn().unwrap(), log }
    }

    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub async fn says(&self, words: &str) {
        let begun = Instant::now();
        while !self.said().contains(words) {
            assert!(begun.elapsed() < PATIENCE, "does not say `{words}`: {}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Told to end, or killed; and all it said.
    pub fn ended(mut self, signal: &str) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        (status, self.said())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl World {
    /// Waits until the service answers as an independent replay does.
    pub async fn is_the_replay(&self, orders: usize, process: &Process) {
        let begun = Instant::now();
        loop {
            let found = self.digests().await;
            let should = independent(self, orders).await;
            if found.as_ref() == Some(&should) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{found:?} is not {should:?}: {}", process.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the service has folded; nothing while it does not answer or has not caught up.
    async fn digests(&self) -> Option<Digests> {
        let ask = |subject: &'static str| self.connection.client.request(subject, "{}".into());
        let lag: Lag = serde_json::from_slice(&ask(queries::LAG).await.ok()?.payload).ok()?;
        let answer = ask(queries::DIGEST).await.ok()?;
        lag.caught_up.then(|| serde_json::from_slice(&answer.payload).ok())?
    }

    pub fn projection(&self) -> PathBuf {
        self.data.path().join("projection-1")
    }

    fn asides(&self) -> usize {
        let names = std::fs::read_dir(self.data.path()).unwrap().map(|item| item.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains(".aside-")).count()
    }
}

/// A folder with the projection of some orders, and the world that it is of.
pub async fn projected(orders: usize) -> World {
    let world = World::begin().await;
    let process = Process::start(&world);
    futures::future::join_all((0..orders).map(|number| world.live(number))).await;
    world.receive(1, 100).await;
    world.is_the_replay(orders, &process).await;
    world.settled(orders).await;
    assert!(process.ended("-TERM").0.success());
    world
}

/// One thing that happens to the folder, and what is said of it: one of these.
struct Damage {
    name: String,
    done: Box<dyn Fn(&Path)>,
    said: &'static [&'static str],
}

fn damage(name: impl Into<String>, said: &'static [&'static str], done: impl Fn(&Path) + 'static) -> Damage {
    Damage { name: name.into(), done: Box::new(done), said }
}

/// Each begins with a sound folder; whatever it does, the service is to come to the same answers.
async fn mended(orders: usize, damages: Vec<Damage>) {
    let world = projected(orders).await;
    let kept = tempfile::tempdir().unwrap();
    copy_folder(&world.projection(), kept.path());
    for Damage { name, done, said } in damages {
        let path = world.projection();
        let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
        copy_folder(kept.path(), &path);
        done(&path);
        let process = Process::start(&world);
        world.is_the_replay(orders, &process).await;
        let (status, log) = process.ended("-TERM");
        assert!(status.success(), "{name}: {status} {log}");
        assert!(said.iter().any(|words| log.contains(words)), "{name}: none of {said:?} in {log}");
        assert!(world.asides() <= ASIDES, "{name}: {} folders aside", world.asides());
        let again = Process::start(&world);
        world.is_the_replay(orders, &again).await;
        let (_, log) = again.ended("-TERM");
        assert!(!log.contains(DOUBT), "{name}: what was rebuilt is sound: {log}");
    }
}

fn cut(file: &'static str, share: f64) -> Damage {
    let said: &[&str] = match file {
        ENTRIES => &["its entries end at byte"],
        // Nothing is in it that sled does not know by itself, and it says so.
        "conf" => &[DOUBT, "corrupt configuration file found"],
        _ => &[DOUBT, LESS],
    };
    damage(format!("{file} cut to {share}"), said, move |path| {
        let file = std::fs::File::options().write(true).open(path.join(file)).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len((length as f64 * share) as u64).unwrap();
    })
}

fn garbage(file: &'static str) -> Damage {
    // sled takes a file it finds nothing in for a new one: what is kept beside it tells that it is none.
    let said: &[&str] = if file == "db" { &[DOUBT, LESS] } else { &[DOUBT] };
    damage(format!("garbage in {file}"), said, move |path| {
        let file = path.join(file);
        let length = std::fs::metadata(&file).unwrap().len();
        let bytes: Vec<u8> = (0..length).map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8).collect();
        std::fs::write(file, bytes).unwrap();
    })
}

/// The checkpoint says something else.
fn checkpoint(name: &str, said: &'static [&'static str], change: impl Fn(&mut Meta) + 'static) -> Damage {
    damage(name, said, move |path| {
        let db = unlocked(path);
        let mut meta: Meta = decode(&db.get(b"!").unwrap().unwrap()).unwrap();
        change(&mut meta);
        db.insert(b"!", encode(&meta).unwrap()).unwrap();
        db.flush().unwrap();
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_cut_short_or_garbled_is_rebuilt() {
    let mut damages: Vec<Damage> =
        [("db", 0.0), ("db", 0.3), ("db", 0.9), ("conf", 0.0), ("conf", 0.5), (ENTRIES, 0.0), (ENTRIES, 0.7)]
            .into_iter()
            .map(|(file, share)| cut(file, share))
            .collect();
    damages.extend(["db", "conf", ENTRIES].map(garbage));
    damages.push(damage("garbage in every snapshot", &[DOUBT, LESS, "the projection is open"], |path| {
        for item in std::fs::read_dir(path).unwrap().map(Result::unwrap) {
            if item.file_name().to_string_lossy().starts_with("snap.") {
                std::fs::write(item.path(), "no snapshot").unwrap();
            }
        }
    }));
    mended(5, damages).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_gone_or_something_else_is_rebuilt() {
    let damages = vec![
        damage("the folder is gone", &[NOTHING], |path| std::fs::remove_dir_all(path).unwrap()),
        damage("all folders are gone", &[NOTHING], |path| std::fs::remove_dir_all(path.parent().unwrap()).unwrap()),
        damage("the rows are gone", &[LESS], |path| std::fs::remove_file(path.join("db")).unwrap()),
        damage("the entries are gone", &["its entries end at byte 0"], |path| {
            std::fs::remove_file(path.join(ENTRIES)).unwrap();
        }),
        damage("a file is where the folder should be", &[DOUBT], |path| {
            std::fs::remove_dir_all(path).unwrap();
            std::fs::write(path, "no folder").unwrap();
        }),
        damage("a folder is where the rows should be", &[DOUBT], |path| {
            std::fs::remove_file(path.join("db")).unwrap();
            std::fs::create_dir(path.join("db")).unwrap();
        }),
        damage("a folder is where the entries should be", &[DOUBT], |path| {
            std::fs::remove_file(path.join(ENTRIES)).unwrap();
            std::fs::create_dir(path.join(ENTRIES)).unwrap();
        }),
    ];
    mended(5, damages).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_another_log_or_layout_is_rebuilt() {
    let damages = vec![
        checkpoint("of an older layout", &["its rows are of layout 6"], |meta| meta.schema = SCHEMA - 1),
        checkpoint("of a stream that is shorter today", &["it ends at"], |meta| {
            meta.orders.as_mut().unwrap().sequence += 1_000;
        }),
        checkpoint("of a stream of stock that is shorter today", &["STOCK changed underneath"], |meta| {
            meta.stock.as_mut().unwrap().sequence += 1_000;
        }),
        checkpoint("of another entry", &["ORDERS changed underneath"], |meta| {
            meta.orders.as_mut().unwrap().digest = EntryId([7; 16]);
        }),
        checkpoint("of a stream created at another time", &["it was created at"], |meta| {
            meta.orders.as_mut().unwrap().created = Timestamp::from_millis(1);
        }),
    ];
    mended(5, damages).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_deleted_while_it_is_in_use_is_rebuilt_at_once() {
    let world = projected(3).await;
    let process = Process::start(&world);
    world.is_the_replay(3, &process).await;
    std::fs::remove_dir_all(world.projection()).unwrap();
    process.says("projection-1/db was removed while it was in use").await;
    world.live(3).await;
    world.is_the_replay(4, &process).await;
    assert!(process.ended("-TERM").0.success());

    // What was rebuilt is on disk, and all of the data folder may go as well.
    let process = Process::start(&world);
    world.is_the_replay(4, &process).await;
    assert!(!process.said().contains(NOTHING), "{}", process.said());
    std::fs::remove_dir_all(world.data.path()).unwrap();
    process.says("was removed while it was in use").await;
    world.is_the_replay(4, &process).await;
    assert!(world.projection().join("db").exists());
    assert!(!process.ended("-KILL").0.success());
    let process = Process::start(&world);
    world.is_the_replay(4, &process).await;
}

/// As another user than root, who may write everywhere.
fn unprivileged(command: &mut Command, program: &Path) {
    if program.metadata().unwrap().uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_may_not_be_written_is_refused_in_words_and_left_as_it_is() {
    let world = projected(2).await;
    // Where another user can reach it.
    let open = tempfile::tempdir().unwrap();
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(open.path(), 0o755);
    let program = open.path().join("visibility");
    std::fs::copy(env!("CARGO_BIN_EXE_visibility"), &program).unwrap();
    let data = open.path().join("data");
    copy_folder(world.data.path(), &data);
    let outcome = || {
        let mut command = Command::new(&program);
        unprivileged(&mut command, &program);
        command.args(["--nats-url", &world.broker.url(), "--data-dir"]).arg(&data);
        let output = command.stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };

    mode(&data, 0o555);
    mode(&data.join("projection-1.lock"), 0o444);
    let (status, said) = outcome();
    assert_ne!(status, Some(0));
    assert!(said.contains("projection-1.lock") && said.contains("check --data-dir and its permissions"), "{said}");

    mode(&data, 0o777);
    mode(&data.join("projection-1.lock"), 0o666);
    for file in ["db", ENTRIES] {
        mode(&data.join("projection-1").join(file), 0o444);
    }
    let (status, said) = outcome();
    assert_ne!(status, Some(0));
    assert!(said.contains("check the disk's space and permissions") && said.contains("projection-1"), "{said}");
    assert!(data.join("projection-1/db").exists(), "it is not moved aside: rebuilding would not help");
}
