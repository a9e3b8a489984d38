//! Control numbers: what tells one interchange from every other one to the same partner.
//!
//! They are derived, not counted: the same ask, in the same place of its stream, has the same number however often it is sent, in
//! whichever process. A number has nine digits at most and is never 0.
//!
//! Each place of a stream has [`SLOTS`] numbers, and each stream its own, so that two numbers differ as long as their places are
//! less than 31 million apart. Then the numbers begin again: a partner that refuses a number it has had within so many entries of
//! all orders together, counted over all partners, would refuse one of ours. What has more than [`SLOTS`] numbers in one place
//! takes those of a place 16 million further on.

use std::fmt;

/// How many numbers one place of a stream has to itself.
pub const SLOTS: u64 = 8;

/// How many streams have numbers of their own: those of [`Numbered`], and one to spare.
const STREAMS: u64 = 4;

/// The numbers there are: from 1 to this.
const NUMBERS: u128 = 999_999_999;

/// How much further on the numbers are of what has more than its own.
const FURTHER: u64 = 1 << 24;

/// What is numbered: messages that answer an entry of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbered {
    /// Asks of orders.
    Orders,
    /// Asks of returns.
    Returns,
    /// Acknowledgements of what came in.
    Inbox,
}

impl Numbered {
    /// The asks of the workflow with this name. One that has no numbers of its own shares those of orders.
    #[must_use]
    pub fn of_workflow(name: &str) -> Self {
        if name == "return" { Self::Returns } else { Self::Orders }
    }
}

/// The numbers of one place of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlNumbers {
    of: Numbered,
    sequence: u64,
}

/// The number of one interchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControlNumber(u32);

impl ControlNumbers {
    /// The numbers of this sequence of a stream.
    #[must_use]
    pub const fn new(of: Numbered, sequence: u64) -> Self {
        Self { of, sequence }
    }

    /// The number of the `nth` interchange to one partner, counted from 0.
    #[must_use]
    pub fn nth(self, nth: usize) -> ControlNumber {
        let nth = nth as u64;
        let place = u128::from(self.sequence) + u128::from(nth / SLOTS) * u128::from(FURTHER);
        let stream = match self.of {
            Numbered::Orders => 0,
            Numbered::Returns => 1,
            Numbered::Inbox => 2,
        };
        let number = (place * u128::from(STREAMS) + stream) * u128::from(SLOTS) + u128::from(nth % SLOTS);
        // What is left of a division by less than a thousand million fits; the highest keeps the conversion total.
        ControlNumber(u32::try_from(number % NUMBERS + 1).unwrap_or(u32::MAX))
    }
}

impl ControlNumber {
    /// The number, from 1 to 999999999.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for ControlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_interchanges_have_one_number_and_the_same_one_always_has_its_own() {
        let mut seen = HashSet::new();
        for sequence in (1..2_000).chain([31_000_000]) {
            for of in [Numbered::Orders, Numbered::Returns, Numbered::Inbox] {
                let numbers = ControlNumbers::new(of, sequence);
                for nth in 0..20 {
                    assert!(seen.insert(numbers.nth(nth)), "{of:?} {sequence} {nth}");
                    assert_eq!(numbers.nth(nth), ControlNumbers::new(of, sequence).nth(nth));
                }
            }
        }
    }

    #[test]
    fn a_number_has_nine_digits_at_most_and_is_never_nothing() {
        for sequence in [0, 1, 31_249_999, 31_250_000, u64::MAX] {
            for of in [Numbered::Orders, Numbered::Inbox] {
                for nth in [0, 7, 8, usize::MAX] {
                    let number = ControlNumbers::new(of, sequence).nth(nth).get();
                    assert!((1..=999_999_999).contains(&number), "{number}");
                }
            }
        }
    }
}
