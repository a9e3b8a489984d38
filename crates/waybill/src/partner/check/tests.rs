use std::fs;

use super::*;

const PROFILE: &str = r#"
partner = "speedy"
system = "tms"
version = 3

[table.status]
DLV = "transport.delivered"
else = { reject = true }

[in.event]
format = "json"
each = "events[*]"
order = { reference = "pro" }

[[in.event.facts]]
kind = "milestone"
milestone = { path = "code", table = "status" }
occurred = "at"
code = "code"

[in.event_receipt]
format = "json"
order = "order"
xref = [{ reference = "pro" }]

[[in.event_receipt.facts]]
kind = "answered"
ask = "tender"
outcome = { value = "accepted" }
"#;

fn checked(files: &[(&str, &str)], message: Option<&str>) -> Result<Checked, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let profile = write("speedy.toml", PROFILE).display().to_string();
    let samples = files.iter().map(|(name, text)| write(name, text)).collect();
    check(&Args { profile, samples, message: message.map(str::to_owned) }, "2026-03-05T00:00:00Z".parse().unwrap())
}

#[test]
fn each_sample_is_shown_with_what_it_becomes_and_what_is_wrong_with_it() {
    let events = r#"{"events": [
        {"pro": "P1", "code": "DLV", "at": "2026-03-04T10:15:00+01:00"},
        {"pro": "P2", "code": "QQQ", "at": "2026-03-04T10:15:00+01:00"}]}"#;
    let receipt = r#"{"order": "SO 1", "pro": "P1", "tender": "SO 1/book/s1"}"#;
    let checked = checked(&[("event-1.json", events), ("event_receipt.json", receipt)], None).unwrap();
    let text = anstream::adapter::strip_str(&render(&checked)).to_string();
    let shown: Vec<&str> = text.lines().skip(1).filter(|line| line.starts_with("  ")).collect();
    assert_eq!(
        shown,
        [
            "  reads event, event_receipt; writes nothing",
            "  order known by P1",
            "    actual transport.delivered 2026-03-04T10:15:00+01:00, code DLV",
            "  wrong `events[1].code` holds `QQQ`, which is not in the table `status`",
            "  1 order, 1 fact, 1 wrong",
            "  order SO 1",
            "    answers SO 1/book/s1: accepted",
            "    P1 means it from then on",
            "  1 order, 1 fact, 0 wrong",
        ],
        "{text}"
    );
    assert_eq!(checked.samples[1].message, "event_receipt", "the longer name");
}

#[test]
fn a_sample_that_is_no_message_of_the_profile_is_asked_about() {
    let says = |files: &[(&str, &str)], message: Option<&str>| match checked(files, message) {
        Err(Failure::Usage(words)) => words,
        other => panic!("{other:?}"),
    };
    let words = says(&[("x.json", "{}")], None);
    assert!(words.ends_with("Say it with --message; the profile reads: `event`, `event_receipt`"), "{words}");
    let words = says(&[("x.json", "{}")], Some("events"));
    assert_eq!(words, "the profile reads no message `events`; it reads: `event`, `event_receipt`");
    let sample = checked(&[("x.json", "{")], Some("event")).unwrap().samples.remove(0);
    assert!(sample.wrong[0].text.starts_with("the message ends too early for JSON"), "{:?}", sample.wrong);
}

#[test]
fn a_list_is_shown_with_its_rows_its_moment_and_whether_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let sample = folder.path().join("open_orders.json");
    let orders: Vec<String> = (1..=22).map(|n| format!(r#"{{"vbeln": "SO-{n}"}}"#)).collect();
    let items = r#"{"vbeln": "SO-0", "items": [{"posnr": "10", "menge": "3", "meins": "ST"}]}"#;
    let raw = format!(r#"{{"at": "2026-03-04T18:00:00Z", "documents": [{items}, {}, {{}}]}}"#, orders.join(","));
    fs::write(&sample, raw).unwrap();
    let args = Args { profile: "sim-erp".to_owned(), samples: vec![sample], message: None };
    let checked = check(&args, "2026-03-05T00:00:00Z".parse().unwrap()).unwrap();
    let text = anstream::adapter::strip_str(&render(&checked)).to_string();
    let shown: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("  list")).collect();
    assert_eq!(
        shown[..2],
        ["  list of orders, 23 rows, as of 2026-03-04T18:00:00Z, not complete", "    order SO-0: line 10 3 EA",]
    );
    assert_eq!(
        shown[20..],
        [
            "    order SO-19",
            "    and 3 more",
            "  wrong `documents[23].vbeln` is absent; expected an order number of 1 to 120 bytes",
            "  0 orders, 0 facts, 1 wrong",
        ]
    );
    assert_eq!(checked.samples[0].lists[0].listed.rows(), 23, "programs get all of them");
}

#[test]
fn the_page_that_onboards_a_partner_says_how_a_list_is_read() {
    let readme = include_str!("../../../../../README.md");
    let page = readme.split("## Onboard a partner").nth(1).unwrap();
    let listed = page.split("```toml\n").nth(3).unwrap().split("```").next().unwrap();
    let profile = format!("partner = \"speedy\"\nsystem = \"tms\"\nversion = 1\n{listed}");
    let profile = partners::Profile::load("speedy.toml", &profile).unwrap();
    let raw = br#"{"as_of": "2026-03-04T18:00:00Z", "shipments": [{"pro": "PRO77", "status": "AF"}]}"#;
    let read = adapter::read(System::Tms, &profile, "under_way", raw, "2026-03-05T00:00:00Z".parse().unwrap());
    assert_eq!((read.snapshots.len(), read.snapshots[0].listed.rows(), read.wrong.len()), (1, 1, 0));
}

#[test]
fn the_lists_that_the_readme_publishes_are_read() {
    let readme = include_str!("../../../../../README.md");
    let page = readme.split("## Publish an order of your own").nth(1).unwrap().split("\n## ").next().unwrap();
    let published = page.split("nats pub in.").skip(1).map(|rest| {
        let (subject, rest) = rest.split_once(" '").unwrap();
        (subject.to_owned(), rest.split('\'').next().unwrap())
    });
    let mut lists = 0;
    for (subject, body) in published {
        let [system, partner, message] = subject.split('.').collect::<Vec<_>>()[..] else { panic!("{subject}") };
        let (_, text) = super::super::known::shipped().into_iter().find(|(own, _)| own.as_str() == partner).unwrap();
        let profile = text.compile(None).unwrap();
        assert_eq!(profile.system.as_str(), system);
        let read = adapter::read(profile.system, &profile, message, body.as_bytes(), now());
        assert_eq!(read.wrong, [], "{subject}");
        lists += read.snapshots.len();
    }
    assert_eq!(lists, 1);
}

#[test]
fn a_template_is_named_as_elsewhere() {
    let check = |profile: &str| {
        let args = Args { profile: profile.to_owned(), samples: Vec::new(), message: None };
        check(&args, "2026-03-05T00:00:00Z".parse().unwrap())
    };
    let text = render(&check("x12-wms").unwrap());
    assert!(text.starts_with("x12-wms: wms "), "{text}");
    let error = check("nothing").unwrap_err();
    assert!(matches!(&error, Failure::Usage(words) if words.contains("no profile that comes with Waybill")), "{error}");
}

#[test]
fn a_profile_that_is_wrong_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("p.toml");
    fs::write(&profile, PROFILE.replace("version = 3", "version = 0")).unwrap();
    let error = check(
        &Args { profile: profile.display().to_string(), samples: Vec::new(), message: None },
        "2026-03-05T00:00:00Z".parse().unwrap(),
    )
    .unwrap_err();
    assert!(matches!(&error, Failure::Usage(words) if words.contains("p.toml:4:")), "{error}");
}

#[test]
fn what_the_readme_says_of_a_new_partner_is_true() {
    let readme = include_str!("../../../../../README.md");
    let page = readme.split("## Onboard a partner").nth(1).unwrap();
    let mut blocks = page.split("```");
    let message = blocks.nth(1).unwrap();
    let profile = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let args = Args {
        profile: write("speedy.toml", profile).display().to_string(),
        samples: vec![write("status-1.edi", message)],
        message: None,
    };
    let checked = check(&args, "2026-11-25T18:00:00Z".parse().unwrap()).unwrap();
    let sample = &checked.samples[0];
    let says: Vec<String> = sample.orders.iter().map(|about| words::fact(Subject::Order, &about.facts[0])).collect();
    assert_eq!(
        says,
        [
            "actual transport.picked_up 2026-11-25T08:15-06:00, at CHICAGO, US, code AF",
            "delayed (weather) 2026-11-25T09:30-06:00, code SD"
        ]
    );
    assert_eq!(sample.wrong.len(), 1);
    assert!(sample.wrong[0].text.contains("holds `Q9`"), "{:?}", sample.wrong);
}

#[test]
fn the_page_that_onboards_a_partner_says_what_it_can_be_asked() {
    let readme = include_str!("../../../../../README.md");
    let page = readme.split("## Onboard a partner").nth(1).unwrap();
    let asked = page.split("```toml\n").nth(2).unwrap().split("```").next().unwrap();
    let profile = format!("partner = \"speedy\"\nsystem = \"tms\"\nversion = 1\n{asked}");
    let profile = partners::Profile::load("speedy.toml", &profile).unwrap();
    assert_eq!(profile.requests().collect::<Vec<_>>(), ["book"]);
    for name in ["x12-erp", "x12-wms", "x12-tms", "edifact-erp", "edifact-tms", "sap-erp", "sap-wms"] {
        assert!(page.contains(name) && partners::templates().iter().any(|(template, _)| *template == name), "{name}");
    }
}

#[test]
fn what_the_profile_forgives_is_shown_and_is_no_reason_to_fail() {
    let profile = "partner = \"speedy\"\nsystem = \"erp\"\nversion = 1\n[in.event]\nformat = \"x12\"\ncounts = \"forgiven\"\n\
                   each = \"transactions[*]\"\norder = \"B10.02\"\n[[in.event.facts]]\nkind = \"cancel_requested\"\n\
                   reason = { value = \"unknown\" }\n";
    let raw = "ISA*00*          *00*          *ZZ*SPDY           *ZZ*US             *261125*1015*U*00501*000000041*0*P*>~\
               GS*QM*SPDY*US*20261125*1015*41*X*005010~ST*214*0001~B10*PRO77*SHIP1*SPDY~SE*9*0001~GE*1*41~IEA*1*000000041~";
    let folder = tempfile::tempdir().unwrap();
    let (own, sample) = (folder.path().join("speedy.toml"), folder.path().join("event.edi"));
    fs::write(&own, profile).unwrap();
    fs::write(&sample, raw).unwrap();
    let args = Args { profile: own.display().to_string(), samples: vec![sample], message: None };
    let checked = check(&args, "2026-03-05T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!((checked.samples[0].orders.len(), checked.samples[0].wrong.len()), (1, 0));
    let text = render(&checked);
    assert!(
        text.contains("  forgiven contradictory: `transactions[0]` has 3 segments, and `SE.01` says `9`"),
        "{text}"
    );
}
