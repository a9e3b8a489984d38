//! The control numbers of one sender to one receiver: which came, which are missing, and which came twice. Pure.
//!
//! It does not matter in which order numbers come: a late one fills its gap. A number that is far from the others begins a
//! series of its own, because senders start again: at 1, or when the digits are used up. The series before is kept beside it
//! for what is still on its way. Numbers that are none, which EDIFACT allows, are only held against those that came lately.

use std::collections::VecDeque;

use engine::EntryId;
use serde::{Deserialize, Serialize};

use super::series::Series;

/// How many interchanges are remembered one by one, the last of them by their place in the inbox. One that comes twice further
/// apart looks like the start of another series, or like nothing at all.
const REMEMBERED: usize = 200;
/// How many series are kept: the one that grows, and the one before.
const SERIES: usize = 2;
/// How many of those that came twice with other content are told one by one.
const TOLD: usize = 10;

/// What is known of the numbers of one sender to one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbering {
    /// The sender, as its interchanges say.
    pub sender: String,
    /// The receiver.
    pub receiver: String,
    /// The one that grew last comes first.
    #[serde(default)]
    pub series: Vec<Series>,
    /// How many came twice with the same content.
    #[serde(default)]
    pub repeated: u64,
    /// How many came twice with other content.
    #[serde(default)]
    pub differing: u64,
    /// The last few of those.
    #[serde(default)]
    pub differed: VecDeque<Twice>,
    /// By their place in the inbox.
    #[serde(default)]
    remembered: VecDeque<Came>,
    /// What came in up to this place in the inbox may be remembered no more.
    #[serde(default)]
    forgotten: u64,
}

/// A number that came twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twice {
    /// The number.
    pub number: Box<str>,
    /// The place in the inbox where it came again.
    pub inbox: u64,
    /// The place where it came before.
    pub before: u64,
}

/// An interchange that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// Its number; of those in digits, without leading zeros.
    #[serde(rename = "n")]
    number: Box<str>,
    /// The place of its message in the inbox.
    #[serde(rename = "i")]
    pub inbox: u64,
    /// A digest of its content.
    #[serde(rename = "d")]
    digest: EntryId,
    /// It may have been noted before: its message is read again, or was let out of quarantine.
    #[serde(skip)]
    again: bool,
}

/// What turns out when an interchange comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noticed {
    /// It was noted before.
    Known,
    /// Nothing is wrong with it.
    Sound,
    /// Numbers are missing, from the first to the last.
    Missing(u64, u64),
    /// It came before with the same content.
    Repeated(Twice),
    /// It came before with other content.
    Differs(Twice),
    /// Numbers start again, and the highest was this one.
    StartsAgain(u64),
}

impl Came {
    /// An interchange of the message at a place in the inbox.
    pub fn new(number: &str, digest: [u8; 16], inbox: u64, again: bool) -> Self {
        let plain = number.trim_start_matches('0');
        let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
        let number = match (is_number, plain) {
            (true, "") => "0",
            (true, plain) => plain,
            (false, _) => number,
        };
        Self { number: number.into(), inbox, digest: EntryId(digest), again }
    }

    /// Its number, if it is one.
    fn count(&self) -> Option<u64> {
        self.number.parse().ok().filter(|_| self.number.bytes().all(|digit| digit.is_ascii_digit()))
    }
}

impl Numbering {
    /// Nothing has come yet.
    pub const fn new(sender: String, receiver: String) -> Self {
        Self {
            sender,
            receiver,
            series: Vec::new(),
            repeated: 0,
            differing: 0,
            differed: VecDeque::new(),
            remembered: VecDeque::new(),
            forgotten: 0,
        }
    }

    /// The last number: the highest of the series that grew last, or where numbers are none the one that came last.
    pub fn last(&self) -> Option<String> {
        let highest = self.series.first().map(|series| series.highest.to_string());
        highest.or_else(|| self.remembered.back().map(|came| came.number.to_string()))
    }

    /// How many numbers are missing.
    pub fn missing(&self) -> u64 {
        self.series.iter().map(Series::missing).sum()
    }

    /// An interchange came.
    pub fn take(&mut self, came: &Came) -> Noticed {
        let mut same = self.remembered.iter().filter(|own| own.number == came.number);
        if same.clone().any(|own| own.inbox == came.inbox) {
            return Noticed::Known;
        }
        // What is known to have come tells nothing but that it is not missing.
        let is_old = came.again || came.inbox <= self.forgotten;
        let count = came.count();
        let before = same.clone().find(|own| own.digest == came.digest).or_else(|| same.next_back()).cloned();
        if let Some(before) = before.filter(|_| !is_old) {
            let twice = Twice { number: came.number.clone(), inbox: came.inbox, before: before.inbox };
            if before.digest == came.digest {
                self.repeated += 1;
                self.remember(came);
                return Noticed::Repeated(twice);
            }
            if !count.is_some_and(|number| self.is_given_anew(number)) {
                self.differing += 1;
                self.differed.push_back(twice.clone());
                if self.differed.len() > TOLD {
                    self.differed.pop_front();
                }
                self.remember(came);
                return Noticed::Differs(twice);
            }
        }
        let noticed = count.map_or(Noticed::Sound, |number| self.place(number, is_old));
        if noticed != Noticed::Known {
            self.remember(came);
        }
        noticed
    }

    /// Whether a number that came before with other content is the same number of a later series.
    fn is_given_anew(&self, number: u64) -> bool {
        let starts_again = number <= 1 && self.series.first().is_some_and(|series| series.highest > number);
        starts_again || self.series.iter().any(|series| series.waits_for(number))
    }

    /// The series that a number belongs to, and how far it is from what is expected there.
    fn nearest(&self, number: u64) -> Option<(usize, u64)> {
        let distances = self.series.iter().enumerate().filter_map(|(nth, own)| Some((nth, own.distance(number)?)));
        distances.min_by_key(|(nth, distance)| (*distance, *nth))
    }

    /// Puts a number into the series it belongs to, or begins one with it.
    fn place(&mut self, number: u64, is_old: bool) -> Noticed {
        let Some((nth, _)) = self.nearest(number) else {
            if is_old && !self.series.is_empty() {
                return Noticed::Known;
            }
            let before = self.series.first().map(|series| series.highest);
            self.series.insert(0, Series::new(number));
            self.series.truncate(SERIES);
            return before.map_or(Noticed::Sound, Noticed::StartsAgain);
        };
        let series = &mut self.series[nth];
        if is_old && number < series.lowest {
            return Noticed::Known;
        }
        let grows = number > series.highest;
        let gap = series.take(number);
        if grows {
            self.series.swap(0, nth);
        }
        gap.map_or(Noticed::Sound, |(first, last)| Noticed::Missing(first, last))
    }

    fn remember(&mut self, came: &Came) {
        if came.inbox <= self.forgotten {
            return;
        }
        let place = self.remembered.partition_point(|own| own.inbox <= came.inbox);
        self.remembered.insert(place, came.clone());
        if self.remembered.len() > REMEMBERED
            && let Some(oldest) = self.remembered.pop_front()
        {
            self.forgotten = oldest.inbox;
        }
    }
}

#[cfg(test)]
mod tests;
