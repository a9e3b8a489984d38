//! What people do about partners, on a broker, with an adapter at work.

use std::path::Path;
use std::time::Duration;

use adapter::{Action, Origin};
use broker::{Broker, Options};
use model::{PartnerId, System};
use service::streams::{self, Durability, declare};
use service::{Connection, Host, Shutdown};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::difference::What;
use super::*;

/// How long anything may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A carrier's profile with these codes.
fn profile(version: u32, codes: &[(&str, &str)]) -> String {
    let table: String = codes.iter().map(|(code, milestone)| format!("{code} = \"transport.{milestone}\"\n")).collect();
    format!(
        r#"partner = "speedy"
system = "tms"
version = {version}
[table.status]
{table}else = {{ reject = true }}
[in.event]
format = "json"
each = "events[*]"
order = "order"
event_id = "id"
[[in.event.facts]]
kind = "milestone"
milestone = {{ path = "code", table = "status" }}
occurred = "at"
code = "code"
"#
    )
}

struct World {
    _broker: Broker,
    connection: Connection,
    folder: TempDir,
}

struct Serving {
    shutdown: Shutdown,
    task: JoinHandle<anyhow::Result<()>>,
}

impl World {
    async fn start() -> Self {
        let broker = broker::start(Options::default()).await.unwrap();
        let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
        declare(&connection.js, Durability::Demo).await.unwrap();
        Self { _broker: broker, connection, folder: tempfile::tempdir().unwrap() }
    }

    async fn adapter(&self) -> Serving {
        let shutdown = Shutdown::new();
        let host = Host::in_process(tms_adapter::ABOUT, self.connection.clone(), shutdown.clone()).await.unwrap();
        let readiness = host.readiness.clone();
        let task = tokio::spawn(adapter::serve(System::Tms, adapter::Settings::default(), host));
        let serving = async {
            while !(readiness.state().ready && readiness.state().latches.len() == 3) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(TIME_LIMIT, serving).await.unwrap();
        Serving { shutdown, task }
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    async fn add(&self, file: &str, replace: bool) -> Result<add::Report, Failure> {
        let args = add::Args { profile: file.to_owned(), partner: None, replace, by: by() };
        add::add(&args, &self.connection).await
    }

    async fn list(&self) -> list::Listing {
        list::gather(&list::Args::default(), &self.connection).await.unwrap()
    }

    async fn listed(&self, partner: &str) -> Option<list::Partner> {
        self.list().await.partners.into_iter().find(|own| own.partner == partner)
    }

    async fn publish(&self, events: &[(&str, &str, &str)]) {
        let event = |(id, order, code): &(&str, &str, &str)| {
            format!(r#"{{"id": "{id}", "order": "{order}", "code": "{code}", "at": "2026-03-01T12:00:00Z"}}"#)
        };
        let events: Vec<String> = events.iter().map(event).collect();
        let raw = format!(r#"{{"events": [{}]}}"#, events.join(","));
        self.connection.js.publish("in.tms.speedy.event", raw.into()).await.unwrap().await.unwrap();
    }

    /// Waits until nothing of the partner waits, and it is known as the test wants it.
    async fn until(&self, what: impl Fn(&list::Partner) -> bool) {
        let seen = async {
            while !self.listed("speedy").await.is_some_and(|own| what(&own)) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(TIME_LIMIT, seen).await.unwrap();
    }

    async fn held(&self, stream: &str) -> u64 {
        reach::stream(&self.connection.js, stream).await.unwrap().cached_info().state.messages
    }
}

impl Serving {
    async fn stop(self) {
        self.shutdown.trigger();
        tokio::time::timeout(TIME_LIMIT, self.task).await.unwrap().unwrap().unwrap();
    }
}

fn by() -> add::ByArgs {
    add::ByArgs { why: Some("a new carrier".to_owned()), who: Some("ann".to_owned()) }
}

fn speedy() -> PartnerId {
    PartnerId::new("speedy").unwrap()
}

fn refused<T>(result: Result<T, Failure>) -> String {
    match result {
        Err(Failure::Refused(words)) => words,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

fn ago() -> jiff::Timestamp {
    jiff::Timestamp::now().checked_sub(Duration::from_secs(3600)).unwrap()
}

#[tokio::test]
async fn a_profile_is_added_and_takes_the_place_of_an_earlier_one_only() {
    let world = World::start().await;
    let first = world.write("speedy.toml", &profile(1, &[("DLV", "delivered")]));
    let added = world.add(&first, false).await.unwrap();
    assert_eq!(
        (added.partner.as_str(), added.profile.name.as_str(), added.instead_of.is_none()),
        ("speedy", "speedy", true)
    );
    assert_eq!(
        added.reads,
        add::Changes { now: vec!["event".to_owned()], new: vec!["event".to_owned()], gone: vec![] }
    );
    assert_eq!(added.subjects.words(), "it sends to in.tms.speedy.event; it receives nothing");
    assert!(world.add(&first, false).await.unwrap().unchanged);
    let same_version = world.write("speedy.toml", &profile(1, &[("DLV", "delivered"), ("Q9", "in_transit")]));
    let words = refused(world.add(&same_version, false).await);
    assert_eq!(
        words,
        "partner speedy has profile speedy version 1, and this is version 1; give it a higher one, or say `--replace`"
    );
    let replaced = world.add(&same_version, true).await.unwrap();
    assert_eq!((replaced.lines_added, replaced.lines_removed), (1, 0));
    let text = anstream::adapter::strip_str(&add::render(&replaced)).to_string();
    assert_eq!(
        text.lines().nth(1),
        Some("  instead of profile speedy version 1 (added): 1 line new, 0 gone"),
        "{text}"
    );

    let other = profile(3, &[("DLV", "delivered")]).replace("system = \"tms\"", "system = \"wms\"");
    let words = refused(world.add(&world.write("other.toml", &other), true).await);
    assert!(words.starts_with("partner speedy is one of the tms, and this profile is for the wms"), "{words}");
    let wrong = world.write("wrong.toml", &profile(0, &[]));
    let error = world.add(&wrong, false).await.unwrap_err();
    assert!(matches!(&error, Failure::Usage(words) if words.contains("wrong.toml:3:")), "{error}");
    let error = world.add("nothing", false).await.unwrap_err();
    assert!(matches!(&error, Failure::Usage(words) if words.contains("those are: shopify")), "{error}");

    let shown = show::gather(&speedy(), &world.connection).await.unwrap();
    let history: Vec<_> = shown.history.iter().map(|step| (step.revision, step.action, step.version)).collect();
    assert_eq!(history, [(2, Action::Add, Some(1)), (1, Action::Add, Some(1))]);
    assert_eq!(
        (shown.history[0].who.as_deref(), shown.history[0].why.as_deref()),
        (Some("ann"), Some("a new carrier"))
    );
    let toml = async |revision| {
        show::toml(&show::Args { partner: speedy(), toml: true, revision }, &world.connection).await.unwrap()
    };
    assert_eq!(toml(Some(1)).await, profile(1, &[("DLV", "delivered")]));
    assert_eq!(toml(None).await, std::fs::read_to_string(Path::new(&same_version)).unwrap());
}

#[tokio::test]
async fn every_partner_is_listed_with_what_its_adapter_says_or_without() {
    let world = World::start().await;
    let file = world.write("speedy.toml", &profile(2, &[("DLV", "delivered")]));
    world.add(&file, false).await.unwrap();
    let template =
        add::Args { profile: "ups".to_owned(), partner: PartnerId::new("ups 2").ok(), replace: false, by: by() };
    let added = add::add(&template, &world.connection).await.unwrap();
    assert!(added.subjects.sends_to.contains(&"in.tms.ups=202.tracking".to_owned()), "{:?}", added.subjects);
    let silent = world.list().await;
    assert_eq!(silent.silent, ["erp-adapter", "wms-adapter", "tms-adapter"]);
    let names: Vec<&str> = silent.partners.iter().map(|own| own.partner.as_str()).collect();
    assert_eq!(
        names,
        ["erp-main", "shopify", "woocommerce", "wms-east", "wms-west", "speedy", "tms-main", "tms-spare", "ups 2"]
    );
    let adapter = world.adapter().await;
    world.publish(&[("1", "SO-1", "Q9")]).await;
    world.until(|own| own.waiting == Some(0) && own.quarantined == 1).await;
    let listing = world.list().await;
    assert_eq!(listing.silent, ["erp-adapter", "wms-adapter"]);
    let own = listing.partners.iter().find(|own| own.partner == "speedy").unwrap();
    assert_eq!((own.version, own.from, own.who.as_deref()), (Some(2), Some(Origin::Bucket), Some("ann")));
    let text = anstream::adapter::strip_str(&list::render(&listing)).to_string();
    assert!(
        text.contains("speedy       tms     speedy             2  added    on           0            1  event"),
        "{text}"
    );
    let spare =
        add::Args { profile: file.clone(), partner: PartnerId::new("tms-spare").ok(), replace: false, by: by() };
    add::add(&spare, &world.connection).await.unwrap();
    let before = async || world.listed("tms-spare").await.unwrap().before;
    let said = async {
        while before().await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(TIME_LIMIT, said).await.unwrap();
    assert_eq!(before().await, Some(Origin::Shipped));
    // Somebody else's hand in the bucket.
    let bucket = world.connection.js.get_key_value(streams::PROFILES).await.unwrap();
    bucket.put("speedy", "by hand".into()).await.unwrap();
    world.until(|own| own.wrong.is_some() && own.version == Some(2)).await;
    adapter.stop().await;
}

#[tokio::test]
async fn a_partner_is_switched_off_and_on_and_its_profile_taken_away() {
    let world = World::start().await;
    let file = world.write("speedy.toml", &profile(1, &[("DLV", "delivered")]));
    let act =
        async |switch| switch::act(&switch::Args { partner: speedy(), by: by() }, switch, &world.connection).await;
    assert!(matches!(act(switch::Switch::Off).await, Err(Failure::NotFound(_))));
    world.add(&file, false).await.unwrap();
    let adapter = world.adapter().await;
    let off = act(switch::Switch::Off).await.unwrap();
    assert_eq!((off.disabled, off.unchanged), (true, false));
    assert!(act(switch::Switch::Off).await.unwrap().unchanged);
    tokio::time::sleep(Duration::from_millis(600)).await;
    world.publish(&[("1", "SO-1", "DLV")]).await;
    world.until(|own| own.disabled && own.waiting == Some(1)).await;
    assert_eq!(inboxes_off(&world.connection).await.into_iter().collect::<Vec<_>>(), ["tms-adapter_speedy"]);
    // A profile may be changed meanwhile.
    world.add(&world.write("speedy.toml", &profile(2, &[("DLV", "delivered")])), false).await.unwrap();
    assert_eq!(world.held(streams::ORDERS).await, 0);
    act(switch::Switch::On).await.unwrap();
    world.until(|own| !own.disabled && own.waiting == Some(0)).await;
    assert_eq!(world.held(streams::ORDERS).await, 1);
    act(switch::Switch::Off).await.unwrap();
    let removed = act(switch::Switch::Removed).await.unwrap();
    assert_eq!((removed.action, removed.disabled, &removed.profile), (Action::Remove, true, &None));
    let text = switch::render(&removed);
    assert!(text.contains("it is still switched off: what it sends and what it is asked waits"), "{text}");
    assert!(!act(switch::Switch::On).await.unwrap().disabled, "it can be switched on without a profile");
    assert!(matches!(act(switch::Switch::Removed).await, Err(Failure::NotFound(_))));
    let tms = switch::Args { partner: PartnerId::new("tms-main").unwrap(), by: by() };
    let off = switch::act(&tms, switch::Switch::Off, &world.connection).await.unwrap();
    assert_eq!(off.profile.map(|own| own.name).as_deref(), Some("sim-tms"), "one that comes with Waybill can be, too");
    let nobody_says_why = switch::Args { partner: tms.partner, by: add::ByArgs { why: None, ..by() } };
    let error = switch::act(&nobody_says_why, switch::Switch::On, &world.connection).await.map(drop).unwrap_err();
    assert!(matches!(error, Failure::Usage(_)));
    adapter.stop().await;
}

#[tokio::test]
async fn a_code_that_nobody_knew_is_found_mapped_tried_added_and_read_again() {
    let world = World::start().await;
    let now = world.write("speedy.toml", &profile(1, &[("DLV", "delivered")]));
    world.add(&now, false).await.unwrap();
    let adapter = world.adapter().await;
    world.publish(&[("1", "SO-1", "DLV"), ("2", "SO-2", "Q9")]).await;
    world.publish(&[("3", "SO-3", "DLV")]).await;
    world.publish(&[("4", "SO-4", "Q9")]).await;
    world.until(|own| own.waiting == Some(0) && own.quarantined == 2).await;

    let args = unmapped::Args { partner: None, since: ago() };
    let found = unmapped::gather(&args, &world.connection).await.unwrap();
    assert_eq!((found.messages, found.codes.len()), (3, 1));
    let code = &found.codes[0];
    assert_eq!((code.field.as_str(), code.code.as_str(), code.count, code.example), ("events[*].code", "Q9", 2, 3));
    let text = anstream::adapter::strip_str(&unmapped::render(&found)).to_string();
    assert!(text.contains("    2  speedy   event    events[*].code  Q9"), "{text}");

    let new =
        attempt::Args { profile: now.clone(), since: ago(), partner: PartnerId::new("another").ok(), examples: 0 };
    let error = attempt::attempt(&new, &world.connection).await.map(drop).unwrap_err();
    assert!(matches!(&error, Failure::NotFound(words) if words.contains("no message of partner another")), "{error}");
    let attempt = async |file: &str| {
        let args = attempt::Args { profile: file.to_owned(), since: ago(), partner: None, examples: 1 };
        attempt::attempt(&args, &world.connection).await.unwrap()
    };
    let same = attempt(&now).await;
    assert_eq!((same.messages, same.differ, same.causes.len()), (3, 0, 0));
    let mended = world.write("speedy.toml", &profile(2, &[("DLV", "delivered"), ("Q9", "in_transit")]));
    let tried = attempt(&mended).await;
    assert_eq!((tried.messages, tried.differ, tried.wrong_now, tried.wrong_changed), (3, 2, 2, 0));
    let causes: Vec<_> = tried.causes.iter().map(|cause| (cause.what, cause.count, cause.examples.len())).collect();
    assert_eq!(causes, [(What::OnlyChanged, 2, 1), (What::Readable, 2, 1)]);
    let text = anstream::adapter::strip_str(&attempt::render(&tried)).to_string();
    assert!(text.contains("3 messages read, 2 would say something else; not read in full: 2 now, 0 then"), "{text}");
    assert!(text.contains("  INBOX 1, order SO-2\n    then  {\"milestone\":"), "{text}");
    assert_eq!(world.held(streams::ORDERS).await, 2, "nothing was written");

    world.add(&mended, false).await.unwrap();
    let replay = async |yes| {
        let args = replay::Args { partner: speedy(), since: ago(), yes, by: by() };
        replay::replay(&args, &world.connection).await.unwrap()
    };
    let dry = replay(false).await;
    assert_eq!((dry.begun, dry.messages, dry.not_read, dry.from, dry.upto), (false, 3, 0, 1, 3));
    assert_eq!((dry.quarantined, dry.readable.as_slice()), (2, [1, 2].as_slice()));
    let text = anstream::adapter::strip_str(&replay::render(&dry)).to_string();
    assert!(text.contains("3 messages would be read again, from INBOX 1 on"), "{text}");
    assert!(text.contains("waybill quarantine discard 1 2 --yes --why TEXT"), "{text}");
    assert_eq!(world.held(streams::ORDERS).await, 2);
    world.connection.js.publish("in.tms.speedy.strange", "{}".into()).await.unwrap().await.unwrap();
    world.until(|own| own.quarantined == 3).await;
    let dry = replay(false).await;
    assert_eq!((dry.messages, dry.not_read), (4, 1));
    let text = replay::render(&dry);
    assert!(text.contains("1 of these: no message that this profile reads"), "{text}");
    assert!(replay(true).await.begun);
    let all = async {
        while world.held(streams::ORDERS).await < 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(TIME_LIMIT, all).await.unwrap();
    world.until(|own| own.waiting == Some(0)).await;
    assert_eq!((world.held(streams::ORDERS).await, world.held(streams::QUARANTINE).await), (4, 3), "each fact once");
    let shown = show::gather(&speedy(), &world.connection).await.unwrap();
    assert_eq!((shown.history[0].action, shown.history[0].who.as_deref()), (Action::Replay, Some("ann")));
    assert_eq!(shown.profile.map(|own| own.version), Some(2), "the profile stays");
    adapter.stop().await;
}

#[tokio::test]
async fn the_partner_of_the_readme_is_onboarded_as_it_says() {
    let readme = include_str!("../../../../README.md");
    let page = readme.split("## Onboard a partner").nth(1).unwrap().split("\n## ").next().unwrap();
    let message = page.split("```").nth(1).unwrap();
    let profile = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let profile: String = profile.lines().map(|line| line.trim_start().to_owned() + "\n").collect();
    for words in ["add speedy.toml", "unmapped speedy", "try speedy.toml", "show speedy"] {
        assert!(page.contains(&format!("waybill partner {words}")), "{words}");
    }
    let world = World::start().await;
    world.add(&world.write("speedy.toml", &profile), false).await.unwrap();
    world.connection.js.publish("in.tms.speedy.status", message.into()).await.unwrap().await.unwrap();
    let args = unmapped::Args { partner: Some(speedy()), since: ago() };
    let found = unmapped::gather(&args, &world.connection).await.unwrap();
    assert_eq!(found.codes.iter().map(|code| code.code.as_str()).collect::<Vec<_>>(), ["Q9"]);
    let mended = profile.replace("\"x12-214.milestone\"", "[\"status\", \"x12-214.milestone\"]");
    let mended = mended.replace("version = 1", "version = 2\n[table.status]\nQ9 = \"transport.in_transit\"");
    let profile = world.write("speedy.toml", &mended);
    let args = attempt::Args { profile: profile.clone(), since: ago(), partner: None, examples: 0 };
    let tried = attempt::attempt(&args, &world.connection).await.unwrap();
    assert_eq!(tried.causes.iter().map(|cause| cause.what).collect::<Vec<_>>(), [What::OnlyChanged, What::Readable]);
    assert_eq!(world.add(&profile, false).await.unwrap().profile.version, 2);

    let adapter = world.adapter().await;
    let later = message.replace("000000041", "000000044").replace("*41", "*44");
    for raw in [message, &later, &later] {
        world.connection.js.publish("in.tms.speedy.status", raw.to_owned().into()).await.unwrap().await.unwrap();
    }
    world.until(|own| (own.interchanges_missing, own.interchanges_repeated) == (2, 2)).await;
    let text = anstream::adapter::strip_str(&list::render(&world.list().await)).to_string();
    assert!(text.contains("speedy: interchanges: 2 missing, 2 came twice; which: waybill partner show\n"), "{text}");
    let shown = show::gather(&speedy(), &world.connection).await.unwrap();
    let text = anstream::adapter::strip_str(&show::render(&shown)).to_string();
    let words = "\ninterchanges from 02:SPDY to ZZ:US: last 44, missing 42 to 43, 2 came twice\n";
    assert!(text.contains(words), "{text}");
    assert_eq!(serde_json::to_value(&shown).unwrap()["interchanges"][0]["missing"][0]["first"], 42);
    adapter.stop().await;
}
