use super::super::list::tests::about;
use super::*;

fn said(field: &str, text: &str) -> String {
    let reason = Reason::new(Kind::Invalid, text);
    words(&if field.is_empty() { reason } else { reason.at(field) })
}

#[test]
fn values_are_taken_out_and_what_is_expected_stays() {
    let cases = [
        ("items[3].qty", "`items[3].qty` holds `12,5,0`; expected a number", "holds `…`; expected a number"),
        (
            "a.no",
            "`a.no` holds `x1`; expected a whole number from 0 to 99",
            "holds `…`; expected a whole number from 0 to 99",
        ),
        (
            "a",
            "`a` is absent; expected a time, here or in `orders[2].at`",
            "is absent; expected a time, here or in `orders[*].at`",
        ),
        ("$", "the message has 7340033 bytes; the limit is 4194304", "the message has … bytes; the limit is 4194304"),
        (
            "$",
            "the message is no JSON: expected `,` or `}` at line 3 column 17",
            "the message is no JSON: expected `,` or `}` at line … column …",
        ),
        (
            "t[1]",
            "`t[1]` has 4 segments, and `SE.01` says `7`; send it again",
            "has … segments, and `SE.01` says `…`; send it again",
        ),
        (
            "interchanges[0]",
            "`interchanges[0]` opens with the control number `UNB.5` `2803570` and closes with `UNZ.2` `A05570`",
            "opens with the control number `UNB.5` `…` and closes with `UNZ.2` `…`",
        ),
        ("", "unknown reference SHP; 12, tried 7 times", "unknown reference …"),
        (
            "",
            "what it tells of order SO-7 is more than one entry holds",
            "what it tells of … is more than one entry holds",
        ),
    ];
    for (field, text, expected) in cases {
        assert_eq!(said(field, text), expected, "{text}");
    }
}

#[test]
fn a_code_that_nobody_knows_is_the_cause() {
    let code = |code: &str, n: usize| {
        said(&format!("e[{n}].code"), &format!("`e[{n}].code` holds `{code}`, which is not in the table `status`"))
    };
    assert_eq!(code("X7", 1), "holds `X7`, which is not in the table `status`");
    assert_eq!(code("X7", 1), code("X7", 2));
    assert_ne!(code("X7", 1), code("X8", 1));
    let unmapped = said("code", "`code` holds `17`, and no rule of the profile says what that means");
    assert_eq!(unmapped, "holds `17`, and no rule of the profile says what that means");
    assert_eq!(
        said("$", "the message is called `poem`, and the profile of c1 knows no such message"),
        "the message is called `poem`, and the profile of c1 knows no such message"
    );
    assert_eq!(
        said("", "wms may not tell `billed`; its system of record is the erp"),
        "wms may not tell `billed`; its system of record is the erp"
    );
}

#[test]
fn the_first_of_several_reasons_is_the_cause() {
    let two = "`a[1].q` is absent; expected a number; `a[2].q` holds `x; `, which is not in the table `t`; and 3 more";
    assert_eq!(said("a[1].q", two), "is absent; expected a number");
    let owner = "wms may not tell `billed`; its system of record is the erp; wms may not tell `credited`; and so on";
    assert_eq!(said("", owner), "wms may not tell `billed`; its system of record is the erp");
    let advice = "no profile for partner c1; add one and release the message";
    assert_eq!(said("", advice), advice);
    assert_eq!(said("b", "`b` holds `x; `y`; expected a number").chars().next(), Some('h'));
}

#[test]
fn only_numbers_of_elements_leave_a_path() {
    let cases = [("a[0].b[12]", "a[*].b[*]"), ("a[x=1].b", "a[x=1].b"), ("a[", "a["), ("a[1", "a[1"), ("$", "$")];
    for (path, expected) in cases {
        assert_eq!(in_any_list(path), expected);
    }
}

#[test]
fn ten_thousand_messages_with_one_unknown_code_are_one_cause() {
    let mut causes = Causes::default();
    for n in 0..10_000_u64 {
        let text = format!("`events[{}].code` holds `X7`, which is not in the table `status`", n % 7);
        let mut about = about(Kind::Invalid, "c1", &text);
        about.reason.field = Some(format!("events[{}].code", n % 7));
        about.received = Timestamp::from_second(i64::try_from(n).unwrap()).unwrap();
        causes.add(&Item { sequence: n + 1, about });
    }
    let causes = causes.into_most_frequent();
    assert_eq!(causes.len(), 1);
    let Cause { field, count, first, last, example, .. } = &causes[0];
    assert_eq!((field.as_deref(), *count, *example), (Some("events[*].code"), 10_000, 10_000));
    assert_eq!((first.as_second(), last.as_second()), (0, 9_999));
}

#[test]
fn causes_without_end_are_counted_together() {
    let mut causes = Causes::default();
    for n in 0..=MOST_CAUSES as u64 {
        let text = format!("`code` holds `X{n}`, which is not in the table `status`");
        causes.add(&Item { sequence: n + 1, about: about(Kind::Invalid, "c1", &text) });
    }
    assert_eq!((causes.others, causes.into_most_frequent().len()), (1, MOST_CAUSES));
}
