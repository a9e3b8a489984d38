//! Facts about a return: what these kinds of `[[in.<message>.facts]]` read, in a message whose `workflow` is `"return"`.
//!
//! | `kind` | keys (optional ones with `?`) |
//! |---|---|
//! | `return_authorised` | `order` (the one the goods were sold in), `customer`, `wms` (the partner that takes them in), `location`, `lines`, `tms`? (the partner that fetches them), `from`? ([place](crate::place)) |
//! | `inspected` | `lines` |
//! | `credited` | as `billed` |
//!
//! Both kinds of `lines` have `each`, `line`, `quantity`, `unit`?; of a return that is authorised also `sku` and `reason`?, of
//! one that is inspected `grade` (`sound`, `damaged` or `refused`).

use std::collections::HashSet;

use model::{
    CustomerId, Grade, Inspected, Inspection, LineId, LocationId, OrderId, PartnerId, Reason, ReturnAuthorisation,
    ReturnLine, Sku,
};

use crate::compiler::Compiler;
use crate::field::Field;
use crate::lines::{Least, MAX_LINES, QuantityRule};
use crate::place::{PlaceRule, read};
use crate::scope::{Each, Scope};
use crate::source::{ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};

/// How an authorised return is read.
#[derive(Debug)]
pub(crate) struct AuthorisedRule {
    order: Field<OrderId>,
    customer: Field<CustomerId>,
    wms: Field<PartnerId>,
    location: Field<LocationId>,
    tms: Option<Field<PartnerId>>,
    from: Option<PlaceRule>,
    each: Each,
    line: Field<LineId>,
    sku: Field<Sku>,
    quantity: QuantityRule,
    reason: Option<Field<Reason>>,
}

impl AuthorisedRule {
    pub(crate) fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut lines = section.required("lines")?.section()?;
        let inside = compiler.inside();
        let rule = Self {
            order: compiler.field(section, "order")?,
            customer: compiler.field(section, "customer")?,
            wms: compiler.field(section, "wms")?,
            location: compiler.field(section, "location")?,
            tms: compiler.optional(section, "tms")?,
            from: section.optional("from").map(|node| PlaceRule::compile(node, compiler)).transpose()?,
            each: compiler.each(lines.required("each")?)?,
            line: inside.field(&mut lines, "line")?,
            sku: inside.field(&mut lines, "sku")?,
            quantity: QuantityRule::compile(&mut lines, &inside)?,
            reason: inside.optional(&mut lines, "reason")?,
        };
        lines.finish()?;
        Ok(rule)
    }

    pub(crate) fn read(&self, scope: &Scope<'_>, erp: &PartnerId) -> Result<ReturnAuthorisation, Unreadable> {
        Ok(ReturnAuthorisation {
            order: self.order.required(scope)?,
            erp: erp.clone(),
            customer: self.customer.required(scope)?,
            wms: self.wms.required(scope)?,
            location: self.location.required(scope)?,
            tms: read(self.tms.as_ref(), scope)?,
            from: self.from.as_ref().map_or(Ok(None), |place| place.read_any(scope))?,
            lines: self.lines(scope)?,
        })
    }

    /// At least one line, and no two of one number.
    fn lines(&self, scope: &Scope<'_>) -> Result<Vec<ReturnLine>, Unreadable> {
        let mut lines: Vec<ReturnLine> = Vec::new();
        let mut numbers = HashSet::new();
        self.each.visit(scope, MAX_LINES, |element| {
            let line = ReturnLine {
                line: self.line.required(element)?,
                sku: self.sku.required(element)?,
                quantity: self.quantity.read(element, Least::AboveZero)?,
                reason: read(self.reason.as_ref(), element)?.unwrap_or(Reason::Unknown),
            };
            if !numbers.insert(line.line.clone()) {
                let detail = format!("holds `{}`, the number of another line too", line.line);
                return Err(self.line.unreadable(element, UnreadableKind::Contradictory, &detail));
            }
            lines.push(line);
            Ok(())
        })?;
        if lines.is_empty() {
            let detail = "has no lines; a return needs at least one";
            return Err(self.each.unreadable(scope, UnreadableKind::Empty, detail));
        }
        Ok(lines)
    }
}

/// How an inspection is read.
#[derive(Debug)]
pub(crate) struct InspectedRule {
    each: Each,
    line: Field<LineId>,
    quantity: QuantityRule,
    grade: Field<Grade>,
}

impl InspectedRule {
    pub(crate) fn compile(section: &mut Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut lines = section.required("lines")?.section()?;
        let inside = compiler.inside();
        let rule = Self {
            each: compiler.each(lines.required("each")?)?,
            line: inside.field(&mut lines, "line")?,
            quantity: QuantityRule::compile(&mut lines, &inside)?,
            grade: inside.field(&mut lines, "grade")?,
        };
        lines.finish()?;
        Ok(rule)
    }

    pub(crate) fn read(&self, scope: &Scope<'_>) -> Result<Inspection, Unreadable> {
        let mut lines = Vec::new();
        self.each.visit(scope, MAX_LINES, |element| {
            lines.push(Inspected {
                line: self.line.required(element)?,
                quantity: self.quantity.read(element, Least::Zero)?,
                grade: self.grade.required(element)?,
            });
            Ok(())
        })?;
        Ok(Inspection { lines })
    }
}
