//! `waybill order epcis`: what happened to an order's goods, by the word of those whose word counts, as an EPCIS 2.0 document.

use engine::{Folded, Key};
use fulfilment::state::is_ahead;
use fulfilment::{Fulfilment, State};
use model::{Fact, MilestoneReached, OrderId, Request, ShipmentId, Timestamp};
use partners::epcis::{self, Base, BaseError, Event, Line, document};
use serde_json::Value;
use service::settings::NatsSettings;

use super::trail::{Whole, kept, whole};
use crate::clock;
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::{personal, reach};

/// What to write.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The order's number as its ERP writes it; quote spaces and `*` for the shell
    #[arg(value_name = "ORDER", value_parser = super::order_id)]
    order: OrderId,
    /// Only what is about this shipment
    #[arg(long, value_name = "SHIPMENT", value_parser = shipment)]
    shipment: Option<ShipmentId>,
    /// The URI under which items, parcels, places and orders that have no number of GS1's get their names
    #[arg(long, value_name = "URI", default_value = "urn:waybill", value_parser = base)]
    base: Base,
}

fn shipment(text: &str) -> Result<ShipmentId, model::token::TokenError> {
    ShipmentId::new(text)
}

pub(crate) fn base(text: &str) -> Result<Base, BaseError> {
    Base::new(text)
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let Whole { mut entries, archive, is_cut } = whole(&connection, &args.order).await?;
    // The document has no place for it.
    if !output.is_json() {
        anstream::eprint!("{}", kept(archive.as_ref(), is_cut));
    }
    // Of a place that is forgotten in part, the rest is its name.
    personal::reveal_what_is_left(&connection, personal::places(&mut entries)).await;
    let folded = Folded::<Fulfilment>::replay(&Key::of(args.order.as_str()), &entries);
    let events = events(&args.base, &args.order, folded.state(), args.shipment.as_ref());
    let written = document(&args.base, events, clock::now());
    output.show(&written, |document| format!("{document:#}\n"))?;
    Ok(Verdict::Fine)
}

/// What happened to an order's goods, or to those of one shipment: by the time a thing occurred, and at one time by when it was told.
pub(crate) fn events(base: &Base, order: &OrderId, state: &State, shipment: Option<&ShipmentId>) -> Vec<Value> {
    let claims = state.claims();
    let is_claim = |fact: &Fact| claims.iter().any(|claim| std::ptr::eq(claim.fact, fact));
    let mut told: Vec<(_, &MilestoneReached, Timestamp)> = state
        .facts()
        .filter(|(_, held)| !is_claim(&held.fact))
        .filter_map(|(id, held)| {
            let Fact::Milestone(reached) = &held.fact else { return None };
            Some((id, reached, held.received))
        })
        // What is said to have happened in the future has not happened.
        .filter(|(_, reached, received)| !is_ahead(reached.occurred, *received))
        .filter(|(_, reached, _)| shipment.is_none() || reached.shipment.as_ref() == shipment)
        .collect();
    told.sort_by_key(|(id, reached, received)| (reached.occurred.at, reached.milestone.rank(), *received, *id));
    let held: Vec<Vec<Line>> = told.iter().map(|(_, reached, _)| holds(state, reached.shipment.as_ref())).collect();
    let told = told.iter().zip(&held).map(|((id, reached, received), holds)| Event {
        id: id.0,
        reached,
        received: *received,
        holds,
    });
    epcis::events(base, order, told)
}

/// What a shipment holds: what its warehouse was asked for; the whole order where none is named.
fn holds(state: &State, shipment: Option<&ShipmentId>) -> Vec<Line> {
    let Some(shipment) = shipment else {
        let lines = state.order().map(|order| order.lines.as_slice()).unwrap_or_default();
        let line = |line: &model::OrderLine| Line {
            line: line.line.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity.clone(),
        };
        return lines.iter().map(line).collect();
    };
    let asked = state.asks().rev().find_map(|ask| {
        let Request::Allocate { shipment: of, lines, .. } = &ask.request else { return None };
        (of == shipment).then_some(lines)
    });
    let line = |line: &model::AskedLine| Line {
        line: line.line.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity.clone(),
    };
    asked.into_iter().flatten().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn written(shipment: Option<&str>) -> Value {
        let folded = Folded::<Fulfilment>::replay(&sample::key(), &sample::entries());
        let (order, base) = (OrderId::new("SO 1/7.*").unwrap(), Base::new("https://id.example.com").unwrap());
        let shipment = shipment.map(|text| ShipmentId::new(text).unwrap());
        let events = events(&base, &order, folded.state(), shipment.as_ref());
        document(&base, events, "2026-03-02T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn what_happened_to_the_goods_is_a_document_of_events() {
        let document = written(None);
        assert_eq!((&document["type"], &document["schemaVersion"]), (&"EPCISDocument".into(), &"2.0".into()));
        let [reserved] = &document["epcisBody"]["eventList"].as_array().unwrap()[..] else { panic!("{document:#}") };
        assert_eq!((&reserved["bizStep"], &reserved["disposition"]), (&"reserving".into(), &"reserved".into()));
        let quantities = serde_json::json!([
            { "epcClass": "https://id.example.com/sku/SKU-A", "quantity": 3 },
            { "epcClass": "https://id.example.com/sku/SKU-B", "quantity": 1 },
        ]);
        assert_eq!(reserved["quantityList"], quantities, "a milestone without lines is of all that the shipment holds");
        assert_eq!(reserved["bizTransactionList"][0]["bizTransaction"], "https://id.example.com/order/SO%201%2F7.%2A");
        assert_eq!(written(Some("s1")), document);
        assert_eq!(written(Some("s2"))["epcisBody"]["eventList"], serde_json::json!([]));
    }
}
