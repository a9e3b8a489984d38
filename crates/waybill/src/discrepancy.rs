//! `waybill discrepancy`: those that stand since they were found, what became of each, and taking them as they are.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use model::{OrderId, Timestamp};
use reconcile::standing::Entry;
use reconcile::{Change, Kind, Stands};
use serde::Serialize;
use service::Connection;
use service::settings::NatsSettings;
use visibility::reconciling::{History, HistoryError, entries};

use crate::clock::now;
use crate::exit::{Failure, Verdict};
use crate::order::enter::words_of_a_person;
use crate::order::order_id;
use crate::output::Output;
use crate::reach::{self, broker};
use crate::table::Table;
use crate::text::{NOTHING, count, heading, line, span};

/// What to do with discrepancies that stand.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Those that stand, as they were last found by the visibility service or by `waybill reconcile --heal --yes`
    List(Filter),
    /// What became of discrepancies, entry by entry
    History(Filter),
    /// Take discrepancies as they are; each comes back when a side says something else
    Accept(AcceptArgs),
}

/// Which discrepancies. All conditions given must hold.
#[derive(Debug, Clone, clap::Args)]
pub struct Filter {
    /// Only of this kind; may be repeated
    #[arg(long = "kind", value_name = "KIND", value_parser = kinds())]
    kinds: Vec<Kind>,
    /// Only of this order
    #[arg(long, value_name = "ORDER", value_parser = order_id)]
    order: Option<OrderId>,
    /// Only the one of this name, as `list` shows it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Which to take as they are, who does it and why.
#[derive(Debug, Clone, clap::Args)]
pub struct AcceptArgs {
    #[command(flatten)]
    filter: Filter,
    /// Do it; without this it says what it would do, and changes nothing
    #[arg(long, requires = "why", requires = "who")]
    yes: bool,
    /// Why; it stays in `waybill discrepancy history`
    #[arg(long, value_name = "TEXT", value_parser = words_of_a_person)]
    why: Option<String>,
    /// Who does it
    #[arg(long = "as", env = "USER", id = "who", value_name = "NAME", value_parser = words_of_a_person)]
    who: Option<String>,
}

pub(crate) fn kinds() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::as_str))
        .try_map(|name: String| Kind::from_name(&name).ok_or("no such kind"))
}

impl Filter {
    fn takes(&self, stands: &Stands) -> bool {
        let one = &stands.discrepancy;
        self.takes_kind(one.kind) && self.takes_name(&one.id()) && self.takes_order(one.about.order())
    }

    fn takes_change(&self, change: &Change) -> bool {
        let about = match change {
            Change::Found(found) => &found.about,
            Change::Healed { about, .. } | Change::Accepted { about, .. } | Change::Gone { about, .. } => about,
        };
        self.takes_kind(change.kind()) && self.takes_name(&change.id()) && self.takes_order(about.order())
    }

    fn takes_kind(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    fn takes_name(&self, name: &str) -> bool {
        self.name.as_ref().is_none_or(|wanted| wanted == name)
    }

    fn takes_order(&self, order: Option<&OrderId>) -> bool {
        self.order.as_ref().is_none_or(|wanted| order == Some(wanted))
    }

    const fn is_all(&self) -> bool {
        self.kinds.is_empty() && self.order.is_none() && self.name.is_none()
    }
}

/// Runs one command.
pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    reach::stream(&connection.js, service::streams::DISCREPANCIES).await?;
    match command {
        Command::List(filter) => list(&filter, &connection, output).await,
        Command::History(filter) => history(&filter, &connection, output).await,
        Command::Accept(args) => accept(args, &connection, output).await,
    }
}

// ---- those that stand ----

/// What is shown of those that stand.
#[derive(Debug, Serialize)]
struct Listed {
    /// When all was last held against each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<reconcile::Run>,
    standing: Vec<Stands>,
}

async fn list(filter: &Filter, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let history = History::read(&connection.js).await.map_err(failed)?;
    let standing: Vec<Stands> = history.standing().iter().filter(|one| filter.takes(one)).cloned().collect();
    let is_open = standing.iter().any(|one| one.accepted.is_none());
    output.show(&Listed { last_run: history.last_run().cloned(), standing }, render_list)?;
    Ok(if is_open { Verdict::Wrong } else { Verdict::Fine })
}

fn render_list(listed: &Listed) -> String {
    let mut text = String::new();
    let run = listed.last_run.as_ref().map_or_else(
        || "all was never held against each other yet".to_owned(),
        |run| format!("all was last held against each other at {}, {}", run.as_of, count(run.orders, "order")),
    );
    line(&mut text, heading(&format!("{} standing; {run}", listed.standing.len())));
    let mut table = Table::new(&["NAME", "ONE SIDE", "THE OTHER", ">FOUND", ">AT STAKE", "HEALED", "TAKEN AS IT IS"]);
    for Stands { discrepancy: one, found, healed, accepted } in &listed.standing {
        table.row([
            one.id(),
            format!("{}: {}", one.one.who, one.one.says),
            format!("{}: {}", one.other.who, one.other.says),
            span(now().as_millis().saturating_sub(found.as_millis())),
            one.stake.as_ref().map_or_else(|| NOTHING.to_owned(), ToString::to_string),
            healed.map_or_else(|| NOTHING.to_owned(), |at| at.to_string()),
            accepted.as_ref().map_or_else(|| NOTHING.to_owned(), |(who, why)| format!("{who}: {why}")),
        ]);
    }
    if !table.is_empty() {
        line(&mut text, table);
    }
    text
}

// ---- what became of them ----

/// An entry of the history.
#[derive(Debug, Serialize)]
struct Past {
    sequence: u64,
    recorded: Timestamp,
    change: Change,
}

/// The most entries that are shown; of more, the newest.
const MOST_SHOWN: usize = 10_000;

async fn history(filter: &Filter, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    let mut past = std::collections::VecDeque::new();
    let each = |read: visibility::reconciling::Recorded| {
        let Entry::Change { change, .. } = read.entry else { return };
        if filter.takes_change(&change) {
            past.push_back(Past { sequence: read.sequence, recorded: read.recorded, change });
            if past.len() > MOST_SHOWN {
                past.pop_front();
            }
        }
    };
    entries(&connection.js, each).await.map_err(failed)?;
    output.show(&past, |past| {
        let mut table = Table::new(&[">ENTRY", "RECORDED", "NAME", "WHAT"]);
        for one in past {
            let what = [one.sequence.to_string(), one.recorded.to_string(), one.change.id(), words(&one.change)];
            table.row(what);
        }
        if table.is_empty() { "nothing was ever found of that\n".to_owned() } else { table.to_string() }
    })?;
    Ok(Verdict::Fine)
}

fn words(change: &Change) -> String {
    match change {
        Change::Found(found) => {
            format!("{}: {}, {}: {}", found.one.who, found.one.says, found.other.who, found.other.says)
        }
        Change::Healed { remedy, who, why, .. } => format!("healed by {who}: {remedy} ({why})"),
        Change::Accepted { who, why, .. } => format!("taken as it is by {who}: {why}"),
        Change::Gone { .. } => "not there any more".to_owned(),
    }
}

// ---- taking them as they are ----

/// What was taken as it is, or would be.
#[derive(Debug, Serialize)]
struct Accepted {
    names: Vec<String>,
    done: bool,
}

async fn accept(args: AcceptArgs, connection: &Connection, output: Output) -> Result<Verdict, Failure> {
    if args.filter.is_all() {
        return Err(Failure::Usage("say which, with --name, --order or --kind".to_owned()));
    }
    let mut history = History::read(&connection.js).await.map_err(failed)?;
    let open = |one: &&Stands| one.accepted.is_none() && args.filter.takes(one);
    let chosen: Vec<Stands> = history.standing().iter().filter(open).cloned().collect();
    if chosen.is_empty() {
        let words = "no discrepancy that stands is one of those (`waybill discrepancy list`)";
        return Err(Failure::NotFound(words.to_owned()));
    }
    let mut accepted = Accepted { names: chosen.iter().map(|one| one.discrepancy.id()).collect(), done: false };
    if let (true, Some(who), Some(why)) = (args.yes, args.who, args.why) {
        let accept = |one: Stands| Change::Accepted {
            kind: one.discrepancy.kind,
            about: one.discrepancy.about,
            who: who.clone(),
            why: why.clone(),
        };
        let recorded = history.record(chosen.into_iter().map(accept).collect(), now()).await.map_err(failed)?;
        accepted = Accepted { names: recorded.iter().map(Change::id).collect(), done: true };
    }
    output.show(&accepted, render_accepted)?;
    Ok(Verdict::Fine)
}

fn render_accepted(accepted: &Accepted) -> String {
    let mut text = String::new();
    line(&mut text, heading(if accepted.done { "Taken as they are" } else { "Would be taken as they are" }));
    accepted.names.iter().for_each(|name| line(&mut text, crate::text::harmless(name)));
    if !accepted.done {
        line(&mut text, "Nothing was changed; do it with --yes --why TEXT.");
    }
    text
}

/// What it means that the history cannot be read or written.
pub(crate) fn failed(error: HistoryError) -> Failure {
    match error {
        HistoryError::Broker(error) => broker("read or write stream DISCREPANCIES", error),
        HistoryError::Unreadable { .. } | HistoryError::Encode(_) => anyhow::Error::new(error).into(),
    }
}
