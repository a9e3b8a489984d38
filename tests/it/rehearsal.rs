//! Policies tried on the past of an installation.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use simulator::Level;
use waybill::exit::{Failure, Verdict};
use waybill::house::{House, Plan};
use waybill::rehearse::{Args, Report, Threshold, report};

use crate::kit::{generated, play_with};

/// What a policy in a file is tried on: the whole past.
fn trying(policy: PathBuf) -> Args {
    Args {
        policy: Some(policy),
        returns_policy: None,
        profile: None,
        partner: None,
        since: None,
        order: Vec::new(),
        threshold: Threshold::Orders(0),
        examples: 3,
    }
}

struct World {
    house: House,
    folder: tempfile::TempDir,
}

impl World {
    /// An installation that has run with this policy, and with faults.
    async fn after(policy: &'static str, seed: u64, orders: u64) -> Self {
        let house = House::open(&Plan { policy: Some(policy), ..Plan::default() }).await.expect("an installation");
        let run = play_with(&house, generated(seed, orders), Level::High).await;
        assert_eq!(run.wrong, Vec::<String>::new());
        drop(run);
        Self { house, folder: tempfile::tempdir().expect("a folder") }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        file
    }

    async fn tried(&self, text: &str) -> Report {
        let args = trying(self.file("policy.toml", text));
        report(&args, &self.house.connection).await.expect("rehearsed")
    }

    /// How the command line ends.
    async fn ends(&self, line: &[&str]) -> Result<Verdict, Failure> {
        let url = self.house.url();
        let words = ["waybill", "--nats-url", &url, "rehearse"].into_iter().chain(line.iter().copied());
        let cli = waybill::cli::parse(words.map(OsString::from)).expect("a command line");
        waybill::execute(cli).await
    }
}

fn all(report: &Report) -> BTreeSet<&str> {
    report.tally.rules.iter().map(|rule| rule.rule.as_str()).collect()
}

/// The rules that orders part with.
fn first(report: &Report) -> BTreeSet<&str> {
    let parting = report.tally.rules.iter().filter(|rule| rule.first > 0);
    parting.map(|rule| rule.rule.as_str()).collect()
}

/// The policy that faults are played with, changed in one place.
fn hurried_but(from: &str, to: &str) -> String {
    let hurried = waybill::demo::HURRIED;
    assert!(hurried.contains(from), "{from}");
    hurried.replace(from, to)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_that_was_in_force_would_have_decided_the_same_and_another_what_it_changes() {
    let world = World::after(waybill::demo::HURRIED, 21, 120).await;
    let same = world.tried(waybill::demo::HURRIED).await;
    assert!(same.tally.orders >= 120 && same.tally.decisions > 500, "{}", same.text());
    assert!(same.passes && same.tally.otherwise == 0, "{}", same.text());

    let tolerant = world.tried(&hurried_but("[retries]", "[tolerance]\nfreight_percent = 1000\n[retries]")).await;
    let mismatch = ["exception freight_mismatch", "resolve freight_mismatch"];
    assert_eq!(all(&tolerant), BTreeSet::from(mismatch), "{}", tolerant.text());
    assert_eq!(first(&tolerant), BTreeSet::from([mismatch[0]]));
    let raised = &tolerant.tally.rules[0];
    assert_eq!((raised.fewer, raised.more, raised.other), (tolerant.tally.otherwise, 0, 0), "{}", tolerant.text());
    assert!(!raised.worth.0.is_empty() && raised.examples[0].before[0].starts_with("raises freight_mismatch s"));

    let shorter = world.tried(&hurried_but("answer = \"8s\"", "answer = \"8s\"\nship = \"2d\"")).await;
    // What follows where an order has parted is as far as the facts of the past can tell.
    assert_eq!(first(&shorter), BTreeSet::from(["deadline ship"]), "{}", shorter.text());
    let ships = &shorter.tally.rules[0];
    assert!(ships.fewer == 0 && ships.more == 0 && ships.other >= ships.orders, "{}", shorter.text());

    tries_a_profile(&world).await;
    let file = world.file("shorter.toml", &hurried_but("answer = \"8s\"", "answer = \"8s\"\nship = \"2d\""));
    let file = file.display().to_string();
    assert_eq!(world.ends(&["--policy", &file]).await.expect("rehearsed"), Verdict::Wrong);
    assert_eq!(world.ends(&["--policy", &file, "--threshold", "100%"]).await.expect("rehearsed"), Verdict::Fine);
    assert_eq!(world.ends(&["--policy", &file, "--since", "0s"]).await.expect("rehearsed"), Verdict::Fine);
    let nobody = world.ends(&["--policy", &file, "--order", "nobody's"]).await.expect_err("not there");
    assert_eq!((nobody.kind(), nobody.status()), ("not_found", 1));

    let wrong = world.file("wrong.toml", "[deadlines]\nship = \"soon\"\n");
    let wrong = world.ends(&["--policy", &wrong.display().to_string()]).await.expect_err("wrong");
    assert!(wrong.to_string().contains("wrong.toml:2:8: "), "{wrong}");
    assert_eq!(wrong.status(), 2);
    world.house.close().await.expect("drained");
}

/// A carrier's code that is mapped otherwise is decided on otherwise; a profile that says the same is not.
async fn tries_a_profile(world: &World) {
    let (_, text) = partners::shipped().iter().find(|(name, _)| *name == "sim-tms").expect("comes along");
    let delivered = "DLV = \"transport.delivered\"";
    assert!(text.contains(delivered));
    let mut args = trying(world.file("policy.toml", waybill::demo::HURRIED));
    args.since = Some("2026-01-01T00:00:00Z".parse().expect("a time"));
    args.profile = Some(world.file("same.toml", text).display().to_string());
    let same = report(&args, &world.house.connection).await.expect("rehearsed");
    let told = same.told.as_ref().expect("of a profile");
    assert!(told.messages > 100 && told.differing == 0 && same.passes && same.tally.orders >= 120, "{}", same.text());

    let changed = text.replace(delivered, "DLV = \"transport.in_transit\"");
    args.profile = Some(world.file("changed.toml", &changed).display().to_string());
    let changed = report(&args, &world.house.connection).await.expect("rehearsed");
    let told = changed.told.as_ref().expect("of a profile");
    assert!(told.differing > 50 && told.facts >= told.differing, "{}", changed.text());
    let asked = changed.tally.rules.iter().find(|rule| rule.rule == "confirm_shipment").expect("is asked no more");
    assert!(asked.first > 50 && asked.fewer >= asked.first && asked.more == 0, "{}", changed.text());
}

#[tokio::test]
async fn a_broker_that_is_not_there_cannot_be_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, "").expect("written");
    let line = ["waybill", "--nats-url", "nats://127.0.0.1:1", "rehearse", "--policy"].map(OsString::from);
    let cli = waybill::cli::parse(line.into_iter().chain([file.into_os_string()])).expect("a command line");
    assert_eq!(waybill::execute(cli).await.expect_err("nobody there").status(), 3);
}
