//! What a shipment lacks: less of it was reserved, shipped or delivered than there should be. The policy says whether a person
//! decides, the rest is left, or it travels as another shipment: a back-order, or goods that are sent again.

use model::{Decision, Exception, ExceptionKind, Lacking, Progress, ShipmentId, Split};
use rust_decimal::Decimal;

use super::case::Case;
use super::problems::{is_undelivered, overshoots, stands, unmatched};
use super::waits::Wait;
use crate::policy::{Short, Undelivered};
use crate::state::{Amounts, Part, Shipment, Step};

/// How often shipments of one order are split; what lacks beyond that is for a person.
const MOST_SPLITS: usize = 20;

impl<'a> Case<'a> {
    /// What a shipment lacks at a step of its way.
    pub fn rest(&self, shipment: &Shipment<'a>, lacking: Lacking) -> Vec<Progress> {
        let missing: &dyn Fn(&Part<'a>, &Amounts) -> Decimal = match lacking {
            Lacking::Reserved if self.is_reserved_short(shipment) => {
                &|part, amounts| part.held().saturating_sub(amounts.of(Step::Allocated))
            }
            Lacking::Shipped if self.is_issued(shipment) || self.ships_nothing(shipment) => {
                &|part, amounts| self.to_ship(shipment, part, amounts).saturating_sub(amounts.of(Step::Shipped))
            }
            // Before it is known what left, nobody can say what of it did not arrive; what left beyond what was to leave is
            // nothing to send again.
            Lacking::Delivered if self.is_issued(shipment) && self.is_at_its_end(shipment) => &|part, amounts| {
                let settled = amounts.of(Step::Delivered).saturating_add(part.sent_again);
                amounts.of(Step::Shipped).min(part.held()).saturating_sub(settled)
            },
            Lacking::Reserved | Lacking::Shipped | Lacking::Delivered => return Vec::new(),
        };
        let rest = self.tally(shipment).filter_map(|(part, amounts)| {
            let missing = missing(part, amounts);
            let (line, quantity) = (part.line.line.clone(), part.quantity(missing));
            (missing > Decimal::ZERO).then_some(Progress { line, quantity, location: None })
        });
        rest.collect()
    }

    /// How much of a line is to leave with a shipment.
    pub fn to_ship(&self, shipment: &Shipment<'a>, part: &Part<'_>, amounts: &Amounts) -> Decimal {
        if self.ships_short(shipment) { part.held().min(amounts.of(Step::Allocated)) } else { part.held() }
    }

    /// Whether the warehouse said that nothing of a shipment leaves.
    pub fn ships_nothing(&self, shipment: &Shipment<'_>) -> bool {
        !self.has_left(shipment) && self.known.actual.is_issued_empty(shipment)
    }

    /// Whether a shipment arrived, or will not.
    fn is_at_its_end(&self, shipment: &Shipment<'a>) -> bool {
        self.is_shipment_delivered(shipment) || is_undelivered(self, shipment)
    }

    /// Whether nothing of a shipment was reserved, and the policy has it wait for stock.
    pub fn waits_for_stock(&self, shipment: &Shipment<'a>) -> bool {
        self.policy.allocation.short == Short::BackOrder
            && self.is_reserved_short(shipment)
            && self.tally(shipment).all(|(_, amounts)| amounts.of(Step::Allocated).is_zero())
    }

    /// Whether the policy has what lacks at this step travel as another shipment, and there is still room for one.
    pub fn splits_at(&self, lacking: Lacking) -> bool {
        let by_policy = match lacking {
            Lacking::Reserved => self.policy.allocation.short == Short::BackOrder,
            Lacking::Shipped => self.policy.picking.short == Short::BackOrder,
            Lacking::Delivered => self.policy.delivery.short == Undelivered::SendAgain,
        };
        by_policy && self.state.splits() < MOST_SPLITS
    }

    /// Whether less than was shipped may be delivered without a person's word.
    pub fn may_arrive_short(&self) -> bool {
        self.policy.delivery.short == Undelivered::Accept || self.splits_at(Lacking::Delivered)
    }

    /// Whether a wait for the rest of a shipment leads to something.
    pub fn is_rest_limited(&self, lacking: Lacking) -> bool {
        match lacking {
            Lacking::Reserved => false,
            Lacking::Shipped => true,
            Lacking::Delivered => self.may_arrive_short(),
        }
    }

    /// Whether the rest of a shipment had time enough to follow.
    pub fn is_rest_due(&self, lacking: Lacking, shipment: &Shipment<'_>) -> bool {
        self.state.is_due(&Wait::Rest(lacking, shipment.id.clone()).name())
    }

    /// Whether it is still open what becomes of something that lacks.
    pub fn has_open_rest(&self) -> bool {
        let is_open = |shipment: &Shipment<'a>, lacking| match lacking {
            Lacking::Reserved => false,
            Lacking::Shipped => {
                let is_left = self.policy.picking.short == Short::Ship && self.is_rest_due(lacking, shipment);
                !is_left && short_of(self, shipment).is_some_and(|problem| stands(self, &problem))
            }
            Lacking::Delivered => {
                let is_left = !self.splits_at(lacking) && self.is_rest_due(lacking, shipment);
                self.is_rest_limited(lacking) && !is_left && !self.rest(shipment, lacking).is_empty()
            }
        };
        self.live_shipments().any(|shipment| STEPS.iter().any(|step| is_open(shipment, *step)))
    }
}

/// The steps at which it takes some time to be sure that the rest does not come.
const STEPS: [Lacking; 2] = [Lacking::Shipped, Lacking::Delivered];

/// Something lacks, and the policy has it travel as another shipment; it is wanted, and nobody holds the order back. Where more
/// is told than there can be, or of what is not there, nobody knows what lacks.
pub(super) fn split(case: &Case<'_>) -> Vec<Decision> {
    if !case.may_commit() {
        return Vec::new();
    }
    let mut number = case.state.next_shipment(&case.known.shipments);
    let mut splits = Vec::new();
    for shipment in case.live_shipments().filter(|shipment| !overshoots(case, shipment)) {
        for lacking in [Lacking::Reserved, Lacking::Shipped, Lacking::Delivered] {
            let is_certain = match lacking {
                Lacking::Reserved => !case.waits_for_stock(shipment) && !case.is_given_up(shipment),
                Lacking::Shipped | Lacking::Delivered => case.is_rest_due(lacking, shipment),
            };
            let lines = if is_certain && case.splits_at(lacking) { case.rest(shipment, lacking) } else { continue };
            let Ok(id) = ShipmentId::new(&format!("s{number}")) else { continue };
            if lines.is_empty() || case.state.splits() + splits.len() >= MOST_SPLITS {
                continue;
            }
            number = number.saturating_add(1);
            splits.push(Decision::Split(Split { shipment: id, of: shipment.id.clone(), lacking, lines }));
        }
    }
    if !splits.is_empty() && unmatched(case).iter().any(|problem| stands(case, problem)) {
        return Vec::new();
    }
    splits
}

/// What a shipment lacks of which it will be certain after some time.
pub(super) fn waits(case: &Case<'_>, shipment: &Shipment<'_>) -> Vec<Wait> {
    let lacks = |lacking: &Lacking| !case.rest(shipment, *lacking).is_empty();
    STEPS.into_iter().filter(lacks).map(|lacking| Wait::Rest(lacking, shipment.id.clone())).collect()
}

/// A shipment left with less than was reserved for it, the rest did not follow in time, and the policy leaves it to a person.
pub(super) fn shipped_short(case: &Case<'_>) -> Vec<Exception> {
    if case.policy.picking.short == Short::Ship {
        return Vec::new();
    }
    let is_late = |shipment: &&Shipment<'_>| case.is_late(&Wait::Rest(Lacking::Shipped, shipment.id.clone()));
    case.shipments().filter(is_late).filter_map(|shipment| short_of(case, shipment)).collect()
}

fn short_of(case: &Case<'_>, shipment: &Shipment<'_>) -> Option<Exception> {
    let rest = case.rest(shipment, Lacking::Shipped);
    let words: Vec<String> = rest.iter().map(|part| format!("{} of line {}", part.quantity, part.line)).collect();
    let detail = format!("{} did not ship {}", shipment.wms, words.join(", "));
    (!rest.is_empty()).then(|| Exception { kind: ExceptionKind::ShippedShort(shipment.id.clone()), detail })
}
