//! What is wrong with the quantities of a line, in words. A step that nobody told anything of is left out: its message may
//! come yet.

use rust_decimal::Decimal;

use crate::state::{Amounts, Step};

/// What differs of a line that has left and arrived: all of its steps should be the same, and no more than was ordered.
pub(super) fn differing(ordered: Decimal, amounts: &Amounts) -> Option<String> {
    let shipped = amounts.of(Step::Shipped);
    let told = [Step::Picked, Step::Packed].map(|step| (step.as_str(), amounts.of(step)));
    let delivered = (Step::Delivered.as_str(), amounts.of(Step::Delivered));
    let known = told.into_iter().filter(|(_, amount)| !amount.is_zero()).chain([delivered]);
    let others = known.filter(|(_, amount)| *amount != shipped);
    words((Step::Shipped.as_str(), shipped), others.chain((shipped > ordered).then_some(("ordered", ordered))))
}

/// The first step of a line that is more than a step before it, or more than was ordered.
pub(super) fn too_much(ordered: Decimal, amounts: &Amounts) -> Option<String> {
    let mut least = ("ordered", ordered.max(Decimal::ZERO));
    for (step, amount) in Step::ALL.map(|step| (step.as_str(), amounts.of(step))) {
        if amount > least.1 {
            return words((step, amount), [least]);
        }
        if !amount.is_zero() {
            least = (step, amount);
        }
    }
    None
}

fn words<'a>(one: (&str, Decimal), others: impl IntoIterator<Item = (&'a str, Decimal)>) -> Option<String> {
    let others: Vec<String> =
        others.into_iter().map(|(step, amount)| format!("{step} {}", amount.normalize())).collect();
    (!others.is_empty()).then(|| format!("{} {}, {}", one.0, one.1.normalize(), others.join(", ")))
}
