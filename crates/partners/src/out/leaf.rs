//! Single values of a template: fields of the ask, and what is counted of it.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde_json::Value;

use super::stamp::Stamp;
use super::written::Written;
use crate::compiler::Compiler;
use crate::field::{scalar, shown, text_of};
use crate::lines::MAX_LINES;
use crate::path::Path;
use crate::scope::{Each, Scope};
use crate::source::{Node, ProfileError, Section};
use crate::table::Codes;
use crate::unreadable::{Unreadable, UnreadableKind};

/// The most characters that a value may be filled up or cut to.
const MAX_LENGTH: usize = 1_000;

/// A single value of a template.
#[derive(Debug)]
pub(crate) struct Leaf {
    origin: Origin,
    codes: Option<Codes<String>>,
    style: Style,
    digits: Option<usize>,
    capitals: bool,
    cut: Option<usize>,
    default: Option<Value>,
    optional: bool,
}

#[derive(Debug)]
enum Origin {
    Field(Path),
    /// How many elements there are.
    Count(Each),
    /// What they add up to.
    Sum(Each),
    /// Which element it is, from 1.
    Nth {
        /// What is added to it.
        plus: u32,
    },
}

/// How a value is written.
#[derive(Debug)]
enum Style {
    Text,
    Number,
    Hundredths,
    DecimalComma,
    Time(Stamp),
}

impl Leaf {
    /// A field, with what is said of how it is written.
    pub(super) fn field(mut section: Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let path = compiler.path(section.required("field")?)?;
        Self::compile(section, Origin::Field(path), compiler)
    }

    /// How many elements there are.
    pub(super) fn count(mut section: Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let each = compiler.each(section.required("count")?)?;
        Self::compile(section, Origin::Count(each), compiler)
    }

    /// What the elements add up to.
    pub(super) fn sum(mut section: Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let each = compiler.each(section.required("sum")?)?;
        Self::compile(section, Origin::Sum(each), compiler)
    }

    /// Which element of the innermost `each` it is.
    pub(super) fn nth(mut section: Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        section.required("nth")?;
        let plus = section.optional("plus").map_or(Ok(0), |node| node.number())?;
        Self::compile(section, Origin::Nth { plus }, compiler)
    }

    fn compile(mut section: Section<'_>, origin: Origin, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let is_field = matches!(origin, Origin::Field(_));
        let is_amount = is_field || matches!(origin, Origin::Sum(_));
        let style = match section.optional("as") {
            None if is_amount => Style::Text,
            None => Style::Number,
            Some(node) => Style::compile(node, &mut section, compiler)?,
        };
        let digits = section.optional("digits").map(length).transpose()?;
        let (codes, capitals, cut, default, optional) = (None, false, None, None, false);
        let mut leaf = Self { origin, codes, style, digits, capitals, cut, default, optional };
        if is_field {
            let table = section.optional("table");
            leaf.codes = table.map(|name| Codes::total(name, compiler, &(), None)).transpose()?;
            leaf.capitals = section.optional("capitals").map_or(Ok(false), |node| node.flag())?;
            leaf.cut = section.optional("cut").map(length).transpose()?;
            leaf.default = section.optional("default").map(|node| node.constant()).transpose()?;
            leaf.optional = section.optional("optional").map_or(Ok(false), |node| node.flag())?;
        }
        section.finish()?;
        Ok(leaf)
    }

    pub(super) fn write<'t>(&'t self, scope: &Scope<'_>) -> Result<Written<'t>, Unreadable> {
        let (text, place) = match &self.origin {
            Origin::Field(path) => match self.text(path, scope)? {
                Some(text) => (text, path.locate(scope)),
                None => return self.absent(path, scope),
            },
            Origin::Count(each) => {
                let mut count = 0_usize;
                each.visit(scope, MAX_LINES, |_| {
                    count += 1;
                    Ok(())
                })?;
                (Cow::Owned(count.to_string()), scope.locate())
            }
            Origin::Sum(each) => (Cow::Owned(sum(each, scope)?), scope.locate()),
            Origin::Nth { plus } => {
                let nth = u64::try_from(scope.nth()).unwrap_or(u64::MAX).saturating_add(1);
                (Cow::Owned(nth.saturating_add(u64::from(*plus)).to_string()), scope.locate())
            }
        };
        let wrong = |detail: String| Unreadable::new(UnreadableKind::WrongValue, place.as_str(), detail);
        let mut value = self.style.write(&text).map_err(|why| wrong(format!("holds `{}`; {why}", shown(&text))))?;
        if let (Some(digits), Some(number)) = (self.digits, text_of(&value)) {
            let filled = format!("{number:0>digits$}");
            if filled.len() > digits || !filled.bytes().all(|digit| digit.is_ascii_digit()) {
                let expected = format!("holds `{}`; expected a whole number of at most {digits} digits", shown(&text));
                return Err(wrong(expected));
            }
            value = Value::from(filled);
        }
        if let (true, Value::String(text)) = (self.capitals, &mut value) {
            *text = text.to_uppercase();
        }
        if let (Some(cut), Value::String(text)) = (self.cut, &mut value)
            && let Some((end, _)) = text.char_indices().nth(cut)
        {
            text.truncate(end);
        }
        Ok(Written::Field(value, place))
    }

    /// The text of a field, as its table has it.
    fn text<'a>(&'a self, path: &Path, scope: &Scope<'a>) -> Result<Option<Cow<'a, str>>, Unreadable> {
        let Some(text) = scalar(path, scope, "one value")? else { return Ok(None) };
        let Some(codes) = &self.codes else { return Ok(Some(text)) };
        let word = codes.look_up(&text).ok_or_else(|| {
            let detail = format!("holds `{text}`, which is not in the table `{}`", codes.name);
            scope.unreadable(UnreadableKind::UnknownCode, path, detail)
        })?;
        Ok(Some(Cow::Borrowed(word)))
    }

    fn absent<'t>(&'t self, path: &Path, scope: &Scope<'_>) -> Result<Written<'t>, Unreadable> {
        match &self.default {
            Some(value) => Ok(Written::Constant(value)),
            None if self.optional => Ok(Written::Absent),
            None => Err(scope.unreadable(UnreadableKind::Missing, path, "is absent from the ask")),
        }
    }
}

impl Style {
    fn compile(node: Node<'_>, section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        match node.text()? {
            "text" => Ok(Self::Text),
            "number" => Ok(Self::Number),
            "hundredths" => Ok(Self::Hundredths),
            "decimal_comma" => Ok(Self::DecimalComma),
            pattern if pattern.contains('%') => Stamp::compile(pattern, node, section, compiler).map(Self::Time),
            _ => Err(node.error(
                "expected `text`, `number`, `hundredths`, `decimal_comma` or a pattern for a time, such as `%Y%m%d`",
            )),
        }
    }

    /// The value, or what was expected.
    fn write(&self, text: &str) -> Result<Value, String> {
        let decimal = || text.parse::<Decimal>().map_err(|_| "expected a number".to_owned());
        match self {
            Self::Text => Ok(Value::from(text)),
            // JSON numbers and decimals are written alike; a leading `+` or a bare point is what only decimals know.
            Self::Number => text.parse().map(Value::Number).map_err(|_| "expected a number".to_owned()),
            Self::Hundredths => decimal()?
                .checked_mul(Decimal::ONE_HUNDRED)
                .filter(Decimal::is_integer)
                .map(|hundredths| Value::from(hundredths.normalize().to_string()))
                .ok_or_else(|| "expected a number of at most two decimals".to_owned()),
            Self::DecimalComma => Ok(Value::from(decimal()?.to_string().replace('.', ","))),
            Self::Time(stamp) => stamp.write(text).map(Value::from),
        }
    }
}

/// A number of characters.
fn length(node: Node<'_>) -> Result<usize, ProfileError> {
    let length = node.number()? as usize;
    if (1..=MAX_LENGTH).contains(&length) {
        return Ok(length);
    }
    Err(node.error(format!("expected a number of characters from 1 to {MAX_LENGTH}")))
}

/// What numbers, or quantities of one unit, add up to.
fn sum(each: &Each, scope: &Scope<'_>) -> Result<String, Unreadable> {
    let mut total = Decimal::ZERO;
    let mut first: Option<Value> = None;
    each.visit(scope, MAX_LINES, |element| {
        let (amount, unit) = match element.node.get("amount") {
            Some(amount) => (amount, element.node.get("unit")),
            None => (element.node, None),
        };
        let unit = unit.unwrap_or(&Value::Null);
        let first = first.get_or_insert_with(|| unit.clone());
        if first != unit {
            let detail = format!("is in {unit}, and others are in {first}; expected one unit to add them up");
            return Err(element.unreadable_here(UnreadableKind::Contradictory, detail));
        }
        let amount = text_of(amount).and_then(|text| text.parse::<Decimal>().ok());
        let added = amount.and_then(|amount| total.checked_add(amount));
        let wrong = || element.unreadable_here(UnreadableKind::WrongValue, "is no number that can be added up");
        total = added.ok_or_else(wrong)?;
        Ok(())
    })?;
    Ok(total.normalize().to_string())
}
