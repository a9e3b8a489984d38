//! `waybill return open`: goods of a delivered order may come back.

use std::collections::BTreeMap;

use engine::{Folded, Journal, Key, Operator};
use fulfilment::{Fulfilment, State};
use model::{
    Fact, Lane, LineId, LocationId, Note, OrderId, PartnerId, Quantity, Reason, ReturnAuthorisation, ReturnLine, RmaId,
};
use rust_decimal::Decimal;
use service::Connection;

use super::{Entered, read, rma_id};
use crate::exit::Failure;
use crate::order::enter::{entry_of, or_none, words_of_a_person};
use crate::order::order_id;
use crate::reach::broker;
use crate::words;

/// The most returns that are looked through for others of the same order.
const MOST_RETURNS: usize = 100_000;

/// What comes back, and why.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The order the goods were sold in
    #[arg(value_name = "ORDER", value_parser = order_id)]
    pub order: OrderId,
    /// The order's line; may be given several times
    #[arg(long = "line", value_name = "LINE", required = true, value_parser = LineId::new)]
    pub lines: Vec<LineId>,
    /// How much of it, in the order's unit; once for each line. All that was delivered and is not coming back when absent
    #[arg(long = "quantity", value_name = "NUMBER")]
    pub quantities: Vec<Decimal>,
    /// Why it comes back, such as `goods.damaged`, `goods.wrong_item` or `recipient.refused`
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub reason: Reason,
    /// The return's number; the order's with `-R1`, `-R2` … behind it when absent
    #[arg(long, value_name = "RMA", value_parser = rma_id)]
    pub rma: Option<RmaId>,
    /// The partner that has a carrier fetch it where the order was delivered; the customer sends it in when absent
    #[arg(long, value_name = "TMS", value_parser = PartnerId::new)]
    pub fetch: Option<PartnerId>,
    /// Why the return is opened; it stays in its trail
    #[arg(long, value_name = "TEXT", value_parser = words_of_a_person)]
    pub why: String,
    /// Who opens it
    #[arg(long = "as", env = "USER", value_name = "NAME", value_parser = words_of_a_person)]
    pub who: String,
}

fn reason(text: &str) -> Result<Reason, String> {
    Reason::from_name(text).ok_or_else(|| "no such reason; they are named like `goods.damaged`".to_owned())
}

/// Opens a return: appends its authorisation, and a remark to the order.
///
/// # Errors
/// [`Failure::Usage`] when more would come back than was delivered, or the number is taken.
pub async fn open(args: &Args, connection: &Connection) -> Result<Entered, Failure> {
    let key = Key::of(args.order.as_str());
    let entries = crate::order::trail::entries(connection, &args.order).await?;
    let folded = Folded::<Fulfilment>::replay(&key, &entries);
    let (taken, others) = claimed(connection, &args.order).await?;
    let authorised = authorisation(args, folded.state(), &others)?;
    let rma = number(args, connection, taken).await?;
    let says = vec![words::fact(&Fact::ReturnAuthorised(authorised.clone()))];
    let operator = Operator { who: args.who.clone(), why: args.why.clone() };
    let entry = entry_of(&operator, rma.as_str(), vec![Fact::ReturnAuthorised(authorised)]);
    let appended = read::journal(connection).append_first(&Key::of(rma.as_str()), Lane::Ops.as_str(), &entry).await;
    let sequence = appended.map_err(|error| broker("append to stream RETURNS", error))?;
    let note = Note { text: format!("return {rma} opened") };
    let entry = entry_of(&operator, args.order.as_str(), vec![Fact::Noted(note)]);
    let orders = Journal::<Fulfilment>::new(connection.js.clone(), fulfilment::LAYOUT);
    let noted = orders.append(&key, Lane::Ops.as_str(), &entry).await;
    noted.map_err(|error| broker(&format!("note in order {} that return {rma} was opened", args.order), error))?;
    Ok(Entered { rma, sequence, says })
}

/// How many returns the order has, and how much of each line they bring back. One that is over counts for what was credited.
async fn claimed(connection: &Connection, order: &OrderId) -> Result<(usize, BTreeMap<LineId, Decimal>), Failure> {
    let (keys, more) = read::keys(connection, MOST_RETURNS).await?;
    if more {
        let words = format!("there are more than {MOST_RETURNS} returns; the ERP has to open this one");
        return Err(Failure::Usage(words));
    }
    let (mut number, mut claimed) = (0, BTreeMap::<LineId, Decimal>::new());
    for state in read::states(connection, keys).await? {
        let Some(status) = returns::status(&state).filter(|status| status.order == *order) else { continue };
        number += 1;
        for line in status.lines {
            let amount = if status.ended { line.credited } else { line.authorised };
            *claimed.entry(line.line).or_default() += amount;
        }
    }
    Ok((number, claimed))
}

fn authorisation(
    args: &Args,
    state: &State,
    others: &BTreeMap<LineId, Decimal>,
) -> Result<ReturnAuthorisation, Failure> {
    let Some(order) = state.order() else {
        return Err(Failure::Usage(format!("order {} is not released", args.order)));
    };
    if !(args.quantities.is_empty() || args.quantities.len() == args.lines.len()) {
        return Err(Failure::Usage("give one --quantity for each --line, or none".to_owned()));
    }
    let (mut lines, mut places) = (Vec::<ReturnLine>::new(), Vec::<(PartnerId, LocationId)>::new());
    for (nth, number) in args.lines.iter().enumerate() {
        if lines.iter().any(|line| line.line == *number) {
            return Err(Failure::Usage(format!("line {number} is given more than once")));
        }
        lines.push(line(args, state, number, args.quantities.get(nth).copied(), others)?);
        let shipments = state.shipments();
        let ships = shipments.iter().find(|shipment| shipment.lines.iter().any(|own| own.line.line == *number));
        places.extend(ships.map(|shipment| (shipment.wms.clone(), shipment.location.clone())));
    }
    places.sort();
    places.dedup();
    let [(wms, location)] = &places[..] else {
        return Err(Failure::Usage("the lines were shipped from several locations; open a return for each".to_owned()));
    };
    Ok(ReturnAuthorisation {
        order: args.order.clone(),
        erp: order.erp.clone(),
        customer: order.customer.clone(),
        wms: wms.clone(),
        location: location.clone(),
        tms: args.fetch.clone(),
        from: args.fetch.is_some().then(|| order.ship_to.clone()),
        lines,
    })
}

/// What comes back of a line: no more than was delivered and is not coming back already.
fn line(
    args: &Args,
    state: &State,
    number: &LineId,
    wanted: Option<Decimal>,
    others: &BTreeMap<LineId, Decimal>,
) -> Result<ReturnLine, Failure> {
    let lines = state.lines();
    let Some(line) = lines.iter().find(|line| line.line == *number) else {
        let known: Vec<&str> = lines.iter().map(|line| line.line.as_str()).collect();
        return Err(Failure::NotFound(format!("no line {number}; the order has: {}", or_none(&known))));
    };
    let coming = others.get(number).copied().unwrap_or_default();
    let left = line.delivered - line.returned - coming;
    let quantity = Quantity::new(wanted.unwrap_or(left), line.unit.clone());
    if quantity.amount <= Decimal::ZERO || quantity.amount > left {
        let words = format!(
            "{quantity} of line {number} cannot come back: {} delivered, {} back already, {} in other returns",
            line.delivered.normalize(),
            line.returned.normalize(),
            coming.normalize()
        );
        return Err(Failure::Usage(words));
    }
    Ok(ReturnLine { line: number.clone(), sku: line.sku.clone(), quantity, reason: args.reason })
}

/// The return's number, which nothing was told of yet.
async fn number(args: &Args, connection: &Connection, taken: usize) -> Result<RmaId, Failure> {
    let rma = match &args.rma {
        Some(rma) => rma.clone(),
        None => RmaId::new(&format!("{}-R{}", args.order, taken + 1))
            .map_err(|error| Failure::Usage(format!("the return's number {error}; give one with --rma")))?,
    };
    let state = read::state_of(connection, &Key::of(rma.as_str())).await?;
    if state.facts().next().is_some() {
        return Err(Failure::Usage(format!("there is a return {rma} already; give another number with --rma")));
    }
    Ok(rma)
}
