//! Entries as they were once written: every kind of them is read for ever, and written the same.

use engine::{Content, Entry, EntryId, FactId, Source, Told, codec};
use model::{
    Ask, AskedLine, Classifier, Commitment, CustomerId, Deadline, Decision, End, Exception, ExceptionKind, Fact,
    Finding, Grade, Inspected, Inspection, Lacking, LineId, LocationId, Milestone, MilestoneReached, Money, Note,
    OpenedReturn, OrderId, Outcome, ParcelId, PartnerId, Place, Progress, Quantity, Reason, Request,
    ReturnAuthorisation, ReturnLine, ReturnOutcome, RmaId, Sku, Split, System, When,
};
use schemars::{JsonSchema, schema_for};

use crate::golden;
use crate::kit::{
    ask_id, assigned, billed, booked, cancel_requested, delayed, eur, failed, found, freight_invoiced, hour, noted,
    order, refused, retry_requested, shipment_id, snoozed, substituted, waived,
};

type OrderEntry = Entry<Fact, Decision>;

/// The folder of this version's entries. A change that these bytes do not survive is a new version beside this one.
const VERSION: &str = "entries/v1";

// ---- what there is ----

/// The names of an enum's variants, as on the wire.
fn variants<T: JsonSchema>() -> Vec<String> {
    let schema = schema_for!(T).to_value();
    let of = |variant: &serde_json::Value| -> Vec<String> {
        let names = variant.get("required").or_else(|| variant.get("enum")).and_then(serde_json::Value::as_array);
        let name = variant.get("const").map(|name| vec![name.clone()]);
        let names = names.cloned().or(name).unwrap_or_else(|| panic!("{variant} has no name"));
        names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    match schema.get("oneOf").and_then(serde_json::Value::as_array) {
        Some(variants) => variants.iter().flat_map(of).collect(),
        None => of(&schema),
    }
}

/// Every kind of fact, by name.
pub fn sorted_kinds_of_facts() -> Vec<String> {
    let mut kinds = variants::<Fact>();
    kinds.sort();
    kinds
}

/// A sample of every kind of entry there is, by the name of its file.
fn samples() -> Vec<(String, OrderEntry)> {
    let mut samples = Vec::new();
    for kind in variants::<Fact>() {
        let fact = fact(&kind);
        assert_eq!(fact.kind(), kind);
        samples.push((format!("fact-{kind}"), facts(vec![fact])));
    }
    for kind in variants::<Outcome>() {
        let answer = match kind.as_str() {
            "accepted" => crate::kit::accepted("allocate/s1"),
            "refused" => refused("allocate/s1", Reason::QuantityShort, Some("2 on hand")),
            "failed" => failed("allocate/s1", "timed out"),
            other => panic!("add a sample of the outcome {other}"),
        };
        samples.push((format!("outcome-{kind}"), facts(vec![answer.fact])));
    }
    samples.push(("findings".to_owned(), facts(vec![found(&order(1), findings()).fact])));
    samples.push(("opens".to_owned(), facts(vec![opens()])));
    for kind in variants::<Decision>() {
        samples.push((format!("decision-{kind}"), decisions(vec![decision(&kind)])));
    }
    for kind in variants::<Request>() {
        let request = request(&kind);
        assert_eq!(request.kind(), kind);
        samples.push((format!("request-{kind}"), decisions(vec![ask(request)])));
    }
    for kind in variants::<ExceptionKind>() {
        let exception = exception(&kind);
        assert_eq!(exception.as_str(), kind);
        let raised = Decision::Raise(Exception { kind: exception.clone(), detail: "in words".to_owned() });
        samples.push((format!("exception-{kind}"), decisions(vec![raised, Decision::Resolve(exception)])));
    }
    for kind in variants::<Content<Fact, Decision>>() {
        let entry = match kind.as_str() {
            "facts" => facts(vec![fact("milestone"), fact("condition")]),
            "decisions" => decisions(vec![decision("ask"), decision("deadline")]),
            "due" => entry(Content::Due { name: "allocate-s1".to_owned(), at: hour(4) }),
            other => panic!("add a sample of the content {other}"),
        };
        samples.push((format!("content-{kind}"), entry));
    }
    samples
}

// ---- one of each ----

fn fact(kind: &str) -> Fact {
    match kind {
        "released" => {
            let mut order = order(1);
            let price = Money { amount: "12.50".parse().unwrap(), ..eur("0") };
            order.lines[0].unit_price = Some(price);
            order.lines[0].promised = Some(When::parse("2026-03-06T12:00:00+01:00").unwrap());
            order.ship_to = place();
            Fact::Released(order)
        }
        "validated" => crate::kit::validated(&order(1)).fact,
        "answered" => crate::kit::accepted("book/s1").fact,
        "milestone" => Fact::Milestone(MilestoneReached {
            milestone: Milestone::FulfilmentGoodsIssued,
            classifier: Classifier::Actual,
            occurred: When::parse("2026-03-03T14:05").unwrap(),
            shipment: Some(shipment_id("s1")),
            parcel: Some(ParcelId::new("00340123450000000018").unwrap()),
            place: Some(place()),
            lines: vec![Progress {
                line: LineId::new("1").unwrap(),
                quantity: Quantity::new("2.5".parse().unwrap(), model::Unit::new("KG").unwrap()),
                location: Some(LocationId::new("dc-1").unwrap()),
            }],
            code: Some("SHP".to_owned()),
        }),
        "condition" => delayed("s1").fact,
        "booked" => booked("s1", Some(eur("100.00"))).fact,
        "billed" => billed().of(&[(1, 10)]).fact,
        "freight_invoiced" => freight_invoiced("s1", eur("100.00")).fact,
        "archived" => crate::kit::archived().fact,
        "cancel_requested" => cancel_requested().fact,
        "handed_over" => crate::kit::handed_over("erp-2").fact,
        "retry_requested" => retry_requested("book/s1").fact,
        "waived" => waived(exception("no_stock"), "less was reserved than ordered").fact,
        "noted" => noted("the customer called").fact,
        "assigned" => assigned(exception("no_stock"), hour(3), "ada").fact,
        "snoozed" => snoozed(exception("no_stock"), hour(3), hour(30)).fact,
        "substituted" => substituted("book/s1", "tms-b").fact,
        "return_authorised" => Fact::ReturnAuthorised(authorised()),
        "inspected" => Fact::Inspected(Inspection {
            lines: Grade::ALL
                .map(|grade| Inspected { line: LineId::new("1").unwrap(), quantity: Quantity::each(2), grade })
                .to_vec(),
        }),
        "credited" => {
            let Fact::Billed(invoice) = billed().of(&[(1, 10)]).fact else { panic!("no invoice") };
            Fact::Credited(invoice)
        }
        other => panic!("add a sample of the fact {other}"),
    }
}

fn authorised() -> ReturnAuthorisation {
    ReturnAuthorisation {
        order: OrderId::new("SO 1/7").unwrap(),
        erp: PartnerId::new("erp-1").unwrap(),
        customer: CustomerId::new("acme").unwrap(),
        wms: PartnerId::new("wms-1").unwrap(),
        location: LocationId::new("dc-1").unwrap(),
        tms: Some(PartnerId::new("tms-main").unwrap()),
        from: Some(place()),
        lines: returned_lines(),
    }
}

/// A remark that opens a return.
fn opens() -> Fact {
    let opened = OpenedReturn { rma: RmaId::new("SO 1/7-R1").unwrap(), authorised: authorised() };
    Fact::Noted(Note { text: "opens return SO 1/7-R1".to_owned(), opens: Some(Box::new(opened)) })
}

fn findings() -> Vec<Finding> {
    let findings = |kind: String| match kind.as_str() {
        "unknown_customer" => Finding::UnknownCustomer(CustomerId::new("acme").unwrap()),
        "unknown_item" => Finding::UnknownItem { line: LineId::new("1").unwrap(), sku: Sku::new("x").unwrap() },
        "unknown_location" => {
            Finding::UnknownLocation { line: LineId::new("1").unwrap(), location: LocationId::new("dc-9").unwrap() }
        }
        "no_location" => Finding::NoLocation { line: LineId::new("2").unwrap() },
        "restricted_route" => {
            let country = |code| model::Country::new(code).unwrap();
            Finding::RestrictedRoute { from: country("DE"), to: country("FR"), why: "embargo".to_owned() }
        }
        other => panic!("add a sample of the finding {other}"),
    };
    variants::<Finding>().into_iter().map(findings).collect()
}

fn decision(kind: &str) -> Decision {
    match kind {
        "commit" => Decision::Commit(Commitment { release: FactId([7; 16]).to_string(), first_shipment: 1 }),
        "split" => {
            let lines = vec![Progress { line: LineId::new("1").unwrap(), quantity: Quantity::each(4), location: None }];
            let (shipment, of) = (shipment_id("s3"), shipment_id("s1"));
            Decision::Split(Split { shipment, of, lacking: Lacking::Reserved, lines })
        }
        "ask" => ask(request("allocate")),
        "deadline" => Decision::Deadline(Deadline { name: "allocate-s1".to_owned(), at: hour(4) }),
        "raise" => Decision::Raise(Exception { kind: ExceptionKind::Invalid, detail: "no such customer".to_owned() }),
        "resolve" => Decision::Resolve(ExceptionKind::Invalid),
        "end" => Decision::End(End::Closed),
        other => panic!("add a sample of the decision {other}"),
    }
}

fn request(kind: &str) -> Request {
    let lines = || vec![Progress { line: LineId::new("1").unwrap(), quantity: Quantity::each(10), location: None }];
    let asked = || {
        let (line, sku) = (LineId::new("1").unwrap(), Sku::new("sku-1").unwrap());
        vec![AskedLine { line, sku, quantity: Quantity::each(10) }]
    };
    let location = LocationId::new("dc-1").unwrap();
    let ship_on = Some("2026-03-03".parse().unwrap());
    match kind {
        "allocate" => {
            Request::Allocate { shipment: shipment_id("s1"), location, ship_on, ship_to: place(), lines: asked() }
        }
        "book" => Request::Book {
            shipment: shipment_id("s1"),
            from: location,
            ship_to: place(),
            ship_on,
            mode: Some("AIR".to_owned()),
            lines: asked(),
        },
        "confirm_shipment" => Request::ConfirmShipment { lines: lines(), sale: None },
        "bill" => Request::Bill { lines: lines(), sale: None },
        "cancel_allocation" => {
            Request::CancelAllocation { shipment: shipment_id("s1"), undoes: ask_id("allocate/s1"), location }
        }
        "cancel_booking" => {
            let tracking = Some("T-1".to_owned());
            Request::CancelBooking { shipment: shipment_id("s1"), undoes: ask_id("book/s1"), tracking }
        }
        "confirm_cancellation" => Request::ConfirmCancellation { reason: model::Reason::ShipperCancelled },
        "update_customer" => {
            let customer = CustomerId::new("acme").unwrap();
            Request::UpdateCustomer { customer, milestone: Milestone::TransportDelivered }
        }
        "expect_return" => {
            Request::ExpectReturn { original_order: original_order(), location, lines: returned_lines() }
        }
        "collect" => Request::Collect { shipment: shipment_id("r1"), from: place(), to: location, lines: asked() },
        "cancel_return" => Request::CancelReturn { undoes: ask_id("expect_return"), location },
        "cancel_collection" => {
            let tracking = Some("T-1".to_owned());
            Request::CancelCollection { shipment: shipment_id("r1"), undoes: ask_id("collect"), tracking }
        }
        "credit" => Request::Credit { original_order: original_order(), lines: lines() },
        "update_return" => Request::UpdateReturn {
            customer: CustomerId::new("acme").unwrap(),
            original_order: original_order(),
            outcome: ReturnOutcome::Credited,
        },
        other => panic!("add a sample of the request {other}"),
    }
}

fn original_order() -> OrderId {
    OrderId::new("SO 1/7").unwrap()
}

fn returned_lines() -> Vec<ReturnLine> {
    let (line, sku) = (LineId::new("1").unwrap(), Sku::new("sku-1").unwrap());
    vec![ReturnLine { line, sku, quantity: Quantity::each(2), reason: Reason::GoodsDamaged }]
}

fn ask(request: Request) -> Decision {
    let id = ask_id(&format!("{}/s1", request.kind()));
    Decision::Ask(Ask { id, system: System::Wms, partner: PartnerId::new("wms-1").unwrap(), request })
}

fn exception(kind: &str) -> ExceptionKind {
    let shipment = shipment_id("s1");
    match kind {
        "invalid" => ExceptionKind::Invalid,
        "no_stock" => ExceptionKind::NoStock(shipment),
        "booking_refused" => ExceptionKind::BookingRefused(shipment),
        "ask_refused" => ExceptionKind::AskRefused(ask_id("bill")),
        "overdue" => ExceptionKind::Overdue("ship-s1".to_owned()),
        "goods_issue_missing" => ExceptionKind::GoodsIssueMissing(shipment),
        "quantity_mismatch" => ExceptionKind::QuantityMismatch(shipment),
        "freight_mismatch" => ExceptionKind::FreightMismatch(shipment),
        "changed" => ExceptionKind::Changed,
        "contradicted" => ExceptionKind::Contradicted(ask_id("allocate/s1")),
        "unmatched" => ExceptionKind::Unmatched,
        "flooded" => ExceptionKind::Flooded,
        "cancel_too_late" => ExceptionKind::CancelTooLate(shipment),
        "undeliverable" => ExceptionKind::Undeliverable(shipment),
        "shipped_short" => ExceptionKind::ShippedShort(shipment),
        "delivery_failing" => ExceptionKind::DeliveryFailing(shipment),
        "late" => ExceptionKind::Late(shipment),
        "disagreement" => ExceptionKind::Disagreement(shipment),
        other => panic!("add a sample of the exception {other}"),
    }
}

fn place() -> Place {
    Place {
        location: Some(LocationId::new("dc-1").unwrap()),
        name: Some("Café Zürich".into()),
        street: Some("1 rue du Port".into()),
        city: Some("Le Havre".to_owned()),
        region: None,
        postal_code: Some("76600".into()),
        country: Some(model::Country::new("FR").unwrap()),
    }
}

// ---- entries ----

fn facts(facts: Vec<Fact>) -> OrderEntry {
    let source = Source {
        service: "wms-adapter".to_owned(),
        partner: Some("wms-1".to_owned()),
        message: Some("status".to_owned()),
        profile: Some(3),
        profile_name: None,
        inbox: Some(4_711),
        received: hour(3),
        operator: None,
    };
    let told = |(number, fact): (u8, Fact)| Told { id: FactId([number; 16]), fact };
    entry(Content::Facts { source, facts: (1..).zip(facts).map(told).collect() })
}

fn decisions(decisions: Vec<Decision>) -> OrderEntry {
    entry(Content::Decisions { seen: 70_000, now: hour(3), decisions })
}

fn entry(content: Content<Fact, Decision>) -> OrderEntry {
    Entry { id: EntryId([0xe1; 16]), content }
}

// ---- bytes ----

/// Bytes in hex, 32 to a line.
fn to_hex(bytes: &[u8]) -> String {
    let line = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n";
    bytes.chunks(32).map(line).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

/// What is wrong with the golden bytes of an entry, if anything is.
fn trouble(name: &str, sample: &OrderEntry) -> Option<String> {
    let file = format!("{VERSION}/{name}.hex");
    // Written once, and never again: what is in the streams does not change either.
    if golden::is_blessing() && golden::read(&file).is_none() {
        golden::write(&file, &to_hex(&codec::encode(sample).unwrap()));
    }
    let Some(text) = golden::read(&file) else {
        return Some(format!("{file} is missing; `BLESS=1 cargo test -p fulfilment` writes it, once"));
    };
    match codec::decode::<OrderEntry>(&from_hex(&text)) {
        Err(error) => Some(format!("{file} is no longer read: {error}")),
        Ok(entry) if entry != *sample => Some(format!("{file} means something else now: {entry:?}")),
        Ok(entry) if to_hex(&codec::encode(&entry).unwrap()) != text => {
            Some(format!("{file} is written differently now"))
        }
        Ok(_) => None,
    }
}

#[test]
fn every_kind_of_entry_is_read_and_written_as_it_once_was() {
    let troubles: Vec<String> = samples().iter().filter_map(|(name, sample)| trouble(name, sample)).collect();
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
    let mut kept: Vec<String> = golden::files(VERSION);
    let mut tested: Vec<String> = samples().into_iter().map(|(name, _)| format!("{name}.hex")).collect();
    kept.sort();
    tested.sort();
    assert_eq!(kept, tested, "an entry that was once written must stay tested");
}
