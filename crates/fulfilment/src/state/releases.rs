//! Which release of an order counts: the last one, until something was asked for it; then that one.

use std::collections::BTreeMap;

use engine::FactId;
use model::{Fact, Lane, LineId, Order, OrderLine, Validation};

use super::erps::Erps;
use super::{Came, State};

/// The wait for the release of an order that is told of.
pub(crate) const RELEASE: &str = "release";

/// A release of an order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Release<'a> {
    pub id: FactId,
    pub came: Came,
    pub order: &'a Order,
}

impl State {
    /// The order as fulfilment works with it: as it was released when something was first asked for it; before that, as it
    /// was last released. It belongs to the ERP that released it first, until that one or an operator hands it over; another
    /// one's release is a claim.
    #[must_use]
    pub fn order(&self) -> Option<&Order> {
        self.release(&self.releases().1).map(|release| release.order)
    }

    /// What the master data said of the order when it was last released so.
    #[must_use]
    pub fn validation(&self) -> Option<&Validation> {
        let (_, releases) = self.releases();
        self.validation_of(self.release(&releases)?.order, &releases)
    }

    /// The ERPs of the order, and every release by the one that had it then, in the order they came in.
    pub(super) fn releases(&self) -> (Erps<'_>, Vec<Release<'_>>) {
        let mut releases = self.told_releases();
        let erps = self.erps(&releases);
        releases.retain(|release| erps.at(release.came) == Some(&release.order.erp));
        (erps, releases)
    }

    /// Every release, whoever's, in the order they came in.
    pub(super) fn told_releases(&self) -> Vec<Release<'_>> {
        let told = self.facts.iter().filter(|(_, held)| held.lane == Lane::Erp);
        let mut releases: Vec<Release<'_>> = told
            .filter_map(|(id, held)| {
                let Fact::Released(order) = &held.fact else { return None };
                held.is_from(&order.erp).then_some(Release { id: *id, came: held.came(*id), order })
            })
            .collect();
        releases.sort_by_key(|release| release.came);
        releases
    }

    /// The one of its releases that the order works with.
    pub(crate) fn release<'a>(&'a self, releases: &[Release<'a>]) -> Option<Release<'a>> {
        let committed = releases.iter().find(|release| Some(release.id) == self.committed());
        committed.or(releases.last()).copied()
    }

    /// What the master data last said of a release of this content. A validation belongs to the release it came with,
    /// which is the last before it.
    pub(crate) fn validation_of<'a>(&'a self, order: &Order, releases: &[Release<'a>]) -> Option<&'a Validation> {
        let told = self.facts.iter().filter(|(_, held)| held.lane == Lane::Erp && held.is_from(&order.erp));
        let said = told.filter_map(|(id, held)| {
            let Fact::Validated(validation) = &held.fact else { return None };
            let validated =
                releases.iter().rfind(|release| (release.came.0, release.came.1) <= (held.received, held.inbox));
            let release = validated.or(releases.first())?;
            is_same(release.order, order).then_some((held.came(*id), validation))
        });
        said.max_by_key(|(came, _)| *came).map(|(_, validation)| validation)
    }
}

fn is_same(one: &Order, other: &Order) -> bool {
    std::ptr::eq(one, other) || one == other || changes(one, other).is_empty()
}

/// What differs between two releases of an order, in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// What a warehouse or carrier has to know: which goods, from where, when, to where.
    pub goods: Vec<String>,
    /// What only the ERP and the customer have to know: prices and promises.
    pub terms: Vec<String>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.goods.is_empty() && self.terms.is_empty()
    }

    pub fn words(self) -> Vec<String> {
        let mut words = self.goods;
        words.extend(self.terms);
        words
    }
}

/// What differs between two releases of an order. In which order the lines are listed makes no difference.
pub(crate) fn changes(from: &Order, to: &Order) -> Changes {
    let goods = [
        ("customer", from.customer != to.customer),
        ("ship-to address", from.ship_to != to.ship_to),
        ("mode of transport", from.mode != to.mode),
    ];
    let terms = [
        ("currency", from.currency != to.currency),
        ("order date", from.ordered != to.ordered),
        ("promised date", from.promised != to.promised),
    ];
    let mut changes = Changes { goods: named(&goods), terms: named(&terms) };
    let (before, after) = (by_number(&from.lines), by_number(&to.lines));
    for (number, lines) in &before {
        match after.get(number) {
            None => changes.goods.push(format!("line {number} is gone")),
            Some(others) if lines.len() == 1 && others.len() == 1 => line_changes(lines[0], others[0], &mut changes),
            Some(others) if lines != others => changes.goods.push(format!("line {number}")),
            Some(_) => {}
        }
    }
    let new = after.keys().filter(|number| !before.contains_key(*number));
    changes.goods.extend(new.map(|number| format!("line {number} is new")));
    changes
}

fn named(fields: &[(&str, bool)]) -> Vec<String> {
    fields.iter().filter(|(_, differs)| *differs).map(|(field, _)| (*field).to_owned()).collect()
}

fn by_number(lines: &[OrderLine]) -> BTreeMap<&LineId, Vec<&OrderLine>> {
    let mut by_number: BTreeMap<&LineId, Vec<&OrderLine>> = BTreeMap::new();
    lines.iter().for_each(|line| by_number.entry(&line.line).or_default().push(line));
    by_number
}

fn line_changes(from: &OrderLine, to: &OrderLine, changes: &mut Changes) {
    let number = &from.line;
    if from.sku != to.sku {
        changes.goods.push(format!("item of line {number} from {} to {}", from.sku, to.sku));
    }
    if from.quantity != to.quantity {
        changes.goods.push(format!("quantity of line {number} from {} to {}", from.quantity, to.quantity));
    }
    let of_line = |field: String| format!("{field} of line {number}");
    let goods = [("location", from.ship_from != to.ship_from), ("ship date", from.ship_on != to.ship_on)];
    changes.goods.extend(named(&goods).into_iter().map(of_line));
    let terms = [("price", from.unit_price != to.unit_price), ("promised date", from.promised != to.promised)];
    changes.terms.extend(named(&terms).into_iter().map(of_line));
}
