//! Files that say what the tests expect.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const HOW: &str = "look at the difference; if it is meant, run `BLESS=1 cargo test -p fulfilment`";

/// Where a golden file lies.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Whether golden files are to be written.
#[expect(clippy::disallowed_methods, reason = "a test's switch, outside the workflow")]
pub fn is_blessing() -> bool {
    std::env::var("BLESS").is_ok_and(|bless| bless == "1")
}

/// What a golden file holds, if there is one.
#[expect(clippy::disallowed_methods, reason = "a test's file, outside the workflow")]
pub fn read(name: &str) -> Option<String> {
    std::fs::read_to_string(path(name)).ok()
}

/// The names of the golden files in a folder.
pub fn files(folder: &str) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(path(folder)) else { return Vec::new() };
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

/// Writes a golden file.
#[expect(clippy::disallowed_methods, reason = "a test's file, outside the workflow")]
pub fn write(name: &str, text: &str) {
    let path = path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Holds a text against its golden file, or writes it there when blessing.
#[track_caller]
pub fn check(name: &str, actual: &str) {
    if is_blessing() {
        write(name, actual);
    }
    let Some(expected) = read(name) else { panic!("tests/golden/{name} is missing; {HOW}") };
    if expected != actual {
        panic!("tests/golden/{name} differs; {HOW}\n{}", difference(&expected, actual));
    }
}

/// The lines that one text has and the other has not.
fn difference(expected: &str, actual: &str) -> String {
    let mut difference = String::new();
    for gone in expected.lines().filter(|line| !actual.lines().any(|other| other == *line)) {
        let _ = writeln!(difference, "- {gone}");
    }
    for new in actual.lines().filter(|line| !expected.lines().any(|other| other == *line)) {
        let _ = writeln!(difference, "+ {new}");
    }
    if difference.is_empty() { "the same lines in another order, or other line ends".to_owned() } else { difference }
}
