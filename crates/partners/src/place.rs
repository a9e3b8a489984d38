//! Places and money: values made of several fields.
//!
//! A place is a table of fields `location`, `name`, `street`, `city`, `region`, `postal_code`, `country`, all optional. Money is a
//! table with `amount` and `currency`; an amount is from 0 to [`MOST_MONEY`].

use model::{Country, Currency, LocationId, Money, Personal, Place};
use rust_decimal::Decimal;

use crate::compiler::Compiler;
use crate::field::Field;
use crate::scope::Scope;
use crate::source::{Node, ProfileError};
use crate::unreadable::{Unreadable, UnreadableKind};

/// How a place is read.
#[derive(Debug)]
pub(crate) struct PlaceRule {
    location: Option<Field<LocationId>>,
    name: Option<Field<String>>,
    street: Option<Field<String>>,
    city: Option<Field<String>>,
    region: Option<Field<String>>,
    postal_code: Option<Field<String>>,
    country: Option<Field<Country>>,
}

impl PlaceRule {
    pub(crate) fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let rule = Self {
            location: compiler.optional(&mut section, "location")?,
            name: compiler.optional(&mut section, "name")?,
            street: compiler.optional(&mut section, "street")?,
            city: compiler.optional(&mut section, "city")?,
            region: compiler.optional(&mut section, "region")?,
            postal_code: compiler.optional(&mut section, "postal_code")?,
            country: compiler.optional(&mut section, "country")?,
        };
        section.finish()?;
        Ok(rule)
    }

    /// The place; every field that is absent stays so.
    pub(crate) fn read(&self, scope: &Scope<'_>) -> Result<Place, Unreadable> {
        Ok(Place {
            location: read(self.location.as_ref(), scope)?,
            name: read(self.name.as_ref(), scope)?.map(Personal::clear),
            street: read(self.street.as_ref(), scope)?.map(Personal::clear),
            city: read(self.city.as_ref(), scope)?,
            region: read(self.region.as_ref(), scope)?,
            postal_code: read(self.postal_code.as_ref(), scope)?.map(Personal::clear),
            country: read(self.country.as_ref(), scope)?,
        })
    }

    /// The place, or nothing where all its fields are absent.
    pub(crate) fn read_any(&self, scope: &Scope<'_>) -> Result<Option<Place>, Unreadable> {
        self.read(scope).map(|place| (place != Place::default()).then_some(place))
    }
}

/// The most that a price, a charge or a bill may be, in the currency's main unit. More is a slip, such as a number in the
/// wrong field.
pub const MOST_MONEY: i64 = 1_000_000_000_000_000;

/// An amount of money as it was read, if there can be such a price.
pub(crate) fn credible(amount: Decimal, field: &Field<Decimal>, scope: &Scope<'_>) -> Result<Decimal, Unreadable> {
    if amount >= Decimal::ZERO && amount <= Decimal::from(MOST_MONEY) {
        return Ok(amount);
    }
    let detail = format!("holds `{amount}`; expected an amount of money from 0 to {MOST_MONEY}");
    Err(field.unreadable(scope, UnreadableKind::WrongValue, &detail))
}

/// The value of a field the profile may have left out.
pub(crate) fn read<T: crate::words::Readable>(
    field: Option<&Field<T>>,
    scope: &Scope<'_>,
) -> Result<Option<T>, Unreadable> {
    field.map_or(Ok(None), |field| field.optional(scope))
}

/// How an amount of money is read.
#[derive(Debug)]
pub(crate) struct MoneyRule {
    amount: Field<Decimal>,
    currency: Field<Currency>,
}

impl MoneyRule {
    pub(crate) fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let rule = Self {
            amount: compiler.field(&mut section, "amount")?,
            currency: compiler.field(&mut section, "currency")?,
        };
        section.finish()?;
        Ok(rule)
    }

    /// The money, or nothing where the amount is absent.
    pub(crate) fn optional(&self, scope: &Scope<'_>) -> Result<Option<Money>, Unreadable> {
        let Some(amount) = self.amount.optional(scope)? else { return Ok(None) };
        let amount = credible(amount, &self.amount, scope)?;
        Ok(Some(Money { amount, currency: self.currency.required(scope)? }))
    }

    pub(crate) fn required(&self, scope: &Scope<'_>) -> Result<Money, Unreadable> {
        let amount = credible(self.amount.required(scope)?, &self.amount, scope)?;
        Ok(Money { amount, currency: self.currency.required(scope)? })
    }
}
