//! `waybill demo --processes` as a person runs it: processes that are killed, at any time and in any role.

use std::os::unix::fs::PermissionsExt;
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
/// Half of what the demo waits for a service that is only slow.
const AT_ONCE: Duration = Duration::from_secs(30);
const SERVICES: [&str; 5] = ["erp-adapter", "wms-adapter", "tms-adapter", "orchestrator", "visibility"];

/// A folder with the command line and the services as they are now, for one test alone. Cargo builds the programs of other
/// packages only when it is told to.
fn programs(test: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        // target/<profile>/deps/<this program>
        let own = std::env::current_exe().expect("known");
        let folder = own.parent().and_then(Path::parent).expect("two folders above").to_path_buf();
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "waybill"]);
        cargo.args(SERVICES.iter().flat_map(|name| ["--package", name]));
        cargo.args(folder.ends_with("release").then_some("--release"));
        assert!(cargo.status().expect("cargo runs").success());
        folder
    });
    let folder = fresh(&format!("{test}-programs"));
    for name in SERVICES.iter().chain(&["waybill"]) {
        std::fs::hard_link(built.join(name), folder.join(name)).expect("linked");
    }
    folder
}

/// An empty folder.
fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("created");
    folder
}

/// A demo of processes with folders of its own: for its programs, its temporary data and what it says.
struct Demo {
    child: Child,
    programs: PathBuf,
    temporary: PathBuf,
    said: PathBuf,
}

impl Demo {
    fn start(test: &str, programs: PathBuf, orders: u32) -> Self {
        let (temporary, said) = (fresh(&format!("{test}-temporary")), fresh(&format!("{test}-said")));
        let mut command = Command::new(programs.join("waybill"));
        command.args(["--json", "demo", "--processes", "--orders", &orders.to_string()]);
        command.env_remove("NATS_URL").env_remove("NATS_CONTEXT").env("TMPDIR", &temporary);
        let file = |name: &str| std::fs::File::create(said.join(name)).expect("created");
        command.stdin(Stdio::null()).stdout(file("stdout")).stderr(file("stderr")).kill_on_drop(true);
        Self { child: command.spawn().expect("started"), programs, temporary, said }
    }

    fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.said.join(name)).expect("read")
    }

    /// The running children, by what they are called.
    fn children(&self) -> Vec<(String, u32)> {
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
    async fn child(&self, name: &str) -> u32 {
        let pid = || self.children().into_iter().find(|(child, _)| child.starts_with(name)).map(|(_, pid)| pid);
        eventually(|| format!("{name} runs: {}", self.said("stderr")), pid).await
    }

    /// Status, standard output and standard error.
    async fn ended(mut self) -> (Option<i32>, String, String) {
        let status = tokio::time::timeout(RUN_LIMIT, self.child.wait()).await;
        let said = (self.said("stdout"), self.said("stderr"));
        let status = status.unwrap_or_else(|_| panic!("still running: {said:?}")).expect("known");
        let left: Vec<_> = std::fs::read_dir(&self.temporary).expect("there").collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        self.clear();
        (status.code(), said.0, said.1)
    }

    fn clear(&self) {
        for folder in [&self.programs, &self.temporary, &self.said] {
            std::fs::remove_dir_all(folder).expect("removed");
        }
    }
}

fn number(text: String) -> u32 {
    text.parse().expect("a process id")
}

/// What a living process is called; nothing when it is gone, or waits only for its status to be read.
fn name_of(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    (!rest.trim_start().starts_with('Z')).then(|| name.to_owned())
}

fn kill(pid: u32) {
    let killed = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill runs");
    assert!(killed.success());
}

async fn eventually<T>(what: impl Fn() -> String, look: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "not in time: {}", what());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn services_killed_in_the_middle_are_started_again_and_nothing_is_lost() {
    let demo = Demo::start("killed-service", programs("killed-service"), 1_000);
    let mut deaths = Vec::new();
    for name in ["orchestrator", "wms-adapter", "visibility"] {
        deaths.push(demo.child(name).await);
    }
    // From here on the installation is complete, and a death is no failure to start.
    eventually(|| "orders flow".to_owned(), || demo.said("stderr").contains(" released, ").then_some(())).await;
    deaths.into_iter().for_each(kill);
    let (status, answer, said) = demo.ended().await;
    assert_eq!(status, Some(0), "{answer}{said}");
    let report: Value = serde_json::from_str(&answer).expect("a report");
    assert_eq!((&report["sound"], &report["orders"]), (&true.into(), &1_000.into()), "{answer}");
    let once = serde_json::json!({ "orchestrator": 1, "wms-adapter": 1, "visibility": 1 });
    assert_eq!(report["restarts"], once);
    assert!(said.contains("orchestrator ended with signal: 9"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_demo_takes_everything_along() {
    let mut demo = Demo::start("killed-demo", programs("killed-demo"), 5_000);
    for name in SERVICES.iter().chain(&["nats-server"]) {
        demo.child(name).await;
    }
    let children = demo.children();
    demo.child.start_kill().expect("killed");
    demo.child.wait().await.expect("gone");
    let alive = || children.iter().filter(|(name, pid)| name_of(*pid).as_ref() == Some(name)).collect::<Vec<_>>();
    eventually(|| format!("{:?} are gone", alive()), || alive().is_empty().then_some(())).await;
    let left = || std::fs::read_dir(&demo.temporary).expect("there").count();
    eventually(|| "temporary folders are gone".to_owned(), || (left() == 0).then_some(())).await;
    demo.clear();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_dies_at_its_start_is_named_at_once_with_its_last_words() {
    let programs = programs("dead-at-start");
    let broken = programs.join("tms-adapter");
    std::fs::remove_file(&broken).expect("removed");
    std::fs::write(&broken, "#!/bin/sh\necho 'cannot read carrier.toml' >&2\nexit 7\n").expect("written");
    std::fs::set_permissions(&broken, std::fs::Permissions::from_mode(0o755)).expect("executable");

    let begun = Instant::now();
    let (status, _, said) = Demo::start("dead-at-start", programs, 10).ended().await;
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    assert_eq!(status, Some(1), "{said}");
    let failure: Value = serde_json::from_str(said.lines().last().unwrap_or_default()).expect("the last line is JSON");
    assert_eq!(failure["error"], "broken");
    let message = failure["message"].as_str().unwrap_or_default();
    for part in ["tms-adapter", "exit status: 7", "cannot read carrier.toml"] {
        assert!(message.contains(part), "{message}");
    }
}
