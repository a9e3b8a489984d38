//! The log of a child: shown as it comes, and its end kept for when the child dies.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncReadExt as _;
use tokio::process::ChildStderr;

/// How many bytes of the end are kept.
const MAX_KEPT: usize = 8 * 1024;
/// How many lines of them are shown.
const MAX_LINES: usize = 12;
/// How much is read at once.
const CHUNK: usize = 4 * 1024;

/// The end of a child's log.
pub(super) struct LastWords(Arc<Mutex<Vec<u8>>>);

impl LastWords {
    /// Reads a log until the child closes it.
    pub fn of(mut log: ChildStderr) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let words = Self(Arc::clone(&kept));
        tokio::spawn(async move {
            let mut chunk = [0; CHUNK];
            while let Ok(read @ 1..) = log.read(&mut chunk).await {
                // Whoever read this process's own log may have gone.
                let _ = std::io::stderr().write_all(&chunk[..read]);
                keep(&mut kept.lock().unwrap_or_else(PoisonError::into_inner), &chunk[..read]);
            }
        });
        words
    }

    /// Its last lines, indented.
    pub fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last_lines(&String::from_utf8_lossy(&kept))
    }
}

fn keep(kept: &mut Vec<u8>, chunk: &[u8]) {
    kept.extend_from_slice(chunk);
    kept.drain(..kept.len().saturating_sub(MAX_KEPT));
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(MAX_LINES)..].iter().map(|line| format!("  {line}"));
    last.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept_and_shown() {
        let mut kept = Vec::new();
        for number in 0..10_000 {
            keep(&mut kept, format!("line {number}\n").as_bytes());
            assert!(kept.len() <= MAX_KEPT);
        }
        let text = last_lines(&String::from_utf8_lossy(&kept));
        assert_eq!(text.lines().count(), MAX_LINES);
        assert!(text.starts_with("  line 9988\n") && text.ends_with("\n  line 9999"), "{text}");
        assert_eq!(last_lines(""), "");
    }
}
