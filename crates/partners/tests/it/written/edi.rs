//! X12 and EDIFACT.

use model::Place;
use serde_json::json;

use super::{booking, place, profile, read_back, refused, try_written, written};

pub(super) const TENDER: &str = r#"
format = "x12"
replace = " "
body = [
  ["B2", "", "SPDY", "", { field = "shipment" }, "", "PP"],
  ["B2A", "00", "LT"],
  ["L11", { field = "ask" }, "CR"],
  { when = { path = "ship_on", present = true }, item = ["G62", "10", { field = "ship_on", as = "%Y%m%d" }, "Y", { field = "asked_at", as = "%H%M" }] },
  { when = { path = "mode", present = true }, item = ["AT5", "", "", { field = "mode" }] },
  ["N1", "ST", { field = "ship_to.name", optional = true, cut = 60 }],
  ["N3", { field = "ship_to.street", optional = true }],
  ["N4", { field = "ship_to.city", optional = true }, "", { field = "ship_to.postal_code", optional = true }, { field = "ship_to.country", optional = true }],
  { each = "lines[*]", item = [
    ["S5", { nth = true }, "LD"],
    ["OID", { field = "line" }, "", { field = "sku" }, { field = "quantity.unit", table = "unit" }, { field = "quantity.amount" }],
  ] },
  ["L3", "", "", "", "", "", "", "", "", "", "", { sum = "lines[*].quantity" }],
  ["CTT", { count = "lines[*]" }, { segments = true }, ["A", "", "B", ""], [["C", "D"], ["E"]]],
]
[out.book.envelope]
sender = "ZZ:WAYBILL"
receiver = "02:SPDY"
functional = "SM"
version = "005010"
set = "204"
lines = true
"#;

#[test]
fn a_booking_is_a_204() {
    let profile = profile(TENDER, "format = \"x12\"\nloops = { S5 = [\"OID\"] }").unwrap();
    let text = written(&profile, &booking(place()));
    assert_eq!(
        text,
        "ISA*00*          *00*          *ZZ*WAYBILL        *02*SPDY           *260301*0600*^*00501*000039489*0*P*>~\n\
         GS*SM*WAYBILL*SPDY*20260301*0600*39489*X*005010~\n\
         ST*204*0001~\n\
         B2**SPDY**SO-1-1**PP~\n\
         B2A*00*LT~\n\
         L11*SO-1/book*CR~\n\
         G62*10*20260305*Y*0600~\n\
         N1*ST*Ada & Söhne~\n\
         N3*12 Main St~\n\
         N4*Troy**12180*US~\n\
         S5*1*LD~\n\
         OID*10**BOLT-8*PC*5~\n\
         S5*2*LD~\n\
         OID*20**NUT-8*PC*2.50~\n\
         L3***********7.5~\n\
         CTT*2*13*A>>B*C>D^E~\n\
         SE*15*0001~\n\
         GE*1*39489~\n\
         IEA*1*000039489~\n"
    );
    let tree = read_back(&profile, text.as_bytes());
    let transaction = &tree["transactions"][0];
    assert_eq!(transaction["ISA"]["08"], "SPDY");
    assert_eq!(
        transaction["S5"][1],
        json!({ "01": "2", "02": "LD", "OID": [{ "01": "20", "03": "NUT-8", "04": "PC", "05": "2.50" }] })
    );
    assert_eq!(transaction["CTT"][0]["03"], json!({ "1": "A", "3": "B" }));
    assert_eq!(transaction["CTT"][0]["04"], json!([{ "1": "C", "2": "D" }, "E"]));
    assert_eq!(text, written(&profile, &booking(place())), "the same sending is the same message");
}

#[test]
fn what_the_ask_does_not_have_leaves_no_segment() {
    let profile = profile(TENDER, "format = \"x12\"").unwrap();
    let tree = read_back(
        &profile,
        written(&profile, &booking(Place { city: Some("Troy".into()), ..Place::default() })).as_bytes(),
    );
    let transaction = &tree["transactions"][0];
    assert_eq!(
        (transaction.get("N3"), &transaction["N4"], &transaction["N1"]),
        (None, &json!([{ "01": "Troy" }]), &json!([{ "01": "ST" }]))
    );
}

#[test]
fn separators_are_what_the_profile_says() {
    let own = TENDER.replace(
        "lines = true",
        "separators = { element = \"|\", component = \":\", repetition = \"!\", terminator = \"\\n\" }",
    );
    let profile = profile(&own, "format = \"x12\"").unwrap();
    let text = written(&profile, &booking(place()));
    assert!(
        text.starts_with("ISA|00|") && text.contains("|!|00501|") && text.contains("CTT|2|13|A::B|C:D!E\nSE|15|0001\n"),
        "{text}"
    );
    read_back(&profile, text.as_bytes());

    // Before 00402 nothing is repeated.
    let old = TENDER.replace("005010", "004010");
    let (field, detail) = refused(&super::profile(&old, "format = \"x12\"").unwrap(), &booking(place()));
    assert!(field == "CTT.04" && detail.contains("is repeated"), "{field} {detail}");
    let old = old.replace(", [[\"C\", \"D\"], [\"E\"]]", "");
    let text = written(&super::profile(&old, "format = \"x12\"").unwrap(), &booking(place()));
    assert!(text.contains("*U*00401*"), "{text}");
}

#[test]
fn a_separator_in_a_value_names_its_field_or_is_replaced() {
    let strict = TENDER.replace("replace = \" \"", "");
    let mut odd = place();
    odd.street = Some("12 Main~St".into());
    let read = "format = \"x12\"";
    let (field, detail) = refused(&profile(&strict, read).unwrap(), &booking(odd.clone()));
    assert_eq!(field, "ship_to.street");
    assert!(detail.contains("`12 Main~St`, and `~` separates what X12 writes"), "{detail}");
    let profile = profile(TENDER, read).unwrap();
    let tree = read_back(&profile, written(&profile, &booking(odd)).as_bytes());
    assert_eq!(tree["transactions"][0]["N3"][0]["01"], "12 Main St");
}

pub(super) const INSTRUCTION: &str = r#"
format = "edifact"
body = [
  ["BGM", "610", { field = "ask" }, "9"],
  ["DTM", ["137", { field = "asked_at", as = "%Y%m%d%H%M" }, "203"]],
  { when = { path = "ship_on", present = true }, item = ["DTM", ["10", { field = "ship_on", as = "%Y%m%d" }, "102"]] },
  ["CNT", ["11", { count = "lines[*]" }]],
  ["NAD", "CN", "", "", [{ field = "ship_to.name", optional = true }], [{ field = "ship_to.street", optional = true }], { field = "ship_to.city", optional = true }],
  { each = "lines[*]", item = [
    ["GID", { nth = true }, [{ field = "quantity.amount", as = "decimal_comma" }, { field = "quantity.unit", table = "unit" }]],
    ["FTX", "AAA", "", "", { field = "sku" }],
  ] },
]
[out.book.envelope]
sender = "4012345000009:14"
receiver = "CARRIER:ZZ:DOCK"
syntax = "UNOC:3"
message = "IFTMIN:D:96A:UN:EAN004"
test = true
decimal = ","
zone = "UTC"
"#;

#[test]
fn a_booking_is_an_iftmin() {
    let profile =
        profile(INSTRUCTION, "format = \"edifact\"\nencoding = \"windows-1252\"\nloops = { GID = [\"FTX\"] }").unwrap();
    let mut to = place();
    to.street = Some("1+1 'What?':".into());
    let raw = try_written(&profile, &booking(to)).unwrap();
    let text: String = raw.iter().map(|byte| char::from(*byte)).collect();
    assert_eq!(
        text,
        "UNA:+,? 'UNB+UNOC:3+4012345000009:14+CARRIER:ZZ:DOCK+260301:1200+39489++++++1'\
         UNH+1+IFTMIN:D:96A:UN:EAN004'BGM+610+SO-1/book+9'DTM+137:202603010600:203'DTM+10:20260305:102'CNT+11:2'\
         NAD+CN+++Ada & Söhne+1?+1 ?'What???'?:+Troy'GID+1+5:PC'FTX+AAA+++BOLT-8'GID+2+2,50:PC'FTX+AAA+++NUT-8'\
         UNT+11+1'UNZ+1+39489'"
    );
    let tree = read_back(&profile, &raw);
    let message = &tree["messages"][0];
    assert_eq!(message["NAD"][0]["5"], "1+1 'What?':");
    assert_eq!(
        message["GID"][1],
        json!({ "1": "2", "2": { "1": "2,50", "2": "PC" }, "FTX": [{ "1": "AAA", "4": "NUT-8" }] })
    );
    assert_eq!(message["UNB"]["3"], json!({ "1": "CARRIER", "2": "ZZ", "3": "DOCK" }));
}

#[test]
fn a_letter_outside_of_the_character_set_names_its_field() {
    for (syntax, wrong, letter) in [("UNOC:3", "Łódź", "Ł"), ("UNOB:3", "Köln", "ö"), ("UNOA:3", "TROy", "y")] {
        let out = INSTRUCTION.replace("UNOC:3", syntax).replace("replace", "");
        let ask = booking(Place { city: Some(wrong.into()), ..Place::default() });
        let out_of = |out: &str| profile(&out.replace("{ field = \"ask\" }", "\"A\""), "format = \"edifact\"").unwrap();
        let (field, detail) = refused(&out_of(&out), &ask);
        assert_eq!(field, "ship_to.city", "{detail}");
        assert!(detail.contains(&format!("`{letter}` is not in the character set")), "{detail}");
        let replaced = out.replace("format = \"edifact\"", "format = \"edifact\"\nreplace = \"?\"");
        let text = try_written(&out_of(&replaced), &ask).unwrap();
        assert!(String::from_utf8_lossy(&text).contains("??"), "and what stands for it is released");
    }
    let unicode = INSTRUCTION.replace("UNOC:3", "UNOY:4");
    let profile = profile(&unicode, "format = \"edifact\"").unwrap();
    let text = written(&profile, &booking(Place { city: Some("Łódź*1".into()), ..Place::default() }));
    assert!(
        text.starts_with("UNA:+,?*'UNB+UNOY:4+") && text.contains("+20260301:1200+") && text.contains("Łódź?*1"),
        "{text}"
    );
    assert_eq!(read_back(&profile, text.as_bytes())["messages"][0]["NAD"][0]["6"], "Łódź*1");
}

#[test]
fn a_message_longer_than_the_outbox_takes_is_refused() {
    let long = TENDER.replace("[\"S5\", { nth = true }, \"LD\"]", &format!("[\"S5\", \"{}\"]", "x".repeat(4_000)));
    let profile = profile(&long, "format = \"x12\"").unwrap();
    let mut large = booking(place());
    if let model::Request::Book { lines, .. } = &mut large.request {
        let first = lines[0].clone();
        lines.extend(std::iter::repeat_n(first, 2_000));
    }
    let (field, detail) = refused(&profile, &large);
    assert!(field == "$" && detail.contains("has more than 7340032 bytes"), "{field} {detail}");
}
