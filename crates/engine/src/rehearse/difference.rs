//! In what two courses of decisions differ.

use model::Timestamp;

use super::Made;

/// What a decision is called: the rule that took it, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The rule.
    pub rule: String,
    /// What of the instance it is about, so that two decisions of one rule on the same thing are known as such.
    pub about: String,
}

/// How decisions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// It is taken no more.
    Fewer,
    /// It is taken as well.
    More,
    /// It is taken with other words, or for another time.
    Other,
}

/// One thing that is decided otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference<D> {
    /// What the decision is called.
    pub name: Name,
    /// The decision before; none where it is taken as well.
    pub before: Option<Made<D>>,
    /// The decision then; none where it is taken no more.
    pub then: Option<Made<D>>,
}

impl<D> Difference<D> {
    /// How they differ.
    #[must_use]
    pub const fn what(&self) -> What {
        match (&self.before, &self.then) {
            (Some(_), None) => What::Fewer,
            (None, Some(_)) => What::More,
            (Some(_), Some(_)) | (None, None) => What::Other,
        }
    }

    /// Where they part: the last sequence that was known, and the time.
    #[must_use]
    pub fn place(&self) -> (u64, Timestamp) {
        let places = [&self.before, &self.then].into_iter().flatten().map(|made| (made.after, made.now));
        places.min().unwrap_or_default()
    }
}

/// All that is decided otherwise, the first first. When a decision was taken is no difference by itself: it is in what it
/// says where it matters. Two of one name that are left over belong together.
#[must_use]
pub fn differences<D: PartialEq>(
    before: Vec<Made<D>>,
    mut then: Vec<Made<D>>,
    name: impl Fn(&D) -> Name,
) -> Vec<Difference<D>> {
    let mut gone = Vec::new();
    for made in before {
        match then.iter().position(|other| other.decision == made.decision) {
            Some(place) => drop(then.remove(place)),
            None => gone.push(made),
        }
    }
    let mut found: Vec<Difference<D>> = Vec::new();
    for made in gone {
        let name_of = name(&made.decision);
        let other = then.iter().position(|other| name(&other.decision) == name_of).map(|place| then.remove(place));
        found.push(Difference { name: name_of, before: Some(made), then: other });
    }
    let added = then.into_iter().map(|made| Difference { name: name(&made.decision), before: None, then: Some(made) });
    found.extend(added);
    found.sort_by_key(Difference::place);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(after: u64, decision: &'static str) -> Made<&'static str> {
        Made { after, now: Timestamp::from_millis(i64::try_from(after).unwrap()), decision }
    }

    /// `rule about: words`.
    fn named(decision: &&'static str) -> Name {
        let (rule, rest) = decision.split_once(' ').unwrap();
        let about = rest.split(':').next().unwrap_or_default();
        Name { rule: rule.to_owned(), about: about.to_owned() }
    }

    fn found(before: &[(u64, &'static str)], then: &[(u64, &'static str)]) -> Vec<(What, String, u64)> {
        let list = |list: &[(u64, &'static str)]| list.iter().map(|(after, words)| made(*after, words)).collect();
        let found = differences(list(before), list(then), named);
        found.iter().map(|own| (own.what(), own.name.rule.clone(), own.place().0)).collect()
    }

    #[test]
    fn when_something_is_decided_is_no_difference() {
        assert_eq!(found(&[(1, "ask s1:a"), (3, "ask s2:b")], &[(2, "ask s2:b"), (9, "ask s1:a")]), []);
    }

    #[test]
    fn other_words_of_one_thing_are_one_difference() {
        let differs = found(&[(4, "wait s1:mon"), (4, "wait s2:mon")], &[(3, "wait s2:tue"), (4, "wait s1:mon")]);
        assert_eq!(differs, [(What::Other, "wait".to_owned(), 3)]);
    }

    #[test]
    fn the_first_to_part_comes_first_and_repeats_are_counted() {
        let differs = found(&[(2, "ask s1:a"), (5, "ask s1:a"), (7, "end x:y")], &[(2, "ask s1:a"), (6, "flag x:z")]);
        assert_eq!(
            differs,
            [
                (What::Fewer, "ask".to_owned(), 5),
                (What::More, "flag".to_owned(), 6),
                (What::Fewer, "end".to_owned(), 7)
            ]
        );
    }
}
