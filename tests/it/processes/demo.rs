//! A demo of processes under test: what runs, what it says, and how it ends.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::{Child, Command};

/// How long a test waits for something to become true.
const PATIENCE: Duration = Duration::from_secs(60);
/// Long enough for what a killed process took with it to be delivered again, twice.
const RUN_LIMIT: Duration = Duration::from_secs(180);
pub const SERVICES: [&str; 5] = ["erp-adapter", "wms-adapter", "tms-adapter", "orchestrator", "visibility"];

/// A folder with the command line and the services as they are now, for one test alone. Cargo builds the programs of other
/// packages only when it is told to.
pub fn programs(test: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        // target/<profile>/deps/<this program>
        let own = std::env::current_exe().expect("known");
        let folder = own.parent().and_then(Path::parent).expect("two folders above").to_path_buf();
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "waybill"]);
        cargo.args(SERVICES.iter().flat_map(|name| ["--package", name]));
        cargo.args(folder.ends_with("release").then_some("--release"));
        // Cargo tells a test of its package; some build scripts would run again because of it, and all that depends on them.
        let told = std::env::vars_os().map(|(name, _)| name);
        for name in told.filter(|name| name.to_str().is_some_and(is_told_of_package)) {
            cargo.env_remove(name);
        }
        assert!(cargo.status().expect("cargo runs").success());
        folder
    });
    let folder = fresh(&format!("{test}-programs"));
    for name in SERVICES.iter().chain(&["waybill"]) {
        std::fs::hard_link(built.join(name), folder.join(name)).expect("linked");
    }
    folder
}

fn is_told_of_package(variable: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| variable.starts_with(prefix))
}

/// An empty folder.
pub fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("created");
    folder
}

/// A demo of processes with folders of its own: for its programs, its temporary data and what it says.
pub struct Demo {
    pub child: Child,
    programs: PathBuf,
    pub temporary: PathBuf,
    said: PathBuf,
}

impl Demo {
    pub fn start(test: &str, programs: PathBuf, orders: u32) -> Self {
        Self::start_with(test, programs, orders, &[], None)
    }

    /// With these flags, and on the broker at this address.
    pub fn start_with(test: &str, programs: PathBuf, orders: u32, flags: &[&str], broker: Option<&str>) -> Self {
        let (temporary, said) = (fresh(&format!("{test}-temporary")), fresh(&format!("{test}-said")));
        let mut command = Command::new(programs.join("waybill"));
        command.args(["--json", "demo", "--processes", "--orders", &orders.to_string()]).args(flags);
        command.env_remove("NATS_URL").env_remove("NATS_CONTEXT").env("TMPDIR", &temporary);
        command.envs(broker.map(|url| ("NATS_URL", url)));
        let file = |name: &str| std::fs::File::create(said.join(name)).expect("created");
        command.stdin(Stdio::null()).stdout(file("stdout")).stderr(file("stderr")).kill_on_drop(true);
        Self { child: command.spawn().expect("started"), programs, temporary, said }
    }

    pub fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.said.join(name)).expect("read")
    }

    /// The running children, by what they are called.
    pub fn children(&self) -> Vec<(String, u32)> {
        let pid = self.child.id().expect("it runs");
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().filter_map(Result::ok);
        let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        let children: Vec<u32> = children
            .flat_map(|pids| pids.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .map(number)
            .collect();
        children.into_iter().filter_map(|pid| Some((name_of(pid)?, pid))).collect()
    }

    /// Waits for a child whose name begins so: a downloaded broker's ends with its version.
    pub async fn child(&self, name: &str) -> u32 {
        let pid = || self.children().into_iter().find(|(child, _)| child.starts_with(name)).map(|(_, pid)| pid);
        eventually(|| format!("{name} runs: {}", self.said("stderr")), pid).await
    }

    /// Status, standard output and standard error.
    pub async fn ended(mut self) -> (Option<i32>, String, String) {
        let status = tokio::time::timeout(RUN_LIMIT, self.child.wait()).await;
        let said = (self.said("stdout"), self.said("stderr"));
        let status = status.unwrap_or_else(|_| panic!("still running: {said:?}")).expect("known");
        let left: Vec<_> = std::fs::read_dir(&self.temporary).expect("there").collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        self.clear();
        (status.code(), said.0, said.1)
    }

    /// The report of a run that ended well, every order as it must and nothing done twice; and standard error.
    pub async fn sound(self, orders: u64) -> (Value, String) {
        let (status, answer, said) = self.ended().await;
        assert_eq!(status, Some(0), "{answer}{said}");
        let report: Value = serde_json::from_str(&answer).expect("a report");
        assert_eq!((&report["sound"], &report["orders"]), (&true.into(), &orders.into()), "{answer}");
        assert_eq!(report["asks"]["acted_twice"], 0, "{answer}");
        (report, said)
    }

    pub fn clear(&self) {
        for folder in [&self.programs, &self.temporary, &self.said] {
            std::fs::remove_dir_all(folder).expect("removed");
        }
    }
}

fn number(text: String) -> u32 {
    text.parse().expect("a process id")
}

/// What a living process is called; nothing when it is gone, or waits only for its status to be read.
pub fn name_of(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    (!rest.trim_start().starts_with('Z')).then(|| name.to_owned())
}

pub fn kill(pid: u32) {
    let killed = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill runs");
    assert!(killed.success());
}

pub async fn eventually<T>(what: impl Fn() -> String, look: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "not in time: {}", what());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
