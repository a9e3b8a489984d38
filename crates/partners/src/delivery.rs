//! How a partner is to be spared: the section `[delivery]`.
//!
//! | key | means |
//! |---|---|
//! | `rate` | how many messages the partner takes at the most, as in `"20/s"`, `"300/m"` or `"500/h"`; without it any number |
//! | `burst` | how many of them may go at once after a quiet time; without it as many as the rate allows in a second, at least 1 |
//! | `breaker` | when to stop sending, a table of the keys below; `false` is never |
//!
//! | key of `breaker` | means |
//! |---|---|
//! | `failures` | stop when this many asks in a row were answered as failed; 10 |
//! | `pause` | how long to wait before one ask is sent to try the partner; `"30s"` |
//! | `longest_pause` | the pause is doubled each time the try fails, up to this; `"10m"` |
//! | `silent` | stop also when `failures` asks in a row were not answered, the first of them for longer than this; without it silence is no reason |
//!
//! A refusal is an answer like any other: it is business, not a failure. Times are texts such as `"30s"`, `"10m"` or `"1h 30m"`.
//! A profile without the section has no rate, and the breaker's defaults. Asks that must wait are kept, in order.

use std::time::Duration;

use crate::source::{Node, ProfileError, Section};

/// The most messages in a rate, and in a burst.
const MOST: u32 = 10_000;
/// The most failures in a row that are waited for.
const MOST_FAILURES: u32 = 1_000;
/// The longest time a profile may name.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How a partner is to be spared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How many messages it takes at the most.
    pub rate: Option<Rate>,
    /// When to stop sending.
    pub breaker: Option<BreakerLimits>,
}

/// How many messages a partner takes at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// This many, at least 1,
    pub messages: u32,
    /// in this time.
    pub per: Duration,
    /// How many may go at once after a quiet time, at least 1.
    pub burst: u32,
}

/// When to stop sending, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerLimits {
    /// How many failures in a row are enough, at least 1.
    pub failures: u32,
    /// How long to wait before the partner is tried.
    pub pause: Duration,
    /// The longest of these pauses, which are doubled each time.
    pub longest_pause: Duration,
    /// How long as many asks may go unanswered; without end when absent.
    pub silent: Option<Duration>,
}

/// Ten in a row are no chance and no single bad order, and a partner that is down fails ten within seconds.
impl Default for BreakerLimits {
    fn default() -> Self {
        let (pause, longest_pause) = (Duration::from_secs(30), Duration::from_secs(600));
        Self { failures: 10, pause, longest_pause, silent: None }
    }
}

impl Delivery {
    /// The section's rules; `None` is a profile without it.
    pub(crate) fn compile(node: Option<Node<'_>>) -> Result<Self, ProfileError> {
        let Some(node) = node else { return Ok(Self { rate: None, breaker: Some(BreakerLimits::default()) }) };
        let mut section = node.section()?;
        let rate = section.optional("rate");
        let burst = section.optional("burst");
        let breaker = match section.optional("breaker") {
            None => Some(BreakerLimits::default()),
            Some(node) if node.is_table() => Some(BreakerLimits::compile(node.section()?)?),
            Some(node) => match node.flag() {
                Ok(false) => None,
                Ok(true) | Err(_) => return Err(node.error("expected a table, or false for no breaker")),
            },
        };
        section.finish()?;
        let rate = match (rate, burst) {
            (Some(rate), burst) => Some(Rate::compile(rate, burst)?),
            (None, Some(burst)) => {
                return Err(burst.error("`burst` belongs to a `rate`; add one, as in `rate = \"20/s\"`"));
            }
            (None, None) => None,
        };
        Ok(Self { rate, breaker })
    }
}

impl Rate {
    fn compile(node: Node<'_>, burst: Option<Node<'_>>) -> Result<Self, ProfileError> {
        let (messages, per) = node
            .text()?
            .split_once('/')
            .and_then(|(messages, unit)| {
                let seconds = match unit.trim() {
                    "s" => 1,
                    "m" => 60,
                    "h" => 3_600,
                    _ => return None,
                };
                let messages = messages.trim().parse().ok().filter(|messages| (1..=MOST).contains(messages))?;
                Some((messages, Duration::from_secs(seconds)))
            })
            .ok_or_else(|| {
                node.error(format!(
                    "expected a rate of 1 to {MOST} a second, minute or hour, as in `20/s`, `300/m` or `500/h`"
                ))
            })?;
        let burst = match burst {
            None => messages / u32::try_from(per.as_secs()).unwrap_or(u32::MAX),
            Some(node) => within(node, 1..=MOST)?,
        };
        Ok(Self { messages, per, burst: burst.max(1) })
    }
}

impl BreakerLimits {
    fn compile(mut section: Section<'_>) -> Result<Self, ProfileError> {
        let default = Self::default();
        let failures = section.optional("failures").map(|node| within(node, 1..=MOST_FAILURES)).transpose()?;
        let pause = section.optional("pause").map(time).transpose()?;
        let longest = section.optional("longest_pause");
        let silent = section.optional("silent").map(time).transpose()?;
        section.finish()?;
        let pause = pause.unwrap_or(default.pause);
        let longest_pause = match longest {
            None => default.longest_pause.max(pause),
            Some(node) => {
                let longest = time(node)?;
                if longest < pause {
                    return Err(node.error("expected a time not below `pause`"));
                }
                longest
            }
        };
        Ok(Self { failures: failures.unwrap_or(default.failures), pause, longest_pause, silent })
    }
}

fn within(node: Node<'_>, range: std::ops::RangeInclusive<u32>) -> Result<u32, ProfileError> {
    let number = node.number()?;
    if range.contains(&number) {
        return Ok(number);
    }
    Err(node.error(format!("expected a whole number from {} to {}", range.start(), range.end())))
}

fn time(node: Node<'_>) -> Result<Duration, ProfileError> {
    let time = humantime::parse_duration(node.text()?).ok();
    time.filter(|time| !time.is_zero() && *time <= LONGEST)
        .ok_or_else(|| node.error("expected a time such as `30s`, `10m` or `2h`, at most 24h"))
}
