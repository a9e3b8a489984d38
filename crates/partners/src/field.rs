//! Fields: where a value comes from and what it becomes.
//!
//! A field is a path written as a text, `sku = "item.number"`, or a table with these keys:
//!
//! | key | means |
//! |---|---|
//! | `path` | the [path](crate::path) of the value, or a list of paths of which the first that holds a value counts |
//! | `nth` | `true`: where `path` leads to nothing, or there is none, the place of the element in its list, from 1: of lines without numbers. With `join` it is joined as the last |
//! | `unpad` | a character such as `"0"` that is taken off the beginning of the value, except for a last one: `"000010"` is `"10"` |
//! | `join` | a list of paths whose values are joined with a space; those that are absent are left out |
//! | `value` | a constant, instead of `path` or `join` |
//! | `default` | a constant for when the value is absent |
//! | `absent` | a list of texts that the partner writes for "nothing", such as `["0", "N/A"]` |
//! | `prefix` | a text put before the value |
//! | `table` | the name of a [code table](crate::table) that translates the value, or a list of them; a code that is in none makes the part unreadable |
//! | `as` | how a country, number or time is written; see [`words`](crate::words) |
//! | `times` | for numbers only; see [`words`](crate::words) |
//! | `zone` | for times only; see [`words`](crate::words) |
//!
//! `null`, an empty text and a blank one count as absent. A list or an object where a value belongs is an error.

use std::borrow::Cow;

use serde_json::{Number, Value};

use crate::compiler::Compiler;
use crate::path::Path;
use crate::scope::Scope;
use crate::source::{Node, ProfileError};
use crate::table::Codes;
use crate::unreadable::{Unreadable, UnreadableKind};
use crate::words::Readable;

/// How much of a wrong value a reason repeats, in characters.
const SHOWN: usize = 40;

/// Whole numbers beyond this lose digits in a JSON reader, so they are no sound text (2^53).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A compiled field.
#[derive(Debug)]
pub(crate) struct Field<T: Readable> {
    origin: Origin<T>,
    default: Option<T>,
    absent: Box<[Box<str>]>,
    prefix: Box<str>,
    unpad: Option<char>,
    codes: Option<Codes<T>>,
    how: T::How,
}

#[derive(Debug)]
enum Origin<T> {
    Constant(T),
    First(Box<[Path]>),
    Joined(Box<[Path]>),
    /// The same with the element's place behind.
    JoinedWithNth(Box<[Path]>),
    /// The first that holds a value, or else the element's place.
    FirstOrNth(Box<[Path]>),
}

impl<T: Readable> Field<T> {
    pub(crate) fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        if node.as_text().is_some() {
            let path = compiler.path(node)?;
            return Ok(Self {
                origin: Origin::First(Box::new([path])),
                default: None,
                absent: Box::default(),
                prefix: Box::default(),
                unpad: None,
                codes: None,
                how: T::how_by_default(compiler),
            });
        }
        let mut section = node.section()?;
        let how = T::how(&mut section, compiler)?;
        let constant = |node: Node<'_>| {
            let value = node.constant()?;
            let text = text_of(&value).unwrap_or_default();
            T::read(&text, &how).ok_or_else(|| node.error(format!("expected {}", T::expected(&text, &how))))
        };
        let nth = section.optional("nth").map_or(Ok(false), |node| node.flag())?;
        let origin = match (section.optional("path"), section.optional("join"), section.optional("value"), nth) {
            (Some(path), None, None, false) => Origin::First(compiler.paths(path)?),
            (Some(path), None, None, true) => Origin::FirstOrNth(compiler.paths(path)?),
            (None, None, None, true) => Origin::FirstOrNth(Box::default()),
            (None, Some(join), None, false) => Origin::Joined(compiler.paths(join)?),
            (None, Some(join), None, true) => Origin::JoinedWithNth(compiler.paths(join)?),
            (None, None, Some(value), false) => Origin::Constant(constant(value)?),
            _ => return Err(section.error("expected exactly one of the keys `path`, `join` and `value`")),
        };
        let default = section.optional("default").map(constant).transpose()?;
        let codes = section.optional("table").map(|name| {
            let choice = match &origin {
                Origin::First(paths) => compiler.choice(paths),
                Origin::Constant(_) | Origin::Joined(_) | Origin::JoinedWithNth(_) | Origin::FirstOrNth(_) => None,
            };
            Codes::total(name, compiler, &how, choice)
        });
        let codes = codes.transpose()?;
        let absent = section.optional("absent").map(|node| node.list()).transpose()?.unwrap_or_default();
        let absent = absent.iter().map(|node| node.text().map(Box::from)).collect::<Result<_, _>>()?;
        let prefix = section.optional("prefix").map(|node| node.text()).transpose()?.unwrap_or_default().into();
        let unpad = section.optional("unpad").map(|node| {
            let mut letters = node.text()?.chars();
            let one = letters.next().filter(|_| letters.next().is_none());
            one.ok_or_else(|| node.error("expected one character, such as `0`"))
        });
        let unpad = unpad.transpose()?;
        let constant = matches!(origin, Origin::Constant(_));
        if constant && ["default", "absent", "prefix", "unpad", "table"].iter().any(|key| section.has(key)) {
            return Err(section.error("expected nothing but `value` here: a constant is what it is"));
        }
        if section.has("prefix") && codes.is_some() {
            return Err(section.error("expected `prefix` or `table`, not both: a table gives the whole value"));
        }
        section.finish()?;
        Ok(Self { origin, default, absent, prefix, unpad, codes, how })
    }

    /// The value, or nothing where it is absent.
    ///
    /// # Errors
    /// When there is a value that is none of its kind.
    pub(crate) fn optional(&self, scope: &Scope<'_>) -> Result<Option<T>, Unreadable> {
        let (path, text) = match &self.origin {
            Origin::Constant(value) => return Ok(Some(value.clone())),
            Origin::First(paths) => match self.first(paths, scope)? {
                Some(found) => found,
                None => return Ok(self.default.clone()),
            },
            Origin::FirstOrNth(paths) => match self.first(paths, scope)? {
                Some(found) => found,
                None => return self.nth(scope).map(Some),
            },
            Origin::Joined(paths) => match self.joined(paths, scope)? {
                Some(found) => found,
                None => return Ok(self.default.clone()),
            },
            Origin::JoinedWithNth(paths) => match self.joined(paths, scope)? {
                Some((path, text)) => (path, format!("{text} {}", scope.nth() + 1).into()),
                None => return Ok(self.default.clone()),
            },
        };
        self.read(path, &text, scope).map(Some)
    }

    /// The value.
    ///
    /// # Errors
    /// When it is absent or none of its kind.
    pub(crate) fn required(&self, scope: &Scope<'_>) -> Result<T, Unreadable> {
        if let Some(value) = self.optional(scope)? {
            return Ok(value);
        }
        let mut detail = format!("is absent; expected {}", T::WHAT);
        if let Origin::First(paths) | Origin::Joined(paths) | Origin::JoinedWithNth(paths) | Origin::FirstOrNth(paths) =
            &self.origin
        {
            for other in paths.iter().skip(1) {
                detail.push_str(&format!(", here or in `{}`", other.locate(scope)));
            }
        }
        Err(self.unreadable(scope, UnreadableKind::Missing, &detail))
    }

    /// A reason that names the field, for a value that is sound by itself and wrong here.
    pub(crate) fn unreadable(&self, scope: &Scope<'_>, kind: UnreadableKind, detail: &str) -> Unreadable {
        let found = match &self.origin {
            Origin::Constant(_) => None,
            Origin::First(paths) | Origin::Joined(paths) | Origin::JoinedWithNth(paths) | Origin::FirstOrNth(paths) => {
                paths.iter().find(|path| path.follow(scope).is_some()).or_else(|| paths.first())
            }
        };
        match found {
            Some(path) => scope.unreadable(kind, path, detail),
            None => scope.unreadable_here(kind, detail),
        }
    }

    /// The place of the element in its list, from 1.
    fn nth(&self, scope: &Scope<'_>) -> Result<T, Unreadable> {
        let nth = format!("{}{}", self.prefix, scope.nth() + 1);
        T::read(&nth, &self.how).ok_or_else(|| {
            let detail = format!("is element {nth}; expected {}", T::expected(&nth, &self.how));
            scope.unreadable_here(UnreadableKind::WrongValue, detail)
        })
    }

    fn first<'a>(
        &'a self,
        paths: &'a [Path],
        scope: &Scope<'a>,
    ) -> Result<Option<(&'a Path, Cow<'a, str>)>, Unreadable> {
        for path in paths {
            if let Some(text) = self.present(path, scope)? {
                return Ok(Some((path, text)));
            }
        }
        Ok(None)
    }

    fn joined<'a>(
        &'a self,
        paths: &'a [Path],
        scope: &Scope<'a>,
    ) -> Result<Option<(&'a Path, Cow<'a, str>)>, Unreadable> {
        let mut joined: Option<(&Path, Cow<'a, str>)> = None;
        for path in paths {
            let Some(text) = self.present(path, scope)? else { continue };
            match &mut joined {
                None => joined = Some((path, text)),
                Some((_, whole)) => {
                    let whole = whole.to_mut();
                    whole.push(' ');
                    whole.push_str(&text);
                }
            }
        }
        Ok(joined)
    }

    fn present<'a>(&self, path: &Path, scope: &Scope<'a>) -> Result<Option<Cow<'a, str>>, Unreadable> {
        let text = scalar(path, scope, T::WHAT)?;
        Ok(text.filter(|text| !self.absent.iter().any(|nothing| **nothing == **text)))
    }

    fn read(&self, path: &Path, text: &str, scope: &Scope<'_>) -> Result<T, Unreadable> {
        let text = self.unpad.map_or(text, |letter| unpadded(text.trim(), letter));
        if let Some(codes) = &self.codes {
            return codes.look_up(text.trim()).cloned().ok_or_else(|| {
                let code = shown(text);
                let detail = format!("holds `{code}`, which is not in the table `{}`", codes.name);
                scope.unreadable(UnreadableKind::UnknownCode, path, detail).for_code(code)
            });
        }
        let whole = if self.prefix.is_empty() { Cow::Borrowed(text) } else { format!("{}{text}", self.prefix).into() };
        T::read(&whole, &self.how).ok_or_else(|| {
            let detail = format!("holds `{}`; expected {}", shown(text), T::expected(&whole, &self.how));
            scope.unreadable(UnreadableKind::WrongValue, path, detail)
        })
    }
}

/// The text without this letter at its beginning, but for a last one.
fn unpadded(text: &str, letter: char) -> &str {
    let rest = text.trim_start_matches(letter);
    if rest.is_empty() { &text[text.len() - text.chars().next_back().map_or(0, char::len_utf8)..] } else { rest }
}

/// The value a path leads to, as text; nothing where it is absent.
///
/// # Errors
/// When it is a list, an object, or a number that cannot be told exactly, or when something on the way there is a value
/// without fields.
pub(crate) fn scalar<'a>(path: &Path, scope: &Scope<'a>, what: &str) -> Result<Option<Cow<'a, str>>, Unreadable> {
    let Some(value) = path.follow(scope) else {
        return match path.blocked(scope) {
            Some((place, expected)) => {
                Err(Unreadable::new(UnreadableKind::WrongValue, place, format!("is not {expected}; expected one")))
            }
            None => Ok(None),
        };
    };
    let wrong = |detail: String| Err(scope.unreadable(UnreadableKind::WrongValue, path, detail));
    let value = path.lists.plain(value);
    match value {
        Value::Array(_) => wrong(format!("is a list; expected {what}")),
        Value::Object(_) => wrong(format!("is an object; expected {what}")),
        Value::Null => Ok(None),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => match text_of(value) {
            Some(text) => Ok((!text.trim().is_empty()).then_some(text)),
            None => wrong("is a number with more digits than JSON keeps; expected it as a text".to_owned()),
        },
    }
}

/// A constant or a value of a message as text; nothing where digits may be lost.
pub(crate) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) if is_exact(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_exact(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|float| float.abs() < EXACT)
}

/// The start of a wrong value, for a reason.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
