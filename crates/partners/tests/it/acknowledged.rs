//! What partners are told of the syntax of their interchanges.

use partners::format::{Known, Plain, plain};
use partners::{ControlNumbers, Numbered, Outgoing, Profile, ProfileError, Told};
use proptest::prelude::*;
use serde_json::json;

use crate::received;

fn loaded(keys: &str) -> Result<Profile, ProfileError> {
    let text = format!(
        "partner = \"acme\"\nsystem = \"erp\"\nversion = 1\n[in.order]\n{keys}\n\
         [[in.order.facts]]\nkind = \"cancel_requested\"\nreason = {{ value = \"unknown\" }}\n"
    );
    Profile::load("acme.toml", &text)
}

fn x12(more: &str) -> Profile {
    loaded(&format!(
        "format = \"x12\"\neach = \"transactions[*]\"\norder = \"BEG.03\"\nacknowledge = {{ message = \"997\", lines = true }}\n{more}"
    ))
    .unwrap()
}

fn edifact(more: &str) -> Profile {
    loaded(&format!(
        "format = \"edifact\"\neach = \"messages[*]\"\norder = \"BGM.2\"\nacknowledge = {{ message = \"contrl\" }}\n{more}"
    ))
    .unwrap()
}

fn acknowledged(profile: &Profile, raw: &str) -> Option<Outgoing> {
    profile.acknowledge("order", raw.as_bytes(), received(), ControlNumbers::new(Numbered::Inbox, 7)).unwrap()
}

/// What is told of a message, which is sound itself.
fn told(profile: &Profile, raw: &str) -> String {
    let outgoing = acknowledged(profile, raw).unwrap();
    let format = if outgoing.message == "997" { Known::X12 } else { Known::Edifact };
    let Plain { wrong, .. } = plain(format, &outgoing.body).unwrap();
    assert_eq!(wrong, [], "{}", String::from_utf8_lossy(&outgoing.body));
    assert_eq!(acknowledged(profile, raw), Some(outgoing.clone()), "it is the same however often it is asked for");
    String::from_utf8(outgoing.body).unwrap()
}

const ORDERS: &str =
    "ISA*00*          *00*          *ZZ*ACME           *02*DOCK           *260301*0905*|*00501*000000041*1*T*:~
GS*PO*ACME-PO*DOCK*20260301*0905*41*X*005010~
ST*850*0001~BEG*00*NE*PO-1~SE*3*0001~
ST*850*0002~BEG*00*NE*PO-2~SE*3*0002~
GE*2*41~
IEA*1*000000041~
";

#[test]
fn a_group_that_was_read_is_accepted() {
    assert_eq!(
        told(&x12(""), ORDERS),
        "ISA*00*          *00*          *02*DOCK           *ZZ*ACME           *260301*1200*^*00501*000000241*0*T*>~\n\
         GS*FA*DOCK*ACME-PO*20260301*1200*241*X*005010~\n\
         ST*997*0001~\nAK1*PO*41~\nAK2*850*0001~\nAK5*A~\nAK2*850*0002~\nAK5*A~\nAK9*A*2*2*2~\nSE*8*0001~\n\
         GE*1*241~\nIEA*1*000000241~\n"
    );
}

/// What stands in the 997 of these segments.
fn segments<'t>(text: &'t str, ids: &[&str]) -> Vec<&'t str> {
    text.lines()
        .map(|line| line.trim_end_matches('~'))
        .filter(|line| ids.iter().any(|id| line.starts_with(id)))
        .collect()
}

#[test]
fn what_is_wrong_has_its_code() {
    for (from, to, expected) in [
        ("SE*3*0002", "SE*4*0002", ["AK5*A", "AK5*R*4", "AK9*P*2*2*1"]),
        ("SE*3*0002", "SE*3*0009", ["AK5*A", "AK5*R*3", "AK9*P*2*2*1"]),
        ("SE*3*0002", "SE*9*0009", ["AK5*A", "AK5*R*4*3", "AK9*P*2*2*1"]),
        ("SE*3*0002~\n", "", ["AK5*A", "AK5*R*2", "AK9*P*2*2*1"]),
        ("BEG*00*NE*PO-2", "B-G*00*NE*PO-2", ["AK5*A", "AK5*R*5", "AK9*P*2*2*1"]),
        ("ST*850*0002", "ST*850*0001", ["AK5*A", "AK5*R*3*23", "AK9*P*2*2*1"]),
        ("GE*2*41", "GE*3*41", ["AK5*A", "AK5*A", "AK9*E*3*2*2*5"]),
        ("GE*2*41", "GE*2*40", ["AK5*A", "AK5*A", "AK9*E*2*2*2*4"]),
        ("GE*2*41~\n", "", ["AK5*A", "AK5*A", "AK9*E*2*2*2*3"]),
    ] {
        let raw = ORDERS.replace(from, to);
        assert_ne!(raw, ORDERS);
        assert_eq!(segments(&told(&x12(""), &raw), &["AK5", "AK9"]), expected, "{from} -> {to}");
    }
    let none = ORDERS.replace("SE*3", "SE*4");
    assert_eq!(segments(&told(&x12(""), &none), &["AK9"]), ["AK9*R*2*2*0"]);
}

#[test]
fn what_is_forgiven_is_accepted_with_errors() {
    let raw = ORDERS.replace("SE*3*0002", "SE*4*0002").replace("GE*2*41", "GE*3*41");
    let profile = x12("counts = \"forgiven\"");
    assert_eq!(segments(&told(&profile, &raw), &["AK5", "AK9"]), ["AK5*A", "AK5*E*4", "AK9*E*3*2*2*5"]);
    let facts = profile.decode("order", raw.as_bytes(), received()).unwrap();
    assert!(matches!(&facts[..], [Told::Order { .. }, Told::Order { .. }]), "{facts:?}");
    assert_eq!(profile.plain("order", raw.as_bytes()).unwrap().forgiven.len(), 2);
}

#[test]
fn what_a_transaction_means_is_another_matter() {
    let without_order = ORDERS.replace("*PO-2~", "~");
    assert_eq!(segments(&told(&x12(""), &without_order), &["AK9"]), ["AK9*A*2*2*2"]);
}

#[test]
fn each_group_and_each_interchange_has_its_own() {
    let second = "GS*PO*ACME-PO*DOCK*20260301*0905*42*X*005010~ST*850*1~BEG*1*2*3~SE*3*1~GE*1*42~\n\
        GS*IN*ACME-AR*DOCK*20260301*0905*43*X*004010~ST*810*1~BIG*1~SE*3*1~GE*1*43~\nIEA*3*";
    let raw = ORDERS.replace("IEA*1*", second);
    let other = ORDERS.replace("000000041", "000000050").replace("ACME           ", "OTHER          ");
    let text = told(&x12(""), &(raw + &other));
    assert_eq!(
        segments(&text, &["GS", "ST", "AK1", "GE", "IEA"]),
        [
            "GS*FA*DOCK*ACME-PO*20260301*1200*241*X*005010",
            "ST*997*0001",
            "AK1*PO*41",
            "ST*997*0002",
            "AK1*PO*42",
            "GE*2*241",
            "GS*FA*DOCK*ACME-AR*20260301*1200*242*X*004010",
            "ST*997*0001",
            "AK1*IN*43",
            "GE*1*242",
            "IEA*2*000000241",
            "GS*FA*DOCK*ACME-PO*20260301*1200*243*X*005010",
            "ST*997*0001",
            "AK1*PO*41",
            "GE*1*243",
            "IEA*1*000000243",
        ]
    );
}

#[test]
fn an_acknowledgement_is_never_acknowledged() {
    let profile = x12("");
    let own = told(&profile, ORDERS);
    assert_eq!(acknowledged(&profile, &own), None);
    let mixed =
        ORDERS.replace("GS*PO*", "GS*FA*1*2*3*4*9*X*005010~ST*997*1~SE*2*1~GE*1*9~GS*PO*").replace("IEA*1", "IEA*2");
    assert_eq!(segments(&told(&profile, &mixed), &["AK1"]), ["AK1*PO*41"]);
    let profile = edifact("");
    assert_eq!(acknowledged(&profile, &told(&profile, MESSAGES)), None);
}

#[test]
fn nothing_is_told_where_nobody_asks_for_it_or_nothing_is_there() {
    let silent = loaded("format = \"x12\"\neach = \"transactions[*]\"\norder = \"BEG.03\"").unwrap();
    assert_eq!(acknowledged(&silent, ORDERS), None);
    for raw in ["", "nonsense", "ISA*"] {
        assert_eq!(acknowledged(&x12(""), raw), None, "{raw}");
    }
    let json = loaded("format = \"json\"\norder = \"a\"\nacknowledge = { message = \"a\" }").unwrap_err();
    assert!(json.problem.contains("only X12 and EDIFACT"), "{json}");
    let named = loaded("format = \"x12\"\norder = \"a\"\nacknowledge = { message = \"a b\" }").unwrap_err();
    assert!(named.problem.contains("expected a message name"), "{named}");
    let wrong = loaded("format = \"x12\"\norder = \"a\"\nacknowledge = { message = \"a\", una = true }").unwrap_err();
    assert!(wrong.problem.contains("unknown key `una`"), "{wrong}");
}

#[test]
fn a_sender_that_cannot_be_addressed_is_an_error_in_words() {
    let nameless = ORDERS.replace("*ZZ*ACME           *", "*ZZ*               *");
    let numbers = ControlNumbers::new(Numbered::Inbox, 7);
    let why = x12("").acknowledge("order", nameless.as_bytes(), received(), numbers).unwrap_err().to_string();
    assert!(why.contains("the message `997` cannot be written") && why.contains("`ISA.08` would hold `ZZ:`"), "{why}");
}

const MESSAGES: &str = "UNB+UNOC:3+541?+1:14+400:14+260301:1405+REF77++++++1'\
    UNH+1+ORDERS:D:96A:UN:EAN008'BGM+220+PO-1'UNT+3+1'UNH+2+ORDERS:D:96A:UN'BGM+220+PO-2'UNT+3+2'UNZ+2+REF77'";

#[test]
fn a_contrl_says_of_each_message_whether_it_was_read() {
    assert_eq!(
        told(&edifact(""), MESSAGES),
        "UNA:+.? 'UNB+UNOC:3+400:14+541?+1:14+260301:1200+241++++++1'UNH+1+CONTRL:D:3:UN'\
         UCI+REF77+541?+1:14+400:14+7'UCM+1+ORDERS:D:96A:UN:EAN008+7'UCM+2+ORDERS:D:96A:UN+7'UNT+5+1'UNZ+1+241'"
    );
    for (from, to, interchange, second) in [
        ("UNT+3+2", "UNT+4+2", "7", "4+29"),
        ("UNT+3+2", "UNT+3+3", "7", "4+28"),
        ("UNT+3+2'", "", "7", "4+13"),
        ("BGM+220+PO-2", "B-M+220+PO-2", "7", "4+12"),
        ("UNZ+2+", "UNZ+3+", "8", "7"),
        ("UNZ+2+REF77'", "", "8", "7"),
    ] {
        let raw = MESSAGES.replace(from, to);
        assert_ne!(raw, MESSAGES);
        let text = told(&edifact(""), &raw);
        assert!(text.contains(&format!("400:14+{interchange}'UCM+1")), "{text}");
        assert!(text.contains(&format!("UCM+2+ORDERS:D:96A:UN+{second}'")), "{text}");
    }
    let raw = MESSAGES.replace("UNT+3+2", "UNT+4+2");
    assert!(told(&edifact("counts = \"forgiven\""), &raw).contains("UCM+2+ORDERS:D:96A:UN+7'"));
}

#[test]
fn groups_of_messages_are_told_of_too() {
    let raw =
        MESSAGES.replace("UNH+1+", "UNG+ORDERS+A+B+260301:1405+5+UN+D:96A'UNH+1+").replace("UNZ+2+", "UNE+2+5'UNZ+1+");
    assert!(told(&edifact(""), &raw).contains("+7'UCF+5+A+B+7'UCM+1+"));
}

#[test]
fn the_numbers_of_an_acknowledgement_are_those_of_its_message() {
    let body = |sequence| {
        let numbers = ControlNumbers::new(Numbered::Inbox, sequence);
        x12("").acknowledge("order", ORDERS.as_bytes(), received(), numbers).unwrap().unwrap().body
    };
    let Plain { tree, .. } = plain(Known::X12, &body(8)).unwrap();
    assert_eq!(tree["transactions"][0]["ISA"]["13"], json!("000000273"));
    assert_ne!(body(7), body(8));
}

proptest! {
    #[test]
    fn a_damaged_interchange_is_acknowledged_soundly_or_not_at_all(at in 0_usize..450, cut in 0_usize..30, put in "[*~:'+?A0\n ]{0,6}", is_x12 in any::<bool>()) {
        let (text, profile, format) =
            if is_x12 { (ORDERS, x12(""), Known::X12) } else { (MESSAGES, edifact(""), Known::Edifact) };
        let at = at.min(text.len());
        let raw = format!("{}{put}{}", &text[..at], &text[(at + cut).min(text.len())..]);
        let numbers = ControlNumbers::new(Numbered::Inbox, 7);
        if let Ok(Some(outgoing)) = profile.acknowledge("order", raw.as_bytes(), received(), numbers) {
            let Plain { wrong, .. } = plain(format, &outgoing.body).unwrap();
            prop_assert_eq!(wrong, vec![], "{}", raw);
        }
    }
}
