//! The table a logistician can review: what is decided when a fact arrives at a stage of the good path.

use std::fmt::Write as _;
use std::path::Path;

use model::{Grade, Lane};

use crate::kit::{
    Given, News, accepted, all_sound, authorised, booked, cancelled, credited, failed, given, goods, in_words,
    inspected, picked_up, received, refused, wanted_again,
};

const HEAD: &str = "\
# What is decided when a fact arrives at a stage of the good path.
#
# A carrier is to fetch five pieces of line 1, and two of line 2 that were returned as damaged. At every stage the
# orchestrator has decided; `-` is nothing. Facts that decide nothing are left out.
";

/// The good path: the name of each stage, and what is told to come there.
fn path() -> Vec<(&'static str, Vec<News>)> {
    vec![
        ("unauthorised", vec![]),
        ("authorised", vec![authorised(&goods(Some("tms-1")))]),
        ("expected", vec![accepted("expect_return")]),
        ("booked", vec![accepted("collect"), booked()]),
        ("in transit", vec![picked_up()]),
        ("received", vec![received(&[("1", 5), ("2", 2)])]),
        ("inspected", vec![all_sound()]),
        ("credited", vec![accepted("credit"), credited(&[("1", 5), ("2", 2)])]),
        ("closed", vec![accepted("update_return")]),
    ]
}

fn arrivals() -> Vec<(&'static str, News)> {
    let mut other = goods(Some("tms-1"));
    other.lines.truncate(1);
    vec![
        ("authorised", authorised(&goods(Some("tms-1")))),
        ("authorised otherwise", authorised(&other)),
        ("expected", accepted("expect_return")),
        ("not expected", refused("expect_return")),
        ("expecting failed", failed("expect_return")),
        ("expecting wanted again", wanted_again("expect_return")),
        ("collection refused", refused("collect")),
        ("picked up", picked_up()),
        ("received in full", received(&[])),
        ("received in part", received(&[("1", 1)])),
        ("one more received", received(&[("1", 1), ("2", 1)])),
        ("inspected, sound", all_sound()),
        ("inspected, damaged", inspected(&[("1", 5, Grade::Damaged), ("2", 2, Grade::Damaged)])),
        ("inspected, refused", inspected(&[("1", 5, Grade::Refused), ("2", 2, Grade::Refused)])),
        ("credit accepted", accepted("credit")),
        ("credit refused", refused("credit")),
        ("too much credited", credited(&[("1", 9)])),
        ("customer told", accepted("update_return")),
        ("cancelled", cancelled()),
        ("cancelled by the ERP", cancelled().by(Lane::Erp).from("erp-1")),
        ("cancelled by another", cancelled().by(Lane::Erp).from("erp-9")),
    ]
}

fn row(table: &mut String, stage: &str, fact: &str, decisions: &[String]) {
    let nothing = ["-".to_owned()];
    let decisions = if decisions.is_empty() { &nothing } else { decisions };
    for (nth, decision) in decisions.iter().enumerate() {
        let (stage, fact) = if nth == 0 { (stage, fact) } else { ("", "") };
        let _ = writeln!(table, "{stage:12} | {fact:24} | {decision}");
    }
}

fn decided(given: &Given) -> Vec<String> {
    in_words(&given.decisions(), given.now())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's file and switch, outside the workflow")]
fn the_table_of_decisions_is_as_reviewed() {
    let mut table = HEAD.to_owned();
    let mut given = given([]);
    for ((stage, told), hour) in path().into_iter().zip(1..) {
        let _ = writeln!(table, "{}", "-".repeat(90));
        given = given.then(told.into_iter().map(|news| news.at(hour)));
        row(&mut table, stage, "nothing more", &decided(&given));
        given = given.decided();
        for (words, news) in arrivals() {
            let after = decided(&given.clone().then([news.at(20)]));
            if !after.is_empty() {
                row(&mut table, "", words, &after);
            }
        }
        for name in given
            .state()
            .deadlines()
            .keys()
            .filter(|name| returns::decide::awaits(given.state(), &returns::Policy::default(), name))
        {
            row(&mut table, "", &format!("{name} passes"), &decided(&given.clone().due(name)));
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/decisions.txt");
    if std::env::var("BLESS").is_ok_and(|bless| bless == "1") {
        std::fs::write(&file, &table).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        table == expected,
        "{} differs; look at the difference, and if it is meant run `BLESS=1 cargo test -p returns`:\n{table}",
        file.display()
    );
}
