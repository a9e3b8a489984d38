//! Profiles for X12 and EDIFACT: an order, a carrier's shipment status, and a status report.

use model::{Classifier, Country, CustomerId, Fact, LineId, LocationId, Milestone, Order, OrderId, Place, Sku};
use partners::{OrderRef, Profile, Told, UnreadableKind};

use crate::{one_order, partner, quantity, received, when};

const ORDERS: &str = r#"
partner = "erp-edi"
system = "erp"
version = 1

[table.unit]
EA = "EA"
CA = "CS"
else = { reject = true }

[in.order]
format = "x12"
each = "transactions[*]"
skip = { path = "ST.01", not = "850" }
order = "BEG.03"

[in.order.loops]
N1 = ["N2", "N3", "N4"]
PO1 = ["PID", "DTM"]

[[in.order.facts]]
kind = "released"
customer = 'N1[01="BY"].04'
currency = { path = "CUR.02", default = "USD" }
ordered = { path = "BEG.05", as = "digits" }
promised = { path = 'DTM[01="002"].02', as = "digits" }
mode = "TD5.03"

[in.order.facts.ship_to]
location = 'N1[01="ST"].04'
name = { join = ['N1[01="ST"].02', 'N1[01="ST"].N2.01'] }
street = { join = ['N1[01="ST"].N3.01', 'N1[01="ST"].N3.02'] }
city = 'N1[01="ST"].N4.01'
postal_code = 'N1[01="ST"].N4.03'
country = { path = 'N1[01="ST"].N4.04', default = "US" }

[in.order.facts.lines]
each = "PO1[*]"
line = "01"
sku = "07"
quantity = "02"
unit = { path = "03", table = "unit" }
price = "04"
promised = { path = 'DTM[01="002"].02', as = "digits" }
"#;

const ORDER: &str =
    "ISA*00*          *00*          *ZZ*ACME           *ZZ*DOCK           *260301*0905*^*00501*000000041*0*P*:~
GS*PO*ACME*DOCK*20260301*0905*41*X*005010~
ST*850*0001~
BEG*00*NE*PO-4711**20260301~
CUR*BY*EUR~
DTM*010*20260305~
DTM*002*20260310~
TD5**2*ROAD~
N1*BY*ACME STORES*92*C-7~
N1*ST*ACME STORE 12*92*S-12~
N2*BACK DOOR~
N3*1 MAIN ST*DOCK 4~
N4*TROY*NY*12180~
PO1*1*24*EA*17.06**VN*BOLT~
PID*F****A BOLT~
PO1*2*3*CA*.5**VN*NUT~
DTM*002*20260312~
CTT*2~
SE*17*0001~
GE*1*41~
IEA*1*000000041~
";

fn decode(profile: &str, message: &str, raw: &str) -> Vec<Told> {
    Profile::load("edi.toml", profile).unwrap().decode(message, raw.as_bytes(), received()).unwrap()
}

#[test]
fn an_850_releases_an_order() {
    let (order, facts, _) = one_order(decode(ORDERS, "order", ORDER));
    assert_eq!(order, OrderRef::Order(OrderId::new("PO-4711").unwrap()));
    let [told] = &facts[..] else { panic!("{facts:?}") };
    let Fact::Released(released) = &told.fact else { panic!("{told:?}") };
    let currency = model::Currency::new("EUR").unwrap();
    let line =
        |number: &str, sku: &str, amount: &str, unit: &str, price: &str, promised: Option<&str>| model::OrderLine {
            line: LineId::new(number).unwrap(),
            sku: Sku::new(sku).unwrap(),
            quantity: quantity(amount, unit),
            unit_price: Some(model::Money { amount: price.parse().unwrap(), currency }),
            ship_from: None,
            ship_on: None,
            promised: promised.map(when),
        };
    let expected = Order {
        erp: partner("erp-edi"),
        customer: CustomerId::new("C-7").unwrap(),
        currency,
        ship_to: Place {
            location: Some(LocationId::new("S-12").unwrap()),
            name: Some("ACME STORE 12 BACK DOOR".into()),
            street: Some("1 MAIN ST DOCK 4".into()),
            city: Some("TROY".into()),
            region: None,
            postal_code: Some("12180".into()),
            country: Country::new("US").ok(),
        },
        ordered: Some(when("2026-03-01")),
        promised: Some(when("2026-03-10")),
        mode: Some("ROAD".into()),
        lines: vec![
            line("1", "BOLT", "24", "EA", "17.06", None),
            line("2", "NUT", "3", "CS", "0.5", Some("2026-03-12")),
        ],
    };
    assert_eq!(*released, expected);
}

#[test]
fn a_broken_order_is_rejected_and_the_others_are_not() {
    let second = ORDER.replace("850*0001", "850*0002").replace("*17*0001", "*16*0002").replace("PO-4711", "PO-4712");
    let [start, ..] = ORDER.split("ST*850").collect::<Vec<_>>()[..] else { panic!() };
    let inside = |text: &str| text[start.len()..].split("GE*1").next().unwrap().to_owned();
    let end = "GE*2*41~\nIEA*1*000000041~\n";
    let both = [start, &inside(&second), &inside(ORDER), end].concat();
    let told = decode(ORDERS, "order", &both);
    let [Told::Rejected(broken), Told::Order { order, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((broken.part, broken.why.field.as_str()), (0, "transactions[0]"));
    assert_eq!(broken.why.kind, UnreadableKind::Contradictory);
    assert!(broken.why.detail.contains("has 17 segments, and `SE.01` says `16`"), "{}", broken.why);
    assert_eq!(order.as_str(), "PO-4711");

    // What is wrong in the mapping has its place in the message as it came.
    let unit =
        [start, &inside(&second.replace("*16*", "*17*").replace("*3*CA*", "*3*ZZ*")), &inside(ORDER), end].concat();
    let told = decode(ORDERS, "order", &unit);
    let [Told::Rejected(broken), Told::Order { .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(
        (broken.why.kind, broken.why.field.as_str()),
        (UnreadableKind::UnknownCode, "transactions[0].PO1[1].03")
    );
    assert_eq!(broken.order.as_ref().unwrap().as_str(), "PO-4712");

    // A group that lost a transaction says so beside those that are there.
    let told = decode(ORDERS, "order", &ORDER.replace("GE*1*41", "GE*2*41"));
    let [Told::Order { .. }, Told::Rejected(lost)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((lost.part, lost.why.field.as_str()), (1, "interchanges[0].groups[0]"));

    // Alone it is the message.
    let why = Profile::load("edi.toml", ORDERS).unwrap();
    let why = why.decode("order", ORDER.replace("SE*17", "SE*18").as_bytes(), received()).unwrap_err();
    assert_eq!(why.field, "transactions[0]");
    assert_eq!(ORDER.len(), both.len() - inside(&second).len());
}

#[test]
fn a_message_in_the_letters_of_windows_is_read_when_the_profile_says_so() {
    let profile = ORDERS.replace("format = \"x12\"", "format = \"x12\"\nencoding = \"windows-1252\"");
    let raw: Vec<u8> =
        ORDER.replace("TROY", "K?LN").bytes().map(|byte| if byte == b'?' { 0xd6 } else { byte }).collect();
    let decode = |profile: &str| Profile::load("edi.toml", profile).unwrap().decode("order", &raw, received());
    let Fact::Released(released) = one_order(decode(&profile).unwrap()).1[0].fact.clone() else { panic!() };
    assert_eq!(released.ship_to.city.as_deref(), Some("KÖLN"));
    assert!(decode(ORDERS).unwrap_err().detail.contains("not UTF-8"));
    let unknown =
        Profile::load("edi.toml", &ORDERS.replace("format = \"x12\"", "format = \"x12\"\nencoding = \"latin9000\""));
    assert!(unknown.unwrap_err().problem.contains("expected the name of an encoding"));
}

const STATUS: &str = r#"
partner = "tms-edi"
system = "tms"
version = 1
zone = "America/Chicago"

[table.x12]
AF = "transport.picked_up"
X4 = "transport.arrived_facility"
D1 = "transport.delivered"
AG = "transport.delivered"
else = { reject = true }

[table.edifact]
13 = "transport.picked_up"
21 = "transport.delivered"
else = { reject = true }

[table.classifier]
AG = "estimated"
else = "actual"

[in.x12]
format = "x12"
each = "transactions[*]"
order = { reference = "B10.02" }
loops = { AT7 = ["MS1", "MS2"] }

[[in.x12.facts]]
kind = "milestone"
each = "AT7[*]"
milestone = { path = ["01", "03"], table = "x12" }
classifier = { path = ["01", "03"], table = "classifier" }
occurred = { join = ["05", "06"], as = "digits" }
code = { path = ["01", "03"] }
place = { city = "MS1.01" }

[in.edifact]
format = "edifact"
each = "messages[*]"
order = { reference = 'RFF[1.1="BN"].1.2' }
loops = { STS = ["RFF", "DTM", "LOC"], LOC = ["DTM"] }

[[in.edifact.facts]]
kind = "milestone"
each = "STS[*]"
milestone = { path = "2.1", table = "edifact" }
occurred = { path = 'DTM[1.1="334"].1.2', as = "digits" }
place = { city = 'LOC[1="175"].2.4' }
"#;

#[test]
fn a_status_report_about_several_consignments_is_a_part_each() {
    let profile = STATUS.replace("messages[*]", "messages[*].CNI[*]").replace("'RFF[1.1=\"BN\"].1.2'", "\"2.1\"");
    let profile = profile.replace("loops = { STS", "loops = { CNI = [\"STS\"], STS");
    let profile = profile.replace("occurred = { path = 'DTM", "shipment = '^^.BGM.2'\noccurred = { path = 'DTM");
    let raw = "UNB+UNOC:3+HAUL+ACME+260301:0905+55'UNH+1+IFTSTA:D:00B:UN'BGM+23+R-1+9'\
        CNI+1+S-1'STS+1+13'DTM+334:202602271530:203'STS+1+21'DTM+334:202602281530:203'\
        CNI+2+S-2'STS+1+99'CNI+3+S-3'STS+1+21'DTM+334:202602281600:203'UNT+13+1'\
        UNH+2+IFTSTA:D:00B:UN'BGM+23+R-2+9'UNT+3+2'UNH+3+IFTSTA'CNI+1+S-4'UNT+9+3'UNZ+3+55'";
    let told = decode(&profile, "edifact", raw);
    let seen: Vec<_> = told
        .iter()
        .map(|told| match told {
            Told::Order { order, facts, .. } => format!("{} of {}", facts.len(), order.as_str()),
            Told::Rejected(rejected) => format!("{} {}", rejected.part, rejected.why.field),
            Told::Stock { .. } | Told::Master(_) | Told::Snapshot(_) => panic!("{told:?}"),
        })
        .collect();
    let expected = ["2 of S-1", "1 messages[0].CNI[1].STS[0].2.1", "1 of S-3", "3 messages[1].CNI", "4 messages[2]"];
    assert_eq!(seen, expected);
    let Told::Order { facts, .. } = &told[0] else { panic!() };
    let Fact::Milestone(first) = &facts[0].fact else { panic!() };
    assert_eq!(first.shipment.as_ref().unwrap().as_str(), "R-1");
}

/// A milestone with its classifier, time, city and code.
type Seen = (Milestone, Classifier, String, Option<String>, Option<String>);

fn milestones(told: Vec<Told>) -> Vec<Seen> {
    let milestone = |fact: Fact| match fact {
        Fact::Milestone(told) => {
            let city = told.place.and_then(|place| place.city);
            (told.milestone, told.classifier, told.occurred.to_string(), city, told.code)
        }
        other => panic!("{other:?}"),
    };
    one_order(told).1.into_iter().map(|identified| milestone(identified.fact)).collect()
}

#[test]
fn a_214_tells_milestones_with_their_times() {
    let raw =
        "ISA*00*          *00*          *ZZ*HAUL           *ZZ*ACME           *260301*0905*U*00401*000000009*0*P*>~
        GS*QM*HAUL*ACME*20260301*0905*9*X*004010~ST*214*0001~B10*PRO-1*SHIP-1*HAUL~L11*X*BM~
        LX*1~AT7*AF*NS***20260227*1530~MS1*TROY*NY*US~MS2*HAUL*T1~AT7*X4*NS***20260228*061500~
        LX*2~AT7***AG*NA*20260303~MS1*AUSTIN*TX*US~SE*12*0001~GE*1*9~IEA*1*000000009~";
    let told = milestones(decode(STATUS, "x12", raw));
    let text = |text: &str| Some(text.to_owned());
    let expected = [
        (Milestone::TransportPickedUp, Classifier::Actual, "2026-02-27T15:30-06:00".into(), text("TROY"), text("AF")),
        (Milestone::TransportArrivedFacility, Classifier::Actual, "2026-02-28T06:15:00-06:00".into(), None, text("X4")),
        (Milestone::TransportDelivered, Classifier::Estimated, "2026-03-03".into(), text("AUSTIN"), text("AG")),
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_iftsta_tells_milestones_with_their_times() {
    let raw = "UNA:+.? 'UNB+UNOC:3+HAUL+ACME+260301:0905+55'UNH+1+IFTSTA:D:00B:UN'BGM+23+R-1+9'DTM+137:20260301:102'\
        RFF+BN:SHIP-1'CNI+1'STS+1+13'RFF+BN:OTHER'DTM+334:202602271530:203'LOC+175+USTRY:139::TROY?, NY'\
        DTM+132:202602280600:203'STS+1+21::9'DTM+334:202603011100:203'UNT+13+1'UNZ+1+55'";
    let told = milestones(decode(STATUS, "edifact", raw));
    let actual = Classifier::Actual;
    let expected = [
        (Milestone::TransportPickedUp, actual, "2026-02-27T15:30-06:00".to_owned(), Some("TROY, NY".to_owned()), None),
        (Milestone::TransportDelivered, actual, "2026-03-01T11:00-06:00".to_owned(), None, None),
    ];
    assert_eq!(told, expected);
}

#[test]
fn loops_that_make_no_sense_are_refused() {
    for (loops, said) in [
        ("{ n1 = [\"N3\"] }", "expected the id of a segment"),
        ("{ N1 = \"N3\" }", "expected a list"),
        ("{ N1 = [\"N3x4\"] }", "expected the id of a segment"),
        ("{ N1 = [\"N1\"] }", "at most 8 deep"),
        ("{ AA = [\"BB\"], BB = [\"AA\"] }", "at most 8 deep"),
    ] {
        let profile = STATUS.replace("{ AT7 = [\"MS1\", \"MS2\"] }", loops);
        let error = Profile::load("edi.toml", &profile).unwrap_err();
        assert!(error.problem.contains(said) && error.line == 27, "{error}");
    }
    let json = STATUS.replace("format = \"x12\"", "format = \"json\"");
    assert!(Profile::load("edi.toml", &json).unwrap_err().problem.contains("unknown key `loops`"));
}
