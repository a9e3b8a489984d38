//! Numbers that are given one after another: from where to where they came, and which in between did not. Pure.

use serde::{Deserialize, Serialize};

/// The most ranges of missing numbers that are kept of one series.
pub const MOST_RANGES: usize = 100;
/// A number this far below the lowest one is late; one further below belongs to another series.
pub const LATE: u64 = 100;
/// So many numbers may be missing at once; a number that is further ahead belongs to another series.
pub const LEAP: u64 = 10_000;

/// Numbers that follow one another, the first and the last of which came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The lowest number that came.
    pub lowest: u64,
    /// The highest number that came.
    pub highest: u64,
    /// What is missing between them, ascending: the first and the last number of each range.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<(u64, u64)>,
    /// More was missing than came: its sender does not count one by one, or not for this receiver alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skips: bool,
    /// Up to here nothing is waited for: the oldest of more than [`MOST_RANGES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given_up: Option<u64>,
}

impl Series {
    /// A series that begins with this number.
    pub const fn new(first: u64) -> Self {
        Self { lowest: first, highest: first, missing: Vec::new(), skips: false, given_up: None }
    }

    /// How far a number is from where one of this series is expected; nothing where it cannot be one, or came before.
    pub fn distance(&self, number: u64) -> Option<u64> {
        if number > self.highest {
            Some(number - self.highest - 1).filter(|ahead| *ahead <= LEAP)
        } else if number < self.lowest {
            Some(self.lowest - number).filter(|below| *below <= LATE)
        } else {
            let unknown = self.skips || self.given_up.is_some_and(|upto| number <= upto);
            (unknown || self.gap_of(number).is_some()).then_some(0)
        }
    }

    /// Whether a number is waited for: the next, one a little ahead, or one that is missing.
    pub fn waits_for(&self, number: u64) -> bool {
        (number > self.highest && number - self.highest <= LATE) || self.gap_of(number).is_some()
    }

    /// The range of missing numbers that holds this one.
    fn gap_of(&self, number: u64) -> Option<usize> {
        self.missing.iter().position(|(first, last)| (*first..=*last).contains(&number))
    }

    /// A number of this series came. Returns what turns out to be missing by that.
    pub fn take(&mut self, number: u64) -> Option<(u64, u64)> {
        if number > self.highest {
            let gap = (self.highest + 1, number - 1);
            self.highest = number;
            self.miss(gap, self.missing.len())
        } else if number < self.lowest {
            let gap = (number + 1, self.lowest - 1);
            self.lowest = number;
            self.miss(gap, 0)
        } else {
            if let Some(place) = self.gap_of(number) {
                let (first, last) = self.missing[place];
                let left = [(first, number.saturating_sub(1)), (number + 1, last)];
                self.missing.splice(place..=place, left.into_iter().filter(|(first, last)| first <= last));
                self.keep_few();
            }
            None
        }
    }

    /// How many numbers are missing.
    pub fn missing(&self) -> u64 {
        self.missing.iter().map(|(first, last)| last - first + 1).sum()
    }

    fn miss(&mut self, gap: (u64, u64), place: usize) -> Option<(u64, u64)> {
        if gap.0 > gap.1 || self.skips {
            return None;
        }
        self.missing.insert(place, gap);
        self.keep_few();
        (!self.skips).then_some(gap)
    }

    /// Waits for no more than can be kept.
    fn keep_few(&mut self) {
        if self.missing.len() <= MOST_RANGES {
            return;
        }
        if self.missing() > (self.highest - self.lowest) / 2 {
            self.skips = true;
            self.missing.clear();
        } else {
            self.given_up = Some(self.missing.remove(0).1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_number_fills_its_gap() {
        let mut series = Series::new(37);
        assert_eq!(series.take(42), Some((38, 41)));
        assert_eq!((series.take(40), &series.missing[..]), (None, &[(38, 39), (41, 41)][..]));
        assert_eq!((series.take(41), series.missing()), (None, 2));
        assert_eq!((series.distance(40), series.distance(39), series.distance(43)), (None, Some(0), Some(0)));
        assert_eq!((series.take(34), series.missing()), (Some((35, 36)), 4), "what came first was not the first");
    }

    #[test]
    fn what_is_far_off_is_of_another_series() {
        let series = Series::new(20_000);
        assert_eq!((series.distance(19_900), series.distance(19_899)), (Some(100), None));
        assert_eq!((series.distance(30_001), series.distance(30_002)), (Some(10_000), None));
    }

    #[test]
    fn a_sender_that_does_not_count_one_by_one_has_no_gaps() {
        let mut series = Series::new(0);
        let gaps = (1..1_000).filter(|nth| series.take(nth * 7).is_some()).count();
        assert_eq!((gaps, series.skips, series.missing()), (MOST_RANGES, true, 0));
        assert_eq!(series.distance(8), Some(0));
    }

    #[test]
    fn the_oldest_of_too_many_gaps_is_given_up() {
        let mut series = Series::new(1);
        for number in (2..2_000).filter(|number| number % 10 != 0) {
            series.take(number);
        }
        assert_eq!((series.missing.len(), series.skips, series.missing[0]), (MOST_RANGES, false, (1_000, 1_000)));
        assert_eq!((series.distance(990), series.take(990)), (Some(0), None), "it may come all the same");
    }
}
