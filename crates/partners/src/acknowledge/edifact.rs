//! The CONTRL.

use super::{Reply, Written, components, said};
use crate::format::heard::{Heard, HeardKind, Wrong};
use crate::write::edifact::{Decimal, Opening, Syntax, close, close_message};
use crate::write::segments::{Refusal, Sheet};

/// The type of acknowledgements.
const ACKNOWLEDGEMENT: &str = "CONTRL";

/// The longest reference and the longest part of a party, in letters.
const MOST: usize = 35;

/// What is told of an interchange, a group or a message.
const ACKNOWLEDGED: &str = "7";
const RECEIVED: &str = "8";
const REJECTED: &str = "4";

/// Writes the interchange that acknowledges another one; nothing where it holds acknowledgements only.
pub(super) fn reply(interchange: &Heard, kind: &str, (una, lines): (bool, bool), reply: &mut Reply<'_>) -> Written {
    let has_others = |heard: &Heard| heard.inside.iter().any(|message| !is_acknowledgement(message));
    let is_told = interchange.inside.is_empty()
        || interchange.inside.iter().any(|inside| match inside.kind {
            HeardKind::Transaction => !is_acknowledgement(inside),
            HeardKind::Group | HeardKind::Interchange => has_others(inside),
        });
    if !is_told {
        return Ok(());
    }
    let unb = &interchange.opening;
    let (sender, receiver) = (components(unb, "2", MOST), components(unb, "3", MOST));
    let [their, ours] = [&sender, &receiver].map(|party| party.iter().map(String::as_str).collect::<Vec<_>>());
    let number = reply.numbers.nth(reply.used);
    reply.used += 1;
    let syntax = Syntax::of(&components(unb, "1", MOST));
    let mut sheet = syntax.sheet(lines, reply.letters, Refusal::Unprintable);
    let opening = Opening {
        sender: &ours,
        receiver: &their,
        number,
        application: "",
        wants_ack: false,
        test: said(unb, "11", 1) == "1",
        at: reply.received,
        zone: reply.zone,
    };
    syntax.open(&mut sheet, &opening, una.then_some(Decimal::Point))?;
    sheet.begin();
    sheet.plain("UNH", &[&["1"], &kind.split(':').collect::<Vec<_>>()])?;
    let own = interchange.wrong.iter().any(|wrong| *wrong != Wrong::Repeat);
    let action = if own { RECEIVED } else { ACKNOWLEDGED };
    sheet.plain("UCI", &[&[&said(unb, "5", MOST)], &their, &ours, &[action]])?;
    for inside in &interchange.inside {
        if inside.kind == HeardKind::Group {
            let group = &inside.opening;
            let (sender, receiver) = (components(group, "2", MOST), components(group, "3", MOST));
            let [sender, receiver] =
                [&sender, &receiver].map(|party| party.iter().map(String::as_str).collect::<Vec<_>>());
            let action = if inside.wrong.is_empty() { ACKNOWLEDGED } else { RECEIVED };
            sheet.plain("UCF", &[&[&said(group, "5", MOST)], &sender, &receiver, &[action]])?;
            inside.inside.iter().try_for_each(|message| acknowledge(&mut sheet, message))?;
        } else {
            acknowledge(&mut sheet, inside)?;
        }
    }
    close_message(&mut sheet, "1")?;
    close(&mut sheet, number)?;
    reply.text.push_str(&sheet.into_text());
    Ok(())
}

fn is_acknowledgement(message: &Heard) -> bool {
    said(&message.opening, "2", MOST) == ACKNOWLEDGEMENT
}

/// Writes what is told of one message.
fn acknowledge(sheet: &mut Sheet<'_>, message: &Heard) -> Written {
    if is_acknowledgement(message) {
        return Ok(());
    }
    let kind = components(&message.opening, "2", MOST);
    let kind: Vec<&str> = kind.iter().map(String::as_str).collect();
    let reference = said(&message.opening, "1", MOST);
    let (action, code) = match message.wrong.first() {
        Some(wrong) if !message.is_taken => (REJECTED, code(*wrong)),
        Some(_) | None => (ACKNOWLEDGED, ""),
    };
    sheet.plain("UCM", &[&[&reference], &kind, &[action], &[code]])
}

const fn code(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Unreadable => "12",
        Wrong::NotClosed => "13",
        Wrong::Repeat => "26",
        Wrong::Control => "28",
        Wrong::Count => "29",
    }
}
