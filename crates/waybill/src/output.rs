//! Where a command's answer goes: standard output, as a text for people or as JSON.

use std::io::{self, Write};

use anyhow::Context as _;
use serde::Serialize;

use crate::exit::Failure;

/// In which form a command answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program reads the answer.
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Prints the value: as JSON, or as the text made of it, in colours only on a terminal that wants them.
    pub fn show<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        if self.json {
            let json = serde_json::to_string_pretty(value).context("the answer has no JSON form")?;
            return written(writeln!(io::stdout().lock(), "{json}"));
        }
        let text = text(value);
        written(write!(anstream::stdout().lock(), "{text}"))
    }

    /// Prints bytes as they are.
    pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        written(out.write_all(bytes).and_then(|()| out.flush()))
    }
}

/// Who reads only the beginning, as `head` does, has what they want.
fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(anyhow::Error::new(error).context("cannot write to standard output").into()),
        Ok(()) => Ok(()),
    }
}
