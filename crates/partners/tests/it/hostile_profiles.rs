//! Profiles as nobody should write them: the loader says what is wrong with them, in their place, and never ends the process.

use partners::profile::MAX_PROFILE;
use partners::{Profile, shipped, templates};
use proptest::prelude::*;

/// What is done to a sound profile.
#[derive(Debug, Clone)]
enum Damage {
    Cut(usize),
    Without(usize),
    Twice(usize),
    Swapped(usize, usize),
    Put(usize, &'static str),
    Byte(usize, u8),
}

const ODD: [&str; 14] = [
    "\"",
    "[",
    "]]",
    "{",
    "= ",
    ".",
    "[*]",
    "^^^^^^^^^^",
    "\u{0}",
    "\u{202e}",
    "[[[[[[[[[[[[[[[[",
    "9999999999999999999999",
    "[in.x.y.z]\n",
    "'''",
];

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<usize>().prop_map(Damage::Cut),
        any::<usize>().prop_map(Damage::Without),
        any::<usize>().prop_map(Damage::Twice),
        any::<(usize, usize)>().prop_map(|(one, other)| Damage::Swapped(one, other)),
        (any::<usize>(), prop::sample::select(ODD.to_vec())).prop_map(|(at, odd)| Damage::Put(at, odd)),
        any::<(usize, u8)>().prop_map(|(at, byte)| Damage::Byte(at, byte)),
    ]
}

fn damaged(text: &str, damage: &Damage) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    match *damage {
        Damage::Cut(at) => return text[..text.floor_char_boundary(at % text.len())].to_owned(),
        Damage::Without(nth) => drop(lines.remove(nth % lines.len())),
        Damage::Twice(nth) => lines.insert(nth % lines.len(), lines[nth % lines.len()]),
        Damage::Swapped(one, other) => {
            let count = lines.len();
            lines.swap(one % count, other % count);
        }
        Damage::Put(at, odd) => {
            let at = text.floor_char_boundary(at % text.len());
            return [&text[..at], odd, &text[at..]].concat();
        }
        Damage::Byte(at, byte) => {
            let mut bytes = text.as_bytes().to_vec();
            let place = at % bytes.len();
            bytes[place] = byte;
            return String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_profile_loads_or_says_where_it_is_wrong(which in any::<usize>(), damages in prop::collection::vec(damage(), 1..4)) {
        let all: Vec<_> = shipped().iter().chain(templates()).collect();
        let mut text = all[which % all.len()].1.to_owned();
        for damage in &damages {
            if text.lines().count() < 2 {
                break;
            }
            text = damaged(&text, damage);
        }
        if let Err(error) = Profile::load("p.toml", &text) {
            let known = ["p.toml", "x12-214", "iftsta", "easypost", "aftership"];
            prop_assert!(known.contains(&error.file.as_str()) || templates().iter().any(|(name, _)| *name == error.file));
            prop_assert!(error.line >= 1 && error.line <= text.lines().count() + 1, "{error}");
            prop_assert!(!error.problem.is_empty() && error.problem.len() < 4_000, "{error}");
        }
    }
}

#[test]
fn what_is_too_much_is_refused_before_it_is_read() {
    let head = "partner = \"p\"\nsystem = \"wms\"\nversion = 1\n";
    let long = format!("{head}# {}", "x".repeat(MAX_PROFILE));
    assert!(Profile::load("p.toml", &long).unwrap_err().problem.contains("expected at most"));
    let deep = format!("{head}a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Profile::load("p.toml", &deep).is_err());
    let codes: String = (0..25_000).map(|n| format!("c{n} = \"EA\"\n")).collect();
    let many = format!(
        "{head}[table.t]\nelse = \"EA\"\n{codes}[in.m]\nformat = \"json\"\n[[in.m.facts]]\nkind = \"movement\"\n\
         location = \"l\"\nsku = \"s\"\nmovement = {{ value = \"counted\" }}\nquantity = \"q\"\nunit = {{ path = \"u\", table = \"t\" }}\n"
    );
    assert!(Profile::load("p.toml", &many).unwrap_err().problem.contains("at most 20000 codes"));
}
