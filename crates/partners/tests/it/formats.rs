//! Orders and counts as XML, as separated values and in fixed width: our own examples.

use model::{
    Country, Currency, CustomerId, Fact, LineId, LocationId, Money, Movement, MovementKind, Order, OrderId, OrderLine,
    Place, Sku,
};
use partners::{OrderRef, Profile, Told, UnreadableKind};

use crate::{partner, quantity, received, when};

fn profile(system: &str, rest: &str) -> Profile {
    let text = format!("partner = \"p\"\nsystem = \"{system}\"\nversion = 1\n{rest}");
    Profile::load("p.toml", &text).unwrap()
}

fn number(text: &str) -> OrderRef {
    OrderRef::Order(OrderId::new(text).unwrap())
}

fn euros(amount: &str) -> Option<Money> {
    Some(Money { amount: amount.parse().unwrap(), currency: Currency::new("EUR").unwrap() })
}

fn line(number: &str, sku: &str, amount: &str, unit: &str, price: &str) -> OrderLine {
    OrderLine {
        line: LineId::new(number).unwrap(),
        sku: Sku::new(sku).unwrap(),
        quantity: quantity(amount, unit),
        unit_price: euros(price),
        ship_from: None,
        ship_on: None,
        promised: None,
    }
}

fn released(told: &Told) -> (&OrderRef, &Order) {
    let Told::Order { order, facts, .. } = told else { panic!("{told:?}") };
    let [identified] = &facts[..] else { panic!("{facts:?}") };
    let Fact::Released(released) = &identified.fact else { panic!("{identified:?}") };
    (order, released)
}

const IDOC: &str = r#"
    [table.unit]
    PCE = "EA"
    KGM = "KG"
    else = { reject = true }
    [in.orders]
    format = "xml"
    each = "ORDERS05.IDOC[*]"
    order = "E1EDK01[0].BELNR[0]"
    event_id = "EDI_DC40[0].DOCNUM[0]"
    [[in.orders.facts]]
    kind = "released"
    customer = "E1EDKA1[0].PARTN[0]"
    currency = "E1EDK01[0].CURCY[0]"
    ordered = { path = "E1EDK03[0].DATUM[0]", as = "%Y%m%d" }
    ship_to = { name = "E1EDKA1[1].NAME1[0]", street = "E1EDKA1[1].STRAS[0]", city = "E1EDKA1[1].ORT01[0]", country = "E1EDKA1[1].LAND1[0]" }
    [in.orders.facts.lines]
    each = "E1EDP01[*]"
    line = "POSEX[0]"
    sku = "E1EDP19[0].IDTNR[0]"
    quantity = "MENGE[0]"
    unit = { path = "MENEE[0]", table = "unit" }
    price = "VPREI[0]"
"#;

fn idoc(number: &str, order: &str, lines: &str) -> String {
    format!(
        r#"<IDOC BEGIN="1">
            <EDI_DC40 SEGMENT="1"><DOCNUM>{number}</DOCNUM><MESTYP>ORDERS</MESTYP></EDI_DC40>
            <E1EDK01 SEGMENT="1"><CURCY>EUR</CURCY><BELNR>{order}</BELNR></E1EDK01>
            <E1EDK03 SEGMENT="1"><IDDAT>012</IDDAT><DATUM>20260227</DATUM></E1EDK03>
            <E1EDKA1 SEGMENT="1"><PARVW>AG</PARVW><PARTN>10042</PARTN></E1EDKA1>
            <E1EDKA1 SEGMENT="1"><PARVW>WE</PARVW><NAME1>Bäcker &amp; Söhne</NAME1><STRAS>Hafenstr. 4</STRAS>
                <ORT01>Lübeck</ORT01><LAND1>DE</LAND1></E1EDKA1>
            {lines}
        </IDOC>"#
    )
}

fn segment(line: &str, sku: &str, amount: &str, unit: &str, price: &str) -> String {
    format!(
        r#"<E1EDP01 SEGMENT="1"><POSEX>{line}</POSEX><MENGE>{amount}</MENGE><MENEE>{unit}</MENEE><VPREI>{price}</VPREI>
            <E1EDP19 SEGMENT="1"><QUALF>001</QUALF><IDTNR>{sku}</IDTNR></E1EDP19></E1EDP01>"#
    )
}

#[test]
fn each_idoc_of_a_message_releases_its_order() {
    let two = segment("00010", "FLOUR", "25.000", "KGM", "1.20") + &segment("00020", "TIN", "3.000", "PCE", "4");
    let sound = idoc("0000000000000017", "4500001234", &two);
    let without_lines = idoc("0000000000000018", "4500001235", "");
    let raw = format!("<?xml version=\"1.0\"?>\n<ORDERS05>{sound}{without_lines}</ORDERS05>");
    let told = profile("erp", IDOC).decode("orders", raw.as_bytes(), received()).unwrap();
    let [first, Told::Rejected(second)] = &told[..] else { panic!("{told:?}") };
    let expected = Order {
        erp: partner("p"),
        customer: CustomerId::new("10042").unwrap(),
        currency: Currency::new("EUR").unwrap(),
        ship_to: Place {
            location: None,
            name: Some("Bäcker & Söhne".into()),
            street: Some("Hafenstr. 4".into()),
            city: Some("Lübeck".into()),
            region: None,
            postal_code: None,
            country: Country::new("DE").ok(),
        },
        ordered: Some(when("2026-02-27")),
        promised: None,
        mode: None,
        lines: vec![line("00010", "FLOUR", "25", "KG", "1.20"), line("00020", "TIN", "3", "EA", "4")],
    };
    assert_eq!(released(first), (&number("4500001234"), &expected));
    assert_eq!((second.part, second.order.as_ref()), (1, Some(&number("4500001235"))));
    assert_eq!((second.why.kind, second.why.field.as_str()), (UnreadableKind::Empty, "ORDERS05.IDOC[1].E1EDP01"));
}

const ROWS: &str = r#"
    [in.orders]
    format = { csv = { separator = ";", group_by = "Order" } }
    each = "groups[*]"
    order = "Order"
    [[in.orders.facts]]
    kind = "released"
    customer = "rows[0].Customer"
    currency = { value = "EUR" }
    ship_to = { city = "rows[0].City" }
    [in.orders.facts.lines]
    each = "rows[*]"
    line = "Pos"
    sku = "Item"
    quantity = { path = "Qty", as = "decimal_comma" }
    unit = { path = "Unit", default = "EA" }
    price = { path = "Price", as = "decimal_comma" }
"#;

#[test]
fn the_rows_of_an_order_release_it_together() {
    let raw = "Order;Pos;Customer;City;Item;Qty;Unit;Price\r\n\
               SO-1;1;C7;Lyon;BOLT;1.000;;0,05\r\n\
               SO-2;1;C8;\"Aix;en Provence\";NUT;2,5;KG;3,00\r\n\
               SO-3;1;C9;Metz;NAIL;1\r\n\
               SO-1;2;C7;Lyon;NUT;4;;1,10\r\n\
               SO-3;2;C9;Metz;BOLT;1;;1,10\r\n";
    let told = profile("erp", ROWS).decode("orders", raw.as_bytes(), received()).unwrap();
    let [first, second, Told::Rejected(broken)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((broken.why.kind, broken.why.field.as_str()), (UnreadableKind::Malformed, "rows[2]"));
    assert!(broken.why.detail.contains("on line 4 has 6 cells; expected 8"), "{broken:?}");
    let (order, told) = released(first);
    assert_eq!((order, told.customer.as_str(), told.ship_to.city.as_deref()), (&number("SO-1"), "C7", Some("Lyon")));
    assert_eq!(told.lines, [line("1", "BOLT", "1000", "EA", "0.05"), line("2", "NUT", "4", "EA", "1.10")]);
    let (order, told) = released(second);
    assert_eq!((order, told.ship_to.city.as_deref()), (&number("SO-2"), Some("Aix;en Provence")));
    assert_eq!(told.lines, [line("1", "NUT", "2.5", "KG", "3.00")]);
}

#[test]
fn a_file_of_which_every_row_is_broken_is_unreadable() {
    let raw = b"Order;Pos;Customer;City;Item;Qty;Unit;Price\nSO-1\nSO-2\n";
    let why = profile("erp", ROWS).decode("orders", raw, received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::Malformed, "rows[0]"));
    assert!(why.detail.contains("on line 2 has 1 cell"), "{why}");
    let why = profile("erp", ROWS).decode("orders", &raw[..44], received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::Empty, "groups"));
}

const COUNT: &str = r#"
    zone = "Europe/Berlin"
    [in.count]
    [in.count.format.fixed]
    code = { from = 1, length = 2 }
    records.CH = { columns = [{ name = "site", from = 3, length = 6 }, { name = "at", from = 9, length = 12 }] }
    records.CL = { under = "CH", columns = [{ name = "sku", from = 3, length = 8 }, { name = "on_hand", from = 11, length = 7 }] }
    records.CT = {}
    [[in.count.facts]]
    kind = "movement"
    each = ["CH[0].CL[*]"]
    location = "$.CH[0].site"
    sku = "sku"
    movement = { value = "counted" }
    quantity = { path = "on_hand", as = "integer" }
    occurred = { path = "$.CH[0].at", as = "%Y%m%d%H%M" }
"#;

#[test]
fn a_stock_count_in_fixed_width_counts_each_item() {
    let raw = "CHNORTH 202602281800\nCLBOLT       120\nCLÖSE          0\nCLNUT        twelve\nCT000003\n";
    let told = profile("wms", COUNT).decode("count", raw.as_bytes(), received()).unwrap();
    let counted = |sku: &str, amount: &str| Movement {
        location: LocationId::new("NORTH").unwrap(),
        sku: Sku::new(sku).unwrap(),
        kind: MovementKind::Counted,
        quantity: quantity(amount, "EA"),
        occurred: when("2026-02-28T18:00+01:00"),
    };
    let [Told::Stock { movement: bolts, .. }, Told::Stock { movement: rings, .. }, Told::Rejected(nuts)] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!((bolts, rings), (&counted("BOLT", "120"), &counted("ÖSE", "0")));
    assert_eq!((nuts.why.kind, nuts.why.field.as_str()), (UnreadableKind::WrongValue, "CH[0].CL[2].on_hand"));
}

#[test]
fn a_count_with_an_unknown_line_is_unreadable_as_a_whole() {
    let raw = "CHNORTH 202602281800\nCLBOLT       120\nC NUT         12\n";
    let why = profile("wms", COUNT).decode("count", raw.as_bytes(), received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::Malformed, "CH[0]"));
    assert!(why.detail.contains("on line 3 the code `C`; expected `CH`, `CL`, `CT`"), "{why}");
}
