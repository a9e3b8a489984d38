//! `waybill return open`: goods of a delivered order may come back.

use std::time::Duration;

use engine::{AppendErrorKind, Folded, Journal, Key, Operator, WorkflowEntry, jittered};
use fulfilment::{Fulfilment, State};
use model::{
    Fact, Lane, LineId, LocationId, Note, OpenedReturn, OrderId, PartnerId, Quantity, Reason, ReturnAuthorisation,
    ReturnLine, RmaId,
};
use rust_decimal::Decimal;
use service::Connection;

use super::claimed::Claimed;
use super::opened::{authorise, opened, opened_with};
use super::{Entered, fetch, read, rma_id};
use crate::exit::Failure;
use crate::order::enter::{entry_of, or_none, words_of_a_person};
use crate::order::{order_id, trail};
use crate::reach::broker;
use crate::words::{self, Subject};

/// How often the order is read anew because somebody else entered something meanwhile.
const MOST_TRIES: u32 = 20;
/// How long to wait before it is read anew, times the number of tries.
const PAUSE: Duration = Duration::from_millis(10);
/// How many numbers are tried for a return that was given none.
const MOST_NUMBERS: usize = 20;

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
    #[arg(long = "quantity", value_name = "NUMBER", allow_negative_numbers = true, value_parser = quantity)]
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

fn quantity(text: &str) -> Result<Decimal, String> {
    let number: Option<Decimal> = text.parse().ok();
    number.filter(|number| *number > Decimal::ZERO).ok_or_else(|| "a quantity above 0 is needed, such as 2".to_owned())
}

/// Opens a return: enters in the order that it is opened, and then authorises it in its own stream.
///
/// # Errors
/// [`Failure::Refused`] when more would come back than was delivered, or the number is taken.
pub async fn open(args: &Args, connection: &Connection) -> Result<Entered, Failure> {
    unambiguous(args)?;
    if let Some(partner) = &args.fetch {
        fetch::check(connection, partner).await?;
    }
    let key = Key::of(args.order.as_str());
    let orders = Journal::<Fulfilment>::new(connection.js.clone(), fulfilment::LAYOUT);
    let authorised = Claimed::of(connection, &args.order).await?;
    for tries in 1..=MOST_TRIES {
        let whole = trail::whole(connection, &args.order).await?;
        let entries = &whole.entries;
        let folded = Folded::<Fulfilment>::replay(&key, entries);
        let claimed = authorised.with(connection, &args.order, &opened(entries)).await?;
        let entry = decided(args, connection, folded.state(), &claimed).await?;
        // What has left the stream is nothing that the broker expects to stand before it.
        let last = whole.left().iter().rfind(|entry| entry.lane == Lane::Ops.as_str());
        let last = last.map_or(0, |entry| entry.sequence);
        match orders.append_behind(&key, Lane::Ops.as_str(), last, &entry).await {
            Ok(_) => return authorised_with(connection, &entry).await,
            Err(error) if error.kind() == AppendErrorKind::Conflict => {
                tokio::time::sleep(jittered(PAUSE * tries, entry.id)).await;
            }
            Err(error) => return Err(broker("append to stream ORDERS", error)),
        }
    }
    let words = "others keep entering something at the same time; nothing was opened, try again";
    Err(Failure::Refused(format!("order {}: {words}", args.order)))
}

/// Authorises what an entry of the order opens.
async fn authorised_with(connection: &Connection, entry: &WorkflowEntry<Fulfilment>) -> Result<Entered, Failure> {
    let opened = opened_with(entry);
    let Some(opened) = opened.first() else { return Err(anyhow::anyhow!("the entry opens no return").into()) };
    let OpenedReturn { rma, authorised } = opened.told;
    let Some(sequence) = authorise(connection, opened).await? else { return Err(taken(rma)) };
    let says = vec![words::fact(Subject::Return, &Fact::ReturnAuthorised(authorised.clone()))];
    Ok(Entered { rma: rma.clone(), sequence, says })
}

/// The order's entry that opens the return, as things stand.
async fn decided(
    args: &Args,
    connection: &Connection,
    state: &State,
    claimed: &Claimed,
) -> Result<WorkflowEntry<Fulfilment>, Failure> {
    let authorised = authorisation(args, state, claimed)?;
    let rma = number(args, connection, claimed).await?;
    let operator = Operator { who: args.who.clone(), why: args.why.clone() };
    let text = format!("opens return {rma}");
    let note = Note { text, opens: Some(Box::new(OpenedReturn { rma, authorised })) };
    Ok(entry_of(&operator, args.order.as_str(), vec![Fact::Noted(note)]))
}

/// Refuses a command line that says two things at once.
fn unambiguous(args: &Args) -> Result<(), Failure> {
    if !(args.quantities.is_empty() || args.quantities.len() == args.lines.len()) {
        return Err(Failure::Usage("give one --quantity for each --line, or none".to_owned()));
    }
    let again = args.lines.iter().enumerate().find(|(nth, line)| args.lines[..*nth].contains(line));
    again.map_or(Ok(()), |(_, line)| Err(Failure::Usage(format!("line {line} is given more than once"))))
}

fn authorisation(args: &Args, state: &State, claimed: &Claimed) -> Result<ReturnAuthorisation, Failure> {
    let Some(order) = state.order() else {
        return Err(Failure::Refused(format!("order {} is not released", args.order)));
    };
    let (mut lines, mut places) = (Vec::<ReturnLine>::new(), Vec::<(PartnerId, LocationId)>::new());
    for (nth, number) in args.lines.iter().enumerate() {
        lines.push(line(args, state, number, args.quantities.get(nth).copied(), claimed)?);
        let shipments = state.shipments();
        let ships = shipments.iter().find(|shipment| shipment.lines.iter().any(|own| own.line.line == *number));
        places.extend(ships.map(|shipment| (shipment.wms.clone(), shipment.location.clone())));
    }
    places.sort();
    places.dedup();
    let [(wms, location)] = &places[..] else {
        let words = "the lines were shipped from several locations; open a return for each";
        return Err(Failure::Refused(words.to_owned()));
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
    claimed: &Claimed,
) -> Result<ReturnLine, Failure> {
    let lines = state.lines();
    let Some(line) = lines.iter().find(|line| line.line == *number) else {
        let known: Vec<&str> = lines.iter().map(|line| line.line.as_str()).collect();
        return Err(Failure::NotFound(format!("no line {number}; the order has: {}", or_none(&known))));
    };
    let coming = claimed.of_line(number);
    let left = line.delivered - line.returned - coming;
    let quantity = Quantity::new(wanted.unwrap_or(left), line.unit.clone());
    if quantity.amount <= Decimal::ZERO || quantity.amount > left {
        let cannot = match wanted {
            Some(_) => format!("{quantity} of line {number} cannot come back"),
            None => format!("nothing of line {number} is left to come back"),
        };
        let words = format!(
            "{cannot}: {} delivered, {} back already, {} in other returns",
            line.delivered.normalize(),
            line.returned.normalize(),
            coming.normalize()
        );
        return Err(Failure::Refused(words));
    }
    Ok(ReturnLine { line: number.clone(), sku: line.sku.clone(), quantity, reason: args.reason })
}

/// The return's number, which nothing was told of yet.
async fn number(args: &Args, connection: &Connection, claimed: &Claimed) -> Result<RmaId, Failure> {
    if let Some(rma) = &args.rma {
        if rma.as_str() == args.order.as_str() {
            return Err(Failure::Usage(format!("{rma} is the order's own number; a return needs one of its own")));
        }
        return if is_free(connection, claimed, rma).await? { Ok(rma.clone()) } else { Err(taken(rma)) };
    }
    let first = claimed.number() + 1;
    for number in first..first + MOST_NUMBERS {
        let rma = RmaId::new(&format!("{}-R{number}", args.order))
            .map_err(|error| Failure::Usage(format!("the return's number {error}; give one with --rma")))?;
        if is_free(connection, claimed, &rma).await? {
            return Ok(rma);
        }
    }
    let words = format!("there are returns {0}-R{first} and the {MOST_NUMBERS} after it", args.order);
    Err(Failure::Refused(format!("{words} already; give a number with --rma")))
}

async fn is_free(connection: &Connection, claimed: &Claimed, rma: &RmaId) -> Result<bool, Failure> {
    if claimed.holds(rma) {
        return Ok(false);
    }
    Ok(read::read(connection, &Key::of(rma.as_str())).await?.is_empty())
}

fn taken(rma: &RmaId) -> Failure {
    Failure::Refused(format!("there is a return {rma} already; give another number with --rma"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn parsed(more: &[&str]) -> Result<Args, String> {
        let line = ["open", "SO-1", "--line", "10", "--reason", "goods.damaged", "--why", "broken", "--as", "ada"];
        let parsed = Line::try_parse_from(line.iter().chain(more));
        parsed.map(|line| line.args).map_err(|error| error.to_string())
    }

    #[test]
    fn a_quantity_is_above_0() {
        assert_eq!(parsed(&["--quantity", "1.5"]).unwrap().quantities, [Decimal::new(15, 1)]);
        for wrong in ["0", "-1", "-0.5", "0.00", "one", ""] {
            let error = parsed(&["--quantity", wrong]).unwrap_err();
            assert!(error.contains("a quantity above 0 is needed"), "{error}");
        }
    }

    #[test]
    fn a_command_line_that_says_two_things_at_once_is_refused_as_such() {
        let two = parsed(&["--quantity", "1", "--quantity", "2"]).unwrap();
        let error = unambiguous(&two).unwrap_err();
        assert_eq!((error.status(), error.to_string().as_str()), (2, "give one --quantity for each --line, or none"));
        let again = parsed(&["--line", "10"]).unwrap();
        let error = unambiguous(&again).unwrap_err();
        assert_eq!((error.status(), error.to_string().as_str()), (2, "line 10 is given more than once"));
    }
}
