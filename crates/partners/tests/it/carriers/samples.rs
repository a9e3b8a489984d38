//! Real answers of the carriers, held against what another reader (karrio) made of them.

use std::path::PathBuf;

use model::{Fact, When};
use partners::UnreadableKind;
use serde_json::Value;

use super::{Answer, ask};

/// An answer: its file, how many events of its shipments are read, the codes of those that are not, and how many more
/// events are read than karrio tells.
type Sample = (&'static str, usize, &'static [&'static str], usize);

const SAMPLES: [Sample; 20] = [
    ("canadapost__parse_tracking_response", 6, &[], 0),
    ("canadapost__tracking_auth_error_parsing", 0, &[], 0),
    ("canadapost__tracking_unknown_response_parsing", 0, &[], 0),
    ("dhl_express__parse_in_transit_tracking_response", 1, &[], 0),
    // Nothing in the answer says what RW means: two of its events are unknown, and keep the code.
    ("dhl_express__parse_tracking_response", 19, &[], 0),
    ("dhl_express__tracking_auth_error_parsing", 0, &[], 0),
    ("dhl_express__tracking_single_not_found_parsing", 0, &[], 0),
    ("dhl_universal__parse_tracking_error_response", 0, &[], 0),
    // karrio calls the event delivered, by its text; its code says before transit.
    ("dhl_universal__parse_tracking_response", 1, &[], 0),
    // karrio leaves out the first of two results for one number. AO, "arriving on time", is skipped in both.
    ("fedex__parse_duplicate_tracking_response", 16, &["AO"], 9),
    ("fedex__parse_error_response", 0, &[], 0),
    // AE, "arriving early", is skipped.
    ("fedex__parse_inconsistent_datetime_response", 16, &["AE"], 0),
    ("fedex__parse_tracking_response", 1, &[], 0),
    ("ups__invalid_tracking_number_response_parsing", 0, &[], 0),
    ("ups__tracking_auth_error_parsing", 0, &[], 0),
    ("ups__tracking_number_not_found_response_parsing", 0, &[], 0),
    // karrio calls the event on hold, by its type; its text says released by customs.
    ("ups__tracking_response_parsing", 1, &[], 0),
    ("usps__parse_auth_error_response", 0, &[], 0),
    ("usps__parse_error_response", 0, &[], 0),
    ("usps__parse_tracking_response", 12, &[], 0),
];

/// The folder of the samples, or nothing, said plainly, where they are not at hand.
fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/carriers");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is no folder", folder.display());
    None
}

/// An event as both sides tell it: its local time to the minute, and its code where both have the same.
type Event = (String, Option<String>);

fn local(carrier: &str, when: &When) -> String {
    // USPS's times are read in GMT; karrio tells local ones, here five hours behind.
    let local = if carrier == "usps" { when.at.plus_millis(-5 * 3_600_000).to_string() } else { when.to_string() };
    local[..16].to_owned()
}

/// What was read of one number: an event for each milestone, and for each condition that is no milestone's too.
fn read_of(carrier: &str, answer: &Answer, number: &str) -> Vec<Event> {
    let tracked = || answer.tracked.iter().filter(|tracked| tracked.number == number);
    let mut events: Vec<Event> = tracked()
        .flat_map(|tracked| tracked.happened())
        .map(|(when, code)| (local(carrier, &when), Some(code)))
        .collect();
    let milestones = events.len();
    for (_, fact) in tracked().flat_map(|tracked| &tracked.facts) {
        let Fact::Condition(condition) = fact else { continue };
        let at = local(carrier, &condition.occurred);
        if !events[..milestones].iter().any(|(milestone, _)| *milestone == at) {
            events.push((at, None));
        }
    }
    events
}

/// Takes karrio's events out of those that were read; gives the codes of those that were not.
fn left_out<'n>(events: &mut Vec<Event>, normalized: &'n Value) -> Vec<&'n str> {
    let mut left = Vec::new();
    for event in normalized["events"].as_array().unwrap() {
        let (at, code) = (&event["timestamp"].as_str().unwrap()[..16], event["code"].as_str().unwrap());
        let is_it = |(read, own): &Event| read == at && own.as_deref().is_none_or(|own| own == code);
        match events.iter().position(is_it) {
            Some(nth) => drop(events.remove(nth)),
            None => left.push(code),
        }
    }
    left
}

fn hold(sample: Sample, folder: &std::path::Path) {
    let (name, expected, expected_left, expected_more) = sample;
    #[expect(clippy::disallowed_methods, reason = "a test may read its samples")]
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let pair: Value = serde_json::from_str(&text).unwrap();
    let carrier = name.split("__").next().unwrap().replace('_', "-");
    // karrio wraps Canada Post's documents; the service answers with one of them.
    let raw = pair["raw"].as_str().unwrap().replace("<wrapper>", "").replace("</wrapper>", "");
    let (shipments, errors) = (pair["normalized"][0].as_array().unwrap(), pair["normalized"][1].as_array().unwrap());
    let answer = ask(&carrier, &raw);
    let (mut read, mut left, mut more) = (0, vec![], 0);
    for shipment in shipments {
        let number = shipment["tracking_number"].as_str().unwrap();
        let mut events = read_of(&carrier, &answer, number);
        read += events.len();
        left.extend(left_out(&mut events, shipment));
        more += events.len();
        let told: Vec<_> = answer.tracked.iter().filter(|tracked| tracked.number == number).collect();
        let told: Vec<String> =
            told.iter().flat_map(|told| told.expected()).map(|when| when.local_date().to_string()).collect();
        match shipment["estimated_delivery"].as_str() {
            // karrio tells the first day of FedEx's window, the profile its last.
            Some("2021-10-01") => assert_eq!(told, ["2021-10-15"], "{name}"),
            Some(date) => assert_eq!(told, [date], "{name}"),
            None => assert!(told.is_empty(), "{name}: {told:?}"),
        }
    }
    assert_eq!((read, left.as_slice(), more), (expected, expected_left, expected_more), "{name}");
    let numbers = |number: &String| shipments.iter().any(|told| told["tracking_number"] == **number);
    assert!(answer.tracked.iter().all(|tracked| numbers(&tracked.number)), "{name}: a number of our own making");
    let said: Vec<_> = answer.rejected.iter().filter(|why| why.kind == UnreadableKind::NoAnswer).collect();
    assert_eq!(said.len(), errors.len(), "{name}: {said:?}");
    for (said, error) in said.iter().zip(errors) {
        let words: Vec<&str> = error["message"].as_str().unwrap().split_whitespace().collect();
        assert!(said.detail.contains(&words.join(" ")), "{name}: {said}");
    }
    let unmapped = answer.rejected.iter().filter(|why| why.kind == UnreadableKind::Unmapped).count();
    assert_eq!(said.len() + unmapped, answer.rejected.len(), "{name}: {:?}", answer.reasons());
}

#[test]
fn every_sample_is_read_as_far_as_it_says_something() {
    let Some(folder) = folder() else { return };
    let carriers = ["canadapost", "dhl_express", "dhl_universal", "fedex", "ups", "usps"];
    #[expect(clippy::disallowed_methods, reason = "a test may read its samples")]
    let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let of_ours = files.filter(|file| file.split_once("__").is_some_and(|(carrier, _)| carriers.contains(&carrier)));
    assert_eq!(of_ours.count(), SAMPLES.len());
    for sample in SAMPLES {
        hold(sample, &folder);
    }
}
