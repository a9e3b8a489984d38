//! Who can fetch a return: the partners that a TMS adapter serves.

use futures::TryStreamExt;
use model::{PartnerId, System, token};
use service::{Connection, streams};

use crate::exit::Failure;
use crate::order::enter::or_none;
use crate::reach::{self, broker};

/// The most consumers that are looked through.
const MOST_CONSUMERS: usize = 10_000;

/// Refuses a partner that no TMS adapter serves: nobody would ask it. For each partner with a profile the adapter has a
/// consumer of the inbox, which is there while the adapter is away. So it has for one without a profile that has sent
/// something; what such a one is asked the adapter answers with a no, which is an exception of the return.
pub(super) async fn check(connection: &Connection, partner: &PartnerId) -> Result<(), Failure> {
    let served = served(connection).await?;
    if served.contains(partner) {
        return Ok(());
    }
    let served: Vec<&str> = served.iter().map(PartnerId::as_str).collect();
    let words = "no TMS adapter serves partner";
    Err(Failure::NotFound(format!("{words} {partner}; --fetch names one that it serves: {}", or_none(&served))))
}

async fn served(connection: &Connection) -> Result<Vec<PartnerId>, Failure> {
    let stream = reach::stream(&connection.js, streams::INBOX).await?;
    let what = format!("list the consumers of {}", streams::INBOX);
    let mut consumers = stream.consumers();
    let mut served = Vec::new();
    for _ in 0..MOST_CONSUMERS {
        let Some(info) = consumers.try_next().await.map_err(|error| broker(&what, error))? else { break };
        let config = &info.config;
        let filters = config.filter_subjects.iter().chain(std::iter::once(&config.filter_subject));
        served.extend(filters.filter_map(|filter| partner(filter)));
    }
    served.sort();
    served.dedup();
    Ok(served)
}

/// The TMS whose messages such a filter lets through.
fn partner(filter: &str) -> Option<PartnerId> {
    let mut tokens = filter.split('.');
    let is_tms = tokens.next() == Some("in") && tokens.next() == Some(System::Tms.as_str());
    let text = token::unescape(tokens.next().filter(|_| is_tms)?).ok()?;
    PartnerId::new(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tms_can_fetch_and_no_wildcard_is_one() {
        let read = |filter| partner(filter).map(|partner| partner.to_string());
        assert_eq!(read("in.tms.tms-main.>").as_deref(), Some("tms-main"));
        assert_eq!(read("in.tms.a=2Fb.>").as_deref(), Some("a/b"));
        for none in ["in.wms.wms-east.>", "in.tms.>", "in.tms", "in.tms.*.>", ""] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
