//! Lines: what an order holds, and how much of it a milestone covers.
//!
//! | key | of an order | of a milestone or invoice |
//! |---|---|---|
//! | `each` | where the lines are | where the lines are; may be absent from the message, and then all are meant |
//! | `when` | [guards](crate::guard) a line must pass to count | the same |
//! | `line` | the line's number | the line's number |
//! | `quantity`, `unit` | more than 0, at most [`Quantity::MOST`], whole where the unit counts pieces; `EA` when `unit` is not given | 0 or more |
//! | `sku` | the item | |
//! | `price` | optional: the price of one unit, in the order's currency | |
//! | `ship_from`, `ship_on`, `promised` | optional | |
//! | `location` | | optional: the stock location |

use std::collections::HashSet;

use model::{Currency, Date, LineId, LocationId, Money, OrderLine, Progress, Quantity, Sku, Unit, When};
use rust_decimal::Decimal;

use crate::compiler::Compiler;
use crate::field::Field;
use crate::guard::Guards;
use crate::place::{credible, read};
use crate::scope::{Each, Scope};
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};

/// The most lines one order or milestone may have.
pub const MAX_LINES: usize = 20_000;

/// How a quantity is read.
#[derive(Debug)]
pub(crate) struct QuantityRule {
    amount: Field<Decimal>,
    unit: Option<Field<Unit>>,
}

/// How small a quantity may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Least {
    AboveZero,
    Zero,
    Any,
}

impl QuantityRule {
    /// Reads the keys `quantity` and `unit`.
    pub(crate) fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Ok(Self { amount: compiler.field(section, "quantity")?, unit: compiler.optional(section, "unit")? })
    }

    pub(crate) fn read(&self, scope: &Scope<'_>, least: Least) -> Result<Quantity, Unreadable> {
        let amount = self.amount.required(scope)?;
        let most = Quantity::MOST;
        let expected = match least {
            Least::AboveZero if amount <= Decimal::ZERO => "more than 0".to_owned(),
            Least::Zero if amount < Decimal::ZERO => "0 or more".to_owned(),
            Least::AboveZero | Least::Zero if amount > most => format!("at most {most}"),
            Least::Any if amount.abs() > most => format!("from -{most} to {most}"),
            Least::AboveZero | Least::Zero | Least::Any => {
                let unit = self.unit.as_ref().map_or_else(|| Ok(Unit::each()), |unit| unit.required(scope))?;
                if amount.is_integer() || !unit.counts_pieces() {
                    return Ok(Quantity::new(amount, unit));
                }
                format!("a whole number of {unit}")
            }
        };
        let detail = format!("holds `{amount}`; expected {expected}");
        Err(self.amount.unreadable(scope, UnreadableKind::WrongValue, &detail))
    }
}

/// Where lines are, when they count, and what compiles their fields.
fn inside<'t>(
    section: &mut Section<'_>,
    compiler: &Compiler<'t>,
) -> Result<(Each, Guards, Compiler<'t>), ProfileError> {
    let each = compiler.each(section.required("each")?)?;
    let when = Guards::read(section, "when", &compiler.inside())?;
    let inside = compiler.where_held(&when);
    Ok((each, when, inside))
}

/// How the lines of an order are read.
#[derive(Debug)]
pub(crate) struct OrderLines {
    each: Each,
    when: Guards,
    line: Field<LineId>,
    sku: Field<Sku>,
    quantity: QuantityRule,
    price: Option<Field<Decimal>>,
    ship_from: Option<Field<LocationId>>,
    ship_on: Option<Field<Date>>,
    promised: Option<Field<When>>,
}

impl OrderLines {
    pub(crate) fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let (each, when, compiler) = inside(&mut section, compiler)?;
        let compiler = &compiler;
        let lines = Self {
            each,
            when,
            line: compiler.field(&mut section, "line")?,
            sku: compiler.field(&mut section, "sku")?,
            quantity: QuantityRule::compile(&mut section, compiler)?,
            price: compiler.optional(&mut section, "price")?,
            ship_from: compiler.optional(&mut section, "ship_from")?,
            ship_on: compiler.optional(&mut section, "ship_on")?,
            promised: compiler.optional(&mut section, "promised")?,
        };
        section.finish()?;
        Ok(lines)
    }

    /// At least one line, and no two of one number.
    pub(crate) fn read(&self, scope: &Scope<'_>, currency: Currency) -> Result<Vec<OrderLine>, Unreadable> {
        let mut lines = Vec::new();
        let mut numbers = HashSet::new();
        self.each.visit(scope, MAX_LINES, |element| {
            if !self.when.hold(element)? {
                return Ok(());
            }
            let line = self.line(element, currency)?;
            if !numbers.insert(line.line.clone()) {
                let detail = format!("holds `{}`, the number of another line too", line.line);
                return Err(self.line.unreadable(element, UnreadableKind::Contradictory, &detail));
            }
            lines.push(line);
            Ok(())
        })?;
        if lines.is_empty() {
            return Err(self.each.unreadable(
                scope,
                UnreadableKind::Empty,
                "has no lines; an order needs at least one",
            ));
        }
        Ok(lines)
    }

    fn line(&self, element: &Scope<'_>, currency: Currency) -> Result<OrderLine, Unreadable> {
        let price = match &self.price {
            Some(field) => field.optional(element)?.map(|price| credible(price, field, element)).transpose()?,
            None => None,
        };
        Ok(OrderLine {
            line: self.line.required(element)?,
            sku: self.sku.required(element)?,
            quantity: self.quantity.read(element, Least::AboveZero)?,
            unit_price: price.map(|amount| Money { amount, currency }),
            ship_from: read(self.ship_from.as_ref(), element)?,
            ship_on: read(self.ship_on.as_ref(), element)?,
            promised: read(self.promised.as_ref(), element)?,
        })
    }
}

/// How the lines of a milestone or invoice are read.
#[derive(Debug)]
pub(crate) struct ProgressLines {
    each: Each,
    when: Guards,
    line: Field<LineId>,
    quantity: QuantityRule,
    location: Option<Field<LocationId>>,
}

impl ProgressLines {
    pub(crate) fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let (each, when, compiler) = inside(&mut section, compiler)?;
        let compiler = &compiler;
        let lines = Self {
            each,
            when,
            line: compiler.field(&mut section, "line")?,
            quantity: QuantityRule::compile(&mut section, compiler)?,
            location: compiler.optional(&mut section, "location")?,
        };
        section.finish()?;
        Ok(lines)
    }

    /// The lines; none where the message has no list of them, and all are meant. A list of none would be taken for all too.
    /// A line may come several times, as from several locations.
    pub(crate) fn read(&self, scope: &Scope<'_>) -> Result<Vec<Progress>, Unreadable> {
        let mut lines = Vec::new();
        let is_listed = self.each.visit(scope, MAX_LINES, |element| {
            if self.when.hold(element)? {
                lines.push(Progress {
                    line: self.line.required(element)?,
                    quantity: self.quantity.read(element, Least::Zero)?,
                    location: read(self.location.as_ref(), element)?,
                });
            }
            Ok(())
        })?;
        if is_listed && lines.is_empty() {
            let detail = "lists no line that counts; a message about all of them has no list";
            return Err(self.each.unreadable(scope, UnreadableKind::Empty, detail));
        }
        Ok(lines)
    }
}
