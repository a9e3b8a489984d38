//! What makes more work of an order and changes nothing of where it ends, as long as the policy has the rest of a shipment travel
//! as another one: goods that lack, come back or are refused at the door; an order that is changed or held back; a carrier with
//! a wrong clock, or one that tells its whole history again; an ERP that sees goods shipped before they are; a TMS that
//! finds no carrier where another one does.

use model::Lacking;
use rust_decimal::Decimal;

use crate::plan::{Fate, Plan, PlannedShipment};
use crate::seed::Dice;
use crate::times::HOUR;

/// A carrier's clock is slow by so many hours.
const SLOW_BY: i64 = 6;

/// What makes more work of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mishap {
    /// Some of a line lacks at a step of the way.
    Lacks {
        /// The shipment's place.
        shipment: usize,
        /// At which step.
        at: Lacking,
        /// The line's place.
        line: usize,
        /// How much of it.
        rest: Decimal,
    },
    /// A shipment is refused as a whole, and brought back.
    SentBack(usize),
    /// When a warehouse is first asked, the ERP changes how much of a line is ordered.
    Changed {
        /// The line's place.
        line: usize,
        /// How much is wanted now.
        quantity: Decimal,
    },
    /// The credit check holds the order back, and lets it go.
    HeldBack,
    /// The ERP says that all is shipped when a warehouse is first asked.
    ClaimedEarly,
    /// The carrier tells all of its events again, and of a scan after the delivery.
    ToldAgain,
    /// The carrier's clock is slow.
    SlowClock,
    /// The first TMS finds no carrier, the other one does.
    Declined,
}

impl Mishap {
    /// What happens to an order, if anything does: to so many of a thousand of those that close.
    #[must_use]
    pub fn of(plan: &Plan, dice: Dice, per_mille: u32) -> Option<Self> {
        if plan.fate != Fate::Closed || !dice.per_mille("mishap", per_mille) {
            return None;
        }
        let shipment = dice.within("mishap of shipment", 0..=99) as usize % plan.shipments.len().max(1);
        let whole = plan.shipments.get(shipment)?;
        let comes_back_later = plan.lines_of(whole).any(|line| line.returned.is_some());
        let line = whole.lines.iter().copied().find(|line| plan.lines[*line].quantity > Decimal::ONE);
        let lacks = |at, line: Option<usize>| {
            line.map(|line| Self::Lacks {
                shipment,
                at,
                line,
                rest: (plan.lines[line].quantity / Decimal::TWO).floor(),
            })
        };
        match dice.within("which mishap", 0..=9) {
            0..=3 if comes_back_later => None,
            0 => lacks(Lacking::Reserved, line),
            1 => lacks(Lacking::Shipped, line),
            2 => lacks(Lacking::Delivered, line),
            3 => Some(Self::SentBack(shipment)),
            4 => line.map(|line| Self::Changed { line, quantity: Decimal::ONE }),
            5 => Some(Self::HeldBack),
            6 => Some(Self::ClaimedEarly),
            7 => Some(Self::ToldAgain),
            8 => Some(Self::SlowClock),
            _ => Some(Self::Declined),
        }
    }

    /// Whether its order's shipment travels on no load: it is not the one that was planned, or goes with another TMS.
    #[must_use]
    pub const fn keeps_off_a_load(&self) -> bool {
        match self {
            Self::Changed { .. } | Self::Declined => true,
            Self::Lacks { .. }
            | Self::SentBack(_)
            | Self::HeldBack
            | Self::ClaimedEarly
            | Self::ToldAgain
            | Self::SlowClock => false,
        }
    }

    /// How much of a line of a shipment another shipment takes on, when it has come to this step.
    #[must_use]
    pub fn lacking(&self, shipment: usize, line: usize, step: Lacking) -> Decimal {
        match self {
            Self::Lacks { shipment: of, at, line: lacks, rest } if (*of, *lacks) == (shipment, line) && step >= *at => {
                *rest
            }
            Self::Lacks { .. }
            | Self::SentBack(_)
            | Self::Changed { .. }
            | Self::HeldBack
            | Self::ClaimedEarly
            | Self::ToldAgain
            | Self::SlowClock
            | Self::Declined => Decimal::ZERO,
        }
    }

    /// What the shipment that takes on the rest holds: lines by their places, and the shipment that they come from.
    #[must_use]
    pub fn rest(&self, plan: &Plan) -> Option<(usize, Vec<(usize, Decimal)>)> {
        match self {
            Self::Lacks { shipment, line, rest, .. } => Some((*shipment, vec![(*line, *rest)])),
            Self::SentBack(shipment) => {
                let lines = &plan.shipments.get(*shipment)?.lines;
                Some((*shipment, lines.iter().map(|line| (*line, plan.lines[*line].quantity)).collect()))
            }
            Self::Changed { .. }
            | Self::HeldBack
            | Self::ClaimedEarly
            | Self::ToldAgain
            | Self::SlowClock
            | Self::Declined => None,
        }
    }
}

/// Sets the carrier's clock back: its events on the road happened before the goods were packed.
pub fn set_clock_back(shipment: &mut PlannedShipment) {
    let steps = &mut shipment.steps;
    for when in [&mut steps.picked_up, &mut steps.departed, &mut steps.in_transit] {
        when.at = when.at.plus_millis(-SLOW_BY * HOUR);
    }
}
