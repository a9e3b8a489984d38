//! What was found, as a table for people and as comma-separated values.

use anyhow::Context as _;
use reconcile::{About, Discrepancy, Side};
use visibility::reconciling::{Gap, Reconciled};

use super::{Shown, age};
use crate::exit::Failure;
use crate::table::Table;
use crate::text::{NOTHING, bad, count, heading, line, span};

/// What was found as a text.
pub(super) fn render(shown: &Shown) -> String {
    let (found, mut text) = (&shown.reconciled, String::new());
    let Reconciled { as_of, sequence, orders, entries, .. } = found;
    let looked = format!("{} in {}", count(*orders, "order"), count_of(*entries, "entry", "entries"));
    line(&mut text, heading(&format!("As of {as_of} (entry {sequence}): {looked}")));
    for Gap { from, to } in &found.gaps {
        let lacks = if from == to { format!("entry {from}") } else { format!("the entries {from} to {to}") };
        line(&mut text, bad(&format!("ORDERS lacks {lacks}: restore it from a replica")));
    }
    if let Some(first) = found.unreadable.first() {
        let words = count_of(found.unreadable.len() as u64, "entry", "entries");
        line(&mut text, bad(&format!("{words} cannot be read here, the first is {first}: upgrade this command")));
    }
    if found.discrepancies.is_empty() {
        line(&mut text, "everything agrees");
    }
    if shown.accepted > 0 {
        line(&mut text, format!("left out because a person takes them as they are (--accepted): {}", shown.accepted));
    }
    let mut table = Table::new(&["KIND", "ABOUT", "ONE SIDE", "THE OTHER", ">AGE", ">AT STAKE", "WHAT TO DO"]);
    for one in &found.discrepancies {
        table.row([
            one.kind.to_string(),
            one.about.to_string(),
            side(&one.one),
            side(&one.other),
            span(age(one, *as_of)),
            one.stake.as_ref().map_or_else(|| NOTHING.to_owned(), ToString::to_string),
            one.remedy.words(),
        ]);
    }
    if !table.is_empty() {
        line(&mut text, table);
    }
    if found.beyond > 0 {
        line(&mut text, format!("and {} more: look at fewer orders at once", found.beyond));
    }
    if let Some(order) = found.discrepancies.iter().find_map(|one| one.about.order()) {
        line(&mut text, format!("The entries behind it: waybill order trail {}", crate::order::quoted(order.as_str())));
    }
    text + &shown.heal.as_ref().map(super::heal::render).unwrap_or_default()
}

fn side(side: &Side) -> String {
    let entries: Vec<String> = side.entries.iter().map(ToString::to_string).collect();
    let entries = if entries.is_empty() { String::new() } else { format!(" [{}]", entries.join(", ")) };
    format!("{}: {}{entries}", side.who, side.says)
}

fn count_of(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// What was found as comma-separated values (RFC 4180), a line each.
pub(super) fn csv(found: &Reconciled) -> Result<Vec<u8>, Failure> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    let headings = [
        "kind",
        "order",
        "shipment",
        "line",
        "location",
        "sku",
        "what",
        "one",
        "one_says",
        "one_entries",
        "other",
        "other_says",
        "other_entries",
        "since",
        "age_seconds",
        "stake",
        "currency",
        "remedy",
    ];
    let written = rows.write_record(headings);
    let rows_written = found.discrepancies.iter().try_for_each(|one| rows.write_record(row(one, found)));
    written.and(rows_written).context("cannot write comma-separated values")?;
    Ok(rows.into_inner().map_err(|error| anyhow::anyhow!("cannot write comma-separated values: {error}"))?)
}

fn row(one: &Discrepancy, found: &Reconciled) -> [String; 18] {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let [order, shipment, line, location, sku, what] = match &one.about {
        About::Order { order, shipment, line, what } => [
            order.to_string(),
            text(shipment.as_ref().map(|own| own.as_str())),
            text(line.as_ref().map(|own| own.as_str())),
            String::new(),
            String::new(),
            text(what.as_deref()),
        ],
        About::Stock { location, sku, what, .. } => {
            [String::new(), String::new(), String::new(), location.to_string(), sku.to_string(), what.clone()]
        }
        About::Listed { reference, .. } => {
            [String::new(), String::new(), String::new(), String::new(), String::new(), reference.clone()]
        }
    };
    let entries = |side: &Side| side.entries.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    [
        one.kind.to_string(),
        order,
        shipment,
        line,
        location,
        sku,
        what,
        one.one.who.clone(),
        one.one.says.clone(),
        entries(&one.one),
        one.other.who.clone(),
        one.other.says.clone(),
        entries(&one.other),
        one.since.to_string(),
        (age(one, found.as_of) / 1_000).to_string(),
        one.stake.as_ref().map(|stake| stake.amount.to_string()).unwrap_or_default(),
        one.stake.as_ref().map(|stake| stake.currency.to_string()).unwrap_or_default(),
        one.remedy.words(),
    ]
}
