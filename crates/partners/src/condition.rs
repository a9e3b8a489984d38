//! Conditions: what takes more than one value to say, in the Common Expression Language ([CEL](https://cel.dev)).
//!
//! A condition stands where a [guard](crate::guard) may stand.
//!
//! | key | means |
//! |---|---|
//! | `cel` | the expression; it says true or false |
//! | `with` | what its variables stand for: the [path](crate::path) of each, which may end in `[*]` |
//!
//! ```toml
//! when = { cel = "double(qty) > 0.0 && status != 'X'", with = { qty = "menge", status = "$.head.status" } }
//! skip = { cel = "lines.all(line, line.qty == '0')", with = { lines = "items[*]" } }
//! ```
//!
//! A variable is a text, a number, a truth value, a list or an object as the message has it, and `null` where it is absent.
//! The macros `all`, `exists`, `exists_one`, `filter` and `map` go through a variable or a field of one; one inside another through a
//! field of the element that the outer one is at. X12, EDIFACT, XML, CSV and fixed width hold texts only: `double(qty)` and `int(qty)` make numbers of them. Where the
//! expression cannot be answered, as for `double('x')`, the part of the message is unreadable: nobody knows what it means.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use cel::common::ast::{EntryExpr, Expr, IdedExpr, MapExpr, StructExpr};
use cel::{Context, Env, Program, Value as Cel};
use serde_json::Value;

use crate::compiler::Compiler;
use crate::path::Path;
use crate::scope::Scope;
use crate::source::{ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};

/// The longest expression, in bytes.
pub const MAX_EXPRESSION: usize = 1_000;
/// The most values that the variables of one condition may hold together, those inside lists and objects included.
pub const MAX_VALUES: usize = 1_000;

/// The functions that an expression may call. The macros `has`, `all`, `exists`, `exists_one`, `filter` and `map` are none.
const FUNCTIONS: [&str; 11] =
    ["bool", "bytes", "contains", "double", "dyn", "endsWith", "int", "matches", "size", "startsWith", "string"];

/// What CEL comes with.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// Sees to it that each macro goes through a list of the message, and one inside another through a part of what the outer one is
/// at: so that no value is looked at more often than it is deep, however the expression is made.
fn check_ranges<'e>(expression: &'e IdedExpr, bound: &mut Vec<&'e str>) -> Result<(), String> {
    match &expression.expr {
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Ok(()),
        Expr::Select(select) => check_ranges(&select.operand, bound),
        Expr::List(list) => list.elements.iter().try_for_each(|element| check_ranges(element, bound)),
        Expr::Call(call) => {
            let target = call.target.iter().map(|target| &**target);
            target.chain(call.args.iter()).try_for_each(|part| check_ranges(part, bound))
        }
        Expr::Map(MapExpr { entries }) | Expr::Struct(StructExpr { entries, .. }) => {
            entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::StructField(field) => check_ranges(&field.value, bound),
                EntryExpr::MapEntry(entry) => {
                    [&entry.key, &entry.value].into_iter().try_for_each(|part| check_ranges(part, bound))
                }
            })
        }
        Expr::Comprehension(over) => {
            let root =
                root(&over.iter_range).ok_or("a macro goes through a variable or a field of one, and nothing else")?;
            if !bound.is_empty() && !bound.contains(&root) {
                return Err(format!(
                    "`{root}` is gone through for every element of another list; expected a field of the element"
                ));
            }
            let outside = bound.len();
            bound.push(over.iter_var.as_str());
            bound.extend(over.iter_var2.as_deref());
            let inside = [&over.accu_init, &over.loop_cond, &over.loop_step, &over.result];
            let checked = inside.into_iter().try_for_each(|part| check_ranges(part, bound));
            bound.truncate(outside);
            checked
        }
    }
}

/// The variable that a path of fields begins with; nothing for what is no such path.
fn root(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Ident(name) => Some(name),
        Expr::Select(select) => root(&select.operand),
        Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::List(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Struct(_)
        | Expr::Unspecified => None,
    }
}

/// A compiled condition.
#[derive(Debug)]
pub(crate) struct Condition {
    text: Box<str>,
    program: Program,
    variables: Box<[(Box<str>, Path)]>,
}

impl Condition {
    /// Reads the keys `cel` and `with`.
    pub(crate) fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let node = section.required("cel")?;
        let text = node.text()?;
        if text.len() > MAX_EXPRESSION {
            return Err(node.error(format!("expected at most {MAX_EXPRESSION} bytes")));
        }
        let program = STANDARD.compile(text).map_err(|errors| {
            let first = errors.errors.first().map_or_else(String::new, |error| format!(": {}", error.msg));
            node.error(format!("expected an expression in CEL{first}"))
        })?;
        let mut variables = BTreeMap::new();
        let with = section.optional("with").map(|with| with.section()).transpose()?;
        for (node, name, _) in with.iter().flat_map(Section::entries) {
            variables.insert(Box::from(name), compiler.path_to_any(node)?);
        }
        let mut used = BTreeSet::new();
        free(program.expression(), &mut Vec::new(), &mut used);
        if let Some(unknown) = used.iter().find(|name| !variables.contains_key(**name)) {
            return Err(node.error(format!("`{unknown}` is no variable here; expected its path in `with`")));
        }
        if let Some(unused) = variables.keys().find(|name| !used.contains(&***name)) {
            return Err(node.error(format!("`{unused}` stands in `with` and not in the expression")));
        }
        check_ranges(program.expression(), &mut Vec::new()).map_err(|problem| node.error(problem))?;
        let references = program.references();
        let called = references.functions();
        let is_named = |name: &&&str| name.starts_with(|letter: char| letter.is_ascii_alphabetic());
        if let Some(unknown) = called.iter().filter(is_named).filter(|name| !FUNCTIONS.contains(*name)).min() {
            return Err(
                node.error(format!("`{unknown}` is no function here; expected one of {}", FUNCTIONS.join(", ")))
            );
        }
        drop(references);
        Ok(Self { text: text.into(), program, variables: variables.into_iter().collect() })
    }

    /// The path of its first variable.
    pub(crate) fn first(&self) -> Option<&Path> {
        self.variables.first().map(|(_, path)| path)
    }

    /// Whether it is true.
    ///
    /// # Errors
    /// When it says neither.
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> Result<bool, Unreadable> {
        let wrong = |kind, detail: String| match self.variables.first() {
            Some((_, path)) => scope.unreadable(kind, path, detail),
            None => scope.unreadable_here(kind, detail),
        };
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        let mut left = MAX_VALUES;
        for (name, path) in &self.variables {
            let value = path.follow(scope).map_or(Some(Cel::Null), |value| cel(value, &mut left));
            let value = value.ok_or_else(|| {
                let detail = format!("is too much for `{}`: the limit is {MAX_VALUES} values", self.text);
                scope.unreadable(UnreadableKind::TooLarge, path, detail)
            })?;
            context.add_variable_from_value(&**name, value);
        }
        match self.program.execute(&context) {
            Ok(Cel::Bool(holds)) => Ok(holds),
            Ok(other) => {
                let detail = format!("makes `{}` a {}; expected true or false", self.text, other.type_of());
                Err(wrong(UnreadableKind::WrongValue, detail))
            }
            Err(error) => {
                let detail = format!("leaves `{}` without an answer: {error}", self.text);
                Err(wrong(UnreadableKind::WrongValue, detail))
            }
        }
    }
}

/// Collects the variables of an expression that none of its macros binds.
fn free<'e>(expression: &'e IdedExpr, bound: &mut Vec<&'e str>, found: &mut BTreeSet<&'e str>) {
    match &expression.expr {
        Expr::Ident(name) if !bound.contains(&name.as_str()) => {
            found.insert(name);
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        Expr::Select(select) => free(&select.operand, bound, found),
        Expr::List(list) => list.elements.iter().for_each(|element| free(element, bound, found)),
        Expr::Call(call) => {
            call.target.iter().for_each(|target| free(target, bound, found));
            call.args.iter().for_each(|argument| free(argument, bound, found));
        }
        Expr::Map(MapExpr { entries }) | Expr::Struct(StructExpr { entries, .. }) => {
            for entry in entries {
                match &entry.expr {
                    EntryExpr::StructField(field) => free(&field.value, bound, found),
                    EntryExpr::MapEntry(entry) => {
                        [&entry.key, &entry.value].into_iter().for_each(|e| free(e, bound, found))
                    }
                }
            }
        }
        Expr::Comprehension(over) => {
            free(&over.iter_range, bound, found);
            free(&over.accu_init, bound, found);
            let outside = bound.len();
            bound.extend([over.iter_var.as_str(), over.accu_var.as_str()]);
            bound.extend(over.iter_var2.as_deref());
            for inside in [&over.loop_cond, &over.loop_step, &over.result] {
                free(inside, bound, found);
            }
            bound.truncate(outside);
        }
    }
}

/// A value of a message as CEL knows it; nothing when there is no room left for it.
fn cel(value: &Value, left: &mut usize) -> Option<Cel> {
    *left = left.checked_sub(1)?;
    Some(match value {
        Value::Null => Cel::Null,
        Value::Bool(flag) => Cel::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cel::Int(whole),
            (None, Some(number)) => Cel::Float(number),
            (None, None) => Cel::String(Arc::new(number.to_string())),
        },
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(list) => {
            let list: Option<Vec<Cel>> = list.iter().map(|element| cel(element, left)).collect();
            Cel::List(Arc::new(list?))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| Some((name.clone(), cel(field, left)?)));
            let fields: Option<HashMap<String, Cel>> = fields.collect();
            Cel::from(fields?)
        }
    })
}
