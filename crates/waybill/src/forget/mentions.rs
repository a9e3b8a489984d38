//! Whether something is about a customer. Pure.

use adapter::Reading;
use model::master::MasterRecord;
use model::{CustomerId, Fact};

/// Whether an entry's bytes hold the customer's number, be it as a part of something else.
pub(super) fn holds(entry: &[u8], customer: &CustomerId) -> bool {
    let number = customer.as_str().as_bytes();
    entry.windows(number.len()).any(|part| part == number)
}

/// Whether raw bytes hold the customer's number as a word of its own. It may be another's number, or an amount.
pub(super) fn names(raw: &[u8], customer: &CustomerId) -> bool {
    let number = customer.as_str().as_bytes();
    let is_apart = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    raw.windows(number.len()).enumerate().any(|(at, word)| {
        word == number
            && is_apart(at.checked_sub(1).and_then(|before| raw.get(before)))
            && is_apart(raw.get(at + number.len()))
    })
}

/// Whether a fact says that an order or return is the customer's.
pub(super) fn is_of(fact: &Fact, customer: &CustomerId) -> bool {
    fact.customer() == Some(customer)
}

/// Whether a message as its partner's profile reads it is about the customer.
pub(super) fn tells_of(reading: &Reading, customer: &CustomerId) -> bool {
    let of_orders = reading.orders.iter().flat_map(|part| &part.facts).any(|told| is_of(&told.fact, customer));
    let is_master = |record: &MasterRecord| matches!(record, MasterRecord::Customer(own, _) if own == customer);
    of_orders || reading.master.iter().any(is_master)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_named_only_as_a_word_of_its_own() {
        let customer = CustomerId::new("C-10").unwrap();
        for told in [&b"{\"kunnr\":\"C-10\"}"[..], b"C-10", b"N1*BY*X*92*C-10~"] {
            assert!(names(told, &customer), "{told:?}");
        }
        for other in [&b"{\"kunnr\":\"C-100\"}"[..], b"AC-10", b"C-1", b"", b"c-10"] {
            assert!(!names(other, &customer), "{other:?}");
        }
    }
}
