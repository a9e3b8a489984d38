//! Code tables: `[table.<name>]`, the partner's codes as keys and our words as values.
//!
//! The key `else` gives the word for every code that is not listed. A table without it makes a message with an unlisted code
//! unreadable. The words are checked when the profile is loaded, against what each field that uses the table expects.

use std::collections::HashMap;

use crate::compiler::Compiler;
use crate::source::{Node, ProfileError};
use crate::words::Readable;

/// The most codes a table may have.
pub const MAX_CODES: usize = 20_000;

/// The key of the word for codes that are not listed.
pub(crate) const ELSE: &str = "else";

/// A code table whose words are of one kind.
#[derive(Debug)]
pub(crate) struct Codes<T> {
    pub(crate) name: Box<str>,
    known: HashMap<Box<str>, T>,
    otherwise: Option<T>,
}

impl<T: Readable> Codes<T> {
    /// Compiles the table that `name` names.
    pub(crate) fn compile(name: Node<'_>, compiler: &Compiler<'_>, how: &T::How) -> Result<Self, ProfileError> {
        let mut codes = Self { name: name.text()?.into(), known: HashMap::new(), otherwise: None };
        let section = compiler.table(name)?;
        for (word, code, _) in section.entries() {
            let text = word.text()?;
            let read = T::read(text, how);
            let read = read.ok_or_else(|| word.error(format!("expected {}", T::expected(text, how))))?;
            if code == ELSE {
                codes.otherwise = Some(read);
            } else {
                codes.known.insert(code.into(), read);
            }
        }
        if codes.known.len() > MAX_CODES {
            return Err(name.error(format!("expected a table of at most {MAX_CODES} codes")));
        }
        Ok(codes)
    }

    pub(crate) fn look_up(&self, code: &str) -> Option<&T> {
        self.known.get(code).or(self.otherwise.as_ref())
    }
}
