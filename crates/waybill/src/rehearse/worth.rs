//! What orders are worth, by currency.

use std::collections::BTreeMap;

use engine::{Content, WorkflowRecord};
use fulfilment::Fulfilment;
use model::{Fact, Order};
use rust_decimal::Decimal;
use serde::Serialize;

/// Amounts of money by currency; what has no price counts for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Worth(pub BTreeMap<String, Decimal>);

impl Worth {
    /// What an order is worth as it was released last.
    pub(super) fn of_order(trail: &[WorkflowRecord<Fulfilment>]) -> Self {
        let told = trail.iter().rev().flat_map(|entry| match &entry.entry.content {
            Content::Facts { facts, .. } => facts.as_slice(),
            Content::Decisions { .. } | Content::Due { .. } => &[],
        });
        let mut released =
            told.filter_map(|told| if let Fact::Released(order) = &told.fact { Some(order) } else { None });
        released.next().map(Self::of).unwrap_or_default()
    }

    fn of(order: &Order) -> Self {
        let mut worth = Self::default();
        for line in &order.lines {
            let Some(price) = &line.unit_price else { continue };
            // What no decimal holds is no price that anybody asks.
            let amount = line.quantity.amount.checked_mul(price.amount).unwrap_or_default();
            worth.add(&price.currency.to_string(), amount);
        }
        worth
    }

    /// This and that together.
    pub(super) fn extend(&mut self, other: &Self) {
        other.0.iter().for_each(|(currency, amount)| self.add(currency, *amount));
    }

    fn add(&mut self, currency: &str, amount: Decimal) {
        let sum = self.0.entry(currency.to_owned()).or_default();
        *sum = sum.saturating_add(amount);
    }

    /// In words; a dash where nothing has a price.
    pub(super) fn words(&self) -> String {
        let amounts = self.0.iter().map(|(currency, amount)| format!("{} {currency}", amount.round_dp(2)));
        let amounts: Vec<String> = amounts.collect();
        if amounts.is_empty() { crate::text::NOTHING.to_owned() } else { amounts.join(" + ") }
    }
}
