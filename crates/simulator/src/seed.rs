//! Choices that look random and follow from the seed alone.
//!
//! Every choice is a hash of the seed, the order and what is chosen, never the next number of a generator: so it does not
//! matter in which order the partners come to act, or how often.

use std::ops::RangeInclusive;

/// The seed of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

/// Two messages, prices or days of different orders differ because this is mixed in first.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

impl Seed {
    /// The choices about one order or other thing of this name.
    #[must_use]
    pub fn about(self, name: &str) -> Dice {
        Dice(mix(fnv(FNV_OFFSET ^ mix(self.0), name.as_bytes())))
    }
}

/// The choices about one thing. Asked the same it always answers the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dice(u64);

impl Dice {
    /// A number from the whole range of 64 bits.
    #[must_use]
    pub fn number(self, what: &str) -> u64 {
        mix(fnv(self.0, what.as_bytes()))
    }

    /// The choices about the `nth` part, such as a line of an order.
    #[must_use]
    pub fn part(self, nth: usize) -> Self {
        Self(mix(self.0.wrapping_add((nth as u64).wrapping_add(1).wrapping_mul(FNV_PRIME))))
    }

    /// A number of the range. A bias of less than one in 2^32 is of no account here.
    #[must_use]
    pub fn within(self, what: &str, range: RangeInclusive<u32>) -> u32 {
        let (low, high) = (u64::from(*range.start()), u64::from(*range.end()));
        let chosen = low + self.number(what) % (high.saturating_sub(low) + 1);
        u32::try_from(chosen).unwrap_or(*range.end())
    }

    /// True for so many of a thousand.
    #[must_use]
    pub fn per_mille(self, what: &str, share: u32) -> bool {
        self.within(what, 0..=999) < share
    }

    /// One of them; `items` holds at least one.
    #[must_use]
    pub fn pick<T>(self, what: &str, items: &'static [T]) -> &'static T {
        let nth = self.number(what) % (items.len() as u64).max(1);
        &items[usize::try_from(nth).unwrap_or(0)]
    }
}

fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

/// The finishing step of SplitMix64: every bit of the input changes about half of the output.
const fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer_and_others_differ() {
        let dice = Seed(7).about("SO-1");
        assert_eq!(dice.number("lines"), Seed(7).about("SO-1").number("lines"));
        let others = [
            Seed(8).about("SO-1").number("lines"),
            Seed(7).about("SO-2").number("lines"),
            dice.number("city"),
            dice.part(0).number("lines"),
            dice.part(1).number("lines"),
        ];
        assert!(others.iter().all(|other| *other != dice.number("lines")));
    }

    #[test]
    fn choices_spread_over_their_range() {
        let rolls: Vec<u32> = (0..10_000).map(|n| Seed(1).about(&n.to_string()).within("x", 1..=5)).collect();
        for face in 1..=5 {
            let share = rolls.iter().filter(|roll| **roll == face).count();
            assert!((1_800..2_200).contains(&share), "{face} came {share} times");
        }
        let hits = (0..10_000).filter(|n| Seed(1).about(&n.to_string()).per_mille("y", 20)).count();
        assert!((150..250).contains(&hits), "{hits}");
    }
}
