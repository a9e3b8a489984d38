use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;

fn numbering() -> Numbering {
    Numbering::new("ZZ:SPDY".to_owned(), "ZZ:US".to_owned())
}

/// An interchange with content of its own.
fn came(number: u64, inbox: u64) -> Came {
    with(&number.to_string(), inbox, inbox)
}

fn with(number: &str, content: u64, inbox: u64) -> Came {
    Came::new(number, EntryId::of(&[&content.to_be_bytes()]).0, inbox, false)
}

fn twice(number: &str, before: u64, inbox: u64) -> Twice {
    Twice { number: number.into(), inbox, before }
}

fn ranges(numbering: &Numbering) -> Vec<(u64, u64)> {
    numbering.series.iter().flat_map(|series| series.missing.clone()).collect()
}

#[test]
fn a_gap_is_noticed_and_a_late_number_fills_it() {
    let mut own = numbering();
    assert_eq!(own.take(&with("000000037", 1, 1)), Noticed::Sound);
    assert_eq!(own.take(&came(41, 2)), Noticed::Missing(38, 40));
    assert_eq!((own.take(&came(39, 3)), ranges(&own)), (Noticed::Sound, vec![(38, 38), (40, 40)]));
    assert_eq!((own.last().as_deref(), own.missing()), (Some("41"), 2));
}

#[test]
fn the_same_message_delivered_again_is_no_duplicate() {
    let mut own = numbering();
    for number in 1..=1_000 {
        assert_eq!(own.take(&came(number, number)), Noticed::Sound);
    }
    let before = own.clone();
    for number in 1..=1_000 {
        assert_eq!(own.take(&came(number, number)), Noticed::Known, "{number}");
    }
    assert_eq!(own, before);
}

#[test]
fn what_comes_twice_is_told_from_what_comes_twice_with_other_content() {
    let mut own = numbering();
    for number in 38..=41 {
        own.take(&came(number, number));
    }
    assert_eq!(own.take(&with("0040", 40, 50)), Noticed::Repeated(twice("40", 40, 50)));
    assert_eq!(own.take(&came(39, 51)), Noticed::Differs(twice("39", 39, 51)));
    assert_eq!(own.take(&came(39, 51)), Noticed::Known);
    assert_eq!(own.take(&with("39", 39, 52)), Noticed::Repeated(twice("39", 39, 52)));
    assert_eq!((own.repeated, own.differing, own.missing(), &own.differed[0]), (2, 1, 0, &twice("39", 39, 51)));
}

#[test]
fn what_is_read_again_only_fills_gaps() {
    let mut own = numbering();
    [10, 12].into_iter().for_each(|number| drop(own.take(&came(number, number))));
    let again = |number: u64, inbox| Came { again: true, ..came(number, inbox) };
    assert_eq!(own.take(&again(12, 90)), Noticed::Known, "released with other content");
    assert_eq!(own.take(&again(3, 3)), Noticed::Known, "before anything was noted");
    assert_eq!((own.take(&again(11, 91)), own.missing()), (Noticed::Sound, 0));
}

#[test]
fn numbers_that_are_used_up_start_again() {
    let mut own = numbering();
    for (inbox, number) in [(1, 999_999_997), (2, 999_999_998), (4, 1), (3, 999_999_999), (5, 2)] {
        let noticed = own.take(&came(number, inbox));
        let expected = if number == 1 { Noticed::StartsAgain(999_999_998) } else { Noticed::Sound };
        assert_eq!(noticed, expected, "{number}");
    }
    assert_eq!((own.last().as_deref(), own.missing()), (Some("2"), 0));
}

#[test]
fn a_sender_that_starts_at_one_each_day_repeats_nothing() {
    let mut own = numbering();
    let mut inbox = 0;
    for day in 0..5 {
        for number in (1..=40).filter(|number| *number != 7) {
            inbox += 1;
            let expected = match number {
                1 if day > 0 => Noticed::StartsAgain(40),
                8 => Noticed::Missing(7, 7),
                _ => Noticed::Sound,
            };
            assert_eq!(own.take(&came(number, inbox)), expected, "{number} on day {day}");
        }
    }
    assert_eq!((own.series.len(), own.missing(), own.repeated + own.differing), (2, 2, 0));
}

#[test]
fn an_old_interchange_sent_again_does_not_end_the_series() {
    let mut own = numbering();
    for number in 1..=600 {
        own.take(&came(number, number));
    }
    assert_eq!(own.take(&came(17, 601)), Noticed::StartsAgain(600));
    assert_eq!(own.take(&came(601, 602)), Noticed::Sound);
    assert_eq!((own.last().as_deref(), own.missing()), (Some("601"), 0));
}

#[test]
fn references_that_are_no_numbers_have_no_gaps() {
    let mut own = numbering();
    assert_eq!(own.take(&with("REF-A", 1, 1)), Noticed::Sound);
    assert_eq!(own.take(&with("REF-C", 3, 2)), Noticed::Sound);
    assert_eq!(own.take(&with("REF-A", 1, 3)), Noticed::Repeated(twice("REF-A", 1, 3)));
    assert_eq!(own.take(&with("REF-C", 4, 4)), Noticed::Differs(twice("REF-C", 2, 4)));
    assert_eq!((own.series.len(), own.last().as_deref()), (0, Some("REF-C")));
    assert_eq!(own.take(&with("99999999999999999999999", 5, 5)), Noticed::Sound, "too long to count");
}

#[test]
fn what_is_kept_stays_small() {
    let mut own = numbering();
    for nth in 0..20_000_u64 {
        own.take(&came(nth * 977 % 100_003, nth));
    }
    assert!(own.series.len() <= SERIES && own.remembered.len() <= REMEMBERED && own.differed.len() <= TOLD);
    assert!(serde_json::to_vec(&own).unwrap().len() < 32 * 1_024);
}

#[test]
fn what_is_kept_is_read_back_as_it_was() {
    let mut own = numbering();
    [1, 5, 5, 3].into_iter().zip(1..).for_each(|(number, inbox)| drop(own.take(&came(number, inbox))));
    assert_eq!(serde_json::from_slice::<Numbering>(&serde_json::to_vec(&own).unwrap()).unwrap(), own);
}

proptest! {
    #[test]
    fn any_order_of_arrival_gives_the_same_missing_numbers(
        (start, numbers) in (2..1_000_000_u64).prop_flat_map(|start| {
            let all: Vec<u64> = (start..start + 100).collect();
            (Just(start), subsequence(all, 1..=100).prop_shuffle())
        }),
        again in proptest::collection::vec(0..100_usize, 0..50),
    ) {
        let mut own = numbering();
        for number in &numbers {
            own.take(&came(*number, *number));
        }
        for nth in again {
            let number = numbers[nth % numbers.len()];
            prop_assert_eq!(own.take(&came(number, number)), Noticed::Known);
        }
        let (lowest, highest) = (*numbers.iter().min().unwrap(), *numbers.iter().max().unwrap());
        let expected: Vec<u64> = (lowest..=highest).filter(|number| !numbers.contains(number)).collect();
        let missing: Vec<u64> = ranges(&own).into_iter().flat_map(|(first, last)| first..=last).collect();
        prop_assert_eq!(missing, expected);
        prop_assert!(lowest >= start && own.series.len() == 1);
        prop_assert_eq!((own.repeated, own.differing), (0, 0));
    }
}
