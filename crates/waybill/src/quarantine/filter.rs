//! Which messages of the quarantine, and reading them one by one.

use std::ops::ControlFlow;

use async_nats::jetstream::stream::Stream;
use bytes::Bytes;
use jiff::Timestamp;
use model::token::escape;
use serde::Serialize;
use service::quarantine::{Kind, Meta, Quarantined};
use service::streams::quarantine as subject;

use super::{cause, scan};
use crate::exit::Failure;

/// Which messages.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct Filter {
    /// Only what this service could not read
    #[arg(long)]
    pub(super) service: Option<String>,
    /// Only what came from this partner
    #[arg(long)]
    pub(super) partner: Option<String>,
    /// Only for this reason, such as `malformed` or `unknown_reference`
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(super) reason: Option<Kind>,
    /// Only what is about this field, such as `items[3].qty`, or `items[*].qty` for any item
    #[arg(long)]
    pub(super) field: Option<String>,
    /// Only where the reason, or the cause as `list` shows it, has these words
    #[arg(long, value_name = "WORDS")]
    pub(super) text: Option<String>,
    /// Only what came in since then: a time such as 2026-03-01T14:00Z, or as long ago as `2h`
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(super) since: Option<Timestamp>,
}

/// One message in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Item {
    /// Its place in the quarantine.
    pub sequence: u64,
    /// What is known about it.
    pub about: Meta,
}

fn kind(text: &str) -> Result<Kind, String> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(|error| error.to_string())
}

pub(crate) fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let wrong = || "expected a time such as 2026-03-01T14:00Z, or a span such as `2h` or `3days`".to_owned();
    let ago = humantime::parse_duration(text).map_err(|_| wrong())?;
    Timestamp::now().checked_sub(ago).map_err(|_| wrong())
}

impl Filter {
    /// What a service could not read of one partner.
    pub fn of(service: &str, partner: &str) -> Self {
        Self { service: Some(service.to_owned()), partner: Some(partner.to_owned()), ..Self::default() }
    }

    /// Whether a message is one of them, by all that its subject does not say.
    pub fn takes(&self, about: &Meta) -> bool {
        let reason = &about.reason;
        self.reason.is_none_or(|kind| reason.kind == kind)
            && self.since.is_none_or(|since| about.received >= since)
            && self.field.as_deref().is_none_or(|wanted| {
                let field = reason.field.as_deref().unwrap_or_default();
                field == wanted || cause::in_any_list(field) == wanted
            })
            && self
                .text
                .as_deref()
                .is_none_or(|words| reason.text.contains(words) || cause::words(reason).contains(words))
    }

    fn subject(&self) -> String {
        let token =
            |given: &Option<String>| given.as_ref().map_or_else(|| "*".to_owned(), |text| escape(text).into_owned());
        subject(&token(&self.service), &token(&self.partner))
    }
}

/// Gives each message that the filter takes to `each`, oldest first, from a place in the quarantine on.
pub(crate) async fn each(
    stream: &Stream,
    filter: &Filter,
    from: u64,
    mut each: impl FnMut(Item) -> ControlFlow<()>,
) -> Result<(), Failure> {
    scan::headers(stream, filter.subject(), from, |sequence, headers| {
        // What somebody else put into the stream says nothing about itself; `status` counts it.
        let Ok(Quarantined { about, .. }) = Quarantined::from_message(headers, &Bytes::new()) else {
            return ControlFlow::Continue(());
        };
        if filter.takes(&about) { each(Item { sequence, about }) } else { ControlFlow::Continue(()) }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::super::list::tests::about;
    use super::*;

    #[test]
    fn an_unknown_reason_is_refused_with_those_there_are() {
        assert_eq!(kind("unknown_reference"), Ok(Kind::UnknownReference));
        let error = kind("nonsense").unwrap_err();
        assert!(error.contains("malformed"), "{error}");
    }

    #[test]
    fn a_time_is_a_moment_or_so_long_ago() {
        assert_eq!(since("2026-03-01T14:00Z").unwrap().as_second(), 1_772_373_600);
        let ago = Timestamp::now().as_second() - since("2h").unwrap().as_second();
        assert!((7_199..=7_201).contains(&ago), "{ago}");
        assert!(since("yesterday").unwrap_err().contains("expected a time"));
    }

    #[test]
    fn a_filter_takes_what_has_all_it_names() {
        let mut about = about(Kind::Invalid, "c1", "`items[3].qty` holds `x`; expected a number");
        about.reason.field = Some("items[3].qty".to_owned());
        let takes = |change: fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            filter.takes(&about)
        };
        assert!(takes(|_| {}));
        assert!(takes(|filter| filter.field = Some("items[3].qty".to_owned())));
        assert!(takes(|filter| filter.field = Some("items[*].qty".to_owned())));
        assert!(!takes(|filter| filter.field = Some("items[4].qty".to_owned())));
        assert!(takes(|filter| filter.text = Some("holds `x`".to_owned())));
        assert!(takes(|filter| filter.text = Some("holds `…`; expected".to_owned())));
        assert!(!takes(|filter| filter.text = Some("holds `y`".to_owned())));
        assert!(!takes(|filter| filter.reason = Some(Kind::Malformed)));
        assert!(takes(|filter| filter.since = Some(Timestamp::from_millisecond(1_500).unwrap())));
        assert!(!takes(|filter| filter.since = Some(Timestamp::from_millisecond(1_501).unwrap())));
    }
}
