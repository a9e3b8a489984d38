//! What goes wrong between the partners and Waybill, seeded: the network delays, reorders and doubles messages, loses answers
//! and cuts messages short; partners tell of what is none of theirs, fail before they do as they are asked, or take no notice.
//!
//! None of it changes where an order must end. [`Scenario`](crate::Scenario) says what goes wrong with an order itself.

use std::collections::HashSet;
use std::str::FromStr;
use std::time::Duration;

use model::System;

use crate::mishap::Mishap;
use crate::plan::{Plan, Warehouse};
use crate::seed::{Dice, Seed};
use crate::wire::Message;

/// The longest a message is held back.
pub const LONGEST_DELAY: Duration = Duration::from_secs(4);
/// Lost answers that are remembered; an answer is lost at most once, so the partner that gives it again is heard.
const REMEMBERED: usize = 1_000_000;

/// How much goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// What a good day brings.
    Low,
    /// What no day should bring.
    High,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::None, Self::Low, Self::High];

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::High => "high",
        }
    }

    /// How many of a thousand messages or asks it hits.
    const fn rates(self) -> Rates {
        match self {
            Self::None => {
                Rates { delayed: 0, doubled: 0, lost: 0, cut: 0, strange: 0, failed: 0, silent: 0, mishaps: 0 }
            }
            Self::Low => {
                Rates { delayed: 50, doubled: 30, lost: 5, cut: 5, strange: 5, failed: 10, silent: 5, mishaps: 100 }
            }
            Self::High => Rates {
                delayed: 400,
                doubled: 250,
                lost: 80,
                cut: 40,
                strange: 60,
                failed: 100,
                silent: 60,
                mishaps: 400,
            },
        }
    }
}

impl FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or("expected `none`, `low` or `high`")
    }
}

#[derive(Debug, Clone, Copy)]
struct Rates {
    delayed: u32,
    doubled: u32,
    lost: u32,
    cut: u32,
    strange: u32,
    failed: u32,
    silent: u32,
    mishaps: u32,
}

/// What goes wrong, and what did.
#[derive(Debug, Clone)]
pub struct Faults {
    seed: Seed,
    rates: Rates,
    lost: HashSet<Box<str>>,
    ignored: HashSet<Box<str>>,
    /// What went wrong so far.
    pub done: Done,
}

/// How often something went wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Messages held back, so that later ones overtook them.
    pub delayed: u64,
    /// Messages that came twice.
    pub doubled: u64,
    /// Answers that never came.
    pub lost: u64,
    /// Messages of which a half came too, which nobody can read.
    pub cut: u64,
    /// Messages that another partner told as its own.
    pub strange: u64,
    /// Asks that failed before they were acted on.
    pub failed: u64,
    /// Asks that a partner took no notice of.
    pub ignored: u64,
    /// Orders that something happened to which makes more work.
    pub mishaps: u64,
}

/// A message, and how long after the others it is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// How long it is held back.
    pub after: Duration,
    /// What comes.
    pub message: Message,
}

impl Faults {
    /// So much goes wrong, as the seed says.
    #[must_use]
    pub fn new(seed: Seed, level: Level) -> Self {
        Self { seed, rates: level.rates(), lost: HashSet::new(), ignored: HashSet::new(), done: Done::default() }
    }

    /// What becomes of a message on its way.
    pub fn on_the_way(&mut self, message: Message) -> Vec<Sent> {
        let dice = self.seed.about(&format!("{} {} {}", message.partner, message.name, message.id));
        if self.loses(dice, &message) {
            self.done.lost += 1;
            return Vec::new();
        }
        let rates = self.rates;
        let mut sent = Vec::new();
        let mut copy = |what: &str, rate: u32, made: &dyn Fn() -> Option<Message>| {
            let made = dice.per_mille(what, rate).then(made).flatten();
            let is_made = made.is_some();
            sent.extend(made.map(|message| Sent { after: delay(dice, what), message }));
            u64::from(is_made)
        };
        self.done.doubled += copy("doubled", rates.doubled, &|| Some(again(&message, "again")));
        self.done.cut += copy("cut", rates.cut, &|| Some(cut(&message)));
        self.done.strange += copy("strange", rates.strange, &|| strange(&message));
        let is_late = dice.per_mille("delayed", rates.delayed);
        self.done.delayed += u64::from(is_late);
        let after = if is_late { delay(dice, "delayed") } else { Duration::ZERO };
        sent.insert(0, Sent { after, message });
        sent
    }

    /// Whether a partner fails before it acts on an ask. What is asked anew after that is acted on.
    pub fn fails(&mut self, ask: &str) -> bool {
        let fails = !ask.contains('#') && self.seed.about(ask).per_mille("failed", self.rates.failed);
        self.done.failed += u64::from(fails);
        fails
    }

    /// Whether a partner takes no notice of an ask: it neither does it nor answers. Asked again, it does.
    pub fn ignores(&mut self, ask: &str) -> bool {
        let ignores = self.seed.about(ask).per_mille("silent", self.rates.silent)
            && self.ignored.len() < REMEMBERED
            && self.ignored.insert(ask.into());
        self.done.ignored += u64::from(ignores);
        ignores
    }

    /// What makes more work of an order, if anything does.
    pub fn mishap(&mut self, plan: &Plan) -> Option<Mishap> {
        let mishap = Mishap::of(plan, self.seed.about(plan.order.as_str()), self.rates.mishaps);
        self.done.mishaps += u64::from(mishap.is_some());
        mishap
    }

    /// Whether answers are lost at all, or asks ignored.
    #[must_use]
    pub const fn lose_answers(&self) -> bool {
        self.rates.lost > 0 || self.rates.silent > 0
    }

    /// Answers are lost on their way, each once.
    fn loses(&mut self, dice: Dice, message: &Message) -> bool {
        matches!(message.name, "reply" | "booking" | "confirmation" | "invoice")
            && dice.per_mille("lost", self.rates.lost)
            && self.lost.len() < REMEMBERED
            && self.lost.insert(message.id.as_str().into())
    }
}

fn delay(dice: Dice, what: &str) -> Duration {
    let most = u32::try_from(LONGEST_DELAY.as_millis()).unwrap_or(u32::MAX);
    Duration::from_millis(u64::from(dice.within(&format!("{what} for"), 1..=most)))
}

/// The same message once more, as another one: the broker does not know that it is the same.
fn again(message: &Message, how: &str) -> Message {
    Message { id: format!("{}/{how}", message.id), ..message.clone() }
}

/// The first half of a message: no JSON.
fn cut(message: &Message) -> Message {
    let half = message.body.len() / 2;
    Message { body: message.body[..half].to_vec(), ..again(message, "cut") }
}

/// What a warehouse tells, told by the other one as if it were its own.
fn strange(message: &Message) -> Option<Message> {
    let is_told = message.system == System::Wms && matches!(message.name, "reply" | "status");
    let other = Warehouse::ALL.into_iter().find(|warehouse| warehouse.partner() != message.partner)?;
    is_told.then(|| Message { partner: other.partner(), ..again(message, "strange") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: usize) -> Message {
        let body = br#"{"event": "1", "order_no": "A"}"#.to_vec();
        Message { system: System::Wms, partner: "wms-east", name: "reply", id: format!("A/{id}"), body }
    }

    #[test]
    fn nothing_goes_wrong_when_nothing_is_to() {
        let mut faults = Faults::new(Seed(1), Level::None);
        for id in 0..1_000 {
            assert_eq!(faults.on_the_way(message(id)), [Sent { after: Duration::ZERO, message: message(id) }]);
            assert!(!faults.fails(&id.to_string()));
        }
        assert_eq!(faults.done, Done::default());
    }

    #[test]
    fn everything_goes_wrong_at_its_rate_and_the_same_for_the_same_seed() {
        let run = || {
            let mut faults = Faults::new(Seed(7), Level::High);
            let sent: Vec<Vec<Sent>> = (0..10_000).map(|id| faults.on_the_way(message(id))).collect();
            (sent, faults.done)
        };
        let (sent, done) = run();
        assert_eq!((sent, done), run());
        let near = |count: u64, rate: u64| (rate * 8..rate * 12).contains(&count);
        assert!(near(done.lost, 80) && near(done.cut, 40) && near(done.strange, 60), "{done:?}");
        assert!(near(done.delayed, 400) && near(done.doubled, 250), "{done:?}");
    }

    #[test]
    fn an_answer_is_lost_once() {
        let mut faults = Faults::new(Seed(7), Level::High);
        let lost: Vec<usize> = (0..1_000).filter(|id| faults.on_the_way(message(*id)).is_empty()).collect();
        assert!(lost.len() > 20);
        assert!(lost.iter().all(|id| !faults.on_the_way(message(*id)).is_empty()), "said again, it comes");
    }

    #[test]
    fn what_is_asked_anew_is_acted_on() {
        let mut faults = Faults::new(Seed(3), Level::High);
        let failed = (0..1_000).filter(|id| faults.fails(&format!("{id}/book/s1"))).count();
        assert!((70..130).contains(&failed), "{failed}");
        assert!((0..1_000).all(|id| !faults.fails(&format!("{id}/book/s1#2"))));
    }

    #[test]
    fn levels_have_names() {
        for level in Level::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
        }
        assert!("some".parse::<Level>().is_err());
    }
}
