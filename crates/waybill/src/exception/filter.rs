//! Which exceptions, and reading them from the projection page by page.

use std::time::Duration;

use model::{CustomerId, ExceptionKind, PartnerId, Timestamp};
use rust_decimal::Decimal;
use service::Connection;
use visibility::queries::{EXCEPTION_LIST, ExceptionList, ExceptionPage, Listed, MOST};

use crate::exit::Failure;
use crate::order::customer_id;
use crate::order::enter::{partner_id, words_of_a_person};
use crate::reach;

/// Which exceptions.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct Filter {
    /// Only those of this kind, such as `no_stock`; `no_stock s1` is that of this shipment
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(super) kind: Option<String>,
    /// Only those of orders of this customer
    #[arg(long, value_parser = customer_id)]
    pub(super) customer: Option<CustomerId>,
    /// Only those that this partner has to do with
    #[arg(long, value_parser = partner_id)]
    pub(super) partner: Option<PartnerId>,
    /// Only those that are open for longer than that, such as `2h` or `3days`
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(super) older_than: Option<Duration>,
    /// Only those that this person or team sees to
    #[arg(long, value_name = "WHO", conflicts_with = "unassigned", value_parser = words_of_a_person)]
    pub(super) assigned: Option<String>,
    /// Only those that nobody sees to
    #[arg(long)]
    pub(super) unassigned: bool,
    /// Those that are put off, too
    #[arg(long)]
    pub(super) snoozed: bool,
    /// Only those that put at least so much at stake, in whichever currency the order is in
    #[arg(long, value_name = "AMOUNT")]
    pub(super) min_value: Option<Decimal>,
}

fn kind(text: &str) -> Result<String, String> {
    let word = text.split(' ').next().unwrap_or_default();
    if ExceptionKind::WORDS.contains(&word) {
        return Ok(text.to_owned());
    }
    Err(format!("no such kind; there are: {}", ExceptionKind::WORDS.join(", ")))
}

pub(super) fn span(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; expected a span such as `2h` or `3days`"))
}

/// A time so long after another; nothing when no clock shows it.
pub(super) fn later(now: Timestamp, span: Duration) -> Option<Timestamp> {
    let millis = i64::try_from(span.as_millis()).ok()?;
    now.as_millis().checked_add(millis).map(Timestamp::from_millis)
}

impl Filter {
    /// The question for those that match at a time.
    pub(super) fn question(&self, now: Timestamp) -> ExceptionList {
        let ago = |span: Duration| now.as_millis().saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        ExceptionList {
            kind: self.kind.clone(),
            customer: self.customer.clone(),
            partner: self.partner.clone(),
            raised_by: self.older_than.map(|span| Timestamp::from_millis(ago(span))),
            assigned: self.assigned.clone(),
            unassigned: self.unassigned,
            awake_at: (!self.snoozed).then_some(now),
            min_value: self.min_value,
            limit: None,
            after: None,
        }
    }
}

/// What was found.
pub(super) struct Found {
    pub exceptions: Vec<Listed>,
    /// There are more than were wanted.
    pub more: bool,
}

/// Asks for page after page until there are no more, or as many as are wanted at most.
pub(super) async fn gather(
    connection: &Connection,
    filter: &Filter,
    now: Timestamp,
    most: usize,
) -> Result<Found, Failure> {
    let mut question = ExceptionList { limit: Some(MOST), ..filter.question(now) };
    let mut found = Found { exceptions: Vec::new(), more: false };
    loop {
        let page: ExceptionPage = reach::ask(connection, EXCEPTION_LIST, &question).await?;
        found.exceptions.extend(page.exceptions);
        found.more = found.exceptions.len() > most || found.exceptions.len() == most && page.next.is_some();
        if found.more || page.next.is_none() {
            found.exceptions.truncate(most);
            return Ok(found);
        }
        question.after = page.next;
    }
}
