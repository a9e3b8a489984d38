//! `waybill order show`

use engine::Key;
use fulfilment::{Composite, LineStatus, ShipmentStatus};
use model::{OrderId, Place};
use returns::Stage;
use rust_decimal::Decimal;
use serde::Serialize;
use service::Connection;
use service::settings::NatsSettings;
use visibility::look::order_of;
use visibility::past::Past;
use visibility::queries::{ORDER_GET, OrderGet, OrderView};

use super::as_of::past_view;
use super::trail::{self, FromArchive, Whole, whole};
use crate::exit::{Failure, Verdict};
use crate::moment::{AsOf, PastArgs};
use crate::output::Output;
use crate::personal::reveal;
use crate::reach;
use crate::returns::of_order::{Returned, of_entries};
use crate::table::Table;
use crate::text::{NOTHING, bad, heading, line, or_dash};
use crate::words::{about, place};

/// Which order, and as of when.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The order's number as its ERP writes it; quote spaces and `*` for the shell
    #[arg(value_name = "ORDER", value_parser = super::order_id)]
    pub order: OrderId,
    #[command(flatten)]
    past: PastArgs,
}

/// What is shown of an order: what is known of it, and where its returns stand.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    pub view: OrderView,
    /// As of when, where it is not now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<AsOf>,
    /// Which of its entries came from the archive, where it was folded from them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<FromArchive>,
    /// The first of its entries are gone, and no archive has them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
    /// Those that operators opened; `waybill return list --order` has the ERP's too.
    pub returns: Vec<Returned>,
    /// Why the returns are not known, when they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns_unknown: Option<String>,
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let mut shown = match args.past.past() {
        Some(past) => past_view(&connection, &args.order, past).await?,
        None => view(&connection, &args.order).await?,
    };
    reveal(&connection, places(&mut shown.view)).await;
    output.show(&shown, render)?;
    Ok(Verdict::Fine)
}

/// What is known now: by visibility, or by the order's own entries where visibility lost it, or began when the stream had lost
/// the first of them.
pub(super) async fn view(connection: &Connection, order: &OrderId) -> Result<Shown, Failure> {
    let question = OrderGet { order: order.as_str().to_owned() };
    let view = match reach::ask::<_, OrderView>(connection, ORDER_GET, &question).await {
        Ok(view) => Some(view),
        Err(Failure::NotFound(_)) => None,
        Err(failure) => return Err(failure),
    };
    let whole = match (view, whole(connection, order).await) {
        (view, Ok(whole)) => (view, whole),
        // Its entries may have left the stream; what is known of it is shown all the same.
        (Some(view), Err(Failure::NotFound(_))) => return Ok(Shown::new(view, Ok(Vec::new()))),
        (Some(view), Err(failure @ Failure::Unreachable(_))) => return Ok(Shown::new(view, Err(failure))),
        (_, Err(failure)) => return Err(failure),
    };
    let (view, Whole { entries, archive, is_cut }) = whole;
    let returns = of_entries(connection, order, &entries, &Past::default()).await;
    // A projection that folded every entry says the same; one that is ahead of what was read here knows more.
    let read = entries.last().map_or(0, |last| last.sequence);
    let known = view.filter(|view| archive.is_none() || view.sequence > read);
    match known {
        Some(view) => Ok(Shown::new(view, returns)),
        None => Ok(Shown { archive, is_cut, ..Shown::new(order_of(&Key::of(order.as_str()), &entries), returns) }),
    }
}

impl Shown {
    /// An order as it is now, with its returns or why they are not known.
    pub fn new(view: OrderView, returns: Result<Vec<Returned>, Failure>) -> Self {
        let (returns, returns_unknown) = match returns {
            Ok(returns) => (returns, None),
            Err(failure) => (Vec::new(), Some(failure.to_string())),
        };
        Self { view, as_of: None, archive: None, is_cut: false, returns, returns_unknown }
    }
}

/// The places that a view names.
fn places(view: &mut OrderView) -> Vec<&mut Place> {
    let told = view.timeline.iter_mut().filter_map(|event| event.place.as_mut());
    view.released.as_mut().map(|order| &mut order.ship_to).into_iter().chain(told).collect()
}

/// All that is known of an order as a text; sections that would be empty are left out.
pub(super) fn render(shown: &Shown) -> String {
    let (view, mut text) = (&shown.view, String::new());
    line(&mut text, heading(&format!("Order {}", view.order)));
    if let Some(as_of) = shown.as_of {
        line(&mut text, heading(&as_of.to_string()));
    }
    text.push_str(&trail::kept(shown.archive.as_ref(), shown.is_cut));
    line(&mut text, summary(view));
    if let Some(entry) = view.unreadable {
        line(
            &mut text,
            bad(&format!("entry {entry} could not be read: this may miss something since; upgrade visibility")),
        );
    }
    let composite = &view.composite;
    section(&mut text, "Exceptions", &exceptions(composite));
    section(&mut text, "Lines", &lines(&view.lines));
    section(&mut text, "Shipments", &shipments(&composite.shipments));
    section(&mut text, "Returns (those of the ERP: waybill return list)", &returns(&shown.returns));
    if let Some(why) = &shown.returns_unknown {
        line(&mut text, bad(&format!("its returns are not known: {why}")));
    }
    section(&mut text, "Conditions", &conditions(composite));
    section(&mut text, "Claims (told by another system than the one of record)", &claims(composite));
    section(&mut text, "Told to have happened in the future (not counted)", &flagged(composite));
    line(&mut text, format!("How it came to this: waybill order trail {}", quoted(&view.order)));
    text
}

fn section(text: &mut String, title: &str, table: &Table) {
    if !table.is_empty() {
        line(text, heading(title));
        line(text, table);
    }
}

fn summary(view: &OrderView) -> Table {
    let composite = &view.composite;
    let released = view.released.as_ref();
    Table::of_pairs(&[
        ("stage", composite.stage.as_str().to_owned()),
        ("milestone", reached(composite.milestone, composite.partial)),
        ("customer", or_dash(composite.customer.as_ref())),
        ("ship to", or_dash(released.and_then(|order| place(&order.ship_to)))),
        ("ordered", or_dash(released.and_then(|order| order.ordered))),
        ("promised", or_dash(composite.promised)),
        ("expected", or_dash(composite.eta)),
        ("updated", format!("{} (entry {})", view.updated, view.sequence)),
    ])
}

pub(super) fn reached(milestone: Option<model::Milestone>, partial: bool) -> String {
    or_dash(milestone) + if partial { ", some of it further" } else { "" }
}

fn lines(lines: &[LineStatus]) -> Table {
    let headings = [
        "LINE",
        "SKU",
        "UNIT",
        ">ORDERED",
        ">ALLOCATED",
        ">PICKED",
        ">PACKED",
        ">SHIPPED",
        ">DELIVERED",
        ">RETURNED",
        ">INVOICED",
        "PROMISED",
        "DELIVERED ON",
        "LATE",
    ];
    let mut table = Table::new(&headings);
    for line in lines {
        table.row([
            line.line.to_string(),
            line.sku.to_string(),
            line.unit.to_string(),
            amount(line.ordered),
            amount(line.allocated),
            amount(line.picked),
            amount(line.packed),
            amount(line.shipped),
            amount(line.delivered),
            amount(line.returned),
            amount(line.invoiced),
            or_dash(line.promised),
            or_dash(line.delivered_on),
            if line.late { "late" } else { "" }.to_owned(),
        ]);
    }
    table
}

pub(super) fn amount(amount: Decimal) -> String {
    if amount.is_zero() { NOTHING.to_owned() } else { amount.normalize().to_string() }
}

fn shipments(shipments: &[ShipmentStatus]) -> Table {
    let mut table = Table::new(&["SHIPMENT", "MILESTONE", "SINCE", "EXPECTED", "CARRIER", "TRACKING"]);
    for shipment in shipments {
        table.row([
            shipment.shipment.to_string(),
            if shipment.undone { "undone".to_owned() } else { reached(shipment.milestone, shipment.partial) },
            or_dash(shipment.since),
            or_dash(shipment.eta),
            or_dash(shipment.carrier.as_deref()),
            or_dash(shipment.tracking.as_deref()),
        ]);
    }
    table
}

fn returns(returns: &[Returned]) -> Table {
    let mut table = Table::new(&["RETURN", "STAGE"]);
    for returned in returns {
        let stage = returned.stage.map_or("opened, not authorised yet", Stage::as_str);
        table.row([returned.rma.to_string(), stage.to_owned()]);
    }
    table
}

fn exceptions(composite: &Composite) -> Table {
    let mut table = Table::new(&["EXCEPTION", "WHAT IS WRONG"]);
    for exception in &composite.exceptions {
        table.row([exception.kind.to_string(), exception.detail.clone()]);
    }
    table
}

fn conditions(composite: &Composite) -> Table {
    let mut table = Table::new(&["ABOUT", "CONDITION", "REASON", "SINCE"]);
    for condition in &composite.conditions {
        let kind = condition.kind.as_str().to_owned();
        table.row([
            about(condition.shipment.as_ref()),
            kind,
            condition.reason.to_string(),
            condition.since.to_string(),
        ]);
    }
    table
}

fn claims(composite: &Composite) -> Table {
    let mut table = Table::new(&["LANE", "CLAIM", "RECEIVED"]);
    for claim in &composite.claims {
        table.row([claim.lane.to_string(), claim.what.clone(), claim.received.to_string()]);
    }
    table
}

fn flagged(composite: &Composite) -> Table {
    let mut table = Table::new(&["LANE", "MILESTONE", "OCCURRED", "RECEIVED"]);
    for flagged in &composite.flagged {
        let (occurred, received) = (flagged.occurred.to_string(), flagged.received.to_string());
        table.row([flagged.lane.to_string(), flagged.milestone.to_string(), occurred, received]);
    }
    table
}

/// An order's number as a shell takes it.
pub(crate) fn quoted(order: &str) -> String {
    let plain = order.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.,:/@".contains(&byte));
    let order = crate::text::harmless(order);
    if plain && !order.starts_with('-') { order.into_owned() } else { format!("'{}'", order.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use model::{ConditionKind, Lane, Reason, Timestamp, When};

    use super::*;
    use crate::sample;

    fn shown() -> Shown {
        Shown::new(view(), Ok(Vec::new()))
    }

    fn view() -> OrderView {
        order_of(&sample::key(), &sample::entries())
    }

    #[test]
    fn an_order_in_full() {
        let text = anstream::adapter::strip_str(&render(&shown())).to_string();
        let expected = include_str!("show.expected.txt");
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_the_matter_is_shown_when_there_is_something() {
        let mut shown = shown();
        let view = &mut shown.view;
        let since = When::exact(Timestamp::from_millis(0));
        view.unreadable = Some(12);
        view.composite.conditions.push(fulfilment::status::OpenCondition {
            kind: ConditionKind::Delayed,
            reason: Reason::Weather,
            shipment: None,
            since,
        });
        view.composite.flagged.push(fulfilment::status::Flagged {
            lane: Lane::Tms,
            milestone: model::Milestone::TransportDelivered,
            occurred: since,
            received: Timestamp::from_millis(5),
        });
        let text = render(&shown);
        assert!(text.contains("entry 12 could not be read"));
        assert!(text.contains("order  delayed    weather  1970-01-01T00:00:00.000Z"), "{text}");
        assert!(
            text.contains("tms   transport.delivered  1970-01-01T00:00:00.000Z  1970-01-01T00:00:00.005Z"),
            "{text}"
        );
    }

    #[test]
    fn where_its_returns_stand_is_shown_with_an_order() {
        let returned = |rma, stage| Returned { rma: model::RmaId::new(rma).unwrap(), stage, ended: false };
        let returns = vec![returned("7-R1", Some(Stage::InTransit)), returned("7-R2", None)];
        let shown = Shown { returns, ..shown() };
        let text = render(&shown);
        assert!(text.contains("7-R1    in transit") && text.contains("7-R2    opened, not authorised yet"), "{text}");
        let json = serde_json::to_value(&shown).unwrap();
        assert_eq!(json["returns"][0], serde_json::json!({ "rma": "7-R1", "stage": "in_transit", "ended": false }));
        assert_eq!(json["order"], sample::ORDER, "beside what is known of the order");
        let unknown = Shown { returns: Vec::new(), returns_unknown: Some("no answer".to_owned()), ..shown };
        assert!(render(&unknown).contains("its returns are not known: no answer"));
    }

    #[test]
    fn the_hint_can_be_pasted_into_a_shell() {
        assert_eq!(["SO-1", "SO 1/7.*", "it's", "-7"].map(quoted), ["SO-1", "'SO 1/7.*'", r"'it'\''s'", "'-7'"]);
    }
}
