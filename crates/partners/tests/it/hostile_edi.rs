//! X12 and EDIFACT that nobody should send: every answer is one, and it comes in linear time.

use std::time::{Duration, Instant};

use model::PartnerId;
use partners::{Profile, Told, UnreadableKind, format};
use proptest::prelude::*;

use crate::received;

fn profile(format: &str, each: &str, order: &str) -> Profile {
    let text = format!(
        r#"
        partner = "p"
        system = "wms"
        version = 1
        [in.m]
        format = "{format}"
        each = "{each}[*]"
        order = {{ path = '{order}' }}
        loops = {{ N1 = ["N3", "N4", "REF"], PO1 = ["N1", "PID"], NAD = ["LOC", "RFF"], LIN = ["NAD", "QTY"] }}
        [[in.m.facts]]
        kind = "milestone"
        milestone = {{ value = "fulfilment.picked" }}"#
    );
    Profile::load_for("p.toml", &text, PartnerId::new("p").unwrap()).unwrap()
}

fn x12() -> Profile {
    profile("x12", "transactions", "BEG.03.1")
}

fn edifact() -> Profile {
    profile("edifact", "messages", r#"BGM[1="220"].2.1"#)
}

const X12: &str = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260301*0905*^*00501*000000001*0*P*:~
GS*PO*A*B*20260301*0905*1*X*005010~ST*850*1~BEG*00*NE*P1~N1*ST*X~N3*A:B^C~SE*5*1~ST*850*2~BEG*00*NE*P2~SE*3*2~GE*2*1~IEA*1*1~";

const EDIFACT: &str = "UNA:+.?*'UNB+UNOC:4+A+B+260301:0905+7'UNH+1+ORDERS:D:96A:UN'BGM+220+P?'1'NAD+BY+1::9*2'LOC+1'\
    UNT+5+1'UNH+2+ORDERS:D:96A:UN'BGM+220+P2'UNT+3+2'UNZ+2+7'";

/// How many parts of a message count, and how many are rejected.
fn parts(profile: &Profile, raw: &[u8]) -> (usize, usize) {
    match profile.decode("m", raw, received()) {
        Ok(told) => {
            let rejected = told.iter().filter(|told| matches!(told, Told::Rejected(_))).count();
            (told.len() - rejected, rejected)
        }
        Err(why) => {
            assert!(!why.field.is_empty() && !why.detail.is_empty(), "{why}");
            (0, 1)
        }
    }
}

#[test]
fn what_is_cut_off_anywhere_is_never_taken_for_whole() {
    for (profile, whole) in [(x12(), X12), (edifact(), EDIFACT)] {
        assert_eq!(parts(&profile, whole.as_bytes()), (2, 0));
        // The end of the last segment is all that may be missing.
        for length in 0..whole.len() - 1 {
            let (sound, rejected) = parts(&profile, &whole.as_bytes()[..length]);
            assert!(sound <= 2 && rejected > 0, "{length}");
        }
        assert_eq!(parts(&profile, &whole.as_bytes()[..whole.len() - 1]), (2, 0));
    }
}

#[test]
fn a_byte_less_or_other_anywhere_never_panics() {
    for (profile, whole) in [(x12(), X12), (edifact(), EDIFACT)] {
        for at in 0..whole.len() {
            let mut less = whole.as_bytes().to_vec();
            less.remove(at);
            parts(&profile, &less);
            for other in [0, b' ', b'\n', b'*', b'~', b'+', b'\'', b'?', b':', b'^', b'A', b'9', 0xff] {
                let mut changed = whole.as_bytes().to_vec();
                changed[at] = other;
                parts(&profile, &changed);
            }
        }
    }
}

#[test]
fn what_is_no_edi_says_so() {
    for raw in ["", " \n", "{}", "ISA", "ISA*00", "UNA", "<xml/>", "GS*PO*A~", &"ISA*".repeat(500)] {
        let why = x12().decode("m", raw.as_bytes(), received()).unwrap_err();
        assert!(why.kind == UnreadableKind::Malformed && why.detail.contains("expected `ISA`"), "{raw}: {why}");
    }
    for raw in ["", "ISA*00", "{}", "unb+", "XUNB+"] {
        let why = edifact().decode("m", raw.as_bytes(), received()).unwrap_err();
        assert!(why.kind == UnreadableKind::Malformed && why.detail.contains("expected `UNA`"), "{raw}: {why}");
    }
}

/// Messages of the greatest length made of what costs most, each with what it must be called.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
fn the_largest_messages_are_answered_in_time() {
    let start = X12.split("BEG").next().unwrap();
    let filled =
        |start: &str, with: &str| start.to_owned() + &with.repeat((format::MAX_MESSAGE - start.len()) / with.len());
    let opening = EDIFACT.split("BGM").next().unwrap();
    let large = [
        (x12(), filled(start, "N1*~")),
        (x12(), filled(start, "PO1*1~N1*1~N3*1~")),
        (x12(), filled(start, "*")),
        (x12(), filled(start, ":")),
        (x12(), filled(&format!("{start}BEG*"), "^")),
        (x12(), filled(&format!("{start}BEG*"), "A:B^")),
        (x12(), filled(start, "~")),
        (x12(), filled(start, "ST*1*1~SE*2*1~")),
        (x12(), filled("", X12.split('\n').next().unwrap())),
        (x12(), filled(start, "x~")),
        (x12(), filled(start, "ISA*~")),
        (edifact(), filled(opening, "LIN'NAD'LOC'")),
        (edifact(), filled(opening, "?")),
        (edifact(), filled(opening, "+A:B*C")),
        (edifact(), filled("", "UNA:+.? '")),
        (edifact(), filled("UNH+1+A'", "UNH+1'")),
        (edifact(), filled("UNH+1+A'", "UNT+1'")),
    ];
    for (profile, raw) in large {
        let began = Instant::now();
        let (sound, rejected) = parts(&profile, raw.as_bytes());
        let took = began.elapsed();
        let shown = &raw[raw.len() - 20..];
        assert!(sound <= 1 && rejected > 0, "{shown}: {sound} and {rejected}");
        assert!(took < Duration::from_secs(20), "{shown} took {took:?}");
    }
}

/// Pieces of both syntaxes, so that random messages get past the first segment.
const PIECES: [&str; 24] = [
    "ISA*00*  *00*  *ZZ*A*ZZ*B*260301*0905*^*00501*1*0*P*:~",
    "GS*PO*A*B*20260301*0905*1*X*005010~",
    "ST*850*1~",
    "ST*850*2~",
    "BEG*00*NE*P1~",
    "N1*A:B^C~",
    "N3*~",
    "SE*3*1~",
    "SE*2*2~",
    "GE*1*1~",
    "IEA*1*1~",
    "PO1*1~",
    "UNA:+.? '",
    "UNB+UNOC:4+A+B+1:1+7'",
    "UNG+A+A+B+1:1+5'",
    "UNH+1+A'",
    "BGM+220+P?'1'",
    "NAD+A:B*C'",
    "UNT+3+1'",
    "UNE+1+5'",
    "UNZ+1+7'",
    "?",
    "\r\n",
    "é",
];

proptest! {
    #[test]
    fn bytes_never_panic(raw in prop::collection::vec(any::<u8>(), 0..300), start in 0..3usize) {
        let raw = [["", X12, EDIFACT][start].as_bytes(), &raw].concat();
        parts(&x12(), &raw);
        parts(&edifact(), &raw);
    }

    #[test]
    fn segments_in_any_order_never_panic(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..30)) {
        let raw = pieces.concat();
        parts(&x12(), raw.as_bytes());
        parts(&x12(), (PIECES[0].to_owned() + &raw).as_bytes());
        parts(&edifact(), raw.as_bytes());
        parts(&edifact(), (PIECES[13].to_owned() + &raw).as_bytes());
    }
}
