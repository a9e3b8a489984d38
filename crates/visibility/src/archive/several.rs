//! The archives of many orders in one file: before each a line that names it, and how it must end.

use std::io::{self, BufRead, Read};

use serde::{Deserialize, Serialize};

use super::{ArchiveError, Verified, broken, verify};

/// The most bytes of one line.
const MOST_LINE: u64 = 64 * 1024 * 1024;

/// The line before an order's lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heading {
    /// The order, as its ERP writes it.
    pub order: String,
    /// How many lines follow.
    pub entries: u64,
    /// The last link of their chain.
    pub digest: String,
}

/// How every heading begins, and no archived line.
const BEGINS: &[u8] = b"{\"order\":";

/// Whether a file that begins so holds many orders' archives.
#[must_use]
pub fn is_several(begins: &[u8]) -> bool {
    begins.starts_with(BEGINS)
}

/// Hands over the archive of each order in turn, held against its own chain and its heading; one order's lines are in memory at
/// once. Ends with the file, or at the first line that cannot be placed.
///
/// # Errors
/// When the file cannot be read.
pub fn verify_several(
    mut file: impl BufRead,
    mut take: impl FnMut(Option<&Heading>, Result<Verified, ArchiveError>),
) -> io::Result<()> {
    let mut number = 0;
    let mut line = Vec::new();
    loop {
        number += 1;
        if !next(&mut file, &mut line)? {
            return Ok(());
        }
        let heading: Heading = match serde_json::from_slice(&line) {
            Ok(heading) => heading,
            Err(error) => {
                let what = format!("the line that names the next order was expected here: {error}");
                take(None, Err(broken(number, &what)));
                return Ok(());
            }
        };
        let first = number;
        let mut lines = Vec::new();
        for _ in 0..heading.entries {
            if !next(&mut file, &mut line)? {
                break;
            }
            number += 1;
            lines.extend_from_slice(&line);
        }
        take(Some(&heading), against(&heading, &lines).map_err(|error| error.further_down(first)));
    }
}

fn against(heading: &Heading, lines: &[u8]) -> Result<Verified, ArchiveError> {
    let verified = verify(lines)?;
    if verified.digest == heading.digest {
        return Ok(verified);
    }
    Err(ArchiveError::Cut { digest: verified.digest, stated: heading.digest.clone() })
}

/// Reads a line with its end; false at the end of the file.
fn next(file: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = file.take(MOST_LINE).read_until(b'\n', line)?;
    if read as u64 == MOST_LINE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("a line has more than {MOST_LINE} bytes")));
    }
    Ok(read > 0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::trail;
    use super::super::{Trail, chain};
    use super::*;

    fn file(orders: &[(&str, u64)]) -> String {
        let of = |(order, entries): &(&str, u64)| {
            let Trail { bytes, digest, entries } = chain(&trail(*entries)).unwrap();
            let heading = Heading { order: (*order).to_owned(), entries: u64::from(entries), digest };
            format!("{}\n{}", serde_json::to_string(&heading).unwrap(), String::from_utf8(bytes).unwrap())
        };
        orders.iter().map(of).collect()
    }

    fn found(file: &str) -> Vec<(Option<String>, Option<String>)> {
        let mut found = Vec::new();
        let take = |heading: Option<&Heading>, verified: Result<Verified, ArchiveError>| {
            found.push((heading.map(|heading| heading.order.clone()), verified.err().map(|error| error.to_string())));
        };
        verify_several(file.as_bytes(), take).unwrap();
        found
    }

    #[test]
    fn each_order_has_a_chain_of_its_own() {
        let file = file(&[("SO 1", 3), ("SO 2", 2)]);
        assert!(is_several(file.as_bytes()) && !is_several(&chain(&trail(1)).unwrap().bytes));
        assert_eq!(found(&file), [(Some("SO 1".to_owned()), None), (Some("SO 2".to_owned()), None)]);
    }

    #[test]
    fn what_was_changed_moved_or_cut_is_named_with_its_order_and_line() {
        let sound = file(&[("SO 1", 3), ("SO 2", 3)]);
        let lines: Vec<&str> = sound.lines().collect();
        let wrong = |lines: &[&str]| found(&lines.join("\n")).into_iter().find(|(_, wrong)| wrong.is_some()).unwrap();
        let changed = lines[6].replace("wait 2", "wait 9");
        let (order, why) = wrong(&[&lines[..6], &[changed.as_str()], &lines[7..]].concat());
        assert_eq!(order.as_deref(), Some("SO 2"));
        assert!(why.unwrap().starts_with("line 7 of"));
        let (order, why) = wrong(&lines[..7]);
        assert_eq!(order.as_deref(), Some("SO 2"));
        assert!(why.unwrap().contains("lines are missing at its end"));
        let (order, why) = wrong(&[&lines[..3], &lines[4..]].concat());
        assert_eq!(order.as_deref(), Some("SO 1"), "{why:?}");
        assert!(why.unwrap().starts_with("line 4 of"));
        let (order, why) = wrong(&[&lines[..4], &lines[5..]].concat());
        assert_eq!((order, why.unwrap().starts_with("line 5 of")), (None, true));
    }
}
