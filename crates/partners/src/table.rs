//! Code tables: `[table.<name>]`, the partner's codes as keys and our words as values.
//!
//! The key `else` gives the word for every code that is not listed, or says `{ reject = true }`: a message with another code is
//! unreadable. One of the two must be there, unless a [guard](crate::guard) lets no other code get as far. Where a field names a
//! list of tables, the first that lists a code gives its word, and an `else` counts when none does. [Some tables](crate::crosswalk) come with Waybill. The words are checked when the profile is loaded, against what each field that uses the table expects.

use std::collections::{HashMap, HashSet};

use crate::compiler::Compiler;
use crate::field::shown;
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
    /// Whether it says that other codes are unreadable.
    rejects: bool,
}

impl<T: Readable> Codes<T> {
    /// Compiles the table that `named` names, or the list of them: of each code the first word counts.
    fn compile(named: Node<'_>, compiler: &Compiler<'_>, how: &T::How) -> Result<Self, ProfileError> {
        let names: Vec<&str> = named.one_or_more().iter().map(Node::text).collect::<Result<_, _>>()?;
        let mut codes =
            Self { name: names.join("`, `").into(), known: HashMap::new(), otherwise: None, rejects: false };
        for section in compiler.code_tables(named)? {
            for (word, code, _) in section.entries() {
                if code == ELSE && word.is_table() {
                    codes.rejects |= rejects(word)?;
                    continue;
                }
                let text = word.text()?;
                let read = T::read(text, how);
                let read = read.ok_or_else(|| {
                    let (wrong, expected) = (shown(text), T::expected(text, how));
                    word.error(format!("`{wrong}` means nothing here; expected {expected}"))
                })?;
                if code == ELSE {
                    codes.otherwise.get_or_insert(read);
                } else {
                    codes.known.entry(code.into()).or_insert(read);
                }
            }
        }
        if codes.known.len() > MAX_CODES {
            return Err(named.error(format!("expected a table of at most {MAX_CODES} codes")));
        }
        Ok(codes)
    }

    /// The same, where no code may be left open that can come: of any, or of these.
    pub(crate) fn total(
        named: Node<'_>,
        compiler: &Compiler<'_>,
        how: &T::How,
        choice: Option<&HashSet<Box<str>>>,
    ) -> Result<Self, ProfileError> {
        let codes = Self::compile(named, compiler, how)?;
        if codes.is_total(choice) { Ok(codes) } else { Err(named.error(NOT_TOTAL)) }
    }

    fn is_total(&self, choice: Option<&HashSet<Box<str>>>) -> bool {
        let lists = |wanted: &HashSet<Box<str>>| wanted.iter().all(|code| self.known.contains_key(code));
        self.rejects || self.otherwise.is_some() || choice.is_some_and(lists)
    }

    pub(crate) fn look_up(&self, code: &str) -> Option<&T> {
        self.known.get(code).or(self.otherwise.as_ref())
    }
}

/// What a field must not name.
const NOT_TOTAL: &str = "the table does not say what becomes of a code that it does not list; expected \
                                    `else = \"<word>\"` or `else = { reject = true }` in it, or a guard with `in_table`";

/// Reads `{ reject = true }`.
fn rejects(node: Node<'_>) -> Result<bool, ProfileError> {
    let mut section = node.section()?;
    let reject = section.required("reject")?;
    section.finish()?;
    if reject.flag()? { Ok(true) } else { Err(reject.error("expected `true`; leave `else` out otherwise")) }
}
