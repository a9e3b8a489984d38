//! How a profile says that its partner is to be spared.

use std::time::Duration;

use partners::Profile;
use partners::delivery::{BreakerLimits, Delivery, Rate};

fn load(delivery: &str) -> Result<Delivery, String> {
    let text = format!("partner = \"w\"\nsystem = \"wms\"\nversion = 1\n{delivery}");
    Profile::load("w.toml", &text).map(|profile| profile.delivery).map_err(|error| error.to_string())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn without_a_section_there_is_no_rate_and_a_breaker() {
    let default = BreakerLimits { failures: 10, pause: seconds(30), longest_pause: seconds(600), silent: None };
    for text in ["", "[delivery]", "[delivery.breaker]"] {
        assert_eq!(load(text).unwrap(), Delivery { rate: None, breaker: Some(default) });
    }
    assert_eq!(load("[delivery]\nbreaker = false").unwrap(), Delivery { rate: None, breaker: None });
}

#[test]
fn a_rate_is_a_number_in_a_second_a_minute_or_an_hour() {
    for (text, messages, per, burst) in [
        ("rate = \"20/s\"", 20, 1, 20),
        ("rate = \"300 / m\"", 300, 60, 5),
        ("rate = \"10/m\"", 10, 60, 1),
        ("rate = \"500/h\"\nburst = 50", 500, 3_600, 50),
    ] {
        let expected = Rate { messages, per: seconds(per), burst };
        assert_eq!(load(&format!("[delivery]\n{text}")).unwrap().rate, Some(expected), "{text}");
    }
}

#[test]
fn a_breaker_says_when_to_stop_and_when_to_try() {
    let text = "[delivery]\nbreaker = { failures = 5, pause = \"20m\", silent = \"1h 30m\" }";
    let expected = BreakerLimits {
        failures: 5,
        pause: seconds(1_200),
        longest_pause: seconds(1_200),
        silent: Some(seconds(5_400)),
    };
    assert_eq!(load(text).unwrap().breaker, Some(expected));
}

#[test]
fn a_mistake_has_a_place_and_says_what_was_expected() {
    for (wrong, place, expected) in [
        ("rate = \"20\"", "5:8", "expected a rate of 1 to 10000 a second, minute or hour, as in `20/s`"),
        ("rate = \"0/s\"", "5:8", "expected a rate of 1"),
        ("rate = \"20/d\"", "5:8", "expected a rate"),
        ("rate = 20", "5:8", "expected a text, found integer"),
        ("burst = 3", "5:9", "`burst` belongs to a `rate`"),
        ("rate = \"1/s\"\nburst = 0", "6:9", "expected a whole number from 1 to 10000"),
        ("breaker = true", "5:11", "expected a table, or false for no breaker"),
        ("breaker = { failures = 0 }", "5:24", "expected a whole number from 1 to 1000"),
        ("breaker = { pause = \"soon\" }", "5:21", "expected a time such as `30s`"),
        ("breaker = { pause = \"0s\" }", "5:21", "expected a time"),
        ("breaker = { longest_pause = \"1s\" }", "5:29", "expected a time not below `pause`"),
        ("breaker = { silent = \"25h\" }", "5:22", "at most 24h"),
        ("breaker = { silence = \"1h\" }", "5:13", "unknown key `silence`"),
        ("rates = \"20/s\"", "5:1", "unknown key `rates`; expected `rate`, `burst`, `breaker`"),
    ] {
        let told = load(&format!("[delivery]\n{wrong}")).unwrap_err();
        assert!(told.starts_with(&format!("w.toml:{place}: ")) && told.contains(expected), "{wrong}: {told}");
    }
}
