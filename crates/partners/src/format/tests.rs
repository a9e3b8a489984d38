//! What the tests of the formats share.

use proptest::prelude::*;

/// Sees to it that something of millions of bytes is read in a time that only what grows with its length keeps.
#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
pub(super) fn in_good_time<T>(read: impl FnOnce() -> T) -> T {
    let begin = std::time::Instant::now();
    let result = read();
    assert!(begin.elapsed().as_secs() < 30, "took {:?}", begin.elapsed());
    result
}

/// A text with some of it cut out and something else put in.
pub(super) fn mangled(text: &'static str) -> impl Strategy<Value = String> {
    (0..text.len(), 0..20usize, "[<>/&;\"'=!?\\[\\]\\-a#x:,\r\n\tHDé ]{0,8}").prop_map(|(at, cut, put)| {
        let start = text.floor_char_boundary(at);
        let end = text.floor_char_boundary((start + cut).min(text.len()));
        format!("{}{put}{}", &text[..start], &text[end.max(start)..])
    })
}
