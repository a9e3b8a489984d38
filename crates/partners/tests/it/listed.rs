//! Lists of what a partner's books hold: one snapshot a message, of its own moment, and complete only if all of it was read.

use model::{Listed, ListedOrder, ListedShipment, ListedStock, Milestone, OrderId, Snapshot, System};
use partners::{Profile, Told, Unreadable, UnreadableKind};

use crate::{decode, partner, progress, quantity, received, shipped_profile, when};

fn profile(system: &str, message: &str) -> Result<Profile, partners::ProfileError> {
    Profile::load("p.toml", &format!("partner = \"p\"\nsystem = \"{system}\"\nversion = 1\n{message}"))
}

/// The one list of a message, and what of the message cannot be read.
fn list(told: Vec<Told>) -> (Snapshot, Vec<Unreadable>) {
    let (mut snapshots, mut wrong) = (Vec::new(), Vec::new());
    for told in told {
        match told {
            Told::Snapshot(snapshot) => snapshots.push(snapshot),
            Told::Rejected(rejected) => wrong.push(rejected.why),
            other => panic!("{other:?}"),
        }
    }
    let [snapshot] = <[Snapshot; 1]>::try_from(snapshots).unwrap();
    (snapshot, wrong)
}

fn order(number: &str, lines: &[(&str, &str)]) -> ListedOrder {
    let lines = lines.iter().map(|(line, amount)| progress(line, amount, None)).collect();
    ListedOrder { order: OrderId::new(number).unwrap(), lines }
}

fn stock(location: &str, sku: &str, amount: &str, unit: &str) -> ListedStock {
    let (location, sku) = (model::LocationId::new(location).unwrap(), model::Sku::new(sku).unwrap());
    ListedStock { location, sku, on_hand: quantity(amount, unit) }
}

#[test]
fn an_erp_lists_the_orders_it_has_open() {
    let raw = r#"{"at": "2026-03-01T10:00:00+01:00", "documents": [
        {"vbeln": "SO-1", "items": [
            {"posnr": "10", "menge": 5, "meins": "ST"}, {"posnr": "20", "menge": "0.000", "meins": "ST"}]},
        {"vbeln": "SO-2"}]}"#;
    let (snapshot, wrong) = list(decode("sim-erp", "open_orders", raw));
    assert_eq!(wrong, []);
    let expected = Snapshot {
        system: System::Erp,
        partner: partner("erp-main"),
        taken: when("2026-03-01T10:00:00+01:00"),
        complete: true,
        listed: Listed::Orders(vec![order("SO-1", &[("10", "5")]), order("SO-2", &[])]),
    };
    assert_eq!(snapshot, expected);
}

#[test]
fn an_erp_and_a_warehouse_list_the_stock_they_believe_in() {
    let raw = r#"{"stocks": [{"werks": "HAM", "matnr": "BOLT", "labst": "-2.5", "meins": "KG"}]}"#;
    let (snapshot, _) = list(decode("sim-erp", "stock_list", raw));
    assert_eq!(snapshot.listed, Listed::Stock(vec![stock("HAM", "BOLT", "-2.5", "KGM")]));
    assert_eq!(snapshot.taken, model::When::exact(received()), "where the list says no time, it is of its receipt");
    let raw = r#"{"at": 1772323200000, "stock": [{"site": "HAM", "article": "NUT", "qty": 7, "uom": "PC"}]}"#;
    let (snapshot, _) = list(decode("sim-wms", "stock_list", raw));
    assert_eq!((snapshot.system, snapshot.taken.to_string().as_str()), (System::Wms, "2026-03-01T00:00:00.000Z"));
    assert_eq!(snapshot.listed, Listed::Stock(vec![stock("HAM", "NUT", "7", "EA")]));
}

#[test]
fn a_carrier_lists_what_is_under_way_by_its_own_numbers() {
    let raw = r#"{"shipments": [{"pro": "PRO1", "code": "OFD"}, {"pro": "PRO2", "code": "BKD"}, {"pro": "PRO3"}]}"#;
    let (snapshot, _) = list(decode("sim-tms", "shipments", raw));
    let shipment = |reference: &str, milestone| ListedShipment {
        reference: reference.to_owned(),
        order: None,
        shipment: None,
        milestone,
    };
    let expected = vec![
        shipment("PRO1", Some(Milestone::TransportOutForDelivery)),
        shipment("PRO2", Some(Milestone::TransportAccepted)),
        shipment("PRO3", None),
    ];
    assert_eq!(snapshot.listed, Listed::Shipments(expected));
}

#[test]
fn a_row_that_cannot_be_read_is_not_missing() {
    let raw = r#"{"shipments": [{"pro": "PRO1"}, {"pro": "PRO2", "code": "??"}, {"code": "OFD"}]}"#;
    let (snapshot, wrong) = list(decode("sim-tms", "shipments", raw));
    assert_eq!((snapshot.complete, snapshot.listed.rows()), (false, 1));
    let wrong: Vec<_> = wrong.iter().map(|why| (why.kind, why.field.as_str())).collect();
    let expected = [(UnreadableKind::UnknownCode, "shipments[1].code"), (UnreadableKind::Missing, "shipments[2].pro")];
    assert_eq!(wrong, expected);
}

#[test]
fn a_list_of_nothing_is_a_list_and_none_is_not() {
    let (snapshot, _) = list(decode("sim-erp", "open_orders", r#"{"documents": []}"#));
    assert_eq!((snapshot.complete, snapshot.listed), (true, Listed::Orders(Vec::new())));
    let read = |raw: &str| shipped_profile("sim-erp").decode("open_orders", raw.as_bytes(), received());
    for other in [r#"{"docs": [{"vbeln": "SO-1"}]}"#, "{}", r#"{"documents": null}"#] {
        assert!(read(other).is_err(), "{other} does not say that nothing is open");
    }
    let all_wrong = read(r#"{"documents": [{}, {"vbeln": ""}]}"#).unwrap_err();
    assert_eq!((all_wrong.kind, all_wrong.field.as_str()), (UnreadableKind::Missing, "documents[0].vbeln"));
}

#[test]
fn a_list_from_the_future_or_of_no_sound_time_is_a_slip() {
    for at in ["2026-03-02T12:00:01Z", "yesterday"] {
        let raw = format!(r#"{{"at": "{at}", "documents": [{{"vbeln": "SO-1"}}]}}"#);
        let why = shipped_profile("sim-erp").decode("open_orders", raw.as_bytes(), received()).unwrap_err();
        assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::WrongValue, "at"));
    }
}

#[test]
fn rows_of_one_order_are_one_and_so_are_the_lots_of_a_sku() {
    let flat = r#"
        [in.orders]
        format = { csv = { separator = ";" } }
        taken = { path = "rows[0].as_of", as = "%d.%m.%Y %H:%M", zone = "Europe/Berlin" }
        [[in.orders.facts]]
        kind = "listed_order"
        each = "rows[*]"
        order = "order"
        lines = { each = ".", line = "pos", quantity = { path = "open", as = "decimal_comma" } }
        [in.lots]
        format = "csv"
        [[in.lots.facts]]
        kind = "listed_stock"
        each = "rows[*]"
        location = { value = "W1" }
        sku = "sku"
        quantity = "on_hand"
    "#;
    let erp = profile("erp", flat).unwrap();
    let raw = b"order;pos;open;as_of\nSO-1;10;3;28.02.2026 18:00\nSO-2;10;1.000;\nSO-1;20;2;\n";
    let (snapshot, wrong) = list(erp.decode("orders", raw, received()).unwrap());
    assert_eq!((snapshot.taken, wrong), (when("2026-02-28T18:00+01:00"), vec![]));
    let expected = vec![order("SO-1", &[("10", "3"), ("20", "2")]), order("SO-2", &[("10", "1000")])];
    assert_eq!(snapshot.listed, Listed::Orders(expected));
    let raw = b"sku,lot,on_hand\nBOLT,L1,40\nNUT,L1,7\nBOLT,L2,2\n";
    let (snapshot, _) = list(erp.decode("lots", raw, received()).unwrap());
    assert_eq!(snapshot.listed, Listed::Stock(vec![stock("W1", "BOLT", "42", "EA"), stock("W1", "NUT", "7", "EA")]));
    // A row that is broken as it is written may be one of those that are missing.
    let (snapshot, wrong) = list(erp.decode("lots", b"sku,lot,on_hand\nBOLT,L1,40\nNUT,7\n", received()).unwrap());
    assert_eq!((snapshot.complete, snapshot.listed.rows(), wrong.len()), (false, 1, 1));
    assert!(erp.decode("lots", b"", received()).is_err(), "an empty file is not an empty list");
}

const INQUIRY: &str = r#"
    [in.846]
    format = "x12"
    each = "transactions[*]"
    skip = { path = "ST.01", not = "846" }
    loops = { N1 = ["N2"], LIN = ["PID", "QTY"] }
    taken = { join = ['transactions[0].DTM[01="007"].02', 'transactions[0].DTM[01="007"].03'], as = "digits", zone = "UTC" }
    complete = false
    [[in.846.facts]]
    kind = "listed_stock"
    each = "LIN[*]"
    location = '^.N1[01="WH"].04'
    sku = "03"
    quantity = 'QTY[01="17"].02'
"#;

#[test]
fn an_x12_846_is_a_list_where_the_profile_says_so() {
    let wms = profile("wms", INQUIRY).unwrap();
    let transaction = |number: &str, lines: &str, count: usize| {
        format!(
            "ST*846*{number}~BIA*00*SI*CNT-9*20260228~DTM*007*20260228*2200~N1*WH*NORTH*92*W{number}~{lines}\
             SE*{count}*{number}~"
        )
    };
    let (first, second) = ("LIN*1*VN*LAMP~QTY*17*95*EA~LIN*2*VN*BULB~QTY*17*n/a*EA~", "LIN*1*VN*LAMP~QTY*17*3*EA~");
    let raw = format!(
        "ISA*00*          *00*          *ZZ*NORTH3PL       *ZZ*WAYBILL        *260302*0830*^*00501*000000011*0*P*>~\
         GS*IB*NORTH3PL*WAYBILL*20260302*0830*11*X*005010~{}{}GE*2*11~IEA*1*000000011~",
        transaction("0001", first, 9),
        transaction("0002", second, 7)
    );
    let (snapshot, wrong) = list(wms.decode("846", raw.as_bytes(), received()).unwrap());
    let expected = vec![stock("W0001", "LAMP", "95", "EA"), stock("W0002", "LAMP", "3", "EA")];
    assert_eq!((snapshot.listed, snapshot.complete), (Listed::Stock(expected), false));
    assert_eq!(snapshot.taken, when("2026-02-28T22:00Z"));
    assert_eq!(
        wrong.iter().map(|why| why.field.as_str()).collect::<Vec<_>>(),
        ["transactions[0].LIN[1].QTY[01=\"17\"].02"]
    );
}

#[test]
fn a_list_may_stand_beside_what_happened() {
    let both = r#"
        [in.day]
        format = "json"
        [[in.day.facts]]
        kind = "listed_stock"
        each = "stock[*]"
        location = { value = "W1" }
        sku = "sku"
        quantity = "left"
        [[in.day.facts]]
        kind = "listed_order"
        each = "open[*]"
        order = "no"
        [[in.day.facts]]
        kind = "item"
        each = "stock[*]"
        sku = "sku"
        description = "name"
    "#;
    let raw = br#"{"stock": [{"sku": "BOLT", "name": "a bolt", "left": 3}], "open": [{"no": "SO-1"}]}"#;
    let told = profile("erp", both).unwrap().decode("day", raw, received()).unwrap();
    let [Told::Master(_), Told::Snapshot(orders), Told::Snapshot(stock)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((orders.listed.kind(), stock.listed.kind()), ("orders", "stock"), "a snapshot of each kind");
    // A record that cannot be read makes the lists beside it doubtful too: nobody knows what it would have been.
    let raw = br#"{"stock": [{"sku": "BOLT", "left": 3}], "open": []}"#;
    let told = profile("erp", both).unwrap().decode("day", raw, received()).unwrap();
    let [Told::Rejected(_), Told::Snapshot(stock)] = &told[..] else { panic!("{told:?}") };
    assert!(!stock.complete, "and an open list of nothing that is not complete says nothing");
}

#[test]
fn a_list_is_only_what_a_system_keeps_books_of() {
    let rule =
        |kind: &str, keys: &str| format!("[in.list]\nformat = \"json\"\n[[in.list.facts]]\nkind = \"{kind}\"\n{keys}");
    let orders = rule("listed_order", "order = \"no\"");
    let stock = rule("listed_stock", "location = \"at\"\nsku = \"sku\"\nquantity = \"qty\"");
    let shipments = rule("listed_shipment", "reference = \"pro\"");
    for (system, kinds) in [("erp", [true, true, false]), ("wms", [false, true, false]), ("tms", [false, false, true])]
    {
        let loads = [&orders, &stock, &shipments].map(|message| profile(system, message).is_ok());
        assert_eq!(loads, kinds, "{system}");
    }
    let says = |message: &str, system: &str| profile(system, message).unwrap_err().to_string();
    let wrong = says(&orders, "tms");
    assert_eq!(wrong, "p.toml:7:8: the tms does not keep books of this; expected of it `listed_shipment`");
    let event = says(&format!("{shipments}\nevent_id = \"id\""), "tms");
    assert!(event.starts_with("p.toml:6:1: expected no `event_id` here"), "{event}");
    let taken = says(&shipments.replace("format", "taken = \"at\"\nformat").replace("listed_shipment", "route"), "tms");
    assert!(taken.contains("expected the key `from`"), "{taken}");
    let item = rule("item", "sku = \"a\"\ndescription = \"b\"").replace("format", "complete = true\nformat");
    assert!(says(&item, "erp").contains("unknown key `complete`"), "only lists are complete or not");
}

#[test]
fn a_list_has_a_limit() {
    let rows = |many: usize| {
        format!(r#"{{"stock": [{}]}}"#, vec![r#"{"site":"A","article":"B","qty":1,"uom":"PC"}"#; many].join(","))
    };
    let wms = shipped_profile("sim-wms");
    let why = wms.decode("stock_list", rows(partners::message::list::MAX_ROWS + 1).as_bytes(), received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::TooLarge, "stock"));
}
