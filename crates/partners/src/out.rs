//! Messages a partner receives: the sections `[out.<request>]`, one for each kind of request.
//!
//! | key | means |
//! |---|---|
//! | `message` | the message's name, one subject token |
//! | `body` | a template, or `"canonical"` for the ask as it is |
//!
//! The ask as it is, is an object with `order` (the order's number; of a return the return's), `ask`, `partner`, `kind` and the fields of the request under their own names:
//! `shipment`, `location`, `from`, `ship_on`, `ship_to` (`name`, `street`, `city`, `postal_code`, `country`), `mode`,
//! `undoes` (the ask that is undone), `tracking`, `reason`, of a return `original_order` (the order the goods were sold in),
//! and `lines` with `line`, `sku`, `location` and `quantity`
//! (`amount`, `unit`). Amounts and dates are texts.
//!
//! A template is a table that becomes an object of the same keys. Its values are
//! - texts, numbers and truth values, which are written as they are;
//! - `{ field = "<path into the ask>" }`, optionally with `table` (a code table with our words as keys), `as = "number"`,
//!   `default`, and `optional = true`, which leaves the key out where the ask has no such value;
//! - `{ each = "lines[*]", item = <template> }`, a list with one value for each element; paths in `item` start there;
//! - lists and further tables of such values.

use model::{Ask, OrderId};
use serde_json::{Map, Value};

use crate::compiler::Compiler;
use crate::field::scalar;
use crate::lines::MAX_LINES;
use crate::path::Path;
use crate::profile::is_token;
use crate::scope::{Each, Scope};
use crate::source::{Node, ProfileError, Section};
use crate::table::Codes;
use crate::told::Outgoing;
use crate::unreadable::Unreadable;

/// The requests a profile may have a section for.
const REQUESTS: [&str; 12] = [
    "allocate",
    "book",
    "confirm_shipment",
    "bill",
    "cancel_allocation",
    "cancel_booking",
    "confirm_cancellation",
    "expect_return",
    "collect",
    "cancel_return",
    "cancel_collection",
    "credit",
];

/// Why an ask cannot be written as the partner's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The profile has no section for the request.
    #[error("the profile has no section `[out.{kind}]`; add one")]
    NoSection {
        /// The kind of request.
        kind: &'static str,
    },
    /// The ask lacks what the message needs, or holds what it cannot say.
    #[error("the message `{message}` cannot be written: {why}")]
    Unwritable {
        /// The message.
        message: String,
        /// Which field of the ask, and why.
        why: Unreadable,
    },
}

/// How one kind of request is written.
#[derive(Debug)]
pub(crate) struct Outbound {
    message: String,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Canonical,
    Template(Template),
}

#[derive(Debug)]
enum Template {
    Constant(Value),
    Field(Leaf),
    Each(Each, Box<Template>),
    Object(Vec<(String, Template)>),
    List(Vec<Template>),
}

#[derive(Debug)]
struct Leaf {
    path: Path,
    codes: Option<Codes<String>>,
    as_number: bool,
    default: Option<Value>,
    optional: bool,
}

impl Outbound {
    pub(crate) fn compile(request: &str, node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        if !REQUESTS.contains(&request) {
            return Err(node.error(format!("unknown request `{request}`; expected one of `{}`", REQUESTS.join("`, `"))));
        }
        let mut section = node.section()?;
        let named = section.required("message")?;
        let message = named.text()?;
        if !is_token(message) {
            return Err(named.error("expected a message name of letters, digits, `_` and `-`"));
        }
        let body = section.required("body")?;
        let body = match body.as_text() {
            Some("canonical") => Body::Canonical,
            _ if body.is_table() => Body::Template(Template::compile(body, compiler)?),
            _ => return Err(body.error("expected a template (a table) or `canonical`")),
        };
        section.finish()?;
        Ok(Self { message: message.to_owned(), body })
    }

    pub(crate) fn write(&self, order: &OrderId, ask: &Ask) -> Result<Outgoing, EncodeError> {
        let tree = canonical(order, ask);
        let body = match &self.body {
            Body::Canonical => tree.to_string(),
            Body::Template(template) => {
                let written = template
                    .write(&Scope::of_message(&tree))
                    .map_err(|why| EncodeError::Unwritable { message: self.message.clone(), why })?;
                written.unwrap_or_default().to_string()
            }
        };
        Ok(Outgoing { message: self.message.clone(), body: body.into_bytes() })
    }
}

/// The ask as one flat object.
fn canonical(order: &OrderId, ask: &Ask) -> Value {
    // A request serialises always, as an object under its kind's name: it has text keys and no foreign types.
    let mut fields = match serde_json::to_value(&ask.request) {
        Ok(Value::Object(mut request)) => match request.remove(ask.request.kind()) {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        },
        _ => Map::new(),
    };
    fields.insert("order".to_owned(), Value::from(order.as_str()));
    fields.insert("ask".to_owned(), Value::from(ask.id.as_str()));
    fields.insert("partner".to_owned(), Value::from(ask.partner.as_str()));
    fields.insert("kind".to_owned(), Value::from(ask.request.kind()));
    Value::Object(fields)
}

impl Template {
    fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        if node.is_list() {
            let items = node.list()?.into_iter().map(|item| Self::compile(item, compiler));
            return items.collect::<Result<_, _>>().map(Self::List);
        }
        if !node.is_table() {
            return node.constant().map(Self::Constant);
        }
        let mut section = node.section()?;
        if section.has("field") {
            return Leaf::compile(section, compiler).map(Self::Field);
        }
        if section.has("each") {
            let each = compiler.each(section.required("each")?)?;
            let item = Self::compile(section.required("item")?, compiler)?;
            section.finish()?;
            return Ok(Self::Each(each, Box::new(item)));
        }
        let fields = section.entries().map(|(value, key, _)| Ok((key.to_owned(), Self::compile(value, compiler)?)));
        fields.collect::<Result<_, _>>().map(Self::Object)
    }

    /// The value; nothing where it is optional and the ask has none.
    fn write(&self, scope: &Scope<'_>) -> Result<Option<Value>, Unreadable> {
        Ok(Some(match self {
            Self::Constant(value) => value.clone(),
            Self::Field(leaf) => return leaf.write(scope),
            Self::Each(each, item) => {
                let mut list = Vec::new();
                each.visit(scope, MAX_LINES, |element| {
                    list.extend(item.write(element)?);
                    Ok(())
                })?;
                Value::Array(list)
            }
            Self::Object(fields) => {
                let mut object = Map::new();
                for (key, template) in fields {
                    if let Some(value) = template.write(scope)? {
                        object.insert(key.clone(), value);
                    }
                }
                Value::Object(object)
            }
            Self::List(items) => {
                let written = items.iter().filter_map(|item| item.write(scope).transpose());
                Value::Array(written.collect::<Result<_, _>>()?)
            }
        }))
    }
}

impl Leaf {
    fn compile(mut section: Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let as_number = match section.optional("as") {
            None => false,
            Some(node) => match node.text()? {
                "text" => false,
                "number" => true,
                _ => return Err(node.error("expected `text` or `number`")),
            },
        };
        let leaf = Self {
            path: compiler.path(section.required("field")?)?,
            codes: section.optional("table").map(|name| Codes::compile(name, compiler, &())).transpose()?,
            as_number,
            default: section.optional("default").map(|node| node.constant()).transpose()?,
            optional: section.optional("optional").map_or(Ok(false), |node| node.flag())?,
        };
        section.finish()?;
        Ok(leaf)
    }

    fn write(&self, scope: &Scope<'_>) -> Result<Option<Value>, Unreadable> {
        use crate::unreadable::UnreadableKind::{Missing, UnknownCode, WrongValue};
        let Some(text) = scalar(&self.path, scope, "one value")? else {
            return match &self.default {
                Some(value) => Ok(Some(value.clone())),
                None if self.optional => Ok(None),
                None => Err(scope.unreadable(Missing, &self.path, "is absent from the ask")),
            };
        };
        let text = match &self.codes {
            None => &*text,
            Some(codes) => codes.look_up(&text).ok_or_else(|| {
                let detail = format!("holds `{text}`, which is not in the table `{}`", codes.name);
                scope.unreadable(UnknownCode, &self.path, detail)
            })?,
        };
        if !self.as_number {
            return Ok(Some(Value::from(text)));
        }
        // JSON numbers and decimals are written alike; a leading `+` or a bare point is what only decimals know.
        text.parse()
            .map(|number| Some(Value::Number(number)))
            .map_err(|_| scope.unreadable(WrongValue, &self.path, format!("holds `{text}`; expected a number")))
    }
}
