use visibility::archive::{Listed, chain, open, pack, verify as verified};

use super::list::Archive;
use super::verify::{Sound, Stated, sound};
use crate::sample;

fn lines() -> String {
    String::from_utf8(chain(&sample::entries()).unwrap().bytes).unwrap()
}

fn stated(entries: Option<u32>) -> Stated {
    Stated {
        order: sample::ORDER.to_owned(),
        digest: chain(&sample::entries()).unwrap().digest,
        entries,
        at: "entry 40 of stream ORDERS".to_owned(),
    }
}

fn checked(bytes: &[u8], stated: Option<&Stated>) -> Sound {
    sound("a.jsonl".to_owned(), open(bytes).and_then(|lines| verified(&lines)), stated)
}

#[test]
fn an_archive_is_sound_as_it_is_stored_and_unpacked() {
    let stated = stated(Some(7));
    for bytes in [lines().into_bytes(), pack(lines().as_bytes()).unwrap()] {
        let checked = checked(&bytes, Some(&stated));
        assert_eq!(checked.wrong, None);
        assert_eq!((checked.entries, checked.first, checked.last), (Some(7), Some(10), Some(28)));
        assert_eq!(checked.digest.as_ref(), Some(&stated.digest));
    }
}

#[test]
fn the_first_line_that_is_wrong_is_named() {
    let lines = lines();
    let wrong = |text: &str| checked(text.as_bytes(), None).wrong.unwrap();
    assert!(
        wrong(&lines.replace("\"SKU-B\"", "\"SKU-C\"")).starts_with("line 1 of the archive is not as it was written")
    );
    assert!(
        wrong(&lines.replace("carrier_capacity", "weather").replace("carrier.capacity", "weather"))
            .starts_with("line 5")
    );
    let mut moved: Vec<&str> = lines.lines().collect();
    moved.swap(2, 3);
    assert!(wrong(&moved.join("\n")).starts_with("line 3"));
    assert!(wrong("").contains("it holds no entry"));
    assert!(wrong("an order\n").starts_with("line 1"));
    let halfway = &lines[..lines.len() - 20];
    assert!(wrong(halfway).starts_with("line 7"), "cut within the last line");
    assert!(checked(&pack(lines.as_bytes()).unwrap()[..200], None).wrong.unwrap().contains("gzip"));
}

#[test]
fn a_cut_end_shows_against_what_the_order_states() {
    let lines = lines();
    let cut = lines.lines().take(5).map(|line| format!("{line}\n")).collect::<String>();
    assert_eq!(checked(cut.as_bytes(), None).wrong, None, "in itself it is sound");
    let wrong = |stated: Stated| checked(cut.as_bytes(), Some(&stated)).wrong.unwrap();
    assert_eq!(wrong(stated(Some(7))), "it ends too early: entry 40 of stream ORDERS states 7 entries, and it has 5");
    assert!(wrong(stated(None)).starts_with("it is cut at the end, or another one"));
    assert!(wrong(stated(Some(5))).starts_with("it is another one"));
}

#[test]
fn an_archive_is_listed_by_the_number_of_its_order_or_return() {
    let listed = |name: &str| {
        let Archive { of, number, .. } =
            Archive::of(Listed { name: name.to_owned(), stored: None, bytes: 1, digest: None });
        (of, number)
    };
    let (order, rma) = (model::token::escape("注文 42"), model::token::escape("MY 1/7-R1"));
    assert_eq!(listed(&order), ("order".to_owned(), "注文 42".to_owned()));
    assert_eq!(listed(&format!("return.{rma}")), ("return".to_owned(), "MY 1/7-R1".to_owned()));
}
