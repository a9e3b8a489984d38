use model::{PartnerId, Timestamp};

use super::*;

fn kept(system: System, text: Option<&str>) -> Kept {
    Kept {
        action: Action::Add,
        by: engine::Operator { who: "ann".to_owned(), why: "onboarding".to_owned() },
        at: Timestamp::from_millis(1),
        partner: PartnerId::new("wms-east").unwrap(),
        system,
        profile: text.map(|text| Added { name: "new".to_owned(), version: 7, text: text.to_owned() }),
        disabled: false,
        replay: None,
    }
}

fn profile(version: u32) -> String {
    format!("partner = \"any\"\nsystem = \"wms\"\nversion = {version}\n")
}

fn profiles() -> Profiles {
    Profiles::load(System::Wms, None, &[]).unwrap()
}

fn in_force(profiles: &Profiles) -> (String, u32, Origin) {
    let profile = profiles.get("wms-east").unwrap();
    (profile.name.to_string(), profile.version, profile.origin)
}

#[test]
fn what_was_added_goes_before_what_is_shipped_and_gives_way_when_removed() {
    let profiles = profiles();
    let shipped = in_force(&profiles);
    assert_eq!((shipped.0.as_str(), shipped.2), ("sim-wms", Origin::Shipped));
    let added = kept(System::Wms, Some(&profile(7)));
    assert_eq!(profiles.take("wms-east", 1, Some(&added.write().unwrap())), Taken::Fine);
    assert_eq!(in_force(&profiles), ("new".to_owned(), 7, Origin::Bucket));
    assert_eq!(profiles.get("wms-east").unwrap().partner.as_str(), "wms-east", "whatever its text says");
    profiles.take("wms-east", 2, None);
    assert_eq!(in_force(&profiles), shipped);
    profiles.take("wms-east", 1, Some(&added.write().unwrap()));
    assert_eq!(in_force(&profiles), shipped, "what is older changes nothing");
}

#[test]
fn what_cannot_be_used_leaves_in_force_what_was() {
    let profiles = profiles();
    profiles.take("wms-east", 1, Some(&kept(System::Wms, Some(&profile(7))).write().unwrap()));
    let wrong = |value: &[u8], revision: u64| {
        assert_eq!(profiles.take("wms-east", revision, Some(value)), Taken::Wrong);
        assert_eq!(in_force(&profiles).1, 7);
        profiles.wrong().remove(0).1
    };
    let broken = Kept { disabled: true, ..kept(System::Wms, Some(&profile(0))) };
    let words = wrong(&broken.write().unwrap(), 2);
    assert!(words.contains("profile new of partner wms-east:3:"), "{words}");
    assert!(profiles.is_off("wms-east"), "what else it says counts");
    let other = kept(System::Wms, Some("partner = \"x\"\nsystem = \"tms\"\nversion = 1\n"));
    let words = wrong(&other.write().unwrap(), 3);
    assert!(words.ends_with("is for the tms, and the partner is kept as one of the wms"), "{words}");
    let words = wrong(b"partner = 1", 4);
    assert!(words.starts_with("bucket PROFILES holds under wms-east what this version cannot read"), "{words}");
    profiles.take("wms-east", 5, Some(&kept(System::Wms, Some(&profile(8))).write().unwrap()));
    assert_eq!((in_force(&profiles).1, profiles.wrong()), (8, vec![]));
}

#[test]
fn what_is_said_of_partners_of_other_systems_is_left_alone() {
    let profiles = profiles();
    let other = kept(System::Tms, Some("partner = \"x\"\nsystem = \"tms\"\nversion = 1\n"));
    assert_eq!(profiles.take("wms-east", 1, Some(&other.write().unwrap())), Taken::Fine);
    assert_eq!(in_force(&profiles).0, "sim-wms");
    let unreadable = br#"{"system": "tms", "of": "another version"}"#;
    assert_eq!(profiles.take("carrier", 2, Some(unreadable)), Taken::Fine);
    assert_eq!((profiles.wrong(), profiles.get("carrier").is_none()), (vec![], true));
}

#[test]
fn an_action_of_another_version_is_read_as_one() {
    let mut value = serde_json::to_value(kept(System::Wms, None)).unwrap();
    value["action"] = "promote".into();
    assert_eq!(serde_json::from_value::<Kept>(value).unwrap().action, Action::Other);
    for action in [Action::Add, Action::Remove, Action::Disable, Action::Enable, Action::Replay] {
        assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
    }
}
