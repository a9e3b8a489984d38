//! What was entered, or would be.

use model::OrderId;
use serde::{Serialize, Serializer};

use super::{MOST_ORDERS, Target};
use crate::exit::Failure;
use crate::text::{count, harmless, heading, line};

/// What was entered, or would be.
#[derive(Debug, Serialize)]
pub(in super::super) struct Report {
    /// False for a dry run.
    pub done: bool,
    pub orders: Vec<Resolved>,
    /// There are more than are resolved at once.
    pub more: bool,
}

/// What was entered of one order.
#[derive(Debug, Serialize)]
pub(in super::super) struct Resolved {
    pub order: OrderId,
    /// The exceptions that it is entered for.
    pub exceptions: Vec<String>,
    /// What it says.
    pub says: Vec<String>,
    /// Where it stands in the stream, once entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// Those that it makes no sense for.
    pub cannot: Vec<Cannot>,
}

/// An exception that cannot be resolved so.
#[derive(Debug, Serialize)]
pub(in super::super) struct Cannot {
    pub exception: String,
    #[serde(serialize_with = "words")]
    pub why: Failure,
}

fn words<S: Serializer>(failure: &Failure, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(failure)
}

impl Resolved {
    pub fn of(order: &OrderId) -> Self {
        Self { order: order.clone(), exceptions: Vec::new(), says: Vec::new(), entry: None, cannot: Vec::new() }
    }

    /// Nothing can be done about an order that is not there; anything else keeps the rest from being done, too.
    pub fn nothing(target: &Target, failure: Failure) -> Result<Self, Failure> {
        match failure {
            Failure::NotFound(_) => {
                let exception = target.exceptions.join(", ");
                Ok(Self { cannot: vec![Cannot { exception, why: failure }], ..Self::of(&target.order) })
            }
            Failure::Refused(_) | Failure::Usage(_) | Failure::Unreachable(_) | Failure::Broken(_) => Err(failure),
        }
    }
}

impl Report {
    /// What cannot be resolved so, and in which order.
    pub fn cannot(&self) -> impl Iterator<Item = (&OrderId, &Cannot)> {
        self.orders.iter().flat_map(|resolved| resolved.cannot.iter().map(|cannot| (&resolved.order, cannot)))
    }

    /// Who names one order, and nothing can be done about it, is told why.
    pub fn of_one(&self) -> Result<(), Failure> {
        let Some(one) = self.orders.first().filter(|one| one.says.is_empty()) else { return Ok(()) };
        let order = &one.order;
        let Some(cannot) = one.cannot.first() else {
            return Err(Failure::NotFound(format!("order {order} has no open exception")));
        };
        let words = cannot.why.to_string();
        Err(match cannot.why {
            Failure::NotFound(_) => Failure::NotFound(words),
            Failure::Usage(_) => Failure::Usage(words),
            Failure::Refused(_) | Failure::Unreachable(_) | Failure::Broken(_) => Failure::Refused(words),
        })
    }
}

/// The report as a text.
pub(in super::super) fn render(report: &Report) -> String {
    let mut text = String::new();
    let entered: Vec<&Resolved> = report.orders.iter().filter(|resolved| !resolved.says.is_empty()).collect();
    let number = u64::try_from(entered.len()).unwrap_or(u64::MAX);
    let verb = if report.done { "entered" } else { "would enter" };
    line(&mut text, heading(&format!("{verb} in {}", count(number, "order"))));
    for resolved in &entered {
        let entry = resolved.entry.map(|entry| format!(" (entry {entry})")).unwrap_or_default();
        let of = resolved.exceptions.join(", ");
        line(&mut text, harmless(&format!("{}, {of}: {}{entry}", resolved.order, resolved.says.join("; "))));
    }
    if report.more {
        line(
            &mut text,
            format!("there are more: those of {MOST_ORDERS} orders are resolved at once; do it again for the rest"),
        );
    }
    let cannot: Vec<_> = report.cannot().collect();
    if !cannot.is_empty() {
        let number = u64::try_from(cannot.len()).unwrap_or(u64::MAX);
        let title = if report.done { "could not be resolved so" } else { "cannot be resolved so" };
        line(&mut text, heading(&format!("{} {title}", count(number, "exception"))));
        for (order, Cannot { exception, why }) in cannot {
            line(&mut text, harmless(&format!("{order}, {exception}: {why}")));
        }
    }
    if !report.done && number > 0 {
        line(&mut text, "Nothing was entered; --yes --why TEXT does it.");
    }
    text
}
