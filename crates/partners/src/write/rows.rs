//! What formats of rows have in common when they are written.

use crate::out::Written;
use crate::unreadable::{Unreadable, UnreadableKind};

/// Which characters end the lines of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    Lf,
    CrLf,
}

impl LineEnd {
    /// Reads the key `line_end`.
    pub(super) fn compile(section: &mut crate::source::Section<'_>) -> Result<Self, crate::source::ProfileError> {
        let Some(node) = section.optional("line_end") else { return Ok(Self::Lf) };
        match node.text()? {
            "lf" => Ok(Self::Lf),
            "crlf" => Ok(Self::CrLf),
            _ => Err(node.error("expected `lf` or `crlf`")),
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// The cells of a row, by their names.
pub(super) type Cells<'w, 't> = &'w [(&'t str, Written<'t>)];

/// Calls for each row of a body, with the code that stands before it where it has one.
pub(super) fn visit<'w, 't>(
    written: &'w Written<'t>,
    visit: &mut impl FnMut(Option<&'w str>, Cells<'w, 't>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    match written {
        Written::Object(cells) => visit(None, cells),
        Written::List(items) => match &items[..] {
            [Written::Constant(code), Written::Object(cells)] => visit(code.as_str(), cells),
            _ => items.iter().try_for_each(|item| self::visit(item, visit)),
        },
        Written::Absent => Ok(()),
        Written::Constant(_) | Written::Field(..) | Written::Segments => {
            Err(Unreadable::new(UnreadableKind::WrongValue, "$", "has a value where a row is expected"))
        }
    }
}
