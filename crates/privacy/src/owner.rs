//! Whose key seals a text: a customer's; that of the order, or of another workflow's instance, whose customer nobody knows yet.

use std::fmt;

use model::CustomerId;

/// What tombstones' names in the bucket begin with.
pub(crate) const FORGOTTEN: &str = "forgotten.";

/// Whose key it is: its name in bucket `KEYS`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Box<str>);

impl Owner {
    /// The key of a customer.
    #[must_use]
    pub fn customer(customer: &CustomerId) -> Self {
        Self(format!("customer.{}", customer.token()).into())
    }

    /// The key of a workflow's instance: by the workflow's name, and the instance's subject token.
    #[must_use]
    pub fn instance(workflow: &str, token: &str) -> Self {
        Self(format!("{workflow}.{token}").into())
    }

    /// The owner that a sealed text names.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(name.into())
    }

    /// Its name in the bucket.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the bucket says that it was forgotten.
    pub(crate) fn forgotten(&self) -> String {
        format!("{FORGOTTEN}{}", self.0)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
