//! `waybill forget`: what is about a customer's persons becomes unreadable for ever.
//!
//! No entry is changed. The customer's key is destroyed, and with it what it sealed, wherever that is kept; the raw messages that
//! its orders came from are overwritten on the broker's disk; and who had it done, when and why is kept beside the keys.

mod erase;
mod found;
mod instances;
mod mentions;
mod raw;

use model::{CustomerId, Timestamp};
use privacy::{Erasure, Keys};
use service::Connection;
use service::settings::NatsSettings;

use crate::exit::{Failure, Verdict};
use crate::order::enter::words_of_a_person;
use crate::output::Output;
use crate::reach::{self, broker};
use found::find;

pub use found::{Report, render};

pub(crate) const HELP: &str = "\
Without --yes it says what there is and changes nothing. With it the customer's key is destroyed, and those of its orders and \
returns, which makes names, streets and postal codes unreadable in every entry and archived trail; the raw messages they came from \
and those that partners were sent are overwritten in the streams INBOX, OUTBOX, HELD and QUARANTINE, and the customer's name in \
the master data is replaced. No entry is changed, and the erasure itself is recorded for ever in bucket KEYS.

It does not reach backups of the broker, the partners' own systems, free texts such as remarks and reasons, towns and countries, \
and the customer's number. What it finds and cannot erase it names.

Ends with 0 when the customer is or would be forgotten, also when it was before; with 1 when nobody knows it, or orders are open.";

/// Whom to forget.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The customer's number as its ERP writes it
    #[arg(value_name = "CUSTOMER", value_parser = CustomerId::new)]
    pub customer: CustomerId,
    /// Do it; without this it says what it would do, and changes nothing
    #[arg(long, requires = "why", requires = "who")]
    pub yes: bool,
    /// Why; it is kept for ever
    #[arg(long, value_name = "TEXT", value_parser = words_of_a_person)]
    pub why: Option<String>,
    /// Who has it done
    #[arg(long = "as", env = "USER", value_name = "NAME", value_parser = words_of_a_person)]
    pub who: Option<String>,
    /// Also while orders or returns are open: what is still to be sent to an address then fails
    #[arg(long)]
    pub even_open: bool,
    /// Erase this message too, such as `QUARANTINE:7`: one of those that are named because they hold the customer's number
    #[arg(long, value_name = "STREAM:SEQUENCE", value_parser = place)]
    pub also: Vec<(String, u64)>,
}

/// The place of a message.
fn place(text: &str) -> Result<(String, u64), String> {
    let parts = text.split_once(':').and_then(|(stream, sequence)| Some((stream.to_owned(), sequence.parse().ok()?)));
    parts.ok_or_else(|| "expected a stream and a sequence in it, such as QUARANTINE:7".to_owned())
}

pub(crate) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let (report, verdict) = forget(args, &connection, crate::clock::now()).await?;
    output.show(&report, found::render)?;
    Ok(verdict)
}

/// Looks what there is, and erases it where that is wanted.
///
/// # Errors
/// [`Failure::NotFound`] when nobody knows the customer, [`Failure::Refused`] when its orders are open,
/// [`Failure::Unreachable`] when the broker does not answer; what breaks off in between is done by doing it again.
pub async fn forget(args: &Args, connection: &Connection, now: Timestamp) -> Result<(Report, Verdict), Failure> {
    reach::stream(&connection.js, &format!("KV_{}", service::streams::KEYS)).await?;
    let keys = Keys::open(&connection.js).await.map_err(|error| broker("read bucket KEYS", error))?;
    let mut found = find(connection, &keys, &args.customer).await?;
    found.take_in(&args.also)?;
    let report = Report::of(&args.customer, &found);
    if !found.is_known() {
        let customer = &args.customer;
        let words = "no order, return, key or master record names it; is this its number, as its ERP writes it?";
        return Err(Failure::NotFound(format!("nobody knows customer {customer}: {words}")));
    }
    if found.is_forgotten() {
        return Ok((report, Verdict::Fine));
    }
    let refused = !report.open.is_empty() && !args.even_open;
    let (Some(who), Some(why), true) = (&args.who, &args.why, args.yes) else {
        return Ok((report, if refused { Verdict::Wrong } else { Verdict::Fine }));
    };
    if refused {
        return Err(Failure::Refused(open(&report)));
    }
    let (who, why) = (who.clone(), why.clone());
    let erasure = Erasure { who, why, at: now, generation: 0, erased: found.erased() };
    erase::all(connection, &keys, &args.customer, &found, &erasure).await?;
    Ok((Report { done: Some(erasure), ..report }, Verdict::Fine))
}

/// Why nothing is erased while orders are open.
fn open(report: &Report) -> String {
    let some: Vec<&str> = report.open.iter().take(10).map(String::as_str).collect();
    let more = report.open.len().saturating_sub(some.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "customer {} has open orders or returns: {}{more}; wait until they are closed, or say --even-open: what is still to be \
         sent to an address then fails",
        report.customer,
        some.join(", ")
    )
}
