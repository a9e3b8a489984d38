//! What is wrong with the quantities of a line, in words. A step that nobody told anything of is left out: its message may
//! come yet.

use rust_decimal::Decimal;

use crate::state::{Amounts, Part, Step};

/// What differs of a line that has left and arrived: all of its steps should be the same, what is sent again aside, and no more
/// than was to leave. `may_lack` is that less may arrive than was shipped.
pub(super) fn differing(part: &Part<'_>, amounts: &Amounts, may_lack: bool) -> Option<String> {
    let shipped = amounts.of(Step::Shipped);
    let told = [Step::Picked, Step::Packed].map(|step| (step.as_str(), amounts.of(step)));
    let delivered = match (amounts.of(Step::Delivered), part.sent_again) {
        (delivered, again) if again.is_zero() => ("delivered", delivered),
        (delivered, again) => ("delivered or sent again", delivered.saturating_add(again)),
    };
    let arrived = (!may_lack || delivered.1 > shipped).then_some(delivered);
    let known = told.into_iter().filter(|(_, amount)| !amount.is_zero()).chain(arrived);
    let others = known.filter(|(_, amount)| *amount != shipped);
    let most = part.held();
    words((Step::Shipped.as_str(), shipped), others.chain((shipped > most).then_some(("ordered", most))))
}

/// The first step of a line that is more than a step before it, or more than was ordered.
pub(super) fn too_much(part: &Part<'_>, amounts: &Amounts) -> Option<String> {
    let mut least = ("ordered", part.wanted.max(Decimal::ZERO));
    let mut shipped = least;
    for step in Step::ALL {
        let (name, amount) = (step.as_str(), amounts.of(step));
        let most = match step {
            Step::Shipped if !part.left_behind.is_zero() && part.held() < least.1 => ("left to ship", part.held()),
            // What comes back may never have been delivered.
            Step::Returned => shipped,
            Step::Allocated | Step::Picked | Step::Packed | Step::Shipped | Step::Delivered => least,
        };
        if amount > most.1 {
            return words((name, amount), [most]);
        }
        if !amount.is_zero() {
            least = (name, amount);
        }
        if step == Step::Shipped {
            shipped = least;
        }
    }
    None
}

fn words<'a>(one: (&str, Decimal), others: impl IntoIterator<Item = (&'a str, Decimal)>) -> Option<String> {
    let others: Vec<String> =
        others.into_iter().map(|(step, amount)| format!("{step} {}", amount.normalize())).collect();
    (!others.is_empty()).then(|| format!("{} {}, {}", one.0, one.1.normalize(), others.join(", ")))
}
