//! The policy: what a person may change about the decisions, as a TOML file with defaults.

use std::collections::BTreeMap;

use engine::policy::{Wait, times, times_at_least_once};
use model::PartnerId;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

pub use engine::policy::PolicyError;

/// The policy of the order-to-delivery workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// What becomes of a shipment that the warehouse cannot reserve in full.
    pub allocation: Allocation,
    /// What becomes of a shipment that leaves with less than was reserved.
    pub picking: Picking,
    /// What becomes of a shipment that does not arrive in full.
    pub delivery: Delivery,
    /// Who transports.
    pub transport: Transport,
    /// How often what failed is asked again.
    pub retries: Retries,
    /// How long each wait may take.
    pub deadlines: Deadlines,
    /// What may differ without being a problem.
    pub tolerance: Tolerance,
}

/// What becomes of a shipment that the warehouse cannot reserve in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Allocation {
    /// When less was reserved than ordered.
    pub short: Short,
}

/// What becomes of a shipment that leaves with less than was reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Picking {
    /// When less was shipped than reserved.
    pub short: Short,
}

/// What to do when there is less than there should be before it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Short {
    /// A person decides.
    Wait,
    /// Ship what there is; the rest is not delivered.
    Ship,
    /// Ship what there is; the rest is a shipment of its own, reserved when the warehouse has it.
    BackOrder,
}

/// What becomes of a shipment that does not arrive in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// When less arrived than was shipped, or nothing.
    pub short: Undelivered,
    /// After how many attempts to deliver a person is told; from 1 to 100.
    #[serde(deserialize_with = "times_at_least_once")]
    pub attempts: usize,
}

/// What to do with what was shipped and does not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undelivered {
    /// A person decides.
    Wait,
    /// What arrived is all that is delivered.
    Accept,
    /// What did not arrive is sent again, as a shipment of its own.
    SendAgain,
}

/// How often something is asked again by itself: what a partner could not do, and what it does not answer. What it will not
/// do is for a person to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retries {
    /// How often what failed is asked again, as a new ask; at most 100 times.
    #[serde(deserialize_with = "times")]
    pub failed: usize,
    /// How long after it failed.
    pub pause: Wait,
    /// How often what was not answered by its deadline is asked again, under its own id; at most 100 times.
    #[serde(deserialize_with = "times")]
    pub unanswered: usize,
}

/// Who transports, and when they are asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Transport {
    /// The partner asked to book a shipment.
    #[serde(deserialize_with = "partner")]
    pub tms: PartnerId,
    /// Another partner for some modes, such as `AIR`.
    #[serde(deserialize_with = "partner_by_mode")]
    pub by_mode: BTreeMap<String, PartnerId>,
    /// Whom to ask when that one refuses, one after the other.
    #[serde(deserialize_with = "partners")]
    pub then: Vec<PartnerId>,
    /// When it is asked.
    pub book_at: BookAt,
}

/// When a shipment is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BookAt {
    /// As soon as the warehouse has reserved the stock.
    Allocation,
    /// Once the goods are picked.
    Pick,
}

/// How long each wait may take, such as `"4h"` or `"14d"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deadlines {
    /// From asking a warehouse to its answer, with what it reserved.
    pub allocate: Wait,
    /// From asking a TMS to its answer.
    pub book: Wait,
    /// From asking to book, or from reserving where that comes first, to goods issue.
    pub ship: Wait,
    /// From the carrier's pick-up to a goods issue that is missing.
    pub goods_issue: Wait,
    /// From asking to book to delivery.
    pub deliver: Wait,
    /// From delivery to confirmed, billed and audited; or from having undone everything to cancelled.
    pub close: Wait,
    /// From asking an ERP to its answer.
    pub answer: Wait,
    /// From asking a partner to undo something to its answer.
    pub undo: Wait,
    /// From holding an order back to letting it go.
    pub hold: Wait,
    /// From a warehouse's word that it takes a back-order to the reservation.
    pub back_order: Wait,
    /// From a goods issue or a delivery of less than there should be to the conclusion that the rest does not come.
    pub short: Wait,
    /// From a carrier's word that it brings a shipment back to its return.
    pub give_back: Wait,
    /// From one system's claim that a shipment is further, to its system of record saying so.
    pub disagreement: Wait,
    /// From the first that is told of an order to its release.
    pub release: Wait,
}

/// What may differ without being a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerance {
    /// How far a carrier's bill may lie above the booking, in percent; from 0 to 1000.
    #[serde(deserialize_with = "percent")]
    pub freight_percent: Decimal,
}

impl Default for Transport {
    #[expect(clippy::expect_used, reason = "the literal is a sound id, and a test makes the default policy")]
    fn default() -> Self {
        let tms = PartnerId::new("tms-main").expect("a sound id");
        Self { tms, by_mode: BTreeMap::new(), then: Vec::new(), book_at: BookAt::Allocation }
    }
}

impl Default for Allocation {
    fn default() -> Self {
        Self { short: Short::Wait }
    }
}

impl Default for Picking {
    fn default() -> Self {
        Self { short: Short::Wait }
    }
}

impl Default for Delivery {
    fn default() -> Self {
        Self { short: Undelivered::Wait, attempts: 3 }
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self { failed: 2, pause: Wait::minutes(15), unanswered: 1 }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            allocate: Wait::hours(4),
            book: Wait::hours(4),
            ship: Wait::hours(72),
            goods_issue: Wait::hours(4),
            deliver: Wait::hours(14 * 24),
            close: Wait::hours(10 * 24),
            answer: Wait::hours(4),
            undo: Wait::hours(4),
            hold: Wait::hours(7 * 24),
            back_order: Wait::hours(30 * 24),
            short: Wait::hours(4),
            give_back: Wait::hours(21 * 24),
            disagreement: Wait::hours(8),
            release: Wait::hours(24),
        }
    }
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { freight_percent: Decimal::TWO }
    }
}

/// The most that something may differ, in percent. More is a slip of the pen.
const MOST_PERCENT: i64 = 1_000;

/// How far something may differ, in percent; for `deserialize_with`.
///
/// # Errors
/// When it is no percentage from 0 to 1000.
pub fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let percent = <Decimal as Deserialize>::deserialize(deserializer)?;
    if percent < Decimal::ZERO || percent > Decimal::from(MOST_PERCENT) {
        let words = format!("`{percent}` is no tolerance; expected a percentage from 0 to {MOST_PERCENT}");
        return Err(serde::de::Error::custom(words));
    }
    Ok(percent)
}

/// A partner that a person wrote down. Ids may be any text, but one with a blank or a wildcard here is a slip of the pen.
fn partner<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PartnerId, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.contains(|letter: char| letter.is_whitespace() || letter.is_control() || matches!(letter, '*' | '>')) {
        let words = format!("`{text}` is no partner; expected a name without blanks, `*` and `>`, as in its profile");
        return Err(serde::de::Error::custom(words));
    }
    PartnerId::try_from(text).map_err(|error| serde::de::Error::custom(format!("the partner {error}")))
}

/// The most partners a shipment is offered to after the first.
const MOST_TENDERS: usize = 20;

fn partners<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PartnerId>, D::Error> {
    let named = Vec::<Named>::deserialize(deserializer)?;
    if named.len() > MOST_TENDERS {
        return Err(serde::de::Error::custom(format!("{} partners; expected at most {MOST_TENDERS}", named.len())));
    }
    Ok(named.into_iter().map(|Named(partner)| partner).collect())
}

#[derive(Deserialize)]
struct Named(#[serde(deserialize_with = "partner")] PartnerId);

fn partner_by_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, PartnerId>, D::Error> {
    let named = BTreeMap::<String, Named>::deserialize(deserializer)?;
    Ok(named.into_iter().map(|(mode, Named(partner))| (mode, partner)).collect())
}

impl Policy {
    /// The partner that books the transport of orders of this mode.
    #[must_use]
    pub fn tms(&self, mode: Option<&str>) -> &PartnerId {
        mode.and_then(|mode| self.transport.by_mode.get(mode)).unwrap_or(&self.transport.tms)
    }

    /// The partners that a shipment is offered to, one after the other, each once.
    pub(crate) fn tenders(&self, mode: Option<&str>) -> impl Iterator<Item = &PartnerId> {
        let first = self.tms(mode);
        std::iter::once(first).chain(self.transport.then.iter().filter(move |next| *next != first))
    }

    /// Reads a policy; what it leaves out has its default.
    ///
    /// # Errors
    /// [`PolicyError`] with the file, the line and what was expected; an unknown setting is an error.
    pub fn load(file: &str, text: &str) -> Result<Self, PolicyError> {
        engine::policy::load(file, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default_policy() {
        assert_eq!(Policy::load("p.toml", "").unwrap(), Policy::default());
    }

    #[test]
    fn a_setting_replaces_its_default_only() {
        let policy = Policy::load("p.toml", "[deadlines]\nship = \"90m\"\n[transport]\nbook_at = \"pick\"").unwrap();
        assert_eq!(policy.deadlines.ship.millis(), 5_400_000);
        assert_eq!(policy.deadlines.book, Wait::hours(4));
        assert_eq!(policy.transport.book_at, BookAt::Pick);
    }

    #[test]
    fn a_wrong_policy_is_refused_with_its_line() {
        for (text, place, expected) in [
            ("[deadlines]\nship = \"soon\"", "p.toml:2:8: ", "\"14d\""),
            ("[deadlines]\nshp = \"1h\"", "p.toml:2:1: ", "expected one of"),
            ("\n\n[transport]\nbook_at = \"noon\"", "p.toml:4:11: ", "`allocation` or `pick`"),
            ("[deadlines]\nship = \"0s\"", "p.toml:2:8: ", "1ms"),
            ("[deadlines]\nship = \"-4h\"", "p.toml:2:8: ", "is no wait"),
            ("[deadlines]\nship = \"11years\"", "p.toml:2:8: ", "10 years"),
            ("[tolerance]\nfreight_percent = -5", "p.toml:2:19: ", "from 0 to 1000"),
            ("[tolerance]\nfreight_percent = \"1001\"", "p.toml:2:19: ", "from 0 to 1000"),
            ("[transport]\ntms = \"no one.*\"", "p.toml:2:7: ", "`no one.*` is no partner"),
            ("[transport]\ntms = \"\"", "p.toml:2:7: ", "the partner"),
            ("[transport.by_mode]\nAIR = \">\"", "p.toml:2:7: ", "`>` is no partner"),
            ("[transport]\nthen = [\"tms-b\", \"\"]", "p.toml:2:", "the partner"),
            ("[allocation]\nshort = \"split\"", "p.toml:2:9: ", "`ship`"),
            ("[delivery]\nshort = \"ship\"", "p.toml:2:9: ", "`send_again`"),
            ("[retries]\nfailed = 101", "p.toml:2:10: ", "a whole number from 0 to 100"),
            ("[retries]\nunanswered = -1", "p.toml:2:14: ", "`-1` times; expected a whole number from 0 to 100"),
            ("[delivery]\nattempts = 0", "p.toml:2:12: ", "`0` times; expected a whole number from 1 to 100"),
            ("[delivery]\nattempts = -1", "p.toml:2:12: ", "`-1` times; expected a whole number from 1 to 100"),
            ("[delivery]\nattempts = 2.5", "p.toml:2:12: ", "expected a whole number from 1 to 100"),
            ("[delivery]\nattempts = \"3\"", "p.toml:2:12: ", "expected a whole number from 1 to 100"),
            ("[deadlines", "p.toml:1:", "]"),
        ] {
            let error = Policy::load("p.toml", text).unwrap_err().to_string();
            assert!(error.starts_with(place) && error.contains(expected) && !error.contains('\n'), "{error}");
        }
    }
}
