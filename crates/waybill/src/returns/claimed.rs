//! What the returns of an order bring back already, so that no more is opened than was delivered.

use std::collections::BTreeMap;

use model::{LineId, OrderId, ReturnAuthorisation, RmaId};
use returns::{LineStatus, State, Status};
use rust_decimal::Decimal;
use service::Connection;

use super::opened::{Opened, authorise};
use super::read;
use crate::exit::Failure;

/// The most returns that are looked through for others of the same order.
const MOST_RETURNS: usize = 100_000;

/// How much of each line a return brings back.
type Amounts = BTreeMap<LineId, Decimal>;

/// The returns of an order, and how much of each line they bring back. One that is over counts for what came back.
#[derive(Debug, Clone, Default)]
pub(super) struct Claimed {
    returns: BTreeMap<RmaId, Amounts>,
}

impl Claimed {
    /// Every return of the order that was authorised, whoever did: only their streams name those of the ERP.
    pub async fn of(connection: &Connection, order: &OrderId) -> Result<Self, Failure> {
        let (keys, more) = read::keys(connection, read::AUTHORISING, MOST_RETURNS).await?;
        if more {
            let words = format!("there are more than {MOST_RETURNS} returns; the ERP has to open this one");
            return Err(Failure::Refused(words));
        }
        let mut claimed = Self::default();
        for state in read::states(connection, keys).await? {
            claimed.learn(order, &state);
        }
        Ok(claimed)
    }

    /// With those that operators opened, as their order's stream holds them. One that is not authorised yet, because who
    /// opened it was cut off, is.
    pub async fn with(&self, connection: &Connection, order: &OrderId, opened: &[Opened<'_>]) -> Result<Self, Failure> {
        let mut claimed = self.clone();
        let states = read::states(connection, opened.iter().map(Opened::key).collect()).await?;
        for (opened, state) in opened.iter().zip(states) {
            if state.facts().next().is_some() {
                claimed.learn(order, &state);
            } else if authorise(connection, opened).await?.is_some() {
                claimed.returns.insert(opened.told.rma.clone(), authorised(&opened.told.authorised));
            }
        }
        Ok(claimed)
    }

    fn learn(&mut self, order: &OrderId, state: &State) {
        if let Some(status) = returns::status(state).filter(|status| status.order == *order) {
            self.returns.insert(status.rma.clone(), brings_back(&status));
        }
    }

    /// How many returns the order has.
    pub fn number(&self) -> usize {
        self.returns.len()
    }

    /// Whether a return of the order has this number.
    pub fn holds(&self, rma: &RmaId) -> bool {
        self.returns.contains_key(rma)
    }

    /// How much of a line all of them bring back.
    pub fn of_line(&self, line: &LineId) -> Decimal {
        self.returns.values().filter_map(|amounts| amounts.get(line)).sum()
    }
}

fn brings_back(status: &Status) -> Amounts {
    let amount = |line: &LineStatus| {
        let back = came_back(line);
        if status.ended { back } else { line.authorised.max(back) }
    };
    sum(status.lines.iter().map(|line| (line.line.clone(), amount(line))))
}

/// How much of a line is not with the customer any more, whoever tells it.
fn came_back(line: &LineStatus) -> Decimal {
    let inspected = line.sound.saturating_add(line.damaged).saturating_add(line.refused);
    line.received.max(inspected).max(line.credited)
}

fn authorised(authorised: &ReturnAuthorisation) -> Amounts {
    sum(authorised.lines.iter().map(|line| (line.line.clone(), line.quantity.amount)))
}

/// A line may be there more than once in what the ERP authorises.
fn sum(lines: impl Iterator<Item = (LineId, Decimal)>) -> Amounts {
    lines.fold(Amounts::new(), |mut sums, (line, amount)| {
        let sum = sums.entry(line).or_default();
        *sum = sum.saturating_add(amount);
        sums
    })
}

#[cfg(test)]
mod tests {
    use model::{CustomerId, Reason, Sku, Unit};
    use returns::Stage;

    use super::*;

    /// Four were to come back.
    fn status(ended: bool, change: impl FnOnce(&mut LineStatus)) -> Status {
        let none = Decimal::ZERO;
        let mut line = LineStatus {
            line: LineId::new("10").unwrap(),
            sku: Sku::new("ITEM-0007").unwrap(),
            unit: Unit::new("PC").unwrap(),
            reason: Reason::GoodsDamaged,
            authorised: 4.into(),
            received: none,
            sound: none,
            damaged: none,
            refused: none,
            credited: none,
        };
        change(&mut line);
        Status {
            rma: RmaId::new("SO-1-R1").unwrap(),
            order: OrderId::new("SO-1").unwrap(),
            customer: CustomerId::new("acme").unwrap(),
            stage: Stage::Authorised,
            ended,
            lines: vec![line],
            exceptions: Vec::new(),
        }
    }

    fn back(status: &Status) -> Decimal {
        brings_back(status)[&status.lines[0].line]
    }

    #[test]
    fn a_return_that_is_over_counts_for_what_came_back_credited_or_not() {
        assert_eq!(back(&status(true, |_| ())), 0.into(), "called off: it may come back after all");
        assert_eq!(back(&status(true, |line| line.received = 4.into())), 4.into(), "received after it was called off");
        assert_eq!(back(&status(true, |line| (line.credited, line.received) = (1.into(), 4.into()))), 4.into());
        assert_eq!(back(&status(true, |line| (line.credited, line.received) = (3.into(), 2.into()))), 3.into());
        assert_eq!(back(&status(true, |line| (line.sound, line.refused) = (1.into(), 1.into()))), 2.into());
    }

    #[test]
    fn a_return_that_is_not_over_counts_for_what_may_come_back_or_more_if_more_came() {
        assert_eq!(back(&status(false, |line| line.received = 1.into())), 4.into());
        assert_eq!(back(&status(false, |line| line.received = 6.into())), 6.into());
    }
}
