//! The JSON Schemas of everything that goes over the wire, made from the types that go there.

use engine::Entry;
use fulfilment::Composite;
use model::master::{CustomerMaster, ItemMaster, LocationMaster, MasterRecord, RouteMaster};
use model::{AskId, Decision, Fact, Movement, OrderId, PartnerId, Request};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};
use service::snapshots::SnapshotEntry;
use visibility::RetentionAlert;
use visibility::queries::{
    self, DigestGet, Digests, ExceptionList, ExceptionPage, Lag, OrderGet, OrderKept, OrderList, OrderPage, OrderView,
    RebuildAsk, RebuildReply, StockList, StockPage,
};
use visibility::updates::{CloudEvent, ReturnUpdate};

/// Where the schemas are kept, seen from the root of the source tree.
pub const FOLDER: &str = "schemas";
/// How the files are made.
pub const HOW: &str = "cargo run -- schema --out schemas";

/// What is true of a type whose bytes are not JSON.
const ON_THE_WIRE: &str = "The form in JSON. In streams the same names are written as MessagePack, where an instant is \
    an integer (milliseconds since 1970) and an id is 16 bytes.";

/// Every schema, by file name, in the order of the names.
#[must_use]
pub fn all() -> Vec<(String, Value)> {
    let mut all = vec![
        written::<Fact>("fact", "A fact in an order's stream", Some(ON_THE_WIRE)),
        written::<Decision>("decision", "A decision in an order's stream", Some(ON_THE_WIRE)),
        written::<Entry<Fact, Decision>>("entry", "An entry: one message in an order's stream", Some(ON_THE_WIRE)),
        written::<Movement>("stock_movement", "A stock movement or count", Some(ON_THE_WIRE)),
        written::<Entry<Movement, Decision>>("stock_entry", "An entry: one message in STOCK", Some(ON_THE_WIRE)),
        written::<SnapshotEntry>("snapshot_entry", "An entry: one message in SNAPSHOTS", Some(ON_THE_WIRE)),
        written::<reconcile::standing::Entry>("discrepancy_entry", "A message in DISCREPANCIES", Some(ON_THE_WIRE)),
        written::<visibility::reconciling::Alert>("alert_discrepancies", "New discrepancies, in stream ALERTS", None),
        written::<Composite>("composite", "The composite status of an order", None),
        written::<CloudEvent>("update", "A customer-facing update, in stream UPDATES", None),
        written::<CloudEvent<ReturnUpdate>>("update_return", "How a return ended, in stream UPDATES", None),
        written::<RetentionAlert>("alert_retention", "What nears an event store's age limit, in stream ALERTS", None),
        read::<MasterRecord>("master_record", "A master record as a partner publishes it"),
        read::<ItemMaster>("master_item", "Bucket MASTER, item.<sku>"),
        read::<CustomerMaster>("master_customer", "Bucket MASTER, customer.<customer>"),
        read::<LocationMaster>("master_location", "Bucket MASTER, location.<location>"),
        read::<RouteMaster>("master_route", "Bucket MASTER, route.<from>.<to>"),
        ask(),
    ];
    all.extend(queries());
    all.sort_by(|(left, _), (right, _)| left.cmp(right));
    all
}

/// What can be asked of a service, and what it answers; the files are named after the subject asked.
fn queries() -> Vec<(String, Value)> {
    let name = |subject: &str, part: &str| format!("{subject}.{part}");
    vec![
        read::<OrderGet>(&name(queries::ORDER_GET, "request"), "Asks for one order"),
        written::<OrderView>(&name(queries::ORDER_GET, "reply"), "Everything known of one order", None),
        read::<OrderList>(&name(queries::ORDER_LIST, "request"), "Asks for a list of orders"),
        written::<OrderPage>(&name(queries::ORDER_LIST, "reply"), "A page of a list of orders", None),
        read::<ExceptionList>(&name(queries::EXCEPTION_LIST, "request"), "Asks for a list of open exceptions"),
        written::<ExceptionPage>(&name(queries::EXCEPTION_LIST, "reply"), "A page of a list of open exceptions", None),
        read::<OrderGet>(&name(queries::ORDER_KEPT, "request"), "Asks one instance what it keeps of one order"),
        written::<OrderKept>(&name(queries::ORDER_KEPT, "reply"), "What one projection keeps of one order", None),
        read::<RebuildAsk>(
            &name(queries::REBUILD, "request"),
            "Asks one instance to rebuild its projection, or how that stands",
        ),
        written::<RebuildReply>(&name(queries::REBUILD, "reply"), "How a rebuild of a projection stands", None),
        read::<StockList>(&name(queries::STOCK, "request"), "Asks for balances of stock"),
        written::<StockPage>(&name(queries::STOCK, "reply"), "A page of balances of stock", None),
        read::<DigestGet>(&name(queries::DIGEST, "request"), "Asks for digests over the folded orders"),
        written::<Digests>(&name(queries::DIGEST, "reply"), "Digests over the folded orders", None),
        written::<Lag>(&name(queries::LAG, "reply"), "How far the projection is behind", None),
    ]
}

/// The schema of what Waybill writes.
fn written<T: JsonSchema>(name: &str, title: &str, comment: Option<&str>) -> (String, Value) {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    file(name, title, comment, generator.into_root_schema_for::<T>())
}

/// The schema of what Waybill reads.
fn read<T: JsonSchema>(name: &str, title: &str) -> (String, Value) {
    let generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    file(name, title, None, generator.into_root_schema_for::<T>())
}

fn file(name: &str, title: &str, comment: Option<&str>, mut schema: Schema) -> (String, Value) {
    schema.insert("title".to_owned(), json!(title));
    if let Some(comment) = comment {
        schema.insert("$comment".to_owned(), json!(comment));
    }
    (format!("{name}.json"), schema.to_value())
}

/// The ask as a partner gets it whose profile has `body = "canonical"`: the request's own fields beside the names of the
/// order, the ask and the partner.
fn ask() -> (String, Value) {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let names = json!({
        "order": generator.subschema_for::<OrderId>(),
        "ask": generator.subschema_for::<AskId>(),
        "partner": generator.subschema_for::<PartnerId>(),
    });
    let mut schema = generator.into_root_schema_for::<Request>();
    if let Some(Value::Array(kinds)) = schema.get_mut("oneOf") {
        *kinds = kinds.iter().filter_map(|kind| flat(kind, &names)).collect();
    }
    file("partner_ask", "An ask as a partner gets it, in stream OUTBOX", None, schema)
}

/// The schema of one kind of request, without the layer that names the kind; none for what no partner is asked.
fn flat(kind: &Value, names: &Value) -> Option<Value> {
    let (name, fields) = kind.get("properties")?.as_object()?.iter().next()?;
    if ["update_customer", "update_return"].contains(&name.as_str()) {
        return None;
    }
    let mut properties = Map::from_iter([("kind".to_owned(), json!({ "const": name }))]);
    properties.extend(names.as_object()?.clone());
    properties.extend(fields.get("properties")?.as_object()?.clone());
    let mut required = vec![json!("kind"), json!("order"), json!("ask"), json!("partner")];
    required.extend(fields.get("required").and_then(Value::as_array).cloned().unwrap_or_default());
    Some(json!({
        "description": kind.get("description"),
        "type": "object",
        "properties": properties,
        "required": required,
    }))
}

#[cfg(test)]
mod tests;
