//! The ask as one flat object, which templates pick from.

use model::{Ask, OrderId};
use serde_json::{Map, Value};

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
    fields.insert("number".to_owned(), Value::from(sending.number.get()));
    Value::Object(fields)
}
