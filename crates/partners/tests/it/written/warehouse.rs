//! A warehouse that is asked by X12 940.

use model::{Ask, AskId, LocationId, OrderId, Request, ShipmentId, System};
use partners::Profile;
use partners::format::Plain;
use serde_json::json;

use super::{booking, place};
use crate::{partner, sending};

const PROFILE: &str = r#"
partner = "dock"
system = "wms"
version = 1

[table.unit]
EA = "EA"
else = { reject = true }
[table.dock]
dock = "12:6175550100"
else = { reject = true }

[in.order]
format = "x12"
each = "transactions[*]"
loops = { LX = ["W01", "N9"] }
order = "W05.02"
[[in.order.facts]]
kind = "cancel_requested"
reason = { value = "unknown" }

[out.allocate]
message = "order"
format = "x12"
envelope = { sender = "ZZ:WAYBILL", receiver = { field = "partner", table = "dock" }, group_receiver = "DOCK1", functional = "OW", version = "004010", set = "940", usage = "T", wants_ack = true, lines = true }
body = [
  ["W05", "N", { field = "order" }, { field = "ask", cut = 22 }],
  ["N1", "WH", "", "91", { field = "location" }],
  ["N1", "ST", { field = "ship_to.name", optional = true, cut = 60 }],
  ["N3", { field = "ship_to.street", optional = true }],
  ["N4", { field = "ship_to.city", optional = true }, "", { field = "ship_to.postal_code", optional = true }, { field = "ship_to.country", optional = true }],
  ["N9", "SI", { field = "shipment" }],
  { when = { path = "ship_on", present = true }, item = ["G62", "10", { field = "ship_on", as = "%Y%m%d" }] },
  { each = "lines[*]", item = [
    ["LX", { nth = true }],
    ["W01", { field = "quantity.amount" }, { field = "quantity.unit", table = "unit" }, "", "VN", { field = "sku" }],
    ["N9", "LI", { field = "line" }],
  ] },
  ["W76", { sum = "lines[*].quantity" }],
]
"#;

fn allocation() -> Ask {
    let Request::Book { ship_on, lines, .. } = booking(place()).request else { panic!() };
    let request = Request::Allocate {
        shipment: ShipmentId::new("SO-1-1").unwrap(),
        location: LocationId::new("EAST").unwrap(),
        ship_on,
        ship_to: place(),
        lines,
    };
    Ask {
        id: AskId::new("SO-1/allocate/SO-1-1/again").unwrap(),
        system: System::Wms,
        partner: partner("dock"),
        request,
    }
}

#[test]
fn an_allocation_is_a_940() {
    let profile = Profile::load("dock.toml", PROFILE).unwrap();
    let outgoing = profile.encode(&OrderId::new("SO-1").unwrap(), &allocation(), sending()).unwrap();
    assert_eq!(outgoing.message, "order");
    assert_eq!(
        String::from_utf8(outgoing.body.clone()).unwrap(),
        "ISA*00*          *00*          *ZZ*WAYBILL        *12*6175550100     *260301*1200*U*00401*000039489*1*T*>~\n\
         GS*OW*WAYBILL*DOCK1*20260301*1200*39489*X*004010~\n\
         ST*940*0001~\n\
         W05*N*SO-1*SO-1/allocate/SO-1-1/a~\n\
         N1*WH**91*EAST~\n\
         N1*ST*Ada & Söhne~\n\
         N3*12 Main St~\n\
         N4*Troy**12180*US~\n\
         N9*SI*SO-1-1~\n\
         G62*10*20260305~\n\
         LX*1~\n\
         W01*5*EA**VN*BOLT-8~\n\
         N9*LI*10~\n\
         LX*2~\n\
         W01*2.50*EA**VN*NUT-8~\n\
         N9*LI*20~\n\
         W76*7.5~\n\
         SE*16*0001~\n\
         GE*1*39489~\n\
         IEA*1*000039489~\n"
    );
    let Plain { tree, wrong, .. } = profile.plain("order", &outgoing.body).unwrap();
    assert_eq!(wrong, []);
    let expected = json!({ "01": "2", "W01": [{ "01": "2.50", "02": "EA", "04": "VN", "05": "NUT-8" }],
        "N9": [{ "01": "LI", "02": "20" }] });
    assert_eq!(tree["transactions"][0]["LX"][1], expected);
}
