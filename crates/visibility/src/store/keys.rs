//! The keys of the one tree. All rows live in one tree, so that one batch is one commit.
//!
//! A key is a kind's letter and subject tokens, each ended by a zero byte, which no token holds; so rows of one order,
//! customer or location stand together, in token order.

use engine::FactId;
use model::{Timestamp, token};

/// What a row is; the first byte of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The one row that says how far everything is folded.
    Meta = b'!',
    /// What an order's entries come to.
    Order = b'o',
    /// Orders by stage.
    Stage = b's',
    /// Orders by customer.
    Customer = b'c',
    /// Orders with an open exception, and what is wrong with them.
    Exceptional = b'x',
    /// Updates to customers that are still to be published.
    Outbox = b'u',
    /// A balance of stock.
    Balance = b'b',
    /// A movement of stock.
    Movement = b'v',
    /// What a movement's id was first told with.
    Told = b't',
    /// A balance that misses an entry: nobody could read it, or it tells a known movement otherwise.
    Unreadable = b'w',
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Meta,
        Self::Order,
        Self::Stage,
        Self::Customer,
        Self::Exceptional,
        Self::Outbox,
        Self::Balance,
        Self::Movement,
        Self::Told,
        Self::Unreadable,
    ];

    /// The kind of row a key names.
    #[must_use]
    pub fn of(key: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| key.first() == Some(&(*kind as u8)))
    }

    /// The beginning of every key of this kind.
    #[must_use]
    pub const fn prefix(self) -> [u8; 1] {
        [self as u8]
    }

    /// The key of this kind with these tokens.
    #[must_use]
    pub fn key(self, tokens: &[&str]) -> Vec<u8> {
        let length = tokens.iter().map(|token| token.len() + 1).sum::<usize>();
        let mut key = Vec::with_capacity(1 + length);
        key.push(self as u8);
        for token in tokens {
            key.extend_from_slice(token.as_bytes());
            key.push(0);
        }
        key
    }
}

/// The tokens of a key that holds nothing else.
#[must_use]
pub fn tokens(key: &[u8]) -> Vec<&str> {
    let rest = key.get(1..).unwrap_or_default();
    let rest = rest.strip_suffix(&[0]).unwrap_or(rest);
    rest.split(|byte| *byte == 0).map(|token| std::str::from_utf8(token).unwrap_or_default()).collect()
}

/// The place of an update: the entry that caused it, and its number among that entry's.
#[must_use]
pub fn outbox(sequence: u64, number: u16) -> Vec<u8> {
    let mut key = Kind::Outbox.prefix().to_vec();
    key.extend_from_slice(&sequence.to_be_bytes());
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The entry and number an update's key names.
#[must_use]
pub fn outbox_place(key: &[u8]) -> Option<(u64, u16)> {
    let sequence = key.get(1..9)?.try_into().ok().map(u64::from_be_bytes)?;
    let number = key.get(9..11)?.try_into().ok().map(u16::from_be_bytes)?;
    Some((sequence, number))
}

/// The key of what a movement's id was first told with.
#[must_use]
pub fn told(fact: FactId) -> Vec<u8> {
    [&Kind::Told.prefix(), fact.0.as_slice()].concat()
}

/// The key of one SKU's balance at one location in one unit.
#[must_use]
pub fn balance(location: &str, sku: &str, unit: &str) -> Vec<u8> {
    Kind::Balance.key(&[&token::escape(location), &token::escape(sku), unit])
}

/// Where a movement stands among those of its balance: by the time it occurred; at one time a count comes first, so
/// that what happened at that moment adds up on top of it.
#[must_use]
pub fn place(occurred: Timestamp, is_count: bool, fact: FactId) -> Vec<u8> {
    // Flipping the sign bit makes the bytes of negative times sort before those of positive ones.
    let millis = (occurred.as_millis() as u64) ^ (1 << 63);
    let mut place = millis.to_be_bytes().to_vec();
    place.push(u8::from(!is_count));
    place.extend_from_slice(&fact.0);
    place
}

/// The key of a movement: its balance, its place, and the order it belongs to, if any.
#[must_use]
pub fn movement(balance: &[u8], place: &[u8], order: &str) -> Vec<u8> {
    let mut key = movements_of(balance);
    key.extend_from_slice(place);
    key.extend_from_slice(order.as_bytes());
    key
}

/// The beginning of the keys of all movements of a balance.
#[must_use]
pub fn movements_of(balance: &[u8]) -> Vec<u8> {
    let mut key = balance.to_vec();
    key[0] = Kind::Movement as u8;
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn movements_sort_by_time_with_counts_first() {
        let at = |millis, count, id| place(Timestamp::from_millis(millis), count, FactId([id; 16]));
        let places = [at(-5, false, 1), at(0, true, 9), at(0, false, 1), at(7, true, 0)];
        assert!(places.is_sorted());
    }

    #[test]
    fn a_token_that_begins_another_is_not_mixed_with_it() {
        let (short, long) = (balance("W1", "A", "EA"), balance("W1", "AB", "EA"));
        assert!(!long.starts_with(&short[..short.len() - 3]));
        assert_eq!(tokens(&Kind::Customer.key(&["C=201", "SO1"])), ["C=201", "SO1"]);
        assert_eq!(outbox_place(&outbox(7, 1)), Some((7, 1)));
    }

    #[test]
    fn every_kind_is_known_by_its_letter() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(&kind.prefix()), Some(kind));
        }
        assert_eq!(Kind::of(b"?"), None);
    }
}
