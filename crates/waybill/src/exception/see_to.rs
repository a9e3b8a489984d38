//! `waybill exception assign|snooze`: who sees to an exception, and from when on.

use std::time::Duration;

use engine::Operator;
use model::{OrderId, Timestamp};
use service::Connection;

use super::filter::{later, span};
use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::order::enter::{append, facts, render, words_of_a_person};
use crate::order::order_id;
use crate::output::Output;

/// Which exception, who enters something of it, and why.
#[derive(Debug, Clone, clap::Args)]
pub struct OneArgs {
    /// The order's number as its ERP writes it; quote spaces and `*` for the shell
    #[arg(value_name = "ORDER", value_parser = order_id)]
    pub(super) order: OrderId,
    /// The open exception as it is listed, such as `no_stock s1`
    #[arg(value_name = "EXCEPTION")]
    pub(super) exception: String,
    /// Why; it stays in the order's trail
    #[arg(long, value_name = "TEXT", value_parser = words_of_a_person)]
    pub(super) why: String,
    /// Who enters it
    #[arg(long = "as", env = "USER", value_name = "NAME", value_parser = words_of_a_person)]
    pub(super) who: String,
}

/// Who is to see to it.
#[derive(Debug, Clone, clap::Args)]
pub struct AssignArgs {
    #[command(flatten)]
    pub(super) one: OneArgs,
    /// Who is to see to it: a person or a team
    #[arg(long, value_name = "WHO", value_parser = words_of_a_person)]
    pub(super) to: String,
}

/// Until when it is put off.
#[derive(Debug, Clone, clap::Args)]
#[command(group = clap::ArgGroup::new("when").required(true).args(["until", "span"]))]
pub struct SnoozeArgs {
    #[command(flatten)]
    pub(super) one: OneArgs,
    /// Until this time, such as 2026-03-01T14:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) until: Option<Timestamp>,
    /// For so long from now on, such as `2h` or `3days`; a second wakes it
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    pub(super) span: Option<Duration>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let time: Result<jiff::Timestamp, _> = text.parse();
    time.map(|time| Timestamp::from_millis(time.as_millisecond()))
        .map_err(|_| "expected a time such as 2026-03-01T14:00Z".to_owned())
}

impl OneArgs {
    fn operator(&self) -> Operator {
        Operator { who: self.who.clone(), why: self.why.clone() }
    }
}

pub(super) async fn assign(args: &AssignArgs, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let OneArgs { order, exception, .. } = &args.one;
    let given = |state: &fulfilment::State| Ok(vec![facts::assigned(state, exception, &args.to)?]);
    output.show(&append(&args.one.operator(), order, connection, given).await?, render)?;
    Ok(Verdict::Fine)
}

pub(super) async fn snooze(args: &SnoozeArgs, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let now = now();
    let until = args.until.or_else(|| later(now, args.span?)).filter(|until| *until > now);
    let until = until.ok_or_else(|| Failure::Usage("until when? The time given has passed".to_owned()))?;
    let OneArgs { order, exception, .. } = &args.one;
    let put_off = |state: &fulfilment::State| Ok(vec![facts::snoozed(state, exception, until)?]);
    output.show(&append(&args.one.operator(), order, connection, put_off).await?, render)?;
    Ok(Verdict::Fine)
}
