//! The ask as one flat object, which templates pick from.

use model::{Ask, AskId, Money, OrderId, Progress, Request, Sale};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Sending;

/// The ask as it is.
pub(super) fn canonical(order: &OrderId, ask: &Ask) -> Map<String, Value> {
    // A request serialises always, as an object under its kind's name: it has text keys and no foreign types.
    let mut fields = match serde_json::to_value(&ask.request) {
        Ok(Value::Object(mut request)) => match request.remove(ask.request.kind()) {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        },
        _ => Map::new(),
    };
    if let Request::Bill { lines, sale } | Request::ConfirmShipment { lines, sale } = &ask.request {
        fields.remove("sale");
        if let Some(sale) = sale {
            with_sale(&mut fields, lines, sale);
        }
    }
    fields.insert("order".to_owned(), Value::from(order.as_str()));
    fields.insert("ask".to_owned(), Value::from(ask.id.as_str()));
    fields.insert("partner".to_owned(), Value::from(ask.partner.as_str()));
    fields.insert("kind".to_owned(), Value::from(ask.request.kind()));
    fields
}

/// The ask, and what is known of its sending.
pub(super) fn with_sending(order: &OrderId, ask: &Ask, sending: Sending) -> Value {
    let mut fields = canonical(order, ask);
    fields.insert("asked_at".to_owned(), Value::from(sending.asked.to_string()));
    fields.insert("ask_key".to_owned(), Value::from(key(order, &ask.id)));
    if let Some(undone) = ask.request.undoes() {
        fields.insert("undoes_key".to_owned(), Value::from(key(order, undone)));
    }
    fields.insert("number".to_owned(), Value::from(sending.number.get()));
    Value::Object(fields)
}

/// The digits of a key: none of them looks like another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The ask in ten digits to the base 32, by what it is of an order: 50 bits, so that among a million asks two are the same once in
/// two thousand times.
fn key(order: &OrderId, ask: &AskId) -> String {
    let digest = Sha256::new().chain_update(order.as_str()).chain_update([0]).chain_update(ask.as_str()).finalize();
    digest.iter().take(10).map(|byte| char::from(DIGITS[usize::from(byte % 32)])).collect()
}

/// What was sold: the lines with their items and prices, and the total where every line has a price.
fn with_sale(fields: &mut Map<String, Value>, lines: &[Progress], sale: &Sale) {
    let mut total = Some(Decimal::ZERO);
    let billed: Vec<Value> = lines
        .iter()
        .map(|part| {
            let sold = sale.lines.iter().find(|sold| sold.line == part.line);
            let price = sold.and_then(|sold| sold.unit_price.as_ref());
            let value = price.and_then(|price| price.amount.checked_mul(part.quantity.amount)).map(to_the_hundredth);
            total = total.zip(value).and_then(|(total, value)| total.checked_add(value));
            let mut line = json!({ "line": part.line, "quantity": part.quantity });
            if let Some(location) = &part.location {
                line["location"] = json!(location);
            }
            if let Some(sold) = sold {
                line["sku"] = json!(sold.sku);
            }
            if let Some(price) = price {
                line["unit_price"] = json!(price);
            }
            if let Some(value) = value {
                line["value"] = money(value, sale);
            }
            line
        })
        .collect();
    fields.insert("lines".to_owned(), billed.into());
    fields.insert("customer".to_owned(), json!(sale.customer));
    fields.insert("currency".to_owned(), json!(sale.currency));
    fields.insert("ship_to".to_owned(), json!(sale.ship_to));
    if let Some(total) = total {
        fields.insert("total".to_owned(), money(total, sale));
    }
}

/// As a merchant rounds; the total is that of the lines as they are written.
fn to_the_hundredth(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

fn money(amount: Decimal, sale: &Sale) -> Value {
    json!(Money { amount: amount.normalize(), currency: sale.currency })
}
