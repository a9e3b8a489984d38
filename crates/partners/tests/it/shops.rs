//! Orders as Shopify and WooCommerce deliver them: our own examples, and real ones where they are at hand.

use model::{
    CancelRequest, Country, Currency, CustomerId, Fact, LineId, Money, Order, OrderId, OrderLine, Place, Quantity,
    Reason, Sku,
};
use partners::{OrderRef, Told, UnreadableKind, Xref};
use serde_json::Value;

use crate::{decode, one_order, partner, received, sample, shipped_profile, when};

fn dollars(amount: &str) -> Option<Money> {
    Some(Money { amount: amount.parse().unwrap(), currency: Currency::new("USD").unwrap() })
}

fn line(number: &str, sku: &str, quantity: i64, price: &str) -> OrderLine {
    OrderLine {
        line: LineId::new(number).unwrap(),
        sku: Sku::new(sku).unwrap(),
        quantity: Quantity::each(quantity),
        unit_price: dollars(price),
        ship_from: None,
        ship_on: None,
        promised: None,
    }
}

/// The one fact that is told.
fn only(told: Vec<Told>) -> Fact {
    let (_, facts, _) = one_order(told);
    let [identified] = &facts[..] else { panic!("{facts:?}") };
    identified.fact.clone()
}

fn cancel_requested(reason: Reason) -> Fact {
    Fact::CancelRequested(CancelRequest { reason, detail: None })
}

fn released(told: Vec<Told>) -> (OrderRef, Vec<Xref>, Order) {
    let (order, facts, xrefs) = one_order(told);
    let [identified] = &facts[..] else { panic!("{facts:?}") };
    let Fact::Released(released) = &identified.fact else { panic!("{identified:?}") };
    (order, xrefs, released.clone())
}

fn number(text: &str) -> OrderRef {
    OrderRef::Order(OrderId::new(text).unwrap())
}

#[test]
fn a_shopify_webhook_delivers_the_bare_order() {
    let raw = r##"{"id": 99, "name": "#1002", "currency": "USD", "created_at": "2026-03-01T10:00:00-05:00",
        "cancelled_at": null, "customer": null, "email": "ada@example.com",
        "shipping_address": {"name": "Ada", "address1": "1 Main St", "address2": "Apt 2", "city": "Troy", "zip": "12180",
            "country": "United States", "country_code": "US"},
        "line_items": [
            {"id": 1, "sku": "", "variant_id": 7, "quantity": 2, "current_quantity": 1, "price": "9.90"},
            {"id": 2, "sku": "CARD", "quantity": 1, "requires_shipping": false, "price": "50.00"},
            {"id": 3, "sku": "GONE", "quantity": 1, "current_quantity": 0, "price": "1.00"}]}"##;
    let (order, xrefs, told) = released(decode("shopify", "order", raw));
    assert_eq!(order, number("#1002"));
    assert_eq!(xrefs, [Xref { reference: "99".into(), shipment: None }]);
    let expected = Order {
        erp: partner("shopify"),
        customer: CustomerId::new("ada@example.com").unwrap(),
        currency: Currency::new("USD").unwrap(),
        ship_to: Place {
            location: None,
            name: Some("Ada".into()),
            street: Some("1 Main St Apt 2".into()),
            city: Some("Troy".into()),
            region: None,
            postal_code: Some("12180".into()),
            country: Country::new("US").ok(),
        },
        ordered: Some(when("2026-03-01T10:00:00-05:00")),
        promised: None,
        mode: None,
        lines: vec![line("1", "7", 1, "9.90")],
    };
    assert_eq!(told, expected);
    let cancelled = raw.replace(r#""cancelled_at": null"#, r#""cancelled_at": "2026-03-02T10:00:00-05:00""#);
    let cancelled = cancelled.replace(r#""email":"#, r#""cancel_reason": "customer", "email":"#);
    assert_eq!(only(decode("shopify", "order", &cancelled)), cancel_requested(Reason::RecipientCancelled));
}

#[test]
fn a_woocommerce_order_waits_for_its_payment() {
    let order = |status: &str| {
        format!(
            r#"{{"id": 7, "number": "7", "status": "{status}", "currency": "USD", "customer_id": 0,
                "billing": {{"email": "joao@example.com"}}, "date_created_gmt": "2026-03-01T19:28:02",
                "shipping": {{"first_name": "João", "last_name": "Silva", "address_1": "Av. Brasil, 432", "country": "BR"}},
                "shipping_lines": [{{"method_id": "flat_rate"}}],
                "line_items": [{{"id": 1, "sku": "", "variation_id": 0, "product_id": 93, "quantity": 2, "price": 3.5}}]}}"#
        )
    };
    let (reference, xrefs, told) = released(decode("woocommerce", "order", &order("processing")));
    assert_eq!((reference, xrefs[0].reference.as_str()), (number("7"), "7"));
    let cancelled = decode("woocommerce", "order", &order("cancelled"));
    assert_eq!(only(cancelled), cancel_requested(Reason::ShipperCancelled));
    assert_eq!(told.customer.as_str(), "joao@example.com");
    assert_eq!(told.ordered, Some(when("2026-03-01T19:28:02Z")));
    assert_eq!(told.ship_to.name, Some("João Silva".into()));
    assert_eq!(told.mode.as_deref(), Some("flat_rate"));
    assert_eq!(told.lines, [line("1", "93", 2, "3.5")]);
    assert_eq!(decode("woocommerce", "order", &order("on-hold")), []);
    let profile = shipped_profile("woocommerce");
    let why = profile.decode("order", order("wc-custom").as_bytes(), received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::Unmapped, "status"));
}

#[test]
fn the_shopify_sample_order() {
    let Some(raw) = sample("erp/shopify/order.json") else { return };
    let (order, xrefs, told) = released(decode("shopify", "order", &raw));
    assert_eq!(order, number("#1001"));
    assert_eq!(xrefs, [Xref { reference: "450789469".into(), shipment: None }]);
    let expected = Order {
        erp: partner("shopify"),
        customer: CustomerId::new("207119551").unwrap(),
        currency: Currency::new("USD").unwrap(),
        ship_to: Place {
            location: None,
            name: Some("Bob Norman".into()),
            street: Some("Chestnut Street 92".into()),
            city: Some("Louisville".into()),
            region: None,
            postal_code: Some("40202".into()),
            country: Country::new("US").ok(),
        },
        ordered: Some(when("2008-01-10T11:00:00-05:00")),
        promised: None,
        mode: Some("Free Shipping".into()),
        lines: vec![
            line("466157049", "IPOD2008GREEN", 1, "199.00"),
            line("518995019", "IPOD2008RED", 1, "199.00"),
            line("703073504", "IPOD2008BLACK", 1, "199.00"),
        ],
    };
    assert_eq!(told, expected);

    // The same order bare, as webhooks deliver it, and in a list, as the API does.
    let tree: Value = serde_json::from_str(&raw).unwrap();
    let bare = tree["order"].to_string();
    assert_eq!(released(decode("shopify", "order", &bare)).2, expected);
    let list = serde_json::json!({ "orders": [tree["order"], tree["order"]] }).to_string();
    assert_eq!(decode("shopify", "order", &list).len(), 2);
}

#[test]
fn the_shopify_sample_list_holds_an_order_without_lines() {
    let Some(raw) = sample("erp/shopify/orders.json") else { return };
    let why = shipped_profile("shopify").decode("order", raw.as_bytes(), received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::Empty, "orders[0].line_items"));
}

#[test]
fn the_woocommerce_samples() {
    let Some(raw) = sample("erp/woocommerce/order_examples.json") else { return };
    let Value::Array(samples) = serde_json::from_str(&raw).unwrap() else { panic!("no list") };
    let read = |sample: &Value| decode("woocommerce", "order", &sample.to_string());

    let (order, _, told) = released(read(&samples[0]));
    assert_eq!(order, number("727"));
    assert_eq!(told.customer.as_str(), "john.doe@example.com");
    assert_eq!(told.ordered, Some(when("2017-03-22T19:28:02Z")));
    assert_eq!(told.ship_to.street, Some("969 Market".into()));
    assert_eq!(told.lines, [line("315", "93", 2, "3"), line("316", "Bar3", 1, "12")]);
    assert_eq!(released(read(&samples[1])).2, told);
    // A list as the API gives it: one order being processed, and one that is completed and says nothing new.
    assert_eq!(released(read(&samples[2])).2, told);
    for completed in &samples[3..5] {
        assert_eq!(read(completed), []);
    }
}
