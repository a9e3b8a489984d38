//! The 997.

use super::{Reply, Written, said};
use crate::format::heard::{Heard, HeardKind, Wrong};
use crate::write::segments::Sheet;
use crate::write::x12::{Marks, Opening, close, open_group};

/// The functional id of acknowledgements.
const ACKNOWLEDGEMENTS: &str = "FA";

/// The release of a reply to an interchange that states none.
const OLDEST: &str = "00401";

/// The most codes that AK5 and AK9 have a place for.
const MOST_CODES: usize = 5;

/// Writes the interchange that acknowledges another one; nothing where it holds acknowledgements only.
pub(super) fn reply(interchange: &Heard, marks: &Marks, reply: &mut Reply<'_>) -> Written {
    let is_told = |group: &&Heard| group.kind == HeardKind::Group && said(&group.opening, "01", 2) != ACKNOWLEDGEMENTS;
    let groups: Vec<&Heard> = interchange.inside.iter().filter(is_told).collect();
    if groups.is_empty() {
        return Ok(());
    }
    let isa = |nth: &str, most| said(&interchange.opening, nth, most);
    let (qualifier, id, own_qualifier, own_id) = (isa("05", 2), isa("06", 15), isa("07", 2), isa("08", 15));
    let is_release = |text: &String| text.len() == 5 && text.bytes().all(|digit| digit.is_ascii_digit());
    let release = Some(isa("12", 5)).filter(is_release).unwrap_or_else(|| OLDEST.to_owned());
    let usage = Some(isa("15", 1)).filter(|usage| usage == "T").unwrap_or_else(|| "P".to_owned());
    let number = reply.numbers.nth(reply.used);
    let opening = Opening {
        sender: (&own_qualifier, &own_id),
        receiver: (&qualifier, &id),
        release: &release,
        number,
        wants_ack: false,
        usage: &usage,
        at: reply.received,
        zone: reply.zone,
    };
    let marks = marks.of_release(&release);
    let mut sheet = marks.sheet(reply.letters);
    marks.open(&mut sheet, &opening)?;
    let runs: Vec<&[&Heard]> = groups.chunk_by(|one, other| parties(one) == parties(other)).collect();
    for run in &runs {
        let [sender, receiver, version] = parties(run[0]);
        let number = reply.numbers.nth(reply.used);
        reply.used += 1;
        open_group(&mut sheet, ACKNOWLEDGEMENTS, (&receiver, &sender), number, &version, &opening)?;
        for (nth, group) in (1..).zip(*run) {
            acknowledge(&mut sheet, group, nth)?;
        }
        sheet.plain("GE", &[&[&run.len().to_string()], &[&number.to_string()]])?;
    }
    close(&mut sheet, runs.len(), number)?;
    reply.text.push_str(&sheet.into_text());
    Ok(())
}

/// Who sent a group, to whom, and in which version.
fn parties(group: &Heard) -> [String; 3] {
    [("02", 15), ("03", 15), ("08", 12)].map(|(nth, most)| said(&group.opening, nth, most))
}

/// Writes the `nth` 997, of one group.
fn acknowledge(sheet: &mut Sheet<'_>, group: &Heard, nth: usize) -> Written {
    let control = format!("{nth:04}");
    sheet.begin();
    sheet.plain("ST", &[&["997"], &[&control]])?;
    sheet.plain("AK1", &[&[&said(&group.opening, "01", 2)], &[&said(&group.opening, "06", 9)]])?;
    let mut is_sound = group.wrong.is_empty();
    for transaction in &group.inside {
        let (set, number) = (said(&transaction.opening, "01", 3), said(&transaction.opening, "02", 9));
        sheet.plain("AK2", &[&[&set], &[&number]])?;
        let code = match (transaction.is_taken, transaction.wrong.is_empty()) {
            (false, _) => "R",
            (true, false) => "E",
            (true, true) => "A",
        };
        is_sound &= code == "A";
        coded(sheet, "AK5", &[code], transaction.wrong.iter().map(|wrong| of_transaction(*wrong, &number)))?;
    }
    let (received, accepted) = group.transactions();
    let code = match accepted {
        0 if received > 0 || !group.wrong.is_empty() => "R",
        _ if accepted < received => "P",
        _ if is_sound => "A",
        _ => "E",
    };
    let counts = [group.stated.unwrap_or(received), received, accepted].map(|count| count.to_string());
    let [stated, received, accepted] = &counts;
    coded(sheet, "AK9", &[code, stated, received, accepted], group.wrong.iter().filter_map(|wrong| of_group(*wrong)))?;
    let count = (sheet.inside() + 1).to_string();
    sheet.plain("SE", &[&[&count], &[&control]])
}

/// Writes a segment that ends in codes.
fn coded(sheet: &mut Sheet<'_>, id: &str, elements: &[&str], codes: impl Iterator<Item = &'static str>) -> Written {
    let mut all = elements.to_vec();
    for code in codes.take(MOST_CODES) {
        all.push(code);
    }
    sheet.plain(id, &all.iter().map(std::slice::from_ref).collect::<Vec<_>>())
}

const fn of_transaction(wrong: Wrong, control: &str) -> &'static str {
    match wrong {
        Wrong::NotClosed => "2",
        Wrong::Control if control.is_empty() => "7",
        Wrong::Control => "3",
        Wrong::Count => "4",
        Wrong::Unreadable => "5",
        Wrong::Repeat => "23",
    }
}

const fn of_group(wrong: Wrong) -> Option<&'static str> {
    match wrong {
        Wrong::NotClosed => Some("3"),
        Wrong::Control => Some("4"),
        Wrong::Count => Some("5"),
        Wrong::Repeat => Some("19"),
        Wrong::Unreadable => None,
    }
}
