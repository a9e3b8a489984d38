//! What cannot be taken out of quarantine, by why.

use serde::Serialize;

/// The most whys that are told apart.
const MOST_WHYS: usize = 100;

/// Messages that cannot be taken out, by why.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(in super::super) struct Cannot {
    found: Vec<Because>,
}

/// Why messages cannot be taken out, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct Because {
    pub why: String,
    pub count: u64,
    /// One of them.
    pub example: u64,
}

impl Cannot {
    pub fn add(&mut self, sequence: u64, why: String) {
        if let Some(known) = self.found.iter_mut().find(|known| known.why == why) {
            known.count += 1;
            return;
        }
        let why = if self.found.len() < MOST_WHYS { why } else { "for other reasons".to_owned() };
        match self.found.get_mut(MOST_WHYS) {
            Some(others) => others.count += 1,
            None => self.found.push(Because { why, count: 1, example: sequence }),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many messages.
    pub fn count(&self) -> u64 {
        self.found.iter().map(|because| because.count).sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Because> {
        self.found.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whys_without_end_are_counted_together() {
        let mut cannot = Cannot::default();
        for n in 0..150 {
            cannot.add(n, format!("why {n}"));
        }
        cannot.add(200, "why 7".to_owned());
        assert_eq!((cannot.count(), cannot.iter().count()), (151, MOST_WHYS + 1));
        assert_eq!(cannot.iter().nth(7).map(|because| because.count), Some(2));
        let last = Because { why: "for other reasons".to_owned(), count: 50, example: 100 };
        assert_eq!(cannot.iter().last(), Some(&last));
    }
}
