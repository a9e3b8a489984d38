//! What can be done about an exception, and the facts that do it.

use fulfilment::State;
use fulfilment::decide::ask_behind;
use model::{AskId, ExceptionKind, Fact, Milestone, PartnerId, ShipmentId, Timestamp};

use crate::exit::Failure;
use crate::order::enter::facts::{self, Said};
use crate::order::enter::{ask_id, milestone, partner_id};

/// What to do.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(group = clap::ArgGroup::new("remedy").required(true)
    .args(["retry", "as_is", "accepted", "refused", "milestone", "substitute", "cancel"]))]
pub struct RemedyArgs {
    /// Ask again what was refused or not answered
    #[arg(long)]
    pub(super) retry: bool,
    /// Take it as it is; the order goes on without what is lacking
    #[arg(long = "override")]
    pub(super) as_is: bool,
    /// Settle the ask that it is about with a yes in its partner's place
    #[arg(long)]
    pub(super) accepted: bool,
    /// Settle the ask that it is about with a no in its partner's place
    #[arg(long)]
    pub(super) refused: bool,
    /// Say that this milestone was reached, now, by the shipment that it is about
    #[arg(long, value_name = "MILESTONE", value_parser = milestone)]
    pub(super) milestone: Option<Milestone>,
    /// Have this partner asked to carry the shipment instead; what another took is undone first
    #[arg(long, value_name = "PARTNER", value_parser = partner_id)]
    pub(super) substitute: Option<PartnerId>,
    /// Cancel the order: undo it as far as it can be
    #[arg(long)]
    pub(super) cancel: bool,
    /// Another ask of the order than the one it is about, for --retry, --accepted, --refused and --substitute
    #[arg(long, value_name = "ASK", conflicts_with_all = ["Filter", "all", "as_is", "milestone", "cancel"], value_parser = ask_id)]
    pub(super) ask: Option<AskId>,
    /// Another shipment than the one it is about, for --milestone
    #[arg(long, value_name = "SHIPMENT", requires = "milestone", conflicts_with_all = ["Filter", "all"], value_parser = ShipmentId::new)]
    pub(super) shipment: Option<ShipmentId>,
}

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) enum Remedy {
    Retry(Option<AskId>),
    AsIs,
    Accepted(Option<AskId>),
    Refused(Option<AskId>),
    Reached(Milestone, Option<ShipmentId>),
    Substitute(PartnerId, Option<AskId>),
    Cancel,
}

impl RemedyArgs {
    /// What was chosen.
    pub(super) fn chosen(&self) -> Result<Remedy, Failure> {
        let ask = || self.ask.clone();
        let chosen = [
            self.retry.then(|| Remedy::Retry(ask())),
            self.as_is.then_some(Remedy::AsIs),
            self.accepted.then(|| Remedy::Accepted(ask())),
            self.refused.then(|| Remedy::Refused(ask())),
            self.milestone.map(|milestone| Remedy::Reached(milestone, self.shipment.clone())),
            self.substitute.clone().map(|partner| Remedy::Substitute(partner, ask())),
            self.cancel.then_some(Remedy::Cancel),
        ];
        chosen.into_iter().flatten().next().ok_or_else(|| Failure::Usage("nothing to do; see `--help`".to_owned()))
    }
}

impl Remedy {
    /// The facts that do it about an open exception at a time, or why it cannot be done.
    pub(super) fn facts(&self, state: &State, named: &str, why: &str, now: Timestamp) -> Result<Vec<Fact>, Failure> {
        let kind = &facts::open_exception(state, named)?.kind;
        let about = |ask: &Option<AskId>| ask.clone().map_or_else(|| ask_of(state, kind), Ok);
        Ok(match self {
            Self::Retry(ask) => facts::retries(Some(&about(ask)?), state)?,
            Self::AsIs => vec![facts::waived(state, named)?],
            Self::Accepted(ask) => vec![facts::answered(state, &about(ask)?, Said::Yes)?],
            Self::Refused(ask) => vec![facts::answered(state, &about(ask)?, Said::No(why))?],
            Self::Reached(milestone, shipment) => {
                let shipment = shipment.clone().or_else(|| shipment_of(state, kind));
                vec![facts::reached(state, *milestone, shipment.as_ref(), now)?]
            }
            Self::Substitute(partner, ask) => {
                let booking = ask.clone().map_or_else(|| booking_of(state, kind), Ok)?;
                vec![facts::substituted(state, &booking, partner)?]
            }
            Self::Cancel => vec![facts::cancelled(state, why)?],
        })
    }

    /// How the command line says it.
    pub(super) fn flag(&self) -> String {
        match self {
            Self::Retry(_) => "--retry".to_owned(),
            Self::AsIs => "--override".to_owned(),
            Self::Accepted(_) => "--accepted".to_owned(),
            Self::Refused(_) => "--refused".to_owned(),
            Self::Reached(milestone, _) => format!("--milestone {milestone}"),
            Self::Substitute(partner, _) => format!("--substitute {partner}"),
            Self::Cancel => "--cancel".to_owned(),
        }
    }
}

/// The ask that an exception is about.
fn ask_of(state: &State, kind: &ExceptionKind) -> Result<AskId, Failure> {
    let none = || Failure::Refused(format!("`{kind}` is about no ask of the order; name one with --ask"));
    ask_behind(state, kind).map(|ask| ask.id.clone()).ok_or_else(none)
}

/// The newest booking of the shipment that an exception is about.
fn booking_of(state: &State, kind: &ExceptionKind) -> Result<AskId, Failure> {
    let shipment = shipment_of(state, kind);
    let is_own = |ask: &&model::Ask| ask.request.kind() == "book" && ask.request.shipment() == shipment.as_ref();
    let booking = shipment.as_ref().and_then(|_| state.asks().rfind(is_own));
    let none = || Failure::Refused(format!("`{kind}` is about no shipment that a carrier was asked to take"));
    booking.map(|ask| ask.id.clone()).ok_or_else(none)
}

/// The shipment that an exception is about: by its kind, by the ask it is about, or by the wait that is overdue.
fn shipment_of(state: &State, kind: &ExceptionKind) -> Option<ShipmentId> {
    let by_ask = || ask_behind(state, kind).and_then(|ask| ask.request.shipment().cloned());
    let by_wait = || {
        let ExceptionKind::Overdue(wait) = kind else { return None };
        let named = |shipment: &ShipmentId| wait.split('-').any(|part| part == shipment.as_str());
        state.shipments().into_iter().map(|shipment| shipment.id).find(named)
    };
    kind.shipment().cloned().or_else(by_ask).or_else(by_wait)
}
