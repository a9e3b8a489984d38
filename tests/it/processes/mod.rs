//! `waybill demo --processes` as a person runs it: processes that are killed, at any time and in any role.

mod broker_side;
mod demo;
mod kills;
mod outage;

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::Value;

use demo::{Demo, SERVICES, eventually, kill, name_of, programs};

/// Half of what the demo waits for a service that is only slow.
const AT_ONCE: Duration = Duration::from_secs(30);

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
    let (report, said) = demo.sound(1_000).await;
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
