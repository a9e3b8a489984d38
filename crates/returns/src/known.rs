//! What is known of a return, sorted out once for the many questions asked of it.

use model::{
    Ask, AskId, Classifier, Fact, Grade, Inspection, Invoice, Lane, LineId, Milestone, MilestoneReached, Outcome,
    Progress, Quantity, ReturnAuthorisation, ReturnLine,
};
use rust_decimal::Decimal;

use crate::state::{AskState, Held, State};

/// What is known of an authorised return, by the word of its own ERP, warehouse and carrier, and of operators.
pub(crate) struct Known<'a> {
    pub state: &'a State,
    pub authorised: &'a ReturnAuthorisation,
    /// The ERP authorised it, and so has a return of its own to close.
    pub is_of_erp: bool,
    /// It was authorised again, as something else.
    pub is_changed: bool,
    pub is_cancelled: bool,
    /// A carrier has, or had, some of it.
    pub is_in_transit: bool,
    pub received: Vec<&'a MilestoneReached>,
    inspections: Vec<&'a Inspection>,
    credits: Vec<&'a Invoice>,
    /// The number the carrier tracks it by.
    pub tracking: Option<&'a str>,
}

/// How much of one line has come how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub authorised: Decimal,
    pub received: Decimal,
    pub sound: Decimal,
    pub damaged: Decimal,
    pub refused: Decimal,
    /// What the ERP was asked to credit; nothing before it was.
    pub asked: Option<Decimal>,
    /// What the ERP's credit memos say.
    pub credited: Decimal,
    /// What the ERP is known to have credited: as its memos say, or as it was asked where they name no lines.
    pub confirmed: Decimal,
}

impl Amounts {
    pub fn inspected(&self) -> Decimal {
        self.sound.saturating_add(self.damaged).saturating_add(self.refused)
    }

    /// So much of what was found as is credited at most: no more than came back or was to.
    pub fn creditable(&self, found: Decimal) -> Decimal {
        found.min(self.received).min(self.authorised)
    }
}

impl<'a> Known<'a> {
    /// What is known; `None` before it is authorised. The first authorisation counts.
    pub fn of(state: &'a State) -> Option<Self> {
        let mut authorisations: Vec<(&Held, &ReturnAuthorisation)> = state.facts().filter_map(authorisation).collect();
        authorisations.sort_by_key(|(held, _)| held.came);
        let authorised = authorisations.first()?.1;
        let mut known = Self {
            state,
            authorised,
            is_of_erp: authorisations.iter().any(|(held, _)| held.lane == Lane::Erp),
            is_changed: authorisations.iter().any(|(_, other)| *other != authorised),
            is_cancelled: false,
            is_in_transit: false,
            received: Vec::new(),
            inspections: Vec::new(),
            credits: Vec::new(),
            tracking: None,
        };
        state.facts().for_each(|held| known.sort_in(held));
        Some(known)
    }

    fn sort_in(&mut self, held: &'a Held) {
        let own = self.authorised;
        let by_erp = held.is_from(Lane::Erp, &own.erp);
        let by_wms = held.is_from(Lane::Wms, &own.wms);
        // Where the customer sends the goods in, any carrier may have them.
        let by_tms = own.tms.as_ref().map_or(held.lane == Lane::Tms, |tms| held.is_from(Lane::Tms, tms));
        match &held.fact {
            Fact::Milestone(reached) if reached.classifier != Classifier::Actual => {}
            Fact::Milestone(reached) if reached.milestone == Milestone::TransportReturned => {
                if by_wms {
                    self.received.push(reached);
                }
            }
            Fact::Milestone(reached) => {
                self.is_in_transit |= (by_tms || held.lane == Lane::Ops) && is_on_the_road(reached.milestone);
            }
            Fact::Inspected(inspection) if by_wms => self.inspections.push(inspection),
            Fact::Credited(credit) if by_erp => self.credits.push(credit),
            Fact::CancelRequested(_) => self.is_cancelled |= by_erp,
            Fact::Booked(booking) if by_tms => self.tracking = self.tracking.or(Some(&booking.tracking)),
            Fact::Released(_)
            | Fact::Validated(_)
            | Fact::Answered(_)
            | Fact::Condition(_)
            | Fact::Booked(_)
            | Fact::Billed(_)
            | Fact::FreightInvoiced(_)
            | Fact::Archived(_)
            | Fact::HandedOver(_)
            | Fact::RetryRequested(_)
            | Fact::Waived(_)
            | Fact::Noted(_)
            | Fact::Assigned(_)
            | Fact::Snoozed(_)
            | Fact::Substituted(_)
            | Fact::ReturnAuthorised(_)
            | Fact::Inspected(_)
            | Fact::Credited(_) => {}
        }
    }

    /// It is not wanted any more, and nothing of it is on its way.
    pub fn is_called_off(&self) -> bool {
        self.is_cancelled && !self.has_left()
    }

    /// Some of it is, or was, on its way.
    pub fn has_left(&self) -> bool {
        self.is_in_transit || !self.received.is_empty() || !self.inspections.is_empty()
    }

    /// Everything that the warehouse has was looked at.
    pub fn is_inspected(&self) -> bool {
        !self.received.is_empty()
            && !self.inspections.is_empty()
            && self.lines().all(|(_, amounts)| amounts.inspected() >= amounts.received)
    }

    /// How much of each line has come how far.
    pub fn lines(&self) -> impl Iterator<Item = (&'a ReturnLine, Amounts)> {
        self.authorised.lines.iter().map(|line| (line, self.amounts(line)))
    }

    fn amounts(&self, line: &ReturnLine) -> Amounts {
        let authorised = plausible(&line.quantity);
        let whole = |reached: &&MilestoneReached| reached.lines.is_empty();
        let received = if self.received.iter().any(whole) {
            authorised
        } else {
            sum(line, self.received.iter().flat_map(|reached| &reached.lines).map(part))
        };
        let graded = |grade: Grade| {
            let found = self.inspections.iter().flat_map(|inspection| &inspection.lines);
            sum(line, found.filter(|found| found.grade == grade).map(|found| (&found.line, &found.quantity)))
        };
        let credited = sum(line, self.credits.iter().flat_map(|credit| &credit.lines).map(part));
        let is_itemised = self.credits.iter().any(|credit| !credit.lines.is_empty());
        let agreed = || self.agreed_to_credit().map_or(Decimal::ZERO, |lines| sum(line, lines.iter().map(part)));
        Amounts {
            authorised,
            received,
            sound: graded(Grade::Sound),
            damaged: graded(Grade::Damaged),
            refused: graded(Grade::Refused),
            asked: self.asked_to_credit().map(|asked| sum(line, asked.iter().map(part))),
            credited,
            confirmed: if is_itemised { credited } else { agreed() },
        }
    }

    /// What the ERP was asked to credit, the last time.
    pub fn asked_to_credit(&self) -> Option<&'a [Progress]> {
        self.state.asks().rev().find_map(|ask| ask.request.credits())
    }

    /// What the ERP was asked to credit, the last time, if it will or did.
    fn agreed_to_credit(&self) -> Option<&'a [Progress]> {
        let ask = self.state.asks().rfind(|ask| ask.request.credits().is_some())?;
        let is_agreed = self.state.answer_to(ask) == AskState::Accepted;
        ask.request.credits().filter(|_| is_agreed)
    }

    /// What was told of goods that the return does not hold, in words, sorted.
    pub fn astray(&self) -> Vec<String> {
        let received = self.received.iter().flat_map(|reached| &reached.lines).map(part);
        let inspected = self.inspections.iter().flat_map(|inspection| &inspection.lines);
        let inspected = inspected.map(|found| (&found.line, &found.quantity));
        let credited = self.credits.iter().flat_map(|credit| &credit.lines).map(part);
        let mut words: Vec<String> = received.chain(inspected).chain(credited).filter_map(|p| self.stray(p)).collect();
        words.sort();
        words.dedup();
        words
    }

    fn stray(&self, (line, quantity): (&LineId, &Quantity)) -> Option<String> {
        let own = self.authorised.lines.iter().find(|own| own.line == *line);
        match own {
            None => Some(format!("line {line} is not to come back")),
            Some(own) if own.quantity.unit != quantity.unit => {
                Some(format!("{quantity} of line {line}, which comes back in {}", own.quantity.unit))
            }
            Some(_) => (!quantity.is_plausible()).then(|| format!("{quantity} of line {line} cannot be")),
        }
    }
}

fn authorisation(held: &Held) -> Option<(&Held, &ReturnAuthorisation)> {
    let Fact::ReturnAuthorised(authorised) = &held.fact else { return None };
    held.is_from(Lane::Erp, &authorised.erp).then_some((held, authorised))
}

/// What a carrier tells from when it has the goods.
fn is_on_the_road(milestone: Milestone) -> bool {
    let rank = milestone.rank();
    (Milestone::TransportPickedUp.rank()..Milestone::TransportReturned.rank()).contains(&rank)
        && milestone != Milestone::FulfilmentGoodsIssued
}

const fn part(part: &Progress) -> (&LineId, &Quantity) {
    (&part.line, &part.quantity)
}

/// The sum of what is told of a line, in the line's unit.
fn sum<'p>(line: &ReturnLine, parts: impl Iterator<Item = (&'p LineId, &'p Quantity)>) -> Decimal {
    let own = parts.filter(|(of, quantity)| **of == line.line && quantity.unit == line.quantity.unit);
    own.map(|(_, quantity)| plausible(quantity)).fold(Decimal::ZERO, Decimal::saturating_add)
}

fn plausible(quantity: &Quantity) -> Decimal {
    quantity.amount.clamp(Decimal::ZERO, Quantity::MOST)
}

/// Every word on an ask in the order they came in: an operator's last, then those of the partner that was asked.
pub(crate) fn outcomes<'a>(state: &'a State, ask: &Ask) -> Vec<&'a Outcome> {
    let mut told: Vec<(&Held, &Outcome)> = state.facts().filter_map(|held| answer(held, &ask.id)).collect();
    told.sort_by_key(|(held, _)| held.came);
    let entered = told.iter().rfind(|(held, _)| held.lane == Lane::Ops).map(|(_, outcome)| *outcome);
    let own = told.iter().filter(|(held, _)| ask.is_put_to(held.lane, held.partner.as_deref()));
    match entered {
        Some(entered) => vec![entered],
        None => own.map(|(_, outcome)| *outcome).collect(),
    }
}

fn answer<'a>(held: &'a Held, ask: &AskId) -> Option<(&'a Held, &'a Outcome)> {
    let Fact::Answered(answer) = &held.fact else { return None };
    (answer.ask == *ask).then_some((held, &answer.outcome))
}
